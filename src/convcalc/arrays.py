"""What numbers an array holds: whole, rational or floating, how large, and read-only."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

import numpy as np

from convcalc.errors import DataError

# What numpy.typing.NDArray[Any] stands for, without the 3 ms that its import costs.
Array: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[Any]]

INT64_LIMIT = 1 << 63


def checked(array: Any) -> Array:
    """The array as a problem holds it: read-only, native byte order, whole, rational or real numbers.

    bool becomes uint8 and float16 becomes float32, which holds all its values; nothing else is converted, and
    nothing is copied that need not be.

    Raises:
        DataError: the array holds text, dates, records, complex numbers or other objects.
    """
    values = np.asarray(array)
    if values.dtype == object:
        values = _checked_objects(values)
    elif values.dtype.kind == "b":
        values = values.astype(np.uint8)
    elif values.dtype == np.float16:
        values = values.astype(np.float32)
    elif values.dtype.kind not in "iu" and values.dtype not in (np.float32, np.float64):
        raise DataError(
            f"the array holds {values.dtype} values, which convcalc does not compute with",
            hint="convert it to integers, float32 or float64",
        )
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    return read_only(values)


def read_only(values: Array) -> Array:
    """A view of the array that cannot be written through."""
    view = values.view()
    view.flags.writeable = False
    return view


def is_exact(values: Array) -> bool:
    """Whether the array holds whole or rational numbers only (object arrays hold Python's)."""
    return values.dtype.kind in "iuO"


def has_fractions(values: Array) -> bool:
    """Whether an exact array holds a number that is not whole."""
    return values.dtype == object and any(isinstance(value, Fraction) for value in values.flat)


def largest(values: Array) -> Any:
    """The largest absolute value as a Python number, which never wraps; 0 of an empty array."""
    if not values.size:
        return 0
    return (
        max(abs(values.min().item()), abs(values.max().item()))
        if values.dtype != object
        else max(map(abs, values.flat))
    )


def narrowed(values: Array) -> Array:
    """An object array of Python numbers as int64 where every one is whole and fits; otherwise as it is."""
    if any(isinstance(value, Fraction) for value in values.flat):
        if any(value.denominator != 1 for value in values.flat):
            return values
        values = np.asarray(np.frompyfunc(int, 1, 1)(values), dtype=object)
    return values.astype(np.int64) if largest(values) < INT64_LIMIT else values


def whole_and_scale(weights: Array) -> tuple[Array, Fraction]:
    """Whole weights and the rational scale that gives the rational weights back: weights = whole × scale."""
    if not has_fractions(weights):
        return weights, Fraction(1)
    denominator = lcm(*(value.denominator for value in weights.flat))
    whole = np.empty(weights.shape, dtype=object)
    whole[...] = weights * denominator
    return narrowed(whole), Fraction(1, denominator)


def _checked_objects(values: Array) -> Array:
    for value in values.flat:
        if not isinstance(value, (int, Fraction)) or isinstance(value, bool):
            raise DataError(
                f"the array holds a {type(value).__name__}, which is not a number that convcalc computes with",
                hint="object arrays may hold Python integers and fractions.Fraction",
            )
    return narrowed(values)
