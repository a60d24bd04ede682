"""The kernel of Winograd's filtering, transformed: once for all tiles, by two threads, or piece by piece.

Cook–Toom: m outputs of an r-tap filter from m + r − 1 products, as three small matrices of exact numbers.

Winograd, "Arithmetic complexity of computations" (1980); Lavin & Gray, "Fast algorithms for convolutional neural
networks" (2016). The matrices are made here from the interpolation points, in fractions.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache, reduce
from itertools import cycle, islice
from math import ceil, gcd, lcm, prod
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Tile
from convcalc.engine.tiling import steps
from convcalc.problem import Problem

# Small points keep the matrices' numbers, and so the rounding errors, small; the last point is infinity.
_POINTS = tuple(map(Fraction, (0, 1, -1, 2, -2)))

Matrix = list[list[Fraction]]


class Transforms(NamedTuple):
    """y = output · ((kernel · g) ∘ (input · x)): the cross-correlation of n cells x with r taps g at m places."""

    input: Array
    """(n, n), whole numbers."""
    kernel: Array
    """(n, r)."""
    output: Array
    """(m, n), whole numbers."""

    def of_rank(self, rank: int, dtype: np.dtype[Any]) -> Transforms:
        """The transforms of tiles of ``rank`` axes, each axis flattened into one: Kronecker products."""
        return Transforms(*(reduce(np.kron, [each] * rank).astype(dtype) for each in self))


@cache
def transforms(outputs: int, taps: int) -> Transforms:
    """The matrices of F(outputs, taps) as float64.

    A product of polynomials is interpolated from its values at n points; the transpose of that is the
    cross-correlation.
    """
    count = outputs + taps - 1
    points = tuple(islice(_POINTS, count - 1))
    inverse = _inverse(_powers(points, count))
    columns = [[inverse[row][column] for row in range(count)] for column in range(count)]
    scales = list(map(_whole_scale, columns))
    kernel = [[each / scale for each in row] for row, scale in zip(_powers(points, taps), scales, strict=True)]
    cells = [[each * scale for each in row] for row, scale in zip(columns, scales, strict=True)]
    back = _powers(points, outputs)
    return Transforms(_floats(cells), _floats(kernel), _floats(back).T.copy())


def _whole_scale(row: list[Fraction]) -> Fraction:
    """What makes the smallest whole numbers of a row."""
    return Fraction(lcm(*(each.denominator for each in row)), gcd(*(each.numerator for each in row)))


def _powers(points: tuple[Fraction, ...], count: int) -> Matrix:
    """The values of 1, x, x² … at the points, and at infinity, where only the highest power counts."""
    finite = [[point**power for power in range(count)] for point in points]
    return [*finite, [Fraction(power == count - 1) for power in range(count)]]


def _inverse(matrix: Matrix) -> Matrix:
    """Gauss–Jordan elimination in fractions."""
    size = len(matrix)
    rows = [[*row, *(Fraction(number == other) for other in range(size))] for number, row in enumerate(matrix)]
    for pivot in range(size):
        found = next(row for row in range(pivot, size) if rows[row][pivot])
        rows[pivot], rows[found] = rows[found], rows[pivot]
        rows[pivot] = [each / rows[pivot][pivot] for each in rows[pivot]]
        for other in range(size):
            if other != pivot:
                factor = rows[other][pivot]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[pivot], strict=True)]
    return [row[size:] for row in rows]


def _floats(matrix: Matrix) -> Array:
    return np.array([[float(each) for each in row] for row in matrix])


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
