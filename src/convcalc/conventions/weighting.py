"""The weights that a function applies, and the factor of its sums."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, narrowed, total
from convcalc.conventions.convention import Convention
from convcalc.conventions.element_type import is_whole, range_of
from convcalc.conventions.words import Divisor, Turn, Weights, ZeroSum
from convcalc.errors import FieldError
from convcalc.numerals import Number
from convcalc.problem import Problem

_LOUDNESS = 10 ** (-58 / 20)
_FIXED = 256


class Weighting(NamedTuple):
    """Weights, (out_channels, in_channels / groups, *kernel_size), and the factor of each output channel's sums."""

    weights: Array
    factors: tuple[Fraction, ...]


def weighting_of(problem: Problem, convention: Convention, kind: str, divisor: Number | None = None) -> Weighting:
    """What a function makes of the weights of a problem on an input of type ``kind``; ``divisor``: as the user says.

    Raises:
        FieldError: the function has no such weights.
    """
    weights, scales = problem.weight, problem.scale
    if convention.turn is Turn.ROWS:
        weights = np.flip(weights, axis=2)
    weights, scales = _changed(weights, scales, convention, kind)
    divided = zip(weights, scales, strict=True)
    factors = tuple(scale * _factor(filter_, scale, convention, divisor) for filter_, scale in divided)
    return Weighting(weights, factors)


def _changed(
    weights: Array, scales: tuple[Fraction, ...], convention: Convention, kind: str
) -> tuple[Array, tuple[Fraction, ...]]:
    rule = convention.weights
    if rule is Weights.BOX:
        return _box(weights, convention), scales
    if rule is Weights.FIXED and is_whole(kind):
        return _fixed(weights, scales, convention)
    if rule is Weights.AS_GIVEN or rule is Weights.FIXED or (rule is Weights.INPUT_TYPE and not is_whole(kind)):
        return weights, scales
    ones = (Fraction(1),) * len(scales)
    whole = np.stack([_whole(filter_, scale, rule) for filter_, scale in zip(weights, scales, strict=True)])
    if rule is Weights.INPUT_TYPE:
        low, high = range_of(kind)
        whole = (whole.astype(object) - low) % (high - low + 1) + low
    return narrowed(whole), ones


def _whole(filter_: Array, scale: Fraction, rule: Weights) -> Array:
    def cut(weight: Any) -> int:
        value = _exact(weight) * scale
        size = int(abs(value)) if rule is not Weights.ROUNDED else int(abs(value) + Fraction(1, 2))
        return size if value >= 0 else -size

    whole: Array = np.frompyfunc(cut, 1, 1)(filter_)
    return np.asarray(whole, dtype=object)


def _exact(weight: Any) -> Fraction:
    return Fraction(weight.item() if isinstance(weight, np.generic) else weight)


def _box(weights: Array, convention: Convention) -> Array:
    if (weights != weights.reshape(-1)[0]).any():
        raise FieldError(
            f"{convention.name} takes a size, not weights: all of its weights are the same",
            hint="--kernel box:3, or cv2.filter2D for weights of your own",
            field="kernel",
        )
    return np.ones(weights.shape, np.int64)


def _fixed(weights: Array, scales: tuple[Fraction, ...], convention: Convention) -> tuple[Array, tuple[Fraction, ...]]:
    """Separable weights as products of whole ones: OpenCV's ``getGaussianKernelBitExact`` and its rounding."""
    filters = []
    for filter_, scale in zip(weights, scales, strict=True):
        plane = np.asarray(filter_[0], dtype=np.float64) * float(scale)
        rank = plane.ndim
        sides = [plane.sum(axis=tuple(other for other in range(rank) if other != axis)) for axis in range(rank)]
        whole = [_in_256ths(side) for side in sides]
        product = whole[0]
        for side in whole[1:]:
            product = np.multiply.outer(product, side)
        if len(filter_) != 1 or not np.allclose(product / _FIXED**rank, plane, atol=rank / _FIXED):
            raise FieldError(
                f"{convention.name} takes a size and sigmas, not weights",
                hint="--kernel gaussian:5,1.2",
                field="kernel",
            )
        filters.append(product[None])
    return np.stack(filters), (Fraction(1, _FIXED**rank),) * len(scales)


def _in_256ths(side: Array) -> Array:
    """Weights of one axis, symmetric and of sum 1, as 256ths: an error is carried to the next towards the middle."""
    taps, error = len(side), 0.0
    whole = np.zeros(taps, np.int64)
    for tap in range(taps // 2):
        wanted = side[tap] * _FIXED + error
        whole[tap] = whole[taps - 1 - tap] = round(wanted)
        error = wanted - whole[tap]
    whole[taps // 2] = _FIXED - whole.sum()
    return whole


def _factor(filter_: Array, scale: Fraction, convention: Convention, divisor: Number | None) -> Fraction:
    """What the sums of a filter are multiplied by, besides its scale."""
    if divisor is not None:
        return _inverse(Fraction(divisor), convention)
    match convention.divisor:
        case Divisor.NONE:
            return Fraction(1)
        case Divisor.LOUDNESS:
            energy = float((filter_.astype(np.float64) ** 2).sum()) * float(scale) ** 2
            return Fraction(_LOUDNESS * sqrt(filter_.size / energy)) if energy else Fraction(0)
    if convention.weights is Weights.BOX:
        return Fraction(1, filter_.size) / scale
    if convention.divisor is Divisor.ABSOLUTE:
        return _inverse(Fraction(total(abs(filter_))) * abs(scale), convention)
    return _inverse(Fraction(total(filter_)) * scale, convention)


def _inverse(divisor: Fraction, convention: Convention) -> Fraction:
    if divisor:
        return 1 / divisor
    if convention.zero_sum is ZeroSum.REFUSED:
        raise FieldError(
            f"{convention.name} divides by the sum of the weights, which is 0", hint="scale=1", field="kernel"
        )
    return Fraction(convention.zero_sum is ZeroSum.AS_IS)
