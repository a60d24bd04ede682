"""From sums to output: scale, bias and the one rounding that an exact result may need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, prod
from typing import Any

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, index, largest, narrowed
from convcalc.engine.bounds import PYTHON, Arithmetic
from convcalc.errors import DataError
from convcalc.problem import DType, Problem

_FLOAT64_WHOLE = 1 << 53
_INT64 = np.dtype(np.int64)
_PIECE = 1 << 16  # cells


@dataclass(frozen=True, eq=False, slots=True)
class Epilogue:
    """What turns the sums of tiles into an output; prepared once for a problem."""

    problem: Problem
    dtype: np.dtype[Any]
    """Of the output while tiles are written; :meth:`settle` may still change it."""
    steps: tuple[tuple[Callable[..., Any], Array], ...]
    """What is done in place, one operation after the other, with one number for each output channel."""
    denominators: tuple[int, ...] | None
    """What whole sums are still to be divided by, one for each output channel; None: nothing is done by tiles."""

    def apply(self, output: Array, filters: slice) -> None:
        """Scale and bias of a tile in place; output: (batch, some out_channels, *size), holding the sums."""
        for operation, numbers in self.steps:
            operation(output, numbers[filters], out=output)

    @property
    def keeps_finite(self) -> bool:
        """Whether finite sums surely make a finite output: nothing is added, and nothing made larger."""
        return all(
            (operation is np.multiply and bool((np.abs(numbers) <= 1).all()))
            or (operation is np.true_divide and bool((np.abs(numbers) >= 1).all()))
            for operation, numbers in self.steps
        )

    def settle(self, output: Array) -> Array:
        """The finished output, in the problem's dtype."""
        if self.denominators is None:
            return _exact_epilogue(self.problem, output)
        return _divided_in_place(self.problem, output, self.denominators) if max(self.denominators) > 1 else output


def make_epilogue(problem: Problem, arithmetic: Arithmetic, bound: int | None) -> Epilogue:
    """How the sums of a problem are finished; ``bound``: on the magnitude of exact sums, None for floats."""
    if problem.is_bare:
        return _bare(problem, arithmetic, bound)
    like = np.empty((0,) * (2 + problem.rank))
    if bound is None:
        steps = _float_steps(problem, like.astype(arithmetic.dtype))
        return Epilogue(problem, arithmetic.dtype, steps, (1,) * problem.out_channels)
    denominators, factors, offsets = _whole_parts(problem)
    reach = bound * max(map(abs, factors)) + max(map(abs, offsets))
    if arithmetic is PYTHON or reach >= INT64_LIMIT or max(denominators) >= _FLOAT64_WHOLE:
        return Epilogue(problem, arithmetic.dtype, (), None)
    whole = like.astype(np.int64)
    operations = ((np.multiply, factors, 1), (np.add, offsets, 0))
    return Epilogue(problem, whole.dtype, _steps(operations, whole), tuple(denominators))


def _bare(problem: Problem, arithmetic: Arithmetic, bound: int | None) -> Epilogue:
    """Nothing is done to the sums, but that whole ones become int64 as they are written."""
    if bound is None:
        return Epilogue(problem, arithmetic.dtype, (), (1,))
    fits = arithmetic is not PYTHON and bound < INT64_LIMIT
    return Epilogue(problem, _INT64, (), (1,)) if fits else Epilogue(problem, arithmetic.dtype, (), None)


def epilogue(problem: Problem, sums: Array) -> Array:
    """The output of a few sums at once, sums × scale + bias; sums: (batch, out_channels, *spatial)."""
    if problem.is_exact:
        return _exact_epilogue(problem, sums)
    output = sums.copy()
    for operation, numbers in _float_steps(problem, sums):
        operation(output, numbers, out=output)
    return output


def _float_steps(problem: Problem, like: Array) -> tuple[tuple[Callable[..., Any], Array], ...]:
    """Multiplied by the numerator and divided by the denominator: box on [60.0] is 60.0, not 59.99…"""
    numerators, denominators = zip(*map(_ratio, problem.scale), strict=True)
    biases = [float(each) for each in problem.bias]
    return _steps(((np.multiply, numerators, 1), (np.true_divide, denominators, 1), (np.add, biases, 0)), like)


def _steps(
    operations: Iterable[tuple[Callable[..., Any], Sequence[Any], int]], like: Array
) -> tuple[tuple[Callable[..., Any], Array], ...]:
    """The operations that do anything, each with its numbers shaped to meet the output."""
    return tuple(
        (operation, _by_channel(numbers, like))
        for operation, numbers, idle in operations
        if any(number != idle for number in numbers)
    )


