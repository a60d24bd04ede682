"""Builders of filters for signals of one axis: Savitzky-Golay, and FIR filters designed by a windowed sinc."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb, factorial
from typing import Any

import numpy as np

from convcalc.arrays import Array, whole_and_scale
from convcalc.errors import FieldError, UnknownNameError
from convcalc.geometry.arguments import brief, whole
from convcalc.kernels import parameters
from convcalc.kernels.parameters import exact, finite, odd_taps, positive
from convcalc.kernels.transform import Weights
from convcalc.numerals import nearest_float

_HIGHEST_DEGREE = 20
_EXACT_IN_FLOAT64 = 1 << 53
_ROUNDING = 1e-15  # of the largest weight: what is left of a zero of the sinc
_TAPS, _WINDOW, _BETA = 51, "hamming", 8.6

_COSINES = {
    "rectangular": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackman-harris": (0.35875, 0.48829, 0.14128, 0.01168),
}
"""Windows that are sums of cosines, Σ (−1)ᵏ aₖ cos(2πkn / (N − 1)) (Harris, On the Use of Windows for Harmonic Analysis
with the Discrete Fourier Transform, Proceedings of the IEEE 66 (1978))."""
WINDOWS = (*_COSINES, "bartlett", "kaiser")
"""The names of windows."""


def savitzky_golay(rank: int, size: Any = 5, degree: Any = 2, derivative: Any = 0, spacing: Any = 1) -> Weights:
    """The value, or a derivative, in the middle of the polynomial that fits ``size`` samples best; exact.

    The weights are column d of V (VᵀV)⁻¹ times d!, V[i, k] = iᵏ for i from −m to m (Savitzky & Golay, Analytical
    Chemistry 36 (1964)); a derivative is divided by ``spacing``, the step between samples, to its power: SciPy's
    ``savgol_coeffs(size, degree, deriv=derivative, delta=spacing, use="dot")``.
    """
    return savitzky_golay_places(rank, size, degree, derivative, spacing, places=[0])[0]


def savitzky_golay_places(
    rank: int, size: Any = 5, degree: Any = 2, derivative: Any = 0, spacing: Any = 1, *, places: Sequence[int]
) -> list[Weights]:
    """The weights of the same fit for other places of the window, counted from its middle: what ends are made of.

    Of the value at place t the weights are Σₖ k!/(k−d)! tᵏ⁻ᵈ times column k of V (VᵀV)⁻¹.
    """
    [count] = odd_taps(size, rank)
    power = whole("degree", degree, 0)
    order = whole("derivative", derivative, 0)
    if power >= count or power > _HIGHEST_DEGREE:
        raise FieldError(f"degree must be below the size {count}, and at most {_HIGHEST_DEGREE}, got {power}")
    if order > power:
        raise FieldError(f"derivative {order} of a polynomial of degree {power} is 0", hint=f"degree={order}")
    step = exact("spacing", spacing)
    if step <= 0:
        raise FieldError(f"spacing must be greater than 0, got {brief(spacing)}")
    cells = range(-(count // 2), count // 2 + 1)
    squares = [[sum(i ** (j + k) for i in cells) for k in range(power + 1)] for j in range(power + 1)]
    factor = Fraction(factorial(order)) / step**order
    found = []
    for place in places:
        powers = _solved(squares, [comb(k, order) * place ** max(0, k - order) for k in range(power + 1)])
        found.append(_whole([sum((each * i**k for k, each in enumerate(powers)), Fraction()) for i in cells], factor))
    return found


def _whole(fitted: list[Fraction], factor: Fraction) -> Weights:
    """Fractions × a factor as whole weights and a scale, as floats where the weights would be too large."""
    weights, scale = whole_and_scale(np.array(fitted, dtype=object))
    if max(map(abs, weights.tolist())) > _EXACT_IN_FLOAT64:
        return np.array([nearest_float(each * factor) for each in fitted]), Fraction(1)
    return weights, scale * factor


def lowpass(
    rank: int, cutoff: Any, taps: Any = _TAPS, window: Any = _WINDOW, beta: Any = None, rate: Any = 1
) -> Weights:
    """The filter that keeps frequencies below ``cutoff``: 2f sinc(2fn) × window, n from the middle, then of sum 1.

    ``cutoff`` is in cycles per sample, or in Hz with ``rate`` in samples a second; sinc(x) = sin(πx) / (πx). SciPy's
    ``firwin(taps, cutoff, window=window, fs=rate)``, whose own unit without ``fs`` is half the sampling rate.
    """
    return _designed(rank, [0.0, _share("cutoff", cutoff, rate)], taps, window, beta)


def highpass(
    rank: int, cutoff: Any, taps: Any = _TAPS, window: Any = _WINDOW, beta: Any = None, rate: Any = 1
) -> Weights:
    """The filter that keeps frequencies above ``cutoff``, of gain 1 at half the sampling rate; else as a low-pass."""
    return _designed(rank, [_share("cutoff", cutoff, rate), 0.5], taps, window, beta, needs_odd=True)


def bandpass(
    rank: int, low: Any, high: Any, taps: Any = _TAPS, window: Any = _WINDOW, beta: Any = None, rate: Any = 1
) -> Weights:
    """The filter that keeps frequencies from ``low`` to ``high``, of gain 1 in the middle; else as a low-pass."""
    return _designed(rank, _band(low, high, rate), taps, window, beta)


def bandstop(
    rank: int, low: Any, high: Any, taps: Any = _TAPS, window: Any = _WINDOW, beta: Any = None, rate: Any = 1
) -> Weights:
    """The filter that takes frequencies from ``low`` to ``high`` away, of gain 1 at 0; else as a low-pass."""
    return _designed(rank, [0.0, *_band(low, high, rate), 0.5], taps, window, beta, needs_odd=True)


def _designed(
    rank: int, edges: Sequence[float], taps: Any, window: Any, beta: Any, *, needs_odd: bool = False
) -> Weights:
    """The windowed sinc of the bands between each two ``edges``, in cycles per sample, scaled to gain 1 in the first.

    Gain 1 is at the frequency 0 or 1/2 where that band begins or ends there, otherwise in its middle.
    """
    [count] = parameters.taps(taps, rank)
    if needs_odd and count % 2 == 0:
        raise FieldError(
            f"taps must be odd, got {count}: an even number has gain 0 at half the sampling rate",
            hint=f"taps={count - 1} or taps={count + 1}",
        )
    places = np.arange(count) - (count - 1) / 2
    pairs = list(zip(edges[::2], edges[1::2], strict=True))
    ideal = sum(2 * high * np.sinc(2 * high * places) - 2 * low * np.sinc(2 * low * places) for low, high in pairs)
    weights = ideal * _window(window, count, beta)
    low, high = pairs[0]
    centre = 0.0 if low == 0 else 0.5 if high == 0.5 else (low + high) / 2
    gain = float(weights @ np.cos(2 * np.pi * centre * places))
    if not abs(gain) > 1e-12:
        raise FieldError(f"{count} taps are too few for this window", hint="more taps, or window=rectangular")
    weights = weights / gain
    return np.where(np.abs(weights) < _ROUNDING * np.abs(weights).max(), 0, weights), Fraction(1)


def _window(name: Any, count: int, beta: Any) -> Array:
    """The weights of a window, symmetric, largest in the middle."""
    if name not in WINDOWS:
        raise UnknownNameError("window", brief(name) if not isinstance(name, str) else name, WINDOWS)
    if beta is not None and name != "kaiser":
        raise FieldError("beta is for window=kaiser", hint="leave beta out")
    if count == 1:
        return np.ones(1)
    if name == "kaiser":
        shape = finite("beta", _BETA if beta is None else beta)
        if not 0 <= shape <= 500:
            raise FieldError(f"beta must be from 0 to 500, got {brief(beta)}")
        return np.kaiser(count, shape)
    turns = 2 * np.pi * np.arange(count) / (count - 1)
    if name == "bartlett":
        return np.asarray(1 - np.abs(turns / np.pi - 1))
    sums = sum((-1) ** k * share * np.cos(k * turns) for k, share in enumerate(_COSINES[name]))
    return np.asarray((sums + sums[::-1]) / 2)  # as symmetric as it is by definition


def _band(low: Any, high: Any, rate: Any) -> list[float]:
    edges = [_share("low", low, rate), _share("high", high, rate)]
    if edges[0] >= edges[1]:
        raise FieldError(f"low must be below high, got {brief(low)} and {brief(high)}")
    return edges


def _share(name: str, frequency: Any, rate: Any) -> float:
    """A frequency in cycles per sample."""
    per_second = positive("rate", rate)
    share = finite(name, frequency) / per_second
    if not 0 < share < 0.5:
        what = "0.5 cycles per sample" if per_second == 1 else f"{per_second / 2:g} Hz"
        raise FieldError(
            f"{name} must be above 0 and below {what}, half the sampling rate; got {brief(frequency)}",
            hint=f"of Hz say the rate too: {name}=3000,rate=44100" if per_second == 1 else "",
        )
    return share


def _solved(rows: list[list[int]], right: Sequence[int]) -> list[Fraction]:
    """The x of rows · x = right, by elimination in fractions; the matrix is of whole numbers and symmetric."""
    size = len(rows)
    left = [[*map(Fraction, row), Fraction(value)] for row, value in zip(rows, right, strict=True)]
    for pivot in range(size):  # the matrix is positive definite: no diagonal is 0
        top = [each / left[pivot][pivot] for each in left[pivot]]
        left = [
            top if number == pivot else [a - row[pivot] * b for a, b in zip(row, top, strict=True)]
            for number, row in enumerate(left)
        ]
    return [row[-1] for row in left]
