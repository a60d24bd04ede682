"""What several engines cannot take."""

from __future__ import annotations

from convcalc.arrays import largest
from convcalc.engine.arithmetic import PYTHON, Arithmetic
from convcalc.numerals import Number
from convcalc.problem import Problem


class OfExactness(str):
    """An obstacle that the same problem in floats does not have."""

    __slots__ = ()


def not_dense(problem: Problem) -> str | None:
    """Why a method that reads all cells from a window's first to its last, at stride 1, cannot take it, or None."""
    if any(axis.stride != 1 for axis in problem.axes):
        return "the stride is not 1"
    if any(axis.dilation > axis.size for axis in problem.axes):
        return "the taps lie farther apart than the input has cells"
    return None


def not_tame(problem: Problem, what: str) -> str | None:
    """Why a method that adds and subtracts more than the definition does cannot take the problem, or None."""
    if problem.is_exact:
        return OfExactness(f"{what} round, and this problem is exact")
    if problem.boundary.value and abs(problem.boundary.value) > largest(problem.input):
        return f"{what} would carry the rounding of the boundary's constant, which is larger than every cell, to others"
    return not_finite(problem)


def no_product(arithmetic: Arithmetic) -> str | None:
    """Why a matrix product cannot make the sums, or None."""
    if arithmetic is not PYTHON:
        return None
    return OfExactness("the sums need Python's numbers, which have no matrix product")


def not_finite(problem: Problem) -> str | None:
    """Why a method that multiplies zeros of its own cannot take the problem, or None."""
    if problem.is_exact:
        return None
    if not _is_small(largest(problem.weight)) or not _is_small(problem.boundary.value):
        return "the kernel or the boundary holds inf, nan or numbers too large to be added up"
    return None


def _is_small(number: Number) -> bool:
    return -1e15 < number < 1e15
