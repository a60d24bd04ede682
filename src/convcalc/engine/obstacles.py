"""What several engines cannot take."""

from __future__ import annotations

from math import isfinite

from convcalc.arrays import largest
from convcalc.engine.arithmetic import PYTHON, Arithmetic
from convcalc.geometry.boundary import Number
from convcalc.problem import Problem


def not_tame(problem: Problem, what: str) -> str | None:
    """Why a method that adds and subtracts more than the definition does cannot take the problem, or None."""
    if problem.is_exact:
        return f"{what} round, and this problem is exact"
    if problem.boundary.value and abs(problem.boundary.value) > largest(problem.input):
        return f"{what} would carry the rounding of the boundary's constant, which is larger than every cell, to others"
    return not_finite(problem)


def no_product(arithmetic: Arithmetic) -> str | None:
    """Why a matrix product cannot make the sums, or None."""
    return "the sums need Python's numbers, which have no matrix product" if arithmetic is PYTHON else None


def not_finite(problem: Problem) -> str | None:
    """Why a method that multiplies zeros of its own cannot take the problem, or None."""
    if problem.is_exact:
        return None
    if not _is_small(largest(problem.weight)) or not _is_small(problem.boundary.value):
        return "the kernel or the boundary holds inf, nan or numbers too large to be added up"
    return None


def _is_small(number: Number) -> bool:
    return isfinite(number) and abs(float(number)) < 1e15
