"""The adjoint of a layer: what its output cells write back to its inputs, kind by kind.

Where a kind has no formula here, its traces have one: each output cell gives every term its slope times what it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from itertools import product
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index, is_exact, narrowed, plain
from convcalc.context import Context
from convcalc.engine.algorithms.pooling import sums
from convcalc.engine.algorithms.transposed_direct import scatter
from convcalc.geometry.arguments import axes_of
from convcalc.layers.kinds.activation import Activation
from convcalc.layers.kinds.add import Add
from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.batch_norm import BatchNorm
from convcalc.layers.kinds.bias import Bias
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.flatten import Flatten
from convcalc.layers.kinds.linear import Linear
from convcalc.layers.kinds.max_pool import MaxPool
from convcalc.layers.kinds.softmax import Softmax
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.kinds.upsample import Upsample
from convcalc.layers.layer import Layer, Values
from convcalc.layers.numbers import quotients, threads_of
from convcalc.problem import DType


class Point(NamedTuple):
    """Where a layer is looked at: only one that is not linear has another adjoint elsewhere."""

    inputs: Sequence[Array]
    """(batch, *input_shape) each."""
    values: Values
    context: Context


@singledispatch
def pull(layer: Layer, at: Point, cells: Array) -> list[Array]:
    """What the adjoint of :meth:`Layer.push` makes of cells shaped like the output: for each input one of its shape.

    ``cells``: (batch, *output_shape), exact or in floats, as the dtype of ``at.context`` says.
    """
    spread: list[Array] = [np.zeros(each.shape, _kind(cells)) for each in at.inputs]
    for sample in range(len(cells)):
        trace = layer.tracer(at.inputs, at.values, sample, at.context)
        for cell in product(*map(range, layer.output_shape)):
            held, step = plain(cells[(sample, *cell)]), trace(cell)
            for term, slope in zip(step.terms, step.slopes, strict=True):
                if term.cell is not None:
                    spread[term.source][(sample, *term.cell)] += held * slope
    return [_settled(each) for each in spread]


@pull.register(Activation)
@pull.register(BatchNorm)
@pull.register(Bias)
@pull.register(Softmax)
def _of_symmetric(layer: Layer, at: Point, cells: Array) -> list[Array]:
    """Two cells change each other by as much, so the derivative is its own adjoint."""
    return [layer.push(at.inputs, at.values, [cells], at.context)]


@pull.register
def _of_convolution(layer: Convolution, at: Point, cells: Array) -> list[Array]:
    """The transposed convolution; what lands in the padding is added to the cell that stands there."""
    from convcalc.tracing.adjoint import transposed

    return [_settled(transposed(layer.problem(at.inputs, at.values, at.context), cells))]


@pull.register
def _of_transposed(layer: TransposedConvolution, at: Point, cells: Array) -> list[Array]:
    """The convolution with the same kernels, over zeros where the output was cut."""
    from convcalc.build import build_problem
    from convcalc.engine.compute import compute

    sizes = [max(axis.written_size, axis.before + axis.output_size) for axis in layer.axes]
    padded = np.zeros((*cells.shape[:2], *sizes), cells.dtype)
    padded[index(..., *(slice(axis.before, axis.before + axis.output_size) for axis in layer.axes))] = cells
    problem = build_problem(
        padded[index(..., *(slice(axis.written_size) for axis in layer.axes))],
        at.values["weight"],
        stride=layer.settings["stride"],
        dilation=layer.settings["dilation"],
        groups=layer.counts.groups,
        dtype=at.context.dtype,
    )
    return [compute(problem, at.context.plan(problem), limits=at.context.limits).output]


@pull.register
def _of_linear(_: Linear, at: Point, cells: Array) -> list[Array]:
    """The product with the transposed weight."""
    return [_settled(np.dot(cells.astype(_kind(cells)), at.values["weight"].astype(_kind(cells))))]


@pull.register
def _of_average_pool(layer: AveragePool, at: Point, cells: Array) -> list[Array]:
    """Every cell's share to each place of its window, what lies in the padding left out."""
    shares = quotients(cells, layer.divisors(), DType.EXACT if is_exact(cells) else DType.FLOAT64)
    ones = np.ones((layer.channels, 1, *layer.axes.kernel_sizes), np.int64 if is_exact(cells) else np.float64)
    ends = ((axis.start(axis.output_size - 1) + axis.reach, axis.size) for axis in layer.axes)
    spread = scatter(
        shares,
        ones,
        size=[axis.before + max(end) for axis, end in zip(layer.axes, ends, strict=True)],
        stride=layer.settings["stride"],
        dilation=layer.settings["dilation"],
        groups=layer.channels,
        threads=threads_of(at.context.threads),
    )
    kept = (slice(axis.before, axis.before + axis.size) for axis in layer.axes)
    return [_settled(spread[index(..., *kept)])]


@pull.register
def _of_upsample(layer: Upsample, at: Point, cells: Array) -> list[Array]:
    """The sum of each block of cells that were one."""
    factors = layer.scale_factor
    axes = axes_of(layer.output_shape[1:], factors, stride=factors, padding=0, dilation=1)
    return [_settled(sums(cells, axes, threads_of(at.context.threads)))]


@pull.register
def _of_max_pool(layer: MaxPool, at: Point, cells: Array) -> list[Array]:
    """Every cell goes to the one that won its window."""
    held = at.inputs[0]
    numbers = np.arange(held.size).reshape(held.shape)
    winners = layer.push([held], at.values, [numbers], at.context._replace(dtype="auto"))
    spread: Array = np.zeros(held.size, _kind(cells))
    np.add.at(spread, winners.reshape(-1), cells.reshape(-1))
    return [_settled(spread.reshape(held.shape))]


@pull.register
def _of_flatten(_: Flatten, at: Point, cells: Array) -> list[Array]:
    """Every cell to where it came from."""
    return [cells.reshape(at.inputs[0].shape)]


@pull.register
def _of_add(_: Add, at: Point, cells: Array) -> list[Array]:
    """The cells to every input."""
    return [cells] * len(at.inputs)


def _kind(cells: Array) -> type:
    """Python's exact numbers, or float64."""
    return object if is_exact(cells) else np.float64


def _settled(values: Array) -> Array:
    return narrowed(values) if values.dtype == object else values
