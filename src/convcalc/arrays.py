"""Arrays of numbers: whole, rational or floating, their magnitudes and sums, read-only views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from math import fsum, lcm, prod
from sys import float_info
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from convcalc.errors import DataError

# What numpy.typing.NDArray[Any] stands for, without the 3 ms that its import costs.
Array: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[Any]]

INT64_LIMIT = 1 << 63


class Stored(NamedTuple):
    """An array of a file, as the file's table of contents lists it."""

    name: str
    dtype: str
    """As the kind of file spells it, such as ``BF16`` or ``float32``."""
    shape: tuple[int, ...]
    bytes: int
    """In the file, unpacked."""
    is_read: bool
    """Whether its numbers are of a type that can be computed with."""

    @property
    def values(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)


def unwarned() -> np.errstate:
    """A context in which this thread's overflows give inf and undefined results nan, without a warning."""
    return np.errstate(all="ignore")


def index(*parts: Any) -> tuple[Any, ...]:
    """An index of an array, from slices, numbers and ``...``."""
    return parts


_COMMON = "bBhHiIlLqQfd"  # the characters of NumPy's whole numbers, float32 and float64
_ROW = 1 << 12  # values that are summed at once, by a product with as many ones


def checked(array: Any) -> Array:
    """The array in the form that problems need: read-only, native byte order, whole, rational or real numbers.

    bool becomes uint8 and float16 becomes float32, which holds all its values; nothing else is converted, and
    nothing is copied that need not be.

    Raises:
        DataError: the array is ragged or masked, or holds text, dates, records, complex numbers or other objects.
    """
    values = as_array(array)
    if values.dtype.char in _COMMON and values.dtype.isnative:
        return read_only(values)
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
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
    return read_only(values)


def as_array(values: Any) -> Array:
    """An array from an array or nested lists; large integers stay exact, also with negative numbers and fractions.

    Raises:
        DataError: the lists are ragged, or the array is masked.
    """
    if type(values).__name__ == "MaskedArray":  # numpy.ma itself takes 7 ms to import
        raise DataError("a masked array has cells without a value", hint="fill them first: array.filled(0)")
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError):
        raise DataError("the lists do not make an array", hint="every row needs as many values as the others") from None
    if isinstance(values, np.ndarray) or array.dtype.kind != "f":
        return array
    # NumPy makes floats of a list such as [2**63, -1]
    exact = np.asarray(values, dtype=object)
    return exact if _kinds(exact) <= {int, bool, Fraction} else array


def read_only(values: Array) -> Array:
    """A read-only view of the array, or the array itself if it is one already."""
    if not values.flags.writeable:
        return values
    view = values.view()
    view.flags.writeable = False
    return view


