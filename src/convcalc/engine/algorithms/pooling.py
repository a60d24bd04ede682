"""Maxima and sums of windows, one axis at a time, without the padding."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, index, largest
from convcalc.engine.threads import share
from convcalc.engine.tiling import ceil_div, steps
from convcalc.geometry.axis import Axes, Axis
from convcalc.geometry.pooling import inside, taps_in_use

_LARGE = 1 << 18  # cells; below it a second thread takes longer to start than it saves
_PIECES = 4  # per thread; smaller ones are too short for NumPy's calls


def maxima(cells: Array, axes: Axes, threads: int = 1) -> Array:
    """The maximum of every window, (batch, channels, *output); nan where the window contains one.

    ``cells``: (batch, channels, *spatial). Every window holds a cell.
    """
    return _by_channel(np.maximum, cells, axes, threads)


def sums(cells: Array, axes: Axes, threads: int = 1) -> Array:
    """The sum of every window, as :func:`maxima`; whole numbers in int64, or in Python's where that is too small."""
    if cells.dtype.kind in "iu":
        fits = largest(cells) * prod(axes.kernel_sizes) < INT64_LIMIT
        cells = cells.astype(np.int64 if fits else object, copy=False)
    return _by_channel(np.add, cells, axes, threads)


def pushed_maxima(cells: Array, tangents: Array, axes: Axes) -> Array:
    """The tangent of every window's maximum: of the first maximal cell, or as in PyTorch of the last nan."""
    shape = (*cells.shape[:2], *axes.output_sizes)
    best, pushed = np.full(shape, _idle(np.maximum, cells), cells.dtype), np.zeros(shape, tangents.dtype)
    is_new = np.ones(shape, bool)
    for taps in product(*map(taps_in_use, axes)):
        positions, sources = zip(*(inside(axis, tap) for axis, tap in zip(axes, taps, strict=True)), strict=True)
        here, there = index(..., *positions), index(..., *sources)
        cell = cells[there]
        wins = is_new[here] | (cell > best[here]) | (cell != cell)  # noqa: PLR0124 - only nan differs from itself
        wins = wins.astype(bool)
        best[here] = np.where(wins, cell, best[here])
        pushed[here] = np.where(wins, tangents[there], pushed[here])
        is_new[here] = False
    return pushed


def _by_channel(operation: np.ufunc, cells: Array, axes: Axes, threads: int) -> Array:
    """The operation on the channels, divided among threads where there is enough work."""
    if threads < 2 or cells.size < _LARGE or cells.dtype == object or cells.shape[1] < threads:
        return _reduced(operation, cells, axes)
    output = np.empty((*cells.shape[:2], *axes.output_sizes), cells.dtype)
    pieces = steps(cells.shape[1], ceil_div(cells.shape[1], _PIECES * threads))

    def one(piece: slice, scratch: Any) -> None:  # noqa: ARG001 - the signature of every job
        output[:, piece] = _reduced(operation, cells[:, piece], axes)

    share(one, pieces, threads)
    return output


def _reduced(operation: np.ufunc, cells: Array, axes: Axes) -> Array:
    """One axis after the other from the first, whose cells are whole rows; the others then have less to do."""
    with np.errstate(all="ignore"):
        for number, axis in enumerate(axes, start=2):
            cells = _along(operation, cells, number, axis)
    return cells


def _along(operation: np.ufunc, cells: Array, number: int, axis: Axis) -> Array:
    """Windows on one axis: a pass over all of them for each tap, or one reduction where there is a single window."""
    before = (slice(None),) * number
    if axis.output_size == 1:
        start = axis.start(0)
        first = start % axis.dilation if start < 0 else start
        reached = slice(first, max(0, start + axis.reach), axis.dilation)
        reduced: Array = operation.reduce(cells[index(*before, reached)], axis=number, keepdims=True)
        return reduced
    everywhere = slice(0, axis.output_size)
    taps = [inside(axis, tap) for tap in taps_in_use(axis)]
    whole = [cells[index(*before, sources)] for positions, sources in taps if positions == everywhere]
    partly = [(positions, sources) for positions, sources in taps if positions != everywhere]
    if len(whole) > 1:
        output: Array = operation(whole[0], whole[1])
    elif whole:
        output = whole[0].copy()
    else:
        shape = (*cells.shape[:number], axis.output_size, *cells.shape[number + 1 :])
        output = np.full(shape, _idle(operation, cells), cells.dtype)
    for window in whole[2:]:
        operation(output, window, out=output)
    for positions, sources in partly:
        part = output[index(*before, positions)]
        operation(part, cells[index(*before, sources)], out=part)
    return output


def _idle(operation: np.ufunc, cells: Array) -> Any:
    """The neutral element: the least number for maxima, 0 for sums."""
    if operation is np.add:
        return 0
    return np.iinfo(cells.dtype).min if cells.dtype.kind in "iu" else -np.inf
