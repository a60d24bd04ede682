"""Comparison of outputs and facts with expected values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import EllipsisType
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, is_exact, plain
from convcalc.numerals import nearest_float
from convcalc.wording import shape_text

Index = tuple[int | slice | EllipsisType, ...]

# Relative to the largest output: well above the rounding of another order of summation, far below visible differences.
_TOLERANCE = {"float64": 1e-9, "float32": 1e-5}


class Expected(NamedTuple):
    """The expected values of a part of an output."""

    where: Index
    """The index of the part in the output."""
    values: Array
    """One for each cell of the part, or one for all."""


class Difference(NamedTuple):
    """One cell, or one fact of a network, that differs from the expected value."""

    place: tuple[int, ...]
    expected: Any
    actual: Any
    what: str = "output"
    """The name of the cell's array, or of the fact."""


def differing(output: Array, part: Expected) -> Iterator[Difference]:
    """The cells of a part that differ from their expected values.

    Whole numbers and fractions must be equal; floats may differ by 1e-9 of the largest output (float32: 1e-5).
    """
    actual = np.asarray(output[part.where])
    wanted = np.broadcast_to(part.values, actual.shape)
    unequal = np.asarray(actual != wanted if is_exact(output) else ~_close(actual, wanted, output), dtype=bool)
    places = np.asarray(np.arange(output.size).reshape(output.shape)[part.where])[unequal]
    for place, want, got in zip(places.flat, wanted[unequal].flat, actual[unequal].flat, strict=True):
        where = tuple(int(index) for index in np.unravel_index(place, output.shape))
        yield Difference(where, plain(want), plain(got))


def differing_facts(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[Difference]:
    """The facts, numbers or shapes, that differ from their expected values."""
    for name, wanted in expected.items():
        if wanted != actual[name]:
            yield Difference((), _fact(wanted), _fact(actual[name]), name)


def _fact(value: Any) -> Any:
    return shape_text(value) if isinstance(value, tuple) else value


def cells_of(output: Array, part: Expected) -> int:
    """How many cells the part has."""
    return int(np.asarray(output[part.where]).size)


def _close(actual: Array, wanted: Array, output: Array) -> Array:
    finite = np.abs(output[np.isfinite(output)])
    tolerance = _TOLERANCE[output.dtype.name] * float(finite.max(initial=0))
    floats = np.array([nearest_float(value) for value in wanted.flat]).reshape(wanted.shape)
    close: Array = np.isclose(actual, floats, rtol=0, atol=tolerance, equal_nan=True)
    return close
