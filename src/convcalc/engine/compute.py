"""Carrying a plan out: tile by tile into the output, every tile finished while it is in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np

from convcalc.arrays import Array, are_finite, read_only, squeezed
from convcalc.engine.engine import Done, Run
from convcalc.engine.finish import finish, make_finish
from convcalc.engine.plan import Plan, make_plan
from convcalc.engine.scratch import Scratch, borrowed
from convcalc.engine.table import ENGINES
from convcalc.engine.threads import long_work, share
from convcalc.engine.tile import Region, Tile, regions
from convcalc.limits import Limits
from convcalc.problem import Problem

Progress = Callable[[int, int], None]
"""Called after each tile, by whichever thread computed it, with the tiles done and the tiles in all."""

# Seconds of work from which BLAS is held to one thread; finding it costs 3 ms, once.
_LONG = 4e-4


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """The output of a problem and the plan that made it."""

    output: Array
    """(batch, out_channels, *spatial), read-only."""
    plan: Plan
    is_finite: bool = True
    """Whether surely no output is inf or nan: asked of every tile while it was in the cache."""

    @property
    def squeezed(self) -> Array:
        """The output without a batch of one, and then without a channel of one: as it is saved and expected."""
        return squeezed(self.output)


def compute(
    problem: Problem, plan: Plan | None = None, *, progress: Progress | None = None, limits: Limits | None = None
) -> Result:
    """The result of a problem, by the given plan or by the planner's own.

    Raises:
        LimitError: the plan needs more memory than may be used; nothing has been allocated then.
    """
    plan = plan or make_plan(problem)
    Limits.check_large(plan.memory_bytes, "this convolution", limits)
    finishing = make_finish(problem, plan.arithmetic, plan.bound)
    output = np.empty(problem.output_shape, dtype=finishing.dtype)
    job = _Job(problem, plan)
    tiles = regions(problem, plan.tile_filters, plan.tile_size, border_apart=plan.border_apart)
    tiles_done = count(1)
    is_open = not (job.engine.mixes and finishing.keeps_finite)  # mixing engines have looked at their sums
    not_finite: list[Region] = []

    def one(region: Region, scratch: Scratch) -> None:
        def done(part: Array, filters: slice) -> None:
            finishing.apply(part, filters)
            if is_open and not are_finite(part):
                not_finite.append(region)

        part = output[region.cut]
        if not job.sums(region, part, scratch, done) and not are_finite(part):
            not_finite.append(region)
        if progress:
            progress(next(tiles_done), plan.tile_count)

    if plan.seconds * plan.threads > _LONG:
        with long_work():
            share(one, tiles, plan.threads)
    else:
        with borrowed() as scratch, np.errstate(all="ignore"):
            for region in tiles:
                one(region, scratch)
    return Result(read_only(finishing.settle(output)), plan, is_finite=not not_finite)


class _Job:
    """The sums of any tile of a problem, by the plan's engine or, where that would spread inf or nan, by gemm."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.arithmetic = problem, plan.arithmetic
        self.engine = ENGINES[plan.engine]
        self.run = self.engine.prepare(problem, plan.arithmetic)

    @cached_property
    def _plain(self) -> Run:
        return ENGINES["gemm"].prepare(self.problem, self.arithmetic)

    def sums(self, region: Region, output: Array, scratch: Scratch, done: Done) -> bool:
        """Writes the sums of a region into ``output``, (batch, filters, *size), of any dtype that holds them.

        ``done`` finishes them part by part, in the dtype of ``output``. Gives whether the engine could be sure of them.
        """
        tile = Tile.of(self.problem, region, self.arithmetic)
        is_direct = output.dtype == self.arithmetic.dtype
        sums = output if is_direct else scratch.array("sums", region.shape, self.arithmetic.dtype)
        now = done if is_direct else _later
        is_sure = self.run(tile, sums, scratch, now)
        if not is_sure:
            self._plain(tile, sums, scratch, now)
        if not is_direct:
            output[...] = sums
            done(output, tile.filters)
        return is_sure


def compute_cell(problem: Problem, plan: Plan, sample: int, position: Sequence[int]) -> Array:
    """Every output channel of one output cell, (out_channels,), by the plan's engine: a tile of one cell."""
    spatial = tuple(range(place, place + 1) for place in position)
    region = Region(range(sample, sample + 1), range(problem.out_channels), spatial)
    sums = np.empty(region.shape, plan.arithmetic.dtype)
    with np.errstate(all="ignore"):
        _Job(problem, plan).sums(region, sums, Scratch(), _later)
        return finish(problem, sums).reshape(-1)


def _later(output: Array, filters: slice) -> None:
    """For sums that are not finished part by part."""
