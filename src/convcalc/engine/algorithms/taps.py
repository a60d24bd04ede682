"""Every tap's weighted plane added up in one call: for few taps, where a matrix product has too little to do.

`einsum` is the only multiplication of NumPy's that adds to what is there. Its innermost loop runs along a line of
whole rows, so nothing is copied for a tap; and one call is long enough for another thread to run beside it.
"""

from __future__ import annotations

from math import prod

import numpy as np

from convcalc.arrays import Array, strided
from convcalc.engine.algorithms.gemm import of_tile
from convcalc.engine.algorithms.slabs import Slabs
from convcalc.engine.bounds import EXACT_FLOAT32, EXACT_FLOAT64, INT64, PYTHON, Arithmetic, of_definition
from convcalc.engine.engine import CALL, Done, Engine, OfExactness, Run, Work, not_dense, pass_seconds
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import block_bytes, ceil_div, channel_tile, steps, tile_size
from convcalc.problem import Problem

_LINES = 1 << 21
"""Bytes of input that a call reads."""
_SHORTEST = 4097
"""Cells of a line. Axes that have no more than 8192 cells together are joined by NumPy's iterator in a buffer, and the
copies that this takes make the sum three times as slow."""
_MOST_TERMS = 1024
"""Of a sum: rounding errors add up, and a matrix product is faster long before."""
_CELL, _FILTER, _GROUP, _CHANNEL = range(4)
"""Subscripts of the sum; those of the taps follow."""


def _prepare(problem: Problem, arithmetic: Arithmetic) -> Run:
    weight = problem.applied_weight.astype(arithmetic.dtype)
    weight = weight.reshape(problem.groups, -1, *weight.shape[1:])

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> list[Region]:
        slabs = Slabs(tile, scratch)
        row = max(1, slabs.row_bytes)
        rows = max(_LINES // (row * len(tile.channels)), ceil_div(_SHORTEST * arithmetic.itemsize, row))
        for step in steps(tile.size[0], rows):
            part = output[:, :, step]
            _sum(of_tile(weight, tile), slabs, slabs.under(step, tile.channels), part[0], scratch)
            done(part, tile.filters)
        return []

    return run


def _sum(weight: Array, slabs: Slabs, rows: Array, output: Array, scratch: Scratch) -> None:
    """The sums of a step; ``rows``: (channels, *cells), ``output``: (filters, *size).

    ``weight``: (groups, filters of a group, channels of a group, *taps). The sums are made for every cell of the line,
    also where a window wraps around, and cut out of it.
    """
    groups, filters, span, *taps = weight.shape
    cells, item = prod(rows.shape[1:]), rows.itemsize
    spreads = slabs.spreads
    length = cells - sum(spread * (count - 1) for spread, count in zip(spreads, taps, strict=True))
    between = rows.strides[0]
    lines = strided(
        rows,
        (groups, span, *taps, length),
        (span * between, between, *(spread * item for spread in spreads), item),
    )
    sums = scratch.array("line", (groups * filters, cells), rows.dtype)
    order = range(_CHANNEL + 1, _CHANNEL + 1 + len(taps))
    np.einsum(
        weight,
        [_GROUP, _FILTER, _CHANNEL, *order],
        lines,
        [_GROUP, _CHANNEL, *order, _CELL],
        [_CELL, _FILTER, _GROUP],
        out=sums.reshape(groups, filters, cells)[..., :length].T,
        order="F",  # the cells innermost, the taps outermost
    )
    window = sums[:, slabs.first :]
    np.copyto(output, strided(window, output.shape, (sums.strides[0], *rows.strides[1:])))


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:
    trouble = not_dense(problem)
    if trouble:
        return trouble
    terms = problem.counts.weights_per_filter
    if terms > _MOST_TERMS:
        return f"it adds terms one after the other, {terms:,} are more than {_MOST_TERMS:,}"
    return OfExactness("the sums need Python's numbers") if arithmetic is PYTHON else None


def _work(problem: Problem, arithmetic: Arithmetic) -> Work:
    cells = problem.batch * prod(problem.output_size)
    wide = prod(axis.output_size + axis.reach - 1 for axis in problem.axes[1:]) / prod(problem.output_size[1:])
    passes = problem.counts.weights * (2.5 if arithmetic is INT64 else 1.05) * wide
    if wide * prod(problem.output_size) <= 2 * _SHORTEST // max(2, *problem.kernel_size):
        passes *= 3
    passes += 1.5 * (problem.in_channels + problem.out_channels)
    seconds = cells * passes * pass_seconds(arithmetic)
    filters, size = channel_tile(problem, seconds), problem.output_size
    if filters is None:
        filters, size = problem.out_channels, tile_size(problem, seconds, arithmetic.itemsize)
    share = filters / problem.out_channels
    block = block_bytes(problem, size, arithmetic.itemsize) * share
    step = max(_LINES, 2 * block / size[0])
    return Work(
        seconds=seconds + 20 * CALL,
        multiplications=problem.macs,
        tile_filters=filters,
        tile_size=size,
        tile_bytes=int(min(block, step) * (1 + problem.out_channels / problem.in_channels)) + 1,
    )


ENGINE = Engine(
    name="taps",
    title="all taps added up in one call",
    arithmetics=(EXACT_FLOAT32, EXACT_FLOAT64, INT64),
    obstacle=_obstacle,
    work=_work,
    prepare=_prepare,
    loss=of_definition,
)
