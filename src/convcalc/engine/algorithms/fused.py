"""Every tap in one compiled pass: sums stay in registers while their taps are added, and memory is read once.

NumPy pays a pass over memory for every operation; a compiled loop pays one for all (:mod:`convcalc.engine.fused`, which
needs the extra ``fast``). It adds the products in the order of the taps, with nothing else, in any layout.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from convcalc.arrays import Array, strided
from convcalc.engine.algorithms import gemm
from convcalc.engine.bounds import INT16, INT32, INT64, PYTHON, Arithmetic, of_definition
from convcalc.engine.engine import CALL, Done, Engine, OfExactness, Run, Work, pass_seconds
from convcalc.engine.fused.readiness import Kind, compiled, delay, trouble
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import block_bytes, ceil_div, channel_tile, is_large, tile_size
from convcalc.problem import Problem

_PRODUCT = {"float32": 2.6e-11, "float64": 5.2e-11, "int16": 1.4e-11, "int32": 2.5e-11, "int64": 1.3e-10}
"""Seconds of a multiplication with its addition, by processor time beside the other engines' on the same machine; with
four output channels at once a fifth less."""
_NEAR, _FAR = 1 << 16, 1.5
"""Bytes of cells under a row of sums that are still near, and how much longer a product takes beyond."""
_LANES = 16
_SHARED = 4
"""Output channels of a group from which they share what is read."""
_CONVERTED = 1 << 18
"""Bytes of sums of a tile whose output is of another type: they are converted in the cache."""


def _prepare(problem: Problem, arithmetic: Arithmetic) -> Run:
    kind = kind_of(problem, arithmetic)
    read = arithmetic._replace(dtype=np.dtype(kind.cells))
    taps = _taps(problem)
    weight = problem.applied_weight.reshape(problem.out_channels, -1)[:, taps].astype(arithmetic.dtype)
    line = np.ascontiguousarray(weight).reshape(-1)
    planes = compiled(kind)
    if planes is None:  # the same sums in another order, with the same bound
        return gemm.ENGINE.prepare(problem, arithmetic)

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> list[Region]:
        block, reads = _block(tile._replace(arithmetic=read), scratch)
        where = _Layout(tile, block, reads, output, taps)
        planes(*where.arguments(output, block, line))
        done(output, tile.filters)
        return []

    return run


def kind_of(problem: Problem, arithmetic: Arithmetic) -> Kind:
    """The number types of cells and sums that the loop is compiled for: few, so that compiling is rare."""
    sums = arithmetic.dtype.name
    is_image = problem.input.dtype == np.uint8 and problem.boundary.value in range(256)
    return Kind("uint8" if is_image and sums in ("int16", "int32") else sums, sums)


def _taps(problem: Problem) -> Array:
    """The taps that are added, as places in (channels of a group, *kernel_size): of whole numbers those that count."""
    weight = problem.applied_weight.reshape(problem.out_channels, -1)
    if not problem.is_exact or weight.dtype == object:
        return np.arange(weight.shape[1])
    return np.flatnonzero(weight.any(axis=0)) if weight.any() else np.arange(1)


def _block(tile: Tile, scratch: Scratch) -> tuple[Array, int]:
    """(batch, in_channels, *cells) with neighbouring cells on the last axis, and the cells from one phase to the next.

    Where windows lie ``stride`` cells apart, those cells become neighbours: the last axis holds its phases, one after
    the other, each as long as the longest. Of stride 1 there is one phase.
    """
    block, item = tile.block(scratch), tile.arithmetic.itemsize
    step = tile.reads[-1].stride if tile.size[-1] > 1 else 1
    length = ceil_div(block.shape[-1], step)
    if step == 1:
        if block.strides[-1] == item and block.flags.aligned and min(block.strides, default=0) >= 0:
            return block, length
        copied = scratch.array("cells", block.shape, block.dtype)
        copied[...] = block
        return copied, length
    phases = scratch.array("cells", (*block.shape[:-1], step * length), block.dtype)
    for phase in range(min(step, block.shape[-1])):
        some = block[..., phase::step]
        phases[..., phase * length : phase * length + some.shape[-1]] = some
    return phases, length


class _Layout:
    """The places of a tile's planes of sums, of the cells under them, and of the taps, in numbers from the first."""

    def __init__(self, tile: Tile, block: Array, length: int, output: Array, taps: Array) -> None:
        self.tile, self.taps = tile, taps
        self.cells = [stride // block.itemsize for stride in block.strides]
        self.sums = [stride // output.itemsize for stride in output.strides]
        self.length = length
        self.span = block.shape[1] // tile.groups

    def arguments(self, output: Array, block: Array, weights: Array) -> tuple[Any, ...]:
        """What :func:`convcalc.engine.fused.loops.planes` takes."""
        tile = self.tile
        rank = len(tile.size)
        filters = len(tile.region.filters) // tile.groups
        reads = tile.reads
        lead = range(2, 1 + max(1, rank - 1))  # the axes before the rows
        counts = (len(block), tile.groups, *(output.shape[axis] for axis in lead))
        starts = _places(counts, (self.sums[0], self.sums[1] * filters, *(self.sums[axis] for axis in lead)))
        steps = (self.cells[axis] * reads[axis - 2].stride for axis in lead)
        bases = _places(counts, (self.cells[0], self.cells[1] * self.span, *steps))
        first = tile.region.filters.start * len(self.taps)
        firsts = first + _places(counts, (0, filters * len(self.taps), *(0 for _ in lead)))
        rows, down, below = (
            (output.shape[-2], self.sums[-2], self.cells[-2] * reads[-2].stride) if rank > 1 else (1, 0, 0)
        )
        return (
            _line(output),
            starts,
            filters,
            self.sums[1],
            rows,
            down,
            output.shape[-1],
            _to_read(block),
            bases,
            below,
            self._offsets(),
            weights,
            firsts,
        )

    def _offsets(self) -> Array:
        """Of every tap from the first."""
        *lead, across = self.tile.reads
        step = across.stride if self.tile.size[-1] > 1 else 1
        *counts, columns = self.tile.problem.kernel_size
        strides = (reads.dilation * stride for reads, stride in zip(lead, self.cells[2:], strict=False))
        before = _places((self.span, *counts), (self.cells[1], *strides))
        last = np.arange(columns) * across.dilation
        offsets: Array = np.add.outer(before, last % step * self.length + last // step).reshape(-1)
        return offsets if len(self.taps) == len(offsets) else offsets[self.taps]


@lru_cache(maxsize=256)
def _places(counts: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """The sums of all combinations of multiples of the strides, the last one the fastest."""
    found = np.zeros(1, np.int64)
    for count, stride in zip(counts, strides, strict=True):
        found = np.add.outer(found, np.arange(count) * stride).reshape(-1)
    return found


def _line(values: Array) -> Array:
    """All memory from the first number to the last as one line."""
    if not values.size:
        return np.empty(0, values.dtype)
    last = sum((size - 1) * stride for size, stride in zip(values.shape, values.strides, strict=True))
    return strided(values, (last // values.itemsize + 1,), (values.itemsize,))


def _to_read(values: Array) -> Array:
    """The line of an input, which may be read-only or not, always read-only: the loop is compiled for one of them."""
    line = _line(values)
    line.flags.writeable = False
    return line


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:  # noqa: ARG001 - the signature of every engine
    if arithmetic is PYTHON:
        return OfExactness("the sums need Python's numbers, for which nothing is compiled")
    return trouble()


def _work(problem: Problem, arithmetic: Arithmetic) -> Work:
    item, kind = arithmetic.itemsize, kind_of(problem, arithmetic)
    cells, width = problem.batch * prod(problem.output_size), problem.output_size[-1]
    each = problem.out_channels // problem.groups
    lanes = min(_LANES, width)
    wasted = ceil_div(width, lanes) * lanes / width * _LANES / max(4, lanes)
    share = len(_taps(problem)) / problem.counts.weights_per_filter
    under = problem.counts.weights_per_filter // problem.kernel_size[-1] * problem.spatial_size[-1] * item
    slower = wasted * (0.8 if each >= _SHARED else 1) * (_FAR if under > _NEAR and problem.in_channels > 1 else 1)
    seconds = problem.macs * share * _PRODUCT[kind.sums] * slower
    read = problem.batch * problem.in_channels * prod(problem.spatial_size)
    strides = problem.axes[-1].stride > 1
    border = is_large(problem) and not strides
    copies = (0 if border else 2) + (4 if strides else 0)
    seconds += (read * (1 + copies) + cells * problem.out_channels * (2 + 3 * problem.is_exact)) * pass_seconds(
        arithmetic
    )
    filters, size = channel_tile(problem, seconds), problem.output_size
    if filters is None:
        filters, size = problem.out_channels, tile_size(problem, seconds, item)
        if problem.is_exact:
            rows = max(1, _CONVERTED // (item * filters * prod(size[1:])))
            size = (min(size[0], rows), *size[1:])
    block = block_bytes(problem, size, item) * filters // problem.out_channels
    return Work(
        seconds=seconds + 20 * CALL,
        multiplications=int(problem.macs * share),
        tile_filters=filters,
        tile_size=size,
        tile_bytes=block * (2 if strides else 1),
        border_apart=border,
    )


def _delay(problem: Problem, arithmetic: Arithmetic) -> float:
    return delay(kind_of(problem, arithmetic))


ENGINE = Engine(
    name="fused",
    title="all taps in one compiled pass",
    arithmetics=(INT16, INT32, INT64),
    obstacle=_obstacle,
    work=_work,
    prepare=_prepare,
    loss=of_definition,
    delay=_delay,
)
