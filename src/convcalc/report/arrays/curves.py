"""Signals of one axis as curves: samples reduced to a few hundred stretches, the axes marked with round numbers."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor, log10
from typing import NamedTuple

from convcalc.arrays import Array, has_floats, in_floats
from convcalc.channels import SampleAxis
from convcalc.picture.stretches import finite_range, pieces_of
from convcalc.report.arrays.grids import range_text
from convcalc.report.plot import AxisMark, Plot, Stretch
from convcalc.report.text import number_text

_MARKS = 5  # on the axis from left to right
_DIGITS = 4
_APART = 0.15  # of the height: 0 is marked where it is as far from both ends
_SAMPLES = "sample"


class Span(NamedTuple):
    """The part of an axis that is drawn, which curves above each other share."""

    low: float
    high: float

    def share(self, place: float) -> float:
        """A place in shares of the span."""
        return (place - self.low) / (self.high - self.low) if self.high > self.low else 0.5


def title_of(axis: SampleAxis | None) -> str:
    """The title of an axis, or of the count of samples."""
    return axis.title if axis is not None and axis.increases else _SAMPLES


def span_of(*places: Array) -> Span:
    """The span that holds all places."""
    found = [each for each in places if each.size]
    return Span(min(float(each[0]) for each in found), max(float(each[-1]) for each in found)) if found else Span(0, 1)


def is_drawable(values: Array) -> bool:
    """Whether a curve of the values can be drawn: there are some, and none is beyond the range of floats."""
    return values.size > 0 and has_floats(values)


def plot_of(
    caption: str,
    samples: Array,
    places: Array,
    span: Span,
    title: str,
    window: tuple[float, float] | None = None,
    place: float | None = None,
) -> Plot:
    """The curve of samples (samples,) at increasing places (samples,).

    ``window``: the first and the last place that a window reads; ``place``: that of the sample that is meant.
    """
    values = in_floats(samples)
    found = finite_range(values)
    height = Span(*(found or (0.0, 0.0)))
    return Plot(
        caption=caption,
        pieces=tuple(
            tuple(Stretch(span.share(place), height.share(low), height.share(high)) for place, low, high in piece)
            for piece in pieces_of(values, places)
        ),
        across=tuple(_round_marks(span)),
        up=tuple(_height_marks(*height)) if found else (),
        title=title,
        window=window and (max(0.0, span.share(window[0])), min(1.0, span.share(window[1]))),
        place=None if place is None else span.share(place),
        footer=range_text(samples),
    )


def _round_marks(span: Span) -> Iterator[AxisMark]:
    """Round numbers in a span: a power of ten, or twice or five times one, apart."""
    if not span.high > span.low:
        yield AxisMark(0.5, number_text(span.low, _DIGITS))
        return
    step = _round_step((span.high - span.low) / _MARKS)
    for number in range(ceil(span.low / step - 1e-9), floor(span.high / step + 1e-9) + 1):
        place = float(f"{number * step:.12g}")
        yield AxisMark(span.share(place), number_text(int(place) if place.is_integer() else place))


def _round_step(least: float) -> float:
    power = 10.0 ** floor(log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _height_marks(low: float, high: float) -> Iterator[AxisMark]:
    """The lowest and the highest value, and 0 between them where there is room."""
    height = Span(low, high)
    yield AxisMark(height.share(low), _height_text(low))
    if low < 0 < high and _APART < height.share(0) < 1 - _APART:
        yield AxisMark(height.share(0), "0")
    if high > low:
        yield AxisMark(1.0, _height_text(high))


def _height_text(value: float) -> str:
    """A number to four digits, where that is short without an exponent."""
    return number_text(float(f"{value:.{_DIGITS}g}"))
