"""The adjoint of each kind of layer, linearised at a point: what :meth:`Layer.push` does, turned round.

Where a kind has no formula here, its traces give one: each output cell adds its value times the slope to every term's
cell (Griewank & Walther, Evaluating Derivatives, 2008, chapter 3: tangents forwards, adjoints backwards).
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from itertools import product
from math import prod

import numpy as np

from convcalc.arrays import Array, index, is_exact, narrowed, plain
from convcalc.engine.algorithms.pooling import sums
from convcalc.engine.algorithms.transposed_direct import scatter
from convcalc.geometry.arguments import axes_of
from convcalc.layers.derivative import Point
from convcalc.layers.kinds.activation import Activation
from convcalc.layers.kinds.arithmetic import Add, Joined, Subtract
from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.batch_norm import BatchNorm
from convcalc.layers.kinds.bias import OfChannels
from convcalc.layers.kinds.concat import Concat
from convcalc.layers.kinds.constant import Constant
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.convolution_gradient import input_gradient
from convcalc.layers.kinds.flatten import Flatten
from convcalc.layers.kinds.linear import Linear
from convcalc.layers.kinds.linear_gradient import product_of
from convcalc.layers.kinds.magnitude import Magnitude
from convcalc.layers.kinds.matrix_product import MatrixProduct
from convcalc.layers.kinds.max_pool import MaxPool
from convcalc.layers.kinds.normalisation import Normalisation
from convcalc.layers.kinds.rearranged import NOWHERE, Rearranged
from convcalc.layers.kinds.resize import Resize
from convcalc.layers.kinds.softmax import LogSoftmax, Softmax
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.kinds.transposed_gradient import written
from convcalc.layers.kinds.upsample import Upsample
from convcalc.layers.layer import Layer
from convcalc.layers.numbers import alike, changed, quotients, threads_of
from convcalc.problem import DType


@singledispatch
def pull(layer: Layer, at: Point, cells: Array) -> list[Array]:
    """The adjoint of :meth:`Layer.push` applied to cells of the output's shape: one array for each input.

    ``cells``: (batch, *output_shape), exact or in floats, by the dtype of ``at.context``.
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
@pull.register(OfChannels)
@pull.register(Softmax)
def _of_symmetric(layer: Layer, at: Point, cells: Array) -> list[Array]:
    """The derivative is symmetric, so it is its own adjoint."""
    return [layer.push(at.inputs, at.values, [cells], at.context)]


@pull.register
def _of_log_softmax(layer: LogSoftmax, at: Point, cells: Array) -> list[Array]:
    """The cells less share × their sum over the axis."""
    with np.errstate(all="ignore"):
        shares = np.exp(layer.compute(at.inputs, at.values, at.context))
        return [cells - shares * cells.sum(axis=layer.axis + 1, keepdims=True)]


@pull.register
def _of_normalisation(layer: Normalisation, at: Point, cells: Array) -> list[Array]:
    """The derivative without weights, which is symmetric, of the cells times their weights."""
    weighted = layer.weighted(cells, at.values)
    return [replace(layer, affine=False).push(at.inputs, {}, [weighted], at.context)]


@pull.register
def _of_joined(layer: Joined, at: Point, cells: Array) -> list[Array]:
    """For every input the cells times the slopes."""
    dtype, arrays = alike(at.inputs, at.context.dtype)
    with np.errstate(all="ignore"):
        slopes = [layer.slope(arrays, number, dtype) for number in range(len(arrays))]
    spread = [changed(slope, cells, at.context.dtype) for slope in slopes]
    return [_settled(_gathered(each, shape)) for each, shape in zip(spread, layer.shapes, strict=True)]


@pull.register
def _of_matrix_product(layer: MatrixProduct, at: Point, cells: Array) -> list[Array]:
    """Cells × Bᵀ and Aᵀ × cells, summed over the axes that one matrix is spread over."""
    spread = layer.pull(at.inputs, cells)
    return [_settled(_gathered(each, shape)) for each, shape in zip(spread, layer.shapes, strict=True)]


@pull.register
def _of_constant(_: Constant, at: Point, cells: Array) -> list[Array]:
    """0: nothing depends on its input."""
    return [np.zeros(at.inputs[0].shape, np.int64 if is_exact(cells) else np.float64)]


@pull.register
def _of_magnitude(layer: Magnitude, at: Point, cells: Array) -> list[Array]:
    """Each cell times the slopes of its vector."""
    return [layer.pull(cells, at.inputs, at.context)]


