"""The adjoint identity of a network: ⟨A x, z⟩ = ⟨x, Aᵀ z⟩, where A is the derivative of the output by the input.

Of linear layers A is the layer itself without its offset. Others are linearised at the input (Griewank & Walther,
Evaluating Derivatives, 2008, chapter 3: tangents forwards, adjoints backwards).

The adjoint of a layer is defined here kind by kind. Where a kind has no formula here, its traces give one: each output
cell adds its value times the slope to every term's cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import singledispatch
from itertools import product
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from convcalc.arrays import Array, index, is_exact, narrowed, plain
from convcalc.context import STANDARD, Context
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
from convcalc.layers.kinds.magnitude import Magnitude
from convcalc.layers.kinds.max_pool import MaxPool
from convcalc.layers.kinds.softmax import Softmax
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.kinds.upsample import Upsample
from convcalc.layers.layer import Layer, Values
from convcalc.layers.linear_map import in_lossless_numbers, offset_of
from convcalc.layers.network import INPUT, Network
from convcalc.layers.numbers import quotients, threads_of
from convcalc.layers.stage import Stage
from convcalc.problem import DType

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.layers.uses import Uses
    from convcalc.numerals import Number
    from convcalc.tracing.adjoint import Adjoint


class Point(NamedTuple):
    """The point at which a layer is linearised; the adjoint of a linear layer does not depend on it."""

    inputs: Sequence[Array]
    """(batch, *input_shape) each."""
    values: Values
    context: Context


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
@pull.register(Bias)
@pull.register(Softmax)
def _of_symmetric(layer: Layer, at: Point, cells: Array) -> list[Array]:
    """The derivative is symmetric, so it is its own adjoint."""
    return [layer.push(at.inputs, at.values, [cells], at.context)]


@pull.register
def _of_magnitude(layer: Magnitude, at: Point, cells: Array) -> list[Array]:
    """Each cell times the slopes of its vector."""
    return [layer.pull(cells, at.inputs, at.context)]


@pull.register
def _of_convolution(layer: Convolution, at: Point, cells: Array) -> list[Array]:
    """The transposed convolution; values written to the padding are added to the cell that is copied there."""
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
def _of_add(_: Add, at: Point, cells: Array) -> list[Array]:
    """The cells, for every input."""
    return [cells] * len(at.inputs)


def _kind(cells: Array) -> type:
    """Python's exact numbers, or float64."""
    return object if is_exact(cells) else np.float64


def _settled(values: Array) -> Array:
    return narrowed(values) if values.dtype == object else values


_HELD_BYTES = 24  # for each cell of each output: itself, its tangent and its largest magnitude


class _Pair(NamedTuple):
    """A layer's output and the tangent there."""

    output: Array
    tangent: Array
    most: Array | None
    """In floats: a bound of the tangent, computed from magnitudes."""


class CellOfAdjoint(NamedTuple):
    """The adjoint of z at one input cell: the sum of path weight × z over the output cells that it reaches."""

    z: Array
    """(*places of the uses)."""
    products: Array
    """Weights × z, shaped alike."""
    total: Number
    """The sum of the products."""
    value: Number
    """The value there of the layers' adjoints, applied one after the other."""
    holds: bool
    """Whether both are equal, for floats within rounding."""
    is_finite: bool
    """Whether the numbers are finite."""


def adjoint_of_network(
    network: Network, cells: Array, seed: int = 0, context: Context = STANDARD, place: tuple[int, ...] | None = None
) -> Adjoint:
    """Both sides of the identity, with the input as x and random whole numbers as z; exact where all numbers are.

    ``cells``: (batch, *input_shape). ``place``: (sample, *cell) of a cell that the bound of rounding also includes.

    Raises:
        LimitError: the stored outputs of all layers need more memory than may be used.
        ConvcalcError: a layer has no weights, or the numbers are incompatible.
    """
    shapes = (network.input_shape, *(stage.layer.output_shape for stage in network.stages))
    context.limits.check_large(_HELD_BYTES * len(cells) * sum(map(prod, shapes)), "a network with its adjoint")
    network = network.keeping(range(len(network.stages)))
    return in_lossless_numbers(lambda each: _both_ways(network, cells, seed, each, place), context)


