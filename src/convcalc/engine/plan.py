"""The plan of a problem: the engine, number type and tiles, and why not the other engines."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import largest
from convcalc.engine.bounds import (
    INT64,
    PYTHON,
    Arithmetic,
    choose_arithmetic,
    is_tap_by_tap,
    sum_bound,
    tap_sums,
)
from convcalc.engine.candidate import Candidate, Precision, awaited, choose, weigh
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
    """Every engine; empty for small problems, where the comparison takes longer than it saves."""
    awaited: Candidate | None = None
    """The engine that would be faster if its code were compiled already, which takes longer than it saves once."""

    @property
    def engine(self) -> str:
        """The name of the chosen engine."""
        return self.chosen.name

    @property
    def arithmetic(self) -> Arithmetic:
        """The number type of its sums."""
        return self.chosen.arithmetic

    @property
    def work(self) -> Work:
        """Its work, by one thread."""
        assert self.chosen.work is not None  # the chosen engine has no obstacle
        return self.chosen.work

    @property
    def error(self) -> float:
        """The error bound of a cell relative to its largest possible magnitude (:mod:`convcalc.engine.bounds`).

        That is Σ|weight| times the largest magnitude in its own window, times |scale|, plus |bias|; 0 of exact sums.
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
"""Below it no other engine saves as much as its planning costs."""
_SMALL_REASON = "the problem is small"
_PLANS: dict[tuple[Any, ...], Plan] = {}
_MOST_PLANS = 256
_MOST_WEIGHT_BYTES = 1 << 16
_THREADED_SECONDS = 4e-4
"""Seconds of one thread; below it starting another costs as much as it saves."""


def make_plan(
    problem: Problem,
    engine: str = "auto",
    *,
    precision: str = "full",
    threads: int | None = None,
    explain: bool = False,
) -> Plan:
    """The plan with the requested engine, or with the fastest of those that are precise enough.

    ``threads``: the most to use; None: all cores that this process may use. ``explain``: compare every engine even
    where the problem is small.

    Raises:
        UnknownNameError: there is no engine or precision of that name.
        EngineError: the requested engine cannot compute the problem.
        FieldError: threads is not a whole number from 1.
    """
    threads = check_choice(engine, precision, threads)
    bound = sum_bound(problem)
    requested = _Asked(engine, precision, threads, explain)
    key = _key(problem, bound, requested)
    plan = _PLANS.get(key)
    if plan is None:
        if len(_PLANS) >= _MOST_PLANS:
            _PLANS.clear()
        plan = _PLANS[key] = _new_plan(problem, bound, requested)
    if plan.awaited and _has_paid(problem, plan.chosen, plan.awaited):
        plan = _PLANS[key] = _new_plan(problem, bound, requested, at_once=False)
    return plan if plan.bound == bound else plan._replace(bound=bound)


_COMPILING = 1.0
"""Seconds of delay that only compiling takes, which can be done ahead; loading what is compiled takes less."""
_FORGONE: dict[tuple[str, str], float] = {}
"""Seconds that this process has lost by not compiling an engine's code, for each of its number types."""


def _has_paid(problem: Problem, chosen: Candidate, other: Candidate) -> bool:
    """Count another run without an engine whose code is not compiled; whether compiling it pays from now on.

    It does when the lost time comes to what compiling takes: whatever follows, at most twice the least is spent (the
    problem of renting or buying skis; Karlin et al., "Competitive snoopy caching", 1988).
    """
    key = other.name, other.arithmetic.words
    lost = _FORGONE[key] = _FORGONE.get(key, 0.0) + chosen.seconds - other.seconds
    return lost >= ENGINES[other.name].delay(problem, other.arithmetic)


class _Asked(NamedTuple):
    """The requested settings of a plan."""

    engine: str
    precision: str
    threads: int | None
    explain: bool

    def is_at_once(self, problem: Problem) -> bool:
        """Whether a comparison of engines takes longer than it saves, and is not requested."""
        return self.engine == "auto" and not self.explain and problem.macs <= _SMALL_MACS


