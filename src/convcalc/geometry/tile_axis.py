"""One axis of a tile: the smaller axis that gives some output cells, and the input cells that it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary, BoundaryMode


class Piece(NamedTuple):
    """Neighbouring cells of a tile's own input on one axis."""

    cells: range
    """Input cells to read, in order without gaps; none: the cells have the boundary's constant."""
    picks: tuple[int, ...] | None = None
    """Which of ``cells`` they are, by index, of a border that is reflected or repeated; None: all, in order."""
    constants: int = 0
    """How many cells have the boundary's constant."""

    @property
    def size(self) -> int:
        """How many cells of the tile's input it gives."""
        return self.constants + len(self.cells if self.picks is None else self.picks)


class TileAxis(NamedTuple):
    """A smaller axis whose output is that of some positions of the whole one.

    >>> tile = tile_axis(Axis(size=10, kernel_size=3, before=1, after=1), Boundary(), range(0, 4))
    >>> tile.axis.before, tile.axis.size, tile.axis.after, tile.pieces[0].cells
    (1, 5, 0, range(0, 5))
    """

    positions: range
    """Output cells of the whole axis."""
    axis: Axis
    """Of the smaller problem; its output has as many cells as there are positions."""
    pieces: tuple[Piece, ...]
    """One behind the other they are the input of the smaller problem."""

    @property
    def inside(self) -> range:
        """The input cells that it reads where they are, from the first to the last; none where all come otherwise."""
        return next((piece.cells for piece in self.pieces if piece.picks is None), range(0))

    @property
    def border(self) -> int:
        """Cells of the smaller input that are given by the boundary."""
        return self.axis.size - len(self.inside)


def tile_axis(axis: Axis, boundary: Boundary, positions: range) -> TileAxis:
    """The smaller axis of some output positions, at least one.

    All positions of an axis are the axis itself, whose padding stays. Otherwise a constant stays padding, and the cells
    that another boundary gives become part of the smaller input: they lie anywhere in the whole one.
    """
    if positions == range(axis.output_size):
        return TileAxis(positions, axis, (Piece(range(axis.size)),))
    span = axis.span(positions)
    inside = range(max(span.start, 0), min(span.stop, axis.size))
    if boundary.mode is not BoundaryMode.CONSTANT:
        pieces = tuple(_pieces(span, inside, axis.size, boundary))
        return TileAxis(positions, replace(axis, size=len(span), before=0, after=0), pieces)
    if not inside:
        lone = replace(axis, size=len(span), before=0, after=0)
        return TileAxis(positions, lone, (Piece(range(0), constants=len(span)),))
    before, after = inside.start - span.start, span.stop - inside.stop
    return TileAxis(positions, replace(axis, size=len(inside), before=before, after=after), (Piece(inside),))


def tiles_on(axis: Axis, step: int) -> Iterator[range]:
    """The output positions of each tile, of ``step`` cells, the last one of the rest."""
    last = axis.output_size
    return (range(first, min(first + step, last)) for first in range(0, last, step))


def _pieces(span: range, inside: range, size: int, boundary: Boundary) -> Iterator[Piece]:
    """The border in front, the cells inside, and the border behind."""
    if not inside:
        yield from _picked(span, size, boundary)
        return
    yield from _picked(range(span.start, inside.start), size, boundary)
    yield Piece(inside)
    yield from _picked(range(inside.stop, span.stop), size, boundary)


def _picked(outside: range, size: int, boundary: Boundary) -> Iterator[Piece]:
    """Cells of the border, cut where their sources lie apart so that no more is read than they need."""
    run: list[int] = []
    for source in boundary.sources(outside, size):
        assert source is not None  # only the constant has no source
        if run and abs(source - run[-1]) > 1:
            yield _picked_from(run)
            run = []
        run.append(source)
    if run:
        yield _picked_from(run)


def _picked_from(sources: list[int]) -> Piece:
    first = min(sources)
    return Piece(range(first, max(sources) + 1), tuple(source - first for source in sources))
