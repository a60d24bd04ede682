"""Layout arithmetic: blocks as lines of spans, never wider than requested; nothing is coloured or printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from convcalc.render.boxes import Box, Frame, fitted
from convcalc.render.lines import Line, Strip, folded, line_width, stripped, wrapped
from convcalc.render.tables import table_lines
from convcalc.report.blocks import (
    Block,
    Chart,
    Flow,
    Fold,
    Grid,
    HeatMap,
    Role,
    Sentence,
    Sheet,
    Source,
    Span,
    Sum,
    Table,
    Tree,
)
from convcalc.wording import safe_text

_BETWEEN_GRIDS = 3
_MARGIN = 2  # columns by which what is under a title is moved in


def lines_of(blocks: Sequence[Block], width: int, frame: Frame) -> Iterator[Line]:
    """All lines of blocks, none wider than ``width``; an empty line around every flow and table."""
    gap = False
    for number, block in enumerate(blocks):
        if number and (gap or not isinstance(block, Sentence | Sum) or block.space_before):
            yield ()
        gap = isinstance(block, Table | Tree | Source | Fold) or (
            isinstance(block, Flow | Sheet) and number + 1 < len(blocks)
        )
        for line in block_lines(block, width, frame):
            yield from folded(line, width)


def block_lines(block: Block, width: int, frame: Frame) -> Iterator[Line]:
    """The lines of one block; those of a grid that cannot be narrowed enough may be too wide."""
    match block:
        case Sentence():
            yield from wrapped(block.spans, width, block.indent)
        case Sum():
            yield from block_lines(block.sentence, width, frame)
        case Flow():
            yield from _flow_lines(block, width, frame)
        case Sheet():
            yield from _sheet_lines(block, width)
        case Table():
            yield from table_lines(block, width, frame)
        case Tree():
            from convcalc.render.tables import tree_lines

            yield from tree_lines(block, width, frame)
        case Source() | Fold():
            yield from _program_lines(block, width, frame)


def _program_lines(block: Source | Fold, width: int, frame: Frame) -> Iterator[Line]:
    """The lines of a program, or what is under a title, moved in."""
    if isinstance(block, Source):
        for number, text in block.numbered():
            yield from folded(stripped([Span(number, Role.LABEL), Span(safe_text(text))]), width)
        return
    yield from wrapped(block.title, width)
    for line in lines_of(block.blocks, max(1, width - _MARGIN), frame):
        yield (Span(" " * _MARGIN), *line) if line else ()


def _flow_lines(flow: Flow, width: int, frame: Frame) -> Iterator[Line]:
    """Boxes in rows; a sign stays with the box after it."""

    def parts() -> Iterator[list[Box]]:
        sign: Box | None = None
        for item in flow.items:
            if isinstance(item, Span):
                sign = Box(((item,),))
                continue
            box = _box(item, width - (sign.width + _BETWEEN_GRIDS if sign else 0), frame)
            yield [sign, box] if sign else [box]
            sign = None

    return _in_rows(parts(), width)


def _sheet_lines(sheet: Sheet, width: int) -> Iterator[Line]:
    from convcalc.render.tiles import tile_boxes

    return _in_rows(([box] for box in tile_boxes(sheet, width)), width)


def _in_rows(parts: Iterable[list[Box]], width: int) -> Iterator[Line]:
    """Boxes that belong together in rows, with an empty line between; a row ends when the next ones do not fit."""
    row: list[Box] = []
    for added in parts:
        if row and _row_width([*row, *added]) > width:
            yield from _beside(row)
            yield ()
            row = []
        row += added
    yield from _beside(row)


def _box(item: Grid | HeatMap | Chart, width: int, frame: Frame) -> Box:
    if isinstance(item, Grid):
        return fitted(item, width, frame)
    if isinstance(item, Chart):
        from convcalc.render.charts import chart_grid

        return fitted(chart_grid(item), width, frame)
    from convcalc.render.heat_map import heat_map_box

    return heat_map_box(item, width)


def _row_width(boxes: Sequence[Box]) -> int:
    return sum(box.width for box in boxes) + _BETWEEN_GRIDS * (len(boxes) - 1)


def _beside(boxes: Sequence[Box]) -> Iterator[Line]:
    """Boxes side by side, captions and first rows aligned; a sign is at the middle of the tallest."""
    if not boxes:
        return
    head = max(box.head for box in boxes)
    boxes = [box.with_head(head) if box.head else box for box in boxes]
    anchor = max(box.anchor for box in boxes)
    tops = [0 if box.head else anchor for box in boxes]
    height = max(top + len(box.lines) for top, box in zip(tops, boxes, strict=True))
    widths = [box.width + _BETWEEN_GRIDS for box in boxes]
    for number in range(height):
        spans: list[Span | Strip] = []
        for top, box, columns in zip(tops, boxes, widths, strict=True):
            inside = top <= number < top + len(box.lines)
            line = box.lines[number - top] if inside else ()
            spans += [*line, Span(" " * (columns - line_width(line)))]
        yield stripped(spans)
