"""Checks of the builders' parameters: sizes, positive numbers, shares, angles, with their messages."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Any

from convcalc.errors import FieldError
from convcalc.geometry.arguments import brief, per_axis
from convcalc.numerals import Number, is_finite, nearest_float
from convcalc.wording import shape_text

_LARGEST, _MOST_TAPS = 1001, 4_000_000  # taps on one axis and in all, far beyond practical use


def taps(size: Any, rank: int) -> tuple[int, ...]:
    """Taps for each of ``rank`` axes, from one size for all or one for each.

    Raises:
        FieldError: a size is no whole number of at least 1, or they are too large.
    """
    return _checked(per_axis("size", size, rank, 1))


def odd_taps(size: Any, rank: int) -> tuple[int, ...]:
    """Taps for each axis of a kernel that needs a centre cell.

    Raises:
        FieldError: a size is even, or as for :func:`taps`.
    """
    counts = taps(size, rank)
    for count in counts:
        if count % 2 == 0:
            raise FieldError(
                f"size must be odd, so that a cell is in the middle, got {count}", hint=f"{count - 1} or {count + 1}"
            )
    return counts


def exact(name: str, value: Any) -> Fraction:
    """A finite number as a fraction; a float is converted by its decimal digits.

    Raises:
        FieldError: it is not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise FieldError(f"{name} must be a number, got {brief(value)}")
    if not is_finite(value):
        raise FieldError(f"{name} must be a finite number, got {value}")
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def finite(name: str, value: Any) -> float:
    """A finite number as a float.

    Raises:
        FieldError: it is not a finite number.
    """
    number = nearest_float(exact(name, value))
    if not is_finite(number):
        raise FieldError(f"{name} is out of range", hint="the largest float is about 1.8e308")
    return number


def positive(name: str, value: Any) -> float:
    """A finite number above 0 as a float.

    Raises:
        FieldError: it is not a finite number above 0.
    """
    number = finite(name, value)
    if number <= 0:
        raise FieldError(f"{name} must be greater than 0, got {brief(value)}")
    return number


def between(name: str, value: Any, least: Number, most: Number) -> Fraction:
    """A number from ``least`` to ``most``, inclusive, as a fraction.

    Raises:
        FieldError: it is not a number in that range.
    """
    number = exact(name, value)
    if not least <= number <= most:
        raise FieldError(f"{name} must be from {least} to {most}, got {brief(value)}")
    return number


def _checked(counts: tuple[int, ...]) -> tuple[int, ...]:
    if max(counts) > _LARGEST or prod(counts) > _MOST_TAPS:
        raise FieldError(
            f"a size of {shape_text(counts)} is too large",
            hint=f"at most {_LARGEST:,} taps on an axis and {_MOST_TAPS:,} in all",
        )
    return counts
