"""Which cells depend on marked ones; windows are blocks of taps, so each axis is processed separately."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array, index
from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary, BoundaryMode
from convcalc.geometry.transposed import TransposedAxis


def grouped(marks: Array, groups: int) -> Array:
    """Where any channel of a group is marked, (groups, *spatial); ``marks``: (channels, *spatial)."""
    found: Array = np.any(marks.reshape(groups, -1, *marks.shape[1:]), axis=1)
    return found


def read(marks: Array, axes: Sequence[Axis], boundary: Boundary) -> Array:
    """The positions whose windows contain a mark or its copy in the padding, (channels, *output).

    ``marks``: (channels, *spatial).
    """
    for number, axis in enumerate(axes, start=1):
        marks = _read(_padded(marks, number, axis, boundary), number, axis)
    return marks


def written(marks: Array, axes: Sequence[TransposedAxis]) -> Array:
    """The cells that kernels of marked cells are written to, (channels, *output); ``marks``: (channels, *spatial)."""
    for number, axis in enumerate(axes, start=1):
        marks = _written(marks, number, axis)
    return marks


def _padded(marks: Array, number: int, axis: Axis, boundary: Boundary) -> Array:
    if boundary.mode is BoundaryMode.CONSTANT:
        sides = [(0, 0)] * marks.ndim
        sides[number] = (axis.before, axis.after)
        return np.pad(marks, sides)
    outside = (range(-axis.before, 0), range(axis.size, axis.size + axis.after))
    sources = (np.array(boundary.sources(cells, axis.size), np.intp) for cells in outside)
    before, after = (marks.take(cells, number) for cells in sources)
    return np.concatenate([before, marks, after], number)


def _read(padded: Array, number: int, axis: Axis) -> Array:
    """One pass for each tap, or for each window where there are fewer of them."""
    ahead = (slice(None),) * number
    if axis.output_size < axis.kernel_size:
        starts = range(0, axis.output_size * axis.stride, axis.stride)
        windows = (padded[index(*ahead, slice(start, start + axis.reach, axis.dilation))] for start in starts)
        return np.concatenate([each.any(axis=number, keepdims=True) for each in windows], number)
    span = (axis.output_size - 1) * axis.stride + 1
    starts = range(0, axis.reach, axis.dilation)
    found = np.zeros((*padded.shape[:number], axis.output_size, *padded.shape[number + 1 :]), bool)
    for start in starts:
        found |= padded[index(*ahead, slice(start, start + span, axis.stride))]
    return found


def _written(marks: Array, number: int, axis: TransposedAxis) -> Array:
    ahead = (slice(None),) * number
    size = max(axis.written_size, axis.before + axis.output_size)
    found = np.zeros((*marks.shape[:number], size, *marks.shape[number + 1 :]), bool)
    span = (axis.size - 1) * axis.stride + 1
    for start in range(0, axis.reach, axis.dilation):
        found[index(*ahead, slice(start, start + span, axis.stride))] |= marks
    kept: Array = found[index(*ahead, slice(axis.before, axis.before + axis.output_size))]
    return kept
