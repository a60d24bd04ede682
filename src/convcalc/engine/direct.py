"""The definition: every product of a weight and a cell, added tap by tap; in any numbers, Python's included."""

from __future__ import annotations

from itertools import product

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.tile import Tile


def run(tile: Tile) -> Array:
    """The sums of a tile: (batch, out_channels, *size), in the block's numbers.

    For each output channel, each input channel of its group and each tap one multiplication and one addition of
    whole arrays.
    """
    out_channels, span, *kernel_size = tile.weight.shape
    output = np.zeros((len(tile.block), out_channels, *tile.size), dtype=tile.block.dtype)
    filters_per_group = out_channels // tile.groups
    for taps in product(*map(range, kernel_size)):
        cells = tile.block[(slice(None), slice(None), *tile.window_slices(taps))]
        for out_channel, channel in product(range(out_channels), range(span)):
            source = out_channel // filters_per_group * span + channel
            output[:, out_channel] += cells[:, source] * tile.weight[(out_channel, channel, *taps)]
    return output
