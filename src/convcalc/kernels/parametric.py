"""Kernels that are made to measure: a size and perhaps more in, weights in any number of axes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from math import comb, prod
from typing import Any

import numpy as np

from convcalc.arrays import Array, narrowed
from convcalc.errors import FieldError
from convcalc.geometry.arguments import per_axis, whole
from convcalc.geometry.boundary import Number
from convcalc.wording import shape_text

_LARGEST, _MOST_TAPS, _MOST_AXES = 1001, 4_000_000, 8  # taps on one axis and in all, far beyond what is of use

Weights = tuple[Array, Fraction]
"""Weights (*kernel_size) and the scale that they are multiplied with."""


def box(size: tuple[int, ...], sigma: Number | None) -> Weights:
    """The mean of the window: ones, scaled by one over their number."""
    if sigma is not None:
        raise FieldError("a box has no sigma", hint="gaussian has one")
    ones = np.ones(size, dtype=np.int64)
    return ones, Fraction(1, ones.size)


def gaussian(size: tuple[int, ...], sigma: Number | None) -> Weights:
    """The sampled Gaussian exp(−x² / 2σ²), normalised to sum 1; without ``sigma`` the binomial kernel, which is exact.

    Row n of Pascal's triangle over 2ⁿ has the standard deviation √n / 2 and tends to the Gaussian; for 3 taps it is
    the 1 2 1 that is called Gaussian everywhere. ``sigma`` is in samples.
    """
    if sigma is None:
        return _outer([_binomial(taps) for taps in size]), Fraction(1, 2 ** (sum(size) - len(size)))
    if not 0 < sigma < float("inf"):
        raise FieldError(f"sigma must be greater than 0, got {sigma}")
    weights = _outer([_sampled(taps, float(sigma)) for taps in size])
    return weights / weights.sum(), Fraction(1)


BUILDERS: dict[str, Callable[[tuple[int, ...], Number | None], Weights]] = {"box": box, "gaussian": gaussian}
PARAMETERS = ("size", "sigma", "rank")
_DEFAULT_SIZE, _DEFAULT_RANK = 3, 2


def build(builder: str, arguments: Mapping[str, Any], rank: int | None = None) -> Weights:
    """The weights of a builder with its arguments: ``size`` (one for all axes or one each), ``sigma``, ``rank``.

    Raises:
        FieldError: an argument is not what it must be.
    """
    size = arguments.get("size", _DEFAULT_SIZE)
    axes = fixed_rank(arguments) or rank or _DEFAULT_RANK
    if axes > _MOST_AXES:
        raise FieldError(f"rank is at most {_MOST_AXES} axes, got {axes}")
    taps = per_axis("size", size, axes, 1)
    if max(taps) > _LARGEST or prod(taps) > _MOST_TAPS:
        raise FieldError(
            f"a size of {shape_text(taps)} is too large",
            hint=f"at most {_LARGEST:,} taps on an axis and {_MOST_TAPS:,} in all",
        )
    sigma = arguments.get("sigma")
    if sigma is not None and not isinstance(sigma, int | float | Fraction):
        raise FieldError(f"sigma must be a number, got {sigma!r}")
    return BUILDERS[builder](taps, sigma)


def fixed_rank(arguments: Mapping[str, Any]) -> int | None:
    """The number of axes that the arguments ask for, or None where they leave it open."""
    size = arguments.get("size")
    if "rank" in arguments:
        return whole("rank", arguments["rank"], 1)
    return len(size) if isinstance(size, list | tuple) else None


def _binomial(taps: int) -> Array:
    return np.array([comb(taps - 1, tap) for tap in range(taps)], dtype=object)


def _sampled(taps: int, sigma: float) -> Array:
    places = np.arange(taps) - (taps - 1) / 2
    with np.errstate(all="ignore"):  # a very small sigma leaves nothing but the middle
        squares = places**2
        return np.asarray(np.exp((squares.min() - squares) / sigma / sigma / 2))


def _outer(factors: list[Array]) -> Array:
    weights: Array = reduce(np.multiply.outer, factors)
    return narrowed(weights) if weights.dtype == object else weights
