"""Layout arithmetic: blocks become lines of spans that are never wider than asked; nothing is coloured or printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from convcalc.report.blocks import Block, Flow, Grid, Line, Role, Sentence, Span, Table
from convcalc.report.text import safe_text

GAP = Span("…", Role.LABEL)
_BETWEEN_CELLS, _BETWEEN_GRIDS = 2, 3


class Frame(NamedTuple):
    """The characters around a grid."""

    top: tuple[str, str, str]
    side: str
    bottom: tuple[str, str, str]


ROUNDED = Frame(("╭", "─", "╮"), "│", ("╰", "─", "╯"))


class Box(NamedTuple):
    """A rectangle of text."""

    lines: tuple[Line, ...]
    head: int = 0
    """Lines above the first row of numbers, frame not counted."""
    anchor: int = 0
    """The line in the middle of the numbers, beside which a sign such as × stands."""

    @property
    def width(self) -> int:
        """Columns of the widest line."""
        return max(map(line_width, self.lines), default=0)

    def with_head(self, head: int) -> Box:
        """The box with empty lines below its caption, so that its numbers stand beside those of its neighbours."""
        added = head - self.head
        return Box((*self.lines[:1], *((),) * added, *self.lines[1:]), head, self.anchor + added)


def lines_of(blocks: Sequence[Block], width: int, frame: Frame | None) -> Iterator[Line]:
    """All lines of blocks, none wider than ``width``; an empty line around every flow and table."""
    gap = False
    for number, block in enumerate(blocks):
        spaced = not isinstance(block, Sentence)
        if number and (spaced or gap or (isinstance(block, Sentence) and block.space_before)):
            yield ()
        gap = isinstance(block, Table) or (isinstance(block, Flow) and number + 1 < len(blocks))
        for line in block_lines(block, width, frame):
            yield from folded(line, width)


def block_lines(block: Block, width: int, frame: Frame | None) -> Iterator[Line]:
    """The lines of one block; of a grid that cannot be made narrow enough they may be too wide."""
    match block:
        case Sentence():
            yield from _wrapped(block, width)
        case Flow():
            yield from _flow_lines(block, width, frame)
        case Table():
            yield from table_lines(block)


def line_width(line: Line) -> int:
    """Terminal columns of a line."""
    return sum(cell_len(span.text) for span in line)


def safe(span: Span) -> Span:
    """The span with everything escaped that a terminal would obey."""
    return Span(safe_text(span.text), span.role)


def folded(line: Line, width: int) -> Iterator[Line]:
    """The line cut into pieces of at most ``width`` columns: the last resort, which loses nothing."""
    if line_width(line) <= width:
        yield line
        return
    piece: list[Span] = []
    room = width
    for span in line:
        text = span.text
        while text:
            taken = _prefix(text, room)
            if not taken and not piece:
                taken = text[0]  # a single character that is wider than the page
            if taken:
                piece.append(Span(taken, span.role))
                text, room = text[len(taken) :], room - cell_len(taken)
            if text:
                yield tuple(piece)
                piece, room = [], width
    if piece:
        yield tuple(piece)


def table_lines(table: Table) -> Iterator[Line]:
    """A table as aligned columns without a frame, never wrapped."""
    header = tuple(Span(name, Role.LABEL) for name in table.columns)
    rows = [header, *(tuple(map(safe, row)) for row in table.rows)]
    widths = [max(cell_len(row[number].text) for row in rows) for number in range(len(header))]
    for row in rows:
        spans: list[Span] = []
        for span, name, cells in zip(row, table.columns, widths, strict=True):
            padding = Span(" " * (cells - cell_len(span.text)))
            spans += [padding, span] if name in table.numeric else [span, padding]
            spans.append(Span("  "))
        yield _stripped(spans)


def grid_box(grid: Grid, frame: Frame | None) -> Box:
    """A grid with its caption above, labels around and frame, as a rectangle."""
    cells = [[safe(cell) for cell in row] for row in grid.cells]
    columns = range(len(cells[0]) if cells else 0)
    labels = grid.column_labels or ("",) * len(columns)
    widths = [max(cell_len(labels[c]), *(cell_len(row[c].text) for row in cells)) for c in columns]
    margin = max(map(len, grid.row_labels), default=0)
    indent = Span(" " * (margin + 1) if margin else "")
    inner = sum(widths) + _BETWEEN_CELLS * max(0, len(widths) - 1) + (2 if frame else 0)
    lines: list[Line] = [_caption(grid)]
    if grid.column_labels:
        spans = [Span(label.rjust(size), Role.LABEL) for label, size in zip(labels, widths, strict=True)]
        lines.append((indent, Span(" " * (2 if frame else 0)), *_spaced(spans)))
    head = len(lines)
    if frame:
        lines.append((indent, Span(frame.top[0] + frame.top[1] * inner + frame.top[2], Role.LABEL)))
    first = len(lines)
    for number, row in enumerate(cells):
        label = grid.row_labels[number].rjust(margin) + " " if margin else ""
        spans = _spaced([Span(cell.text.rjust(size), cell.role) for cell, size in zip(row, widths, strict=True)])
        edge = Span(f"{frame.side} " if frame else "", Role.LABEL), Span(f" {frame.side}" if frame else "", Role.LABEL)
        lines.append((Span(label, Role.LABEL), edge[0], *spans, edge[1]))
    if frame:
        lines.append((indent, Span(frame.bottom[0] + frame.bottom[1] * inner + frame.bottom[2], Role.LABEL)))
    if grid.footer:
        lines.append((indent, Span(grid.footer, Role.LABEL)))
    return Box(tuple(lines), head, first + (len(cells) - 1) // 2)


def fitted(grid: Grid, width: int, frame: Frame | None) -> Box:
    """The grid's box with as many middle columns left out as it takes to be at most ``width`` wide."""
    box = grid_box(grid, frame)
    while box.width > width and len(grid.cells[0]) > 3:
        grid = _without_middle(grid)
        box = grid_box(grid, frame)
    return box


