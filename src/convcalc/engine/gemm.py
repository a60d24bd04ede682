"""Blocked im2col and matrix multiplication: the windows of a tile become columns, one product makes all channels."""

from __future__ import annotations

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.arithmetic import EXACT_FLOAT32, EXACT_FLOAT64, INT64, PYTHON, Arithmetic
from convcalc.engine.engine import Engine
from convcalc.engine.tile import Tile
from convcalc.problem import Problem

# Seconds of a product of small matrices, of a copied number, and of one multiply-add in float64 and in int64.
_CALL, _COPY, _TERM, _INT_TERM = 12e-6, 4e-10, 3e-11, 1.2e-9


def run(tile: Tile) -> Array:
    """The sums of a tile: (batch, out_channels, *size), in the block's numbers.

    The columns are laid out (batch, group, channel and tap, output cell); the weights (group, filter, channel and
    tap).
    """
    out_channels = len(tile.weight)
    batch, cells = len(tile.block), int(np.prod(tile.size))
    columns = _windows(tile).reshape(batch, tile.groups, -1, cells)
    filters = tile.weight.reshape(tile.groups, out_channels // tile.groups, -1)
    product: Array = np.matmul(filters, columns)
    return product.reshape(batch, out_channels, *tile.size)


def _windows(tile: Tile) -> Array:
    """(batch, in_channels, *kernel_size, *size): the cell under every tap at every output cell, as a view."""
    rows = tile.block.strides[2:]
    kernel_size = tile.weight.shape[2:]
    return np.lib.stride_tricks.as_strided(
        tile.block,
        shape=(*tile.block.shape[:2], *kernel_size, *tile.size),
        strides=(
            *tile.block.strides[:2],
            *(step * spread for step, spread in zip(rows, tile.dilation, strict=True)),
            *(step * stride for step, stride in zip(rows, tile.stride, strict=True)),
        ),
        writeable=False,
    )


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:  # noqa: ARG001 - the signature of every engine
    return "the sums need Python's numbers, which have no matrix product" if arithmetic is PYTHON else None


def _seconds(problem: Problem, arithmetic: Arithmetic) -> float:
    copied = problem.macs * problem.groups // problem.out_channels
    return problem.batch * _CALL + copied * _COPY + problem.macs * (_INT_TERM if arithmetic is INT64 else _TERM)


def _cell_bytes(problem: Problem, arithmetic: Arithmetic) -> int:
    columns = problem.counts.weights_per_filter * problem.groups
    return (columns + problem.out_channels) * arithmetic.itemsize


ENGINE = Engine(
    name="gemm",
    title="windows as columns of a matrix product",
    run=run,
    arithmetics=(EXACT_FLOAT32, EXACT_FLOAT64, INT64),
    obstacle=_obstacle,
    seconds=_seconds,
    cell_bytes=_cell_bytes,
    tile_bytes=1 << 19,
)
