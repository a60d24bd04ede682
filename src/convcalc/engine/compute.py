"""Runs a plan: tile by tile into the output, scale and bias applied while the tile is in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np

from convcalc.arrays import Array, are_finite, plain, read_only, squeezed
from convcalc.display import Displayed
from convcalc.engine.blas import single_products
from convcalc.engine.engine import Run
from convcalc.engine.epilogue import make_epilogue
from convcalc.engine.plan import Plan, make_plan
from convcalc.engine.table import ENGINES
from convcalc.engine.threads import Scratch, borrowed, long_work, products_of, share
from convcalc.engine.tile import Region, Tile, regions
from convcalc.limits import SMALL, Limits
from convcalc.problem import Problem

Progress = Callable[[int, int], None]
"""Called after each tile, by whichever thread computed it, with the tiles done and the tiles in all."""

_LONG = 4e-4
"""Seconds of work from which several threads share it; setting up the process for it takes some microseconds."""


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Result(Displayed):
    """The output of a problem and the plan that made it."""

    problem: Problem
    output: Array
    """(batch, out_channels, *spatial), read-only."""
    plan: Plan
    is_finite: bool = True
    """Whether no output is inf or nan, as far as known: checked of every tile while it was in the cache."""

    @property
    def squeezed(self) -> Array:
        """The output without a batch of one, and then without a channel of one: as it is saved and expected."""
        return squeezed(self.output)


@np.errstate(all="ignore")  # too large is inf, undefined is nan; worker threads set this themselves
def compute(
    problem: Problem, plan: Plan | None = None, *, progress: Progress | None = None, limits: Limits | None = None
) -> Result:
    """The result of a problem, by the given plan or by the planner's.

    Raises:
        LimitError: the plan needs more memory than may be used; nothing has been allocated then.
    """
    plan = plan or make_plan(problem)
    job = _Job(problem, plan, limits)
    tiles_done = count(1)

    def one(region: Region, scratch: Scratch) -> None:
        job.put(region, scratch)
        if progress:
            progress(next(tiles_done), plan.tile_count)

    if plan.seconds * plan.threads > _LONG:
        with long_work():
            share(one, planned_regions(problem, plan), plan.threads)
    else:
        products = plan.work.multiplications if ENGINES[plan.engine].multiplies else 0
        with products_of(products), borrowed() as scratch:
            for region in planned_regions(problem, plan):
                one(region, scratch)
    return Result(problem, read_only(job.epilogue.settle(job.output)), plan, is_finite=not job.not_finite)


class Cells:
    """Output cells one at a time, with the same bits as in a run: its tiles are computed when they are needed."""

    def __init__(self, problem: Problem, plan: Plan, limits: Limits | None = None) -> None:
        """Reserves memory for the whole output, of which only the tiles that are needed are written.

        Raises:
            LimitError: the run needs more memory than may be used.
        """
        self._job = _Job(problem, plan, limits)
        self._left = list(planned_regions(problem, plan))

    def at(self, sample: int, channel: int, position: Sequence[int]) -> Any:
        """The value of one output cell."""
        return plain(self.block(sample, channel, [range(place, place + 1) for place in position]).item())

    @np.errstate(all="ignore")
    def block(self, sample: int, channel: int, cells: Sequence[range]) -> Array:
        """The values of a block of one output channel; ``cells``: a range for each spatial axis."""
        wanted = Region(range(sample, sample + 1), range(channel, channel + 1), tuple(cells))
        near = [region for region in self._left if region.meets(wanted)]
        if near:
            self._left = [region for region in self._left if not region.meets(wanted)]
            with single_products(), borrowed() as scratch:
                for region in near:
                    self._job.put(region, scratch)
        output = self._job.output
        alone = np.zeros((1, output.shape[1], *wanted.size), output.dtype)
        alone[:, channel] = output[wanted.cut][:, 0]
        finished: Array = self._job.epilogue.settle(alone)[0, channel]
        return finished


class Sums:
    """Computes any tile of a problem by the plan's engine, and by gemm the parts that this engine rejects."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.arithmetic = problem, plan.arithmetic
        self.epilogue = make_epilogue(problem, plan.arithmetic, plan.bound)
        self.not_finite: list[Region] = []
        self._engine = ENGINES[plan.engine]
        self._run = self._engine.prepare(problem, plan.arithmetic)
        self._is_open = not (self._engine.mixes and self.epilogue.keeps_finite)  # mixing engines have checked theirs

    @cached_property
    def _plain(self) -> Run:
        return ENGINES["gemm"].prepare(self.problem, self.arithmetic)

    def write(self, region: Region, part: Array, scratch: Scratch) -> None:
        """Write the sums of a region into its part of the output, with scale and bias where they are complete."""
        again = self._sums(region, part, scratch)
        if not self._is_open and again and not are_finite(part):
            self.not_finite.append(region)

    def _sums(self, region: Region, output: Array, scratch: Scratch) -> Sequence[Region]:
        """Write the sums to (batch, filters, *size), then scale and bias; returns the parts that were recomputed."""

        def done(part: Array, filters: slice) -> None:
            self.epilogue.apply(part, filters)
            if self._is_open and not are_finite(part):
                self.not_finite.append(region)

        is_direct = output.dtype == self.arithmetic.dtype
        sums = output if is_direct else scratch.array("sums", region.shape, self.arithmetic.dtype)
        now = done if is_direct else _later
        tile = Tile.of(self.problem, region, self.arithmetic)
        again = self._run(tile, sums, scratch, now)
        for each in again:
            with single_products():
                self._plain(Tile.of(self.problem, each, self.arithmetic), sums[each.within(region)], scratch, now)
        if not is_direct:
            output[...] = sums
            done(output, tile.filters)
        return again


class _Job(Sums):
    """The same with the whole output, of which only the pages that are written take memory."""

    def __init__(self, problem: Problem, plan: Plan, limits: Limits | None) -> None:
        needed = plan.memory_bytes + 2 * problem.weight.nbytes  # weights as they are, and as the engine has them
        if limits or needed > SMALL:
            (limits or Limits.from_environment()).check_large(needed, "this convolution")
        super().__init__(problem, plan)
        self.output = np.empty(problem.output_shape, dtype=self.epilogue.dtype)

    def put(self, region: Region, scratch: Scratch) -> None:
        """Write a region of the output."""
        self.write(region, self.output[region.cut], scratch)


def planned_regions(problem: Problem, plan: Plan) -> Iterator[Region]:
    """The tiles of a plan."""
    return regions(problem, plan.work.tile_filters, plan.tile_size, border_apart=plan.work.border_apart)


def _later(output: Array, filters: slice) -> None:
    """Does nothing: for sums whose scale and bias are not applied part by part."""
