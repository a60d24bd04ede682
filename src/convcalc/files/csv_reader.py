"""Tables of numbers as text: one line a row, a blank line between channels."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from convcalc.arrays import Array
from convcalc.errors import FieldError, FormatError, LimitError, Place
from convcalc.files.expression import THOUSANDS, number
from convcalc.files.numbers import numbers, packed
from convcalc.files.text import place_on_line
from convcalc.limits import Limits
from convcalc.numerals import Number
from convcalc.wording import counted

_DELIMITERS = (";", "\t", "|", ",")  # in the order in which they win: a comma may also be a decimal comma
_SEPARATOR = re.compile(r'"?sep=([;,|:\t ])"?\s*', re.IGNORECASE)
"""The first line by which Excel is told the delimiter."""
_COMMENT = re.compile(r"[ \t]*#(?!N/A|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)")
"""How a line that is none of the table begins; what stands after the sign otherwise are a spreadsheet's errors."""
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")


def read_csv(text: str, source: str, limits: Limits) -> Array:
    """The array of a table: ``(rows, columns)``, or ``(channels, rows, columns)`` where blank lines part the rows.

    The delimiter is the one that a first line such as ``sep=;`` names, otherwise the first of ``;``, tab, ``|`` and
    ``,`` that the text holds, otherwise runs of spaces. Lines that begin with ``#`` are comments.

    Raises:
        FormatError: a cell is no number (line and column of the place are its line and its number in the row), or the
            rows or channels differ in length.
        LimitError: there are more values than the limits allow.
    """
    lines = _lines(text)
    table = _Table(text, source, limits, lines.delimiter)
    if lines.delimiter:
        table.check_count(text.count(lines.delimiter))
    for line, cells in _records(lines, source, text):
        if any(cells):
            table.add_row(line, cells)
        else:
            table.end_channel(line, cells)
    return table.array()


class _Table:
    """Collects the values of one file, comparing every row and channel with the first."""

    def __init__(self, text: str, source: str, limits: Limits, delimiter: str | None) -> None:
        self.text = text
        self.source = source
        self.limits = limits
        self.delimiter = delimiter
        self.values: list[Number] = []
        self.first: tuple[int, int] | None = None  # line and width of the first row
        self.heights: list[int] = []
        self.height = 0

    def check_count(self, count: int) -> None:
        if count > self.limits.values:
            raise LimitError(
                f"{self.source}: more than {self.limits.values:,} values",
                hint=f"raise it with --limit values={self.limits.values * 4}",
            )

    def add_row(self, line: int, cells: list[str]) -> None:
        try:
            self.values += numbers(cells)
        except FieldError as error:
            raise self._bad_cell(error, line, cells) from None
        self.first = self.first or (line, len(cells))
        if len(cells) != self.first[1]:
            raise FormatError(
                f"row {line} has {counted(len(cells), 'value')}, row {self.first[0]} has {self.first[1]:,}",
                place=place_on_line(self.source, self.text, line),
            )
        self.check_count(len(self.values))
        self.height += 1

    def end_channel(self, line: int, cells: list[str]) -> None:
        """Take a blank line; one of nothing but delimiters is a row of empty cells."""
        if len(cells) > 1:
            self.add_row(line, cells)
        if self.height:
            self.heights.append(self.height)
            self._check_heights(line)
        self.height = 0

    def array(self) -> Array:
        if not self.values:
            raise FormatError("file is empty", place=Place(self.source))
        self.end_channel(self.text.count("\n") + 1, [])
        rows, columns = self.heights[0], len(self.values) // sum(self.heights)
        return packed(self.values, (len(self.heights), rows, columns)[len(self.heights) == 1 :])

    def _check_heights(self, line: int) -> None:
        if self.height != self.heights[0]:
            number = len(self.heights)
            raise FormatError(
                f"channel {number} has {counted(self.height, 'row')}, channel 1 has {self.heights[0]:,}",
                hint="a blank line starts a new channel",
                place=Place(self.source, line),
            )

    def _bad_cell(self, error: FieldError, line: int, cells: list[str]) -> FormatError:
        index = int(error.field[0])
        hint = self._hint(line, cells, index) or error.hint
        return FormatError(
            f"row {line}, column {index + 1}: {error.message}", hint=hint, place=Place(self.source, line, index + 1)
        )

    def _hint(self, line: int, cells: list[str], index: int) -> str:
        """How to mend a cell, as far as its table tells more of it than the cell itself."""
        cell, is_first = cells[index], self.first is None
        if not cell and index == len(cells) - 1 > 0:
            return "delete the delimiter at the end of the row"
        if not cell and index == 0 and is_first and "\n" in self.text.strip():
            return "if row 1 is a header and column 1 an index, leave both out: to_csv(header=False, index=False)"
        if self.delimiter == "," and THOUSANDS.fullmatch(cell):
            return f"the comma parts thousands: write {cell.replace(',', '')}"
        written = ",".join(cells).split()
        if self.delimiter == "," and len(written) > 1 and all(map(_DECIMAL_COMMA.fullmatch, written)):
            return f"if these are decimal commas, write {' '.join(written[:3]).replace(',', '.')}"
        if not (is_first and cell[:1].isalpha()):
            return ""
        if any(map(_is_number, cells)):
            return f"if column {index + 1} holds names, leave it out"
        return f"if row {line} is a header, delete it"


def _is_number(cell: str) -> bool:
    with suppress(FieldError):
        number(cell)
        return True
    return False


class _Lines(NamedTuple):
    """The lines of the table, without comments."""

    lines: Sequence[str]
    numbers: Sequence[int]
    """Of each line in the file."""
    delimiter: str | None
    """None stands for runs of spaces."""


def _lines(text: str) -> _Lines:
    lines = text.split("\n")
    numbers: Sequence[int] = range(1, len(lines) + 1)
    named = _SEPARATOR.fullmatch(lines[0])
    if named or "#" in text:
        numbers = [at for at in numbers if not _COMMENT.match(lines[at - 1])][bool(named) :]
        lines = [lines[at - 1] for at in numbers]
        text = "\n".join(lines)
    if named:
        return _Lines(lines, numbers, named[1].strip(" ") or None)
    return _Lines(lines, numbers, next((sign for sign in _DELIMITERS if sign in text), None))


def _records(table: _Lines, source: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of every record, with the line that it ends on."""
    if table.delimiter is None and '"' not in text:
        yield from zip(table.numbers, map(str.split, table.lines), strict=True)
        return
    # With its line feed, or a quoted cell of two lines would become one number.
    records = csv.reader(
        (line + "\n" for line in table.lines), delimiter=table.delimiter or " ", strict=True, skipinitialspace=True
    )
    try:
        for cells in records:
            yield table.numbers[records.line_num - 1], [cell.strip() for cell in cells]
    except csv.Error as error:
        line = table.numbers[min(records.line_num, len(table.lines)) - 1]
        raise FormatError(f"row {line}: {_fault(error)}", place=place_on_line(source, text, line)) from None


def _fault(error: csv.Error) -> str:
    """What is wrong with the quotes of a row; the words of the module csv differ between versions."""
    if "end of data" in str(error):
        return "a quote that is not closed"
    return "a cell that is too long" if "limit" in str(error) else "text after a closing quote"