def at_cell(checked: Adjoint, uses: Uses) -> CellOfAdjoint:
    """The adjoint at the cell whose uses are known, in the number type that it was computed in."""
    import numpy as np

    from convcalc.arrays import plain, total, unwarned
    from convcalc.numerals import is_finite

    kind = np.float64 if uses.weights.dtype.kind == "f" else object
    z = checked.z[uses.sample][np.ix_(*uses.places)]
    with unwarned():
        products = uses.weights.astype(kind) * z.astype(kind)
    found, value = total(products), plain(checked.spread[(uses.sample, *uses.cell)])
    return CellOfAdjoint(z, products, found, value, checked.alike(found, value), is_finite(found) and is_finite(value))


def pulled(network: Network, outputs: Mapping[int, Array], cells: Array, context: Context = STANDARD) -> Array:
    """The adjoint of all layers applied to cells of the last output's shape; (batch, *input_shape).

    ``outputs``: those of all layers and the input, (batch, *shape) each.
    """
    from convcalc.layers.numbers import alike, sum_of

    held = {len(network.stages) - 1: cells}
    for number, stage in reversed([*enumerate(network.stages)]):
        at = Point([outputs[each] for each in stage.inputs], stage.values(), context)
        for below, part in zip(stage.inputs, pull(stage.layer, at, held.pop(number)), strict=True):
            dtype, parts = alike([part, *([held[below]] if below in held else [])], context.dtype)
            held[below] = sum_of(parts, dtype)
    return held[INPUT]


def _both_ways(network: Network, cells: Array, seed: int, context: Context, place: tuple[int, ...] | None) -> Adjoint:
    import numpy as np

    from convcalc.layers.numbers import alike
    from convcalc.tracing.adjoint import Adjoint, drawn, inner

    _, (start,) = alike([cells], context.dtype)
    most = None if context.dtype == "exact" else np.abs(start)
    if most is not None and place is not None:
        most[place] = max(most[place], 1)
    pairs = {INPUT: _Pair(start, start, most)}
    pairs |= network.carried(pairs[INPUT], lambda stage, below: _carried(stage, below, context), None)
    last = pairs[len(network.stages) - 1]
    bent = tuple(stage.name for stage in network.stages if not stage.layer.is_linear)
    z = drawn(seed, last.output.shape)
    _, (given,) = alike([z], context.dtype)
    spread = pulled(network, {number: each.output for number, each in pairs.items()}, given, context)
    return Adjoint(
        seed=seed,
        z=z,
        spread=spread,
        forward=inner(last.tangent, z),
        backward=inner(start, spread),
        rounding=0.0 if last.most is None else _rounding(network, last.most, z),
        is_linear=not bent and not offset_of(network, context).any(),
        linearised=bent,
    )


def _carried(stage: Stage, below: list[_Pair], context: Context) -> _Pair:
    outputs, tangents = [each.output for each in below], [each.tangent for each in below]
    most = [each.most for each in below if each.most is not None]
    return _Pair(
        stage.compute(outputs, context),
        stage.push(outputs, tangents, context),
        _most(stage, outputs, most, context) if most else None,
    )


def _most(stage: Stage, outputs: list[Array], most: list[Array], context: Context) -> Array:
    """A bound of the magnitudes, by the weights' magnitudes; a little larger where slopes have other signs."""
    import numpy as np

    positive = {name: np.abs(each) if name == "weight" else each for name, each in stage.values().items()}
    found: Array = np.abs(replace(stage, read=lambda: positive).push(outputs, most, context))
    return found if stage.layer.is_linear else found + 2 * max(each.max(initial=0) for each in most)


def _rounding(network: Network, most: Array, z: Array) -> float:
    """A bound for the rounding of both sums: terms × unit × the sum of all magnitudes (Higham, 3.5)."""
    import numpy as np

    terms = sum(_terms(stage.layer) for stage in network.stages)
    return terms * float(np.finfo(np.float64).eps) * float((most * np.abs(z)).sum())


def _terms(layer: Layer) -> int:
    """The most terms in the sum of one cell of the layer's output, or of its adjoint at one cell of its input."""
    if isinstance(layer, Convolution):  # a cell is read by every tap, and its adjoint includes that of its copies
        return prod(layer.weight_shapes["weight"]) + sum(axis.before + axis.after for axis in layer.axes)
    return prod(layer.input_shape) + prod(layer.output_shape)
