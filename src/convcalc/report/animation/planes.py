"""Panels of an animation: the output as far as it is computed, and the inputs of a layer that is no convolution."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from convcalc.arrays import plain
from convcalc.layers.kinds.pool import Pool
from convcalc.report.animation.frame import Animation, Value
from convcalc.report.arrays.figure import (
    Cell,
    Outline,
    OutlineKind,
    Panel,
    PanelKind,
    Place,
    Shown,
    Slice,
    page,
    page_of_cells,
    slice_of,
)
from convcalc.report.text import cells_text
from convcalc.tracing.explanation import Explanation, Rule
from convcalc.wording import axis_names, counted

MOST_PLANES = 4
"""Side by side; of more the first."""


class Plane(NamedTuple):
    """The cells read of one matrix of an input."""

    source: int
    """The number of the layer's input."""
    leading: Place
    """The channel and the leading axes; of features nothing."""
    cells: tuple[Place, ...]
    """Places on the last two axes, or on the only one."""


def output_panel(animation: Animation, channel: int, marked: Collection[Place], value: Value) -> Panel:
    """One channel of the output as far as it is computed; ``marked``: the newest cells, by place in the channel."""
    shape = animation.stage.layer.output_shape
    size = shape[1:] or shape
    spans = [sorted({place[axis] for place in marked}) or [0] for axis in range(len(size))]
    here = slice_of(tuple(span[0] for span in spans[:-2]), tuple(map(page, map(range, size), spans)))

    def number(place: Place) -> tuple[Any, Cell]:
        return value((channel, *place) if len(shape) > 1 else place), Cell("", place, is_marked=place in marked)

    features = len(shape) == 1
    names = axis_names(len(size))
    parts = [f"output {counted(shape[0], 'feature') if features else cells_text(size)}"]
    parts += [f"channel {channel}"] * (not features and shape[0] > 1)
    parts += [f"{name} {index}" for name, index in zip(names, here.leading, strict=False)]
    return Panel(PanelKind.OUTPUT, ", ".join(parts), here.cells(number), here.row_labels, here.column_labels)


def planes_read(reason: Explanation) -> list[Plane]:
    """The matrices of a cell's terms, each with its cells, in the order of the terms."""
    found: dict[tuple[int, Place], list[Place]] = {}
    for term in reason.terms:
        if term.cell is not None:
            axes = min(2, len(term.cell) - 1) or 1
            found.setdefault((term.source, term.cell[:-axes]), []).append(term.cell[-axes:])
    return [Plane(source, leading, tuple(cells)) for (source, leading), cells in found.items()]


def read_panel(animation: Animation, reason: Explanation, plane: Plane) -> Panel:
    """A matrix of an input with the cells that are read, for a pool with its padding."""
    values, across = animation.input_values(plane.source), len(plane.cells[0])
    reading = _reading(animation, reason, plane)
    here = slice_of(plane.leading, reading.cuts)
    marked = set(plane.cells)

    def number(place: Place) -> tuple[Any, Cell]:
        cell = place[-across:]
        if reading.is_inside(cell):
            return plain(values[place]), Cell("", place, cell in marked)
        is_read = all(index in read for index, read in zip(cell, reading.reads, strict=True))
        return None, Cell("", place, is_read, is_padded=True)

    return Panel(
        PanelKind.INPUT,
        _caption(animation, plane, values.shape),
        here.cells(number),
        here.row_labels,
        here.column_labels,
        tuple(_outlines(here, reading.reads, reason, plane)),
    )


class _Reading(NamedTuple):
    """The cells read of a matrix, on each of its axes."""

    sizes: tuple[int, ...]
    reads: tuple[Sequence[int], ...]
    cuts: tuple[Shown, ...]
    """The cells that are shown."""

    def is_inside(self, place: Place) -> bool:
        """Whether the input has such a cell."""
        return all(0 <= index < size for index, size in zip(place, self.sizes, strict=True))


def _reading(animation: Animation, reason: Explanation, plane: Plane) -> _Reading:
    layer, across = animation.stage.layer, len(plane.cells[0])
    sizes = tuple(animation.input_values(plane.source).shape[-across:])
    if isinstance(layer, Pool):
        axes = layer.axes[-across:]
        windows = tuple(axis.reads(index) for axis, index in zip(axes, reason.cell[-across:], strict=True))
        return _Reading(sizes, windows, tuple(map(page_of_cells, axes, windows)))
    reads = tuple(sorted({cell[number] for cell in plane.cells}) for number in range(across))
    return _Reading(sizes, reads, tuple(map(page, map(range, sizes), reads)))


def _outlines(here: Slice, reads: Sequence[Sequence[int]], reason: Explanation, plane: Plane) -> Iterator[Outline]:
    spans = [range(each[0], each[-1] + 1) for each in reads]
    yield from here.outline(OutlineKind.WINDOW, spans[-2] if len(spans) > 1 else None, spans[-1])
    if reason.rule is not Rule.MAXIMUM:
        return
    won = reason.terms[reason.winner].cell
    if won is not None and won[: -len(reads)] == plane.leading:
        cell = [range(index, index + 1) for index in won[-len(reads) :]]
        yield from here.outline(OutlineKind.WINNER, cell[-2] if len(cell) > 1 else None, cell[-1])


def _caption(animation: Animation, plane: Plane, shape: Place) -> str:
    name = animation.input_name(plane.source)
    if len(shape) == 1:
        return f"{name} {counted(shape[0], 'feature')}"
    channel, *leading = plane.leading
    where = [f"{axis} {index}" for axis, index in zip(axis_names(len(shape) - 1), leading, strict=False)]
    return ", ".join((f"{name} {cells_text(shape[1:])}", *([f"channel {channel}"] * (shape[0] > 1)), *where))
