"""Finds cells of a tile whose window is too small for the rounding errors caused by larger neighbours.

An engine that combines cells, in a spectrum or a transformed tile, rounds all of them in proportion to the largest. A
cell whose own window is far smaller would lose its digits to a neighbour that it never reads: one pixel without data,
-3.4e38, would spoil a whole tile. Such cells are found here, and recomputed by an engine that reads the window alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from convcalc.arrays import Array, index
from convcalc.engine import padded
from convcalc.engine.padded import Piece
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import ceil_div
from convcalc.geometry.axis import Axis
from convcalc.problem import Problem

_CALM = {4: 1e15, 8: 1e150}
_FEW_CELLS, _FEW_TAPS = 32, 16
"""Cells sampled of each window, over all channels and of one: enough to decide that it is not all zeros."""
_AT_ONCE, _MOST_SAMPLED = 1 << 25, 1 << 16
"""Bytes of an input that is examined as a whole, and cells of each channel sampled for it."""
_PIECE = 32
"""The fewest cells on each axis that are recomputed at once; at least the reach of the kernel."""


def calm(dtype: np.dtype[Any]) -> float:
    """The magnitude below which no sum overflows, for the weights that engines which mix cells accept."""
    return _CALM[dtype.itemsize]


def windows(magnitudes: Array, axes: Sequence[Axis]) -> Array:
    """The maximum of every window, (groups, *size), of the cells under the windows, (groups, *cells), at stride 1."""
    for number, axis in enumerate(axes, start=1):
        magnitudes = largest_of(magnitudes, number, axis.kernel_size, axis.dilation)
    return magnitudes


def around(values: Array, axes: Sequence[Axis], cells: int) -> Array:
    """The maximum of the windows up to ``cells`` output cells away on every side, dilated as the kernel is."""
    for number, axis in enumerate(axes, start=1):
        far = [(0, 0)] * values.ndim
        far[number] = (cells * axis.dilation,) * 2
        values = largest_of(np.pad(values, far), number, 2 * cells + 1, axis.dilation)
    return values


def largest_of(values: Array, number: int, count: int, step: int = 1) -> Array:
    """The maximum of every ``count`` values that are ``step`` apart on an axis, in log2(count) passes."""
    ahead, done = (slice(None),) * number, 1
    while done < count:
        far = min(done, count - done) * step
        values = np.maximum(values[index(*ahead, slice(None, -far))], values[index(*ahead, slice(far, None))])
        done = min(2 * done, count)
    return values


def largest(extremes: Sequence[Any]) -> float:
    """The largest magnitude of arrays, from their maxima and minima; nan where one is nan, 0 of no arrays."""
    magnitudes: Array = np.abs(np.array(extremes, float))
    return float(magnitudes.max(initial=0))


def under(tile: Tile, spatial: Sequence[range] = ()) -> Array:
    """The largest magnitude of the channels of each group, (groups, *cells), under the windows of a tile.

    ``spatial``: other output cells than the tile's own, also beyond the output.
    """
    problem = tile.problem
    spans = [axis.span(some) for axis, some in zip(problem.axes, spatial or tile.region.spatial, strict=True)]
    parts = [padded.pieces(span, axis.size, problem.boundary) for span, axis in zip(spans, problem.axes, strict=True)]
    hulls = list(map(_hull, parts))
    moved = [[_moved(part, hull.start) for part in axis] for axis, hull in zip(parts, hulls, strict=True)]
    cells = _cells(tile, hulls)
    by_group = (tile.groups, len(tile.channels) // tile.groups, *cells.shape[2:])  # there may be no cells at all
    found = _magnitudes(cells.reshape(by_group), tile.arithmetic.dtype)
    output = np.empty((len(found), *map(len, spans)), found.dtype)
    padded.put(output[None], found[None], moved, abs(float(problem.boundary.value)))
    return output


def are_even(problem: Problem, spread: float, dtype: np.dtype[Any]) -> bool:
    """Whether no cell can be more than ``spread`` times the largest of any window, so that no tile need check it.

    Checked once instead of by every tile, whose threads wait for each other in many short calls. Large inputs are
    checked by the tiles, while their cells are in the cache.
    """
    cells, axes = problem.input, problem.axes
    inside = [axis.kernel_size - ceil_div(max(axis.before, axis.after), axis.dilation) for axis in axes]
    if not 0 < cells.nbytes <= _AT_ONCE or min(inside) < 1 or any(axis.size < axis.reach for axis in axes):
        return False
    some, counts = _sampled(cells, problem.groups, axes, inside)
    if some.size > _MOST_SAMPLED * some.shape[1]:
        return False
    bearable = min(spread * _least(some, counts, axes, dtype), calm(dtype))
    extremes = cells.max(), cells.min(), problem.boundary.value
    return bearable > 0 and largest(extremes) <= bearable  # nan is not


def least_inside(tile: Tile) -> float:
    """A lower bound of every window's largest magnitude; 0 where none is known.

    Of a window that reaches by one tap into the padding, all taps but one on each axis are inside.
    """
    hulls, inside = [], []
    for axis, some in zip(tile.problem.axes, tile.region.spatial, strict=True):
        span = axis.span(some)
        cells = range(max(span.start, 0), min(span.stop, axis.size))
        if max(axis.before, axis.after) > axis.dilation or len(cells) < axis.reach:
            return 0.0
        hulls.append(slice(cells.start, cells.stop))
        inside.append(axis.kernel_size - (span.start < 0 or span.stop > axis.size))
    axes = tile.problem.axes
    return _least(*_sampled(_cells(tile, hulls), tile.groups, axes, inside), axes, tile.arithmetic.dtype)


def _sampled(cells: Array, groups: int, axes: Sequence[Axis], inside: Sequence[int]) -> tuple[Array, list[int]]:
    """Some cells of every window, (batch · groups, channels, *cells), and how many of its taps they are on each axis.

    ``cells``: (batch, channels, *cells); ``inside``: how many of its taps on each axis every window has among them.
    """
    counts = [min(taps, round(_FEW_TAPS ** (1 / len(axes)))) for taps in inside]
    steps = [taps // count if axis.dilation == 1 else 1 for taps, count, axis in zip(inside, counts, axes, strict=True)]
    by_group = cells.reshape(len(cells), groups, cells.shape[1] // groups, *cells.shape[2:])
    channels = slice(ceil_div(_FEW_CELLS, prod(counts)))
    some: Array = by_group[index(..., channels, *(slice(None, None, step) for step in steps))]
    return some.reshape(-1, *some.shape[2:]), counts


def _least(some: Array, counts: Sequence[int], axes: Sequence[Axis], dtype: np.dtype[Any]) -> float:
    """The minimum over all windows of their largest sampled magnitude."""
    is_dense = some.strides[-1] == some.itemsize
    found = _magnitudes(some if is_dense else some.copy(), dtype)  # contiguous cells are read faster
    for number, (axis, count) in enumerate(zip(axes, counts, strict=True), start=1):
        found = largest_of(found, number, count, axis.dilation)
    return float(found.min())


def _cells(tile: Tile, hulls: Sequence[slice]) -> Array:
    """Of a tile's sample and channels, (1, channels, *hull)."""
    batch, channels = tile.region.batch, tile.channels
    cells: Array = tile.problem.input[
        index(slice(batch.start, batch.stop), slice(channels.start, channels.stop), *hulls)
    ]
    return cells


