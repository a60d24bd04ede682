"""The adjoint identity of a network: ⟨A x, z⟩ = ⟨x, Aᵀ z⟩, where A is the derivative of the output by the input.

Of linear layers A is the layer itself without its offset. Others are linearised at the input (Griewank & Walther,
Evaluating Derivatives, 2008, chapter 3: tangents forwards, adjoints backwards).

The adjoint of each kind of layer is in :mod:`convcalc.layers.pull`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from convcalc.arrays import Array, plain
from convcalc.context import STANDARD, Context
from convcalc.layers.derivative import Point
from convcalc.layers.kinds.arithmetic import Arithmetic
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.matrix_product import MatrixProduct
from convcalc.layers.layer import Layer
from convcalc.layers.linear_map import in_lossless_numbers, offset_of
from convcalc.layers.network import INPUT, Network
from convcalc.layers.numbers import alike
from convcalc.layers.pull import pull
from convcalc.layers.stage import Stage

if TYPE_CHECKING:
    from convcalc.layers.uses import Uses
    from convcalc.numerals import Number
    from convcalc.tracing.adjoint import Adjoint


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
    from convcalc.arrays import total, unwarned
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
    from convcalc.layers.numbers import sum_of

    held = {len(network.stages) - 1: cells}
    for number, stage in reversed([*enumerate(network.stages)]):
        at = Point([outputs[each] for each in stage.inputs], stage.values(), context)
        for below, part in zip(stage.inputs, pull(stage.layer, at, held.pop(number)), strict=True):
            dtype, parts = alike([part, *([held[below]] if below in held else [])], context.dtype)
            held[below] = sum_of(parts, dtype)
    return held[INPUT]


def _both_ways(network: Network, cells: Array, seed: int, context: Context, place: tuple[int, ...] | None) -> Adjoint:

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
    if isinstance(stage.layer, Arithmetic | MatrixProduct):
        return stage.layer.most_change(outputs, most)
    positive = {name: np.abs(each) if name == "weight" else each for name, each in stage.values().items()}
    found: Array = np.abs(replace(stage, read=lambda: positive).push(outputs, most, context))
    return found if stage.layer.is_linear else found + 2 * max(each.max(initial=0) for each in most)


def _rounding(network: Network, most: Array, z: Array) -> float:
    """A bound for the rounding of both sums: terms × unit × the sum of all magnitudes (Higham, 3.5)."""
    terms = sum(_terms(stage.layer) for stage in network.stages)
    return terms * float(np.finfo(np.float64).eps) * float((most * np.abs(z)).sum())


def _terms(layer: Layer) -> int:
    """The most terms in the sum of one cell of the layer's output, or of its adjoint at one cell of its input."""
    if isinstance(layer, Convolution):  # a cell is read by every tap, and its adjoint includes that of its copies
        return prod(layer.weight_shapes["weight"]) + sum(axis.before + axis.after for axis in layer.axes)
    return prod(layer.input_shape) + prod(layer.output_shape)
