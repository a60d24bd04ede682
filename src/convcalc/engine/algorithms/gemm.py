"""Blocked im2col and matrix multiplication: the windows of a tile become columns, one product makes all channels.

The columns of a tile stay in the cache; those of a whole image would live in memory and cost two to five times as
much (the layout is that of Chellapilla et al., "High performance convolutional neural networks", 2006).
"""

from __future__ import annotations

from math import prod

import numpy as np

from convcalc.arrays import Array, index, strided
from convcalc.engine.bounds import EXACT_FLOAT32, EXACT_FLOAT64, INT64, Arithmetic, of_definition
from convcalc.engine.engine import CALL, Done, Engine, Run, Work, no_product, pass_seconds, product_seconds
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import block_bytes, steps, tile_size
from convcalc.problem import Problem

_COLUMNS = 1 << 20
"""Bytes of columns for one product."""
_FEW_TERMS = 64


def product_into(output: Array, filters: Array, columns: Array) -> None:
    """Filters @ columns written into a tile's output, (batch, out_channels, *size), whatever its strides.

    ``filters``: (groups, filters of a group, terms); ``columns``: (batch, groups, terms, cells).
    """
    cells, width = columns.shape[-1], output.shape[-1]
    target = output.reshape(len(columns), len(filters), -1, cells)
    if columns.shape[2] < _FEW_TERMS and output.ndim > 3 and width >= _FEW_TERMS:
        # little work for each number written: a row at a time stays in the cache on its way out
        by_row = columns.reshape(*columns.shape[:3], -1, width).transpose(0, 1, 3, 2, 4)
        np.matmul(filters[:, None], by_row, out=target.reshape(*target.shape[:3], -1, width).transpose(0, 1, 3, 2, 4))
    else:
        np.matmul(filters, columns, out=target)
    if not np.may_share_memory(target, output):
        output[...] = target.reshape(output.shape)


def group_filters(problem: Problem, arithmetic: Arithmetic) -> Array:
    """The applied weight as (groups, filters of a group, terms): what a product multiplies columns with."""
    weight = problem.applied_weight.astype(arithmetic.dtype)
    return weight.reshape(problem.groups, problem.out_channels // problem.groups, -1)


def of_tile(filters: Array, tile: Tile) -> Array:
    """The filters of a tile: whole groups, or some of the only group."""
    if len(filters) == 1:
        return filters[:, tile.filters]
    each = filters.shape[1]
    return filters[tile.region.filters.start // each : tile.region.filters.stop // each]


def sums_seconds(problem: Problem, arithmetic: Arithmetic) -> float:
    """Seconds of the products in one thread; with few filters they read their columns for little work."""
    few = 1 + 4 * problem.groups / problem.out_channels
    return problem.macs * few * product_seconds(arithmetic)


def _prepare(problem: Problem, arithmetic: Arithmetic) -> Run:
    filters = group_filters(problem, arithmetic)

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> list[Region]:
        windows = _windows(tile, tile.block(scratch))
        some = of_tile(filters, tile)
        each = _COLUMNS // max(1, windows.nbytes // tile.size[0])
        for step in steps(tile.size[0], each):
            cut = windows[index(..., step, *(slice(None),) * (len(tile.size) - 1))]
            columns = scratch.array("columns", cut.shape, arithmetic.dtype)
            np.copyto(columns, cut)
            part = output[:, :, step]
            product_into(part, some, columns.reshape(len(cut), tile.groups, some.shape[-1], -1))
            done(part, tile.filters)
        return []

    return run


def _windows(tile: Tile, block: Array) -> Array:
    """(batch, in_channels, *kernel_size, *size): the cell under every tap at every output cell, as a view."""
    rows = tuple(zip(block.strides[2:], tile.reads, strict=True))
    shape = (*block.shape[:2], *tile.problem.kernel_size, *tile.size)
    taps, cells = [step * each.dilation for step, each in rows], [step * each.stride for step, each in rows]
    return strided(block, shape, (*block.strides[:2], *taps, *cells))


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:  # noqa: ARG001 - the signature of every engine
    return no_product(arithmetic)


def _work(problem: Problem, arithmetic: Arithmetic) -> Work:
    columns = problem.in_channels * prod(problem.kernel_size) * arithmetic.itemsize
    copied = problem.batch * prod(problem.output_size) * problem.in_channels * prod(problem.kernel_size)
    seconds = copied * 1.5 * pass_seconds(arithmetic) + sums_seconds(problem, arithmetic)
    work = product_work(problem, arithmetic, seconds)
    size = work.tile_size
    held = min(max(_COLUMNS, prod(size[1:]) * columns), prod(size) * columns)
    return work._replace(tile_bytes=work.tile_bytes + held)


def product_work(problem: Problem, arithmetic: Arithmetic, seconds: float) -> Work:
    """That of an engine of matrix products that take so long, with the cells of a tile as its only scratch."""
    size = tile_size(problem, seconds, arithmetic.itemsize)
    block = block_bytes(problem, size, arithmetic.itemsize)
    return Work(seconds + 20 * CALL, problem.macs, problem.out_channels, size, block)


ENGINE = Engine(
    name="gemm",
    title="windows as columns of a matrix product",
    arithmetics=(EXACT_FLOAT32, EXACT_FLOAT64, INT64),
    obstacle=_obstacle,
    work=_work,
    prepare=_prepare,
    loss=of_definition,
    multiplies=True,
)
