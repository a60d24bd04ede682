"""From sums to output: scale, bias and the one rounding that an exact result may need."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, largest, narrowed
from convcalc.errors import DataError
from convcalc.problem import DType, Problem

_FLOAT64_WHOLE = 1 << 53


def finish(problem: Problem, sums: Array) -> Array:
    """The output, sums × scale + bias, in the problem's dtype; sums: (batch, out_channels, *spatial)."""
    return _finish_exact(problem, sums) if problem.is_exact else _finish_float(problem, sums)


def _finish_float(problem: Problem, sums: Array) -> Array:
    """Multiplied by the numerator and divided by the denominator: box on [60.0] is 60.0, not 59.99…"""
    output = sums
    scale = [_ratio(each) for each in problem.scale]
    if any(numerator != 1 for numerator, _ in scale):
        output = output * _by_channel([each for each, _ in scale], sums)
    if any(denominator != 1 for _, denominator in scale):
        output = output / _by_channel([each for _, each in scale], sums)
    if any(problem.bias):
        output = output + _by_channel([float(each) for each in problem.bias], sums)
    return output


def _ratio(scale: Fraction) -> tuple[float, float]:
    """Numerator and denominator where floats hold both exactly, otherwise the quotient over 1."""
    exact = max(abs(scale.numerator), scale.denominator) < _FLOAT64_WHOLE
    try:
        return (float(scale.numerator), float(scale.denominator)) if exact else (float(scale), 1.0)
    except OverflowError:
        raise DataError("a scale is too large for floats", hint="dtype exact has no limit") from None


def _finish_exact(problem: Problem, sums: Array) -> Array:
    """With one denominator a channel, total = (sum × factor + offset) / denominator is all whole numbers."""
    whole = sums.astype(np.int64) if sums.dtype.kind == "f" else sums
    bias = [Fraction(each) for each in problem.bias]
    denominators = [lcm(s.denominator, b.denominator) for s, b in zip(problem.scale, bias, strict=True)]
    factors = [int(s * d) for s, d in zip(problem.scale, denominators, strict=True)]
    offsets = [int(b * d) for b, d in zip(bias, denominators, strict=True)]
    if any(factor != 1 for factor in factors) or any(offsets):
        steepest, highest = max(map(abs, factors)), max(map(abs, offsets))
        wide = max(largest(whole), 1) * steepest + highest >= INT64_LIMIT
        whole = whole.astype(object) if wide else whole
        whole = whole * _by_channel(factors, whole) + _by_channel(offsets, whole)
    if max(denominators) == 1:
        return narrowed(whole) if whole.dtype == object and problem.dtype is DType.EXACT else _settled(whole)
    return _divided(whole, denominators, keep=problem.dtype is DType.EXACT)


def _divided(numerators: Array, denominators: list[int], *, keep: bool) -> Array:
    """Whole numbers where every quotient is one; otherwise fractions (``keep``) or float64 rounded once."""
    if largest(numerators) >= _FLOAT64_WHOLE or max(denominators) >= _FLOAT64_WHOLE:
        numerators = numerators.astype(object)
    divisors = _by_channel(denominators, numerators)
    if not (numerators % divisors).any():
        return _settled(numerators // divisors)
    if keep or numerators.dtype == object:
        quotients = np.frompyfunc(Fraction, 2, 1)(numerators.astype(object), divisors.astype(object))
        return quotients if keep else _settled(quotients)
    return np.asarray(numerators / divisors)  # both below 2**53, so the quotient is rounded once


def _settled(values: Array) -> Array:
    """Python's numbers as int64 where they fit, as float64 where some are fractions, else as they are."""
    if values.dtype != object:
        return values
    values = narrowed(values)
    if values.dtype == object and any(isinstance(value, Fraction) and value.denominator != 1 for value in values.flat):
        try:
            return values.astype(np.float64)
        except OverflowError:
            raise DataError("a result is too large for float64", hint="--dtype exact keeps fractions") from None
    return values


def _by_channel(numbers: list[Any], like: Array) -> Array:
    """One number for each output channel, shaped to meet (batch, out_channels, *spatial)."""
    return np.array(numbers, dtype=like.dtype).reshape(-1, *(1,) * (like.ndim - 2))