@pull.register
def _of_convolution(layer: Convolution, at: Point, cells: Array) -> list[Array]:
    """The transposed convolution; values written to the padding are added to the cell that is copied there."""
    return [input_gradient(layer.problem(at.inputs, at.values, at.context), cells, at.context)]


@pull.register
def _of_transposed(layer: TransposedConvolution, at: Point, cells: Array) -> list[Array]:
    """The convolution with the same kernels, over zeros where the output was cut."""
    from convcalc.build import build_problem
    from convcalc.engine.compute import compute

    problem = build_problem(
        written(layer.axes, cells),
        at.values["weight"],
        stride=layer.settings["stride"],
        dilation=layer.settings["dilation"],
        groups=layer.counts.groups,
        dtype=at.context.dtype,
    )
    return [compute(problem, at.context.plan(problem), limits=at.context.limits).output]


@pull.register
def _of_linear(layer: Linear, at: Point, cells: Array) -> list[Array]:
    """The product with the transposed weight."""
    _, (held, weight) = alike([cells, at.values["weight"].reshape(layer.weight_shapes["weight"])], at.context.dtype)
    return [product_of(held, weight)]


@pull.register
def _of_average_pool(layer: AveragePool, at: Point, cells: Array) -> list[Array]:
    """Every cell divided among the places of its window, those in the padding omitted."""
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
    """The sum of each block of copies of a cell."""
    factors = layer.scale_factor
    axes = axes_of(layer.output_shape[1:], factors, stride=factors, padding=0, dilation=1)
    return [_settled(sums(cells, axes, threads_of(at.context.threads)))]


@pull.register
def _of_resize(layer: Resize, at: Point, cells: Array) -> list[Array]:  # noqa: ARG001 - it has no numbers
    """Every cell divided among those that it is mixed from."""
    return [_settled(layer.pulled(cells.astype(_kind(cells))))]


@pull.register
def _of_max_pool(layer: MaxPool, at: Point, cells: Array) -> list[Array]:
    """Every cell is added to the maximum of its window."""
    held = at.inputs[0]
    numbers = np.arange(held.size).reshape(held.shape)
    winners = layer.push([held], at.values, [numbers], at.context._replace(dtype="auto"))
    spread: Array = np.zeros(held.size, _kind(cells))
    np.add.at(spread, winners.reshape(-1), cells.reshape(-1))
    return [_settled(spread.reshape(held.shape))]


@pull.register
def _of_flatten(_: Flatten, at: Point, cells: Array) -> list[Array]:
    """Every cell back to its place in the input."""
    return [cells.reshape(at.inputs[0].shape)]


@pull.register
def _of_rearranged(layer: Rearranged, at: Point, cells: Array) -> list[Array]:
    """Every cell added to the one that it comes from."""
    spread: Array = np.zeros((len(cells), prod(layer.input_shape)), _kind(cells))
    found, held = layer.sources.reshape(-1), cells.reshape(len(cells), -1)
    inside = found != NOWHERE
    for sample, row in zip(spread, held, strict=True):
        np.add.at(sample, found[inside], row[inside])
    return [_settled(spread.reshape(at.inputs[0].shape))]


@pull.register
def _of_concat(layer: Concat, at: Point, cells: Array) -> list[Array]:  # noqa: ARG001 - it has no numbers
    """Each input's part."""
    ends = np.cumsum([shape[layer.axis] for shape in layer.shapes])[:-1]
    return np.split(cells, ends, layer.axis + 1)


@pull.register
def _of_add(layer: Add, at: Point, cells: Array) -> list[Array]:  # noqa: ARG001 - it has no numbers
    """The cells, for every input; where one cell is spread over an axis, their sum."""
    return [_gathered(cells, shape) for shape in layer.shapes]


@pull.register
def _of_subtract(layer: Subtract, at: Point, cells: Array) -> list[Array]:  # noqa: ARG001 - it has no numbers
    """The cells, of the others with the other sign."""
    signed = [cells, *[-(cells if cells.dtype.kind == "f" else cells.astype(object))] * (len(layer.shapes) - 1)]
    return [_settled(_gathered(each, shape)) for each, shape in zip(signed, layer.shapes, strict=True)]


def _gathered(cells: Array, shape: tuple[int, ...]) -> Array:
    """The sum over the axes that one cell of an input is spread over."""
    axes = tuple(axis for axis, size in enumerate(shape, start=1) if size == 1 < cells.shape[axis])
    found: Array = cells.sum(axis=axes, keepdims=True) if axes else cells
    return found


def _kind(cells: Array) -> type:
    """Python's exact numbers, or float64."""
    return object if is_exact(cells) else np.float64


def _settled(values: Array) -> Array:
    return narrowed(values) if values.dtype == object else values
