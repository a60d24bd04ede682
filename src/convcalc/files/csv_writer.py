"""Everything that convcalc writes as CSV: reports, traces and arrays, one line per row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from convcalc.errors import OutputError
from convcalc.numerals import exact_text
from convcalc.wording import safe_text

if TYPE_CHECKING:
    from convcalc.arrays import Array

_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # the wide ones too, which some spreadsheets accept
_MOST_AXES = 3


class _Echo:
    """A stream for csv.writer, with which ``writerow`` returns the line."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The rows as CSV, each a line with its end; every cell is a number, or a text of :func:`csv_cell`."""
    writer = csv.writer(_Echo(), lineterminator="\n")
    for row in rows:
        line: Any = writer.writerow([_cell(value) for value in row])
        yield line


def array_lines(array: Array) -> Iterator[str]:
    """The array as the lines that :func:`~convcalc.files.csv_reader.read_csv` reads, every digit kept.

    A row of the array is a line, generated on demand, and a blank line separates channels; fractions stay fractions.
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
        array = array.view("u1")
    return _table(array.reshape((1,) * (_MOST_AXES - array.ndim) + array.shape))


def csv_cell(text: str) -> str:
    """The text of a cell, with control characters escaped and protected from being run as a formula by spreadsheets.

    >>> csv_cell("=1+1"), csv_cell("edge")
    ("'=1+1", 'edge')
    """
    shown = safe_text(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA_STARTS) else shown


def _table(channels: Array) -> Iterator[str]:
    """channels: (channels, rows, columns)."""
    text = exact_text if channels.dtype == object else str
    for number, channel in enumerate(channels):
        if number:
            yield "\n"
        for row in channel:
            yield ",".join(map(text, row.tolist())) + "\n"


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return csv_cell(value)
    return value if value is None or isinstance(value, float) else exact_text(value)
