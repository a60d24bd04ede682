"""The engines: one row each, and the only place that lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from convcalc.arrays import Array
from convcalc.engine import direct, gemm
from convcalc.engine.arithmetic import EXACT_FLOAT32, EXACT_FLOAT64, INT64, PYTHON, Arithmetic, choose_arithmetic
from convcalc.engine.tile import Tile
from convcalc.problem import Problem


class Engine(NamedTuple):
    """A way to compute: what runs, what it cannot take, and what it costs."""

    run: Callable[[Tile], Array]
    title: str
    arithmetics: tuple[Arithmetic, ...]
    """Exact number types that it can sum in, the fastest first."""
    obstacle: Callable[[Problem, Arithmetic], str | None]
    """Why it cannot take the problem, or None."""
    cost: Callable[[Problem, Arithmetic], float]
    """Estimated seconds."""
    cell_bytes: Callable[[Problem, Arithmetic], int]
    """Bytes of workspace for each output cell of a tile."""
    tile_bytes: int
    """Bytes of workspace at which a tile runs best."""

    def arithmetic(self, problem: Problem) -> Arithmetic:
        """The numbers in which it would sum."""
        return choose_arithmetic(problem, self.arithmetics)


# Seconds, measured on a 2-core x86-64 server with NumPy 2.4: a NumPy call on small arrays; one multiply-add of
# `direct` in a machine number and in a Python integer; one copied and one multiplied number of `gemm` in float64.
_CALL, _DIRECT_TERM, _PYTHON_TERM = 1.5e-6, 1.2e-9, 8e-8
_GEMM_CALL, _COPY, _GEMM_TERM, _INT_GEMM_TERM = 12e-6, 4e-10, 3e-11, 1.2e-9


def _no_obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:  # noqa: ARG001 - the table's signature
    return None


def _direct_cost(problem: Problem, arithmetic: Arithmetic) -> float:
    calls = problem.batch * problem.counts.weights
    return 2 * calls * _CALL + problem.macs * (_PYTHON_TERM if arithmetic is PYTHON else _DIRECT_TERM)


def _gemm_obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:  # noqa: ARG001 - the table's signature
    return "the sums need Python's numbers, which have no matrix product" if arithmetic is PYTHON else None


def _gemm_cost(problem: Problem, arithmetic: Arithmetic) -> float:
    copied = problem.macs * problem.groups // problem.out_channels
    term = _INT_GEMM_TERM if arithmetic is INT64 else _GEMM_TERM
    return problem.batch * _GEMM_CALL + copied * _COPY + problem.macs * term


def _direct_cell_bytes(problem: Problem, arithmetic: Arithmetic) -> int:
    return 2 * problem.out_channels * arithmetic.itemsize


def _gemm_cell_bytes(problem: Problem, arithmetic: Arithmetic) -> int:
    columns = problem.counts.weights_per_filter * problem.groups
    return (columns + problem.out_channels) * arithmetic.itemsize


ENGINES: dict[str, Engine] = {
    "direct": Engine(
        run=direct.run,
        title="the definition, tap by tap",
        arithmetics=(INT64,),
        obstacle=_no_obstacle,
        cost=_direct_cost,
        cell_bytes=_direct_cell_bytes,
        tile_bytes=1 << 22,
    ),
    "gemm": Engine(
        run=gemm.run,
        title="windows as columns of a matrix product",
        arithmetics=(EXACT_FLOAT32, EXACT_FLOAT64, INT64),
        obstacle=_gemm_obstacle,
        cost=_gemm_cost,
        cell_bytes=_gemm_cell_bytes,
        tile_bytes=1 << 19,
    ),
}
