"""Numbers and arrays for JSON, without numpy, which documents of counts must not import."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from convcalc.numerals import exact_text, is_finite

if TYPE_CHECKING:
    from convcalc.arrays import Array

_LONGEST = 10**4300  # the limit of Python's json


def number_data(value: Any) -> Any:
    """A number for JSON: whole numbers and finite floats as they are; as texts ``"1/9"``, ``"nan"``, ``"inf"``.

    A whole number longer than readers of JSON accept is a text too.
    """
    if isinstance(value, float):
        return value if is_finite(value) else str(value)
    if isinstance(value, int | Fraction) and (value.denominator != 1 or not -_LONGEST < value < _LONGEST):
        return exact_text(value)
    return value.numerator if isinstance(value, Fraction) else value


class Cells(Sequence[Any]):
    """An array as nested lists for JSON, whose rows become Python's numbers one at a time, on demand."""

    def __init__(self, values: Array) -> None:
        self._values = values

    @property
    def is_nested(self) -> bool:
        """Whether its items are rows."""
        return self._values.ndim > 1 and len(self._values) > 0

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, place: Any) -> Any:
        found = self._values[place]
        return Cells(found) if self._values.ndim > 1 else _each(found.tolist())

    def __eq__(self, other: object) -> bool:
        return bool(self.tolist() == (other.tolist() if isinstance(other, Cells) else other))

    __hash__ = None  # type: ignore[assignment]  # like a list

    def tolist(self) -> Any:
        """All of it as nested lists."""
        found = self._values.tolist()
        return found if self._values.dtype.kind in "iu" else _each(found)


def _each(values: Any) -> Any:
    return [_each(value) for value in values] if isinstance(values, list) else number_data(values)
