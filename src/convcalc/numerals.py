"""Python's numbers, however large, as floats and as text."""

from __future__ import annotations

from fractions import Fraction
from math import inf

Number = int | Fraction | float


def nearest_float(number: Number) -> float:
    """The nearest float; ±inf for a number beyond the range of floats, as in float arithmetic.

    >>> nearest_float(Fraction(1, 4)), nearest_float(-(10**400))
    (0.25, -inf)
    """
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


def is_finite(number: Number) -> bool:
    """Whether a number is neither inf nor nan; whole numbers and fractions never are, however large.

    >>> is_finite(10**400), is_finite(-inf)
    (True, False)
    """
    return -inf < number < inf


def exact_text(number: Number) -> str:
    """A number with all its digits; Python's own ``str`` refuses integers of more than 4,300.

    >>> exact_text(Fraction(1, 3)), len(exact_text(10**5000))
    ('1/3', 5001)
    """
    if isinstance(number, float):
        return str(number)
    try:
        return str(number)
    except ValueError:
        from decimal import Decimal  # whose C library writes any number, and in less than quadratic time

        digits = f"{Decimal(number.numerator):f}"
        return digits if number.denominator == 1 else f"{digits}/{Decimal(number.denominator):f}"
