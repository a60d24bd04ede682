"""A transposed convolution step by step: each input cell writes a whole kernel, and overlapping values are summed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Any

from convcalc.arrays import added, plain
from convcalc.layers.explainer import ExplainedCell
from convcalc.numerals import Number
from convcalc.report.animation.frame import Animation, Change, Frame, Items, legend_of
from convcalc.report.animation.planes import MOST_PLANES, Plane, output_panel, read_panel
from convcalc.report.animation.sums import cell_name, doubt
from convcalc.report.arrays.figure import Cell as FigureCell
from convcalc.report.arrays.figure import Panel, PanelKind, Place, Sign, shown_taps, slice_of
from convcalc.report.blocks import Block, Role, Sum, say
from convcalc.report.text import number_text
from convcalc.report.trace.convolution import DIGITS
from convcalc.tracing.explanation import Cell, Explanation, Term, tap_label
from convcalc.wording import axis_names, counted

_MOST_SUMS = 4  # of cells that a step completes


class Stamping(Animation):
    """A step for each place of the input, row by row; the cells of all channels there write together."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """As any :class:`Animation`."""
        super().__init__(*given, **named)
        self._known: dict[Cell, ExplainedCell] = {}
        self.weight = self.stage.values()["weight"]
        """(in_channels, out_channels / groups, *kernel_size)."""

    def frame(self, number: int) -> Frame:
        """A step, with the values written by all earlier ones, also before the first shown."""
        place = self.place_of(number)
        changes = [self._change(cell, place) for cell in self._written(place)]
        rows = tuple(row for channel in self.channels for row in self._rows(channel, place, changes))
        return Frame(
            number=number,
            count=self.count,
            sample=self.sample,
            place=place,
            title=self.title(number, self.input_name(0)),
            rows=rows,
            story=tuple(self._story(changes)),
            changes=tuple(changes),
            legend=legend_of(rows, "writes and written"),
        )

    def explained(self, cell: Cell) -> ExplainedCell:
        """The explanation of an output cell, computed once."""
        if cell not in self._known:
            self._known[cell] = self.explain(cell)
        return self._known[cell]

    def _written(self, place: Place) -> list[Cell]:
        """The output cells of the shown channels that an input place writes to."""
        marks = self.input_values(0) != self.input_values(0)  # false, except for nan
        marks[...] = False
        marks[(slice(None), *place)] = True
        reached = self.stage.layer.reaches([marks])
        return [
            (channel, *map(int, cell))
            for channel in self.channels
            for cell in zip(*reached[channel].nonzero(), strict=True)
        ]

    def _change(self, cell: Cell, place: Place) -> Change:
        explained = self.explained(cell)
        now = tuple(term for term in explained.explanation.terms if term.cell is not None and term.cell[1:] == place)
        value = self._value(cell, place)
        is_complete = not any(_is_after(term, place) for term in explained.explanation.terms)
        added_now = added([term.product for term in now])
        return Change(cell, plain(added_now), plain(0 if value is None else value), is_complete, now)

    def _value(self, cell: Cell, place: Place) -> Number | None:
        """The value after a step: the bias plus the written values; None: none was written yet, and some will be."""
        explained = self.explained(cell)
        reason = explained.explanation
        written = [term.product for term in reason.terms if not _is_after(term, place)]
        if len(written) == len(reason.terms):
            return explained.output
        return plain(added([reason.bias, *written])) if written else None

    def _rows(self, channel: int, place: Place, changes: Sequence[Change]) -> Iterator[Items]:
        """One row if one input channel writes to one matrix, otherwise one for each."""
        mine = [change for change in changes if change.cell[0] == channel]
        sources = self.stage.layer.window_channels(range(channel, channel + 1))
        planes = list(islice(product(product(*map(range, self.weight.shape[2:-2])), sources), MOST_PLANES))
        for number, (taps, source) in enumerate(planes):
            kernel = self._taps_panel(channel, source, taps)
            row = (self._input(source, place), Sign("×"), kernel, Sign("="), self._stamp(mine, source, taps))
            is_last = planes[number + 1 : number + 2] == [] or planes[number + 1][0] != taps
            yield (*row, Sign("→"), self._output(channel, place, mine, taps)) if is_last else (*row, Sign("+"))

    def _input(self, source: int, place: Place) -> Panel:
        """The input with the cell that writes."""
        leading = place[:-2]
        here = Term(self.input_values(0)[(source, *place)], (source, *place))
        return read_panel(self, _reading(here), Plane(0, (source, *leading), (place[-2:],)))

    def _taps_panel(self, channel: int, source: int, taps: Place) -> Panel:
        """The kernel by which an input channel writes to the output channel, at some leading taps."""
        weight = self.weight[source, channel % self.weight.shape[1]]
        here = slice_of(taps, tuple(map(shown_taps, weight.shape)))
        cells = here.cells(lambda place: (plain(weight[place]), FigureCell(place=place)))
        return Panel(PanelKind.KERNEL, _caption("kernel", taps, weight.ndim), cells)

    def _stamp(self, changes: Sequence[Change], source: int, taps: Place) -> Panel:
        """The kernel times the input cell; cells outside the output are empty."""
        products = {
            term.label: plain(term.product)
            for change in changes
            for term in change.terms
            if term.cell is not None and term.cell[0] == source
        }
        size = self.weight.shape[2:]
        here = slice_of(taps, tuple(map(shown_taps, size)))

        def number(place: Place) -> tuple[Any, FigureCell]:
            value = products.get(tap_label(place))
            return value, FigureCell(place=place, is_padded=value is None)

        return Panel(PanelKind.PRODUCTS, _caption("stamp", taps, len(size)), here.cells(number))

    def _output(self, channel: int, place: Place, changes: Sequence[Change], taps: Place) -> Panel:
        """The matrix of the output that these leading taps write to."""
        start = f"{tap_label(taps)}, " if taps else ""
        written = {change.cell[1:] for change in changes if any(term.label.startswith(start) for term in change.terms)}
        return output_panel(self, channel, written, lambda cell: self._value(cell, place))

    def _story(self, changes: Sequence[Change]) -> Iterator[Block]:
        complete = [change for change in changes if change.is_complete]
        words = f"{counted(len(changes), 'cell')} written, {len(complete)} of them for the last time"
        biases = {self.explained(change.cell).explanation.bias for change in changes}
        has_bias = any(biases)
        yield say(f"{words}{', added to the bias' if has_bias else ''}", Role.LABEL)
        for change in complete[:_MOST_SUMS]:
            explained = self.explained(change.cell)
            terms = tuple(number_text(term.product) for term in explained.explanation.terms)
            bias = number_text(explained.explanation.bias, DIGITS) if explained.explanation.bias else ""
            yield Sum(cell_name(explained), terms, number_text(explained.output, DIGITS), bias=bias)
            yield from doubt(explained)
        if len(complete) > _MOST_SUMS:
            yield say(f"and {counted(len(complete) - _MOST_SUMS, 'more cell')}", Role.LABEL)


def _is_after(term: Term, place: Place) -> bool:
    return term.cell is not None and term.cell[1:] > place


def _reading(term: Term) -> Explanation:
    """What stands for reading one cell."""
    assert term.cell is not None
    return Explanation(term.cell, (term,), term.value)


def _caption(name: str, taps: Place, rank: int) -> str:
    return ", ".join((name, *(f"{axis} {tap}" for axis, tap in zip(axis_names(rank), taps, strict=False))))
