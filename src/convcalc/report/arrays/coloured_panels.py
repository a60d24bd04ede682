"""Arrays with the levels of their values, as panels and with their colour scales."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod
from typing import NamedTuple

from convcalc.arrays import Array, count_not_finite, matrix, plain
from convcalc.errors import OutputError
from convcalc.picture.mapping import Mapped, extremes, in_range_of_floats, map_values, spreading_rule
from convcalc.report.arrays.figure import Cell, Legend, Panel, PanelKind, slice_of, typeset
from convcalc.report.text import number_text
from convcalc.wording import axis_names, counted

_MOST_CELLS = 100_000  # an SVG of a few megabytes, which browsers still draw at once
_MOST_PANELS = 400  # matrices: a channel is one, or one for each of its slices
_MOST_NUMBERS = 1_000  # cells of an array beyond which they show their colours alone
_MOST_COLUMNS = 32  # of a slice with numbers


class Coloured(NamedTuple):
    """An array with the levels of its values."""

    kind: PanelKind
    values: Array
    mapped: Mapped

    @property
    def has_numbers(self) -> bool:
        """Whether its cells show their numbers."""
        return self.values.size <= _MOST_NUMBERS and self.values.shape[-1] <= _MOST_COLUMNS

    @property
    def legend(self) -> Legend:
        """Its colour scale."""
        low, high = (typeset(number_text(value)) for value in (self.mapped.low, self.mapped.high))
        return Legend(self.kind, low, high, self.mapped.is_diverging)


def check_drawable(shapes: Sequence[tuple[int, ...]], whose: str, suffix: str) -> None:
    """Refuse arrays of shapes (…, …, *spatial) that are too large for a figure; ``suffix``: of formats for them.

    Raises:
        OutputError: there are too many cells, or too many channels and slices.
    """
    cells = sum(map(prod, shapes))
    panels = sum(prod(shape[: max(2, len(shape) - 2)]) for shape in shapes)
    for found, most, what in ((cells, _MOST_CELLS, "cells"), (panels, _MOST_PANELS, "channels and slices")):
        if found > most:
            raise OutputError(f"an SVG draws at most {most:,} {what}; {whose} {found:,}", hint=f"save it as {suffix}")


def coloured(kind: PanelKind, values: Array) -> Coloured:
    """The array with its levels: around 0 where there are negative values, otherwise from the least to the largest.

    Raises:
        OutputError: a number is beyond the range of floats.
    """
    low, _ = extremes(in_range_of_floats(values))
    return Coloured(kind, values, map_values(values, spreading_rule(low)))


def scales_text(arrays: Iterable[Coloured]) -> str:
    """The values of the ends of the colour scales, in words."""
    return f"colours: {', '.join(map(_scale_text, arrays))}"


def _scale_text(array: Coloured) -> str:
    low, high = number_text(array.mapped.low), number_text(array.mapped.high)
    bad = count_not_finite(array.values)
    return f"{array.kind} {low} to {high}" + (f" ({counted(bad, 'value')} not finite as 0)" if bad else "")


def slice_panels(array: Coloured, channel: tuple[int, ...], caption: str, *, labelled: bool = False) -> Iterator[Panel]:
    """The matrices of one channel as panels; ``channel``: its place on the first axes of the array."""
    values, levels = array.values[channel], array.mapped.levels[channel]
    names = axis_names(values.ndim)
    for leading in product(*map(range, values.shape[:-2])):
        where = (f"{name} {index}" for name, index in zip(names, leading, strict=False))
        shown = slice_of(leading, tuple(tuple(range(size)) for size in values.shape))
        has_labels = labelled and array.has_numbers
        yield Panel(
            array.kind,
            typeset(", ".join((caption, *where))),
            shown.cells(lambda place: (plain(values[place]), Cell(place=place, level=int(levels[place]))))
            if array.has_numbers
            else tuple(tuple(Cell(level=level) for level in row) for row in matrix(levels[leading]).tolist()),
            shown.row_labels if has_labels else (),
            shown.column_labels if has_labels else (),
            is_diverging=array.mapped.is_diverging,
        )
