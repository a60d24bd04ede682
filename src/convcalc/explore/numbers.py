"""Arrays in which a number is replaced by another."""

from __future__ import annotations

from convcalc.arrays import Array, checked, in_floats, is_exact
from convcalc.numerals import Number


def with_number(values: Array, place: tuple[int, ...], number: Number) -> Array:
    """The array with another number at a place, in a type that holds it as a file with it would have been read."""
    if isinstance(number, float) and is_exact(values):
        made = in_floats(values.astype(object))
    elif is_exact(values):
        made = values.astype(object)
    else:
        made = values.copy()
    made[place] = number
    return checked(made)
