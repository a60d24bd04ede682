"""Arithmetic shared by the kinds of layers: arrays of one number type, integers without overflow, explained sums.

Every kind imports it where cells are computed: shapes and counts must not wait for numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, added, checked, in_floats, largest, narrowed, plain
from convcalc.build import resolved_dtype
from convcalc.engine.epilogue import divided, settled
from convcalc.errors import DataError
from convcalc.limits import usable_cores
from convcalc.numerals import Number
from convcalc.problem import DType
from convcalc.tracing.explanation import Cell, Explanation, Term


def alike(
    arrays: Sequence[Any], word: str, numbers: Sequence[Number] = (), *, beside: Sequence[Any] = ()
) -> tuple[DType, list[Array]]:
    """The type to compute in, and the arrays in it: all of one floating type, or as they are where all are exact.

    ``arrays``: a layer's inputs and its weight, whose widest float decides. ``numbers``: other operands; a float among
    them makes floats of exact arrays, but never wider ones. ``beside``: arrays of such numbers, a bias or running
    statistics, which are returned after the others.

    Raises:
        DataError: the arrays hold no numbers, or exact ones are requested and there are floats.
    """
    held, others = [checked(each) for each in arrays], [checked(each) for each in beside]
    real = [0.0 for each in others if each.dtype.kind == "f"]
    dtype = resolved_dtype(word, held, (*numbers, *real))
    return dtype, [_as(dtype, each) for each in (*held, *others)]


def in_real(kind: str, arrays: Sequence[Any], word: str, *, beside: Sequence[Any] = ()) -> list[Array]:
    """The arrays of :func:`alike` in floats, for a kind of layer whose results are irrational.

    Raises:
        DataError: exact numbers are requested.
    """
    dtype, held = alike(arrays, word, beside=beside)
    if dtype is DType.EXACT:
        raise no_fractions(kind)
    return [_as(DType.FLOAT64, each) for each in held] if dtype is DType.AUTO else held


def no_fractions(kind: str) -> DataError:
    """The error of a kind whose results exact numbers cannot hold."""
    return DataError(
        f"{kind} makes numbers that are no fractions, which dtype exact cannot hold",
        hint="choose dtype auto or float64",
        field="dtype",
    )


def is_exact(dtype: DType) -> bool:
    """Whether whole numbers and fractions are computed with."""
    return dtype in (DType.AUTO, DType.EXACT)


def wide(values: Array, bound: Any) -> Array:
    """Exact values in a type that holds results up to ``bound``: int64, or Python's numbers."""
    if values.dtype.kind in "fO":
        return values
    return values.astype(np.int64 if bound < INT64_LIMIT else object, copy=False)


def finished(values: Array, dtype: DType) -> Array:
    """A result for the next layer: whole where all is whole; fractions stay (exact) or are rounded once (auto)."""
    if values.dtype != object:
        return values
    return narrowed(values) if dtype is DType.EXACT else settled(values)


def sum_of(arrays: Sequence[Array], dtype: DType) -> Array:
    """The sum of the arrays, with broadcasting."""
    if not is_exact(dtype):
        with np.errstate(all="ignore"):
            total: Array = arrays[0] + arrays[1] if len(arrays) > 1 else arrays[0].copy()
            for each in arrays[2:]:
                total += each
        return total
    bound = sum(largest(each) for each in arrays)
    return finished(sum((wide(each, bound) for each in arrays[1:]), wide(arrays[0], bound)), dtype)


def changed(slopes: Array, tangent: Array, word: str) -> Array:
    """Slope × tangent, with broadcasting; in floats if either is."""
    dtype, (factors, change) = alike([slopes, tangent], word)
    if not is_exact(dtype):
        with np.errstate(all="ignore"):
            product: Array = factors * change
        return product
    bound = largest(factors) * largest(change)
    return finished(wide(factors, bound) * wide(change, bound), dtype)


def quotients(values: Array, divisors: Any, dtype: DType) -> Array:
    """The values divided by whole numbers above 0, with broadcasting."""
    if not is_exact(dtype):
        with np.errstate(all="ignore"):
            quotient: Array = values / np.asarray(divisors, values.dtype)
        return quotient
    return divided(values, np.asarray(divisors), keep=dtype is DType.EXACT)


def by_channel(numbers: Array, like: Array) -> Array:
    """One number for each channel, shaped to broadcast with (batch, channels, *spatial)."""
    return numbers.reshape(-1, *(1,) * (like.ndim - 2))


def explained_sum(
    cell: Cell, terms: Iterable[Term], dtype: DType, *, scale: Fraction = Fraction(1), bias: Number = 0
) -> Explanation:
    """The explanation of a sum: its total from the terms alone, exact or rounded once, in the dtype of the layer."""
    summands = tuple(terms)
    if is_exact(dtype):
        total: Number = plain(Fraction(added(term.product for term in summands) * scale) + bias)
        total = float(total) if dtype is DType.AUTO and isinstance(total, Fraction) else total
    else:
        bias = float(bias)
        with np.errstate(all="ignore"):
            real = np.float64(added(float(term.product) for term in summands))
            total = rounded(real * scale.numerator / scale.denominator + bias, dtype.value)
    return Explanation(cell=cell, terms=summands, total=total, scale=scale, bias=bias)


def rounded(value: Any, dtype: Any) -> float:
    """A float as an array of a dtype holds it."""
    with np.errstate(all="ignore"):
        return float(np.dtype(dtype).type(value))


@np.errstate(all="ignore")  # too large for float32 is inf
def _as(dtype: DType, values: Array) -> Array:
    if is_exact(dtype):
        return values
    return (in_floats(values) if values.dtype == object else values).astype(dtype.value, copy=False)


def threads_of(most: int | None) -> int:
    """The most threads that may be used."""
    return most or usable_cores()
