"""Gradients of weights of which each output cell has one number: sums of gradient × slope over those that share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from convcalc.arrays import Array, is_exact, narrowed, plain
from convcalc.context import Context
from convcalc.errors import DataError
from convcalc.layers.derivative import OwnWeight, WeightTerm
from convcalc.layers.numbers import alike
from convcalc.tracing.explanation import Cell


def pulled_weights(
    kind: str, shapes: Mapping[str, tuple[int, ...]], own: Mapping[str, OwnWeight], cells: Array, context: Context
) -> dict[str, Array]:
    """The gradient of every learned weight, see :meth:`Layer.pull_weights`; ``shapes``: of the weights.

    Raises:
        DataError: the kind has a weight whose slopes it does not state.
    """
    found = {}
    for name, shape in shapes.items():
        weight = stated(kind, own, name)
        found[name] = summed(_products(weight, cells, context), weight.spread).reshape(shape)
    return found


def terms_of_weight(weight: OwnWeight, shape: tuple[int, ...], cells: Array, place: Cell) -> Iterator[WeightTerm]:
    """The products of one number, see :meth:`Layer.weight_terms`; ``shape``: of the weight."""
    numbers = np.arange(np.prod(weight.spread, dtype=np.int64)).reshape(weight.spread)
    wanted = int(np.ravel_multi_index(place, shape))
    used = np.argwhere(np.broadcast_to(numbers, cells.shape[1:]) == wanted).tolist()
    for sample in range(len(cells)):
        for cell in used:
            here = (sample, *cell)
            gradient, slope = plain(cells[here]), plain(weight.slopes[here])
            read = None if weight.label else tuple(cell)
            yield WeightTerm(sample, tuple(cell), gradient, slope, read, label=weight.label)


def stated(kind: str, own: Mapping[str, OwnWeight], name: str) -> OwnWeight:
    """A weight by its name.

    Raises:
        DataError: the kind does not state its slopes.
    """
    if name not in own:
        raise DataError(f"{kind} has a {name} whose gradient is not known", hint="--layer with a layer above it")
    return own[name]


def summed(products: Array, spread: tuple[int, ...]) -> Array:
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
