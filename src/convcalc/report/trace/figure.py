"""The figure of a trace: input with its window, kernel, products and the sum, each cell in its place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from math import prod
from typing import Any

from convcalc.arrays import plain
from convcalc.report.arrays.figure import (
    Cell,
    Figure,
    Item,
    Panel,
    PanelKind,
    Place,
    Sign,
    shown_outputs,
    shown_taps,
    single,
    slice_of,
    typeset,
)
from convcalc.report.blocks import Role
from convcalc.report.headline import headline
from convcalc.report.text import cells_text, number_text, scale_text
from convcalc.report.trace.convolution import DIGITS, agreement, chosen_channels, total_text
from convcalc.report.trace.input_panel import input_panel, slice_names
from convcalc.report.trace.window_curves import window_plots
from convcalc.tracing.trace import ChannelTrace, Trace
from convcalc.wording import counted

_MOST_SLICES = 4  # places on the leading axes that are drawn, each in a row of its own


def trace_figure(trace: Trace, output: Any, *, curves: bool = False) -> Figure:
    """One output cell as a figure; ``output``: the engine's value, ``curves``: with the input's curves."""
    plots = window_plots(trace, chosen_channels(trace)[0]) if curves else []
    rows = [row for channel in chosen_channels(trace)[0] for row in _channel_rows(trace, channel)]
    return Figure(
        title=typeset(total_text(trace)),
        description=headline(trace.problem),
        rows=(*((plot,) for plot in plots), *rows, tuple(_sum_row(trace))),
        notes=tuple(map(typeset, _notes(trace, output))),
    )


def _channel_rows(trace: Trace, channel: ChannelTrace) -> Iterator[tuple[Item, ...]]:
    """One row for each slice of the kernel, with the subtotal at the end of the last one."""
    slices = list(islice(product(*map(range, trace.problem.kernel_size[:-2])), _MOST_SLICES))
    subtotal = single(PanelKind.RESULT, "subtotal", number_text(channel.subtotal, DIGITS))
    for taps in slices:
        yield (
            input_panel(trace, channel.channel, taps),
            Sign("×"),
            kernel_panel(trace, channel, taps),
            Sign("="),
            _products_panel(trace, channel, taps),
            *((Sign("Σ"), subtotal) if taps == slices[-1] else (Sign("+"),)),
        )


def kernel_panel(trace: Trace, channel: ChannelTrace, taps: Place) -> Panel:
    """The slice of the kernel at some taps of the leading axes, as applied to the input."""
    name = trace.problem.labels.kernels[trace.channel] if trace.problem.labels.kernels else ""
    caption = " ".join(filter(None, ("kernel", name, scale_text(trace.scale))))
    turned = ["turned by 180°"] * trace.problem.flip
    shown = slice_of(taps, tuple(map(shown_taps, trace.problem.kernel_size)))
    cells = shown.cells(lambda place: (plain(channel.weight[place]), Cell(place=place)))
    return Panel(PanelKind.KERNEL, ", ".join((caption, *turned, *slice_names(trace.problem, taps))), cells)


def _products_panel(trace: Trace, channel: ChannelTrace, taps: Place) -> Panel:
    values = channel.products
    shown = slice_of(taps, tuple(map(shown_taps, values.shape)))
    cells = shown.cells(lambda place: (plain(values[place]), Cell(place=place, is_padded=bool(trace.padded[place]))))
    footer = f"{counted(prod(values.shape[-2:]), 'product')} in all" if shown.is_cut else ""
    return Panel(PanelKind.PRODUCTS, "products", cells, footer=footer)


def _sum_row(trace: Trace) -> Iterator[Item]:
    """Subtotals, scale and bias with their signs, the total, and its place in the output."""
    for number, (caption, subtotal) in enumerate(_subtotals(trace)):
        if number:
            yield Sign("+")
        yield single(PanelKind.RESULT, caption, number_text(subtotal, DIGITS))
    if trace.scale != 1:
        if len(trace.channels) > 1:
            yield Sign("=")
            yield single(PanelKind.RESULT, "sum", number_text(trace.unscaled, DIGITS))
        yield Sign("×")
        yield single(PanelKind.RESULT, "scale", str(trace.scale))
    yield Sign("+")
    yield single(PanelKind.RESULT, "bias", number_text(trace.bias, DIGITS))
    yield Sign("=")
    yield single(PanelKind.TOTAL, "total", number_text(trace.total, DIGITS))
    yield Sign("→")
    yield _output_panel(trace)


def _subtotals(trace: Trace) -> Iterator[tuple[str, Any]]:
    shown, rest = chosen_channels(trace)
    for each in shown:
        yield (
            ("subtotal" if len(trace.channels) == 1 else trace.problem.labels.channels.called(each.channel)),
            each.subtotal,
        )
    if rest:
        yield f"the other {counted(len(rest), 'channel')}", sum(each.subtotal for each in rest)


def _output_panel(trace: Trace) -> Panel:
    """The output around the traced cell, the only one with a number."""
    leading = trace.position[:-2]
    shown = slice_of(leading, tuple(map(shown_outputs, trace.problem.output_size, trace.position)))
    text = typeset(number_text(trace.total, DIGITS))

    def cell(place: Place) -> Cell:
        return Cell(text, place, is_marked=True) if place == trace.position else Cell("", place)

    cells = tuple(tuple(None if place is None else cell(place) for place in row) for row in shown.places)
    samples = [f"sample {trace.sample}"] * (trace.problem.batch > 1)
    names = (*samples, f"channel {trace.channel}", *slice_names(trace.problem, leading))
    caption = ", ".join((f"output {cells_text(trace.problem.output_size)}", *names))
    return Panel(PanelKind.OUTPUT, caption, cells, shown.row_labels, shown.column_labels)


def _notes(trace: Trace, output: Any) -> Iterator[str]:
    shown, rest = chosen_channels(trace)
    if rest:
        yield f"of {counted(len(trace.channels), 'channel')} the {len(shown)} that contribute most are drawn"
    hidden = prod(trace.problem.kernel_size[:-2]) - _MOST_SLICES
    if hidden > 0:
        yield f"{counted(hidden, 'more slice')} of each channel not drawn"
    if any(axis.before or axis.after for axis in trace.problem.axes):
        yield f"dashed cells lie outside the input; boundary {trace.problem.boundary}"
    verdict = agreement(trace, output).spans[0]
    yield f"the total {verdict.text}" if verdict.role is Role.GOOD else verdict.text
