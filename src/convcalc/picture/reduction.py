"""Reduction of arrays to fewer cells: the size that fits, and one value for each area."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array, count_not_finite

_SAFE = 1e290  # sums of any number of values below it are finite
FEWEST = 8
"""The fewest cells of an axis after reduction, however long the other one is."""


def fitting_size(size: tuple[int, int], most: tuple[int, int]) -> tuple[int, int]:
    """The rows and columns to which an array of ``size`` is reduced, to have at most ``most``.

    Cells stay square, unless that would leave hardly any of the shorter axis.

    >>> fitting_size((512, 512), (100, 80)), fitting_size((5, 5), (100, 80)), fitting_size((1, 9000), (100, 80))
    ((80, 80), (5, 5), (1, 80))
    """
    factor = max(1.0, *(cells / room for cells, room in zip(size, most, strict=True)))
    rows, columns = (min(room, max(round(n / factor), min(n, FEWEST))) for n, room in zip(size, most, strict=True))
    return rows, columns


@np.errstate(all="ignore")  # 0 / 0 of an area without a finite value, and float32 that is too narrow
def area_means(values: Array, size: tuple[int, int]) -> Array:
    """The means of areas, one for each row and column of the reduced matrix; unchanged if it has as many already.

    Values that are not finite are omitted; an area of no finite value is nan.
    """
    if values.shape == size:
        return values
    edges = _edges(values, size)
    counts = np.outer(*(np.diff(starts, append=cells) for starts, cells in zip(edges, values.shape, strict=True)))
    if values.dtype.kind != "f" or np.abs(values).max() < _SAFE:  # false for nan too
        return np.asarray(_sums(values, edges) / counts)
    finite = np.isfinite(values)
    shares = np.where(finite, values / counts.max(), 0)  # whose sums cannot overflow
    return np.asarray(_sums(shares, edges) / _sums(finite, edges) * counts.max())


def area_extremes(values: Array, size: tuple[int, int]) -> Array:
    """Of each area the value farthest from 0; means of values on both sides of 0 would cancel.

    Areas and the treatment of values that are not finite are those of :func:`area_means`.
    """
    if values.shape == size:
        return values
    edges = _edges(values, size)
    if not count_not_finite(values):
        return _farthest(_of_areas(np.minimum, values, edges), _of_areas(np.maximum, values, edges))
    finite = np.isfinite(values)
    low = _of_areas(np.minimum, np.where(finite, values, np.inf), edges)
    high = _of_areas(np.maximum, np.where(finite, values, -np.inf), edges)
    return np.where(low <= high, _farthest(low, high), np.nan)


def _edges(values: Array, size: tuple[int, int]) -> list[Array]:
    """The first row of each area, and the first column."""
    return [np.arange(parts) * cells // parts for cells, parts in zip(values.shape, size, strict=True)]


def _farthest(low: Array, high: Array) -> Array:
    """Of two numbers the one that is farther from 0, in floats, in which no whole number's negative overflows."""
    return np.where(high >= -low.astype(np.float64), high, low)


def _of_areas(how: np.ufunc, values: Array, edges: Sequence[Array]) -> Array:
    """The reduction of the areas that begin at these rows and columns."""
    return np.asarray(how.reduceat(how.reduceat(values, edges[0], axis=0), edges[1], axis=1))


def _sums(values: Array, edges: Sequence[Array]) -> Array:
    """The sums of the areas, as floats."""
    rows = np.add.reduceat(values, edges[0], axis=0, dtype=np.float64)
    return np.asarray(np.add.reduceat(rows, edges[1], axis=1))
