"""Arrays as small pictures: levels or colours of few cells, each for an area of many."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, count_not_finite
from convcalc.picture.mapping import AUTO, CLIP, SIGNED, WHITE, in_range_of_floats, map_values, spreading_rule
from convcalc.picture.pixels import pixels
from convcalc.picture.reduction import FEWEST, area_extremes, area_means, fitting_size
from convcalc.picture.srgb import encoded

_FEW = 1 << 14  # the most cells that are divided into areas of nearly equal sizes; of more, areas are whole steps
_LARGEST = 1e30  # sums of any number of values below it are float32
_GREY_AXES = 2


class Thumbnail(NamedTuple):
    """An array as a small picture."""

    levels: Array
    """(height, width), or of colours (height, width, 3): red, green and blue; uint8."""
    low: float
    """The value of level 0; the value of level 255 is ``high``."""
    high: float
    is_diverging: bool = False
    """Whether 0 has the level in the middle."""
    is_picture: bool = False
    """Whether the levels are brightnesses or colours, which need no scale."""

    @property
    def colours(self) -> Array | None:
        """Red, green and blue of a picture, (height, width, 3); None where the levels have a scale."""
        if not self.is_picture:
            return None
        return pixels([self.levels]) if self.levels.ndim == _GREY_AXES else self.levels


def picture_thumbnail(
    planes: Sequence[Array], most: tuple[int, int], white: float = WHITE, *, is_linear: bool = False
) -> Thumbnail:
    """Brightnesses from 0 to ``white`` of one channel, or of red, green and blue; values beyond are clipped.

    ``planes``: (height, width) each. ``most``: the most rows and columns. ``is_linear``: they are linear light from 0
    to 1, whose means are encoded as sRGB.

    Raises:
        OutputError: whole numbers or fractions are beyond the range of floats.
    """
    return picture_of_means([means(in_range_of_floats(plane), most) for plane in planes], white, is_linear=is_linear)


def picture_of_means(planes: Sequence[Array], white: float = WHITE, *, is_linear: bool = False) -> Thumbnail:
    """The same of planes that are reduced already, (height, width) each."""
    if is_linear:
        planes = [encoded(plane) for plane in planes]
    levels = [map_values(plane, CLIP, white=white).levels for plane in planes]
    return Thumbnail(levels[0] if len(levels) == 1 else pixels(levels), 0, white, is_picture=True)


def map_thumbnail(
    plane: Array, most: tuple[int, int], rule: str, span: tuple[float, float], white: float = WHITE
) -> Thumbnail:
    """The levels of values, (height, width), by a rule; ``span``: the least and the largest value of the whole array.

    Raises:
        OutputError: whole numbers or fractions are beyond the range of floats.
    """
    reduce = peaks if shows_peaks(rule, span[0]) else means
    return map_of_reduced(reduce(in_range_of_floats(plane), most), rule, span, white)


def shows_peaks(rule: str, low: float) -> bool:
    """Whether a map of values from ``low`` on shows of each area the value that is farthest from 0, not the mean."""
    return (spreading_rule(low) if rule == AUTO else rule) == SIGNED


def map_of_reduced(plane: Array, rule: str, span: tuple[float, float], white: float = WHITE) -> Thumbnail:
    """The same of a plane, (height, width), that is reduced already."""
    rule = spreading_rule(span[0]) if rule == AUTO else rule
    mapped = map_values(plane, rule, low=span[0], high=span[1], white=white)
    return Thumbnail(mapped.levels, mapped.low, mapped.high, mapped.is_diverging)


def means(values: Array, most: tuple[int, int]) -> Array:
    """The means of areas of a matrix, to fit the most rows and columns; unchanged where all cells fit."""
    steps = _steps(values, most)
    if steps is None:
        return area_means(values, fitting_size(values.shape, most))
    sides = [np.minimum(step, n - np.arange(0, n, step)) for n, step in zip(values.shape, steps, strict=True)]
    return np.asarray(_folded(np.add, _light(values), steps) / np.outer(*sides))


def peaks(values: Array, most: tuple[int, int]) -> Array:
    """Of each area the value that is farthest from 0; areas are those of :func:`means`."""
    steps = _steps(values, most)
    if steps is None:
        return area_extremes(values, fitting_size(values.shape, most))
    light = _light(values)
    low, high = (_folded(how, light, steps) for how in (np.minimum, np.maximum))
    return farthest(low, high)


def farthest(low: Array, high: Array) -> Array:
    """Of the least and the largest floats of each area the one that is farther from 0; as float32, that is a tie."""
    with np.errstate(over="ignore"):
        return np.where(high.astype(np.float32) >= -low.astype(np.float32), high, low)


def _steps(values: Array, most: tuple[int, int]) -> tuple[int, int] | None:
    """Rows and columns of an area where all areas but the last ones are equal: a fifth of the time of unequal ones."""
    return None if count_not_finite(values) else area_steps((values.shape[0], values.shape[1]), most)


def area_steps(size: tuple[int, int], most: tuple[int, int]) -> tuple[int, int] | None:
    """The rows and columns of an area of a large array; None of a small one, whose areas differ in size."""
    if prod(size) <= _FEW:
        return None
    step = max(1, *(-(-cells // room) for cells, room in zip(size, most, strict=True)))
    rows, columns = (min(step, -(-cells // FEWEST)) for cells in size)
    return rows, columns


def _light(values: Array) -> Array:
    """The values in floats of half the size, whose 24 bits are plenty for the 8 of a level, unless one is too large."""
    is_small = values.itemsize <= 2 or max(-float(values.min()), float(values.max())) < _LARGEST
    return values.astype(np.float32 if is_small else np.float64)


def _folded(how: np.ufunc, values: Array, steps: tuple[int, int]) -> Array:
    """The reduction of each area: the first rows of all areas with the second ones and so on, then the columns."""
    for axis, step in enumerate(steps):
        places = [(slice(None),) * axis + (slice(start, None, step),) for start in range(step)]
        folded = np.array(values[places[0]])
        for place in places[1:]:
            part = values[place]
            whole = folded[(slice(None),) * axis + (slice(part.shape[axis]),)]  # the last area may be smaller
            how(whole, part, out=whole)
        values = folded
    return values
