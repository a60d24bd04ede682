"""The parts of a figure: panels of cells with roles, signs between them, and words; no colours, sizes or numbers.

Of a long axis a figure shows a window with its neighbours, and marks for the omitted cells.

Slices of arrays become the cells of panels, with their texts, and frames around some of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from convcalc.geometry.axis import Axis
from convcalc.report.plot import Plot
from convcalc.report.text import number_texts


class PanelKind(StrEnum):
    """The kind of a panel's cells."""

    INPUT = "input"
    KERNEL = "kernel"
    PRODUCTS = "products"
    RESULT = "result"
    """One number between the products and the output: a subtotal, the scale, the bias."""
    TOTAL = "total"
    OUTPUT = "output"


class Cell(NamedTuple):
    """One cell of an array; without a text only its place or its level is shown."""

    text: str = ""
    place: tuple[int, ...] = ()
    """Its index in its array; in the padding below 0 or beyond the last one."""
    is_marked: bool = False
    """Whether it is highlighted: an input cell under a tap, the traced output cell."""
    is_padded: bool = False
    """Whether it is outside the input, or belongs to a tap that is."""
    level: int | None = None
    """Its place on the colour scale of its panel, 0 to 255; None: it has no colour of its own."""
    is_blank: bool = False
    """Whether it is a place to fill in: it has room for its number, which is not drawn."""


class OutlineKind(StrEnum):
    """The kind of the cells in an outline."""

    WINDOW = "window"
    NEXT = "next"
    """The window of a neighbouring output cell."""
    BORDER = "border"
    """The input without its padding."""
    WINNER = "winner"
    """The largest cell of a window."""


class Outline(NamedTuple):
    """A frame around some rows and columns of a panel, counted among those that are shown."""

    kind: OutlineKind
    rows: tuple[int, int]
    """The first and the last one; likewise the columns."""
    columns: tuple[int, int]


class Panel(NamedTuple):
    """A matrix of cells under a caption; a cell that is None marks omitted ones."""

    kind: PanelKind
    caption: str
    cells: tuple[tuple[Cell | None, ...], ...]
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    outlines: tuple[Outline, ...] = ()
    footer: str = ""
    is_diverging: bool = False
    """Whether the middle level is 0, with a colour on either side."""


class Sign(NamedTuple):
    """A sign between two panels."""

    text: str


class Legend(NamedTuple):
    """The colour scale of the panels beside it."""

    caption: str
    low: str
    high: str
    is_diverging: bool

    @property
    def is_constant(self) -> bool:
        """Whether all cells have one value, so that there is no scale."""
        return self.low == self.high

    @property
    def words(self) -> str:
        """What is said instead of a scale."""
        return f"{self.caption}: all {self.low}"


Item = Panel | Sign | Legend | Plot


class Figure(NamedTuple):
    """A figure: a title, a description, rows of panels, notes below."""

    title: str
    description: str
    rows: tuple[tuple[Item, ...], ...]
    notes: tuple[str, ...] = ()
    """Words below the panels."""
    remark: str = ""
    """Notes for the reader of the file, such as the meaning of the colours."""


def typeset(text: str) -> str:
    """The text with a minus sign in front of its negative numbers instead of a hyphen.

    >>> typeset("row -1, 1e-05")
    'row −1, 1e−05'
    """
    return re.sub(r"(?<!\w)-(?=[\d.]|inf)|(?<=\de)-(?=\d)", "−", text)


def hyphenated(text: str) -> str:
    """A typeset number with the hyphens of terminals and reports.

    >>> hyphenated(typeset("-1e-05"))
    '-1e-05'
    """
    return text.replace("−", "-")


def single(kind: PanelKind, caption: str, text: str) -> Panel:
    """A panel of one number."""
    return Panel(kind, caption, ((Cell(typeset(text), is_marked=kind is PanelKind.TOTAL),),))


Shown = tuple[int | None, ...]
"""Cells of an axis in order; None marks one or more that are omitted."""

