"""Kernels as outer products of one-dimensional filters, as sums of such products, and their ranks."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from itertools import combinations_with_replacement
from math import gcd, prod
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index, is_exact, largest

Taps = tuple[float, ...]
"""The weights of a one-dimensional filter; whole numbers where the kernel's are."""
Product = tuple[Taps, ...]
"""One filter for each axis; their outer product is a kernel."""

ROUNDING = 1e-12
"""Relative to the largest, singular values and sums below this count as rounding, as 0."""
_ROUNDING_STEPS = 4  # the largest remainder of splitting floats, in units in the last place of the largest weight
_LARGEST_EXACT = 100  # rows of a matrix whose rank is found exactly; elimination takes rows³ steps in Python's numbers


class Separation(NamedTuple):
    """The separation of a kernel into filters along its axes."""

    ranks: tuple[int, ...]
    """By axis, the rank of the matrix whose rows are the slices along it: in 2-D twice the matrix rank, in 3-D the
    multilinear rank."""
    factors: Product | None
    """The filters whose outer product is the kernel; None if it is not separable."""
    is_exact: bool
    """Whether the ranks are exact; otherwise singular values below :data:`ROUNDING` × the largest count as 0."""

    @property
    def is_separable(self) -> bool:
        """Whether the kernel is one outer product."""
        return self.factors is not None

    @property
    def multiplications(self) -> int:
        """Multiplications for each output cell when the factors are applied one after the other."""
        return sum(map(len, self.factors or ()))


def separation_of(weights: Array) -> Separation:
    """The ranks and factors of finite weights, (*kernel_size), whole or float."""
    if not weights.any():
        return Separation((0,) * weights.ndim, None, True)
    if is_exact(weights):
        found = products_of(weights.astype(object), 1)
        if found:
            return Separation((1,) * weights.ndim, _arranged(found[0]), True)
    ranks, exactly = _ranks(weights)
    is_product = not is_exact(weights) and set(ranks) == {1}
    return Separation(ranks, _arranged(_fibres(weights)) if is_product else None, exactly)


def products_of(weights: Array, most: int) -> list[Product] | None:
    """At most ``most`` products, 1 or 2, whose sum is the kernel: split along the first axis, then each part.

    Weights of dtype object are whole and split exactly into whole numbers; others up to rounding. None where it takes
    more products, or fractions.
    """
    is_whole = weights.dtype == object
    if weights.ndim == 1:
        return [(_taps(weights),)]
    rows = weights.reshape(len(weights), -1)
    found = _whole_split(rows, most) if is_whole else _cross_split(rows, most)
    if found is None:
        return None
    result: list[Product] = []
    for column, row in found:
        rest = products_of(row.reshape(weights.shape[1:]), most)
        if rest is None:
            return None
        result += [(column, *each) for each in rest]
    return result if len(result) <= most else None


