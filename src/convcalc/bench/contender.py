"""Contenders: ways to compute a problem that can be timed."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.problem import DType, Problem

Call = Callable[[], Any]
"""Computes the problem once and returns (batch, out_channels, *spatial), or anything that NumPy converts to it."""


class Contender(NamedTuple):
    """A row of the table of contenders."""

    name: str
    prepare: Callable[[Problem, int], Call]
    """Called with the problem and the number of threads; its own time is not measured."""
    obstacle: Callable[[Problem, int], str | None]
    """Why it cannot compute the problem, or None."""
    package: str = ""
    """The package that it needs beyond convcalc's own."""
    is_ceiling: bool = False
    """Whether it measures the peak of the machine instead of the problem."""


def no_obstacle(_problem: Problem, _threads: int) -> None:
    """No obstacle: for contenders that compute every problem."""


def float_type(problem: Problem) -> np.dtype[Any]:
    """The floats of a problem; float64 for those that are exact."""
    return np.dtype(np.float32 if problem.dtype is DType.FLOAT32 else np.float64)


def bytes_moved(problem: Problem) -> int:
    """Bytes of input and output, each in the problem's floats: the least memory traffic."""
    return (problem.input.size + prod(problem.output_shape)) * float_type(problem).itemsize


def float_arrays(problem: Problem) -> tuple[Array, Array]:
    """The input, and the weight with its scale as applied to the input, both in the problem's floats."""
    dtype = float_type(problem)
    scale = np.array([float(each) for each in problem.scale], dtype).reshape(-1, *[1] * (problem.rank + 1))
    weight = np.ascontiguousarray(problem.applied_weight.astype(dtype) * scale)
    return np.ascontiguousarray(problem.input, dtype), weight
