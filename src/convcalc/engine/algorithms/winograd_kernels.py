"""The kernel of Winograd's filtering, transformed: once for all tiles, by two threads, or piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from math import ceil, prod
from threading import Lock

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.scratch import Scratch
from convcalc.engine.tile import Tile
from convcalc.engine.tiling import steps
from convcalc.problem import Problem

FILTERS = 32
"""Filters of a step where the kernel is transformed as it is used."""
_LARGE = 8 << 20
"""Bytes of a transformed kernel that two threads make together; the products of halves are shorter."""


class Kernels:
    """The transformed kernel: made once where that fits and pays, otherwise as it is used, some filters at a time."""

    def __init__(self, problem: Problem, matrix: Array, is_shared: bool) -> None:
        self._weight, self._groups = problem.applied_weight, problem.groups
        self._matrix, self._is_shared = matrix, is_shared
        self._is_large = matrix.nbytes * problem.counts.weights > _LARGE * matrix.shape[1] ** 2
        parts = 2 if self._is_large and problem.groups == 1 else 1  # groups stay together
        cuts = steps(problem.out_channels, ceil(problem.out_channels / parts)) if is_shared else []
        self._halves = tuple(map(_Half, cuts))
        self._turns = cycle(range(max(1, len(self._halves))))

    def of(self, tile: Tile, scratch: Scratch) -> Iterator[tuple[slice, Array]]:
        """Filters of each group, and their (products, groups, channels of a group, filters)."""
        each = len(tile.region.filters) // tile.groups
        if not self._is_shared:
            for filters in steps(each, max(1, FILTERS // tile.groups)):
                yield filters, self._transformed(tile.filters, tile.groups, filters, scratch)
        elif self._groups > 1:
            groups = slice(tile.region.filters.start // each, tile.region.filters.stop // each)
            yield slice(None), self._made(self._halves[0])[:, groups]
        else:
            # each thread begins with another half, so that two of them make one half each
            turn = next(self._turns)
            for number in range(len(self._halves)):
                half = self._halves[(turn + number) % len(self._halves)]
                wanted = range(max(half.filters.start, tile.filters.start), min(half.filters.stop, tile.filters.stop))
                if wanted:
                    here, there = (
                        slice(wanted.start - first, wanted.stop - first)
                        for first in (tile.filters.start, half.filters.start)
                    )
                    yield here, self._made(half)[..., there]

    def _made(self, half: _Half) -> Array:
        with half.lock:
            if half.kernel is None:
                half.kernel = self._transformed(half.filters, self._groups, slice(None), Scratch())
        return half.kernel

    def _transformed(self, tile_filters: slice, groups: int, filters: slice, scratch: Scratch) -> Array:
        """(products, groups, channels of a group, filters of a group)."""
        weight = self._weight[tile_filters]
        weight = weight.reshape(groups, -1, weight.shape[1], prod(weight.shape[2:]))[:, filters]
        # BLAS reads channels before filters best; to lay out a large kernel so costs more than that saves
        order = (3, 0, 1, 2) if self._is_large else (3, 0, 2, 1)
        taps = scratch.array("taps", tuple(weight.shape[axis] for axis in order), self._matrix.dtype)
        np.copyto(taps, weight.transpose(order), casting="unsafe")
        output = scratch.array("kernel", (len(self._matrix), *taps.shape[1:]), self._matrix.dtype)
        np.matmul(self._matrix, taps.reshape(len(taps), -1), out=output.reshape(len(self._matrix), -1))
        return output.swapaxes(-1, -2) if self._is_large else output


class _Half:
    """Some filters, and their transformed kernel once a thread has made it."""

    def __init__(self, filters: slice) -> None:
        self.filters, self.lock = filters, Lock()
        self.kernel: Array | None = None
