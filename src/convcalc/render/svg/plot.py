"""A curve measured and placed on a figure: the area with its axes, numbers, the window as a band behind the line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from convcalc.render.svg.marks import Box, Group, Line, Mark, Patch, PatchKind, Style, lines_of
from convcalc.render.svg.measure import LINE_HEIGHT, broken, text_width
from convcalc.report.arrays.figure import typeset
from convcalc.report.plot import Plot

_WIDE, _HIGH = 760.0, 140.0
_CAPTION, _LABEL = 12.0, 10.0  # font sizes
_SPACE, _TICK = 6.0, 4.0
_THINNEST = 2.0  # the least width of a band


class PlotShape(NamedTuple):
    """A curve measured."""

    plot: Plot

    @property
    def margin(self) -> float:
        """From the left edge to the area: the numbers upwards."""
        own = max((text_width(mark.text, _LABEL) for mark in self.plot.up), default=0.0)
        return max(own, text_width("0" * self.plot.room, _LABEL)) + 2 * _SPACE

    @property
    def width(self) -> float:
        """From edge to edge."""
        return self.margin + _WIDE + 2 * _SPACE

    @property
    def height(self) -> float:
        """From the top to the bottom: caption, area, numbers, words."""
        return self.head + _HIGH + _TICK + (1 + len(self.words)) * _LABEL * LINE_HEIGHT + _SPACE

    @property
    def head(self) -> float:
        """The height of the caption."""
        return len(self.caption) * _CAPTION * LINE_HEIGHT + _SPACE

    @property
    def anchor(self) -> float:
        """From the top to its middle."""
        return self.height / 2

    @property
    def caption(self) -> tuple[str, ...]:
        """The caption in lines; likewise :attr:`words`, those below."""
        return tuple(broken(typeset(self.plot.caption), _WIDE, _CAPTION, bold=True))

    @property
    def words(self) -> tuple[str, ...]:
        """The title of the axis and the footer in lines."""
        return tuple(broken(typeset(self.plot.words), _WIDE, _LABEL))


def placed_plot(shape: PlotShape, x: float, y: float) -> Group:
    """The curve with its upper left corner at a point."""
    area = Box(x + shape.margin, y + shape.head, _WIDE, _HIGH)
    marks = (*_behind(shape.plot, area), *_axes(shape.plot, area), *_lines(shape.plot, area), *_words(shape, area, y))
    return Group(Box(x, y, shape.width, shape.height), marks)


def _behind(plot: Plot, area: Box) -> Iterator[Mark]:
    """The window, or the sample that is meant, as a band of the whole height."""
    first, last = plot.window or (plot.place, plot.place)
    if first is None or last is None:
        return
    wide = max(_THINNEST, (last - first) * area.width)
    left = area.x + (first + last) / 2 * area.width - wide / 2
    yield Patch(Box(left, area.y, wide, area.height), PatchKind.WINDOW if plot.window else PatchKind.PLACE)


def _axes(plot: Plot, area: Box) -> Iterator[Mark]:
    """Both axes with their ticks, and a thin line across at each number upwards."""
    for mark in plot.up:
        yield Patch(Box(area.x, _down(area, mark.share) - 0.25, area.width, 0.5), PatchKind.GRID)
        yield Patch(Box(area.x - _TICK, _down(area, mark.share) - 0.5, _TICK, 1), PatchKind.AXIS)
    yield Patch(Box(area.x - 0.5, area.y, 1, area.height), PatchKind.AXIS)
    yield Patch(Box(area.x, area.bottom - 0.5, area.width, 1), PatchKind.AXIS)
    for mark in plot.across:
        yield Patch(Box(area.x + mark.share * area.width - 0.5, area.bottom, 1, _TICK), PatchKind.AXIS)


def _down(area: Box, share: float) -> float:
    return area.bottom - share * area.height


def _lines(plot: Plot, area: Box) -> Iterator[Mark]:
    """Each piece as an outline, forward along the highest values and back along the lowest."""
    for piece in plot.pieces:
        over = [(area.x + each.across * area.width, _down(area, each.high)) for each in piece]
        if all(each.low == each.high for each in piece):
            yield Line(area, tuple(over))
            continue
        under = [(area.x + each.across * area.width, _down(area, each.low)) for each in reversed(piece)]
        yield Line(area, (*over, *under), is_outline=True)


def _words(shape: PlotShape, area: Box, y: float) -> Iterator[Mark]:
    plot, line = shape.plot, _LABEL * LINE_HEIGHT
    yield from lines_of(shape.caption, area.x, y, area.width, _CAPTION, Style.CAPTION, centred=False)
    for mark in plot.up:
        wide = text_width(mark.text, _LABEL)
        left = area.x - _TICK - _SPACE / 2 - wide
        yield from lines_of((mark.text,), left, _down(area, mark.share) - line / 2, wide, _LABEL, Style.LABEL)
    for mark in plot.across:
        wide = text_width(mark.text, _LABEL)
        left = area.x + mark.share * area.width - wide / 2
        yield from lines_of((mark.text,), left, area.bottom + _TICK, wide, _LABEL, Style.LABEL)
    below = area.bottom + _TICK + line
    yield from lines_of(shape.words, area.x, below, area.width, _LABEL, Style.LABEL, centred=False)