def _key(problem: Problem, bound: int | None, requested: _Asked) -> tuple[Any, ...]:
    """The cache key of a plan: comparing all engines takes half a millisecond.

    The plan of a small problem depends only on its geometry and its numbers' types.
    """
    shapes = (problem.input.shape, problem.input.dtype, problem.weight.shape)
    if requested.is_at_once(problem):
        arithmetic = choose_arithmetic(problem, _small_engine(problem, bound).arithmetics, bound)
        return (*shapes, problem.axes, problem.groups, problem.dtype, arithmetic.words)
    outside = bool(problem.boundary.value) and abs(problem.boundary.value) > largest(problem.input)
    geometry = (problem.axes, problem.groups, problem.dtype, problem.boundary, outside, problem.flip)
    return (*shapes, *geometry, bound, _weights(problem), *requested)


def check_choice(engine: str, precision: str, threads: int | None) -> int | None:
    """The number of threads; checks it, the engine and the precision.

    Raises:
        UnknownNameError: there is no engine or precision of that name.
        FieldError: threads is not a whole number from 1, or a name is no text.
    """
    if text("engine", engine) != "auto" and engine not in ENGINES:
        raise UnknownNameError("engine", engine, ["auto", *ENGINES], field="engine")
    if text("precision", precision) not in _PRECISIONS:
        raise UnknownNameError("precision", precision, list(Precision), field="precision")
    return None if threads is None else whole("threads", threads, 1)


@np.errstate(all="ignore")  # the analysis of a kernel may leave the range of floats
def _new_plan(problem: Problem, bound: int | None, requested: _Asked, *, at_once: bool = True) -> Plan:
    """``at_once``: the time before an engine can begin counts."""
    if requested.is_at_once(problem):
        return _plan(problem, weigh(problem, _small_engine(problem, bound), bound), _SMALL_REASON, bound, 1, ())
    rows = [*ENGINES.values()] if requested.engine == "auto" else [ENGINES[requested.engine]]
    weighed = [weigh(problem, row, bound) for row in rows]
    precision, better = Precision(requested.precision), None
    chosen, reason = choose(weighed, requested.engine, precision)
    if requested.engine == "auto":
        better = awaited(weighed, chosen, precision)
        if better and not at_once:
            chosen, better = better, None
        elif better and better.delay > _COMPILING:
            reason += f"; {better.name} would take less once it is compiled: convcalc doctor --warm"
    if requested.engine == "auto" and problem.macs <= _SMALL_MACS:
        small = _small_engine(problem, bound)
        chosen, reason, better = next(each for each in weighed if each.name == small.name), _SMALL_REASON, None
    if requested.explain and len(rows) == 1:
        weighed = [weigh(problem, row, bound) for row in ENGINES.values()]
    plan = _plan(problem, chosen, reason, bound, requested.threads, tuple(weighed) if len(weighed) > 1 else ())
    return plan._replace(awaited=better)


def _weights(problem: Problem) -> Any:
    """The part of the weights that a plan depends on: all where a kernel may be factored, else their sizes by tap."""
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
    assert work is not None  # choose() takes no engine that has an obstacle
    tiles = region_count(problem, work.tile_filters, work.tile_size, border_apart=work.border_apart)
    if problem.is_exact and chosen.arithmetic not in (INT64, PYTHON):  # sums that become others in the output
        sums = work.tile_filters * prod(work.tile_size) * chosen.arithmetic.itemsize
        work = work._replace(tile_bytes=work.tile_bytes + sums)
    used = _threads(work, tiles, threads)
    workspace = work.tile_bytes * used + work.shared_bytes
    outputs = prod(problem.output_shape) * max(8 if problem.is_exact else 0, chosen.arithmetic.itemsize)
    # the output of Python's numbers needs memory besides the sums, all others are computed in place
    memory = problem.input.nbytes + workspace + outputs * (2 if chosen.arithmetic is PYTHON else 1)
    return Plan(chosen, bound, tiles, used, workspace, memory, reason, candidates)


def _threads(work: Work, tiles: int, most: int | None) -> int:
    """The number of threads: at most that of cores and of tiles, and as many as their scratch allows."""
    if work.seconds < _THREADED_SECONDS or tiles < 2:
        return 1
    room = max(1, (WORKSPACE - work.shared_bytes) // max(1, work.tile_bytes))
    return max(1, min(most or usable_cores(), tiles, room))
