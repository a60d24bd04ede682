"""Carrying a plan out: tile by tile into the output, then scale and bias."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from convcalc.arrays import Array, read_only
from convcalc.engine.finish import finish
from convcalc.engine.plan import Plan, make_plan
from convcalc.engine.table import ENGINES
from convcalc.engine.tile import Region, make_tile, regions
from convcalc.limits import MIB, Limits
from convcalc.problem import Problem

Progress = Callable[[int, int], None]
"""Called after each tile with the tiles done and the tiles in all."""

# Below this the memory question is not asked: the answer costs longer than the work.
_SMALL = 16 * MIB


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """The output of a problem and the plan that made it."""

    output: Array
    """(batch, out_channels, *spatial), read-only."""
    plan: Plan

    @property
    def squeezed(self) -> Array:
        """The output without a batch of one, and then without a channel of one: as it is saved and expected."""
        if self.output.shape[0] != 1:
            return self.output
        sample: Array = self.output[0]
        return sample.reshape(sample.shape[1:]) if len(sample) == 1 else sample


def compute(
    problem: Problem, plan: Plan | None = None, *, progress: Progress | None = None, limits: Limits | None = None
) -> Result:
    """The result of a problem, by the given plan or by the planner's own.

    Raises:
        LimitError: the plan needs more memory than may be used; nothing has been allocated then.
    """
    plan = plan or make_plan(problem)
    if plan.memory_bytes > _SMALL or (limits and limits.memory):
        (limits or Limits.from_environment()).check_memory(plan.memory_bytes, "this convolution")
    sums = np.empty(problem.output_shape, dtype=plan.arithmetic.dtype)
    weight = problem.applied_weight.astype(plan.arithmetic.dtype)
    run = ENGINES[plan.engine].run
    with np.errstate(all="ignore"):  # inf and nan stand in the output, where a report finds them
        for done, region in enumerate(regions(problem, plan.tile_size), start=1):
            sums[region.cut] = run(make_tile(problem, region, weight, plan.arithmetic))
            if progress:
                progress(done, plan.tile_count)
        return Result(read_only(finish(problem, sums)), plan)


def compute_cell(problem: Problem, plan: Plan, sample: int, position: Sequence[int]) -> Array:
    """Every output channel of one output cell, (out_channels,), by the plan's engine: a tile of one cell."""
    region = Region(range(sample, sample + 1), tuple(range(place, place + 1) for place in position))
    with np.errstate(all="ignore"):
        weight = problem.applied_weight.astype(plan.arithmetic.dtype)
        sums = ENGINES[plan.engine].run(make_tile(problem, region, weight, plan.arithmetic))
        return finish(problem, sums).reshape(-1)