def _magnitudes(cells: Array, dtype: np.dtype[Any]) -> Array:
    """The largest magnitude of the channels of each group, (groups, *cells); ``cells``: (groups, channels, *cells)."""
    most, least = (each(cells, axis=1).astype(dtype, copy=False) for each in (np.max, np.min))
    found: Array = np.maximum(most, np.negative(least, out=least), out=most)
    return found


def _hull(parts: Sequence[Piece]) -> slice:
    """The input cells of an axis from the first to the last that is read."""
    ends = [
        (part.cells.start, part.cells.stop) if isinstance(part.cells, slice) else (min(part.cells), max(part.cells) + 1)
        for part in parts
        if part.cells is not None
    ]
    return slice(min(first for first, _ in ends), max(last for _, last in ends)) if ends else slice(0, 0)


def _moved(part: Piece, first: int) -> Piece:
    """The piece of cells that are counted from the first one of the hull."""
    if isinstance(part.cells, slice):
        return part._replace(cells=slice(part.cells.start - first, part.cells.stop - first, part.cells.step))
    return part if part.cells is None else part._replace(cells=[cell - first for cell in part.cells])


def anew(tile: Tile, output: Array, own: Array, doubtful: Array) -> list[Region]:
    """The parts of a tile to recompute; those whose windows are all zeros are set to 0 here.

    ``own``: the maximum of every window, ``doubtful``: whether it is too small, both (groups, *size); ``output``:
    (1, filters, *size).
    """
    marked: Array = np.any(doubtful, axis=0)
    held: Array = own.max(axis=0)
    found = []
    for spatial, cut in _pieces(tile, marked):
        if held[cut].any():  # nan counts as not 0
            found.append(tile.region._replace(spatial=spatial))
        else:
            output[index(..., *cut)] = 0
    return found


def _pieces(tile: Tile, marked: Array) -> Iterator[tuple[tuple[range, ...], tuple[slice, ...]]]:
    """The pieces of a tile that contain a mark: output cells, and their index in the tile."""
    cuts = []
    for size, axis in zip(tile.size, tile.problem.axes, strict=True):
        each = max(_PIECE, axis.reach)
        cuts.append([slice(first, min(first + each, size)) for first in range(0, size, each)])
    for cut in product(*cuts):
        if marked[cut].any():
            yield tuple(cells[part] for cells, part in zip(tile.region.spatial, cut, strict=True)), cut