def strided(values: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """A view of the memory from the first cell on, in any shape and strides (in bytes); not for Python objects."""
    if values.flags.c_contiguous:  # a tenth of the time
        return np.ndarray(shape, values.dtype, values, 0, strides)
    return np.lib.stride_tricks.as_strided(values, shape, strides)


def squeezed(output: Array) -> Array:
    """An output, (batch, channel, *spatial), without a batch of one, and then without a channel of one."""
    if len(output) != 1:
        return output
    sample: Array = output[0]
    return sample.reshape(sample.shape[1:]) if len(sample) == 1 else sample


def owned(values: Array) -> Array:
    """The writeable array behind a result's read-only view; for results that nobody else refers to."""
    base = values.base
    if base is None or base.shape != values.shape or base.itemsize != values.itemsize:
        return values.copy()
    return base.view(values.dtype)


def is_exact(values: Array) -> bool:
    """Whether the array holds whole or rational numbers only (object arrays hold Python's)."""
    return values.dtype.kind in "iuO"


def has_fractions(values: Array) -> bool:
    """Whether an exact array holds a number that is not whole."""
    return values.dtype == object and Fraction in _kinds(values)


def has_floats(values: Array) -> bool:
    """Whether the values fit into floats; only Python's own numbers may be too large."""
    return values.dtype != object or bool(largest(values) <= float_info.max)


def largest(values: Array) -> Any:
    """The largest absolute value as a Python number, without integer overflow; 0 of an empty array."""
    if values.size > 1 and not any(values.strides):  # one number in place of an array that is not read yet
        values = values[(slice(1),) * values.ndim]
    if values.dtype == object or not values.size:
        return max(map(abs, values.flat), default=0)
    return max(abs(values.min().item()), abs(values.max().item()))


def narrowed(values: Array) -> Array:
    """An object array of Python numbers as int64 where every one is whole and fits; otherwise as it is."""
    if Fraction in _kinds(values):
        if any(value.denominator != 1 for value in values.flat):
            return values
        values = np.asarray(np.frompyfunc(int, 1, 1)(values), dtype=object)
    fits = not values.size or (values.min() >= -INT64_LIMIT and values.max() < INT64_LIMIT)
    return values.astype(np.int64) if fits else values


def whole_and_scale(weights: Array) -> tuple[Array, Fraction]:
    """Rational weights as whole weights and a rational scale: weights = whole × scale."""
    if not has_fractions(weights):
        return weights, Fraction(1)
    denominator = lcm(*(value.denominator for value in weights.flat))
    whole = np.empty(weights.shape, dtype=object)
    whole[...] = weights * denominator
    return narrowed(whole), Fraction(1, denominator)


def plain(value: Any) -> Any:
    """A number of an array as a Python number, a whole fraction as an integer."""
    if type(value) in (float, int):  # a tenth of the time
        return value
    value = value.item() if isinstance(value, np.generic) else value
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def matrix(values: Array) -> Array:
    """A one-dimensional array as the only row of a matrix; others as they are."""
    return np.atleast_2d(values)


def numbers(values: Array) -> list[Any]:
    """All numbers of an array as Python numbers, in row-major order."""
    found: list[Any] = values.reshape(-1).tolist()
    return [*map(plain, found)] if values.dtype == object else found


def cells(values: Array) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Every index of an array with its value as a Python number."""
    yield from zip(np.ndindex(values.shape), numbers(values), strict=True)


def total(values: Array) -> Any:
    """The sum of all values: of exact numbers exact, of floats rounded once."""
    return added(numbers(values))


def added(terms: Iterable[Any]) -> Any:
    """The sum of Python numbers: exact if all are exact, rounded once if any is a float."""
    found = list(terms)
    if any(isinstance(term, float) for term in found):
        try:
            return fsum(found)
        except (OverflowError, ValueError):  # inf and nan among them, or an overflow on the way
            with unwarned():
                return float(np.sum(np.array(found, dtype=np.float64)))
    return plain(sum(found))


def count_not_finite(values: Array) -> int:
    """How many values are inf or nan; where there are none, it costs one pass and no memory."""
    if values.dtype.kind != "f":
        return 0
    with unwarned():
        if values.size > _ROW and are_finite(values):
            return 0
    return int(values.size - np.count_nonzero(np.isfinite(values)))


def are_finite(values: Array) -> bool:
    """Whether the sums of short rows are finite: false where a value is inf or nan, or such a sum overflows.

    Rounded sums are enough to decide that, and a product with ones is the fastest way to compute them.
    """
    if values.dtype.kind != "f" or not values.ndim:
        return values.dtype.kind != "f" or bool(np.isfinite(values))
    if values.size < _ROW:
        return bool(np.isfinite(values).all())
    return all(np.isfinite(np.dot(rows, _ones(rows.shape[-1], rows.dtype))).all() for rows in _in_rows(values))


def _in_rows(values: Array) -> list[Array]:
    """All values in rows of a few thousand, the fewest arrays of them: shorter rows and longer ones are slower."""
    length = values.shape[-1]
    if not values.flags.c_contiguous:
        return [values[..., first : first + _ROW] for first in range(0, length, _ROW)]
    if not _ROW // 8 <= length <= 2 * _ROW:
        length = _ROW
    flat, whole = values.reshape(-1), values.size // length * length
    return [part for part in (flat[:whole].reshape(-1, length), flat[whole:]) if part.size]


@lru_cache(maxsize=8)
def _ones(length: int, dtype: np.dtype[Any]) -> Array:
    return read_only(np.ones(length, dtype))


def value_range(values: Array) -> tuple[Any, Any] | None:
    """The least and the largest of the finite values, as Python's numbers; None if there are none."""
    finite = values[np.isfinite(values)] if count_not_finite(values) else values
    return (plain(finite.min()), plain(finite.max())) if finite.size else None


def range_and_mean(values: Array) -> tuple[Any, Any, float | int] | None:
    """The least, the largest and the mean of the finite values; None if there are none.

    The mean is a float, or where it is beyond their range the nearest whole number.
    """
    finite = values[np.isfinite(values)] if count_not_finite(values) else values
    if not finite.size:
        return None
    with unwarned():
        total = finite.sum(dtype=None if finite.dtype == object else np.float64)
    if isinstance(total, np.floating) and np.isinf(total):  # the sum is beyond the floats, the mean is not
        return plain(finite.min()), plain(finite.max()), float((finite / finite.size).sum())
    try:
        mean: float | int = float(total / finite.size)
    except OverflowError:
        mean = round(Fraction(total) / finite.size)
    return plain(finite.min()), plain(finite.max()), mean


def _checked_objects(values: Array) -> Array:
    numbers, kinds = values, _kinds(values)
    if kinds - {int}:  # NumPy's numbers become Python's, whole fractions integers
        numbers = np.asarray(np.frompyfunc(plain, 1, 1)(values), dtype=object)
        kinds = _kinds(numbers)
    for kind in kinds - {int, Fraction, float}:
        raise DataError(
            f"the array holds a {kind.__name__}, which is not a number that convcalc computes with",
            hint="object arrays may hold Python's integers, floats and fractions.Fraction",
        )
    return in_floats(numbers) if float in kinds else narrowed(numbers)


def _kinds(values: Array) -> set[type]:
    """The types of an array's objects, in a tenth of the time of a loop in Python."""
    return set(map(type, values.flat))


def in_floats(values: Array) -> Array:
    """An object array of Python numbers as float64.

    Raises:
        DataError: one is too large.
    """
    try:
        return values.astype(np.float64)
    except OverflowError:
        raise DataError("a number is too large for floats", hint="dtype exact has no limit") from None
