"""The padded input a few rows at a time, each row whole and right behind the one before: one long line of numbers.

A shift by a cell and a shift by a row are both just a shift of that line; what wraps around at the ends of rows is
never read.
"""

from __future__ import annotations

from math import prod

from convcalc.arrays import Array
from convcalc.engine import padded
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Tile


class Slabs:
    """The cells that a tile of stride 1 reads, some rows of its first axis at once.

    Where its rows are whole rows of the input they are taken as they lie. Otherwise they are copied into the same
    memory again and again, which stays in the cache; so a border costs nothing but what it holds.
    """

    def __init__(self, tile: Tile, scratch: Scratch) -> None:
        problem = self._problem = tile.problem
        self._tile, self._scratch, self._dtype = tile, scratch, tile.arithmetic.dtype
        self._samples = slice(tile.region.batch.start, tile.region.batch.start + 1)
        cells = [axis.span(some) for axis, some in zip(problem.axes, tile.region.spatial, strict=True)]
        whole = range(problem.axes[-1].size)
        is_clear = problem.rank > 1 and cells[-1][0] >= 0 and cells[-1][-1] < len(whole)
        self.first = cells[-1][0] if is_clear else 0
        """The cell of a row under the first output cell."""
        self._rows, self._others = cells[0], (*cells[1:-1], whole) if is_clear else tuple(cells[1:])
        self._is_view = (
            problem.input.dtype == self._dtype
            and problem.input.flags.c_contiguous
            and all(some == range(axis.size) for some, axis in zip(self._others, problem.axes[1:], strict=True))
        )
        self._pieces = [
            padded.pieces(some, axis.size, problem.boundary)
            for some, axis in zip(self._others, problem.axes[1:], strict=True)
        ]

    @property
    def spreads(self) -> tuple[int, ...]:
        """Cells of a line from one tap to the next, for each axis; 0 where it has but one."""
        sizes = tuple(map(len, self._others))
        rows = [prod(sizes[number:]) for number in range(len(sizes) + 1)]
        return tuple(
            axis.dilation * row if axis.kernel_size > 1 else 0
            for axis, row in zip(self._problem.axes, rows, strict=True)
        )

    @property
    def row_bytes(self) -> int:
        """Of one channel's row of the first axis."""
        return prod(map(len, self._others)) * self._dtype.itemsize

    def under(self, step: slice, channels: range) -> Array:
        """(channels, rows, *cells): what some of the tile's rows of output read; good until it is asked again."""
        rows = self._rows[step.start : step.stop + self._problem.axes[0].reach - 1]
        source = self._problem.input[self._samples, channels.start : channels.stop]
        size = self._problem.axes[0].size
        if self._is_view and rows[0] >= 0 and rows[-1] < size:
            view: Array = source[0, :, rows.start : rows.stop]
            return view
        block = self._scratch.array("slab", (*source.shape[:2], len(rows), *map(len, self._others)), self._dtype)
        boundary = self._problem.boundary
        padded.put(block, source, [padded.pieces(rows, size, boundary), *self._pieces], boundary.value)
        slab: Array = block[0]
        return slab
