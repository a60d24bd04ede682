"""Tables of numbers as text: one line a row, a blank line between channels."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FieldError, FormatError, LimitError, OutputError, Place
from convcalc.formats.numbers import numbers, packed
from convcalc.formats.text import place_on_line
from convcalc.geometry.boundary import Number
from convcalc.limits import Limits
from convcalc.wording import counted

_DELIMITERS = (";", "\t", "|", ",")  # in the order in which they win: a comma may also be a decimal comma
_MOST_AXES = 3


def read_csv(text: str, source: str, limits: Limits) -> Array:
    """The array of a table: ``(rows, columns)``, or ``(channels, rows, columns)`` where blank lines part the rows.

    The delimiter is the first of ``;``, tab, ``|`` and ``,`` that the text holds, otherwise runs of spaces.

    Raises:
        FormatError: a cell is no number (line and column of the place are its line and its number in the row), or the
            rows or channels differ in length.
        LimitError: there are more values than the limits allow.
    """
    delimiter = next((sign for sign in _DELIMITERS if sign in text), None)
    table = _Table(text, source, limits)
    if delimiter:
        table.check_count(text.count(delimiter))
    for line, cells in _lines(text, source, delimiter):
        if any(cells):
            table.add_row(line, cells)
        else:
            table.end_channel(line, cells)
    return table.array()


def csv_text(array: Array) -> str:
    """The array as the text that :func:`read_csv` reads, every digit kept: fractions stay fractions.

    Leading axes of size 1 are dropped where there are more than three.

    Raises:
        OutputError: there are more than three axes.
    """
    while array.ndim > _MOST_AXES and array.shape[0] == 1:
        array = array[0]
    if array.ndim > _MOST_AXES or not array.size:
        shape = " × ".join(map(str, array.shape))
        raise OutputError(f"an array of {shape} values is no table", hint="write .npy, which keeps every shape")
    if array.dtype.kind == "b":
        array = array.view(np.uint8)
    channels = array.reshape((1,) * (_MOST_AXES - array.ndim) + array.shape).tolist()
    return "\n".join("".join(",".join(map(str, row)) + "\n" for row in channel) for channel in channels)


class _Table:
    """Collects the values of one file, comparing every row and channel with the first."""

    def __init__(self, text: str, source: str, limits: Limits) -> None:
        self.text = text
        self.source = source
        self.limits = limits
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
        hint = error.hint
        if not cells[index] and index == len(cells) - 1 > 0:
            hint = "delete the delimiter at the end of the row"
        elif not hint and self.first is None and any(map(str.isalpha, cells[index])):
            hint = f"if row {line} is a header, delete it"
        return FormatError(
            f"row {line}, column {index + 1}: {error.message}", hint=hint, place=Place(self.source, line, index + 1)
        )


def _lines(text: str, source: str, delimiter: str | None) -> Iterator[tuple[int, list[str]]]:
    """The cells of every record, with the line that it ends on."""
    lines = text.split("\n")
    if delimiter is None and '"' not in text:
        yield from enumerate(map(str.split, lines), start=1)
        return
    # With its line feed, or a quoted cell of two lines would become one number.
    records = csv.reader(
        (line + "\n" for line in lines), delimiter=delimiter or " ", strict=True, skipinitialspace=True
    )
    try:
        for cells in records:
            yield records.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        line = min(records.line_num, len(lines))
        raise FormatError(f"row {line}: {error}", place=place_on_line(source, text, line)) from None
