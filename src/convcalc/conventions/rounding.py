"""Sums over a divisor as whole numbers, by each rule of rounding: exactly of whole numbers, otherwise of floats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convcalc.arrays import Array
from convcalc.conventions.words import Rounding

_BITS_8 = 256


def rounded_quotients(numerators: Array, divisor: int, rule: Rounding) -> Array:
    """Whole numbers over a divisor above 0, rounded by a rule; nothing may overflow at twice their size.

    >>> rounded_quotients(np.array([-5, -1, 1, 3, 5]), 2, Rounding.HALF_EVEN).tolist()
    [-2, 0, 0, 2, 2]
    """
    return numerators if divisor == 1 and rule is not Rounding.BOX_8_BIT else _OF_WHOLE[rule](numerators, divisor)


def rounded_floats(values: Array, rule: Rounding) -> Array:
    """Floats rounded to whole ones by a rule."""
    return _OF_FLOATS[rule](values)


def _truncated(n: Array, d: int) -> Array:
    return np.where(n < 0, -(-n // d), n // d)


def _half_up(n: Array, d: int) -> Array:
    half: Array = (2 * n + d) // (2 * d)
    return half


def _half_even(n: Array, d: int) -> Array:
    nearest = _half_up(n, d)
    if d % 2:
        return nearest
    is_tie = 2 * n == (2 * nearest - 1) * d
    even: Array = nearest - (is_tie & (nearest % 2 == 1))
    return even


def _half_away(n: Array, d: int) -> Array:
    return np.where(n < 0, -_half_up(-n, d), _half_up(n, d))


def _box_8_bit(n: Array, d: int) -> Array:
    if d == 1:
        return n
    if d > _BITS_8:
        return _half_even(n, d)
    if d & (d - 1):
        return _half_up(n, d)
    shifted: Array = (n + d // 2 + 1) // d % _BITS_8
    return shifted


_OF_WHOLE: dict[Rounding, Callable[[Array, int], Array]] = {
    Rounding.TRUNCATE: _truncated,
    Rounding.FLOOR: lambda n, d: n // d,
    Rounding.HALF_UP: _half_up,
    Rounding.HALF_EVEN: _half_even,
    Rounding.HALF_AWAY: _half_away,
    Rounding.TRUNCATED_HALF: lambda n, d: _truncated(2 * n + d, 2 * d),
    Rounding.WHOLE_HALF: lambda n, d: _truncated(n + d // 2, d),
    Rounding.BOX_8_BIT: _box_8_bit,
}
_OF_FLOATS: dict[Rounding, Callable[[Array], Array]] = {
    Rounding.TRUNCATE: np.trunc,
    Rounding.FLOOR: np.floor,
    Rounding.HALF_UP: lambda v: np.floor(v + v.dtype.type(0.5)),
    Rounding.HALF_EVEN: np.rint,
    Rounding.HALF_AWAY: lambda v: np.copysign(np.floor(np.abs(v) + v.dtype.type(0.5)), v),
    Rounding.TRUNCATED_HALF: lambda v: np.trunc(v + v.dtype.type(0.5)),
    Rounding.WHOLE_HALF: lambda v: np.trunc(v + v.dtype.type(0.5)),
    Rounding.BOX_8_BIT: np.rint,
}
