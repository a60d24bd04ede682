"""Layout of a network: a row for each step from the input, lanes for outputs that bypass layers, columns of rows.

Rows and lanes are those of Sugiyama, Tagawa & Toda, "Methods for visual understanding of hierarchical system
structures" (1981); a layer is below its first input, and its other inputs come from the right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from math import ceil
from typing import NamedTuple

from convcalc.render.svg.layout import paragraph
from convcalc.render.svg.marks import Arrow, Box, Group, Node, Page, Style, Words, lines_of
from convcalc.render.svg.measure import LINE_HEIGHT, broken, text_width
from convcalc.report.network.figure import LayerBox, NetworkFigure

_MARGIN, _INSET = 20.0, 8.0
_TITLE, _TEXT, _NAME, _LINE = 18.0, 12.0, 12.0, 11.0  # font sizes
_NARROWEST, _WIDEST = 110.0, 240.0  # of a box
_DROP, _BESIDE, _LANE = 26.0, 16.0, 4.0  # between rows, between items of a row, the width of a lane
_GUTTER = 48.0  # between columns
_TIP = 9.0  # of an arrow, which is vertical
_MORE = 1.05  # by which columns grow until everything has a place
_ENTRY = 18.0  # between the ends of arrows into one box
_PAGE, _TALLEST = 1120.0, 760.0  # the width of a page and the height of a column, as far as that can be

Item = tuple[int, int]
"""(box, row): the box in its own row, and in later ones the lane of its output to layers farther down."""


class Drawing(NamedTuple):
    """The boxes in rows, each row in a column of the page."""

    boxes: tuple[LayerBox, ...]
    width: float
    """Of every box."""
    rows: tuple[int, ...]
    """The row of each box."""
    beside: dict[Item, float]
    """The distance of each item's middle to the right of that of the column's first lane."""
    columns: tuple[int, ...]
    """The column of each row."""
    lefts: tuple[float, ...]
    """The left edge of each column."""
    tops: tuple[float, ...]
    """The upper edge of each row; and its height:"""
    heights: tuple[float, ...]

    def middle(self, item: Item) -> float:
        """From the left of the page."""
        return self.lefts[self.columns[item[1]]] + self.width / 2 + self.beside[item]

    def bottom(self, row: int) -> float:
        """The lower edge of a row."""
        return self.tops[row] + self.heights[row]

    def box(self, number: int) -> Box:
        """The box of a layer."""
        row = self.rows[number]
        return Box(self.middle((number, row)) - self.width / 2, self.tops[row], self.width, self.heights[row])


def network_page(figure: NetworkFigure) -> Page:
    """The page of the network, laid out."""
    boxes = figure.boxes
    width = _box_width(boxes)
    rows = _rows(boxes)
    beside = _beside(boxes, rows, width)
    heights = [0.0] * (max(rows) + 1)
    for box, row in zip(boxes, rows, strict=True):
        heights[row] = max(heights[row], _height(box, width))
    columns = _columns(beside, heights, width)
    spans = [_span(beside, columns, number, width) for number in range(columns[-1] + 1)]
    inner = max(1.75 * _WIDEST, sum(spans) + _GUTTER * (len(spans) - 1))
    head = [*_head(figure, inner)]
    lefts = accumulate((span + _GUTTER for span in spans[:-1]), initial=_MARGIN)
    tops = _tops(heights, columns, head[-1].box.bottom + _DROP)
    drawing = Drawing(boxes, width, rows, beside, columns, tuple(lefts), tops, tuple(heights))
    bottom = max(map(drawing.bottom, rows))
    groups = (*head, *_arrows(drawing), *(_node(drawing, number) for number in range(len(boxes))))
    return Page(inner + 2 * _MARGIN, bottom + _MARGIN, figure.title, figure.description, groups)


def _head(figure: NetworkFigure, width: float) -> Iterator[Group]:
    """The title and the description below it."""
    y = _MARGIN
    texts = [(text, _TEXT, Style.TEXT) for text in (figure.description, *figure.notes)]
    for text, size, style in ((figure.title, _TITLE, Style.TITLE), *texts):
        for group in paragraph(text, y, width, size, style):
            yield group
            y = group.box.bottom


def _rows(boxes: Sequence[LayerBox]) -> tuple[int, ...]:
    """The number of layers on the longest path from the input to each box."""
    rows: list[int] = []
    for box in boxes:
        rows.append(1 + max((rows[each] for each in box.inputs), default=-1))
    return tuple(rows)


def _beside(boxes: Sequence[LayerBox], rows: Sequence[int], width: float) -> dict[Item, float]:
    """Row by row, each item below its source, or as far to the right of it as its neighbours need."""
    ends = list(rows)  # the last row that something of each box reaches
    for number, box in enumerate(boxes):
        for each in box.inputs:
            ends[each] = max(ends[each], rows[number] - 1)
    found: dict[Item, float] = {(0, 0): 0.0}
    for row in range(1, max(rows) + 1):
        wanted = [(found[box.inputs[0], row - 1], False, n) for n, box in enumerate(boxes) if rows[n] == row]
        wanted += [(found[n, row - 1], True, n) for n, end in enumerate(ends) if rows[n] < row <= end]
        right = -width / 2 - _BESIDE
        for middle, is_lane, number in sorted(wanted):
            half = (_LANE if is_lane else width) / 2
            found[number, row] = max(middle, right + _BESIDE + half)
            right = found[number, row] + half
    return found


def _columns(beside: dict[Item, float], heights: Sequence[float], width: float) -> tuple[int, ...]:
    """The column of each row: as many that the page is neither long nor too wide, the tallest as low as possible."""
    items = [sum(row == each for _, each in beside) for row in range(len(heights))]
    total = sum(heights) + _DROP * len(heights)
    widest = _span(beside, [0] * len(heights), 0, width)
    most = max(1, min(int((_PAGE + _GUTTER) / (widest + _GUTTER)), ceil(total / _TALLEST)))
    limit = total / most
    while (found := _filled(items, heights, limit))[-1] >= most:
        limit *= _MORE
    return found


def _filled(items: Sequence[int], heights: Sequence[float], limit: float) -> tuple[int, ...]:
    """The column of each row, none higher than the limit, if possible.

    A column begins where a single layer follows a single one, and ends before an inseparable group that does not fit.
    """
    starts = [row for row in range(1, len(items)) if items[row - 1] == items[row] == 1]
    found: list[int] = []
    filled = 0.0
    for start, end in pairwise((0, *starts, len(items))):
        part = sum(heights[start:end]) + _DROP * (end - start)
        is_new = bool(found) and filled + part > limit
        filled = part if is_new else filled + part
        found += [(found[-1] if found else 0) + is_new] * (end - start)
    return tuple(found)


def _span(beside: dict[Item, float], columns: Sequence[int], number: int, width: float) -> float:
    """The width of a column."""
    return max(place for (_, row), place in beside.items() if columns[row] == number) + width


def _tops(heights: Sequence[float], columns: Sequence[int], start: float) -> tuple[float, ...]:
    tops = [start]
    for row in range(1, len(heights)):
        is_next = columns[row] == columns[row - 1]
        tops.append(tops[-1] + heights[row - 1] + _DROP if is_next else start)
    return tuple(tops)


def _box_width(boxes: Sequence[LayerBox]) -> float:
    """One width for all boxes, so that lanes are straight."""
    names = (text_width(box.name, _NAME, bold=True) for box in boxes)
    lines = (text_width(line, _LINE) for box in boxes for line in box.lines)
    return min(_WIDEST, max(_NARROWEST, 2 * _INSET + max((*names, *lines))))


def _height(box: LayerBox, width: float) -> float:
    name, lines = _broken(box, width)
    return LINE_HEIGHT * (len(name) * _NAME + len(lines) * _LINE) + 2 * _INSET


def _broken(box: LayerBox, width: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The name and the other words in lines that fit into the box."""
    room = width - 2 * _INSET
    lines = (part for line in box.lines for part in broken(line, room, _LINE))
    return broken(box.name, room, _NAME, bold=True), tuple(lines)


