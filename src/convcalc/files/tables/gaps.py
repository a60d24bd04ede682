"""Cells without a number, and what they become."""

from __future__ import annotations

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FieldError

_SPREADSHEET = ("#n/a", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!")
GAP_WORDS = frozenset(
    ("", "na", "n/a", "<na>", "null", "none", "nil", "nat", "missing", "~", "-", "--", "?", *_SPREADSHEET)
)
"""Lower-case texts that stand for a missing value."""


def is_gap(cell: str) -> bool:
    """Whether a text stands for a missing value."""
    return cell in GAP_WORDS or cell.lower() in GAP_WORDS


def filled(values: Array, gaps: Array, rule: str, times: Array | None = None) -> Array:
    """The values with every gap filled by a rule; values, gaps: (rows, columns), a column by itself.

    ``linear`` goes straight from the value before to the one after, by ``times``, (rows,), or else by their rows. Whole
    numbers stay whole by ``zero`` and ``hold``.

    Raises:
        FieldError: a gap has no neighbour that its rule needs; ``field`` is its row and its column.
    """
    if rule == "zero":
        return np.where(gaps, np.zeros((), values.dtype), values)
    if rule == "nan":
        return np.where(gaps, np.nan, values.astype(np.float64))
    rows = np.arange(len(values))[:, None]
    before = np.maximum.accumulate(np.where(gaps, -1, rows), axis=0)
    _check(before < 0, "before", rule)
    if rule == "hold":
        return np.take_along_axis(values, before, axis=0)
    after = np.minimum.accumulate(np.where(gaps, len(values), rows)[::-1], axis=0)[::-1]
    _check(after == len(values), "after", rule)
    floats = values.astype(np.float64)
    low, high = (np.take_along_axis(floats, each, axis=0) for each in (before, after))
    at = np.arange(len(values)) if times is None else times
    span = at[after] - at[before]
    share = (at[:, None] - at[before]) / np.where(span > 0, span, 1)
    return np.where(gaps, low + (high - low) * share, floats)


def _check(is_lone: Array, side: str, rule: str) -> None:
    if is_lone.any():
        row, column = map(int, np.argwhere(is_lone)[0])
        raise FieldError(f"a gap with no number {side} it, which {rule} needs", field=(row, column))
