"""Builders of smoothing kernels: weighted means of a window; all sum to 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from math import ceil, comb, cos, radians, sin
from typing import Any

import numpy as np

from convcalc.arrays import Array, narrowed
from convcalc.errors import FieldError
from convcalc.geometry.arguments import brief
from convcalc.kernels.parameters import finite, positive, taps
from convcalc.kernels.transform import Weights

WIDEST = 500
"""The largest radius in cells, so that the size stays below the limit of taps on an axis."""


def box(rank: int, size: Any = 3) -> Weights:
    """The mean of the window: ones, scaled by one over their number."""
    ones = np.ones(taps(size, rank), dtype=np.int64)
    return ones, Fraction(1, ones.size)


def tent(rank: int, size: Any = 3) -> Weights:
    """A mean whose weights fall off linearly from the centre, 1 2 3 2 1: a box blurred by a box."""
    return normalised(outer([np.array([min(tap + 1, n - tap) for tap in range(n)]) for n in taps(size, rank)]))


def gaussian(rank: int, size: Any = 3, sigma: Any = None) -> Weights:
    """The sampled Gaussian exp(−x² / 2σ²), normalised to sum 1; without ``sigma`` the binomial kernel, which is exact.

    Row n of Pascal's triangle over 2ⁿ has the standard deviation √n / 2 and tends to the Gaussian; for 3 taps it is
    the 1 2 1 commonly called Gaussian. ``sigma`` is in samples.
    """
    counts = taps(size, rank)
    if sigma is None:
        return outer([_binomial(count) for count in counts]), Fraction(1, 2 ** (sum(counts) - rank))
    return bell(counts, positive("sigma", sigma)), Fraction(1)


def disk(rank: int, radius: Any) -> Weights:  # noqa: ARG001 - every builder takes the rank; this one supports only one
    """The mean of a disk of ``radius`` cells: each weight is the part of its cell that the disk covers.

    The weights are those of MATLAB's ``fspecial('disk', radius)``, the blur of a lens out of focus (pillbox).
    """
    reach = _bounded("radius", radius, WIDEST)
    if reach <= 0.5:
        return np.ones((1, 1), dtype=np.int64), Fraction(1)
    cells = ceil(reach - 0.5)
    edges = np.arange(-cells, cells + 2) - 0.5
    corners = np.sign(edges)[:, None] * np.sign(edges) * _quadrant(np.abs(edges)[:, None], np.abs(edges), reach)
    covered = np.diff(np.diff(corners, axis=0), axis=1)
    return covered / covered.sum(), Fraction(1)


def motion(rank: int, length: Any, angle: Any = 0) -> Weights:  # noqa: ARG001 - as above
    """The mean along a line of ``length`` cells at ``angle`` degrees counter-clockwise: a moving camera.

    The weight of a cell is 1 minus its distance from the line, as in MATLAB's ``fspecial('motion', length, angle)``.
    """
    half = (_bounded("length", length, 2 * WIDEST) - 1) / 2
    if half < 0:
        raise FieldError(f"length must be at least 1, got {length}")
    turn = radians(finite("angle", angle) % 180)
    along, across = round(cos(turn), 15), round(sin(turn), 15)  # the cosine of 90 degrees is 0
    width, height = (int(half * abs(part) + 1 - 1e-9) for part in (along, across))
    rows, columns = np.mgrid[height : -height - 1 : -1, -width : width + 1]
    distance = np.abs(rows * along - columns * across)
    beyond = half - np.abs(columns * along + rows * across)
    at_end = np.hypot(rows, columns) >= half - 1e-9
    return normalised(np.maximum(0, 1 - np.where(at_end, np.hypot(distance, beyond), distance).round(12)))


def bell(counts: Sequence[int], sigma: float) -> Array:
    """The sampled Gaussian of sum 1, with these taps on each axis."""
    weights = outer([_sampled(count, sigma) for count in counts])
    return np.asarray(weights / weights.sum())


def outer(factors: Sequence[Array]) -> Array:
    """The product of one factor for each axis."""
    if factors[0].dtype != object:
        weights: Array = reduce(np.multiply.outer, factors)
        return weights
    # Only distinct products are computed, of a symmetric kernel a quarter: the numbers of gaussian:999 are very long.
    different, places = zip(*(np.unique(factor, return_inverse=True) for factor in factors), strict=True)
    products = narrowed(reduce(np.multiply.outer, different))
    return np.asarray(products[np.ix_(*places)])


def normalised(weights: Array) -> Weights:
    """The weights with the scale that makes their sum 1, whole ones kept whole."""
    whole = weights.astype(np.int64)
    if (whole == weights).all():
        return whole, Fraction(1, int(whole.sum()))
    return weights / weights.sum(), Fraction(1)


def _bounded(name: str, value: Any, most: int) -> float:
    number = positive(name, value)
    if number > most:
        raise FieldError(f"{name} must be at most {most}, got {brief(value)}")
    return number


def _binomial(count: int) -> Array:
    return np.array([comb(count - 1, tap) for tap in range(count)], dtype=object)


def _sampled(count: int, sigma: float) -> Array:
    places = np.arange(count) - (count - 1) / 2
    with np.errstate(all="ignore"):  # with a very small sigma only the centre is not 0
        squares = places**2
        return np.asarray(np.exp((squares.min() - squares) / sigma / sigma / 2))


def _quadrant(x: Array, y: Array, radius: float) -> Array:
    """The area that a disk around the origin shares with the rectangle from there to (x, y), both at least 0.

    The integral of the smaller of y and √(r² − t²) for t from 0 to x: a rectangle, then the area below the arc.
    """
    square = radius * radius
    x, y = np.broadcast_arrays(np.minimum(x, radius), np.minimum(y, radius))
    meeting = np.minimum(np.sqrt(square - y * y), x)
    area: Callable[[Array], Array] = lambda t: (t * np.sqrt(square - t * t) + square * np.arcsin(t / radius)) / 2  # noqa: E731
    return np.asarray(y * meeting + area(x) - area(meeting))
