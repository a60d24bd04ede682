"""Tiles: smaller problems without padding, flip, scale and bias."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import NamedTuple

from convcalc.arrays import Array
from convcalc.engine import padded
from convcalc.engine.bounds import Arithmetic
from convcalc.engine.threads import Scratch
from convcalc.geometry.axis import Axis
from convcalc.problem import Problem


class Region(NamedTuple):
    """A block of output cells: a range of samples, of output channels and of each spatial axis."""

    batch: range
    filters: range
    spatial: tuple[range, ...]

    @property
    def cut(self) -> tuple[slice, ...]:
        """The index of the region in (batch, out_channels, *spatial)."""
        return tuple(slice(cells.start, cells.stop) for cells in self.ranges)

    @property
    def ranges(self) -> tuple[range, ...]:
        """The numbers of samples, output channels and cells of each spatial axis."""
        return (self.batch, self.filters, *self.spatial)

    def holds(self, cell: Sequence[int]) -> bool:
        """Whether an output cell, (sample, out_channel, *position), is in it."""
        return all(place in cells for place, cells in zip(cell, self.ranges, strict=True))

    def meets(self, other: Region) -> bool:
        """Whether the two have an output cell in common."""
        pairs = zip(self.ranges, other.ranges, strict=True)
        return all(one.start < another.stop and another.start < one.stop for one, another in pairs)

    def within(self, region: Region) -> tuple[slice, ...]:
        """Its index in (batch, out_channels, *size) of a larger region."""
        pairs = zip(self.ranges, region.ranges, strict=True)
        return tuple(slice(inner.start - outer.start, inner.stop - outer.start) for inner, outer in pairs)

    @property
    def size(self) -> tuple[int, ...]:
        """Output cells on each spatial axis."""
        return tuple(map(len, self.spatial))

    @property
    def shape(self) -> tuple[int, ...]:
        """(batch, out_channels, *size) of the region."""
        return (len(self.batch), len(self.filters), *self.size)


class Tile(NamedTuple):
    """The input of an engine: a cross-correlation that gives exactly a region's cells."""

    problem: Problem
    region: Region
    arithmetic: Arithmetic
    channels: range
    """The input channels that its filters read."""
    reads: tuple[Reads, ...]
    """The cells that it reads on each spatial axis."""

    @classmethod
    def of(cls, problem: Problem, region: Region, arithmetic: Arithmetic) -> Tile:
        """The tile of a region: some filters of one group, or whole groups."""
        first, last = (problem.group_channels(region.filters[place]) for place in (0, -1))
        reads = tuple(map(Reads.of, problem.axes, region.spatial))
        return cls(problem, region, arithmetic, range(first.start, last.stop), reads)

    @property
    def size(self) -> tuple[int, ...]:
        """Output cells on each spatial axis."""
        return self.region.size

    @property
    def filters(self) -> slice:
        """Its output channels."""
        return slice(self.region.filters.start, self.region.filters.stop)

    @property
    def groups(self) -> int:
        """The number of its groups of channels."""
        return len(self.channels) * self.problem.groups // self.problem.in_channels

    def block(self, scratch: Scratch, name: str = "block") -> Array:
        """(batch, in_channels, *cells): the cells that the region reads, the boundary filled in."""
        return self.box(tuple(reads.cells for reads in self.reads), scratch, name)

    def box(self, cells: tuple[Sequence[int], ...], scratch: Scratch, name: str = "block") -> Array:
        """(batch, in_channels, *cells) of the padded input: a view where possible, else a copy."""
        samples, channels = self._origin
        view = padded.view(self.problem, samples, channels, cells)
        if view is not None and view.dtype == self.arithmetic.dtype:
            return view
        shape = (len(self.region.batch), len(self.channels), *map(len, cells))
        output = scratch.array(name, shape, self.arithmetic.dtype)
        if view is None:
            padded.fill(output, self.problem, samples, channels, cells)
        else:
            output[...] = view
        return output

    def copy_box(self, cells: tuple[Sequence[int], ...], output: Array) -> None:
        """The cells of :meth:`box` written into ``output``, (batch, in_channels, *cells)."""
        samples, channels = self._origin
        padded.fill(output, self.problem, samples, channels, cells)

    @property
    def _origin(self) -> tuple[slice, slice]:
        batch, channels = self.region.batch, self.channels
        return slice(batch.start, batch.stop), slice(channels.start, channels.stop)