_MOST_TAPS = 9
_END_TAPS = 4  # shown at either end of a long kernel
_MOST_CELLS = 12
_PAGE = 9  # cells among which a small window moves
_NEIGHBOURS = 2  # shown on either side of a window
_LEAP = 3  # cells from tap to tap or from window to window, up to which those between are shown


def shown(whole: range, wanted: Iterable[int]) -> Shown:
    """The wanted cells of an axis, with marks where others are omitted.

    >>> shown(range(100), [49, 50, 51])
    (None, 49, 50, 51, None)
    >>> shown(range(100), [1, 2])  # a single cell needs no more room than a mark
    (0, 1, 2, None)
    """
    found: list[int | None] = []
    last = whole.start - 1
    for cell in (*sorted({cell for cell in wanted if cell in whole}), whole.stop):
        if cell - last > 1:
            found.append(last + 1 if cell - last == 2 else None)
        found.append(cell)
        last = cell
    return tuple(found[:-1])


def shown_taps(kernel_size: int) -> Shown:
    """The taps of a kernel: all, or the first and the last few."""
    taps = range(kernel_size)
    return shown(taps, taps if kernel_size <= _MOST_TAPS else (*taps[:_END_TAPS], *taps[-_END_TAPS:]))


def shown_cells(axis: Axis, reads: range) -> Shown:
    """The cells of a padded axis: all, or those under the shown taps with the neighbours of the window."""
    whole = range(-axis.before, axis.size + axis.after)
    if axis.padded_size <= _MOST_CELLS:
        return tuple(whole)
    taps = [tap for tap in shown_taps(axis.kernel_size) if tap is not None]
    near = max(_NEIGHBOURS, axis.stride if axis.stride <= _LEAP else 0)
    wanted = {*range(reads[0] - near, reads[0]), *range(reads[-1] + 1, reads[-1] + near + 1)}
    for tap in taps:
        is_filled = axis.dilation <= _LEAP and tap + 1 in taps
        wanted.update(range(reads[tap], reads[tap] + (axis.dilation if is_filled else 1)))
    return shown(whole, wanted)


def page_of_cells(axis: Axis, reads: range) -> Shown:
    """The cells of a padded axis among which a window moves: all, or some that stay the same until it leaves them.

    >>> axis = Axis(size=100, kernel_size=3)
    >>> page_of_cells(axis, axis.reads(5)) == page_of_cells(axis, axis.reads(6)), page_of_cells(axis, axis.reads(7))
    (True, (None, 7, 8, 9, 10, 11, 12, 13, 14, 15, None))
    """
    if axis.padded_size > _MOST_CELLS and axis.reach > _MOST_CELLS:
        return shown_cells(axis, reads)
    return page(range(-axis.before, axis.size + axis.after), reads)


def page(whole: range, marked: Sequence[int]) -> Shown:
    """The cells of an axis among which some are marked: all, or some that stay the same until the marks leave them."""
    if len(whole) <= _MOST_CELLS:
        return tuple(whole)
    reach = marked[-1] - marked[0] + 1
    if reach > _MOST_CELLS:
        return shown(whole, (*marked[:_END_TAPS], *marked[-_END_TAPS:]))
    size = _PAGE if reach <= _PAGE - _NEIGHBOURS else _MOST_CELLS
    step = size - reach + 1
    start = min((marked[0] - whole.start) // step * step, len(whole) - size)
    return shown(whole, whole[start : start + size])


def shown_outputs(size: int, position: int) -> Shown:
    """The output cells around a position."""
    few = size <= 2 * _NEIGHBOURS + 3
    return shown(range(size), range(size) if few else range(position - _NEIGHBOURS, position + _NEIGHBOURS + 1))


Place = tuple[int, ...]


class Slice(NamedTuple):
    """The shown part of one matrix of an array: its place on the leading axes, and cells of the last two axes."""

    leading: Place
    rows: Shown | None
    """None: the array has one axis, and the slice is its only row."""
    columns: Shown

    @property
    def is_cut(self) -> bool:
        """Whether cells are omitted."""
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
