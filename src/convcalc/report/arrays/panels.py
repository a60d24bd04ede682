"""Slices of arrays as the cells of panels: which are shown, their texts, and frames around some of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from convcalc.report.arrays.figure import Cell, Outline, OutlineKind, typeset
from convcalc.report.arrays.figure_cuts import Shown
from convcalc.report.text import number_texts

Place = tuple[int, ...]


class Slice(NamedTuple):
    """What is shown of one matrix of an array: its place on the leading axes, and cells of the last two axes."""

    leading: Place
    rows: Shown | None
    """None: the array has one axis, and the slice is its only row."""
    columns: Shown

    @property
    def is_cut(self) -> bool:
        """Whether cells are left out."""
        return None in self.columns or None in (self.rows or ())

    @property
    def places(self) -> list[list[Place | None]]:
        """The place of each cell in the array, row by row."""
        rows = [()] if self.rows is None else [None if row is None else (row,) for row in self.rows]
        return [
            [None if row is None or column is None else (*self.leading, *row, column) for column in self.columns]
            for row in rows
        ]

    @property
    def row_labels(self) -> tuple[str, ...]:
        """The numbers of the rows."""
        return () if self.rows is None else _labels(self.rows)

    @property
    def column_labels(self) -> tuple[str, ...]:
        """The numbers of the columns."""
        return _labels(self.columns)

    def cells(self, number: Callable[[Place], tuple[Any, Cell]]) -> tuple[tuple[Cell | None, ...], ...]:
        """The cells, each with its number as text; ``number`` gives that of a place, and its cell without the text.

        A number may be None: the cell stays empty.
        """
        found = [[None if place is None else number(place) for place in row] for row in self.places]
        texts = iter(number_texts(each[0] for row in found for each in row if each and each[0] is not None))
        return tuple(
            tuple(
                each and (each[1] if each[0] is None else each[1]._replace(text=typeset(next(texts)))) for each in row
            )
            for row in found
        )

    def outline(self, kind: OutlineKind, rows: range | None, columns: range) -> tuple[Outline, ...]:
        """A frame from the first to the last of some rows and columns; none if one of its corners is not shown."""
        down = (0, 0) if rows is None or self.rows is None else _span(self.rows, rows)
        across = _span(self.columns, columns)
        return (Outline(kind, down, across),) if down and across else ()


def slice_of(leading: Place, shown: tuple[Shown, ...]) -> Slice:
    """The slice at a place of the leading axes; ``shown``: the cells shown on every axis."""
    return Slice(leading, shown[-2] if len(shown) > 1 else None, shown[-1])


def _labels(cells: Shown) -> tuple[str, ...]:
    return tuple("" if cell is None else typeset(str(cell)) for cell in cells)


def _span(shown: Shown, cells: range) -> tuple[int, int] | None:
    """The indices of the first and the last of these cells among those shown."""
    ends = (cells[0], cells[-1])
    return (shown.index(ends[0]), shown.index(ends[1])) if set(ends) <= set(shown) else None
