"""How a layer is computed: by convolutions that engines take, one after the other, or by a loop of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from convcalc.engine.plan import Plan
    from convcalc.problem import Problem


class Step(NamedTuple):
    """One convolution that a layer is made of."""

    problem: Problem
    plan: Plan

    @property
    def added_bytes(self) -> int:
        """What it takes beside its input: workspace and output."""
        return self.plan.memory_bytes - self.problem.input.nbytes


class Method(NamedTuple):
    """How a layer is computed, and what that takes."""

    engines: tuple[str, ...]
    """Of its convolutions, each once; of a loop of its own what that does."""
    reason: str
    arithmetic: str
    """The numbers that it computes in, in words."""
    seconds: float
    """Estimated, with these threads."""
    multiplications: int
    error: float
    """How far a cell may be off, as a share of what it could come to (:mod:`convcalc.engine.bounds`)."""
    threads: int
    added_bytes: int
    """What it takes beside its input: workspace and output."""
    steps: tuple[Step, ...] = ()
    """Its convolutions, in turn; none of a loop of its own."""


def method_of(steps: Sequence[Step], beside: int = 0, finished: int = 0) -> Method:
    """That of one or more convolutions one after the other.

    ``beside``: bytes that are held meanwhile; ``finished``: those of what is then made of it.
    """
    plans = [step.plan for step in steps]
    reasons = ", ".join(dict.fromkeys(plan.reason for plan in plans))
    return Method(
        engines=tuple(dict.fromkeys(plan.engine for plan in plans)),
        reason=reasons if len(plans) == 1 else f"{len(plans)} phases: {reasons}",
        arithmetic=plans[0].arithmetic.words,
        seconds=sum(plan.seconds for plan in plans),
        multiplications=sum(plan.work.multiplications for plan in plans),
        error=max(plan.error for plan in plans),
        threads=max(plan.threads for plan in plans),
        added_bytes=beside + max(finished, *(step.added_bytes for step in steps)),
        steps=tuple(steps),
    )
