"""Arrays as grids, with a limited number of rows and columns, the middle omitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from math import prod
from typing import NamedTuple

from convcalc.arrays import Array, matrix, plain, range_and_mean
from convcalc.report.blocks import Grid, Role, Span
from convcalc.report.text import number_text, number_texts
from convcalc.wording import axis_names

GAP, MARK = "…", "*"
Labels = Sequence[Sequence[int]] | Sequence[Sequence[str]]
"""The numbers, or the names, of an array's cells on each of its axes."""

_MOST_ROWS, _MOST_COLUMNS = 12, 24
_KEPT = 4  # rows or columns at each end of an axis that is cut
MOST_SLICES = 4  # two-dimensional slices shown of an array with more axes


class Marked(NamedTuple):
    """Which cells of a matrix are marked; None where no cell can be."""

    padded: Array | None
    different: Array | None
    window: Array | None

    def span(self, text: str, place: tuple[int | None, int | None]) -> Span:
        """A number's text in its role; marked ones are recognisable without colour too."""
        if self.window is not None and self.window[place]:
            return Span(f"({text})" if self.padded is not None and self.padded[place] else text, Role.WINDOW)
        if self.padded is not None and self.padded[place]:
            return Span(f"({text})", Role.PADDED)
        if self.different is not None and self.different[place]:
            return Span(f"{text}{MARK}", Role.DIFFERENT)
        room = "" if self.different is None else " " * len(MARK)
        return Span(text + room, Role.NEGATIVE if text.startswith("-") else Role.NUMBER)


def plane_grids(
    caption: str,
    values: Array,
    *,
    labels: Labels | None = None,
    padded: Array | None = None,
    different: Array | None = None,
    window: Array | None = None,
) -> Iterator[Grid]:
    """The grids of one channel's array: a row, a matrix, or the first few matrices of its leading axes.

    ``labels`` number the rows, columns and leading axes; ``padded``: which cells are outside the input; ``different``:
    which are marked as differing from another array; ``window``: which ones a window reads.
    """
    names = axis_names(values.ndim)
    leading = labels[:-2] if labels else [range(size) for size in values.shape[:-2]]
    for place in islice(product(*(range(len(axis)) for axis in leading)), MOST_SLICES):
        where = [f"{name} {axis[index]}" for name, axis, index in zip(names, leading, place, strict=False)]
        marked = Marked(*(None if each is None else matrix(each[place]) for each in (padded, different, window)))
        yield _matrix_grid(", ".join((caption, *where)), values[place], labels, marked)


def cell_labels(values: Array) -> Labels:
    """Labels that count from 0."""
    return [range(size) for size in values.shape]


def hidden_planes(values: Array) -> int:
    """How many slices :func:`plane_grids` omits."""
    return max(0, prod(values.shape[:-2]) - MOST_SLICES)


def fits_in_a_table(shape: Sequence[int]) -> bool:
    """Whether the matrices of an array of this shape are shown without a gap."""
    *_, rows, columns = (1, *shape)
    return rows <= _MOST_ROWS and columns <= _MOST_COLUMNS


def range_text(values: Array) -> str:
    """The range and the mean of an array."""
    found = range_and_mean(values)
    if found is None:
        return "no finite values"
    low, high, mean = map(number_text, found)
    return f"{low} to {high}, mean {mean}"


def _matrix_grid(caption: str, values: Array, labels: Labels | None, marked: Marked) -> Grid:
    table = matrix(values)
    rows, columns = (_shown(size, most) for size, most in zip(table.shape, (_MOST_ROWS, _MOST_COLUMNS), strict=True))
    places = [[None if None in (r, c) else (r, c) for c in columns] for r in rows]
    texts = iter(number_texts(plain(table[place]) for row in places for place in row if place is not None))
    cells = tuple(
        tuple(Span(GAP, Role.LABEL) if place is None else marked.span(next(texts), place) for place in row)
        for row in places
    )
    is_cut = None in rows or None in columns
    return Grid(
        caption=(Span(caption, Role.TITLE),),
        cells=cells,
        row_labels=_numbered(labels[-2], rows) if labels and values.ndim > 1 else (),
        column_labels=_numbered(labels[-1], columns) if labels else (),
        footer=range_text(values) if is_cut else "",
    )


def _shown(size: int, most: int) -> list[int | None]:
    if size <= most:
        return list(range(size))
    return [*range(_KEPT), None, *range(size - _KEPT, size)]


def _numbered(numbers: Sequence[int] | Sequence[str], shown: list[int | None]) -> tuple[str, ...]:
    return tuple(GAP if index is None else str(numbers[index]) for index in shown)
