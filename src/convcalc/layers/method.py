"""How a layer is computed: by convolutions on engines, one after the other, or by its own loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from convcalc.context import STANDARD, Context

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.engine.plan import Plan
    from convcalc.problem import Problem


class Step(NamedTuple):
    """One convolution of a layer's computation."""

    problem: Problem
    plan: Plan

    @property
    def added_bytes(self) -> int:
        """What it takes beside its input: workspace and output."""
        return self.plan.memory_bytes - self.problem.input.nbytes


class Method(NamedTuple):
    """How a layer is computed, and its cost."""

    engines: tuple[str, ...]
    """The engines of its convolutions, each once; or the description of its own loop."""
    reason: str
    arithmetic: str
    """The number type of its sums, in words."""
    seconds: float
    """Estimated, with these threads."""
    multiplications: int
    error: float
    """The error bound of a cell relative to its largest possible magnitude (:mod:`convcalc.engine.bounds`)."""
    threads: int
    added_bytes: int
    """What it takes beside its input: workspace and output."""
    steps: tuple[Step, ...] = ()
    """Its convolutions, in order; none if it has its own loop."""


def output_of(problem: Problem, context: Context = STANDARD) -> Array:
    """The output of a convolution, (batch, out_channels, *output_size), by the engine that the planner chooses."""
    from convcalc.engine.compute import compute

    plan = context.plan(problem)
    if context.planned:
        context.planned(plan)
    return compute(problem, plan, progress=context.progress, limits=context.limits).output


def method_of(steps: Sequence[Step], beside: int = 0, finished: int = 0) -> Method:
    """The method of one or more convolutions one after the other.

    ``beside``: bytes of other arrays meanwhile; ``finished``: those of the arrays that then follow.
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
