"""Tiles on one axis: the smaller problem gives the same cells, and the closed forms count what a list would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.errors import GeometryError
from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary, BoundaryMode
from convcalc.geometry.tile_axis import TileAxis, tile_axis, tiles_on
from convcalc.geometry.tile_counts import (
    border_cells,
    cells_read,
    chunk_reads,
    clipped_sum,
    floor_sum,
    largest_read,
    tile_count,
)

CONSTANT = -1
"""Marks a cell of the constant in place of an input cell's number."""


@st.composite
def axes(draw: st.DrawFn) -> Axis:
    """An axis whose kernel fits, with padding up to more than the input."""
    whole = st.integers(1, 5)
    pads = st.integers(0, 7)
    while True:
        sizes = draw(st.tuples(st.integers(1, 14), whole, whole, st.integers(1, 3), pads, pads))
        try:
            return Axis(*sizes)
        except GeometryError:
            continue


def tap_sources(axis: Axis, boundary: Boundary, positions: range) -> list[list[int]]:
    """For each position the input cells under its taps, one by one."""
    found = [boundary.sources(axis.reads(position), axis.size) for position in positions]
    return [[CONSTANT if source is None else source for source in cells] for cells in found]


def own_cells(tile: TileAxis) -> Iterator[int]:
    """The input cells of a tile's own input, in order."""
    for piece in tile.pieces:
        yield from [CONSTANT] * piece.constants
        yield from piece.cells if piece.picks is None else (piece.cells[pick] for pick in piece.picks)


@settings(max_examples=300, deadline=None)
@given(axes(), st.sampled_from(list(BoundaryMode)), st.integers(1, 16))
def test_a_tile_reads_what_the_whole_axis_reads(axis: Axis, mode: BoundaryMode, step: int) -> None:
    """Every tap of every tile lies on the cell, or the constant, that it lies on in the whole axis."""
    boundary, seen = Boundary(mode), 0
    for positions in tiles_on(axis, step):
        tile = tile_axis(axis, boundary, positions)
        own = list(own_cells(tile))
        assert len(own) == tile.axis.size == sum(piece.size for piece in tile.pieces)
        assert tile.axis.output_size == len(positions)
        found = tap_sources(tile.axis, boundary, range(len(positions)))
        through = [[CONSTANT if each == CONSTANT else own[each] for each in taps] for taps in found]
        assert through == tap_sources(axis, boundary, positions)
        assert tile.border == tile.axis.size - len(tile.inside)
        seen += len(positions)
    assert seen == axis.output_size


@settings(max_examples=300, deadline=None)
@given(axes(), st.integers(1, 16), st.integers(1, 9))
def test_counts_are_those_of_a_list(axis: Axis, step: int, chunk: int) -> None:
    """Closed forms agree with a sum over all tiles."""
    tiles = list(tiles_on(axis, step))
    assert tile_count(axis, step) == len(tiles)
    spans = [range(axis.size)] if len(tiles) == 1 else list(map(axis.span, tiles))
    inside = [range(max(0, span.start), max(0, span.start, min(axis.size, span.stop))) for span in spans]
    assert cells_read(axis, step) == sum(map(len, inside))
    assert border_cells(axis, step) == sum(map(len, spans)) - sum(map(len, inside))
    assert largest_read(axis, step) >= max(map(len, spans))
    assert chunk_reads(axis, step, chunk) == sum(len({cell // chunk for cell in cells}) for cells in inside)


@settings(max_examples=200, deadline=None)
@given(st.integers(-30, 30), st.integers(1, 9), st.integers(0, 12), st.integers(-20, 5), st.integers(0, 30))
def test_sums_of_sequences(first: int, step: int, count: int, low: int, width: int) -> None:
    """Clipped sums and sums of floors agree with loops."""
    terms = [first + step * k for k in range(count)]
    assert clipped_sum(first, step, count, low, low + width) == sum(min(max(t, low), low + width) for t in terms)
    assert floor_sum(count, width + 1, step, first) == sum(term // (width + 1) for term in terms)


def test_counts_of_sizes_that_no_list_could_have() -> None:
    """10^12 cells in 10^7 tiles take no time, and the halo is two cells a seam."""
    axis = Axis(size=10**12, kernel_size=3, before=1, after=1)
    assert tile_count(axis, 10**5) == 10**7
    assert cells_read(axis, 10**5) == 10**12 + 2 * (10**7 - 1)
    assert border_cells(axis, 10**5) == 2
    assert chunk_reads(axis, 10**5, 10**5) == 3 * 10**7 - 2


@pytest.mark.parametrize(
    ("mode", "cells"),
    [("reflect", [(0, 4), (1, 3)]), ("circular", [(8, 10), (0, 4)]), ("replicate", [(0, 1), (0, 4)])],
)
def test_borders_read_only_what_they_need(mode: str, cells: list[tuple[int, int]]) -> None:
    """The first tile of three cells reads its border from where the boundary takes it, and nothing between."""
    tile = tile_axis(Axis(size=10, kernel_size=4, before=2, after=1), Boundary(BoundaryMode(mode)), range(0, 3))
    found = [(piece.cells.start, piece.cells.stop) for piece in tile.pieces]
    assert sorted(found) == sorted(cells)
    assert tile.inside == range(0, 4)
    assert tile.border == 2