class Reads(NamedTuple):
    """The cells of a block on one axis: all from the first to the last, or only those that are read."""

    cells: Sequence[int]
    """Input cells; outside ``range(axis.size)`` they are padding."""
    stride: int
    """Of the windows in the block."""
    dilation: int

    @classmethod
    def of(cls, axis: Axis, positions: range) -> Reads:
        """The cells that output cells read; windows with gaps between them are stored without the gaps."""
        if axis.kernel_size == 1:
            span = axis.span(positions)
            return cls(range(span.start, span.stop, axis.stride), 1, 1)
        if len(positions) == 1:
            return cls(axis.reads(positions[0]), 1, 1)
        span = axis.span(positions)
        if read_count(axis, len(positions)) == span.stop - span.start:  # which may be more than len() can return
            return cls(span, axis.stride, axis.dilation)
        return cls([cell for position in positions for cell in axis.reads(position)], axis.kernel_size, 1)

    def under(self, tap: int, positions: int) -> slice:
        """The slice of the block's axis of the cells under one tap, one for each output cell."""
        first = tap * self.dilation
        return slice(first, first + (positions - 1) * self.stride + 1, self.stride)


def read_count(axis: Axis, positions: int) -> int:
    """The number of cells of a block on an axis for a number of output cells."""
    return min((positions - 1) * axis.stride + axis.reach, positions * axis.kernel_size)


def regions(problem: Problem, filters: int, size: tuple[int, ...], *, border_apart: bool = False) -> Iterator[Region]:
    """The output cut into regions of at most ``filters`` and ``size`` cells on each spatial axis, sample by sample.

    ``border_apart``: the cells whose windows reach into the padding are separate regions, up to two for each axis, so
    that the others need no copy of the input.
    """
    whole = tuple(map(range, problem.output_size))
    if problem.batch == 1 and filters == problem.out_channels and size == problem.output_size and not border_apart:
        yield Region(range(1), range(filters), whole)
        return
    inner = tuple(map(_inside, problem.axes)) if border_apart else whole
    for batch, channels in product(_cut(range(problem.batch), 1), _cut(range(problem.out_channels), filters)):
        for spatial in product(*map(_cut, inner, size)):
            yield Region(batch, channels, spatial)
        if not border_apart:
            continue
        for number, (cells, inside) in enumerate(zip(whole, inner, strict=True)):
            for side in (range(inside.start), range(inside.stop, cells.stop)):
                slab = (*inner[:number], side, *whole[number + 1 :])
                if all(slab):
                    yield Region(batch, channels, slab)


def region_count(problem: Problem, filters: int, size: tuple[int, ...], *, border_apart: bool = False) -> int:
    """The number of regions of :func:`regions`, without generating them."""
    inner = [_inside(axis) if border_apart else range(axis.output_size) for axis in problem.axes]
    count = prod(-(-(cells.stop - cells.start) // step) for cells, step in zip(inner, size, strict=True))
    for axis, inside in zip(problem.axes, inner, strict=True):
        count += (inside.start > 0) + (inside.stop < axis.output_size)
        if inside.start == inside.stop:
            break
    return problem.batch * -(-problem.out_channels // filters) * count


def _inside(axis: Axis) -> range:
    """The output cells whose windows lie inside the input."""
    first = min(-(-axis.before // axis.stride), axis.output_size)
    behind = (axis.size + axis.before - axis.reach) // axis.stride + 1
    return range(first, max(first, min(behind, axis.output_size)))


def _cut(cells: range, step: int) -> list[range]:
    return [range(first, min(first + step, cells.stop)) for first in range(cells.start, cells.stop, step)]