def _whole_split(rows: Array, most: int) -> list[tuple[Taps, Array]] | None:
    """Whole columns and rows whose products sum to the matrix; the rows are a basis without common divisors."""
    basis: list[Array] = []
    for row in rows:
        if any(row) and _coefficients(basis, row) is None:
            basis.append(row // gcd(*row))
            if len(basis) > most:
                return None
    columns = [_coefficients(basis, row) or [] for row in rows]  # none is empty: every row is one of the basis or was
    return [(tuple(each[number] for each in columns), base) for number, base in enumerate(basis)]


def _coefficients(basis: list[Array], row: Array) -> list[int] | None:
    """The whole coefficients of the row in the basis, or None."""
    rest, result = row, []
    if len(basis) == 2:
        first, second = basis
        for i, j in combinations_with_replacement(range(len(row)), 2):
            determinant = first[i] * second[j] - first[j] * second[i]
            if determinant:
                factor = Fraction(row[i] * second[j] - row[j] * second[i], determinant)
                rest = row - factor * first
                result, basis = [factor], [second]
                break
    for base in basis:
        place = next(number for number, each in enumerate(base) if each)
        result.append(Fraction(rest[place]) / base[place])
        rest = rest - result[-1] * base
    return None if any(rest) or any(each.denominator != 1 for each in result) else [int(each) for each in result]


def _cross_split(rows: Array, most: int) -> list[tuple[Taps, Array]] | None:
    """Columns and rows through the largest element of the remainder, until it is only rounding."""
    rest, found = rows.astype(np.float64), []
    least = _ROUNDING_STEPS * np.finfo(rows.dtype).eps * np.abs(rows).max(initial=0)
    for _ in range(most):
        i, j = np.unravel_index(np.abs(rest).argmax(), rest.shape)
        column, row = rest[:, j] / rest[i, j], rest[i]
        found.append((tuple(column.tolist()), row))
        rest = rest - np.outer(column, row)
        if np.abs(rest).max() <= least:
            return found
    return None


def _taps(weights: Array) -> Taps:
    return tuple(int(each) if weights.dtype == object else float(each) for each in weights)


def _fibres(weights: Array) -> Product:
    """The lines of weights through the largest one, all but the first relative to it.

    Their outer product is the kernel if its ranks are 1.
    """
    peak = np.unravel_index(np.abs(weights).argmax(), weights.shape)
    lines = [weights[index(*peak[:axis], slice(None), *peak[axis + 1 :])] for axis in range(weights.ndim)]
    first, *rest = lines
    return (_taps(first), *(_taps(line / weights[peak]) for line in rest))


def _arranged(factors: Product) -> Product:
    """The same product with smoothing factors normalised: positive, without a common divisor or of sum 1.

    The remaining factor goes to the last filter of sum 0 (a derivative, which has a sign), otherwise to the first.
    """
    arrays = [taps_array(taps) for taps in factors]
    units = [_unit(taps) for taps in factors]
    carrier = max((axis for axis, unit in enumerate(units) if unit is None), default=0)
    rest = [unit or 1 for unit in units]
    divide = np.floor_divide if arrays[0].dtype == object else np.divide
    result = [divide(array, unit) for array, unit in zip(arrays, rest, strict=True)]
    result[carrier] = result[carrier] * prod(rest)
    return tuple(map(_taps, result))


def _unit(taps: Taps) -> float | None:
    """The divisor of a smoothing filter, of floats their sum; None if the sum is 0."""
    total = sum(taps)
    if isinstance(taps[0], float):
        return total if abs(total) > ROUNDING * sum(map(abs, taps)) else None
    divisor = gcd(*(int(each) for each in taps))
    return divisor if total > 0 else -divisor if total < 0 else None


def _ranks(weights: Array) -> tuple[tuple[int, ...], bool]:
    """The rank of the unfolding along each axis, and whether all were found exactly."""
    axes = [0] if weights.ndim == 2 else range(weights.ndim)  # a matrix and its transpose have one rank
    found = [_rank(np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)) for axis in axes]
    ranks = tuple(rank for rank, _ in found)
    return ranks * (weights.ndim // len(ranks)), all(exactly for _, exactly in found)


def _rank(matrix: Array) -> tuple[int, bool]:
    """The rank of a matrix, and whether it is exact."""
    if is_exact(matrix) and min(matrix.shape) <= _LARGEST_EXACT:
        return _eliminated(matrix if len(matrix) <= matrix.shape[1] else matrix.T), True
    values = (matrix / (largest(matrix) or 1)).astype(np.float64)
    singular = np.linalg.svd(values, compute_uv=False)
    return int((singular > ROUNDING * singular.max(initial=0)).sum()), False


def _eliminated(matrix: Array) -> int:
    """The rank of a whole matrix by elimination without fractions.

    Every division comes out even, so the numbers stay as small as its minors (Bareiss, Sylvester's identity and
    multistep integer-preserving Gaussian elimination, 1968).
    """
    rows = matrix.astype(object)
    rank, divisor = 0, 1
    for column in range(rows.shape[1]):
        pivots = np.flatnonzero(rows[rank:, column])
        if not pivots.size:
            continue
        rows[[rank, rank + pivots[0]]] = rows[[rank + pivots[0], rank]]
        pivot = rows[rank, column]
        below = rows[rank + 1 :]
        rows[rank + 1 :] = (pivot * below - np.multiply.outer(below[:, column], rows[rank])) // divisor
        rank, divisor = rank + 1, pivot
        if rank == len(rows):
            break
    return rank


def taps_array(taps: Taps) -> Array:
    """(tap,): a filter's taps as an array, whole ones exact."""
    return np.array(taps, dtype=object if isinstance(taps[0], int) else np.float64)


def multiplied(factors: Product) -> Array:
    """(*kernel_size): the outer product of filters, the kernel that they are the factors of."""
    return np.asarray(reduce(np.multiply.outer, map(taps_array, factors)))
