"""The gradients of a linear layer: products of two matrices, exact where their numbers are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, is_exact, largest, narrowed, plain, whole_and_scale
from convcalc.context import Context
from convcalc.layers.derivative import WeightTerm
from convcalc.layers.numbers import alike
from convcalc.tracing.explanation import Cell

_FLOAT64_LIMIT = 1 << 53


def product_of(left: Array, right: Array) -> Array:
    """The product of two matrices of one floating type, or of exact numbers; then it is exact too."""
    if not (is_exact(left) and is_exact(right)):
        with np.errstate(all="ignore"):
            return np.asarray(np.dot(left, right))
    (left, one), (right, other) = whole_and_scale(left), whole_and_scale(right)
    bound = largest(left) * largest(right) * left.shape[1]
    if bound < _FLOAT64_LIMIT:
        found = np.dot(left.astype(np.float64), right.astype(np.float64)).astype(np.int64)
    else:
        kind = np.int64 if bound < INT64_LIMIT else object
        found = np.dot(left.astype(kind), right.astype(kind))
    scale = one * other
    return found if scale == 1 else narrowed(np.asarray(found.astype(object) * scale, object))


def weight_gradient(cells: Array, given: Array, context: Context) -> Array:
    """The gradient of the weight, (out_features, in_features); ``given``: the input, (batch, in_features)."""
    _, (held, features) = alike([cells, given], context.dtype)
    return product_of(held.T, features)


def weight_terms(cells: Array, given: Array, place: Cell) -> Iterator[WeightTerm]:
    """One weight's products, one a sample: the gradient of its output feature × its input feature."""
    out, into = place
    for sample in range(len(cells)):
        yield WeightTerm(
            sample, (out,), plain(cells[sample, out]), plain(given[sample, into]), (into,), label=str(into)
        )
