"""The frequency response of a kernel: the magnitude of the Fourier transform of its weights × scale.

Frequencies are in cycles per cell: 0 is a flat input, 1/2 (Nyquist's) one that alternates from cell to cell.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index, read_only
from convcalc.kernels.factors import ROUNDING

MOST_AXES = 3
"""The most axes of kernels whose response is computed: the grid of frequencies has a point for each combination."""
_HALF = 48  # grid points from 0 to 1/2 of the grid that is searched for the peak
_CURVE = 96  # grid points from 0 to 1/2 of a curve
_THINNED = 3  # the ratio of the spacings of a plane's points and the grid's
_CUTOFF = 0.5**0.5  # of the largest gain: half the power, −3 dB
_ALIKE = 1e-9  # of the largest gain: curves that differ by less differ by rounding only
_EQUAL = 1 - _ALIKE


class Band(StrEnum):
    """Which frequencies along an axis pass."""

    ALL_PASS = "all-pass"
    LOW_PASS = "low-pass"
    HIGH_PASS = "high-pass"
    BAND_PASS = "band-pass"
    BAND_STOP = "band-stop"
    HIGH_BOOST = "high-boost"
    """Low frequencies pass, high ones are amplified: sharpening."""
    NOTHING = "nothing passes"


class Curve(NamedTuple):
    """The gains along one axis for inputs that are constant along the others.

    Where these gains are all 0, as along the edges that a derivative shows, the other frequencies are those of the
    kernel's largest gain.
    """

    through: tuple[float, ...]
    """A point of the curve: the frequencies by axis, in cycles per cell."""
    gain: Array
    """(frequency,), over :data:`FREQUENCIES`."""

    @property
    def at_zero(self) -> float:
        """The gain at frequency 0 of the axis."""
        return float(self.gain[0])

    @property
    def at_half(self) -> float:
        """The gain at frequency 1/2 of the axis (Nyquist's)."""
        return float(self.gain[-1])

    @property
    def peak(self) -> tuple[float, float]:
        """The largest gain, and the lowest frequency that has it, in cycles per cell."""
        top = self.gain.max()
        place = int((self.gain >= top * _EQUAL).argmax())
        return float(top), float(FREQUENCIES[place])

    @property
    def cutoff(self) -> float | None:
        """The first frequency at which at most half the power of frequency 0 passes, in cycles per cell."""
        below = np.flatnonzero(self.gain <= _CUTOFF * self.gain[0])
        return float(FREQUENCIES[below[0]]) if below.size else None

    @property
    def edges(self) -> tuple[float, ...]:
        """The frequencies at which the gain crosses half the power of the peak, in cycles per cell, interpolated."""
        level = _CUTOFF * self.gain.max()
        places = np.flatnonzero((self.gain[:-1] > level) != (self.gain[1:] > level))
        before, after = self.gain[places], self.gain[places + 1]
        step = FREQUENCIES[1]
        return tuple((FREQUENCIES[places] + step * (level - before) / (after - before)).tolist())

    @property
    def band(self) -> Band:
        """Which frequencies pass: those with at least half the power of the peak."""
        top, _ = self.peak
        if top == 0:
            return Band.NOTHING
        low, high = self.at_zero / top > _CUTOFF, self.at_half / top > _CUTOFF
        if self.gain.min() > _CUTOFF * top:
            return Band.ALL_PASS
        if low and high:
            return Band.BAND_STOP
        if low or high:
            return Band.LOW_PASS if low else Band.HIGH_PASS if self.at_zero == 0 else Band.HIGH_BOOST
        return Band.BAND_PASS


class Plane(NamedTuple):
    """The gains over the frequencies of two axes, those of the other axes 0."""

    axes: tuple[int, int]
    gain: Array
    """(frequency of the first axis, frequency of the second), over :data:`PLANE_FREQUENCIES`, 0 in the middle."""


class Response(NamedTuple):
    """The frequency response of a kernel of at most :data:`MOST_AXES` axes."""

    curves: tuple[Curve, ...]
    """By axis."""
    peak: tuple[float, ...]
    """The frequencies of the largest gain by axis, in cycles per cell."""
    planes: tuple[Plane, ...]
    """For every pair of axes: the whole response in 2-D, slices through frequency 0 in 3-D."""

    @property
    def distinct(self) -> list[tuple[tuple[int, ...], Curve]]:
        """The distinct curves, each with its axes."""
        found: list[tuple[tuple[int, ...], Curve]] = []
        for axis, curve in enumerate(self.curves):
            for number, (axes, other) in enumerate(found):
                if (np.abs(curve.gain - other.gain) <= _ALIKE * other.gain.max()).all():
                    found[number] = ((*axes, axis), other)
                    break
            else:
                found.append(((axis,), curve))
        return found


def response_of(values: Array) -> Response:
    """The frequency response of finite values (weights × scale), (*kernel_size)."""
    values = values.astype(np.float64)
    gain = _gain(values, [_GRID] * values.ndim)
    peak = _peak(gain)
    curves = tuple(_curve(values, axis, peak) for axis in range(values.ndim))
    planes = tuple(_plane(gain, axes) for axes in combinations(range(values.ndim), 2))
    return Response(curves, peak, planes)


def apart(taps: Array, step: int) -> Array:
    """Taps (taps,) as they are applied ``step`` cells apart, zeros between them."""
    spread = np.zeros(step * (len(taps) - 1) + 1)
    spread[::step] = taps
    return spread


def _curve(values: Array, axis: int, peak: tuple[float, ...]) -> Curve:
    """The curve through frequency 0, or through the peak where that is 0 everywhere."""
    curve = _curve_through(values, axis, (0.0,) * values.ndim)
    return curve if curve.gain.any() else _curve_through(values, axis, peak)


def _curve_through(values: Array, axis: int, through: tuple[float, ...]) -> Curve:
    points = [np.array([each]) for each in through]
    points[axis] = FREQUENCIES
    return Curve(through, _gain(values, points).reshape(-1))


def _gain(values: Array, frequencies: list[Array]) -> Array:
    """|Σ value · exp(−2πi f·x)| over the product of the frequencies of each axis, x counted from the first tap."""
    result = values.astype(np.complex128)
    for points, size in zip(frequencies, values.shape, strict=True):
        waves = np.exp(-2j * np.pi * np.multiply.outer(np.arange(size), points))
        result = np.tensordot(result, waves, axes=(0, 0))  # removes the first axis, appends its frequencies
    gain = np.abs(result)
    gain[gain <= ROUNDING * np.abs(values).sum()] = 0
    return gain


def _peak(gain: Array) -> tuple[float, ...]:
    """The frequencies of the largest gain, none below 0 on the first axis; of equal ones the nearest to 0."""
    places = np.argwhere(gain >= gain.max() * _EQUAL)
    found = [tuple(_GRID[place].tolist()) for place in places]
    return min(found, key=lambda point: (sum(map(abs, point)), [-each for each in point]))


def _plane(gain: Array, axes: tuple[int, int]) -> Plane:
    step = slice(None, None, _THINNED)
    return Plane(axes, gain[index(*(step if axis in axes else _HALF for axis in range(gain.ndim)))])


FREQUENCIES = read_only(np.arange(_CURVE + 1) / (2 * _CURVE))
_GRID = read_only(np.arange(-_HALF, _HALF + 1) / (2 * _HALF))
PLANE_FREQUENCIES = _GRID[::_THINNED]
