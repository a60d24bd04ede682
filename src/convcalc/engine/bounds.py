"""How far an engine may be off at worst, from the problem's own kernel.

Every error is a share of what a cell could come to: Σ|weight| of its filter times the largest magnitude in its own
window, zero taps included, times |scale|, plus |bias|. The definition itself, the products added up one after the
other in any order, may lose n units of roundoff of that for n products (Higham, Accuracy and Stability of Numerical
Algorithms, 2002, 4.2); an engine that makes other sums loses more or less by what its own numbers add up to.

In which numbers the sums are made: chosen so that exact problems stay exact.
"""

from __future__ import annotations

from math import inf, isfinite, isnan, prod
from sys import float_info
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, largest
from convcalc.numerals import Number, nearest_float
from convcalc.problem import DType, Problem


class Arithmetic(NamedTuple):
    """A number type for the sums, and the words that say what it costs."""

    dtype: np.dtype[Any]
    limit: int | None
    """Sums whose magnitude stays below it are exact; None: rounding floats, or no limit (Python integers)."""
    words: str

    @property
    def itemsize(self) -> int:
        """Bytes of one number; a Python integer is a reference and an object of at least 28 bytes."""
        return 40 if self.dtype == object else self.dtype.itemsize


FLOAT32 = Arithmetic(np.dtype(np.float32), None, "float32")
FLOAT64 = Arithmetic(np.dtype(np.float64), None, "float64")
EXACT_FLOAT32 = Arithmetic(np.dtype(np.float32), 1 << 24, "whole numbers, held exactly in float32")
EXACT_FLOAT64 = Arithmetic(np.dtype(np.float64), 1 << 53, "whole numbers, held exactly in float64")
INT64 = Arithmetic(np.dtype(np.int64), INT64_LIMIT, "whole numbers, int64")
PYTHON = Arithmetic(np.dtype(object), None, "Python's exact numbers, of any size")


def choose_arithmetic(problem: Problem, candidates: tuple[Arithmetic, ...], bound: int | None) -> Arithmetic:
    """The first of the exact ``candidates`` whose limit is above ``bound`` (see :func:`sum_bound`), or its float type.

    Raises nothing: where no candidate is wide enough the answer is :data:`PYTHON`.
    """
    if problem.dtype is DType.FLOAT32:
        return FLOAT32
    if problem.dtype is DType.FLOAT64:
        return FLOAT64
    if bound is None or problem.is_rational:
        return PYTHON
    return next((each for each in candidates if each.limit and bound < each.limit), PYTHON)


def sum_bound(problem: Problem) -> int | None:
    """A bound in Python integers on Σ|x·w| of every output cell of an exact problem, and on its terms.

    None for problems in floats, whose sums are rounded.
    """
    if not problem.is_exact:
        return None
    cells = max(largest(problem.input), abs(problem.boundary.value))
    return int(max(cells, 1) * max(_magnitude(problem.weight), 1)) + 1


def _magnitude(weight: Array) -> int:
    """The largest Σ|w| of a filter; weight: (out_channels, in_channels / groups, *kernel_size)."""
    filters = weight.reshape(len(weight), -1)
    if largest(weight) * filters.shape[1] >= INT64_LIMIT:
        filters = filters.astype(object)
    elif weight.dtype != object:
        filters = filters.astype(np.int64)
    return int(np.abs(filters).sum(axis=1).max())


_CELLS = 1 << 15
EPILOGUE = 5
"""Roundings beside those of a sum: of a cell and a weight to the dtype, and of scale (two) and bias."""


def roundings(count: float, dtype: np.dtype[Any]) -> float:
    """What so many roundings one upon the other may lose: γₙ = n·u / (1 − n·u), Higham, lemma 3.1."""
    lost = count * unit(dtype)
    return lost / (1 - lost) if lost < 1 else inf


def unit(dtype: np.dtype[Any]) -> float:
    """Half the distance from 1 to the next float."""
    return float(np.finfo(dtype).eps) / 2


def of_definition(problem: Problem, arithmetic: Arithmetic) -> float:
    """What adding the products in any order may lose; zeros that are added to them lose nothing."""
    return roundings(problem.counts.weights_per_filter + EPILOGUE, arithmetic.dtype)


def could_be(weights: float, cells: float, scale: float, bias: float) -> float:
    """What a cell could come to; beyond the floats the largest of them, and infinite only where one of these is."""
    could = weights * cells * scale + bias
    return could if isfinite(could) or not all(map(isfinite, (weights, cells, scale, bias))) else float_info.max


def lost_by(lost: float | None, terms: int, dtype: np.dtype[Any]) -> float:
    """How far a cell may be off: as its engine says, or by no more than adding up so many terms in any order."""
    if dtype.kind != "f":
        return 0.0
    return roundings(terms + EPILOGUE, dtype) if lost is None else lost


def agree(total: Number, output: Number, could: float, lost: float, dtype: np.dtype[Any], scale: Number = 1) -> bool:
    """Whether an explanation's total is an engine's output: the same number, or of floats within what both may lose.

    ``could``: what the cell could come to, see above; ``lost``: how far the engine may be off, as a share of it;
    ``dtype``: of the output; ``scale``: what its sums were multiplied with in the end. The total itself is added up in
    float64 and rounded once.
    """
    if total == output:
        return True
    wanted, found = nearest_float(total), nearest_float(output)
    if dtype.kind != "f":  # one of them is rounded where fractions elsewhere made the output float64
        return wanted == found and float in (type(total), type(output))
    if not lost:
        return False
    if not (isfinite(wanted) and isfinite(found)):  # a sum may overflow on its way in one order of its terms only
        small = min(1.0, abs(nearest_float(scale)))  # before it the sums were so many times as large
        may_overflow = isfinite(could) and could * (1 + lost) >= float(np.finfo(dtype).max) * small
        return may_overflow or (isnan(wanted) and isnan(found))
    # roundings of numbers too small to be normal
    least = lost / unit(dtype) * float(np.finfo(dtype).smallest_subnormal)
    return abs(wanted - found) <= (lost + 4 * unit(dtype)) * could + least


def is_tap_by_tap(problem: Problem) -> bool:
    """Whether bounds look at the weights of every tap: what is convolved is so large that this takes under a hundredth
    of the time.
    """
    return problem.batch * prod(problem.output_size) >= _CELLS


def tap_sums(weight: Array) -> Array:
    """Σ|weight| over the channels of a group, (out_channels, taps), as float64."""
    magnitudes = np.abs(weight.reshape(*weight.shape[:2], prod(weight.shape[2:])))
    return np.asarray(magnitudes.sum(axis=1, dtype=np.float64))
