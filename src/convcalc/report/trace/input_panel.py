"""The padded input around a window: the cells under the taps, the padding, and the window of the next output cell."""

from __future__ import annotations

from typing import Any

from convcalc.arrays import plain
from convcalc.problem import Problem
from convcalc.report.arrays.figure import (
    Cell,
    Outline,
    OutlineKind,
    Panel,
    PanelKind,
    Place,
    Slice,
    page_of_cells,
    shown_cells,
    slice_of,
    typeset,
)
from convcalc.report.text import axis_names, cells_text
from convcalc.tracing.trace import Trace
from convcalc.wording import counted


def input_panel(trace: Trace, channel: int, taps: Place, *, is_still: bool = False) -> Panel:
    """The slice of the padded input under some taps of the leading axes, cut around the window.

    ``is_still``: the cells that are shown stay while the window moves among them, and no other window is shown.
    """
    problem = trace.problem
    leading = tuple(reads[tap] for reads, tap in zip(trace.reads[: len(taps)], taps, strict=True))
    shown = slice_of(leading, tuple(map(page_of_cells if is_still else shown_cells, problem.axes, trace.reads)))
    values = problem.input[trace.sample, channel]

    def number(place: Place) -> tuple[Any, Cell]:
        sources = [problem.boundary.source(index, axis.size) for index, axis in zip(place, problem.axes, strict=True)]
        inside = tuple(source for source in sources if source is not None)
        is_constant = len(inside) < len(place)
        is_marked = all(index in reads for index, reads in zip(place, trace.reads, strict=True))
        value = problem.boundary.value if is_constant else plain(values[inside])
        return value, Cell("", place, is_marked, is_padded=inside != place)

    names = (
        f"input {cells_text(problem.spatial_size)}",
        *(f"sample {trace.sample}",) * (problem.batch > 1),
        *(problem.labels.channels.called(channel),) * (problem.in_channels > 1),
        *slice_names(problem, leading),
    )
    ahead, words = ((), "") if is_still else _neighbour(trace, shown)
    return Panel(
        PanelKind.INPUT,
        typeset(", ".join(names)),
        shown.cells(number),
        shown.row_labels,
        shown.column_labels,
        outlines=(*_border(problem, shown), *ahead, *_window(shown, trace.reads)),
        footer=words,
    )


def slice_names(problem: Problem, leading: Place) -> tuple[str, ...]:
    """The leading axes of a slice with its place on each."""
    return tuple(f"{name} {index}" for name, index in zip(axis_names(problem.rank), leading, strict=False))


def _window(shown: Slice, reads: tuple[range, ...], kind: OutlineKind = OutlineKind.WINDOW) -> tuple[Outline, ...]:
    return shown.outline(kind, reads[-2] if len(reads) > 1 else None, reads[-1])


def _border(problem: Problem, shown: Slice) -> tuple[Outline, ...]:
    """A frame around what is shown of the input itself, where padding is shown too."""
    axes = (None, *problem.axes)[-2:]
    inside, is_padded = [], False
    for axis, cells in zip(axes, (shown.rows or (0,), shown.columns), strict=True):
        found = [cell for cell in cells if cell is not None]
        kept = [cell for cell in found if axis is None or 0 <= cell < axis.size]
        is_padded |= len(kept) < len(found)
        inside.append(kept)
    outside = (not 0 <= place < axis.size for place, axis in zip(shown.leading, problem.axes, strict=False))
    if not is_padded or not all(inside) or any(outside):
        return ()
    rows, columns = (range(kept[0], kept[-1] + 1) for kept in inside)
    return shown.outline(OutlineKind.BORDER, rows, columns)


def _neighbour(trace: Trace, shown: Slice) -> tuple[tuple[Outline, ...], str]:
    """The window of the next output cell, or of the one before, on the last axis with a stride; and words for it."""
    problem = trace.problem
    for number in reversed(range(len(shown.leading), problem.rank)):
        axis, place = problem.axes[number], trace.position[number]
        for step, name, way in ((1, "next window", "on"), (-1, "window before", "back")):
            if axis.stride == 1 or not 0 <= place + step < axis.output_size:
                continue
            reads = (*trace.reads[:number], axis.reads(place + step), *trace.reads[number + 1 :])
            outlines = _window(shown, reads, OutlineKind.NEXT)
            if outlines:
                return (
                    outlines,
                    f"dashed: the {name}, {counted(axis.stride, axis_names(problem.rank)[number])} {way}",
                )
    return (), ""
