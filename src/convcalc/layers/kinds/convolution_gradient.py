"""The gradients of a convolution, by the engines: of its input a transposed convolution, of its weight a correlation.

Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, section 4: each cell of the
output's gradient writes the kernel to the cells of its window; what lands in the margins is added to the cells that
were copied there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, are_finite, index, is_exact, largest, narrowed, plain, whole_and_scale
from convcalc.build import build_problem
from convcalc.context import Context
from convcalc.engine.algorithms.transposed_direct import scatter
from convcalc.engine.algorithms.weight_gradient import correlate_gradient
from convcalc.engine.padded import fill
from convcalc.layers.derivative import WeightTerm
from convcalc.layers.kinds.transposed_phases import by_phases
from convcalc.layers.method import output_of
from convcalc.layers.numbers import alike, threads_of
from convcalc.numerals import nearest_float
from convcalc.problem import UNSCALED, Problem
from convcalc.tracing.adjoint import folded
from convcalc.tracing.explanation import tap_label

_LARGE = 1 << 18  # products; below it planning takes longer than a pass for each tap


def input_gradient(problem: Problem, cells: Array, context: Context) -> Array:
    """The gradient of the input, (batch, in_channels, *spatial), of an output gradient (batch, out_channels, *output).

    Exact for whole numbers and fractions, otherwise in the widest float of gradient and weight.
    """
    _, (held, weight) = alike([cells, problem.applied_weight], context.dtype)
    held, common = whole_and_scale(held)
    if len(set(problem.scale)) == 1:
        common *= problem.scale[0]
    else:
        held = _scaled(held, problem)
    padded = _written(held, weight, problem, context)
    if is_exact(padded) and largest(padded) * padded.size >= INT64_LIMIT:  # many cells may be added into one
        padded = padded.astype(object)
    return _times(folded(problem, padded), common)


def weight_gradient(problem: Problem, cells: Array, context: Context) -> Array:
    """The gradient of the weight as written, scale included: (out_channels, in_channels / groups, *kernel_size)."""
    _, (held, given) = alike([cells, problem.input], context.dtype)
    held, common = whole_and_scale(held)
    found = correlate_gradient(
        _padded(problem, given),
        held,
        kernel_size=problem.kernel_size,
        stride=problem.axes.strides,
        dilation=problem.axes.dilations,
        groups=problem.groups,
        threads=threads_of(context.threads),
    )
    turned = np.flip(found, axis=tuple(range(2, found.ndim))) if problem.flip else found
    return _times(turned, common)


def weight_terms(problem: Problem, cells: Array, place: Sequence[int]) -> Iterator[WeightTerm]:
    """One weight's products: at every output position the gradient there × the input cell that its tap reads."""
    channel, number, *taps = place
    applied = [size - 1 - tap if problem.flip else tap for tap, size in zip(taps, problem.kernel_size, strict=True)]
    source = problem.group_channels(channel)[number]
    for sample, *position in product(range(problem.batch), *map(range, problem.output_size)):
        read = [
            axis.start(each) + tap * axis.dilation
            for axis, each, tap in zip(problem.axes, position, applied, strict=True)
        ]
        found = [
            problem.boundary.sources(range(each, each + 1), axis.size)[0]
            for axis, each in zip(problem.axes, read, strict=True)
        ]
        inside = None if None in found else (source, *(each for each in found if each is not None))
        value = problem.boundary.value if inside is None else plain(problem.input[(sample, *inside)])
        gradient = plain(cells[(sample, channel, *position)])
        is_copied = list(found) != read
        yield WeightTerm(
            sample, (channel, *position), gradient, value, inside, is_padded=is_copied, label=tap_label(read)
        )


def channel_sums(cells: Array) -> Array:
    """The gradient of a bias: the sum over samples and positions of each channel, floats added in float64."""
    axes = (0, *range(2, cells.ndim))
    if is_exact(cells):
        return narrowed(np.asarray(cells.astype(object).sum(axis=axes), object))
    found: Array = cells.sum(axis=axes, dtype=np.float64).astype(cells.dtype)
    return found


def bias_terms(cells: Array, channel: int) -> Iterator[WeightTerm]:
    """The gradient at every cell of a channel, whose sum is that of its bias."""
    for sample, *position in product(range(len(cells)), *map(range, cells.shape[2:])):
        yield WeightTerm(sample, (channel, *position), plain(cells[(sample, channel, *position)]), 1, label="1")


def _written(held: Array, weight: Array, problem: Problem, context: Context) -> Array:
    """What every cell of the output's gradient writes, (batch, in_channels, *padded size)."""
    size = [axis.padded_size for axis in problem.axes]
    stride, dilation = problem.axes.strides, problem.axes.dilations
    products = len(held) * weight.size * prod(held.shape[2:])
    if held.dtype.kind != "f" or products <= _LARGE or not are_finite(weight):
        most = threads_of(context.threads)
        return scatter(held, weight, size=size, stride=stride, dilation=dilation, groups=problem.groups, threads=most)
    apart = context._replace(progress=None, planned=None, engine="auto")
    if max(dilation) == 1:
        return by_phases(held, weight, size=size, stride=stride, groups=problem.groups, context=apart)
    if max(stride) > 1:
        most = threads_of(context.threads)
        return scatter(held, weight, size=size, stride=stride, dilation=dilation, groups=problem.groups, threads=most)
    return _spread(held, weight, size, problem, apart)


def _spread(held: Array, weight: Array, size: Sequence[int], problem: Problem, context: Context) -> Array:
    """The convolution with the kernel turned, its channels exchanged, over all that it touches; of stride 1."""
    groups = problem.groups
    by_group = weight.reshape(groups, len(weight) // groups, *weight.shape[1:]).swapaxes(1, 2)
    filters = by_group.reshape(groups * weight.shape[1], len(weight) // groups, *weight.shape[2:])
    dilation = list(problem.axes.dilations)
    turned = build_problem(
        held, filters, padding="full", dilation=dilation, groups=groups, flip=True, dtype=context.dtype
    )
    found = output_of(turned, context)
    written = np.zeros((*found.shape[:2], *size), found.dtype)
    written[index(..., *map(slice, found.shape[2:]))] = found
    return written


def _padded(problem: Problem, cells: Array) -> Array:
    """The input with its margins, (batch, in_channels, *padded size)."""
    margins = any(axis.before or axis.after for axis in problem.axes)
    if not margins:
        return cells
    value = problem.boundary.value
    kind = object if isinstance(value, Fraction) and is_exact(cells) else cells.dtype
    kind = np.result_type(kind, np.int64) if np.dtype(kind).kind in "iu" else kind
    box = tuple(range(-axis.before, axis.size + axis.after) for axis in problem.axes)
    padded = np.empty((*cells.shape[:2], *map(len, box)), kind)
    fill(padded, problem, slice(None), slice(None), box)
    return padded


def _scaled(held: Array, problem: Problem) -> Array:
    """The output's gradient times the scale of its channel."""
    if set(problem.scale) == {UNSCALED}:
        return held
    factors = problem.scale if is_exact(held) else [*map(nearest_float, problem.scale)]
    column = np.array(factors, object if is_exact(held) else held.dtype).reshape(-1, *(1,) * problem.rank)
    return np.asarray(held * column)


def _times(values: Array, scale: Fraction) -> Array:
    """The values times a scale: whole where all are whole."""
    if not is_exact(values):
        return values if scale == 1 else values * np.asarray(nearest_float(scale), values.dtype)
    if scale == 1:
        return narrowed(values) if values.dtype == object else values
    return narrowed(np.asarray(values.astype(object) * scale, object))
