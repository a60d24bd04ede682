"""A panel measured, and then placed: cells as large as their longest number needs, caption above, footer below."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from convcalc.render.svg.marks import BOLD_STYLES, Box, Dots, Group, Mark, Raster, Style, Tile, around, lines_of
from convcalc.render.svg.measure import LINE_HEIGHT, broken, text_width
from convcalc.report.arrays.figure import Cell, Panel, PanelKind

_CAPTION, _LABEL = 12.0, 10.0  # font sizes
_LARGEST, _SMALLEST = 14.0, 9.0  # font sizes of numbers
_SIDE = 34.0  # of a cell with a short number
_GAP = 18.0  # width or height of the mark for omitted cells
_INSET = 6.0  # between a number and the left and right edges of its cell
_WIDE = 76.0  # a number that needs a wider cell is set in a smaller size, and only then its cell grows
_LONE = 2  # the factor by which a single number may be wider
_LINE = 24  # characters of a line; longer numbers continue below
_CAPTION_WIDTH = 110.0  # captions are not broken to less
_SPACE = 4.0  # between caption, labels, cells and footer
_DOTS, _MOST_DOTS = 360.0, 1080.0  # the longer side of many cells without numbers
_SMALLEST_DOT, _LARGEST_DOT = 3.0, 14.0  # the sides of one
_STRIP = 24.0  # the height of a single row of them


class PanelShape(NamedTuple):
    """The sizes of a panel's parts."""

    panel: Panel
    widths: tuple[float, ...]
    """Of the columns."""
    heights: tuple[float, ...]
    """Of the rows."""
    size: float
    """The font size of the numbers; 0: the cells show their levels alone."""
    caption: tuple[str, ...]
    footer: tuple[str, ...]

    @property
    def head(self) -> float:
        """From the top to the cells."""
        labels = _LABEL * LINE_HEIGHT + _SPACE / 2 if self.panel.column_labels else 0
        return len(self.caption) * _CAPTION * LINE_HEIGHT + labels + _SPACE

    @property
    def margin(self) -> float:
        """The width of the row labels on the left."""
        widest = max((text_width(label, _LABEL) for label in self.panel.row_labels), default=0)
        return widest + _SPACE if widest else 0

    @property
    def indent(self) -> float:
        """From the left edge to the cells, in the middle below the caption."""
        return max(self.margin, (self.words_width - sum(self.widths)) / 2)

    @property
    def words_width(self) -> float:
        """The width of caption and footer."""
        captions = [text_width(line, _CAPTION, bold=True) for line in self.caption]
        return max((*captions, *(text_width(line, _LABEL) for line in self.footer)), default=0)

    @property
    def width(self) -> float:
        """All of it, from edge to edge."""
        cells = sum(self.widths)
        return self.indent + max(cells, (cells + self.words_width) / 2)

    @property
    def height(self) -> float:
        """All of it, from the top to the bottom."""
        return self.head + sum(self.heights) + len(self.footer) * _LABEL * LINE_HEIGHT + _SPACE

    @property
    def anchor(self) -> float:
        """From the top to the middle of the cells, which is aligned with its neighbours'."""
        return self.head + sum(self.heights) / 2


def panel_shape(panel: Panel) -> PanelShape:
    """The panel measured."""
    found = [cell for row in panel.cells for cell in row if cell]
    if all(cell.level is not None and not cell.text for cell in found):
        widths, heights, size = *_dot_sizes(len(panel.cells), len(panel.cells[0])), 0.0
    else:
        widths, heights, size = _cell_sizes(panel, found)
    room = max(_CAPTION_WIDTH, sum(widths))
    footer = broken(panel.footer, room, _LABEL) if panel.footer else ()
    return PanelShape(panel, widths, heights, size, _caption_lines(panel, room), footer)


def alike(shapes: Sequence[PanelShape]) -> Sequence[PanelShape]:
    """The same panel at several times: those with equal numbers of cells in one size large enough for each."""
    groups: dict[tuple[int, ...], list[PanelShape]] = {}
    for shape in shapes:
        groups.setdefault(_form(shape), []).append(shape)
    sized = {form: iter(_of_one_size(found)) for form, found in groups.items()}
    return [next(sized[_form(shape)]) for shape in shapes]


def _form(shape: PanelShape) -> tuple[int, ...]:
    return len(shape.widths), len(shape.heights), shape.size == 0


def _of_one_size(shapes: Sequence[PanelShape]) -> list[PanelShape]:
    widths = tuple(map(max, zip(*(shape.widths for shape in shapes), strict=True)))
    heights = tuple(map(max, zip(*(shape.heights for shape in shapes), strict=True)))
    size, room = min(shape.size for shape in shapes), max(_CAPTION_WIDTH, sum(widths))
    return [
        shape._replace(widths=widths, heights=heights, size=size, caption=_caption_lines(shape.panel, room))
        for shape in shapes
    ]


def _caption_lines(panel: Panel, room: float) -> tuple[str, ...]:
    return broken(_joined(panel.caption), room, _CAPTION, bold=True)


