"""Grids as rectangles of text, narrow enough for the page.

Also the lines around grids and tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from convcalc.render.lines import Line, line_width, safe, text_width
from convcalc.report.blocks import Grid, Role, Span


class Frame(NamedTuple):
    """The characters of a frame; the rules of a table have joints at its columns, those of a grid have none."""

    rule: str
    side: str
    top: tuple[str, str, str]
    """Left corner, joint, right corner; likewise below."""
    middle: tuple[str, str, str]
    bottom: tuple[str, str, str]
    bar: str
    """The signs of bars: they fill a cell more and more, the last one completely."""


ROUNDED = Frame("─", "│", ("╭", "┬", "╮"), ("├", "┼", "┤"), ("╰", "┴", "╯"), "▏▎▍▌▋▊▉█")
ASCII = Frame("-", "|", ("+", "+", "+"), ("+", "+", "+"), ("+", "+", "+"), "#")


def rule(frame: Frame, corners: tuple[str, str, str], widths: list[int]) -> str:
    """A rule over columns of these widths, each with a space on both sides."""
    left, joint, right = corners
    return left + joint.join(frame.rule * (width + 2) for width in widths) + right


def bar(frame: Frame, share: float, cells: int) -> str:
    """A share of a whole as a bar of ``width`` cells, the rest of them empty.

    >>> bar(ASCII, 0.5, 8), bar(ROUNDED, 0.45, 4)
    ('####    ', '█▊  ')
    """
    steps = len(frame.bar)
    full, part = divmod(round(max(0.0, min(share, 1.0)) * cells * steps), steps)
    return (frame.bar[-1] * full + frame.bar[part - 1 : part] * bool(part)).ljust(cells)


_GAP = Span("…", Role.LABEL)


class Box(NamedTuple):
    """A rectangle of text."""

    lines: tuple[Line, ...]
    head: int = 0
    """Lines above the first row of numbers, frame not counted."""
    anchor: int = 0
    """The line in the middle of the numbers, where a sign such as × is placed."""

    @property
    def width(self) -> int:
        """Columns of the widest line."""
        return max(map(line_width, self.lines), default=0)

    def with_head(self, head: int) -> Box:
        """The box with empty lines below its caption, so that its numbers are aligned with its neighbours'."""
        added = head - self.head
        return Box((*self.lines[:1], *((),) * added, *self.lines[1:]), head, self.anchor + added)


def grid_box(grid: Grid, frame: Frame) -> Box:
    """A grid with its caption above, labels around and frame, as a rectangle."""
    cells = [[safe(cell) for cell in row] for row in grid.cells]
    columns = range(len(cells[0]) if cells else 0)
    labels = grid.column_labels or ("",) * len(columns)
    widths = [max(text_width(labels[c]), *(text_width(row[c].text) for row in cells)) for c in columns]
    margin = max(map(len, grid.row_labels), default=0)
    indent = Span(" " * (margin + 1) if margin else "")
    inner = sum(widths) + grid.gap * max(0, len(widths) - 1) + 2 * (grid.inset - 1)
    lines: list[Line] = [tuple(map(safe, grid.caption))]
    if grid.column_labels:
        spans = [Span(label.rjust(size), Role.LABEL) for label, size in zip(labels, widths, strict=True)]
        lines.append((indent, Span(" " * (1 + grid.inset)), *_spaced(spans, grid.gap)))
    head = len(lines)
    lines.append((indent, Span(rule(frame, frame.top, [inner]), Role.LABEL)))
    left, right = (Span(side, Role.LABEL) for side in (frame.side + " " * grid.inset, " " * grid.inset + frame.side))
    for number, row in enumerate(cells):
        label = Span(grid.row_labels[number].rjust(margin) + " " if margin else "", Role.LABEL)
        spans = [Span(cell.text.rjust(size), cell.role) for cell, size in zip(row, widths, strict=True)]
        lines.append((label, left, *_spaced(spans, grid.gap), right))
    lines.append((indent, Span(rule(frame, frame.bottom, [inner]), Role.LABEL)))
    if grid.footer:
        lines.append((indent, Span(grid.footer, Role.LABEL)))
    return Box(tuple(lines), head, head + 1 + (len(cells) - 1) // 2)


def fitted(grid: Grid, width: int, frame: Frame) -> Box:
    """The grid's box at most ``width`` wide: a row in several lines, otherwise with middle columns omitted."""
    box = grid_box(grid, frame)
    if box.width > width and _is_whole_row(grid):
        return _row_in_lines(grid, width, frame) or box
    while box.width > width and len(grid.cells[0]) > 3:
        grid = _without_middle(grid)
        box = grid_box(grid, frame)
    return box


def _is_whole_row(grid: Grid) -> bool:
    """Whether it is a row of numbers, with none omitted and all apart."""
    is_row = len(grid.cells) == 1 and not grid.row_labels
    return is_row and grid.inset == 1 and all(cell.text != _GAP.text for cell in grid.cells[0])


def _row_in_lines(grid: Grid, width: int, frame: Frame) -> Box | None:
    """A row of cells as rows of as many each, below each other, every one with its labels; None if one is too wide."""
    [cells] = grid.cells
    widest = max(text_width(safe(cell).text) for cell in cells)
    cells = tuple(cell._replace(text=safe(cell).text.rjust(widest)) for cell in cells)
    for lines in range(2, len(cells) + 1):
        each = -(-len(cells) // lines)
        starts = range(0, len(cells), each)
        parts = [
            grid._replace(
                cells=(cells[start : start + each],), column_labels=grid.column_labels[start : start + each], footer=""
            )
            for start in starts
        ]
        boxes = [grid_box(part, frame) for part in parts]
        if max(box.width for box in boxes[:1]) <= width:
            footer = ((Span(grid.footer, Role.LABEL),),) if grid.footer else ()
            drawn = (*boxes[0].lines, *(line for box in boxes[1:] for line in box.lines[1:]), *footer)
            return Box(drawn, boxes[0].head, len(drawn) // 2)
    return None


def _spaced(spans: Sequence[Span], columns: int) -> list[Span]:
    gap = Span(" " * columns)
    return [each for span in spans for each in (span, gap)][:-1]


def _without_middle(grid: Grid) -> Grid:
    """The grid without the column before the middle gap, which is added where there is none."""
    columns = len(grid.cells[0])
    middle = columns // 2
    gap = next((c for c in range(columns) if all(row[c].text == _GAP.text for row in grid.cells)), None)
    if gap is None:
        keep = [c for c in range(columns) if c != middle]
        gap_at = keep.index(middle - 1) + 1
        return _picked(grid, [*keep[: gap_at - 1], None, *keep[gap_at:]])
    drop = gap - 1 if gap >= columns - gap else gap + 1
    return _picked(grid, [c for c in range(columns) if c != drop])


def _picked(grid: Grid, columns: Sequence[int | None]) -> Grid:
    labels = tuple(_GAP.text if c is None else grid.column_labels[c] for c in columns) if grid.column_labels else ()
    return grid._replace(
        cells=tuple(tuple(_GAP if c is None else row[c] for c in columns) for row in grid.cells), column_labels=labels
    )
