"""The cost, error and obstacles of each engine for a problem, and the choice of one."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import inf
from typing import NamedTuple

from convcalc.engine.bounds import Arithmetic, choose_arithmetic, of_definition
from convcalc.engine.engine import WORKSPACE, Engine, OfExactness, Work
from convcalc.errors import EngineError
from convcalc.problem import Problem

_THREADS = 2
"""Threads that are expected to share the work, none of which share what comes before it."""


class Precision(StrEnum):
    """The precision that an automatically chosen engine must have."""

    FULL = "full"
    """About that of the definition: at most 4 times its error bound in float32, 2 of its 24 binary digits, and 256
    times in float64, 8 of its 53."""
    FAST = "fast"
    """Less where that saves multiplications: at most 256 times the definition's bound in float32, 4096 in float64."""

    def allowed(self, arithmetic: Arithmetic) -> float:
        """The largest ratio of an engine's error bound to the definition's, for windows of equal magnitudes."""
        float32, float64 = (4, 256) if self is Precision.FULL else (256, 4096)
        return float32 if arithmetic.itemsize == 4 else float64


class Candidate(NamedTuple):
    """One engine's cost, error and obstacle for a problem."""

    name: str
    arithmetic: Arithmetic
    obstacle: str | None
    """Why it cannot compute the problem."""
    work: Work | None
    """Its work; None where there is an obstacle."""
    error: float | None = None
    """Its error bound relative to the largest possible magnitude of a cell (:mod:`convcalc.engine.bounds`): 0 where the
    sums are exact, None where there is an obstacle."""
    times: float = 0
    """Its error bound divided by the definition's, for windows as large as their neighbours."""
    delay: float = 0
    """Seconds before it can begin, those of loading and compiling its code."""

    @property
    def seconds(self) -> float:
        """Estimated for one thread."""
        return self.work.seconds if self.work else inf

    @property
    def is_within_workspace(self) -> bool:
        """Whether its scratch is within the limit of a plan."""
        return self.work is None or self.work.bytes <= WORKSPACE

    def is_precise(self, precision: Precision) -> bool:
        """Whether it has the requested precision."""
        return self.times <= precision.allowed(self.arithmetic)


def weigh(problem: Problem, engine: Engine, bound: int | None) -> Candidate:
    """An engine's cost, error and obstacle for a problem; ``bound``: on the magnitude of exact sums."""
    arithmetic = choose_arithmetic(problem, engine.arithmetics, bound)
    obstacle = engine.obstacle(problem, arithmetic)
    if obstacle:
        return Candidate(engine.name, arithmetic, obstacle, None)
    loss = 0.0 if problem.is_exact else engine.loss(problem, arithmetic)
    try:
        work = engine.work(problem, arithmetic)
    except OverflowError:  # more work than a float can hold, which the memory check will refuse
        work = Work(inf, problem.macs, problem.out_channels, (1,) * problem.rank, 0)
    times = loss / of_definition(problem, arithmetic) if loss else 0.0
    return Candidate(
        engine.name, arithmetic, None, work, loss * engine.spread, times, engine.delay(problem, arithmetic)
    )


def choose(weighed: Sequence[Candidate], engine: str, precision: Precision) -> tuple[Candidate, str]:
    """The requested engine, or with ``auto`` the fastest of those that are precise enough; and the reason.

    Raises:
        EngineError: the requested engine, which is the first, cannot compute the problem.
    """
    if engine != "auto":
        only = weighed[0]
        if only.obstacle:
            hint = "--dtype float64, or --engine auto" if isinstance(only.obstacle, OfExactness) else "--engine auto"
            raise EngineError(f"engine {engine} cannot take this problem: {only.obstacle}", hint=hint, field="engine")
        return only, "asked for"
    precise = [each for each in weighed if each.obstacle is None and each.is_precise(precision)]
    return min(precise, key=_cost), "least estimated time" if len(precise) > 1 else "the only one that can"


def awaited(weighed: Sequence[Candidate], chosen: Candidate, precision: Precision) -> Candidate | None:
    """The candidate that would be faster than the chosen one, had its code been compiled already."""
    precise = [each for each in weighed if each.obstacle is None and each.is_precise(precision)]
    best = min(precise, key=_cost_once_ready)
    return best if _cost_once_ready(best) < _cost_once_ready(chosen) else None


def _cost(candidate: Candidate) -> float:
    """A sort key: the seconds of two threads, with those before they can begin.

    The number of threads does not matter: the choice, and with it the last bits, must not depend on it.
    """
    return _cost_once_ready(candidate) + candidate.delay


def _cost_once_ready(candidate: Candidate) -> float:
    """The same without the delay; candidates beyond a plan's limit of scratch come last."""
    return candidate.seconds / _THREADS if candidate.is_within_workspace else inf
