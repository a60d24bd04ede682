"""Large tables, read block by block: all numbers of a block at once, and the few others one by one.

Only tables that are alike from the first row to the last are read here; any other is left to the reader of text, which
gives the same numbers, and finds the words for what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import ConvcalcError, FieldError, LimitError
from convcalc.files.expression import number
from convcalc.files.tables.columns import Columns, ReadTable, parsed_places, table_of
from convcalc.files.tables.decimal_digits import LEAD, Cells, Numbers, cells_of, numbers_of
from convcalc.files.tables.gaps import is_gap
from convcalc.files.tables.layout import Layout, layout_of
from convcalc.files.tables.number_style import NumberStyle, style_of
from convcalc.files.tables.options import TableOptions
from convcalc.files.tables.text_records import comment_names, records_of, text_table
from convcalc.files.text import decode
from convcalc.limits import Limits

_BLOCK = 1 << 18  # bytes: their arrays stay in a processor's second cache
_HEAD = 1 << 16
_MOST_ODD = 1 / 16  # of the cells of a block: above that, reading them one by one is no gain
_BLANKS = re.compile(rb"[ \t]+")


class _Form(NamedTuple):
    """What the head of a table says about all of it."""

    layout: Layout
    places: tuple[int, ...]
    """The columns of numbers that are needed."""
    delimiter: bytes
    style: NumberStyle
    offset: int
    """Where the first row of numbers begins."""
    line: int
    """Its line."""


def read_large(stream: BinaryIO, size: int, source: str, limits: Limits, options: TableOptions) -> ReadTable | None:
    """The numbers of a table of ``size`` bytes, or None where it is not alike throughout.

    Raises:
        FormatError: there is a gap, and nothing says what it becomes.
        LimitError: there are more values than the limits allow.
    """
    try:
        form = _form(stream.read(_HEAD), source, options)
    except LimitError:
        raise
    except ConvcalcError:
        return None
    if form is None:
        return None
    stream.seek(form.offset)
    collected = _Collected(form, size, options.gaps == "refuse")
    for block in _blocks(stream, form.delimiter):
        if not collected.add(block) or collected.rows * len(form.places) > limits.values:
            return None
    columns = collected.columns()
    if columns is None:
        return None
    array, table, notes = table_of(columns, options, source)
    styled = () if form.style.decimal == "." else (f"numbers are read with {form.style.words}",)
    return ReadTable(array, table, (*styled, *notes))


def _form(head: bytes, source: str, options: TableOptions) -> _Form | None:
    head = head[: head.rfind(b"\n") + 1]
    text = decode(head, source)
    if (
        not text
        or '"' in text
        or options.transpose
        or head.startswith(b"\xff\xfe")
        or b"\r" in head.replace(b"\r\n", b"")
    ):
        return None
    lines = text_table(text, options.decimal)
    records = list(records_of(lines, source, text))
    while records and not records[-1].cells:
        records.pop()
    shown = [record for record in records if record.cells]
    if len(shown) < 3:
        return None
    layout = layout_of(records, options.header, comment_names(lines, len(shown[0].cells)))
    if "text" in layout.kinds and not layout.is_certain:
        return None
    rows = records[layout.first :]
    if not rows or any(len(row.cells) != len(shown[0].cells) for row in rows):
        return None  # blank lines separate channels
    places = parsed_places(layout, options)
    style = style_of((row.cells[place] for row in rows for place in places), lines.delimiter, options.decimal)
    if style.thousands or style.decimal == lines.delimiter:
        return None
    line = rows[0].line
    offset = len(b"".join(head.splitlines(keepends=True)[: line - 1]))
    return _Form(layout, places, (lines.delimiter or " ").encode(), style, offset, line)


def _blocks(stream: BinaryIO, delimiter: bytes) -> Iterator[bytes]:
    """The rest of a file in blocks of whole lines, each with its line feed, without blanks around cells."""
    rest = b""
    while block := stream.read(_BLOCK):
        block = rest + block
        end = len(block.rstrip(b"\r\n"))  # blank lines at the end are held back: only the last may be
        end = block.rfind(b"\n", 0, end) + 1
        rest = block[end:]
        if end:
            yield _tidy(block[:end], delimiter)
    if rest := rest.strip(b"\r\n"):
        yield _tidy(rest + b"\n", delimiter)


def _tidy(block: bytes, delimiter: bytes) -> bytes:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if delimiter == b" ":
        if b"  " in block or b"\t" in block:
            block = _BLANKS.sub(b" ", block)
        if b"\n " in block or block.startswith(b" "):
            block = block.replace(b"\n ", b"\n").removeprefix(b" ")
        return block.replace(b" \n", b"\n")
    while b" " in block and delimiter + b" " in block:  # one byte is found much faster than two
        block = block.replace(delimiter + b" ", delimiter)
    return block


@dataclass
class _Collected:
    """The columns of numbers as they come."""

    form: _Form
    size: int
    """Bytes of the file."""
    refuses_gaps: bool
    rows: int = 0
    is_whole: bool = True
    values: Array = field(default_factory=lambda: np.empty((0, 0)))
    """(places, rows and room for more), float64."""
    gaps: list[tuple[int, Array]] = field(default_factory=list)
    """Of blocks with gaps their first row, and (rows, places) which cells are."""
    dates: dict[int, list[str]] = field(default_factory=dict)
    buffer: Array = field(default_factory=lambda: np.zeros(0, np.uint8))

    def __post_init__(self) -> None:
        # The allocator of glibc keeps freed memory of up to the largest block that was freed; without this one every
        # array of every block would be new pages of the system, which take longer than what is computed in them.
        np.empty(1 << 24, np.uint8)

    def add(self, block: bytes) -> bool:
        """Whether the block is like the others; its numbers are added."""
        width = len(self.form.layout.kinds)
        buffer = self._filled(block)
        cells = cells_of(buffer, len(block), ord(self.form.delimiter))
        count = len(cells.ends)
        is_line_end = buffer.take(cells.ends) == ord("\n")
        if not count or count % width or np.count_nonzero(is_line_end) * width != count:
            return False
        if not is_line_end[width - 1 :: width].all():
            return False
        if not self._add_texts(block, cells, width):
            return False
        wanted = self._wanted(cells, width)
        found = numbers_of(buffer, wanted, ord(self.form.style.decimal))
        gaps = self._read_odd(block, wanted, found) if found.is_unread.any() else np.zeros(0, bool)
        if gaps is None:
            return False
        self._store(found, gaps, count // width)
        return True

    def _filled(self, block: bytes) -> Array:
        """The block in a buffer with the room that :func:`numbers_of` needs around it."""
        needed = (LEAD + len(block) + 31) // 8 * 8
        if len(self.buffer) < needed:
            self.buffer = np.zeros(needed * 2, np.uint8)
        self.buffer[LEAD : LEAD + len(block)] = np.frombuffer(block, np.uint8)
        return self.buffer

    def _wanted(self, cells: Cells, width: int) -> Cells:
        if self.form.places == tuple(range(width)):
            return cells
        places = list(self.form.places)
        return Cells(*(each.reshape(-1, width)[:, places].ravel() for each in cells))

    def _add_texts(self, block: bytes, cells: Cells, width: int) -> bool:
        """Keep the cells of columns of dates; whether texts that are not numbers are texts at all."""
        kinds = self.form.layout.kinds
        if "date" not in kinds and "text" not in kinds and "empty" not in kinds:
            return True
        try:
            text = decode(block, "")
        except ConvcalcError:
            return False
        if not text.isascii() or '"' in text or "#" in text:
            return False  # offsets in bytes are not those in text
        for place, kind in enumerate(kinds):
            spans = zip(cells.starts[place::width].tolist(), cells.ends[place::width].tolist(), strict=True)
            if kind == "date":
                self.dates.setdefault(place, []).extend(text[start - LEAD : end - LEAD].strip() for start, end in spans)
            elif kind == "empty" and any(start != end for start, end in spans):
                return False
        return True

    def _read_odd(self, block: bytes, cells: Cells, found: Numbers) -> Array | None:
        """Read the cells that are not plain numbers; which of all are gaps, or None where one is left to the text."""
        odd = np.flatnonzero(found.is_unread)
        gaps = np.zeros(len(found.is_unread), bool)
        if len(odd) > _MOST_ODD * len(gaps) and len(odd) > len(self.form.places):
            spans = cells.ends[odd] - cells.starts[odd]
            if spans.any():
                return None
        for at in odd.tolist():
            text = block[cells.starts[at] - LEAD : cells.ends[at] - LEAD].decode("latin-1").strip()
            if is_gap(text):
                if self.refuses_gaps:
                    return None
                gaps[at] = True
                found.values[at] = 0
                continue
            value = self._number(text)
            if value is None:
                return None
            found.values[at] = value
            self.is_whole = False
        return gaps

    def _number(self, text: str) -> float | None:
        try:
            value = number(self.form.style.plain(text))
        except FieldError:
            return None
        return value if isinstance(value, float) else None  # a long whole number or a fraction stays exact in text

    def _store(self, found: Numbers, gaps: Array, rows: int) -> None:
        places = len(self.form.places)
        if self.rows + rows > self.values.shape[1]:
            self._make_room(rows)
        self.values[:, self.rows : self.rows + rows] = found.values.reshape(rows, places).T
        if gaps.any():
            self.gaps.append((self.rows, gaps.reshape(rows, places)))
        self.is_whole &= found.is_whole
        self.rows += rows

    def _make_room(self, rows: int) -> None:
        """Room for the rows that the file may hold, by the bytes of those read so far."""
        a_row = max(1, _BLOCK // max(rows, 1))
        room = max(2 * (self.rows + rows), min(self.size // a_row + rows, 1 << 26))
        wider = np.empty((len(self.form.places), room))
        wider[:, : self.rows] = self.values[:, : self.rows] if self.rows else 0
        self.values = wider

    def columns(self) -> Columns | None:
        """All columns; None where there is no row."""
        if not self.rows:
            return None
        values = self.values[:, : self.rows].T
        mask = None
        if self.gaps:
            mask = np.zeros((self.rows, len(self.form.places)), bool)
            for first, gaps in self.gaps:
                mask[first : first + len(gaps)] = gaps
        if self.is_whole:
            values = values.astype(np.int64)
        line = self.form.line
        return Columns(self.form.layout, self.form.places, values, mask, self.dates, lambda row: line + row)
