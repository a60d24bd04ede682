"""The tiles of Winograd's filtering: cells gathered and transformed, channels innermost, and outputs laid out again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from math import ceil, prod
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index, strided
from convcalc.engine.algorithms.winograd_kernels import transforms
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.problem import Problem

TAPS = 3
_SHARED_PLACES = 1024
"""Bytes from plane to plane whose multiples put a cell of every channel into four places of the cache, or one."""
Pairs = tuple[tuple[np.ufunc, int, int], ...]
"""For each number of a transform along one axis: what is done with which two cells."""


class Phase(NamedTuple):
    """The output cells of a region that are ``dilation`` apart: an undilated cross-correlation of their own."""

    cells: tuple[range, ...]
    """Padded input cells on each axis, enough for whole tiles."""
    outputs: tuple[slice, ...]
    """What cuts the phase out of the region's output."""
    tiles: tuple[int, ...]
    """Tiles on each axis; the last ones may hang over."""

    def part(self, step: slice, outputs: int) -> Phase:
        """Some of the tiles of the first axis."""
        cells = self.cells[0][step.start * outputs : step.stop * outputs + TAPS - 1]
        return self._replace(cells=(cells, *self.cells[1:]), tiles=(step.stop - step.start, *self.tiles[1:]))


def phases(problem: Problem, region: Region, outputs: int) -> Iterator[Phase]:
    """The phases of a region: one, or of a dilated kernel one for each offset."""
    for offsets in product(
        *(range(min(axis.dilation, size)) for axis, size in zip(problem.axes, region.size, strict=True))
    ):
        cells, cuts, tiles = [], [], []
        for axis, positions, offset in zip(problem.axes, region.spatial, offsets, strict=True):
            count = ceil(len(positions[offset :: axis.dilation]) / outputs)
            start = axis.start(positions[offset])
            cells.append(range(start, start + (count * outputs + TAPS - 1) * axis.dilation, axis.dilation))
            cuts.append(slice(offset, None, axis.dilation))
            tiles.append(count)
        yield Phase(tuple(cells), tuple(cuts), tuple(tiles))


def transformed_cells(tile: Tile, outputs: int) -> tuple[range, ...]:
    """The output cells on each axis that whole tiles make of a region: its own, and those of tiles that hang over."""
    found = []
    for axis, positions in zip(tile.problem.axes, tile.region.spatial, strict=True):
        offsets = range(min(axis.dilation, len(positions)))
        counts = [ceil(len(positions[offset :: axis.dilation]) / outputs) * outputs for offset in offsets]
        ends = [offset + (count - 1) * axis.dilation + 1 for offset, count in zip(offsets, counts, strict=True)]
        found.append(range(positions.start, positions.start + max(len(positions), *ends)))
    return tuple(found)


def transformed(block: Array, phase: Phase, matrix: Array, pairs: Pairs | None, scratch: Scratch) -> Array:
    """(products, tiles × channels): every tile's cells transformed, by ``pairs`` where there are any.

    ``block``: (*cells, channels), as :func:`gathered` gives it.
    """
    return _added(block, phase, pairs, scratch) if pairs else _multiplied(block, phase, matrix, scratch)


def gathered(tile: Tile, phase: Phase, scratch: Scratch) -> Array:
    """(*cells, channels): the cells of a phase, channels innermost."""
    channels, size = len(tile.channels), tuple(map(len, phase.cells))
    block = scratch.array("block", (*size, channels), tile.arithmetic.dtype)
    into = np.moveaxis(block, -1, 0)
    if tile.problem.input.strides[1] % _SHARED_PLACES:
        tile.copy_box(phase.cells, into[None])
        return block
    # first into planes that do not lie so: cells of all channels would share few places of the cache
    planes = scratch.array("cells", (channels, prod(size) | 31), block.dtype)[:, : prod(size)].reshape(channels, *size)
    tile.copy_box(phase.cells, planes[None])
    np.copyto(into, planes)
    return block


def _multiplied(block: Array, phase: Phase, matrix: Array, scratch: Scratch) -> Array:
    """(products, tiles × channels): every tile's cells gathered, then transformed in one product."""
    rank = len(phase.tiles)
    step = (block.shape[0] - TAPS + 1) // phase.tiles[0]
    edge = step + TAPS - 1
    strides = block.strides[:rank]
    windows = strided(
        block,
        (*(edge,) * rank, *phase.tiles, block.shape[-1]),
        (*strides, *(step * each for each in strides), block.strides[-1]),
    )
    gathered = scratch.array("gathered", windows.shape, block.dtype)
    np.copyto(gathered, windows)
    cells = scratch.array("cells", (len(matrix), gathered[(0,) * rank].size), block.dtype)
    return np.matmul(matrix, gathered.reshape(len(matrix), -1), out=cells)


def _added(block: Array, phase: Phase, pairs: Pairs, scratch: Scratch) -> Array:
    """As :func:`_multiplied`, one axis after the other, where each number is a sum or difference of two cells."""
    rank, edge = len(phase.tiles), len(pairs)
    step = edge - TAPS + 1
    values = block[None]
    for axis, tiles in enumerate(phase.tiles):
        shape = (len(values), edge, *phase.tiles[: axis + 1], *values.shape[axis + 2 :])
        output = scratch.array("gathered" if (rank - axis) % 2 == 0 else "cells", shape, block.dtype)
        behind = (slice(None),) * (rank - axis)
        cells = [
            values[index(..., slice(first, first + step * (tiles - 1) + 1, step), *behind)] for first in range(edge)
        ]
        for number, (operation, one, other) in enumerate(pairs):
            operation(cells[one], cells[other], out=output[:, number])
        values = output.reshape(-1, *shape[2:])
    return values.reshape(len(values), -1)


@cache
def pairs_of(outputs: int) -> Pairs | None:
    """Each row of the input's transform as a sum or difference of two cells, where all of them are."""
    found: list[tuple[np.ufunc, int, int]] = []
    for row in transforms(outputs, TAPS).input:
        plus, minus = np.flatnonzero(row == 1), np.flatnonzero(row == -1)
        if len(plus) + len(minus) != 2 or np.count_nonzero(row) != 2 or not len(plus):
            return None
        found.append((np.subtract, plus[0], minus[0]) if len(minus) else (np.add, plus[0], plus[1]))
    return tuple(found)


def scatter(back: Array, output: Array, phase: Phase, outputs: int, scratch: Scratch) -> None:
    """The tiles' outputs, (cells of a tile, tiles × filters), laid beside each other in (filters, *cells)."""
    rank, filters = len(phase.tiles), len(output)
    tiled = back.reshape(*(outputs,) * rank, *phase.tiles, filters)
    joined = scratch.array(
        "cells", (*(size for count in phase.tiles for size in (count, outputs)), filters), back.dtype
    )
    order = [axis for number in range(rank) for axis in (rank + number, number)]
    np.copyto(joined, tiled.transpose(*order, 2 * rank))
    whole = joined.reshape(*(count * outputs for count in phase.tiles), filters)
    output[...] = np.moveaxis(whole[tuple(map(slice, output.shape[1:]))], -1, 0)
