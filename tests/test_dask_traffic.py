"""What many machines move between each other: the closed forms against a count of every tile on small grids."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from math import prod
from random import Random
from time import process_time

import pytest

from convcalc.dask.layout import reads_of, tiles_like
from convcalc.dask.traffic import blocks_like, moved_cells, worker_tiles
from convcalc.errors import GeometryError
from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary, BoundaryMode
from convcalc.geometry.tile_counts import tile_count


def random_axis(rng: Random, largest: int) -> Axis:
    while True:
        sizes = (rng.randint(1, largest), rng.randint(1, 6), rng.randint(1, 3), rng.randint(1, 3))
        try:
            return Axis(*sizes, rng.randint(0, 6), rng.randint(0, 6))
        except GeometryError:
            continue


def counted_moves(axes: list[Axis], boundary: Boundary, steps: list[int], each: list[int]) -> int:
    """Every tile by itself: the workers that read from a block get its cuts once, those that read most of it get it."""
    blocks = [blocks_like(axis, step) for axis, step in zip(axes, steps, strict=True)]
    reads = [reads_of(axis, boundary, tiles_like(axis, sizes), sizes) for axis, sizes in zip(axes, blocks, strict=True)]
    cut: dict[tuple[int, ...], int] = defaultdict(int)
    readers, getters = defaultdict(set), defaultdict(set)
    for place in product(*map(range, map(len, reads))):
        worker = tuple(number // some for number, some in zip(place, each, strict=True))
        for parts in product(*(axis[number].parts for axis, number in zip(reads, place, strict=True))):
            block = tuple(part.block for part in parts)
            readers[block].add(worker)
            if all(part.is_most for part in parts):
                getters[block].add(worker)
            else:
                cut[block] += prod(len(part.cells) for part in parts)
    size = {block: prod(sizes[n] for sizes, n in zip(blocks, block, strict=True)) for block in getters}
    return sum(cells * (len(readers[block]) - 1) for block, cells in cut.items()) + sum(
        size[block] * (len(workers) - 1) for block, workers in getters.items()
    )


def test_moves_are_those_of_a_list_of_tiles() -> None:
    """On random grids of one and two axes, with long middles that the closed form leaves out."""
    rng = Random(0)
    for _ in range(300):
        axes = [random_axis(rng, size) for size in rng.choice([(300,), (60, 60)])]
        steps = [rng.randint(1, 9) for _ in axes]
        each = [rng.randint(1, 5) for _ in axes]
        boundary = Boundary(rng.choice(list(BoundaryMode)))
        assert moved_cells(axes, boundary, steps, each) == counted_moves(axes, boundary, steps, each), (axes, steps)


def test_each_window_is_of_the_block_that_holds_its_middle() -> None:
    """Blocks that are made for tiles have these tiles; without padding every tile has its own."""
    rng = Random(1)
    for _ in range(200):
        axis = random_axis(rng, 60)
        tiles = tiles_like(axis, blocks_like(axis, step := rng.randint(1, 9)))
        assert [cell for tile in tiles for cell in tile] == list(range(axis.output_size))
        assert all(len(tile) == step for tile in tiles[1:-1])
        if not (axis.before or axis.after):
            assert len(tiles) == tile_count(axis, step)


def test_a_halo_of_two_rows_is_four_rows_between_two_bands() -> None:
    """By hand: two bands of a 5-tap kernel send each other two rows."""
    rows = Axis(100, 5, before=2, after=2)
    assert moved_cells([rows, Axis(40, 1)], Boundary(), [50, 40], [1, 1]) == 4 * 40
    assert moved_cells([rows, Axis(40, 1)], Boundary(), [50, 40], [2, 1]) == 0


@pytest.mark.parametrize("step", [1, 1_000, 8_192])
def test_a_million_squared_takes_no_list(step: int) -> None:
    """The counts of 10^12 cells take milliseconds, however small the tiles."""
    axes = [Axis(1_000_000, 9, before=4, after=4)] * 2
    counts = [tile_count(axis, step) for axis in axes]
    start = process_time()
    each = worker_tiles(counts, 1_000)
    near, apart = (moved_cells(axes, Boundary(), [step] * 2, some) for some in (each, [1, 1]))
    assert process_time() - start < 0.5
    assert prod(-(-count // some) for count, some in zip(counts, each, strict=True)) <= 1_000
    assert 0 < near <= apart


def test_workers_have_boxes() -> None:
    """Prime factors go to the axis with the most tiles; a prime number of workers makes bands."""
    assert worker_tiles((100, 100), 12) == (34, 25)
    assert worker_tiles((10, 10), 7) == (2, 10)
    assert worker_tiles((3,), 1_000) == (1,)
