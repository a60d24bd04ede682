"""What a computation on many machines costs, in closed form: no list of tiles, however many there are.

Of a Dask array whose blocks are like the tiles. A tile is a product of its axes, so a sum over all tiles of a product
is the product of sums over each axis; and all blocks in the middle of an axis are alike, so only those near its ends
are looked at, on a shorter axis that has the same ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import NamedTuple

from convcalc.dask.layout import reads_of, tiles_like
from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary
from convcalc.geometry.tile_counts import floor_sum, tile_count


class BlockUse(NamedTuple):
    """What the tiles read of a block, on one axis."""

    cells: int
    """Of all tiles together, one by one."""
    most: int
    """Of those that read more than half of it, which get it whole."""
    tiles: tuple[int, ...]
    """Those that read from it."""
    most_tiles: tuple[int, ...]
    """Those that get it whole."""
    size: int
    """Of the block."""


class AxisTraffic(NamedTuple):
    """Sums over the blocks of an axis; times the workers along it that have such a tile, where a name says so."""

    cells: int
    """Of :attr:`BlockUse.cells`."""
    most: int
    cells_to: int
    """Times the workers that read from the block."""
    most_to: int
    whole: int
    """Cells of the blocks that any worker gets whole."""
    whole_to: int
    """Times the workers that get it whole."""


def blocks_like(axis: Axis, step: int) -> tuple[int, ...]:
    """The sizes of input blocks whose tiles have ``step`` output cells: a window is of the block that holds its middle.

    >>> blocks_like(Axis(size=10, kernel_size=3), 3)
    (4, 3, 3)
    """
    shift = axis.reach // 2 - axis.before
    edges = (first * axis.stride + shift for first in range(step, axis.output_size, step))
    inner = [edge for edge in edges if 0 < edge < axis.size]
    return tuple(last - first for first, last in zip([0, *inner], [*inner, axis.size], strict=True))


def block_uses(axis: Axis, boundary: Boundary, step: int) -> list[BlockUse]:
    """The use of every block of a short axis."""
    blocks = blocks_like(axis, step)
    found: list[list[tuple[int, int, bool]]] = [[] for _ in blocks]
    for number, tile in enumerate(reads_of(axis, boundary, tiles_like(axis, blocks), blocks)):
        for part in tile.parts:
            found[part.block].append((number, len(part.cells), part.is_most))
    return [
        BlockUse(
            sum(cells for _, cells, _ in each),
            sum(cells for _, cells, is_most in each if is_most),
            tuple(number for number, _, _ in each),
            tuple(number for number, _, is_most in each if is_most),
            size,
        )
        for each, size in zip(found, blocks, strict=True)
    ]


def axis_traffic(axis: Axis, boundary: Boundary, step: int, each: int) -> AxisTraffic:
    """The sums over an axis whose workers have ``each`` neighbouring tiles."""
    short, left_out = _shortened(axis, step)
    uses = block_uses(short, boundary, step)
    return AxisTraffic(*map(sum, zip(*_rows(uses, each, left_out), strict=True)))


def moved_cells(axes: Sequence[Axis], boundary: Boundary, steps: Sequence[int], each: Sequence[int]) -> int:
    """Input cells of a channel that go from one worker to others, where every block is computed by one.

    A block's cuts go together to each other worker that reads from it, and the block to those that read most of it.
    ``each``: neighbouring tiles of a worker on each axis; 1: none of them lie together.
    """
    sums = [axis_traffic(axis, boundary, step, some) for axis, step, some in zip(axes, steps, each, strict=True)]
    cells, most, cells_to, most_to, whole, whole_to = map(prod, zip(*sums, strict=True))
    return (cells_to - most_to) - (cells - most) + whole_to - whole


def worker_tiles(counts: Sequence[int], workers: int) -> tuple[int, ...]:
    """Tiles of a worker on each axis, where every worker has a box of neighbours; ``counts``: all tiles of each axis.

    >>> worker_tiles((100, 100), 12)
    (34, 25)
    """
    parts = [1] * len(counts)
    for factor in _factors(workers):
        longest = max(range(len(counts)), key=lambda axis: counts[axis] / parts[axis])
        parts[longest] *= factor
    return tuple(-(-count // part) for count, part in zip(counts, parts, strict=True))


def _shortened(axis: Axis, step: int) -> tuple[Axis, int]:
    """An axis with the same ends and few tiles between them, and how many tiles it lacks."""
    period, count = step * axis.stride, tile_count(axis, step)
    end = -(-(axis.reach + max(axis.before, axis.after)) // period) + 2
    left_out = max(0, count - 4 * end - 1)
    return replace(axis, size=axis.size - left_out * period), left_out


def _rows(uses: Sequence[BlockUse], each: int, left_out: int) -> Iterator[AxisTraffic]:
    """What each block of a short axis adds to the sums; the one in the middle as often as it stands for others."""
    middle = len(uses) // 2
    for place, use in enumerate(uses):
        count = left_out + 1 if left_out and place == middle else 1
        if count > 1:
            readers, getters = (_all_workers(tiles, each, count) for tiles in (use.tiles, use.most_tiles))
        else:
            moved = (_moved(tiles, place, middle, left_out) for tiles in (use.tiles, use.most_tiles))
            readers, getters = (len({tile // each for tile in tiles}) for tiles in moved)
        whole = use.size * bool(use.most_tiles)
        once = (use.cells, use.most, whole)
        yield AxisTraffic(
            once[0] * count, once[1] * count, use.cells * readers, use.most * readers, once[2] * count, whole * getters
        )


def _moved(tiles: Sequence[int], place: int, middle: int, left_out: int) -> list[int]:
    """Tiles of a block as numbers of the whole axis: behind the middle they are later, by those that are left out.

    Where the boundary is circular, tiles of one end read blocks of the other.
    """
    return [tile + left_out * ((place > middle) != (abs(tile - place) > middle)) for tile in tiles]


def _all_workers(tiles: Sequence[int], each: int, count: int) -> int:
    """The workers of neighbouring tiles, summed over ``count`` blocks that are alike, each one tile further."""
    if not tiles:
        return 0
    return count + floor_sum(count, each, 1, tiles[-1]) - floor_sum(count, each, 1, tiles[0])


def _factors(number: int) -> list[int]:
    """Prime factors, the largest first."""
    found, factor = [], 2
    while factor * factor <= number:
        while number % factor == 0:
            found.append(factor)
            number //= factor
        factor += 1
    return [*([number] if number > 1 else []), *reversed(found)]