def _dot_sizes(rows: int, columns: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Column widths and row heights of cells without numbers."""
    longest = max(rows, columns)
    side = min(_LARGEST_DOT, max(_SMALLEST_DOT, _DOTS // longest), _MOST_DOTS / longest)
    return (side,) * columns, ((side,) * rows if rows > 1 else (_STRIP,))


def _joined(caption: str) -> str:
    """The caption with its numbers on the same lines as the words before them."""
    return re.sub(r" (?=[−\d])", "\u00a0", caption)


def _cell_sizes(panel: Panel, found: Sequence[Cell]) -> tuple[tuple[float, ...], tuple[float, ...], float]:
    """Column widths, row heights and font size that the numbers need; columns without a number are narrow."""
    texts = [(line, style_of(panel.kind, cell) in BOLD_STYLES) for cell in found for line in _lines(cell.text)]
    widest = max(text_width(line, 1, bold=bold) for line, bold in texts)
    columns = list(zip(*panel.cells, strict=True))
    numbered = [any(cell and cell.text for cell in column) for column in columns]
    wide = _WIDE * (1 if sum(numbered) > 1 else _LONE)
    size = max(_SMALLEST, min(_LARGEST, (wide - 2 * _INSET) / widest)) if widest else _LARGEST
    labels = max((text_width(label, _LABEL) for label in panel.column_labels), default=0) + _SPACE
    full = max(_SIDE, labels, widest * size + 2 * _INSET)
    bare = full if full <= _WIDE else max(_SIDE, labels)
    height = max(_SIDE, max(len(_lines(cell.text)) for cell in found) * size * LINE_HEIGHT + _SPACE)
    shown = [full if has_number else bare for has_number in numbered]
    widths = tuple(width if any(column) else _GAP for width, column in zip(shown, columns, strict=True))
    return widths, tuple(height if any(row) else _GAP for row in panel.cells), size


def _lines(number: str) -> tuple[str, ...]:
    """A number in lines."""
    return tuple(number[start : start + _LINE] for start in range(0, len(number), _LINE)) or ("",)


def style_of(kind: PanelKind, cell: Cell) -> Style:
    """The style of the number in a cell."""
    if kind in (PanelKind.TOTAL, PanelKind.OUTPUT) and cell.is_marked:
        return Style.TOTAL
    return Style.PADDED if cell.is_padded else Style.NUMBER


def placed_panel(shape: PanelShape, x: float, y: float) -> Group:
    """The panel with its upper left corner at a point."""
    left, top = x + shape.indent, y + shape.head
    columns = [Box(left + start, top, width, 0) for start, width in _starts(shape.widths)]
    rows = [Box(left, top + start, 0, height) for start, height in _starts(shape.heights)]
    frames = [around(outline, columns, rows) for outline in shape.panel.outlines]
    marks = (*_words(shape, x, y, columns, rows), *_cells(shape, columns, rows), *frames)
    return Group(Box(x, y, shape.width, shape.height), marks, shape.panel.kind, shape.panel.is_diverging)


def _starts(sizes: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(accumulate(sizes, initial=0.0), sizes, strict=False))


def _words(shape: PanelShape, x: float, y: float, columns: Sequence[Box], rows: Sequence[Box]) -> Iterator[Mark]:
    """Caption, labels and footer."""
    grid = sum(shape.widths)
    centre = x + shape.indent + grid / 2
    left, width = centre - shape.words_width / 2, shape.words_width
    yield from lines_of(shape.caption, left, y, width, _CAPTION, Style.CAPTION)
    line = _LABEL * LINE_HEIGHT
    for label, box in zip(shape.panel.column_labels, columns, strict=False):
        yield from lines_of((label,), box.x, box.y - line - _SPACE / 2, box.width, _LABEL, Style.LABEL)
    for label, box in zip(shape.panel.row_labels, rows, strict=False):
        margin = shape.margin
        middle = box.y + (box.height - line) / 2
        yield from lines_of((label,), box.x - margin, middle, margin - _SPACE / 2, _LABEL, Style.LABEL)
    bottom = y + shape.head + sum(shape.heights) + _SPACE
    yield from lines_of(shape.footer, left, bottom, width, _LABEL, Style.LABEL)


def _cells(shape: PanelShape, columns: Sequence[Box], rows: Sequence[Box]) -> Iterator[Mark]:
    if not shape.size:
        box = Box(columns[0].x, rows[0].y, sum(shape.widths), sum(shape.heights))
        yield Raster(box, shape.panel.cells)
        return
    for down, cells in zip(rows, shape.panel.cells, strict=True):
        for across, cell in zip(columns, cells, strict=True):
            box = Box(across.x, down.y, across.width, down.height)
            yield _tile(shape, box, cell) if cell else Dots(box, across.width == _GAP, down.height == _GAP)


def _tile(shape: PanelShape, box: Box, cell: Cell) -> Tile:
    lines = _lines(cell.text) if cell.text and not cell.is_blank else ()
    top = box.y + (box.height - len(lines) * shape.size * LINE_HEIGHT) / 2
    shown = cell._replace(text="") if cell.is_blank else cell
    return Tile(box, shown, lines_of(lines, box.x, top, box.width, shape.size, style_of(shape.panel.kind, cell)))
