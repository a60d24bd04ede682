"""Error bounds of engines, computed from the problem's own kernel; and the number types of sums.

Every error is relative to the largest possible magnitude of a cell: Σ|weight| of its filter times the largest magnitude
in its own window, zero taps included, times |scale|, plus |bias|. The error of the definition itself, the products
summed one after the other in any order, is at most n units of roundoff of that for n products (Higham, Accuracy and
Stability of Numerical Algorithms, 2002, 4.2); that of other algorithms depends on their own sums.

The number types of sums are chosen so that exact problems stay exact.
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
    """A number type for the sums, and its description."""

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
INT16 = Arithmetic(np.dtype(np.int16), 1 << 15, "whole numbers, int16")
INT32 = Arithmetic(np.dtype(np.int32), 1 << 31, "whole numbers, int32")
INT64 = Arithmetic(np.dtype(np.int64), INT64_LIMIT, "whole numbers, int64")
PYTHON = Arithmetic(np.dtype(object), None, "Python's exact numbers, of any size")


def choose_arithmetic(problem: Problem, candidates: tuple[Arithmetic, ...], bound: int | None) -> Arithmetic:
    """The first of the exact ``candidates`` whose limit is above ``bound`` (see :func:`sum_bound`), or its float type.

    Raises nothing: where no candidate is wide enough it is :data:`PYTHON`.
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
    return int(max(cells, 1) * max(whole_magnitude(problem.weight), 1)) + 1


def whole_magnitude(weight: Array) -> int:
    """The largest Σ|w| of a filter; weight: (out_channels, in_channels / groups, *kernel_size)."""
    filters = weight.reshape(len(weight), -1)
    fits = largest(weight) * filters.shape[1] < INT64_LIMIT
    return int(np.abs(filters.astype(np.int64 if fits else object)).sum(axis=1).max())


_CELLS = 1 << 15
EPILOGUE = 5
"""Roundings besides those of a sum: of a cell and a weight to the dtype, and of scale (two) and bias."""


def roundings(count: float, dtype: np.dtype[Any]) -> float:
    """The relative error of n successive roundings: γₙ = n·u / (1 − n·u), Higham, lemma 3.1."""
    lost = count * unit(dtype)
    return lost / (1 - lost) if lost < 1 else inf


def unit(dtype: np.dtype[Any]) -> float:
    """Half the distance from 1 to the next float."""
    return float(np.finfo(dtype).eps) / 2


def of_definition(problem: Problem, arithmetic: Arithmetic) -> float:
    """The error bound of summing the products in any order; added zeros cause no error."""
    return roundings(problem.counts.weights_per_filter + EPILOGUE, arithmetic.dtype)


def could_be(weights: float, cells: float, scale: float, bias: float) -> float:
    """The largest possible magnitude of a cell, at most the largest float; infinite only where a factor is."""
    could = weights * cells * scale + bias
    return could if isfinite(could) or not all(map(isfinite, (weights, cells, scale, bias))) else float_info.max


def lost_by(lost: float | None, terms: int, dtype: np.dtype[Any]) -> float:
    """The error bound of a cell: its engine's, or that of summing ``terms`` in any order."""
    if dtype.kind != "f":
        return 0.0
    return roundings(terms + EPILOGUE, dtype) if lost is None else lost


def agree(total: Number, output: Number, could: float, lost: float, dtype: np.dtype[Any], scale: Number = 1) -> bool:
    """Whether an explanation's total agrees with an engine's output: equal, or for floats within both error bounds.

    ``could``: the largest possible magnitude of the cell, see above; ``lost``: the engine's error bound relative to it;
    ``dtype``: of the output; ``scale``: the factor of its sums. The total itself is summed in float64 and rounded once.
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
    # roundings of subnormal numbers
    least = lost / unit(dtype) * float(np.finfo(dtype).smallest_subnormal)
    return abs(wanted - found) <= (lost + 4 * unit(dtype)) * could + least


def is_tap_by_tap(problem: Problem) -> bool:
    """Whether bounds use the weights of every tap: the problem is so large that this takes under 1 % of the time."""
    return problem.batch * prod(problem.output_size) >= _CELLS


def tap_sums(weight: Array) -> Array:
    """Σ|weight| over the channels of a group, (out_channels, taps), as float64."""
    magnitudes = np.abs(weight.reshape(*weight.shape[:2], prod(weight.shape[2:])))
    return np.asarray(magnitudes.sum(axis=1, dtype=np.float64))
