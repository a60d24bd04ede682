"""Arrays as grids: at most so many rows and columns of each, the middle left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from convcalc.arrays import Array
from convcalc.report.blocks import Grid, Role, Span
from convcalc.report.text import axis_names, number_text, number_texts

GAP = "…"
_MOST_ROWS, _MOST_COLUMNS = 12, 24
_KEPT = 4  # rows or columns at each end of an axis that is cut
_MOST_SLICES = 4  # two-dimensional slices shown of an array with more axes


def value_span(text: str, *, padded: bool = False) -> Span:
    """A number's text in its role; padded ones in parentheses, so that they are marked without colour too."""
    if padded:
        return Span(f"({text})", Role.PADDED)
    return Span(text, Role.NEGATIVE if text.startswith("-") else Role.NUMBER)


def matrix_grid(
    caption: str,
    values: Array,
    *,
    padded: Array | None = None,
    row_labels: Sequence[int] | None = None,
    column_labels: Sequence[int] | None = None,
    footer: str = "",
) -> Grid:
    """A grid of a one- or two-dimensional array; labels are the numbers of its rows and columns."""
    matrix = np.atleast_2d(values)
    mask = None if padded is None else np.atleast_2d(padded)
    rows, columns = _shown(matrix.shape[0], _MOST_ROWS), _shown(matrix.shape[1], _MOST_COLUMNS)
    picked = [matrix[row, column] for row in rows for column in columns if row is not None and column is not None]
    texts = iter(number_texts([each.item() if isinstance(each, np.generic) else each for each in picked]))
    cells = tuple(
        tuple(
            Span(GAP, Role.LABEL)
            if row is None or column is None
            else value_span(next(texts), padded=mask is not None and bool(mask[row, column]))
            for column in columns
        )
        for row in rows
    )
    return Grid(
        caption=(Span(caption, Role.TITLE),),
        cells=cells,
        row_labels=_labels(row_labels, rows) if values.ndim > 1 else (),
        column_labels=_labels(column_labels, columns),
        footer=footer,
    )


def plane_grids(caption: str, values: Array, *, labelled: bool = True) -> Iterator[Grid]:
    """The grids of one channel's array: a row, a matrix, or the matrices of its leading axes, the first few."""
    leading = values.shape[:-2] if values.ndim > 2 else ()
    names = axis_names(values.ndim)
    planes = list(product(*map(range, leading[:])))[:_MOST_SLICES] if leading else [()]
    for place in planes:
        plane = values[place]
        where = ", ".join(f"{name} {index}" for name, index in zip(names, place, strict=False))
        title = ", ".join(filter(None, (caption, where)))
        yield matrix_grid(
            title,
            plane,
            row_labels=range(plane.shape[0]) if labelled and plane.ndim > 1 else None,
            column_labels=range(plane.shape[-1]) if labelled else None,
            footer=range_text(plane) if _is_cut(plane) else "",
        )


def hidden_planes(values: Array) -> int:
    """How many slices :func:`plane_grids` leaves out."""
    return max(0, int(np.prod(values.shape[:-2])) - _MOST_SLICES) if values.ndim > 2 else 0


def range_text(values: Array) -> str:
    """The range and the mean of an array."""
    finite = values if values.dtype.kind != "f" else values[np.isfinite(values)]
    if not finite.size:
        return "no finite values"
    low, high, total = finite.min(), finite.max(), finite.sum(dtype=object if values.dtype == object else None)
    mean = float(total) / finite.size
    low, high = (each.item() if isinstance(each, np.generic) else each for each in (low, high))
    return f"{number_text(low)} to {number_text(high)}, mean {number_text(mean)}"


def _shown(size: int, most: int) -> list[int | None]:
    if size <= most:
        return list(range(size))
    return [*range(_KEPT), None, *range(size - _KEPT, size)]


def _is_cut(plane: Array) -> bool:
    matrix = np.atleast_2d(plane)
    rows, columns = matrix.shape
    return bool(rows > _MOST_ROWS or columns > _MOST_COLUMNS)


def _labels(numbers: Sequence[int] | None, shown: list[int | None]) -> tuple[str, ...]:
    if numbers is None:
        return ()
    return tuple(GAP if index is None else str(numbers[index]) for index in shown)
