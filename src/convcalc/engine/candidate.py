"""What speaks for and against each engine, and which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import inf
from typing import NamedTuple

from convcalc.engine.bounds import Arithmetic, choose_arithmetic, of_definition
from convcalc.engine.engine import WORKSPACE, Engine, OfExactness, Work
from convcalc.errors import EngineError
from convcalc.problem import Problem


class Precision(StrEnum):
    """How many digits an engine that is chosen automatically must keep."""

    FULL = "full"
    """About all that the definition keeps: at worst 4 times its bound in float32, of whose 24 binary digits these are
    two, and 256 times in float64, of whose 53 they are eight."""
    FAST = "fast"
    """Fewer where that saves multiplications: at worst 256 times the definition's bound in float32, 4096 in float64."""

    def allowed(self, arithmetic: Arithmetic) -> float:
        """How many times as far off as the definition an engine may be where all windows hold alike."""
        float32, float64 = (4, 256) if self is Precision.FULL else (256, 4096)
        return float32 if arithmetic.itemsize == 4 else float64


class Candidate(NamedTuple):
    """What speaks for and against one engine."""

    name: str
    arithmetic: Arithmetic
    obstacle: str | None
    """Why it cannot take the problem."""
    work: Work | None
    """What it would do; None where there is an obstacle."""
    error: float | None = None
    """How far it may be off, as a share of what a cell could come to (:mod:`convcalc.engine.bounds`): 0 where the sums
    are exact, None where there is an obstacle."""
    times: float = 0
    """How many times as far as the definition, where all windows hold as much as their neighbours."""

    @property
    def seconds(self) -> float:
        """Estimated for one thread."""
        return self.work.seconds if self.work else inf

    @property
    def is_within_workspace(self) -> bool:
        """Whether its scratch is not more than a plan may have."""
        return self.work is None or self.work.bytes <= WORKSPACE

    def is_precise(self, precision: Precision) -> bool:
        """Whether it keeps as many digits as are asked for."""
        return self.times <= precision.allowed(self.arithmetic)


def weigh(problem: Problem, engine: Engine, bound: int | None) -> Candidate:
    """What speaks for and against an engine; ``bound``: on the magnitude of exact sums."""
    arithmetic = choose_arithmetic(problem, engine.arithmetics, bound)
    obstacle = engine.obstacle(problem, arithmetic)
    if obstacle:
        return Candidate(engine.name, arithmetic, obstacle, None)
    loss = 0.0 if problem.is_exact else engine.loss(problem, arithmetic)
    try:
        work = engine.work(problem, arithmetic)
    except OverflowError:  # more work than a float can count, which the memory check will refuse
        work = Work(inf, problem.macs, problem.out_channels, (1,) * problem.rank, 0)
    times = loss / of_definition(problem, arithmetic) if loss else 0.0
    return Candidate(engine.name, arithmetic, None, work, loss * engine.spread, times)


def choose(weighed: Sequence[Candidate], engine: str, precision: Precision) -> tuple[Candidate, str]:
    """The engine asked for, or with ``auto`` the one that costs least among those that are precise enough; and why.

    Raises:
        EngineError: the engine asked for, which is the first, cannot take the problem.
    """
    if engine != "auto":
        asked = weighed[0]
        if asked.obstacle:
            hint = "--dtype float64, or --engine auto" if isinstance(asked.obstacle, OfExactness) else "--engine auto"
            raise EngineError(f"engine {engine} cannot take this problem: {asked.obstacle}", hint=hint, field="engine")
        return asked, "asked for"
    precise = [each for each in weighed if each.obstacle is None and each.is_precise(precision)]
    return min(precise, key=_cost), "least estimated time" if len(precise) > 1 else "the only one that can"


def _cost(candidate: Candidate) -> float:
    """Seconds; what needs more scratch than a plan may have goes last."""
    return candidate.seconds if candidate.is_within_workspace else inf
