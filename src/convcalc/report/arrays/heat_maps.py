"""Arrays as heat maps: reduced to fit the page, the slices of an array with one scale."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from convcalc.arrays import Array, count_not_finite, matrix
from convcalc.picture.mapping import (
    AUTO,
    CLIP,
    SIGNED,
    WHITE,
    extremes,
    in_range_of_floats,
    is_in_picture,
    map_values,
    spreading_rule,
)
from convcalc.picture.pixels import brightness, byte_rows, pixels
from convcalc.picture.reduction import area_extremes, area_means, fitting_size
from convcalc.picture.srgb import encoded
from convcalc.report.arrays.grids import MOST_SLICES, range_text
from convcalc.report.blocks import HeatMap
from convcalc.report.text import number_text
from convcalc.wording import axis_names, counted

_MOST_ROWS = 100  # of cells, two in a line
_NARROWEST, _BETWEEN = 36, 3  # columns of a map that has a neighbour, and of the gap between them
SCALE_DIGITS = 4
"""Of the numbers at a scale."""


class _Reduction(NamedTuple):
    """How the cells of an area are reduced to one, and its name."""

    reduce: Callable[[Array, tuple[int, int]], Array]
    name: str

    def of(self, plane: Array, columns: int) -> Array:
        """The matrix with at most ``columns`` columns, and not too many rows."""
        return self.reduce(plane, fitting_size(plane.shape, (_MOST_ROWS, columns)))

    def words(self, plane: Array, shown: Array) -> str:
        """The meaning of a shown cell, to be added to a caption."""
        if plane.shape == shown.shape:
            return ""
        sizes = [f"{cells / parts:.3g}" for cells, parts in zip(plane.shape, shown.shape, strict=True)]
        return f" ({self.name} of {f'{sizes[1]} cells' if plane.shape[0] == 1 else '×'.join(sizes)})"


_MEANS, _PEAKS = _Reduction(area_means, "means"), _Reduction(area_extremes, "peaks")


def columns_each(columns: int, count: int | None = None, *, narrowest: int = _NARROWEST) -> int:
    """The columns of each of several maps that share a page: as many beside each other as are still legible.

    ``count``: how many there are at the most; ``narrowest``: columns of a legible one.
    """
    legible = (columns + _BETWEEN) // (narrowest + _BETWEEN)
    beside = max(1, legible if count is None else min(count, legible))
    return (columns + _BETWEEN) // beside - _BETWEEN


def heat_maps(caption: str, values: Array, columns: int, rule: str = AUTO, white: float = WHITE) -> Iterator[HeatMap]:
    """One channel's array, (*spatial), as a strip, a map, or some of its slices from the first to the last.

    ``auto`` here spreads the values over all levels, around 0 if there are negative ones. Where there are more cells
    than columns a shown one is the mean of several, of signed values the one that is farthest from 0.

    Raises:
        OutputError: whole numbers or fractions are beyond the range of floats.
    """
    numbers = in_range_of_floats(values)
    places = _spread(values.shape[:-2])
    planes = [matrix(numbers[place]) for place in places]
    rule = spreading_rule(extremes(numbers)[0]) if rule == AUTO else rule
    reduction = _PEAKS if rule == SIGNED else _MEANS
    shown = [reduction.of(plane, columns) for plane in planes]
    lows, highs = zip(*map(extremes, shown), strict=True)
    low, high = min(lows), max(highs)
    for place, plane, cells in zip(places, planes, shown, strict=True):
        mapped = map_values(cells, rule, low=low, high=high, white=white)
        yield HeatMap(
            caption=", ".join((caption, *_slice_texts(place, values.ndim))) + reduction.words(plane, cells),
            levels=byte_rows(mapped.levels),
            low=("≤ " if low < mapped.low else "") + number_text(mapped.low, SCALE_DIGITS),
            high=("≥ " if high > mapped.high else "") + number_text(mapped.high, SCALE_DIGITS),
            is_diverging=mapped.is_diverging,
            footer=_footer(values[place], cells),
        )


def picture(caption: str, values: Array, columns: int, white: float = WHITE, *, is_linear: bool = False) -> HeatMap:
    """Values from 0 to ``white``, (channels, height, width) with one channel or three, as a picture in its own colours.

    ``is_linear``: they are linear light, whose means are encoded as sRGB.

    Raises:
        OutputError: whole numbers or fractions are beyond the range of floats.
    """
    planes = [_MEANS.of(plane, columns) for plane in in_range_of_floats(values)]
    shades = [encoded(plane) for plane in planes] if is_linear else planes
    colours = pixels([map_values(plane, CLIP, white=white).levels for plane in shades])
    return HeatMap(
        caption=caption + _MEANS.words(values[0], planes[0]),
        levels=byte_rows(brightness(colours)),
        low="0",
        high=number_text(white, SCALE_DIGITS),
        footer=range_text(values) + ("" if is_in_picture(values, white) else f"; beyond 0 and {white:g} cut off"),
        pixels=byte_rows(colours),
    )


def is_picture(values: Array, rule: str, white: float = WHITE) -> bool:
    """Whether all values are brightnesses as they are, so that a picture of them needs no scale."""
    return rule in (AUTO, CLIP) and is_in_picture(values, white)


def _spread(leading: Sequence[int]) -> list[tuple[int, ...]]:
    """The places of at most so many slices along the leading axes, the first and the last among them."""
    places = list(product(*map(range, leading)))
    if len(places) <= MOST_SLICES:
        return places
    return [places[number * (len(places) - 1) // (MOST_SLICES - 1)] for number in range(MOST_SLICES)]


def _slice_texts(place: Sequence[int], rank: int) -> list[str]:
    return [f"{name} {index}" for name, index in zip(axis_names(rank), place, strict=False)]


def _footer(values: Array, shown: Array) -> str:
    """Range and mean of all cells, and how many are not finite or drawn as 0."""
    bad, drawn = count_not_finite(values), count_not_finite(shown)
    notes = [f"{counted(bad, 'value')} not finite" * (bad > 0), f"{counted(drawn, 'cell')} drawn as 0" * (drawn > 0)]
    return "; ".join((range_text(values), *filter(None, notes)))
