"""The frequency response of a kernel: the magnitude of the Fourier transform of its weights × scale.

Frequencies are in cycles per cell: 0 is a flat input, 1/2 (Nyquist's) one that alternates from cell to cell.
"""

from __future__ import annotations

from collections.abc import Iterator
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
_EQUAL = 1 - 1e-10  # two gains of one height
_DENSE = 256 * _CURVE  # steps from 0 to 1/2 at least: frequencies to four digits
_STEPS_PER_TAP = 16  # and some in each ripple of a long kernel
_STOPPED = 0.01  # of the largest gain: −40 dB


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
    dense: Array
    """The gains (frequency,), evenly from frequency 0 to 1/2, many between those of :attr:`gain`."""

    @property
    def gain(self) -> Array:
        """(frequency,), over :data:`FREQUENCIES`."""
        return self.dense[:: (len(self.dense) - 1) // _CURVE]

    @property
    def at_zero(self) -> float:
        """The gain at frequency 0 of the axis."""
        return float(self.dense[0])

    @property
    def at_half(self) -> float:
        """The gain at frequency 1/2 of the axis (Nyquist's)."""
        return float(self.dense[-1])

    @property
    def peak(self) -> tuple[float, float]:
        """The largest gain, and the lowest frequency that has it, in cycles per cell."""
        top = self.dense.max()
        return float(top), self._vertex(int((self.dense >= top * _EQUAL).argmax()))

    @property
    def least(self) -> tuple[float, float]:
        """The smallest gain, and the lowest frequency that has it, in cycles per cell."""
        place = int(self.dense.argmin())
        return float(self.dense[place]), place * self._step

    @property
    def cutoff(self) -> float | None:
        """The first frequency at which at most half the power of frequency 0 passes, in cycles per cell."""
        return next(self._crossings(_CUTOFF * self.at_zero), None)

    @property
    def edges(self) -> tuple[float, ...]:
        """The frequencies at which the gain crosses half the power of the peak, in cycles per cell."""
        return tuple(self._crossings(_CUTOFF * float(self.dense.max())))

    @property
    def band(self) -> Band:
        """Which frequencies pass: those with at least half the power of the peak."""
        top, _ = self.peak
        if top == 0:
            return Band.NOTHING
        low, high = self.at_zero / top > _CUTOFF, self.at_half / top > _CUTOFF
        if self.dense.min() > _CUTOFF * top:
            return Band.ALL_PASS
        if low and high:
            return Band.BAND_STOP
        if low or high:
            return Band.LOW_PASS if low else Band.HIGH_PASS if self.at_zero <= _STOPPED * top else Band.HIGH_BOOST
        return Band.BAND_PASS

    @property
    def _step(self) -> float:
        return 0.5 / (len(self.dense) - 1)

    def _vertex(self, place: int) -> float:
        """The frequency of a peak between the points: that of the parabola through the three about it."""
        if not 0 < place < len(self.dense) - 1:
            return place * self._step
        before, top, after = self.dense[place - 1 : place + 2]
        bend = before - 2 * top + after
        return float((place + (0.5 * (before - after) / bend if bend else 0.0)) * self._step)

    def _crossings(self, level: float) -> Iterator[float]:
        """The frequencies at which the gain crosses the level, interpolated between two points."""
        places = np.flatnonzero((self.dense[:-1] > level) != (self.dense[1:] > level))
        before, after = self.dense[places], self.dense[places + 1]
        yield from ((places + (level - before) / (after - before)) * self._step).tolist()


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
    """The gains along an axis, by a Fourier transform of the taps that the waves along the other axes leave."""
    points = [np.array([each]) for each in through[:axis] + through[axis + 1 :]]
    taps = _waves(np.moveaxis(values, axis, -1), points).reshape(-1)
    steps = _DENSE
    while steps < _STEPS_PER_TAP * len(taps):
        steps *= 2
    gain = np.abs(np.fft.fft(taps, 2 * steps)[: steps + 1])
    return Curve(through, _without_rounding(gain, values))


def _gain(values: Array, frequencies: list[Array]) -> Array:
    """|Σ value · exp(−2πi f·x)| over the product of the frequencies of each axis, x counted from the first tap."""
    return _without_rounding(np.abs(_waves(values, frequencies)), values)


def _waves(values: Array, frequencies: list[Array]) -> Array:
    """Σ value · exp(−2πi f·x) over the first axes: the other axes, then the frequencies."""
    result = values.astype(np.complex128)
    for points, size in zip(frequencies, values.shape, strict=False):
        waves = np.exp(-2j * np.pi * np.multiply.outer(np.arange(size), points))
        result = np.tensordot(result, waves, axes=(0, 0))  # removes the first axis, appends its frequencies
    return result


def _without_rounding(gain: Array, values: Array) -> Array:
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
