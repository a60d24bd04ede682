"""Whether a kernel equals another one up to a factor, flips and rotations."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, is_exact, plain
from convcalc.numerals import Number

_MOST_AXES = 3  # of kernels compared in every orientation, of which there are rank! × 2^rank
_WRITTEN = 1e-6
"""Relative to the largest, the tolerance for floats written with six digits or more."""


class Relation(NamedTuple):
    """How one kernel follows from another: permute its axes, flip some of the new ones, multiply by a factor."""

    factor: Number
    axes: tuple[int, ...]
    """The other's axes in the order of this one's."""
    flipped: tuple[int, ...] = ()
    """The axes that are flipped after that."""

    @property
    def is_moved(self) -> bool:
        """Whether they differ by more than a factor."""
        return bool(self.flipped) or self.axes != tuple(sorted(self.axes))


def relation_of(values: Array, other: Array) -> Relation | None:
    """The simplest relation of weights × scale to another kernel's; None if there is none."""
    if values.ndim != other.ndim or sorted(values.shape) != sorted(other.shape):
        return None
    for axes, flipped in _motions(values.ndim):
        moved = np.flip(np.transpose(other, axes), flipped)
        factor = _factor(values, moved) if moved.shape == values.shape else None
        if factor is not None:
            return Relation(factor, axes, flipped)
    return None


@np.errstate(all="ignore")
def differing(weights: Array, other: Array) -> Array | None:
    """(*kernel_size) of bool: where weights differ from others of the same size; None if the sizes differ."""
    if weights.shape != other.shape:
        return None
    if is_exact(weights) and is_exact(other):
        return np.asarray(weights != other)
    first, second = weights.astype(np.float64), other.astype(np.float64)
    return np.asarray(np.abs(first - second) > _WRITTEN * max(np.abs(first).max(), np.abs(second).max()))


def _motions(rank: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every order of the axes with every choice of flips; the identity first, then flips alone."""
    unmoved = tuple(range(rank))
    for axes in permutations(unmoved) if rank <= _MOST_AXES else [unmoved]:
        for flips in product((False, True), repeat=rank):
            yield axes, tuple(axis for axis, flip in enumerate(flips) if flip)


@np.errstate(all="ignore")
def _factor(values: Array, other: Array) -> Number | None:
    """The factor, not 0, from the other values to these; None if there is none."""
    if not values.any() or not other.any():
        return None
    peak = np.unravel_index(np.abs(other).argmax(), other.shape)
    if is_exact(values) and is_exact(other):
        exact = Fraction(plain(values[peak])) / plain(other[peak])
        return plain(exact) if exact and (values.astype(object) == other.astype(object) * exact).all() else None
    first, second = values.astype(np.float64), other.astype(np.float64)
    factor = float(first[peak] / second[peak])
    if not (np.abs(first - factor * second) <= _WRITTEN * np.abs(first).max()).all():
        return None
    return 1 if abs(factor - 1) <= _WRITTEN else factor
