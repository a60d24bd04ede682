"""Gradients of weights of which each output cell has one number: sums of gradient × slope over those that share it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convcalc.arrays import Array, is_exact, narrowed, plain
from convcalc.context import Context
from convcalc.errors import DataError
from convcalc.layers.layer import Layer, OwnWeight, Point, Shape, WeightTerm
from convcalc.layers.numbers import alike
from convcalc.tracing.explanation import Cell


def pulled_weights(layer: Layer, at: Point, cells: Array) -> dict[str, Array]:
    """The gradient of every learned weight, see :meth:`Layer.pull_weights`.

    Raises:
        DataError: the kind has a weight whose slopes it does not state.
    """
    own = layer.own_weights(at) if layer.weight_shapes else {}
    found = {}
    for name, shape in layer.weight_shapes.items():
        found[name] = summed(_products(_stated(layer, own, name), cells, at.context), own[name].spread).reshape(shape)
    return found


def terms_of_weight(layer: Layer, at: Point, cells: Array, name: str, place: Cell) -> Iterator[WeightTerm]:
    """The products of one number, see :meth:`Layer.weight_terms`."""
    weight = _stated(layer, layer.own_weights(at), name)
    numbers = np.arange(np.prod(weight.spread, dtype=np.int64)).reshape(weight.spread)
    wanted = int(np.ravel_multi_index(place, layer.weight_shapes[name]))
    used = np.argwhere(np.broadcast_to(numbers, layer.output_shape) == wanted).tolist()
    for sample in range(len(cells)):
        for cell in used:
            here = (sample, *cell)
            gradient, slope = plain(cells[here]), plain(weight.slopes[here])
            yield WeightTerm(
                sample, tuple(cell), gradient, slope, None if weight.label else tuple(cell), label=weight.label
            )


def summed(products: Array, spread: Shape) -> Array:
    """The sum over samples and over the axes on which a weight is spread; floats are added in float64."""
    axes = (0, *(axis for axis, size in enumerate(spread, start=1) if size == 1))
    if is_exact(products):
        return narrowed(np.asarray(products.astype(object).sum(axis=axes), object))
    found: Array = np.asarray(products.sum(axis=axes, dtype=np.float64)).astype(products.dtype)
    return found


def _products(weight: OwnWeight, cells: Array, context: Context) -> Array:
    _, (held, slopes) = alike([cells, weight.slopes], context.dtype)
    if is_exact(held):
        return np.asarray(held.astype(object) * slopes.astype(object), object)
    found: Array = held * slopes
    return found


def _stated(layer: Layer, own: dict[str, OwnWeight], name: str) -> OwnWeight:
    if name not in own:
        raise DataError(f"{layer.kind} has a {name} whose gradient is not known", hint="--layer with a layer above it")
    return own[name]
