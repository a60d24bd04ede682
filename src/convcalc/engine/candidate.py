"""What speaks for and against each engine, and which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import inf
from typing import NamedTuple

from convcalc.engine.arithmetic import Arithmetic, choose_arithmetic
from convcalc.engine.engine import Engine, Work
from convcalc.engine.machine import WORKSPACE
from convcalc.errors import EngineError
from convcalc.problem import Problem


class Precision(StrEnum):
    """How many digits an engine that is chosen automatically must keep."""

    FULL = "full"
    """All that the dtype allows: at worst 2e-6 of the largest output in float32, 1e-13 in float64."""
    FAST = "fast"
    """A digit less where that saves multiplications: at worst 3e-5 in float32, 1e-12 in float64."""

    def allowed(self, arithmetic: Arithmetic) -> float:
        """The error that is accepted, as a share of the largest output."""
        float32, float64 = (2e-6, 1e-13) if self is Precision.FULL else (3e-5, 1e-12)
        return float32 if arithmetic.itemsize == 4 else float64


class Candidate(NamedTuple):
    """What speaks for and against one engine."""

    name: str
    arithmetic: Arithmetic
    obstacle: str | None
    """Why it cannot take the problem."""
    work: Work | None
    """What it would do; None where there is an obstacle."""
    error: float
    """The worst of its errors as a share of the largest output; 0 where the sums are exact."""

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
        return self.error <= precision.allowed(self.arithmetic)


def weigh(problem: Problem, engine: Engine, bound: int | None) -> Candidate:
    """What speaks for and against an engine; ``bound``: on the magnitude of exact sums."""
    arithmetic = choose_arithmetic(problem, engine.arithmetics, bound)
    obstacle = engine.obstacle(problem, arithmetic)
    error = 0.0 if problem.is_exact else engine.errors[arithmetic.itemsize == 8]
    if obstacle:
        return Candidate(engine.name, arithmetic, obstacle, None, error)
    try:
        work = engine.work(problem, arithmetic)
    except OverflowError:  # more work than a float can count, which the memory check will refuse
        work = Work(inf, problem.macs, problem.out_channels, (1,) * problem.rank, 0)
    return Candidate(engine.name, arithmetic, None, work, error)


def choose(weighed: Sequence[Candidate], engine: str, precision: Precision) -> tuple[Candidate, str]:
    """The engine asked for, or with ``auto`` the one that costs least among those that are precise enough; and why.

    Raises:
        EngineError: the engine asked for, which is the first, cannot take the problem.
    """
    if engine != "auto":
        asked = weighed[0]
        if asked.obstacle:
            raise EngineError(
                f"engine {engine} cannot take this problem: {asked.obstacle}", hint="--engine auto", field="engine"
            )
        return asked, "asked for"
    precise = [each for each in weighed if each.obstacle is None and each.is_precise(precision)]
    return min(precise, key=_cost), "least estimated time" if len(precise) > 1 else "the only one that can"


def _cost(candidate: Candidate) -> float:
    """Seconds; what needs more scratch than a plan may have goes last."""
    return candidate.seconds if candidate.is_within_workspace else inf
