"""Which cells of a tile of spectra hold too little for the rounding that the mean of all its cells brings with it."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index, strided
from convcalc.engine.neighbours import anew, calm, windows
from convcalc.engine.scratch import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.geometry.axis import Axis

SPREAD = 16
"""So many times the magnitude of a window the mean of a tile may be: photographs have dark places."""


def mean_of(cells: Array, spectra: Array) -> float:
    """At least the root of the mean square of every channel's cells, (channels, *lengths), from their ``spectra``.

    ``spectra``: (channels, *half), contiguous.
    """
    parts = spectra.view(spectra.real.dtype).reshape(len(spectra), -1)
    # by Parseval; of the conjugate half, which is left out, no more than of the other
    mean = sqrt(2 * float(np.max([np.dot(part, part) for part in parts])) / cells[0].size)
    return mean if mean * calm(parts.dtype) > 1 else float(np.abs(cells).max())  # squares of small numbers are 0


def doubts_of(tile: Tile, output: Array, cells: Array, mean: float, scratch: Scratch) -> list[Region]:
    """The parts of a tile whose windows hold far less than the mean of all, or where there are no numbers.

    ``cells``: (channels, *lengths).
    """
    axes, limit = tile.problem.axes, calm(output.dtype)
    if mean < limit and mean <= SPREAD * _least_window(tile, cells, scratch):
        return []
    read = cells[
        index(slice(None), *(slice(size + axis.reach - 1) for size, axis in zip(tile.size, axes, strict=True)))
    ]
    own = windows(np.abs(read).reshape(tile.groups, -1, *read.shape[1:]).max(axis=1), axes)
    return anew(tile, output, own, ~(mean <= SPREAD * own) | (mean >= limit))


def _least_window(tile: Tile, cells: Array, scratch: Scratch) -> float:
    """No more than the largest magnitude of any window, from some rows of it; ``cells``: (channels, *lengths)."""
    # whole rows, which lie one behind the other; of a window that reaches into the padding more than one
    rows = [_sampled(axis, some) for axis, some in zip(tile.problem.axes, tile.region.spatial, strict=True)]
    rows[-1] = rows[-1]._replace(step=1)
    some = cells[index(slice(None), *(slice(0, each.cells, each.step) for each in rows))]
    whole = scratch.array("magnitudes", some.shape, some.dtype)
    line, spare = np.abs(some, out=whole).reshape(-1), scratch.array("larger", (some.size,), some.dtype)
    counts = list(some.shape)
    # on one long line a shift along any axis is just a shift; what wraps around is left out in the end
    for number, each in enumerate(rows, start=1):
        done, most = 1, each.taps // each.step
        while done < most and (each.is_padded or 2 * done <= most):  # elsewhere a power of two of them is enough
            far = min(done, most - done)
            shift = far * each.dilation * (whole.strides[number] // whole.itemsize)
            target = np.maximum(line[:-shift], line[shift:], out=spare[: len(line) - shift])
            line, spare = target, line
            done += far
        counts[number] -= (done - 1) * each.dilation
    found = strided(line, tuple(counts), whole.strides)
    return float((found.reshape(tile.groups, -1, *counts[1:]).max(axis=1) if len(found) > tile.groups else found).min())


class _Sampled(NamedTuple):
    """Every how many cells of an axis a magnitude is looked at."""

    cells: int
    """That the windows of a tile read."""
    taps: int
    step: int
    dilation: int
    is_padded: bool
    """Whether a window reaches outside the input."""


def _sampled(axis: Axis, positions: range) -> _Sampled:
    span = axis.span(positions)
    is_padded = span.start < 0 or span.stop > axis.size
    step = max(1, axis.kernel_size // (2 if is_padded else 1)) if axis.dilation == 1 else 1
    return _Sampled(len(span), axis.kernel_size, step, axis.dilation, is_padded)
