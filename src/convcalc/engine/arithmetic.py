"""In which numbers the sums are made: chosen so that exact problems stay exact."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, largest
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
