"""A window that slides over what a layer reads: each step makes one output cell of every channel that is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.layers.explainer import ExplainedCell
from convcalc.numerals import Number
from convcalc.report.animation.frame import Animation, Change, Frame, Items, legend_of
from convcalc.report.animation.planes import MOST_PLANES, output_panel, planes_read, read_panel
from convcalc.report.animation.sums import sum_blocks
from convcalc.report.animation.windows import window_rows
from convcalc.report.arrays.figure import Cell as FigureCell
from convcalc.report.arrays.figure import Panel, PanelKind, Sign, page, slice_of
from convcalc.tracing.explanation import Cell, Explanation, Rule
from convcalc.tracing.trace import Trace


class Sliding(Animation):
    """A step for each output cell, row by row."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """As any :class:`Animation`."""
        super().__init__(*given, **named)
        self._made: dict[Cell, Number] = {}
        self._next = self.start

    def frame(self, number: int) -> Frame:
        """A step; the output cells of those before it are filled."""
        while self._next < number:
            self._told(self._next)
        told, place = self._told(number), self.place_of(number)

        def value(cell: Cell) -> Number | None:
            return self._made.get(cell) if (cell[1:] or cell) <= place else None

        outputs = [output_panel(self, channel, {place}, value) for channel in self.channels]
        rows = tuple(self._rows(told, outputs))
        return Frame(
            number=number,
            count=self.count,
            sample=self.sample,
            place=place,
            title=self.title(number, "output" if self.explainer.is_alone else self.stage.name),
            rows=rows,
            story=tuple(sum_blocks(told)),
            changes=tuple(map(_change, told)),
            legend=legend_of(rows, "window"),
        )

    def _told(self, number: int) -> list[ExplainedCell]:
        """Every channel's cell of a step."""
        place = self.place_of(number)
        cells = [(channel, *place) for channel in self.channels] if self.stage.layer.output_shape[1:] else [place]
        told = [self.told(cell) for cell in cells]
        self._made |= {each.place.cell: each.output for each in told}
        self._next = max(self._next, number + 1)
        return told

    def _rows(self, told: Sequence[ExplainedCell], outputs: Sequence[Panel]) -> Iterator[Items]:
        traces = [each.explanation for each in told if isinstance(each.explanation, Trace)]
        return window_rows(traces, outputs) if traces else _read_rows(self, told, outputs)


def _change(told: ExplainedCell) -> Change:
    return Change(told.place.cell, told.output, told.output, is_complete=True, terms=told.explanation.terms)


def _read_rows(animation: Animation, told: Sequence[ExplainedCell], outputs: Sequence[Panel]) -> Iterator[Items]:
    """One row of panels; of several output channels what they read above, the outputs below."""
    if len(told) > 1:
        reasons = [each.explanation for each in told]
        read = [(reason, plane) for reason in reasons for plane in planes_read(reason)[:MOST_PLANES]]
        yield tuple(read_panel(animation, *each) for each in read)
        yield Sign("→"), *outputs
        return
    for each, output in zip(told, outputs, strict=True):
        reason = each.explanation
        planes = planes_read(reason)[:MOST_PLANES]
        inputs = [read_panel(animation, reason, plane) for plane in planes]
        if reason.rule is Rule.SUM and len(planes) == 1 and any(term.weight != 1 for term in reason.terms):
            yield *inputs, Sign("×"), _weights(reason), Sign("="), output
        else:
            yield *inputs, Sign("→"), output


def _weights(reason: Explanation) -> Panel:
    """What the terms are multiplied with, in their order; of many the first and the last."""
    weights = [term.weight for term in reason.terms]
    here = slice_of((), (page(range(len(weights)), range(len(weights))),))
    cells = here.cells(lambda place: (weights[place[0]], FigureCell("", place)))
    return Panel(PanelKind.KERNEL, "weights", cells)
