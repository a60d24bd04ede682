"""The definition: every product of a weight and a cell, added tap by tap; in any numbers, Python's included."""

from __future__ import annotations

from itertools import product

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.arithmetic import INT64, PYTHON, Arithmetic
from convcalc.engine.engine import Engine
from convcalc.engine.tile import Tile
from convcalc.problem import Problem

# Seconds of a NumPy call on small arrays, and of one multiply-add in a machine number and in Python's.
_CALL, _TERM, _PYTHON_TERM = 1.5e-6, 1.2e-9, 8e-8


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


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:  # noqa: ARG001 - the signature of every engine
    return None


def _seconds(problem: Problem, arithmetic: Arithmetic) -> float:
    calls = 2 * problem.batch * problem.counts.weights
    return calls * _CALL + problem.macs * (_PYTHON_TERM if arithmetic is PYTHON else _TERM)


def _cell_bytes(problem: Problem, arithmetic: Arithmetic) -> int:
    return 2 * problem.out_channels * arithmetic.itemsize


ENGINE = Engine("direct", "the definition, tap by tap", run, (INT64,), _obstacle, _seconds, _cell_bytes, 1 << 22)
