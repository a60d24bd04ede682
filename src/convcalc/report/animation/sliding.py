"""A window that slides over a layer's input: each step computes one output cell of every shown channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.layers.explainer import ExplainedCell
from convcalc.numerals import Number
from convcalc.report.animation.frame import Animation, Change, Frame, Items, legend_of
from convcalc.report.animation.parts import part_row, scaled_part
from convcalc.report.animation.planes import MOST_PLANES, Plane, output_panel, planes_read, read_panel
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
        self._parts: dict[tuple[int, Cell], Number] = {}
        self._next = self.start

    def frame(self, number: int) -> Frame:
        """A step; the output cells of those before it are filled."""
        while self._next < number:
            self._explained(self._next)
        explained, place = self._explained(number), self.place_of(number)

        def value(cell: Cell) -> Number | None:
            return self._made.get(cell) if (cell[1:] or cell) <= place else None

        outputs = [output_panel(self, channel, {place}, value) for channel in self.channels]
        rows = (*self._rows(explained, outputs), *self._sums(explained, outputs))
        return Frame(
            number=number,
            count=self.count,
            sample=self.sample,
            place=place,
            title=self.title(number, "output" if self.explainer.is_alone else self.stage.name),
            rows=rows,
            story=tuple(sum_blocks(explained)),
            changes=tuple(map(_change, explained)),
            legend=legend_of(rows, "window"),
        )

    def _explained(self, number: int) -> list[ExplainedCell]:
        """Every channel's cell of a step."""
        place = self.place_of(number)
        cells = [(channel, *place) for channel in self.channels] if self.stage.layer.output_shape[1:] else [place]
        explained = [self.explain(cell) for cell in cells]
        self._made |= {each.place.cell: each.output for each in explained}
        if self.by_channel:
            self._parts |= {
                (part.channel, trace.cell): scaled_part(trace, part)
                for trace in _traces(explained)
                for part in trace.channels
            }
        self._next = max(self._next, number + 1)
        return explained

    def _rows(self, explained: Sequence[ExplainedCell], outputs: Sequence[Panel]) -> Iterator[Items]:
        traces = _traces(explained)
        return window_rows(traces, outputs) if traces else _read_rows(self, explained, outputs)

    def _sums(self, explained: Sequence[ExplainedCell], outputs: Sequence[Panel]) -> Iterator[Items]:
        """The maps of what each input channel contributes as far as they are computed, and the output as their sum."""
        traces = _traces(explained) if self.by_channel else []
        for trace, output in zip(traces, outputs, strict=False):

            def made(part: int, cell: Cell, here: Cell = trace.cell) -> Number | None:
                return self._parts.get((part, cell)) if cell[1:] <= here[1:] else None

            if len(trace.channels) > 1:
                yield part_row(self, trace, made, output)


def _traces(explained: Sequence[ExplainedCell]) -> list[Trace]:
    return [each.explanation for each in explained if isinstance(each.explanation, Trace)]


def _change(cell: ExplainedCell) -> Change:
    return Change(cell.place.cell, cell.output, cell.output, is_complete=True, terms=cell.explanation.terms)


def _read_rows(animation: Animation, explained: Sequence[ExplainedCell], outputs: Sequence[Panel]) -> Iterator[Items]:
    """One row of panels; of several output channels the inputs above, the outputs below."""
    if len(explained) > 1:
        reasons = [each.explanation for each in explained]
        read: dict[Plane, Explanation] = {}  # each once, where every output channel reads all of the input's
        for reason in reasons:
            for plane in planes_read(reason)[:MOST_PLANES]:
                read.setdefault(plane, reason)
        yield tuple(read_panel(animation, reason, plane) for plane, reason in read.items())
        yield Sign("→"), *outputs
        return
    for each, output in zip(explained, outputs, strict=True):
        reason = each.explanation
        planes = planes_read(reason)[:MOST_PLANES]
        inputs = [read_panel(animation, reason, plane) for plane in planes]
        if reason.rule is Rule.SUM and len(planes) == 1 and any(term.weight != 1 for term in reason.terms):
            yield *inputs, Sign("×"), _weights(reason), Sign("="), output
        else:
            yield *inputs, Sign("→"), output


def _weights(reason: Explanation) -> Panel:
    """The weights of the terms, in order; of many the first and the last."""
    weights = [term.weight for term in reason.terms]
    here = slice_of((), (page(range(len(weights)), range(len(weights))),))
    cells = here.cells(lambda place: (weights[place[0]], FigureCell("", place)))
    return Panel(PanelKind.KERNEL, "weights", cells)
