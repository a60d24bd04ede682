"""Layout arithmetic: a figure as a page on which everything has its box; nothing is coloured or written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from convcalc.render.svg.marks import Bar, Box, Group, Page, Style, lines_of
from convcalc.render.svg.measure import LINE_HEIGHT, broken, text_width
from convcalc.render.svg.panel import PanelShape, alike, panel_shape, placed_panel
from convcalc.render.svg.plot import PlotShape, placed_plot
from convcalc.report.arrays.figure import Figure, Item, Legend, Panel, Sign
from convcalc.report.plot import Plot

_MARGIN = 20.0
_TITLE, _TEXT, _SIGN, _LABEL = 18.0, 12.0, 24.0, 10.0  # font sizes
_BETWEEN = 14.0  # items of a row
_ROW_SPACE = 14.0
_WIDEST, _NARROWEST = 1120.0, 420.0  # of a row; a single item may be wider
_BAR = (180.0, 14.0)


class SignShape(NamedTuple):
    """A sign measured."""

    sign: Sign

    @property
    def width(self) -> float:
        """From edge to edge."""
        return text_width(self.sign.text, _SIGN)

    @property
    def height(self) -> float:
        """From the top to the bottom."""
        return _SIGN * LINE_HEIGHT

    @property
    def anchor(self) -> float:
        """From the top to its middle."""
        return self.height / 2


class LegendShape(NamedTuple):
    """A colour scale measured."""

    legend: Legend

    @property
    def width(self) -> float:
        """From edge to edge."""
        if self.legend.is_constant:
            return text_width(self.legend.words, _LABEL)
        ends = text_width(self.legend.low, _LABEL) + text_width(self.legend.high, _LABEL) + _BETWEEN
        return max(_BAR[0], ends, text_width(self.legend.caption, _LABEL))

    @property
    def height(self) -> float:
        """From the top to the bottom: caption, bar and numbers, or a line where there is one number."""
        if self.legend.is_constant:
            return _LABEL * LINE_HEIGHT
        return 2 * _LABEL * LINE_HEIGHT + _BAR[1]

    @property
    def anchor(self) -> float:
        """From the top to the middle of the bar."""
        return self.height / 2


Shape = PanelShape | SignShape | LegendShape | PlotShape


class Slot(NamedTuple):
    """An item's place in a line."""

    shape: Shape
    width: float


def page_of(figure: Figure) -> Page:
    """The page of the figure, laid out."""
    return _page(figure, [line for row in _shapes(figure) for line in _broken_rows(row)])


def pages_of(figures: Sequence[Figure]) -> list[Page]:
    """A sequence of figures on pages of one size, with corresponding items in the same place."""
    lines = _broken_alike(_alike([_shapes(figure) for figure in figures]))
    pages = [_page(figure, each) for figure, each in zip(figures, lines, strict=True)]
    width, height = max(page.width for page in pages), max(page.height for page in pages)
    return [page._replace(width=width, height=height) for page in pages]


def _shapes(figure: Figure) -> list[list[Shape]]:
    return [[_shape(item) for item in row] for row in figure.rows]


def _alike(figures: list[list[list[Shape]]]) -> list[list[list[Shape]]]:
    """Panels of one kind and as many cells in the same row and column of all figures, in one size."""
    if not _are_parallel(figures):
        return figures
    for row in range(len(figures[0])):
        for column in range(len(figures[0][row])):
            found = [rows[row][column] for rows in figures]
            panels = [shape for shape in found if isinstance(shape, PanelShape)]
            if len(panels) == len(found):
                for rows, shape in zip(figures, alike(panels), strict=True):
                    rows[row][column] = shape
    return figures


def _are_parallel(figures: list[list[list[Shape]]]) -> bool:
    """Whether all have as many rows and as many things in each."""
    return len({tuple(map(len, rows)) for rows in figures}) == 1


def _broken_alike(figures: list[list[list[Shape]]]) -> list[list[list[Shape]]]:
    """The lines of each figure, every row broken as in the figure where it takes the most lines."""
    if not _are_parallel(figures):
        return [[line for row in rows for line in _broken_rows(row)] for rows in figures]
    found: list[list[list[Shape]]] = [[] for _ in figures]
    for rows in zip(*figures, strict=True):
        ends = max(([*accumulate(map(len, _broken_rows(row)))] for row in rows), key=len)
        for lines, row in zip(found, rows, strict=True):
            lines += [row[start:end] for start, end in pairwise((0, *ends))]
    return found


