"""The plan: which engine computes a problem, in which numbers, in which pieces, and why not the others."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from convcalc.arrays import largest
from convcalc.engine.arithmetic import EXACT_FLOAT32, EXACT_FLOAT64, PYTHON, Arithmetic, choose_arithmetic, sum_bound
from convcalc.engine.candidate import Candidate, Precision, choose, weigh
from convcalc.engine.engine import Engine, Work
from convcalc.engine.machine import WORKSPACE
from convcalc.engine.obstacles import not_finite
from convcalc.engine.table import ENGINES
from convcalc.engine.tile import region_count
from convcalc.errors import UnknownNameError
from convcalc.geometry.arguments import whole
from convcalc.limits import usable_cores
from convcalc.problem import Problem

_PRECISIONS = frozenset(Precision)


class Plan(NamedTuple):
    """How a problem will be computed; nothing has been allocated yet."""

    engine: str
    arithmetic: Arithmetic
    bound: int | None
    """On the magnitude of exact sums; None for floats."""
    error: float
    """The worst error of the engine as a share of the largest output; 0 where the sums are exact."""
    tile_filters: int
    """Output channels of a tile."""
    tile_size: tuple[int, ...]
    """Output cells of a tile on each spatial axis."""
    border_apart: bool
    """Whether cells whose windows reach into the padding are tiles of their own."""
    tile_count: int
    threads: int
    seconds: float
    """Estimated, with these threads."""
    multiplications: int
    workspace_bytes: int
    memory_bytes: int
    """Input, workspace and output together."""
    reason: str
    candidates: tuple[Candidate, ...]
    """Every engine; empty for small problems, which are not worth the comparison."""


_SMALL_MACS = 20_000
"""Below it no method pays for its own planning."""
_SMALL_REASON = "the problem is small"
_PLANS: dict[tuple[Any, ...], Plan] = {}
_MOST_PLANS = 256
_MOST_WEIGHT_BYTES = 1 << 16
_THREADED_SECONDS = 4e-4
"""Of one thread; below it starting another costs as much as it saves."""


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
    if engine == "auto" and not explain and problem.macs <= _SMALL_MACS:
        return _small_plan(problem, bound)
    outside = bool(problem.boundary.value) and abs(problem.boundary.value) > largest(problem.input)
    key = (*_geometry(problem), problem.boundary, outside, problem.flip, bound, _weights(problem))
    key = (*key, engine, precision, threads, explain)
    return _remembered(key, lambda: _new_plan(problem, engine, Precision(precision), threads, explain))


def check_choice(engine: str, precision: str, threads: int | None) -> int | None:
    """The number of threads, if that, the engine and the precision are some that can be asked for.

    Raises:
        UnknownNameError: there is no engine or precision of that name.
        FieldError: threads is not a whole number from 1.
    """
    if engine != "auto" and engine not in ENGINES:
        raise UnknownNameError("engine", engine, ["auto", *ENGINES], field="engine")
    if precision not in _PRECISIONS:
        raise UnknownNameError("precision", precision, list(Precision), field="precision")
    return None if threads is None else whole("threads", threads, 1)


def _new_plan(problem: Problem, engine: str, precision: Precision, threads: int | None, explain: bool) -> Plan:
    bound = sum_bound(problem)
    rows = [*ENGINES.values()] if engine == "auto" else [ENGINES[engine]]
    weighed = [weigh(problem, row, bound) for row in rows]
    chosen, reason = choose(weighed, engine, precision)
    if engine == "auto" and problem.macs <= _SMALL_MACS:
        small = _small_engine(problem, bound)
        chosen, reason = next(each for each in weighed if each.name == small.name), _SMALL_REASON
    if explain and len(rows) == 1:
        weighed = [weigh(problem, row, bound) for row in ENGINES.values()]
    return _plan(problem, chosen, reason, bound, threads, tuple(weighed) if len(weighed) > 1 else ())


def _small_plan(problem: Problem, bound: int | None) -> Plan:
    """The plan of a small problem, which depends on nothing but its geometry and its numbers' types."""
    engine = _small_engine(problem, bound)
    arithmetic = choose_arithmetic(problem, engine.arithmetics, bound)

    def make() -> Plan:
        return _plan(problem, weigh(problem, engine, bound), _SMALL_REASON, bound, 1, ())

    plan = _remembered((*_geometry(problem), arithmetic.words), make)
    return plan if plan.bound == bound else plan._replace(bound=bound)


def _remembered(key: tuple[Any, ...], make: Callable[[], Plan]) -> Plan:
    """The plan of an equal problem before, or a new one: comparing all engines takes half a millisecond."""
    plan = _PLANS.get(key)
    if plan is None:
        if len(_PLANS) >= _MOST_PLANS:
            _PLANS.clear()
        plan = _PLANS[key] = make()
    return plan


def _geometry(problem: Problem) -> tuple[Any, ...]:
    """What says everything about a problem but its numbers."""
    return (problem.input.shape, problem.input.dtype, problem.weight.shape, problem.axes, problem.groups, problem.dtype)


def _weights(problem: Problem) -> Any:
    """What a plan depends on of the weights: all of them where a kernel may be taken apart, else their size."""
    weight = problem.weight
    if weight.dtype == object or (weight.shape[1] == 1 and weight.nbytes <= _MOST_WEIGHT_BYTES):
        return tuple(weight.flat) if weight.dtype == object else (weight.dtype.str, weight.tobytes())
    return not_finite(problem)


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
    return Plan(
        engine=chosen.name,
        arithmetic=chosen.arithmetic,
        bound=bound,
        error=chosen.error,
        tile_filters=work.tile_filters,
        tile_size=work.tile_size,
        border_apart=work.border_apart,
        tile_count=tiles,
        threads=used,
        seconds=work.seconds / used,
        multiplications=work.multiplications,
        workspace_bytes=workspace,
        # Python's numbers are finished beside the sums, all others in their place
        memory_bytes=problem.input.nbytes + workspace + outputs * (2 if chosen.arithmetic is PYTHON else 1),
        reason=reason,
        candidates=candidates,
    )


def _threads(work: Work, tiles: int, most: int | None) -> int:
    """As many as there are cores and tiles, and as their scratch fits beside each other."""
    if work.seconds < _THREADED_SECONDS or tiles < 2:
        return 1
    room = max(1, (WORKSPACE - work.shared_bytes) // max(1, work.tile_bytes))
    return max(1, min(most or usable_cores(), tiles, room))
