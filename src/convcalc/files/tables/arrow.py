"""Parquet and Arrow tables by pyarrow (the extra ``tables``): columns with their types, read as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import ConvcalcError, FormatError, LimitError, MissingExtraError, Place
from convcalc.files.tables.columns import Columns, ReadTable, Times, parsed_places, table_of
from convcalc.files.tables.layout import Layout
from convcalc.files.tables.options import TableOptions
from convcalc.files.text import shown
from convcalc.limits import Limits
from convcalc.wording import counted

_PARQUET = b"PAR1"
_FILE = b"ARROW1"
_WHOLE = {32: "int32", 64: "int64"}
_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def read_arrow(stream: BinaryIO, source: str, limits: Limits, options: TableOptions) -> ReadTable:
    """The numbers of a Parquet or Arrow table; texts and nested values are left out, times become the axis.

    Raises:
        MissingExtraError: pyarrow is not installed.
        FormatError: the file is damaged, or there is a gap, and nothing says what it becomes.
        LimitError: there are more values than the limits allow.
    """
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError("a Parquet or Arrow table", "tables") from None
    try:
        found = _table(pyarrow, stream, source, limits)
        kinds = tuple(_kind(pyarrow, each.type) for each in found.schema)
        layout = Layout(tuple(map(str, found.column_names)), (), 0, kinds, is_certain=True)
        places = parsed_places(layout, options)
        _check_numbers(found, kinds, places, source)
        values, gaps = _values(found, places)
        dated = [place for place, kind in enumerate(kinds) if kind == "date"]
        known = {place: _times(found.column(place), layout.names[place]) for place in dated}
    except ConvcalcError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise FormatError("a damaged Parquet or Arrow table", place=Place(source)) from error
    times = {place: each for place, (each, _) in known.items() if each}
    columns = Columns(layout, places, values, gaps, {}, lambda row: row + 1, times)
    array, table, notes = table_of(columns, options, source)
    return ReadTable(array, table, (*notes, *(note for _, said in known.values() for note in said)))


def _table(pyarrow: Any, stream: BinaryIO, source: str, limits: Limits) -> Any:
    head = stream.read(6)
    stream.seek(0)
    if head.startswith(_PARQUET):
        from pyarrow import parquet

        file = parquet.ParquetFile(stream)
        meta = file.metadata
        _check(meta.num_rows * meta.num_columns, source, limits)
        planned = sum(meta.row_group(number).total_byte_size for number in range(meta.num_row_groups))
        limits.check_memory(2 * max(planned, 0), source)
        return file.read()
    open_any = pyarrow.ipc.open_file if head == _FILE else pyarrow.ipc.open_stream
    table = open_any(stream).read_all()
    _check(table.num_rows * table.num_columns, source, limits)
    table.validate(full=True)
    return table


def _check(count: int, source: str, limits: Limits) -> None:
    if count > limits.values:
        raise LimitError(
            f"{source}: more than {limits.values:,} values", hint=f"raise it with --limit values={limits.values * 4}"
        )


def _kind(pyarrow: Any, kind: Any) -> str:
    types = pyarrow.types
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind):
        return "number"
    if types.is_null(kind):
        return "empty"
    is_time = types.is_timestamp(kind) or types.is_date(kind) or types.is_duration(kind) or types.is_time(kind)
    return "date" if is_time else "text"


def _check_numbers(table: Any, kinds: Sequence[str], places: Sequence[int], source: str) -> None:
    """Refuse a chosen column that holds something else, such as lists."""
    wrong = next((place for place in places if kinds[place] not in ("number", "empty")), None)
    if wrong is not None:
        name, kind = table.column_names[wrong], table.schema[wrong].type
        raise FormatError(f"column {shown(name)} holds no numbers but {kind}", place=Place(source))


def _values(table: Any, places: tuple[int, ...]) -> tuple[Array, Array | None]:
    """The numbers, (rows, places), 0 where there is none; and where that is."""
    import pyarrow
    from pyarrow import compute

    columns, masks = [], []
    for place in places:
        column = table.column(place)
        masks.append(column.is_null().to_numpy() if column.null_count else np.zeros(len(column), bool))
        if pyarrow.types.is_boolean(column.type):
            column = compute.cast(column, "uint8")
        if pyarrow.types.is_decimal(column.type):
            column = compute.cast(column, "float64")
        columns.append(compute.fill_null(column, 0).to_numpy())
    if all(column.dtype.kind in "iu" for column in columns):
        is_wide = any(column.dtype == np.uint64 and (column >= 1 << 63).any() for column in columns)
        values = np.stack([column.astype(object if is_wide else np.int64) for column in columns])
    else:
        kinds = {column.dtype for column in columns}
        values = np.stack(
            [column.astype(np.float32 if kinds == {np.dtype("f4")} else np.float64) for column in columns]
        )
    mask = np.stack(masks)
    return values.T, mask.T if mask.any() else None


def _times(column: Any, name: str) -> tuple[Times | None, list[str]]:
    """Times in seconds after the first, durations and times of a day in seconds of their own; and notes.

    Those that are missing between others are at even steps between them; None where the first or the last is.
    """
    import pyarrow

    types, kind = pyarrow.types, column.type
    is_own = types.is_duration(kind) or types.is_time(kind)
    if column.null_count == len(column):
        return None, []
    if types.is_date(kind):
        column = column.cast(pyarrow.timestamp("s"))
    present = ~column.is_null().to_numpy()
    if not (present[0] and present[-1]):
        return None, [f"column {shown(name)} is no axis: its {'last' if present[0] else 'first'} time is missing"]
    rows = np.arange(len(column))
    # counted from the first, so that nanoseconds since 1970 are not rounded before they are small
    whole = column.drop_null().cast(_WHOLE[column.type.bit_width]).cast("int64").to_numpy()
    seconds = (whole - (0 if is_own else whole[0])) / _A_SECOND[column.type.unit]
    missing = int((~present).sum())
    said = f"{counted(missing, 'time')} of column {shown(name)} missing, taken at even steps between those beside"
    first = "" if is_own else str(column[0])
    return Times(np.interp(rows, rows[present], seconds), first), [said] * bool(missing)
