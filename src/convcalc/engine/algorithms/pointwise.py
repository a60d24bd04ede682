"""A kernel of one tap: one matrix product of the channels, with nothing copied."""

from __future__ import annotations

from math import prod

from convcalc.arrays import Array
from convcalc.engine.algorithms import gemm
from convcalc.engine.algorithms.gemm import group_filters, of_tile, product_into, product_work, sums_seconds
from convcalc.engine.bounds import Arithmetic
from convcalc.engine.engine import Done, Run, Work, no_product
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.problem import Problem


def _prepare(problem: Problem, arithmetic: Arithmetic) -> Run:
    filters = group_filters(problem, arithmetic)

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> list[Region]:
        block = tile.block(scratch)
        columns = block.reshape(len(block), tile.groups, -1, prod(tile.size))
        product_into(output, of_tile(filters, tile), columns)
        done(output, tile.filters)
        return []

    return run


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:
    if prod(problem.kernel_size) > 1:
        return "the kernel has more than one tap"
    return no_product(arithmetic)


def _work(problem: Problem, arithmetic: Arithmetic) -> Work:
    work = product_work(problem, arithmetic, sums_seconds(problem, arithmetic))
    return work._replace(tile_bytes=2 * work.tile_bytes)


ENGINE = gemm.ENGINE._replace(
    name="pointwise",
    title="one matrix product of the channels",
    obstacle=_obstacle,
    work=_work,
    prepare=_prepare,
)
