"""Boxes of the padded input without padding it as a whole: a view, or a copy with the boundary filled in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index
from convcalc.geometry.boundary import Boundary
from convcalc.numerals import Number
from convcalc.problem import Problem


class Piece(NamedTuple):
    """A part of a box's axis, and where its cells come from."""

    places: slice
    """In the box."""
    cells: slice | list[int] | None
    """In the input; None: the boundary's constant."""


def view(problem: Problem, samples: slice, channels: slice, box: tuple[Sequence[int], ...]) -> Array | None:
    """The box as a view of the input, (batch, channels, *box), or None where it reaches outside or has gaps."""
    cut = [samples, channels]
    for axis, cells in zip(problem.axes, box, strict=True):
        if not isinstance(cells, range) or cells[0] < 0 or cells[-1] >= axis.size:
            return None
        cut.append(slice(cells.start, cells.stop, cells.step))
    return problem.input[tuple(cut)]


def fill(output: Array, problem: Problem, samples: slice, channels: slice, box: tuple[Sequence[int], ...]) -> None:
    """The box copied into ``output``, (batch, channels, *box), of any dtype.

    One copy for the inside and one for each side that reaches outside, so that a border costs only its own cells.
    """
    found = [pieces(cells, axis.size, problem.boundary) for axis, cells in zip(problem.axes, box, strict=True)]
    put(output, problem.input[samples, channels], found, problem.boundary.value)
    for number, (axis, cells_read) in enumerate(zip(problem.axes, box, strict=True)):
        if not isinstance(cells_read, range):
            sources = problem.boundary.sources(cells_read, axis.size)
            constant = [place for place, source_cell in enumerate(sources) if source_cell is None]
            output[(slice(None),) * (2 + number) + (constant,)] = problem.boundary.value


def put(output: Array, source: Array, axes: Sequence[Sequence[Piece]], constant: Number) -> None:
    """The pieces of every axis copied from ``source``, (batch, channels, *spatial), into (batch, channels, *box)."""
    for parts in product(*axes):
        places = index(..., *(part.places for part in parts))
        cells = [part.cells for part in parts if part.cells is not None]
        output[places] = _taken(source, cells) if len(cells) == len(parts) else constant


def pieces(cells: Sequence[int], size: int, boundary: Boundary) -> list[Piece]:
    """The pieces before, inside and behind the input; one piece where there are gaps, any cell for the constant."""
    if isinstance(cells, range):
        first = len(range(cells.start, min(cells.stop, 0), cells.step))
        last = max(first, len(range(cells.start, min(cells.stop, size), cells.step)))
        parts = (slice(0, first), slice(first, last), slice(last, len(cells)))
        return [Piece(part, _cells(cells[part], size, boundary)) for part in parts if part.start < part.stop]
    return [Piece(slice(None), [source or 0 for source in boundary.sources(cells, size)])]


def _cells(cells: range, size: int, boundary: Boundary) -> slice | list[int] | None:
    if 0 <= cells.start < size:
        return slice(cells.start, cells.stop, cells.step)
    return [source for source in boundary.sources(cells, size) if source is not None] or None


def _taken(source: Array, cells: list[slice | list[int]]) -> Array:
    """The index of cells in (batch, channels, *spatial): several lists as an open mesh, one alone among slices."""
    if sum(not isinstance(each, slice) for each in cells) > 1:
        sizes = source.shape[2:]
        places = [
            np.arange(size)[each] if isinstance(each, slice) else each for each, size in zip(cells, sizes, strict=True)
        ]
        cells = list(np.ix_(*places))
    taken: Array = source[index(slice(None), slice(None), *cells)]
    return taken
