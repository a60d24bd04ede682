"""What is known of a kernel from its weights: sums, moments and symmetries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import fsum, isfinite
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, is_exact, largest, plain, whole_and_scale
from convcalc.geometry.arguments import PaddingWord, word_padding
from convcalc.kernels.factors import ROUNDING, Separation, separation_of
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.response import MOST_AXES, Response, response_of
from convcalc.numerals import Number, nearest_float


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


BRIGHTEST = 255
"""The largest value of the inputs that an output range is told for; the least is 0."""
MOST_TAPS = 1 << 16
"""Taps of the kernels that are looked into; of larger ones only the sum, the range and the centre are known."""


@dataclass(frozen=True, eq=False)
class Properties:
    """The facts of a kernel, each found when it is asked for; None where the weights are not finite or too many."""

    weights: Array
    """(*kernel_size), Python's whole numbers, or floats."""
    scale: Fraction

    @cached_property
    def is_finite(self) -> bool:
        """Whether all weights are finite, and the floats hold every output for inputs up to :data:`BRIGHTEST`."""
        try:
            if is_exact(self.weights):
                most = nearest_float(largest(self.weights) * abs(self.scale) * self.weights.size * BRIGHTEST)
            else:
                most = fsum(map(abs, self.weights.flat)) * nearest_float(abs(self.scale)) * BRIGHTEST
        except OverflowError:
            return False
        return isfinite(most)

    @cached_property
    def weight_sum(self) -> Number:
        """The sum of the weights alone, exact or rounded once."""
        return self._sum(self.weights, Fraction(1))

    @cached_property
    def sum(self) -> Number:
        """The sum of weights × scale: what the kernel makes of a flat input of ones. Of floats, rounding alone is 0."""
        return 0.0 if not is_exact(self.weights) and self.is_zero_sum else self._sum(self.weights, self.scale)

    @property
    def is_zero_sum(self) -> bool:
        """Whether flat inputs give 0."""
        if is_exact(self.weights):
            return self.sum == 0
        return self.is_finite and abs(float(self.weight_sum)) <= ROUNDING * fsum(map(abs, self.weights.flat))

    @property
    def is_normalised(self) -> bool:
        """Whether flat inputs keep their value."""
        return self.sum == 1 if is_exact(self.weights) else abs(float(self.sum) - 1) <= ROUNDING

    @cached_property
    def output_range(self) -> tuple[Number, Number]:
        """The least and the largest output for inputs from 0 to :data:`BRIGHTEST`.

        The least is reached by an input that is brightest where the weights × scale are below 0 and 0 elsewhere, the
        largest by its negative picture.
        """
        chosen = (self.weights[self.weights < 0], self.weights[self.weights > 0])
        parts = [self._sum(each, self.scale) * BRIGHTEST for each in chosen]
        low, high = sorted(map(plain, parts))
        return low, high

    @property
    def centre(self) -> tuple[Fraction, ...]:
        """The place in the middle, by axis, counted in taps from 0; between two taps where the size is even."""
        return tuple(Fraction(size - 1, 2) for size in self.weights.shape)

    @property
    def anchor(self) -> tuple[int, ...]:
        """The tap that lies on the output cell, by axis, with the padding ``same``: of two in the middle the first."""
        return tuple(word_padding(PaddingWord.SAME, 1, size, 1)[0] for size in self.weights.shape)

    @cached_property
    def centroid(self) -> tuple[float, ...] | None:
        """Where the magnitudes of the weights balance, by axis, counted in taps from 0; None if there are none."""
        if not self._is_open or not self.weights.any():
            return None
        share = np.abs(self.weights / largest(self.weights)).astype(np.float64)
        return tuple(float((each * share).sum() / share.sum()) for each in np.indices(share.shape))

    @cached_property
    def symmetry(self) -> Symmetry | None:
        """What flips, turns and exchanges of axes make of it."""
        return symmetry_of(self.weights) if self._is_open else None

    @cached_property
    def separation(self) -> Separation | None:
        """Its ranks, and its factors where it is separable."""
        return separation_of(self.weights) if self._is_open else None

    @cached_property
    def response(self) -> Response | None:
        """Which frequencies it passes; None beyond :data:`~convcalc.kernels.response.MOST_AXES` axes too."""
        if not self._is_open or self.weights.ndim > MOST_AXES:
            return None
        return response_of(self.weights * (self.scale if is_exact(self.weights) else nearest_float(self.scale)))

    @property
    def _is_open(self) -> bool:
        return self.is_finite and self.weights.size <= MOST_TAPS

    def _sum(self, weights: Array, scale: Fraction) -> Number:
        """The sum of some weights times a scale."""
        if is_exact(self.weights):
            total: Number = plain(Fraction(weights.sum()) * scale)
            return total
        try:
            return fsum(weights.flat) * nearest_float(scale)
        except (OverflowError, ValueError):  # beyond the floats, or inf - inf
            return float("nan")


def properties_of(kernel: Kernel) -> Properties:
    """The facts of a kernel."""
    weights, split = whole_and_scale(kernel.weights)
    return Properties(weights.astype(object) if is_exact(weights) else weights, split * kernel.scale)
