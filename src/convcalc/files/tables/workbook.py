"""Excel workbooks by openpyxl (the extra ``tables``), read only: the first sheet's values as the rows of a table."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, BinaryIO

from convcalc.errors import ConvcalcError, FormatError, LimitError, MissingExtraError, Place
from convcalc.files.tables.columns import ReadTable
from convcalc.files.tables.options import TableOptions
from convcalc.files.tables.text_records import Record
from convcalc.limits import Limits, bytes_text

_PACKED = 100  # times that a member may unpack to without being counted


def read_workbook(stream: BinaryIO, source: str, limits: Limits, options: TableOptions) -> ReadTable:
    """The numbers of the first sheet; of formulas their values as they were saved.

    Raises:
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
        sheet = book.worksheets[0]
        records = list(_records(sheet, source, limits))
        names = book.sheetnames
    except ConvcalcError:
        raise
    except Exception as error:  # damage raises a dozen classes
        raise FormatError("a damaged Excel workbook", hint="save the sheet as CSV", place=Place(source)) from error
    found = read_records(_trimmed(records), source, limits, options)
    if len(names) == 1:
        return found
    others = f"the other {len(names) - 1} of {len(names)} sheets left out"
    return found._replace(table=found.table._replace(left_out=(*found.table.left_out, others)))


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
