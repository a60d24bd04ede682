"""What a kernel stays when it is flipped, turned or transposed."""

from __future__ import annotations

from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, is_exact
from convcalc.kernels.factors import ROUNDING


class Parity(StrEnum):
    """What an operation makes of a kernel: the same, its negative, or another kernel."""

    EVEN = "even"
    ODD = "odd"
    NONE = "none"


class PlaneSymmetry(NamedTuple):
    """The symmetry in the plane of two axes."""

    axes: tuple[int, int]
    transpose: Parity
    """By exchanging the two axes: a mirror at the main diagonal."""
    antitranspose: Parity
    """By a mirror at the other diagonal."""
    quarter_turn: Parity
    """By a turn of 90 degrees."""


class Symmetry(NamedTuple):
    """The symmetry of a kernel."""

    flips: tuple[Parity, ...]
    """By axis: by a flip along it."""
    point: Parity
    """By flips along all axes, in 2-D a turn of 180 degrees: what makes a convolution of a cross-correlation."""
    planes: tuple[PlaneSymmetry, ...]
    """For every pair of axes."""

    @property
    def is_full(self) -> bool:
        """Whether every flip, turn and exchange of axes leaves the kernel as it is."""
        parities = {*self.flips, *(each.transpose for each in self.planes)}
        return parities == {Parity.EVEN}


def symmetry_of(weights: Array) -> Symmetry:
    """The symmetry of finite weights, (*kernel_size); floats are equal if they differ by rounding only."""
    return Symmetry(
        tuple(_parity(weights, np.flip(weights, axis)) for axis in range(weights.ndim)),
        _parity(weights, np.flip(weights)),
        tuple(_plane(weights, *axes) for axes in combinations(range(weights.ndim), 2)),
    )


def _plane(weights: Array, first: int, second: int) -> PlaneSymmetry:
    transposed = np.swapaxes(weights, first, second)
    return PlaneSymmetry(
        (first, second),
        _parity(weights, transposed),
        _parity(weights, np.flip(transposed, (first, second))),
        _parity(weights, np.flip(transposed, first)),
    )


def _parity(weights: Array, moved: Array) -> Parity:
    if weights.shape == moved.shape:
        tolerance = 0 if is_exact(weights) else ROUNDING * np.abs(weights).max(initial=0)
        for parity, expected in ((Parity.EVEN, moved), (Parity.ODD, -moved)):
            if (np.abs(weights - expected) <= tolerance).all():
                return parity
    return Parity.NONE
