"""A table's rows and columns as axes of an array: channels and samples, or two spatial axes; and a sentence of it."""

from __future__ import annotations

import numpy as np

from convcalc.arrays import Array, read_only
from convcalc.channels import UNNAMED, Channels
from convcalc.files.tables.columns import Table
from convcalc.wording import counted, safe_text

_MOST_NAMES = 12


def oriented(array: Array, table: Table, dims: int, source: str) -> tuple[Array, Channels]:
    """The array with its channels first, (channels, samples), where one axis is spatial, otherwise as it is.

    array: (rows, columns). Columns with names are channels; of columns without names that is what there are fewer of,
    columns or rows, or with rows and columns exchanged the other; as many of both are rows of channels.
    """
    if dims != 1:
        return array, UNNAMED._replace(reading=_as_plane(array, table, source))
    rows, columns = array.shape
    by_columns = bool(table.names) or table.is_signal or (rows > columns) != table.is_transposed
    reading = _as_channels(array, table, source, by_columns=by_columns)
    if not by_columns:
        return array, UNNAMED._replace(reading=reading)
    return read_only(np.ascontiguousarray(array.T)), Channels(table.names, table.units, table.axis, reading)


def _as_channels(array: Array, table: Table, source: str, *, by_columns: bool) -> str:
    """What the channels are; nothing of one row or column of numbers, in which there is nothing to choose."""
    channels, samples = array.shape[::-1] if by_columns else array.shape
    is_named = bool(table.names)
    if not is_named and not table.left_out and channels == 1:
        return ""
    named = f" ({_listed(table.names)})" if is_named else ""
    said = f"{counted(channels, 'channel')}{named} of {counted(samples, 'sample')}"
    what = "column" if by_columns != table.is_transposed else "row"  # of the file
    parts = [] if is_named or channels == 1 else [f"a {what} each (--transpose: the other)"]
    return _sentence(source, ", ".join((said, *parts)), table)


def _as_plane(array: Array, table: Table, source: str) -> str:
    """What became of names and other columns, where there are any."""
    if not table.names and not table.left_out:
        return ""
    said = f"one array of {counted(len(array), 'row')} and {counted(array.shape[1], 'column')}"
    named = f" ({_listed(table.names)}; --dims 1: channels)" if table.names else ""
    return _sentence(source, said + named, table)


def _sentence(source: str, said: str, table: Table) -> str:
    return f"{safe_text(source)}: {'; '.join((said, *map(safe_text, table.left_out)))}."


def _listed(names: tuple[str, ...]) -> str:
    shown = [safe_text(name) for name in names[:_MOST_NAMES]]
    return ", ".join(shown) + (", …" if len(names) > _MOST_NAMES else "")
