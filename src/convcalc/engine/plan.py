"""The plan: which engine computes a problem, in which numbers, in which pieces, and why not the others."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import largest
from convcalc.engine.bounds import (
    EXACT_FLOAT32,
    EXACT_FLOAT64,
    PYTHON,
    Arithmetic,
    choose_arithmetic,
    is_tap_by_tap,
    sum_bound,
    tap_sums,
)
from convcalc.engine.candidate import Candidate, Precision, choose, weigh
from convcalc.engine.engine import WORKSPACE, Engine, Work, not_finite
from convcalc.engine.table import ENGINES
from convcalc.engine.tile import region_count
from convcalc.errors import UnknownNameError
from convcalc.geometry.arguments import text, whole
from convcalc.limits import usable_cores
from convcalc.problem import Problem
from convcalc.wording import counted

_PRECISIONS = frozenset(Precision)


class Plan(NamedTuple):
    """How a problem will be computed; nothing has been allocated yet."""

    chosen: Candidate
    bound: int | None
    """On the magnitude of exact sums; None for floats."""
    tile_count: int
    threads: int
    workspace_bytes: int
    memory_bytes: int
    """Input, workspace and output together."""
    reason: str
    candidates: tuple[Candidate, ...]
    """Every engine; empty for small problems, which are not worth the comparison."""

    @property
    def engine(self) -> str:
        """The name of the one that is chosen."""
        return self.chosen.name

    @property
    def arithmetic(self) -> Arithmetic:
        """The numbers that it computes in."""
        return self.chosen.arithmetic

    @property
    def work(self) -> Work:
        """What it does, by one thread."""
        assert self.chosen.work is not None  # nothing is chosen that has an obstacle
        return self.chosen.work

    @property
    def error(self) -> float:
        """How far a cell may be off, as a share of what it could come to (:mod:`convcalc.engine.bounds`).

        That is Σ|weight| times the largest magnitude in its own window, times |scale|, plus |bias|; 0 where the sums
        are exact.
        """
        assert self.chosen.error is not None
        return self.chosen.error

    @property
    def tile_size(self) -> tuple[int, ...]:
        """Output cells of a tile on each spatial axis."""
        return self.work.tile_size

    @property
    def seconds(self) -> float:
        """Estimated, with these threads."""
        return self.work.seconds / self.threads

    def __repr__(self) -> str:
        tiles, threads = counted(self.tile_count, "tile"), counted(self.threads, "thread")
        return f"<Plan: {self.engine} ({self.reason}), {self.arithmetic.words}, {tiles}, {threads}>"


_SMALL_MACS = 20_000
"""Below it no method pays for its own planning."""
_SMALL_REASON = "the problem is small"
_PLANS: dict[tuple[Any, ...], Plan] = {}
_MOST_PLANS = 256
_MOST_WEIGHT_BYTES = 1 << 16
_THREADED_SECONDS = 4e-4
"""Of one thread; below it starting another costs as much as it saves."""


@np.errstate(all="ignore")  # what looks at a kernel may leave the range of floats
def make_plan(
    problem: Problem,
    engine: str = "auto",
    *,
    precision: str = "full",
    threads: int | None = None,
    explain: bool = False,
) -> Plan:
    """The plan with the engine asked for, or with the one that costs least among those that are precise enough.

    ``threads``: at most so many; None stands for all cores that this process may use. ``explain``: weigh every
    engine even where the problem is small.

    Raises:
        UnknownNameError: there is no engine or precision of that name.
        EngineError: the engine asked for cannot take the problem.
        FieldError: threads is not a whole number from 1.
    """
    threads = check_choice(engine, precision, threads)
    bound = sum_bound(problem)
    asked = _Asked(engine, precision, threads, explain)
    key = _key(problem, bound, asked)
    plan = _PLANS.get(key)
    if plan is None:
        if len(_PLANS) >= _MOST_PLANS:
            _PLANS.clear()
        plan = _PLANS[key] = _new_plan(problem, bound, asked)
    return plan if plan.bound == bound else plan._replace(bound=bound)


class _Asked(NamedTuple):
    """What is asked of a plan."""

    engine: str
    precision: str
    threads: int | None
    explain: bool

    def is_at_once(self, problem: Problem) -> bool:
        """Whether no comparison is worth its time, nor asked for."""
        return self.engine == "auto" and not self.explain and problem.macs <= _SMALL_MACS


def _key(problem: Problem, bound: int | None, asked: _Asked) -> tuple[Any, ...]:
    """What problems that have the same plan have in common: comparing all engines takes half a millisecond.

    The plan of a small one depends on nothing but its geometry and its numbers' types.
    """
    shapes = (problem.input.shape, problem.input.dtype, problem.weight.shape)
    if asked.is_at_once(problem):
        arithmetic = choose_arithmetic(problem, _small_engine(problem, bound).arithmetics, bound)
        return (*shapes, problem.axes, problem.groups, problem.dtype, arithmetic.words)
    outside = bool(problem.boundary.value) and abs(problem.boundary.value) > largest(problem.input)
    geometry = (problem.axes, problem.groups, problem.dtype, problem.boundary, outside, problem.flip)
    return (*shapes, *geometry, bound, _weights(problem), *asked)


def check_choice(engine: str, precision: str, threads: int | None) -> int | None:
    """The number of threads, if that, the engine and the precision are some that can be asked for.

    Raises:
        UnknownNameError: there is no engine or precision of that name.
        FieldError: threads is not a whole number from 1, or a name is no text.
    """
    if text("engine", engine) != "auto" and engine not in ENGINES:
        raise UnknownNameError("engine", engine, ["auto", *ENGINES], field="engine")
    if text("precision", precision) not in _PRECISIONS:
        raise UnknownNameError("precision", precision, list(Precision), field="precision")
    return None if threads is None else whole("threads", threads, 1)


def _new_plan(problem: Problem, bound: int | None, asked: _Asked) -> Plan:
    if asked.is_at_once(problem):
        return _plan(problem, weigh(problem, _small_engine(problem, bound), bound), _SMALL_REASON, bound, 1, ())
    rows = [*ENGINES.values()] if asked.engine == "auto" else [ENGINES[asked.engine]]
    weighed = [weigh(problem, row, bound) for row in rows]
    chosen, reason = choose(weighed, asked.engine, Precision(asked.precision))
    if asked.engine == "auto" and problem.macs <= _SMALL_MACS:
        small = _small_engine(problem, bound)
        chosen, reason = next(each for each in weighed if each.name == small.name), _SMALL_REASON
    if asked.explain and len(rows) == 1:
        weighed = [weigh(problem, row, bound) for row in ENGINES.values()]
    return _plan(problem, chosen, reason, bound, asked.threads, tuple(weighed) if len(weighed) > 1 else ())


def _weights(problem: Problem) -> Any:
    """What a plan depends on of the weights: all of them where a kernel may be taken apart, else their size by tap."""
    weight = problem.weight
    if weight.dtype == object or (weight.shape[1] == 1 and weight.nbytes <= _MOST_WEIGHT_BYTES):
        return tuple(weight.flat) if weight.dtype == object else (weight.dtype.str, weight.tobytes())
    taps = tap_sums(weight).tobytes() if is_tap_by_tap(problem) and not problem.is_exact else b""
    return not_finite(problem), taps


def _small_engine(problem: Problem, bound: int | None) -> Engine:
    """The engine of a small problem: a matrix product if its numbers have one."""
    gemm = ENGINES["gemm"]
    return ENGINES["direct"] if choose_arithmetic(problem, gemm.arithmetics, bound) is PYTHON else gemm


def _plan(
    problem: Problem,
    chosen: Candidate,
    reason: str,
    bound: int | None,
    threads: int | None,
    candidates: tuple[Candidate, ...],
) -> Plan:
    work = chosen.work
    assert work is not None  # choose takes nothing that has an obstacle
    tiles = region_count(problem, work.tile_filters, work.tile_size, border_apart=work.border_apart)
    if chosen.arithmetic in (EXACT_FLOAT32, EXACT_FLOAT64):  # sums that become whole numbers in the output
        sums = work.tile_filters * prod(work.tile_size) * chosen.arithmetic.itemsize
        work = work._replace(tile_bytes=work.tile_bytes + sums)
    used = _threads(work, tiles, threads)
    workspace = work.tile_bytes * used + work.shared_bytes
    outputs = prod(problem.output_shape) * max(8 if problem.is_exact else 0, chosen.arithmetic.itemsize)
    # Python's numbers are finished beside the sums, all others in their place
    memory = problem.input.nbytes + workspace + outputs * (2 if chosen.arithmetic is PYTHON else 1)
    return Plan(chosen, bound, tiles, used, workspace, memory, reason, candidates)


def _threads(work: Work, tiles: int, most: int | None) -> int:
    """As many as there are cores and tiles, and as their scratch fits beside each other."""
    if work.seconds < _THREADED_SECONDS or tiles < 2:
        return 1
    room = max(1, (WORKSPACE - work.shared_bytes) // max(1, work.tile_bytes))
    return max(1, min(most or usable_cores(), tiles, room))
