"""Which blocks of an input each tile of an output reads, and which part of each: one axis at a time.

A tile is a product of its axes, and so are its parts of blocks. What a tile has the most of it takes whole, what it has
less of (the halo) it takes as a cut, so that whole blocks stay where they are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary
from convcalc.geometry.tile_axis import TileAxis, tile_axis


class Part(NamedTuple):
    """What a tile reads of one block, on one axis."""

    block: int
    """Its number, from 0."""
    first: int
    """The input cell that the block begins with."""
    cells: range
    """Input cells, from the first that is read to the last."""
    is_most: bool
    """Whether it is more than half of the block."""

    @property
    def inside(self) -> slice:
        """The cells in the block."""
        return slice(self.cells.start - self.first, self.cells.stop - self.first)


class TileReads(NamedTuple):
    """A tile on one axis, and what it reads of which blocks; of constants alone it reads none."""

    tile: TileAxis
    parts: tuple[Part, ...]


def reads_of(axis: Axis, boundary: Boundary, tiles: Sequence[range], blocks: Sequence[int]) -> tuple[TileReads, ...]:
    """What each tile reads. ``tiles``: the output cells of each; ``blocks``: the cells of each block."""
    edges = list(accumulate(blocks, initial=0))
    found = (tile_axis(axis, boundary, positions) for positions in tiles)
    return tuple(TileReads(tile, tuple(_parts(tile, edges))) for tile in found)


def _parts(tile: TileAxis, edges: Sequence[int]) -> Iterator[Part]:
    """The parts of all blocks between ``edges`` that a tile reads: of each from the first cell to the last."""
    read: dict[int, range] = {}
    for piece in tile.pieces:
        if piece.cells:
            first, last = bisect_right(edges, piece.cells.start) - 1, bisect_left(edges, piece.cells.stop)
            for block in range(first, last):
                start = max(piece.cells.start, edges[block])
                stop = min(piece.cells.stop, edges[block + 1])
                known = read.get(block, range(start, stop))
                read[block] = range(min(start, known.start), max(stop, known.stop))
    for block, cells in sorted(read.items()):
        yield Part(block, edges[block], cells, 2 * len(cells) > edges[block + 1] - edges[block])


def tiles_like(axis: Axis, blocks: Sequence[int]) -> tuple[range, ...]:
    """The output cells of a tile for each block: those whose window has its middle in the block.

    What lies in front of the input is of the first tile, what lies behind it of the last. A block without such a window
    has no tile.

    >>> tiles_like(Axis(size=10, kernel_size=3), (4, 6))
    (range(0, 3), range(3, 8))
    """
    shift = axis.before - axis.reach // 2
    inner = [*accumulate(blocks)][:-1]
    starts = (min(max(-(-(edge + shift) // axis.stride), 0), axis.output_size) for edge in inner)
    return tuple(range(first, last) for first, last in pairwise((0, *starts, axis.output_size)) if first < last)


def tiles_of(sizes: Sequence[int]) -> tuple[range, ...]:
    """The output cells of tiles of these sizes."""
    return tuple(range(first, last) for first, last in pairwise(accumulate(sizes, initial=0)))