def _page(figure: Figure, rows: list[list[Shape]]) -> Page:
    lines = _aligned(rows)
    inner = max([_NARROWEST, *map(_row_width, lines)])
    groups: list[Group] = []
    y = _MARGIN
    for text, size, style in ((figure.title, _TITLE, Style.TITLE), (figure.description, _TEXT, Style.TEXT)):
        groups += paragraph(text, y, inner, size, style)
        y = groups[-1].box.bottom
    for line in lines:
        y += _ROW_SPACE
        groups += _placed(line, y)
        y += _row_height(line)
    y += _ROW_SPACE
    for note in figure.notes:
        groups += paragraph(note, y, inner, _TEXT, Style.TEXT)
        y = groups[-1].box.bottom
    return Page(inner + 2 * _MARGIN, y + _MARGIN, figure.title, figure.description, tuple(groups))


def _shape(item: Item) -> Shape:
    match item:
        case Panel():
            return panel_shape(item)
        case Sign():
            return SignShape(item)
        case Legend():
            return LegendShape(item)
        case Plot():
            return PlotShape(item)


def _broken_rows(shapes: Sequence[Shape]) -> Iterator[list[Shape]]:
    """A row in lines that are not too wide; a sign stays with the item after it."""
    line: list[Shape] = []
    signs: list[Shape] = []
    for shape in shapes:
        if isinstance(shape, SignShape):
            signs.append(shape)
            continue
        if line and _row_width([*line, *signs, shape]) > _WIDEST:
            yield line
            line = []
        line += [*signs, shape]
        signs = []
    if line or signs:
        yield [*line, *signs]


def _aligned(lines: Sequence[Sequence[Shape]]) -> list[list[Slot]]:
    """Lines of the same kinds of things below each other as columns, each as wide as its widest."""
    widths: dict[tuple[str, ...], list[float]] = {}
    for line in lines:
        known = widths.get(_kinds(line), [0.0] * len(line))
        widths[_kinds(line)] = [max(width, shape.width) for width, shape in zip(known, line, strict=True)]
    return [[Slot(*each) for each in zip(line, widths[_kinds(line)], strict=True)] for line in lines]


def _kinds(line: Sequence[Shape]) -> tuple[str, ...]:
    return tuple(shape.panel.kind if isinstance(shape, PanelShape) else type(shape).__name__ for shape in line)


def _row_width(line: Sequence[Shape | Slot]) -> float:
    return sum(slot.width for slot in line) + _BETWEEN * (len(line) - 1)


def _ascent(line: Sequence[Slot]) -> float:
    """From the top of a line to the height of its items' middles."""
    return max(slot.shape.anchor for slot in line)


def _row_height(line: Sequence[Slot]) -> float:
    return _ascent(line) + max(slot.shape.height - slot.shape.anchor for slot in line)


def _placed(line: Sequence[Slot], top: float) -> Iterator[Group]:
    start, middle = _MARGIN, top + _ascent(line)
    for shape, width in line:
        x, y = start + (width - shape.width) / 2, middle - shape.anchor
        match shape:
            case PanelShape():
                yield placed_panel(shape, x, y)
            case SignShape():
                words = lines_of((shape.sign.text,), x, y, shape.width, _SIGN, Style.SIGN)
                yield Group(Box(x, y, shape.width, shape.height), words)
            case LegendShape():
                yield _placed_legend(shape, x, y)
            case PlotShape():
                yield placed_plot(shape, x, y)
        start += width + _BETWEEN


def _placed_legend(shape: LegendShape, x: float, y: float) -> Group:
    legend, line = shape.legend, _LABEL * LINE_HEIGHT
    box = Box(x, y, shape.width, shape.height)
    if legend.is_constant:
        return Group(box, lines_of((legend.words,), x, y, shape.width, _LABEL, Style.LABEL))
    bar = Bar(Box(x, y + line, shape.width, _BAR[1]), legend.is_diverging)
    low, high = text_width(legend.low, _LABEL), text_width(legend.high, _LABEL)
    below = bar.box.bottom
    ends = (
        *lines_of((legend.low,), x, below, low, _LABEL, Style.LABEL),
        *lines_of((legend.high,), box.right - high, below, high, _LABEL, Style.LABEL),
    )
    return Group(box, (*lines_of((legend.caption,), x, y, shape.width, _LABEL, Style.LABEL), bar, *ends))


def paragraph(text: str, y: float, width: float, size: float, style: Style) -> Iterator[Group]:
    """Running text in lines from the left margin on."""
    lines = broken(text, width, size, bold=style is Style.TITLE)
    box = Box(_MARGIN, y, width, len(lines) * size * LINE_HEIGHT)
    yield Group(box, lines_of(lines, _MARGIN, y, width, size, style, centred=False))
