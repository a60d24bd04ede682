"""A kernel of one tap: one matrix product of the channels, with nothing copied."""

from __future__ import annotations

from math import prod

from convcalc.arrays import Array
from convcalc.engine.algorithms.gemm import group_filters, of_tile, product_into, sums_seconds
from convcalc.engine.arithmetic import EXACT_FLOAT32, EXACT_FLOAT64, INT64, Arithmetic
from convcalc.engine.bounds import of_definition
from convcalc.engine.engine import Done, Engine, Run, Work
from convcalc.engine.machine import CALL
from convcalc.engine.obstacles import no_product
from convcalc.engine.scratch import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import block_bytes, tile_size
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
    seconds = sums_seconds(problem, arithmetic)
    size = tile_size(problem, seconds, arithmetic.itemsize)
    return Work(
        seconds=seconds + 20 * CALL,
        multiplications=problem.macs,
        tile_filters=problem.out_channels,
        tile_size=size,
        tile_bytes=2 * block_bytes(problem, size, arithmetic.itemsize),
    )


ENGINE = Engine(
    name="pointwise",
    title="one matrix product of the channels",
    arithmetics=(EXACT_FLOAT32, EXACT_FLOAT64, INT64),
    obstacle=_obstacle,
    work=_work,
    prepare=_prepare,
    loss=of_definition,
    multiplies=True,
)
