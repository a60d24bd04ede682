"""Builders of kernels that respond to change: Laplacians, derivatives, Gabor filters; and of sharpening kernels."""

from __future__ import annotations

from fractions import Fraction
from math import factorial, log, pi, prod, sqrt
from typing import Any

import numpy as np

from convcalc.arrays import Array, whole_and_scale
from convcalc.errors import FieldError
from convcalc.geometry.arguments import whole
from convcalc.kernels.parameters import between, exact, finite, odd_taps, positive
from convcalc.kernels.smoothing import bell, box, gaussian
from convcalc.kernels.transform import Weights, mixed

_MARR = 1.6  # the ratio of two sigmas at which their difference comes nearest to the Laplacian (Marr & Hildreth 1980)
_OCTAVE = 3 / pi * sqrt(log(2) / 2)  # sigma over wavelength of a Gabor filter of one octave
_HIGHEST_ORDER, _HIGHEST_ACCURACY = 8, 20


def laplacian(rank: int, alpha: Any = 0) -> Weights:
    """The sum of the second differences 1 −2 1 along all axes; in 2-D ``alpha`` is the share of the diagonals.

    4 / (α + 1) × [[α/4, (1−α)/4, α/4], [(1−α)/4, −1, (1−α)/4], [α/4, (1−α)/4, α/4]], MATLAB's ``fspecial``.
    """
    part = between("alpha", alpha, 0, 1)
    if not part:
        offsets = np.abs(np.indices((3,) * rank) - 1).sum(axis=0)
        return np.where(offsets == 0, -2 * rank, np.where(offsets == 1, 1, 0)), Fraction(1)
    if rank != 2:
        raise FieldError(f"alpha is for 2 axes, got {rank}", hint="leave alpha out")
    corner, edge = part / (part + 1), (1 - part) / (part + 1)
    middle = -4 / (part + 1)
    rows = [[corner, edge, corner], [edge, middle, edge], [corner, edge, corner]]
    return whole_and_scale(np.array(rows, dtype=object))


def laplacian_of_gaussian(rank: int, size: Any, sigma: Any) -> Weights:
    """The Laplacian of the Gaussian, (r² − nσ²) / σ⁴ × G in n axes, minus its mean: MATLAB's ``fspecial('log')``."""
    spread = positive("sigma", sigma)
    counts = odd_taps(size, rank)
    squares = np.sum([(axis - count // 2) ** 2 for axis, count in zip(np.indices(counts), counts, strict=True)], axis=0)
    with np.errstate(all="ignore"):
        weights = bell(counts, spread) * (squares / spread / spread - rank) / spread / spread
    if not np.isfinite(weights).all():
        raise FieldError(f"sigma {sigma} is too small for floats")
    return weights - weights.mean(), Fraction(1)


def difference_of_gaussians(rank: int, size: Any, sigma: Any, wider: Any = None) -> Weights:
    """A Gaussian minus a wider one (centre and surround). ``wider`` is 1.6 × ``sigma`` unless given."""
    spread = positive("sigma", sigma)
    surround = _MARR * spread if wider is None else positive("wider", wider)
    if surround <= spread:
        raise FieldError(f"wider must be greater than sigma {sigma}, got {wider}")
    counts = odd_taps(size, rank)
    return bell(counts, spread) - bell(counts, surround), Fraction(1)


def gabor(
    rank: int,  # noqa: ARG001 - every builder takes the rank; this one supports only one
    size: Any,
    wavelength: Any,
    angle: Any = 0,
    sigma: Any = None,
    aspect: Any = 1,
    phase: Any = 0,
) -> Weights:
    """A wave of ``wavelength`` cells that runs at ``angle`` degrees clockwise from the right, under a Gaussian.

    exp(−(x′² + aspect² y′²) / 2σ²) × cos(2π x′ / wavelength + phase), with x′ = x cos angle + y sin angle and y′ across
    it; ``phase`` in degrees. Without ``sigma`` it is 0.56 wavelengths, a bandwidth of one octave (Daugman 1985).
    """
    height, width = odd_taps(size, 2)
    period = positive("wavelength", wavelength)
    spread = _OCTAVE * period if sigma is None else positive("sigma", sigma)
    turn, start = np.radians(finite("angle", angle)), np.radians(finite("phase", phase))
    y, x = np.mgrid[-(height // 2) : height // 2 + 1, -(width // 2) : width // 2 + 1]
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    with np.errstate(all="ignore"):  # with a very small sigma only the centre is not 0
        bells = np.exp(-((along / spread) ** 2 + (across * positive("aspect", aspect) / spread) ** 2) / 2)
        return _finite(bells * np.cos(2 * pi * along / period + start), "wavelength"), Fraction(1)


def derivative(rank: int, order: Any = 1, accuracy: Any = 2) -> Weights:  # noqa: ARG001 - as above
    """The central difference for the derivative of that order, in exact numbers, of error O(step^``accuracy``).

    Every weight is ``order``! times a coefficient of the polynomial that is 1 at its own tap and 0 at all others
    (Lagrange); the same numbers as in Fornberg, Mathematics of Computation 51 (1988).
    """
    nth, power = whole("order", order, 1), whole("accuracy", accuracy, 2)
    if nth > _HIGHEST_ORDER or power > _HIGHEST_ACCURACY or power % 2:
        raise FieldError(
            f"there is no derivative of order {nth} and accuracy {power}",
            hint=f"order is 1 to {_HIGHEST_ORDER}, accuracy even and 2 to {_HIGHEST_ACCURACY}",
        )
    reach = (nth + 1) // 2 - 1 + power // 2
    places = range(-reach, reach + 1)
    return whole_and_scale(np.array([factorial(nth) * _lagrange(tap, places)[nth] for tap in places], dtype=object))


def unsharp(rank: int, size: Any = 5, sigma: Any = None, amount: Any = 1) -> Weights:
    """The input plus ``amount`` times its difference from a Gaussian blur: (1 + amount) identity − amount Gaussian."""
    more = exact("amount", amount)
    if more <= 0:
        raise FieldError(f"amount must be greater than 0, got {amount}")
    return mixed(gaussian(rank, odd_taps(size, rank), sigma), 1 + more, -more)


def high_boost(rank: int, amount: Any, size: Any = 3) -> Weights:
    """``amount`` times the input minus the mean of its window; 1 is the high pass, more adds the input to it."""
    boost = exact("amount", amount)
    if boost < 1:
        raise FieldError(f"amount must be at least 1, got {amount}")
    return mixed(box(rank, odd_taps(size, rank)), boost, Fraction(-1))


def _lagrange(tap: int, places: range) -> list[Fraction]:
    """The coefficients, lowest first, of the polynomial that is 1 at ``tap`` and 0 at the other places."""
    others = [place for place in places if place != tap]
    product = [1]
    for place in others:
        product = [high - place * low for high, low in zip([0, *product], [*product, 0], strict=True)]
    return [Fraction(each, prod(tap - place for place in others)) for each in product]


def _finite(weights: Array, name: str) -> Array:
    if not np.isfinite(weights).all():
        raise FieldError(f"{name} is too small for floats")
    return weights