def _flow_lines(flow: Flow, width: int, frame: Frame | None) -> Iterator[Line]:
    """Boxes in rows: a row is full when the next one does not fit; a sign goes with the box behind it."""
    row: list[Box] = []
    sign: Box | None = None
    for item in flow.items:
        if isinstance(item, Span):
            sign = Box(((item,),))
            continue
        box = fitted(item, width - (sign.width + _BETWEEN_GRIDS if sign else 0), frame)
        added = [sign, box] if sign else [box]
        if row and _row_width([*row, *added]) > width:
            yield from _beside(row)
            yield ()
            row = []
        row += added
        sign = None
    yield from _beside(row)


def _row_width(boxes: Sequence[Box]) -> int:
    return sum(box.width for box in boxes) + _BETWEEN_GRIDS * (len(boxes) - 1)


def _beside(boxes: Sequence[Box]) -> Iterator[Line]:
    """Boxes side by side, captions and first rows aligned; a sign stands beside the middle of the tallest."""
    if not boxes:
        return
    head = max(box.head for box in boxes)
    boxes = [box.with_head(head) if box.head else box for box in boxes]
    anchor = max(box.anchor for box in boxes)
    tops = [0 if box.head else anchor for box in boxes]
    height = max(top + len(box.lines) for top, box in zip(tops, boxes, strict=True))
    for number in range(height):
        spans: list[Span] = []
        for top, box in zip(tops, boxes, strict=True):
            inside = top <= number < top + len(box.lines)
            line = box.lines[number - top] if inside else ()
            spans += [*line, Span(" " * (box.width - line_width(line) + _BETWEEN_GRIDS))]
        yield _stripped(spans)


def _caption(grid: Grid) -> Line:
    return tuple(map(safe, grid.caption))


def _spaced(spans: Sequence[Span]) -> list[Span]:
    gap = Span(" " * _BETWEEN_CELLS)
    return [each for span in spans for each in (span, gap)][:-1]


def _without_middle(grid: Grid) -> Grid:
    """The grid with the column before the middle gap gone, the gap made where there is none."""
    columns = len(grid.cells[0])
    middle = columns // 2
    gap = next((c for c in range(columns) if all(row[c].text == GAP.text for row in grid.cells)), None)
    if gap is None:
        keep = [c for c in range(columns) if c != middle]
        gap_at = keep.index(middle - 1) + 1
        return _picked(grid, [*keep[: gap_at - 1], None, *keep[gap_at:]])
    drop = gap - 1 if gap >= columns - gap else gap + 1
    return _picked(grid, [c for c in range(columns) if c != drop])


def _picked(grid: Grid, columns: Sequence[int | None]) -> Grid:
    return Grid(
        caption=grid.caption,
        cells=tuple(tuple(GAP if c is None else row[c] for c in columns) for row in grid.cells),
        row_labels=grid.row_labels,
        column_labels=tuple(GAP.text if c is None else grid.column_labels[c] for c in columns)
        if grid.column_labels
        else (),
        footer=grid.footer,
    )


def _wrapped(sentence: Sentence, width: int) -> Iterator[Line]:
    """The sentence broken at spaces."""
    indent = Span(" " * min(sentence.indent, width // 2))
    line: list[Span] = []
    used = 0
    for span in map(safe, sentence.spans):
        for number, piece in enumerate(span.text.split(" ")):
            space = " " if number else ""
            size = cell_len(piece) + len(space)
            if line and used + size > width:
                yield _stripped(line)
                line, used, space, size = [indent], len(indent.text), "", cell_len(piece)
            line.append(Span(space + piece, span.role))
            used += size
    yield _stripped(line)


def _stripped(spans: Sequence[Span]) -> Line:
    """A line without spaces at its end."""
    kept = list(spans)
    while kept and not kept[-1].text.rstrip(" "):
        kept.pop()
    if kept:
        kept[-1] = Span(kept[-1].text.rstrip(" "), kept[-1].role)
    return tuple(kept)


def _prefix(text: str, room: int) -> str:
    """The longest beginning of the text that takes at most so many columns."""
    if cell_len(text) <= room:
        return text
    size = 0
    for number, character in enumerate(text):
        size += cell_len(character)
        if size > room:
            return text[:number]
    return text
