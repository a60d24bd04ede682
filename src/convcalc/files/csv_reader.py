"""Tables of numbers as text: one line per row; columns with names, or blank lines between channels."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FieldError, FormatError, LimitError, Place
from convcalc.files.expression import THOUSANDS, number
from convcalc.files.numbers import numbers, packed
from convcalc.files.tables.columns import GAPS_HINT, Columns, ReadTable, Table, parsed_places, table_of
from convcalc.files.tables.gaps import is_gap
from convcalc.files.tables.layout import Layout, layout_of
from convcalc.files.tables.number_style import PLAIN, NumberStyle, style_of
from convcalc.files.tables.options import BY_CONTENT, TableOptions
from convcalc.files.tables.text_records import NO_TEXT, Record, TextTable, comment_names, records_of, text_table
from convcalc.files.text import place_on_line
from convcalc.limits import Limits
from convcalc.numerals import Number
from convcalc.wording import counted

_BLOCK = 256
"""Rows whose numbers are read together: many small rows cost little more than a few large ones."""


def read_csv(text: str, source: str, limits: Limits, options: TableOptions = BY_CONTENT) -> ReadTable:
    """The numbers of a table; without a header, blank lines separate channels.

    Lines that begin with ``#`` are comments.

    Raises:
        FormatError: a cell is no number (line and column of the place are its line and its number in the row), the
            rows or channels differ in length, or there are two readings.
        LimitError: there are more values than the limits allow.
    """
    lines = text_table(text, options.decimal)
    if lines.delimiter:
        check_count(text.count(lines.delimiter), source, limits)
    return read_records(list(records_of(lines, source, text)), source, limits, options, text=text, lines=lines)


def read_records(
    records: list[Record],
    source: str,
    limits: Limits,
    options: TableOptions,
    *,
    text: str = "",
    lines: TextTable = NO_TEXT,
) -> ReadTable:
    """The numbers of a table by its rows; ``text`` and ``lines``: where they were written, if in a text.

    Raises:
        FormatError: as :func:`read_csv`.
        LimitError: there are more values than the limits allow.
    """
    if not any(record.cells for record in records):
        raise FormatError("file is empty", place=Place(source))
    if options.transpose:
        records = _transposed(records, source, text)
    width = next(len(record.cells) for record in records if record.cells)
    try:
        layout = layout_of(records, options.header, comment_names(lines, width))
        reader = _Reader(text, source, limits, lines, layout, options)
        return reader.read(records)
    except FieldError as error:
        line = error.field[0] if error.field else None
        if not isinstance(line, int):
            raise
        raise FormatError(error.message, hint=error.hint, place=place_on_line(source, text, line)) from None


def check_count(count: int, source: str, limits: Limits) -> None:
    """Refuse more values than the limits allow.

    Raises:
        LimitError: there are more.
    """
    if count > limits.values:
        raise LimitError(
            f"{source}: more than {limits.values:,} values",
            hint=f"raise it with --limit values={limits.values * 4}",
        )


def _transposed(records: Sequence[Record], source: str, text: str) -> list[Record]:
    rows = [record for record in records if record.cells]
    for record in rows:
        if len(record.cells) != len(rows[0].cells):
            raise _ragged(record, rows[0], source, text)
    return [Record(place, list(cells)) for place, cells in enumerate(zip(*(row.cells for row in rows), strict=True), 1)]


class _Reader:
    """Collects the values of one text, comparing every row and channel with the first."""

    def __init__(
        self, text: str, source: str, limits: Limits, lines: TextTable, layout: Layout, options: TableOptions
    ) -> None:
        self.text = text
        self.source = source
        self.limits = limits
        self.delimiter = lines.delimiter
        self.layout = layout
        self.options = options
        self.places = parsed_places(layout, options) if self._has_columns else tuple(range(len(layout.kinds)))
        self.are_all_read = self.places == tuple(range(len(layout.kinds)))
        self.style = PLAIN

    @property
    def _has_columns(self) -> bool:
        """Whether the table is more than rows of numbers."""
        said = self.options.columns or self.options.skip
        return bool(self.layout.is_certain or said or set(self.layout.kinds) - {"number"})

    def read(self, records: Sequence[Record]) -> ReadTable:
        rows = [record for record in records[self.layout.first :] if record.cells]
        self._check_widths(records, rows)
        values, gaps = self._styled_values(rows)
        heights = [] if self._has_columns else self._heights(records)
        if len(heights) > 1:
            return ReadTable(packed(values, (len(heights), heights[0], len(self.places))), Table())
        array = packed(values, (len(rows), len(self.places)))
        mask = None if not gaps else _mask(gaps, array.shape)
        dates = {
            place: [row.cells[place] for row in rows] for place, kind in enumerate(self.layout.kinds) if kind == "date"
        }
        columns = Columns(self.layout, self.places, array, mask, dates, lambda row: rows[row].line)
        found, table, notes = table_of(columns, self.options, self.source)
        if self.style != PLAIN:
            notes = (f"numbers are read with {self.style.words}", *notes)
        return ReadTable(found, table._replace(is_transposed=self.options.transpose), notes)

    def _check_widths(self, records: Sequence[Record], rows: Sequence[Record]) -> None:
        first = next(record for record in records if record.cells)
        for row in rows:
            if len(row.cells) != len(first.cells):
                raise _ragged(row, first, self.source, self.text)
        check_count(len(rows) * len(self.places), self.source, self.limits)

    def _style(self, rows: Sequence[Record]) -> NumberStyle:
        """The style of all numbers.

        Raises:
            FormatError: there are two.
        """
        try:
            return style_of(
                (row.cells[place] for row in rows for place in self.places), self.delimiter, self.options.decimal
            )
        except FieldError as error:
            cell = str(error.field[0])
            row, place = next(
                (row, place) for row in rows for place in self.places if self._is_same(row.cells[place], cell)
            )
            at = Place(self.source, row.line, place + 1)
            raise FormatError(
                f"row {row.line}, column {place + 1}: {error.message}", hint=error.hint, place=at
            ) from None

    @staticmethod
    def _is_same(cell: str, other: str) -> bool:
        return cell.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ").replace("’", "'") == other

    def _styled_values(self, rows: Sequence[Record]) -> tuple[list[Number], list[tuple[int, int]]]:
        """The numbers of all rows; how they are written is looked at where some are not plain."""
        if self.options.decimal != ",":
            try:
                return self._values(rows)
            except FormatError:
                self.style = self._style(rows)
                if self.style == PLAIN:
                    raise
        self.style = self._style(rows)
        return self._values(rows)

    def _values(self, rows: Sequence[Record]) -> tuple[list[Number], list[tuple[int, int]]]:
        """The numbers of all rows, 0 in gaps, and where these are."""
        values: list[Number] = []
        gaps: list[tuple[int, int]] = []
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            try:
                values += numbers([cell for row in block for cell in self._cells(row)])
            except FieldError:
                for index, row in enumerate(block, start):
                    values += self._row(row, index, gaps)
        return values, gaps

    def _cells(self, row: Record) -> Sequence[str]:
        """The texts of a row that are numbers, as Python writes them."""
        cells = row.cells if self.are_all_read else [row.cells[place] for place in self.places]
        return cells if self.style == PLAIN else list(map(self.style.plain, cells))

    def _row(self, row: Record, index: int, gaps: list[tuple[int, int]]) -> list[Number]:
        cells = self._cells(row)
        try:
            return numbers(cells)
        except FieldError:
            return self._with_gaps(row, cells, index, gaps)

    def _with_gaps(self, row: Record, cells: Sequence[str], index: int, gaps: list[tuple[int, int]]) -> list[Number]:
        found: list[Number] = []
        for at, cell in enumerate(cells):
            if is_gap(cell) and self.options.gaps != "refuse":
                gaps.append((index, at))
                found.append(0)
                continue
            try:
                found.append(number(cell))
            except FieldError as error:
                raise self._bad_cell(error, row, self.places[at]) from None
        return found

    def _heights(self, records: Sequence[Record]) -> list[int]:
        """The rows of each channel, which blank lines separate."""
        heights, height = [], 0
        for record in (*records[self.layout.first :], Record(records[-1].line, [])):
            if record.cells:
                height += 1
                continue
            if height:
                heights.append(height)
                self._check_height(heights, record.line)
            height = 0
        return heights

    def _check_height(self, heights: Sequence[int], line: int) -> None:
        if heights[-1] != heights[0]:
            raise FormatError(
                f"channel {len(heights)} has {counted(heights[-1], 'row')}, channel 1 has {heights[0]:,}",
                hint="a blank line starts a new channel",
                place=Place(self.source, line),
            )

    def _bad_cell(self, error: FieldError, row: Record, place: int) -> FormatError:
        hint = GAPS_HINT if is_gap(row.cells[place]) else self._hint(row, place) or error.hint
        return FormatError(
            f"row {row.line}, column {place + 1}: {error.message}",
            hint=hint,
            place=Place(self.source, row.line, place + 1),
        )

    def _hint(self, row: Record, place: int) -> str:
        """How to fix a cell, where its table gives a more specific hint than the cell alone."""
        cell = row.cells[place]
        if self.delimiter == "," and THOUSANDS.fullmatch(cell):
            return f"the comma parts thousands: write {cell.replace(',', '')}"
        if self.layout.is_certain:
            return f"--skip {self.layout.names[place]} leaves the column out" if not cell[:1].isdigit() else ""
        if not cell[:1].isalpha():
            return ""
        if any(map(_is_number, row.cells)):
            return f"--skip {place + 1} leaves the column out, if it holds names" if place == 0 else ""
        return f"if row {row.line} is a header, delete it"


def _mask(gaps: Sequence[tuple[int, int]], shape: tuple[int, ...]) -> Array:
    mask = np.zeros(shape, bool)
    mask[tuple(zip(*gaps, strict=True))] = True
    return mask


def _ragged(row: Record, first: Record, source: str, text: str) -> FormatError:
    return FormatError(
        f"row {row.line} has {counted(len(row.cells), 'value')}, row {first.line} has {len(first.cells):,}",
        place=place_on_line(source, text, row.line),
    )


def _is_number(cell: str) -> bool:
    with suppress(FieldError):
        number(cell)
        return True
    return False
