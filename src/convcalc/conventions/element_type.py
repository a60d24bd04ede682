"""Types of numbers: which whole numbers each holds, and which one an input is of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array, has_fractions
from convcalc.errors import FieldError

_TYPED = {"int64", "object"}
"""Of numbers typed by hand too, which any type may be meant to hold."""


def is_whole(name: str) -> bool:
    """Whether a type is of whole numbers."""
    return not name.startswith("float")


def range_of(name: str) -> tuple[int, int]:
    """The least and the largest number of a type of whole numbers.

    >>> range_of("int16")
    (-32768, 32767)
    """
    limits = np.iinfo(name)
    return int(limits.min), int(limits.max)


def element_type(cells: Array, types: Sequence[str], function: str, wanted: str | None = None) -> str:
    """The type that a function reads an input as: the wanted one, its own, or the first that holds its numbers.

    Raises:
        FieldError: the function does not take the type, or it holds not all of the numbers.
    """
    if wanted is not None:
        _check_wanted(cells, types, function, wanted)
        return wanted
    own = cells.dtype.name
    if own in types and own not in _TYPED:
        return own
    found = next((name for name in types if _holds(name, cells)), None)
    if found is None:
        raise FieldError(
            f"{function} takes {', '.join(types)}, which do not hold the input's numbers",
            hint="scale or round them first",
            field="input",
        )
    return found


def _check_wanted(cells: Array, types: Sequence[str], function: str, wanted: str) -> None:
    if wanted not in types:
        raise FieldError(f"{function} takes no {wanted}", hint=f"one of: {', '.join(types)}", field="like")
    if not _holds(wanted, cells):
        raise FieldError(f"{wanted} does not hold the input's numbers", hint="leave the type out", field="like")


def _holds(name: str, cells: Array) -> bool:
    if not is_whole(name):
        return True
    return cells.dtype.kind != "f" and not has_fractions(cells) and _within(name, cells)


def _within(name: str, cells: Array) -> bool:
    if not cells.size:
        return True
    low, high = range_of(name)
    return bool(low <= cells.min() and cells.max() <= high)
