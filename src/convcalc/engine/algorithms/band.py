"""Several output rows at once by the banded matrix of the kernel: for one or few channels, where im2col starves.

T output rows of a channel are a T × (taps of the last axis · (T + taps − 1)) matrix, which holds the kernel along its
diagonals, times shifted copies of the rows below. It multiplies zeros too, but in a product large enough for BLAS.
"""

from __future__ import annotations

from functools import cache
from math import ceil, prod, sqrt

import numpy as np

from convcalc.arrays import Array, are_finite, strided
from convcalc.engine.bounds import EXACT_FLOAT32, EXACT_FLOAT64, INT64, Arithmetic, of_definition
from convcalc.engine.engine import CALL, Done, Engine, Run, Work, no_product, not_finite, pass_seconds, product_seconds
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import block_bytes, channel_tile, is_large, steps, tile_size
from convcalc.problem import Problem

_COLUMNS = 1 << 21
"""Bytes of columns for one product."""


def _prepare(problem: Problem, arithmetic: Arithmetic) -> Run:
    weight = problem.applied_weight.astype(arithmetic.dtype)
    wanted = _rows(problem)

    @cache
    def bands(rows: int, step: int, spread: int) -> Array:
        return _bands(weight, problem.groups, rows, step, spread)

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> list[Region]:
        rows, down = min(wanted, tile.size[-2]), tile.reads[-2]
        matrix = bands(rows, down.stride, down.dilation)
        first = tile.region.filters.start // matrix.shape[1]
        matrix = matrix[first : first + tile.groups]
        block = tile.block(scratch)
        target = output[0].reshape(tile.groups, -1, *tile.size)
        whole = tile.size[-2] // rows
        finite = _multiply(tile, matrix, block, target[..., : whole * rows, :], whole, scratch)
        if whole * rows < tile.size[-2]:  # the last rows once more, with some that are done
            block = block[..., (tile.size[-2] - rows) * down.stride :, :]
            finite &= _multiply(tile, matrix, block, target[..., -rows:, :], 1, scratch)
        finite = finite and (tile.groups == 1 or are_finite(output))
        done(output, tile.filters)
        return [] if finite else [tile.region]

    return run


def _bands(weight: Array, groups: int, rows: int, step: int, spread: int) -> Array:
    """(groups, filters of a group, rows, terms): the kernel along the diagonals of every tap of the other axes."""
    taps = weight.shape[-2]
    filters = np.moveaxis(weight.reshape(groups, -1, *weight.shape[1:]), -2, -1)
    below = (rows - 1) * step + spread * (taps - 1) + 1
    bands = np.zeros((*filters.shape[:2], rows, *filters.shape[2:-1], below), weight.dtype)
    outer, down, (*inner, cell) = bands.strides[:2], bands.strides[2], bands.strides[3:]
    diagonals = strided(
        bands,
        (*filters.shape[:2], rows, *filters.shape[2:]),
        (*outer, down + step * cell, *inner, spread * cell),
    )
    diagonals[...] = filters[:, :, None]
    return bands.reshape(*filters.shape[:2], rows, -1)


def _multiply(tile: Tile, matrix: Array, block: Array, output: Array, bands: int, scratch: Scratch) -> bool:
    """Bands of rows, some at a time; output: (groups, filters of a group, *size) of as many rows.

    Gives whether the sums of one group are finite, asked while they are in the cache.
    """
    rows, terms = matrix.shape[-2:]
    windows = _windows(tile, block, rows, bands)
    lead = tile.size[:-2]
    target = output.reshape(*output.shape[:-2], bands, rows, output.shape[-1])
    expanded = matrix.reshape(*matrix.shape[:2], *(1,) * len(lead), 1, rows, terms)
    finite = True
    for step in steps(bands, _COLUMNS * bands // windows.nbytes):
        cut = windows[(slice(None), *(slice(None),) * len(lead), step)]
        columns = scratch.array("columns", cut.shape, block.dtype)
        np.copyto(columns, cut)
        columns = columns.reshape(*cut.shape[: len(lead) + 2], terms, cut.shape[-1])
        for number in range(matrix.shape[1]):
            np.matmul(expanded[:, number], columns, out=target[:, number, ..., step, :, :])
        finite &= len(matrix) > 1 or are_finite(target[..., step, :, :])
    return finite


def _windows(tile: Tile, block: Array, rows: int, bands: int) -> Array:
    """As a view: (groups, *leading size, bands, channels of a group, *other taps, rows below a band, width)."""
    reads, taps, steps = tile.reads, tile.problem.kernel_size, block.strides[2:]
    lead = list(zip(steps, reads, strict=True))[:-2]
    down, across = reads[-2:]
    span = block.shape[1] // tile.groups
    below = (rows - 1) * down.stride + down.dilation * (taps[-2] - 1) + 1
    shape = (tile.groups, *tile.size[:-2], bands, span, *taps[:-2], taps[-1], below, tile.size[-1])
    strides = (
        block.strides[1] * span,
        *(step * each.stride for step, each in lead),
        steps[-2] * down.stride * rows,
        block.strides[1],
        *(step * each.dilation for step, each in lead),
        steps[-1] * across.dilation,
        steps[-2],
        steps[-1] * across.stride,
    )
    return strided(block, shape, strides)


def _rows(problem: Problem) -> int:
    """Rows of a band: few make small products, many multiply more zeros; 8 for 3 taps, 16 for 15."""
    best = 4 * max(2, round(sqrt(problem.axes[-2].reach)))
    return min(problem.output_size[-2], best)


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:
    if problem.rank < 2:
        return "the input has one axis, and bands are rows of two"
    return no_product(arithmetic) or not_finite(problem)


def _work(problem: Problem, arithmetic: Arithmetic) -> Work:
    rows, item = _rows(problem), arithmetic.itemsize
    below = (rows - 1) * problem.axes[-2].stride + problem.axes[-2].reach
    others = prod(problem.kernel_size) // problem.kernel_size[-2]
    cells = problem.batch * prod(problem.output_size)
    copied = cells * problem.in_channels * others * below / rows
    span = problem.in_channels // problem.groups
    multiplied = cells * problem.out_channels * span * others * below
    seconds = (copied + cells) * 1.3 * pass_seconds(arithmetic) + multiplied * 1.25 * product_seconds(arithmetic)
    filters, size = channel_tile(problem, seconds), problem.output_size
    if filters is None:
        filters, size = problem.out_channels, tile_size(problem, seconds, item, multiple=rows)
    columns = copied * item / max(1, problem.batch)  # of a sample, if all were there at once
    channels = filters * problem.in_channels // problem.out_channels if problem.groups > 1 else problem.in_channels
    return Work(
        seconds=seconds + 30 * CALL,
        multiplications=multiplied,
        tile_filters=filters,
        tile_size=size,
        tile_bytes=min(max(_COLUMNS, ceil(columns * rows / problem.output_size[-2])), ceil(columns))
        + block_bytes(problem, size, item) * channels // problem.in_channels,
        shared_bytes=problem.out_channels * span * others * below * rows * item,
        border_apart=is_large(problem),
    )


ENGINE = Engine(
    name="band",
    title="several rows at once by the kernel's banded matrix",
    arithmetics=(EXACT_FLOAT32, EXACT_FLOAT64, INT64),
    obstacle=_obstacle,
    work=_work,
    prepare=_prepare,
    loss=of_definition,
    mixes=True,
    multiplies=True,
)
