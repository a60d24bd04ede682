"""Excel workbooks by openpyxl (the extra ``tables``), read only: the values of a sheet as the rows of a table."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, BinaryIO

from convcalc.errors import ConvcalcError, FormatError, LimitError, MissingExtraError, Place, UnknownNameError
from convcalc.files.tables.columns import ReadTable
from convcalc.files.tables.options import TableOptions
from convcalc.files.tables.text_records import Record
from convcalc.limits import Limits, bytes_text
from convcalc.wording import counted

_PACKED = 100  # times that a member may unpack to without being counted


def read_workbook(
    stream: BinaryIO, source: str, limits: Limits, options: TableOptions, sheet: str | int = 0
) -> ReadTable:
    """The numbers of a sheet, by its name or its number; of formulas their values as they were saved.

    Raises:
        UnknownNameError: there is no such sheet.
        MissingExtraError: openpyxl is not installed.
        FormatError: the file is damaged, or a cell is no number.
        LimitError: there are more values than the limits allow, or the file unpacks to more bytes.
    """
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError("an Excel workbook", "tables") from None
    from convcalc.files.csv_reader import read_records

    try:
        _check_size(stream, source, limits)
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        names = [each.title for each in book.worksheets]
        name = _name(sheet, names, source)
        records = list(_records(book[name], source, limits))
        has_gap = any("" in record.cells for record in records)
        unsaved = tuple(_unsaved(openpyxl.load_workbook(stream, read_only=True)[name], records)) if has_gap else ()
    except ConvcalcError:
        raise
    except Exception as error:  # damage raises a dozen classes
        raise FormatError("a damaged Excel workbook", hint="save the sheet as CSV", place=Place(source)) from error
    found = read_records(_trimmed(records), source, limits, options)
    table, notes = found.table, (*found.notes, *unsaved)
    if len(names) > 1:
        others = f"the other {len(names) - 1} of {len(names)} sheets left out" if sheet == 0 else f"sheet {name}"
        table = table._replace(left_out=(*table.left_out, others))
    return found._replace(table=table, notes=notes)


def _name(sheet: str | int, names: list[str], source: str) -> str:
    """The name of a sheet.

    Raises:
        UnknownNameError: there is none.
    """
    if isinstance(sheet, str) and sheet in names:
        return sheet
    if isinstance(sheet, int) and sheet < len(names):
        return names[sheet]
    known = [f"{number} ({name})" for number, name in enumerate(names)] if isinstance(sheet, int) else names
    error = UnknownNameError("sheet", str(sheet), known)
    error.place = Place(source)
    raise error


def _unsaved(sheet: Any, records: list[Record]) -> Iterator[str]:
    """A note on formulas of which no value was saved, as other programs than a spreadsheet leave them."""
    rows = zip(sheet.iter_rows(), records, strict=False)
    found = [
        cell.coordinate
        for row, record in rows
        for cell, text in zip(row, record.cells, strict=False)
        if not text and cell.data_type == "f"
    ]
    if found:
        count = f"{counted(len(found), 'formula')} {'has' if len(found) == 1 else 'have'} no saved value"
        yield f"{count}, the first in {found[0]}: open and save the workbook in a spreadsheet program"


def _check_size(stream: BinaryIO, source: str, limits: Limits) -> None:
    for member in zipfile.ZipFile(stream).infolist():
        if member.file_size > max(limits.member, _PACKED * member.compress_size) or member.file_size > 16 * limits.file:
            raise LimitError(
                f"{source}: a part of it unpacks to {bytes_text(member.file_size)}",
                hint=f"raise it with --limit member={bytes_text(2 * member.file_size, exact=False)}",
            )
    stream.seek(0)


def _records(sheet: Any, source: str, limits: Limits) -> Iterator[Record]:
    count = 0
    for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
        count += len(row)
        if count > limits.values:
            raise LimitError(
                f"{source}: more than {limits.values:,} values",
                hint=f"raise it with --limit values={limits.values * 4}",
            )
        cells = [_text(value) for value in row]
        yield Record(line, cells if any(cells) else [])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return repr(value) if isinstance(value, float) else str(value).strip()


def _trimmed(records: list[Record]) -> list[Record]:
    """The rows without those that are empty at both ends, and without columns that are empty at either side."""
    filled = [record for record in records if record.cells]
    if not filled:
        return []
    width = max(len(record.cells) for record in filled)
    rows = [record.cells + [""] * (width - len(record.cells)) for record in filled]
    used = [place for place in range(width) if any(row[place] for row in rows)]
    first, last = used[0], used[-1] + 1
    return [Record(record.line, row[first:last]) for record, row in zip(filled, rows, strict=True)]
