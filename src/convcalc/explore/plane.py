"""What a grid shows: rows and columns of one plane of an array, and which of them are lit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.arrays import Array, numbers
from convcalc.explore.look import Pane
from convcalc.report.blocks import Role, Span
from convcalc.report.text import number_text, number_texts

if TYPE_CHECKING:
    from convcalc.tracing.explanation import Cell

BRIEF = 3  # significant digits of a float where there is little room

Place = tuple[int, int]
"""A row and a column, as they are labelled."""


class Block(NamedTuple):
    """Numbers of some rows and columns."""

    values: Array
    """(rows, columns)."""
    padded: Array | None = None
    """Which of them lie outside the input; None: none."""


@dataclass(frozen=True, eq=False)
class Plane:
    """One plane of an array; rows and columns count from the first cell of the array, padding before it is negative."""

    pane: Pane
    title: str
    rows: range
    columns: range
    has_rows: bool
    """Whether the rows have numbers: the only row of a line has none."""
    cursor: Place
    has_cursor: bool
    """Whether it is marked: where the cursor is, and at what was picked."""
    block: Callable[[range, range], Block]
    lit: Mapping[Place, str | None] = field(default_factory=dict)
    """The cells that take part in what is picked, perhaps with a text behind their number: a weight."""
    footer: str = ""
    array: Callable[[], Array] | None = None
    """All channels of it, (channels, height, width), where they make a picture, or this one: (1, height, width)."""
    is_image: bool = False
    """Whether the numbers come from an image."""
    key: tuple[Any, ...] = ()
    """What planes with the same numbers have in common."""

    @property
    def box(self) -> tuple[range, range] | None:
        """The rows and columns from the first to the last that is lit; None: nothing is."""
        if not self.lit:
            return None
        rows, columns = zip(*self.lit, strict=True)
        return range(min(rows), max(rows) + 1), range(min(columns), max(columns) + 1)

    def spans(self, rows: range, columns: range, *, brief: bool = False) -> list[list[Span]]:
        """The texts of some cells, those in the padding in parentheses; ``brief``: floats to a few digits."""
        values, padded = self.block(rows, columns)
        found = numbers(values)
        texts = iter([number_text(each, BRIEF) for each in found] if brief else number_texts(found))
        return [
            [
                self._span(next(texts), (row, column), padded is not None and bool(padded[down, across]))
                for across, column in enumerate(columns)
            ]
            for down, row in enumerate(rows)
        ]

    def _span(self, text: str, place: Place, is_padded: bool) -> Span:
        shown = (f"({text})" if is_padded else text) + (self.lit.get(place) or "")
        if place in self.lit:
            return Span(shown, Role.WINDOW)
        if is_padded:
            return Span(shown, Role.PADDED)
        return Span(shown, Role.NEGATIVE if text.startswith("-") else Role.NUMBER)


def split(cell: Cell) -> tuple[tuple[int, ...], Place]:
    """The leading places of a cell, the channel first, and its row and column."""
    if len(cell) > 2:
        return cell[:-2], (cell[-2], cell[-1])
    return cell[:-1], (0, cell[-1])


def joined(leading: Sequence[int], place: Place, axes: int) -> Cell:
    """The cell of so many axes, channels included, that has these leading places and this row and column."""
    return (*leading, *place) if axes > 2 else (*leading, place[1])
