"""Blocked im2col and matrix multiplication: the windows of a tile become columns, one product makes all channels."""

from __future__ import annotations

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.tile import Tile


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
