"""A tile is a smaller problem with nothing left to decide: no padding, no flip, no scale, no bias."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.arithmetic import Arithmetic
from convcalc.geometry.axis import Axis
from convcalc.problem import Problem


class Region(NamedTuple):
    """A block of output cells, all output channels of it: a range of samples and one of each spatial axis."""

    batch: range
    spatial: tuple[range, ...]

    @property
    def cut(self) -> tuple[slice, ...]:
        """What cuts the region out of (batch, out_channels, *spatial)."""
        return (_slice(self.batch), slice(None), *map(_slice, self.spatial))

    @property
    def size(self) -> tuple[int, ...]:
        """Output cells on each spatial axis."""
        return tuple(map(len, self.spatial))


@dataclass(frozen=True, eq=False, slots=True)
class Tile:
    """What an engine runs on: a cross-correlation of exactly these cells."""

    block: Array
    """(batch, in_channels, *cells): the cells that the region reads, the boundary filled in."""
    weight: Array
    """(out_channels, in_channels / groups, *kernel_size), as it lies on the block."""
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    size: tuple[int, ...]
    """Output cells on each spatial axis."""

    def window_slices(self, taps: tuple[int, ...]) -> tuple[slice, ...]:
        """What cuts out of the block's spatial axes the cells under one tap, one for each output cell."""
        return tuple(
            slice(tap * spread, tap * spread + (cells - 1) * step + 1, step)
            for tap, spread, step, cells in zip(taps, self.dilation, self.stride, self.size, strict=True)
        )


def regions(problem: Problem, size: tuple[int, ...]) -> Iterator[Region]:
    """The output cut into regions of at most ``size`` cells on each spatial axis, one sample at a time."""
    samples = [range(sample, sample + 1) for sample in range(problem.batch)]
    axes = [
        [range(first, min(first + step, cells)) for first in range(0, cells, step)]
        for cells, step in zip(problem.output_size, size, strict=True)
    ]
    for batch, *spatial in product(samples, *axes):
        yield Region(batch, tuple(spatial))


def make_tile(problem: Problem, region: Region, weight: Array, arithmetic: Arithmetic) -> Tile:
    """The tile of a region; ``weight`` is the applied weight in the arithmetic's numbers."""
    reads = [Reads.of(axis, positions) for axis, positions in zip(problem.axes, region.spatial, strict=True)]
    return Tile(
        block=_block(problem, region, reads).astype(arithmetic.dtype, copy=False),
        weight=weight,
        stride=tuple(each.stride for each in reads),
        dilation=tuple(each.dilation for each in reads),
        groups=problem.groups,
        size=region.size,
    )


class Reads(NamedTuple):
    """The cells of one axis that a block holds: all from the first to the last, or only those that are read."""

    cells: Sequence[int]
    """Input cells; outside ``range(axis.size)`` they are padding."""
    stride: int
    """Of the windows in the block."""
    dilation: int

    @classmethod
    def of(cls, axis: Axis, positions: range) -> Reads:
        """The cells that output cells read; far apart, each window is laid beside the one before, without gaps."""
        if read_count(axis, len(positions)) == len(axis.span(positions)):
            stride = axis.stride if len(positions) > 1 else 1
            return cls(axis.span(positions), stride, axis.dilation if axis.kernel_size > 1 else 1)
        return cls([cell for position in positions for cell in axis.reads(position)], axis.kernel_size, 1)


def read_count(axis: Axis, positions: int) -> int:
    """The cells that a block holds on an axis for so many output cells."""
    return min((positions - 1) * axis.stride + axis.reach, positions * axis.kernel_size)


def _block(problem: Problem, region: Region, reads: list[Reads]) -> Array:
    """The cells that a region reads; a view of the input where the region stays clear of the border."""
    block = problem.input[_slice(region.batch)]
    outside: list[tuple[slice | list[int], ...]] = []
    for number, (axis, (cells, _, _)) in enumerate(zip(problem.axes, reads, strict=True)):
        before = (slice(None),) * (2 + number)
        if isinstance(cells, range) and cells.start >= 0 and cells.stop <= axis.size:
            block = block[(*before, _slice(cells))]
            continue
        sources = problem.boundary.sources(cells, axis.size)
        block = np.take(block, [0 if source is None else source for source in sources], axis=2 + number)
        outside.append((*before, [place for place, source in enumerate(sources) if source is None]))
    if any(places[-1] for places in outside):
        block = _holding(block, problem.boundary.value, problem.is_exact)
        for places in outside:
            block[places] = problem.boundary.value
    return block


def _holding(block: Array, value: object, exact: bool) -> Array:
    """The block in a number type that the boundary's value fits into."""
    if not exact:
        return block if block.dtype.kind == "f" else block.astype(np.float64)
    if isinstance(value, int) and block.dtype != object:
        fits = -(1 << 63) <= value < 1 << 63
        return block if value == 0 else block.astype(np.int64 if fits and block.dtype != np.uint64 else object)
    return block.astype(object, copy=False)


def _slice(cells: range) -> slice:
    return slice(cells.start, cells.stop)
