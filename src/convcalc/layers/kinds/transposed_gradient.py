"""The gradient of a transposed convolution's weight: that of the convolution whose adjoint it is.

The output's gradient takes the place of that convolution's input, and the input that of its output's gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from convcalc.arrays import Array, index, is_exact, narrowed, plain, whole_and_scale
from convcalc.context import Context
from convcalc.engine.algorithms.weight_gradient import correlate_gradient
from convcalc.geometry.convolution import Counts
from convcalc.geometry.transposed import TransposedAxis
from convcalc.layers.derivative import WeightTerm
from convcalc.layers.numbers import alike, threads_of
from convcalc.tracing.explanation import Cell, tap_label

Axes = Sequence[TransposedAxis]


def weight_gradient(counts: Counts, axes: Axes, given: Array, cells: Array, context: Context) -> Array:
    """(in_channels, out_channels / groups, *kernel_size); ``given``: the input, ``cells``: the output's gradient."""
    _, (held, start) = alike([cells, given], context.dtype)
    held, common = whole_and_scale(held)
    start, other = whole_and_scale(start)
    found = correlate_gradient(
        written(axes, held),
        start,
        kernel_size=counts.kernel_size,
        stride=[axis.stride for axis in axes],
        dilation=[axis.dilation for axis in axes],
        groups=counts.groups,
        threads=threads_of(context.threads),
    )
    scale = common * other
    if scale == 1 or not is_exact(found):
        return narrowed(found) if found.dtype == object else found
    return narrowed(np.asarray(found.astype(object) * scale, object))


def weight_terms(counts: Counts, axes: Axes, given: Array, cells: Array, place: Cell) -> Iterator[WeightTerm]:
    """One weight's products: every input cell × the gradient of the output cell that its tap writes to.

    Output cells that are cut off have no gradient, and no term.
    """
    source, number, *taps = place
    filters, ins = counts.out_channels // counts.groups, counts.in_channels // counts.groups
    channel = source // ins * filters + number
    for sample, *position in product(range(len(given)), *map(range, given.shape[2:])):
        rows = zip(axes, position, taps, strict=True)
        target = [each * axis.stride + tap * axis.dilation - axis.before for axis, each, tap in rows]
        if all(0 <= each < axis.output_size for each, axis in zip(target, axes, strict=True)):
            at = (channel, *target)
            value = plain(given[(sample, source, *position)])
            gradient = plain(cells[(sample, *at)])
            yield WeightTerm(sample, at, gradient, value, (source, *position), label=tap_label(position))


def written(axes: Axes, cells: Array) -> Array:
    """The output's gradient in the place of all that the input writes, with zeros where it is cut off."""
    sizes = [max(axis.written_size, axis.before + axis.output_size) for axis in axes]
    room = np.zeros((*cells.shape[:2], *sizes), cells.dtype)
    room[index(..., *(slice(axis.before, axis.before + axis.output_size) for axis in axes))] = cells
    kept: Array = room[index(..., *(slice(axis.written_size) for axis in axes))]
    return kept
