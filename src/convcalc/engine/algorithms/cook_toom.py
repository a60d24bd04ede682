"""Cook–Toom: m outputs of an r-tap filter from m + r − 1 products, as three small matrices of exact numbers.

Winograd, "Arithmetic complexity of computations" (1980); Lavin & Gray, "Fast algorithms for convolutional neural
networks" (2016). The matrices are made here from the interpolation points, in fractions.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, reduce
from itertools import islice
from math import gcd, lcm
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array

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
