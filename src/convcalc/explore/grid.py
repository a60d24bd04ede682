"""A plane as lines of so many columns: numbers that scroll, or a picture; which cells these are is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from convcalc.explore.plane import Place, Plane
from convcalc.render.lines import Strip, prefix, text_width
from convcalc.report.blocks import Role, Span

HEAD = 2
"""Lines above the first row: the title, and the numbers of the columns."""
_FOOT = 1
_LARGE = 100
"""Rows or columns of a plane that is first shown as a picture."""
_NARROWEST = 2


class Zoom(StrEnum):
    """How a plane is shown."""

    NUMBERS = "numbers"
    PIXELS = "pixels"
    """A half block for each cell, around the cursor."""
    WHOLE = "whole"
    """All of it, a half block for several cells."""


class Lit(NamedTuple):
    """A piece of a line that is lit."""

    text: str
    role: Role = Role.WINDOW


Piece = Span | Strip | Lit
Pieces = tuple[Piece, ...]


@dataclass
class GridView:
    """What is seen of a plane."""

    first: Place = (0, 0)
    """How many rows and columns are scrolled by."""
    zoom: Zoom | None = None
    """How the user wants it; None: a large image as a picture, all else as numbers."""
    size: Place = (0, 0)
    """Rows and columns that are seen."""
    cell: int = _NARROWEST
    """Columns of a number."""
    gap: int = 2
    """Columns between numbers."""
    is_brief: bool = False
    """Whether floats have a few digits only."""
    _labels: int = 0
    _columns: tuple[int, ...] = field(default=(), repr=False)

    def shown_zoom(self, plane: Plane) -> Zoom:
        """How the plane is shown."""
        if plane.array is None:
            return Zoom.NUMBERS
        is_large = max(len(plane.rows), len(plane.columns)) > _LARGE
        return self.zoom or (Zoom.WHOLE if is_large else Zoom.NUMBERS)

    def wanted(self, plane: Plane, height: int, room: int) -> int:
        """The columns that all numbers of it would take, seen so many lines high; beyond ``room`` roughly."""
        if self.shown_zoom(plane) is not Zoom.NUMBERS:
            return max(text_width(plane.title), len(plane.columns))
        least = len(plane.columns) * (_NARROWEST + self.gap)
        if least > room:
            return least
        self._measure(plane, self._rows(plane, height), plane.columns)
        numbers = self._labels + len(plane.columns) * (self.cell + self.gap) + 1
        return max(numbers, min(text_width(plane.title), 24))

    def follow(self, plane: Plane, height: int, width: int, *, is_focused: bool) -> None:
        """Scroll as little as it takes to see the cursor, or where that is elsewhere what is lit."""
        row, column = plane.cursor
        down, across = range(row, row + 1), range(column, column + 1)
        if plane.box and not is_focused:
            down, across = plane.box
        rows = max(1, height - HEAD - _FOOT)
        if self.shown_zoom(plane) is Zoom.PIXELS:
            self._scroll_to(plane, 2 * rows, width, down, across)
            return
        for _ in range(2):  # how wide the numbers are is known once one has scrolled to them
            columns = self._room(width)
            self._scroll_to(plane, rows, columns, down, across)
            self._measure(plane, self._rows(plane, height), plane.columns[self.first[1] : self.first[1] + columns])

    def _scroll_to(self, plane: Plane, rows: int, columns: int, down: range, across: range) -> None:
        self.first = (
            _scrolled(self.first[0], rows, down, plane.rows),
            _scrolled(self.first[1], columns, across, plane.columns),
        )

    def _room(self, width: int) -> int:
        """How many numbers fit beside each other."""
        return max(1, (width - self._labels - 1) // (self.cell + self.gap))

    def scroll(self, plane: Plane, rows: int, columns: int) -> None:
        """Scroll by some rows and columns, as far as there are any."""
        self.first = (
            max(0, min(self.first[0] + rows, len(plane.rows) - self.size[0])),
            max(0, min(self.first[1] + columns, len(plane.columns) - self.size[1])),
        )

    def clip(self, plane: Plane) -> None:
        """Scroll back to where there are cells."""
        self.first = min(self.first[0], len(plane.rows) - 1), min(self.first[1], len(plane.columns) - 1)

    def _rows(self, plane: Plane, height: int) -> range:
        return plane.rows[self.first[0] : self.first[0] + max(1, height - HEAD - _FOOT)]

    def _measure(self, plane: Plane, rows: range, columns: range) -> list[list[Span]]:
        found = plane.spans(rows, columns, brief=self.is_brief)
        self._labels = max(len(str(rows[0])), len(str(rows[-1]))) if plane.has_rows else 0
        widest = max((text_width(span.text) for row in found for span in row), default=0)
        self.cell = max(_NARROWEST, widest, *(len(str(columns[place])) for place in (0, -1)))
        return found

    def lines(self, plane: Plane, width: int, height: int, *, is_focused: bool) -> Iterator[Pieces]:
        """The numbers of the rows and columns that fit."""
        rows = self._rows(plane, height)
        columns = plane.columns[self.first[1] :]
        for _ in range(3):  # longer numbers leave room for fewer of them, which may be shorter
            columns = columns[: self._room(width)]
            spans = self._measure(plane, rows, columns)
        columns = columns[: self._room(width)]
        self.cell = max(_NARROWEST, min(self.cell, width - self._labels - 2))
        self.size = len(rows), len(columns)
        yield (_title(plane, is_focused),)
        labels = "".join(f"{column:>{self.cell + self.gap}}" for column in columns)
        yield (Span(" " * self._labels + labels, Role.LABEL),)
        for row, cells in zip(rows, spans, strict=True):
            yield self._row(plane, row, columns, cells)
        footer = self._footer(plane)
        if footer:
            yield (Span(footer, Role.LABEL),)

    def _row(self, plane: Plane, row: int, columns: range, cells: Sequence[Span]) -> Pieces:
        pieces: list[Piece] = [Span(f"{row:>{self._labels}}" if plane.has_rows else "", Role.LABEL)]
        mark, was_lit = " ", False
        for column, cell in zip(columns, cells, strict=False):
            is_cursor, is_lit = (row, column) == plane.cursor and plane.has_cursor, (row, column) in plane.lit
            if self.gap > 1:  # its first column goes with the cell before, its last with the one behind
                pieces.append(_lit(mark, was_lit))
                mark = " "
            pieces.append(_lit("[" if is_cursor else mark, was_lit if mark == "]" else is_lit))
            pieces.append(_lit(shortened(cell.text, self.cell).rjust(self.cell), is_lit, cell.role))
            mark, was_lit = "]" if is_cursor else " ", is_lit
        pieces.append(_lit(mark, was_lit and (self.gap > 1 or mark == "]")))
        return tuple(pieces)

    def _footer(self, plane: Plane) -> str:
        parts = [plane.footer] if plane.footer else []
        names = ("rows", "columns")
        for name, all_of, first, count in zip(names, (plane.rows, plane.columns), self.first, self.size, strict=True):
            if count < len(all_of):
                parts.append(f"{name} {all_of[first]}–{all_of[min(first + count, len(all_of)) - 1]}")
        return ", ".join(parts)

    def place_at(self, plane: Plane, x: int, y: int) -> Place | None:
        """The cell that is drawn at a column and a line; None: there is none."""
        row, column = y - HEAD, (x - self._labels - 1) // (self.cell + self.gap)
        if not (0 <= row < self.size[0] and 0 <= column < self.size[1] and x > self._labels):
            return None
        return plane.rows[self.first[0] + row], plane.columns[self.first[1] + column]


def _lit(text: str, is_lit: bool, role: Role = Role.PLAIN) -> Piece:
    return Lit(text) if is_lit else Span(text, role)


def _title(plane: Plane, is_focused: bool) -> Piece:
    return Lit(plane.title, Role.TITLE) if is_focused else Span(plane.title, Role.TITLE)


def _scrolled(first: int, room: int, wanted: range, cells: range) -> int:
    """How far to scroll so that the wanted cells are seen, the first of them at least."""
    start, stop = wanted[0] - cells.start, wanted[-1] + 1 - cells.start
    if stop > first + room:
        first = stop - room
    first = min(first, start)
    return max(0, min(first, len(cells) - room))


def shortened(text: str, width: int) -> str:
    """The text in so many columns; dots say that there is more of it."""
    if text_width(text) <= width:
        return text
    return f"{prefix(text, width - 1)}…"


def fitted(pieces: Sequence[Piece], width: int) -> Pieces:
    """The pieces cut or filled to exactly so many columns."""
    kept: list[Piece] = []
    room = width
    for piece in pieces:
        if text_width(piece.text) > room:
            if not isinstance(piece, Strip) and room > 0:
                text = shortened(piece.text, room) if piece.text.strip() else " " * room
                kept.append(piece._replace(text=text))
                room -= text_width(text)
            break
        kept.append(piece)
        room -= text_width(piece.text)
    return (*kept, Span(" " * max(0, room)))