def _ratio(scale: Fraction) -> tuple[float, float]:
    """Numerator and denominator where floats hold both exactly but not their quotient, otherwise that over 1."""
    is_power = scale.denominator & (scale.denominator - 1) == 0
    exact = max(abs(scale.numerator), scale.denominator) < _FLOAT64_WHOLE and not is_power
    try:
        return (float(scale.numerator), float(scale.denominator)) if exact else (float(scale), 1.0)
    except OverflowError:
        raise DataError("a scale is too large for floats", hint="dtype exact has no limit") from None


def _whole_parts(problem: Problem) -> tuple[list[int], list[int], list[int]]:
    """Denominators, factors and offsets by channel: total = (sum × factor + offset) / denominator."""
    bias = [Fraction(each) for each in problem.bias]
    denominators = [lcm(s.denominator, b.denominator) for s, b in zip(problem.scale, bias, strict=True)]
    factors = [int(s * d) for s, d in zip(problem.scale, denominators, strict=True)]
    offsets = [int(b * d) for b, d in zip(bias, denominators, strict=True)]
    return denominators, factors, offsets


def _exact_epilogue(problem: Problem, sums: Array) -> Array:
    """With one denominator a channel, total = (sum × factor + offset) / denominator is all whole numbers."""
    whole = sums.astype(np.int64) if sums.dtype.kind == "f" else sums
    denominators, factors, offsets = _whole_parts(problem)
    if any(factor != 1 for factor in factors) or any(offsets):
        steepest, highest = max(map(abs, factors)), max(map(abs, offsets))
        wide = max(largest(whole), 1) * steepest + highest >= INT64_LIMIT
        whole = whole.astype(object) if wide else whole
        whole = whole * _by_channel(factors, whole) + _by_channel(offsets, whole)
    if max(denominators) == 1:
        return narrowed(whole) if whole.dtype == object and problem.dtype is DType.EXACT else settled(whole)
    return _divided(problem, whole, denominators)


def _divided_in_place(problem: Problem, numerators: Array, denominators: Sequence[int]) -> Array:
    """As :func:`divided`, a piece at a time in the numerators' own memory wherever that can hold the quotients."""
    pieces = [
        (numerators[index(sample, channel, *piece)], divisor)
        for sample in range(len(numerators))
        for channel, divisor in enumerate(denominators)
        for piece in _pieces(numerators.shape[2:])
    ]
    if all(not (piece % divisor).any() for piece, divisor in pieces):
        for piece, divisor in pieces:
            np.floor_divide(piece, divisor, out=piece)
        return numerators
    if problem.dtype is DType.EXACT or largest(numerators) >= _FLOAT64_WHOLE:
        return _divided(problem, numerators, denominators)
    for piece, divisor in pieces:
        piece.view(np.float64)[...] = piece / divisor  # both below 2**53, so the quotient is rounded once
    return numerators.view(np.float64)


def _pieces(size: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Slabs of the first axis with about ``_PIECE`` cells each."""
    rows = max(1, _PIECE // max(1, prod(size[1:])))
    return ((slice(first, first + rows),) for first in range(0, size[0], rows))


def _divided(problem: Problem, numerators: Array, denominators: Sequence[int]) -> Array:
    """The quotients of every output channel."""
    whole = numerators.astype(object) if max(denominators) >= _FLOAT64_WHOLE else numerators
    return divided(whole, _by_channel(denominators, whole), keep=problem.dtype is DType.EXACT)


def divided(numerators: Array, divisors: Array, *, keep: bool) -> Array:
    """Whole numbers where every quotient is one; otherwise fractions (``keep``) or float64 rounded once."""
    if max(largest(numerators), largest(divisors)) >= _FLOAT64_WHOLE:
        numerators, divisors = numerators.astype(object), divisors.astype(object)
    if not (numerators % divisors).any():
        return settled(numerators // divisors)
    if keep or numerators.dtype == object:
        quotients = np.frompyfunc(Fraction, 2, 1)(numerators.astype(object), divisors.astype(object))
        return quotients if keep else settled(quotients)
    return np.asarray(numerators / divisors)  # both below 2**53, so the quotient is rounded once


def settled(values: Array) -> Array:
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


@np.errstate(all="ignore")  # too large for float32 is inf, as it is for the output
def _by_channel(numbers: Sequence[Any], like: Array) -> Array:
    """One number for each output channel, shaped to meet (batch, out_channels, *spatial)."""
    return np.array(numbers, dtype=like.dtype).reshape(-1, *(1,) * (like.ndim - 2))
