"""The definition: every product of a weight and a cell, added tap by tap; in any numbers, Python's included."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.bounds import INT64, Arithmetic, of_definition
from convcalc.engine.engine import CALL, Done, Engine, Run, Work, product_seconds
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import block_bytes, tile_size
from convcalc.problem import Problem


def _prepare(problem: Problem, arithmetic: Arithmetic) -> Run:
    weight = problem.applied_weight.astype(arithmetic.dtype)
    span = weight.shape[1]

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> list[Region]:
        """For each output channel, each input channel of its group and each tap one multiplication and addition."""
        block = tile.block(scratch)
        products = scratch.array("products", (len(block), *tile.size), arithmetic.dtype)
        output[...] = 0
        first = tile.channels.start
        for taps in product(*map(range, weight.shape[2:])):
            under = (each.under(*where) for each, *where in zip(tile.reads, taps, tile.size, strict=True))
            cells = block[(slice(None), slice(None), *under)]
            for place, out_channel in enumerate(tile.region.filters):
                source = problem.group_channels(out_channel).start - first
                for channel in range(span):
                    np.multiply(cells[:, source + channel], weight[(out_channel, channel, *taps)], out=products)
                    output[:, place] += products
        done(output, tile.filters)
        return []

    return run


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:  # noqa: ARG001 - the signature of every engine
    return None


def _work(problem: Problem, arithmetic: Arithmetic) -> Work:
    calls = 2 * problem.batch * problem.counts.weights
    seconds = calls * CALL + problem.macs * max(product_seconds(arithmetic), 1.2e-9)
    size = tile_size(problem, seconds, arithmetic.itemsize)
    return Work(
        seconds=seconds,
        multiplications=problem.macs,
        tile_filters=problem.out_channels,
        tile_size=size,
        tile_bytes=prod(size) * 2 * arithmetic.itemsize + block_bytes(problem, size, arithmetic.itemsize),
    )


ENGINE = Engine(
    name="direct",
    title="the definition, tap by tap",
    arithmetics=(INT64,),
    obstacle=_obstacle,
    work=_work,
    prepare=_prepare,
    loss=of_definition,
)
