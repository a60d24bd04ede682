"""What is said about a table where its content does not tell: columns, header, orientation, numbers, gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from convcalc.errors import FieldError

GAP_RULES = ("refuse", "zero", "hold", "linear", "nan")
"""What a cell without a number becomes: an error, 0, the value before it, the line between its neighbours, or nan."""
_TRUTH = dict.fromkeys(("true", "yes", "on"), True) | dict.fromkeys(("false", "no", "off"), False)


class TableOptions(NamedTuple):
    """How a table is read where that is said; the defaults leave it to the content."""

    columns: tuple[str, ...] = ()
    """The channels: names, or numbers from 1; empty: all columns of numbers."""
    skip: tuple[str, ...] = ()
    """Columns that are left out."""
    header: bool | None = None
    """Whether the first row names the columns."""
    transpose: bool = False
    """Whether rows and columns are exchanged."""
    decimal: str = ""
    """The character before the decimals, ``.`` or ``,``."""
    gaps: str = "refuse"
    """One of :data:`GAP_RULES`."""


BY_CONTENT = TableOptions()
TABLE_KEYS = TableOptions._fields
"""The keys beside ``file`` in problem files; flags have the same names."""


def table_options(said: Mapping[str, Any]) -> TableOptions:
    """The options from the texts of a file or of flags; a list of columns may be one text with commas.

    Raises:
        FieldError: one has a value that it cannot take; ``field`` is its key.
    """
    found: dict[str, Any] = {}
    for key, node in said.items():
        if key in ("columns", "skip"):
            found[key] = _names(key, node)
        elif key in ("header", "transpose"):
            found[key] = _truth(key, node)
        else:
            found[key] = _choice(key, node, GAP_RULES if key == "gaps" else (".", ","))
    return TableOptions(**found)


def _names(key: str, node: Any) -> tuple[str, ...]:
    names = node.split(",") if isinstance(node, str) else node
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise FieldError(f"{key} takes names of columns", hint=f"{key}: [ax, ay]", field=key)
    found = tuple(name.strip() for name in names)
    if not all(found):
        raise FieldError(f"{key} holds an empty name", hint=f"{key}: [ax, ay], or numbers from 1", field=key)
    return found


def _truth(key: str, node: Any) -> bool:
    if isinstance(node, bool):
        return node
    if not isinstance(node, str) or node.lower() not in _TRUTH:
        raise FieldError(f"{key} must be true or false, got {node!r}", field=key)
    return _TRUTH[node.lower()]


def _choice(key: str, node: Any, known: tuple[str, ...]) -> str:
    if not isinstance(node, str) or node not in known:
        raise FieldError(f"{key} is {node!r}", hint=f"one of: {' '.join(known)}", field=key)
    return str(node)
