"""The output cells that are looked at first: inside, where nothing of the border is read, and at the edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.causes.given import Given
from convcalc.causes.placements import Placement

CELLS = 48
"""Cells of a sample."""
_LEAST = 8
"""Cells inside below which all cells are looked at, each border by itself."""
_RICHEST = 1024
"""Cells with the largest steps to their neighbours, of which half of a sample is taken."""


class Cells(NamedTuple):
    """Sampled output positions with the matrix there."""

    positions: Array
    """(cells, axes)."""
    values: Array
    """(cells, channels), float64."""
    free: Array
    """(cells, channels): known, and not at an end of a type."""
    is_inside: bool
    """Whether no window reads outside the input."""


class Sampler:
    """Draws cells of one matrix, always the same ones."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._first = given.floats[0]
        self._free = (given.known & ~given.clipped)[0]
        self._known: dict[tuple[range, ...], Cells | None] = {}
        self._edges: dict[tuple[range, ...], Cells | None] = {}
        self._rich = _richest(self._first, self._free)

    def inside(self, placement: Placement) -> Cells | None:
        """Cells whose windows read the input alone; None where there are too few."""
        box = tuple(axis.inside for axis in placement.axes)
        if box not in self._known:
            number = int(np.prod([len(each) for each in box]))
            self._known[box] = self._cells(self._drawn(box, number), is_inside=True) if number >= _LEAST else None
        return self._known[box]

    def all(self, placement: Placement) -> Cells:
        """Cells anywhere."""
        box = tuple(range(axis.windows) for axis in placement.axes)
        return self._cells(self._drawn(box, int(np.prod([len(each) for each in box]))), is_inside=False)

    def edges(self, placement: Placement) -> Cells | None:
        """Cells whose windows reach outside, corners first; None where none do."""
        box = tuple(axis.inside for axis in placement.axes)
        if box not in self._edges:
            self._edges[box] = self._edge(box, placement.counts)
        return self._edges[box]

    def _edge(self, box: tuple[range, ...], counts: Sequence[int]) -> Cells | None:
        sides = []
        for axis, inside in enumerate(box):
            for outer in (range(inside.start), range(inside.stop, counts[axis])):
                whole = [range(count) for count in counts]
                whole[axis] = outer
                number = int(np.prod([len(each) for each in whole]))
                if number:
                    sides.append(self._drawn(tuple(whole), number, CELLS // 2))
        return self._cells(np.concatenate(sides), is_inside=False) if sides else None

    def _drawn(self, box: tuple[range, ...], number: int, most: int = CELLS) -> Array:
        """Positions in a box: all of a small one, otherwise some at random, and some where much happens."""
        starts = np.array([each.start for each in box])
        sizes = [len(each) for each in box]
        if number <= most:
            return np.asarray(np.indices(sizes).reshape(len(box), -1).T + starts)
        generator = np.random.default_rng(0)
        drawn = np.stack([generator.integers(0, size, most // 2) for size in sizes], 1) + starts
        ends = np.array([each.stop for each in box])
        within = ((self._rich >= starts) & (self._rich < ends)).all(1)
        rich = self._rich[within]
        return np.concatenate([drawn, rich[:: max(1, len(rich) // (most // 2))][: most // 2]])

    def _cells(self, positions: Array, *, is_inside: bool) -> Cells:
        index = (slice(None), *positions.T)
        return Cells(positions, self._first[index].T, self._free[index].T, is_inside)


def _richest(values: Array, free: Array) -> Array:
    """Positions of the cells with the largest steps to the next cell of the last axis, not cut off."""
    steps = np.abs(np.diff(values, axis=-1, prepend=values[..., :1]))
    steps = np.where(free & np.isfinite(steps), steps, -1).max(0)
    number = min(_RICHEST, steps.size)
    found = np.argpartition(steps.ravel(), steps.size - number)[steps.size - number :]
    return np.stack(np.unravel_index(np.sort(found), steps.shape), 1)