def _node(drawing: Drawing, number: int) -> Group:
    box, layer = drawing.box(number), drawing.boxes[number]
    name, lines = _broken(layer, drawing.width)
    y = box.y + (box.height - LINE_HEIGHT * (len(name) * _NAME + len(lines) * _LINE)) / 2
    words: tuple[Words, ...] = lines_of(name, box.x, y, box.width, _NAME, Style.CAPTION)
    words += lines_of(lines, box.x, words[-1].box.bottom, box.width, _LINE, Style.TEXT)
    return Group(box, (Node(box, layer.kind, words),))


def _arrows(drawing: Drawing) -> Iterator[Group]:
    """From every box to those that it is an input of; into one box the first in the middle, others to its right."""
    for number, layer in enumerate(drawing.boxes):
        step = min(_ENTRY, (drawing.width / 2 - _INSET) / max(1, len(layer.inputs) - 1))
        for place, source in enumerate(layer.inputs):
            points = tuple(_way(drawing, source, number, place * step))
            xs, ys = zip(*points, strict=True)
            box = Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
            yield Group(box, (Arrow(box, points),))


def _way(drawing: Drawing, source: int, target: int, shift: float) -> Iterator[tuple[float, float]]:
    """The points of an arrow: through the lanes of the rows between, or round by the gutter to the next column."""
    start, end = drawing.rows[source], drawing.rows[target]
    x, bottom = drawing.middle((source, start)), drawing.bottom(start)
    to, top = drawing.middle((target, end)) + shift, drawing.tops[end]
    yield x, bottom
    for row in range(start + 1, end):
        lane = drawing.middle((source, row))
        yield lane, drawing.tops[row]
        yield lane, drawing.bottom(row)
    if drawing.columns[start] != drawing.columns[end]:
        gutter = drawing.lefts[drawing.columns[end]] - _GUTTER / 2
        yield from ((x, bottom + _DROP / 2), (gutter, bottom + _DROP / 2))
        yield from ((gutter, top - _DROP / 2), (to, top - _DROP / 2))
    else:
        yield to, top - _TIP
    yield to, top
