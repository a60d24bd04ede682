"""A tile as a smaller problem: its input gathered from what it reads, and the results written as the output's type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from convcalc.arrays import Array, index, read_only
from convcalc.context import Context
from convcalc.engine.bounds import PYTHON
from convcalc.engine.compute import Sums, compute, planned_regions
from convcalc.engine.plan import Plan
from convcalc.engine.threads import Scratch, borrowed, long_work, products_of, share
from convcalc.engine.tile import Region
from convcalc.geometry.axis import Axes, Axis
from convcalc.geometry.boundary import Boundary
from convcalc.geometry.tile_axis import Piece, TileAxis, tile_axis
from convcalc.problem import Problem
from convcalc.streaming.output_numbers import OutputNumbers, Range, output_range
from convcalc.streaming.tiling import Box

Read = Callable[[Box], Array]
"""The input's numbers in a box, (batch, in_channels, *spatial)."""
Taken = Callable[[Array, Box], None]
"""Called with a finished part of the output and where it lies, by whichever thread made it."""
_FLOAT64_WHOLE = 1 << 53
_SHARED_SECONDS = 4e-4  # of one thread; below it starting another costs as much as it saves


def tile_axes(axes: Sequence[Axis], boundary: Boundary, spatial: Sequence[range]) -> tuple[TileAxis, ...]:
    """The smaller axes of a block of output cells."""
    return tuple(tile_axis(axis, boundary, cells) for axis, cells in zip(axes, spatial, strict=True))


def gathered(read: Read, batch: range, channels: range, axes: Sequence[TileAxis], constant: Any) -> Array:
    """The input of a tile, (batch, channels, *sizes): the cells inside, and those that the boundary takes elsewhere."""
    pieces = [axis.pieces for axis in axes]
    if all(len(each) == 1 and each[0].picks is None and not each[0].constants for each in pieces):
        return read((batch, channels, *(each.cells for (each,) in pieces)))
    if any(piece.constants for each in pieces for piece in each):  # on one axis all are, so that nothing is read
        return np.full((len(batch), len(channels), *(axis.axis.size for axis in axes)), constant)
    output: Array | None = None
    for places, parts in _placed(pieces):
        block = _picked(read, batch, channels, parts)
        if output is None:
            output = np.empty((len(batch), len(channels), *(axis.axis.size for axis in axes)), block.dtype)
        output[index(..., *places)] = block
    assert output is not None  # every axis has a piece
    return output


def _placed(pieces: Sequence[Sequence[Piece]]) -> Iterator[tuple[tuple[slice, ...], tuple[Piece, ...]]]:
    """Every product of pieces, and where it lies."""
    placed = []
    for each in pieces:
        stops = np.cumsum([piece.size for piece in each]).tolist()
        placed.append([(slice(stop - piece.size, stop), piece) for piece, stop in zip(each, stops, strict=True)])
    for chosen in product(*placed):
        places, parts = zip(*chosen, strict=True)
        yield places, parts


def _picked(read: Read, batch: range, channels: range, parts: Sequence[Piece]) -> Array:
    block = read((batch, channels, *(part.cells for part in parts)))
    for number, part in enumerate(parts, start=2):
        if part.picks is not None:
            block = np.take(block, part.picks, axis=number)
    return block


def tile_problem(problem: Problem, axes: Sequence[TileAxis], block: Array) -> Problem:
    """The problem of a tile; ``block``: its input, see :func:`gathered`."""
    smaller = Axes(each.axis for each in axes)
    return replace(problem, input=read_only(block), geometry=replace(problem.geometry, axes=smaller))


class TileComputer:
    """Computes tiles of a problem, each by the engine that is best for its size, in the numbers of the output."""

    def __init__(self, problem: Problem, numbers: OutputNumbers, cells: Range | None, context: Context) -> None:
        """``cells``: the range of a whole input, which no tile may leave: it decides on engine and sums of them all."""
        self.problem, self.numbers, self._cells, self._context = problem, numbers, cells, context
        self._plans: dict[tuple[Any, ...], Plan] = {}
        bound = output_range(problem, cells) if problem.is_exact and cells else Range(0, 0)
        self._furthest = max(abs(bound.low), abs(bound.high))

    def plan(self, tile: Problem) -> Plan:
        """The plan of a tile; of whole numbers the same for every tile of the same size, whatever its numbers."""
        if not tile.is_exact or self._cells is None:
            return self._context.plan(tile)
        key = (tile.input.shape, tile.axes)
        if key not in self._plans:
            furthest = max(self._cells, key=abs)
            likely = np.broadcast_to(np.array(furthest, tile.input.dtype), tile.input.shape)
            self._plans[key] = self._context.plan(replace(tile, input=likely))
        return self._plans[key]

    @np.errstate(all="ignore")  # too large is inf, undefined is nan
    def compute(self, tile: Problem, box: Box, taken: Taken) -> Array:
        """The output of a tile, (batch, out_channels, *size), in the numbers of the output.

        Raises:
            LimitError: it needs more memory than may be used.
        """
        plan = self.plan(tile)
        sums = Sums(tile, plan)
        divisors = sums.epilogue.denominators
        is_beyond = divisors is not None and max(divisors) > 1 and self._furthest * max(divisors) >= _FLOAT64_WHOLE
        if divisors is None or plan.arithmetic is PYTHON or is_beyond:
            output = self.numbers.converted(compute(tile, plan, limits=self._context.limits).output)
            taken(output, box)
            return output
        self._context.limits.check_large(plan.memory_bytes + 2 * tile.weight.nbytes, "a tile of this convolution")
        output = np.empty(tile.output_shape, self.numbers.dtype)
        part_of = self._maker(tile, sums, divisors, output)

        def one(region: Region, scratch: Scratch) -> None:
            part_of(region, scratch)
            taken(output[region.cut], _moved(region, box))

        if plan.seconds * plan.threads > _SHARED_SECONDS:
            with long_work():
                share(one, planned_regions(tile, plan), plan.threads)
        else:
            with products_of(plan.work.multiplications), borrowed() as scratch:
                for region in planned_regions(tile, plan):
                    one(region, scratch)
        return output

    def _maker(
        self, tile: Problem, sums: Sums, divisors: Sequence[int], output: Array
    ) -> Callable[[Region, Scratch], None]:
        """What writes a region of the output, while its sums are in the cache."""
        numbers, dtype = self.numbers, sums.epilogue.dtype
        is_whole = tile.is_exact and max(divisors) == 1
        is_held = output.dtype == dtype or (is_whole and tile.is_bare and output.dtype.kind in "iu")
        if is_held and max(divisors) == 1 and not numbers.rounding:
            return lambda region, scratch: sums.write(region, output[region.cut], scratch)

        def converted(region: Region, scratch: Scratch) -> None:
            part = scratch.array("part", region.shape, dtype)
            sums.write(region, part, scratch)
            if max(divisors) > 1:
                by = np.array([divisors[each] for each in region.filters]).reshape(-1, *(1,) * tile.rank)
                part = part / by
            output[region.cut] = numbers.converted(part)

        return converted


def _moved(region: Region, box: Box) -> Box:
    """A region of a tile as cells of the whole output."""
    pairs = zip(region.ranges, box, strict=True)
    return tuple(range(cells.start + whole.start, cells.stop + whole.start) for cells, whole in pairs)
