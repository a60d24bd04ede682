"""The report of a trace: one output cell computed as on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from convcalc.arrays import Array, cells, plain
from convcalc.numerals import Number
from convcalc.problem import Problem
from convcalc.report.array_data import array_data, operation
from convcalc.report.arrays.grids import hidden_planes, plane_grids
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Grid, Report, Role, Sentence, Span, Sum, say
from convcalc.report.headline import headline, reading_blocks
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text, number_texts
from convcalc.tracing.trace import ChannelTrace, Trace, surroundings
from convcalc.wording import axis_names, counted

_MOST_CHANNELS = 8  # channels shown in full; of more, only the largest contributions
_LARGEST = 5
_MOST_TERMS = 64  # products written out in one sum
DIGITS = 10
"""Significant digits of subtotals and totals."""


def trace_report(trace: Trace, output: Any, *, curves: bool = False) -> Report:
    """The report of one output cell; ``output``: the engine's value, ``curves``: with the input's curves."""
    return Report(
        blocks=(*reading_blocks(trace.problem.labels.channels), *trace_blocks(trace, output, curves=curves)),
        data=lambda: {"schema": f"convcalc.trace/{SCHEMA_VERSION}", **trace_data(trace, output)},
        rows=lambda: (trace_header(trace.problem), *trace_rows(trace)),
        handout=lambda: (*setting_blocks(trace.problem), *handout_blocks(trace, output, curves=curves)),
    )


def trace_blocks(trace: Trace, output: Any, *, curves: bool = False) -> tuple[Block, ...]:
    """The blocks of a trace, one of several on a page; ``curves``: with the input's curves."""
    return (*_heading(trace), *_curves(trace, curves), *_story(trace, output))


def setting_blocks(problem: Problem) -> Iterator[Block]:
    """The computation, for a standalone page."""
    yield say(problem.labels.title or f"{operation(problem).capitalize()} by hand", Role.TITLE)
    yield from reading_blocks(problem.labels.channels)
    yield say(headline(problem))


def handout_blocks(trace: Trace, output: Any, *, curves: bool = False) -> Iterator[Block]:
    """The blocks of a trace, with the window's place in the input."""
    yield from _heading(trace)
    yield from _curves(trace, curves)
    yield _input(trace)
    yield from _story(trace, output)


def _curves(trace: Trace, wanted: bool) -> Iterator[Block]:
    if wanted:
        from convcalc.report.trace.window_curves import window_plots

        yield from window_plots(trace, chosen_channels(trace)[0])


def _input(trace: Trace) -> Flow:
    """The input channels that are shown, the window's cells among the others."""
    grids: list[Grid] = []
    for channel in chosen_channels(trace)[0]:
        title = f"input, {_called(trace, channel)}" if trace.problem.in_channels > 1 else "input"
        around = surroundings(trace, channel.channel)
        grids += plane_grids(title, around.values, labels=around.ranges, padded=around.padded, window=around.read)
    return Flow(tuple(grids))


def _heading(trace: Trace) -> Iterator[Block]:
    yield Sentence((Span(total_text(trace), Role.TITLE), Span(f"   {cell_place_text(trace)}", Role.LABEL)))
    yield say(reads_text(trace), Role.LABEL)


def _story(trace: Trace, output: Any) -> Iterator[Block]:
    yield from story_blocks(trace)
    yield agreement(trace, output)


def story_blocks(trace: Trace) -> Iterator[Block]:
    """Window, kernel and products of each channel, and the total."""
    shown_channels, rest = chosen_channels(trace)
    if rest:
        count = counted(len(trace.channels), "channel")
        yield say(f"of {count} the {len(shown_channels)} that contribute most:", space_before=True)
    for channel in shown_channels:
        yield from _channel_blocks(trace, channel)
    if rest:
        yield say(_rest(rest), space_before=True)
    if trace.padded.any():
        yield from _padding_notes(trace)
    yield _total(trace)


def total_text(trace: Trace) -> str:
    """The output cell with its value."""
    return f"{output_text(trace)} = {number_text(trace.total, DIGITS)}"


def output_text(trace: Trace) -> str:
    """The output cell by its place."""
    samples = (trace.sample,) if trace.problem.batch > 1 else ()
    return f"output[{', '.join(map(str, (*samples, trace.channel, *trace.position)))}]"


def cell_place_text(trace: Trace) -> str:
    """The output cell's sample, if there are several, its channel and its place on each axis."""
    names = axis_names(trace.problem.rank)
    position = ", ".join(f"{name} {index}" for name, index in zip(names, trace.position, strict=True))
    sample = f"sample {trace.sample}, " if trace.problem.batch > 1 else ""
    return f"{sample}channel {trace.channel}, {position}"


def reads_text(trace: Trace, source: str = "input") -> str:
    """The cells of the input, or of another array given to the convolution, that the window reads."""
    spans = []
    for name, read, axis in zip(axis_names(trace.problem.rank), trace.reads, trace.problem.axes, strict=True):
        step = f" in steps of {read.step}" if read.step > 1 and len(read) > 1 else ""
        span = f"{name} {read[0]}" if len(read) == 1 else f"{name}s {read[0]} to {read[-1]}"
        spans.append(f"{span}{step} of 0 to {axis.size - 1}")
    return f"{source} {', '.join(spans)}"


def chosen_channels(trace: Trace) -> tuple[list[ChannelTrace], list[ChannelTrace]]:
    """The channels that are shown in full, and the rest; of many, the largest contributions come first."""
    if len(trace.channels) <= _MOST_CHANNELS:
        return list(trace.channels), []
    ordered = sorted(trace.channels, key=_magnitude, reverse=True)
    return ordered[:_LARGEST], ordered[_LARGEST:]


def _magnitude(channel: ChannelTrace) -> Fraction | float:
    return channel.subtotal if channel.subtotal >= 0 else -channel.subtotal


def _channel_blocks(trace: Trace, channel: ChannelTrace) -> Iterator[Block]:
    title = (
        f"window, {_called(trace, channel)}" if len(trace.channels) > 1 or trace.problem.in_channels > 1 else "window"
    )
    kernel = "kernel, turned" if trace.problem.flip else "kernel"
    windows = plane_grids(title, channel.window, labels=trace.reads, padded=trace.padded)
    weights = plane_grids(kernel, channel.weight)
    products = plane_grids("products", channel.products)
    for window, weight, products_of_it in zip(windows, weights, products, strict=True):
        yield Flow((window, Span("×"), weight, Span("="), products_of_it))
    hidden = hidden_planes(channel.window)
    if hidden:
        yield say(f"{counted(hidden, 'more slice')} not shown", Role.LABEL)
    yield subtotal_sum(channel, _called(trace, channel))


def _called(trace: Trace, channel: ChannelTrace) -> str:
    return trace.problem.labels.channels.called(channel.channel)


def subtotal_sum(channel: ChannelTrace, label: str = "") -> Sum:
    """The contribution of a channel: its products that are not zero; ``label``: its name."""
    arrays = (channel.products, channel.window, channel.weight)
    return sum_of_products(label or f"channel {channel.channel}", arrays, channel.subtotal)


def sum_of_products(label: str, arrays: Sequence[Array], total: Number, *, space_before: bool = False) -> Sum:
    """The products that are not zero, in the order of the grid; ``arrays``: these and both factors, of one shape."""
    terms = [term for term in zip(*(array.flat for array in arrays), strict=True) if term[0] != 0]
    products, *factors = (number_texts(plain(term[part]) for term in terms) for part in range(3))
    return Sum(
        label,
        tuple(products[:_MOST_TERMS]),
        number_text(total, DIGITS),
        factors=tuple(zip(*factors, strict=True))[:_MOST_TERMS],
        omitted=f"{counted(len(terms), 'product')} that are not 0" if len(terms) > _MOST_TERMS else "",
        space_before=space_before,
    )


def _rest(rest: list[ChannelTrace]) -> str:
    total = sum(channel.subtotal for channel in rest)
    return f"the other {counted(len(rest), 'channel')}, none larger, together give {number_text(total, DIGITS)}"


def _padding_notes(trace: Trace) -> Iterator[Block]:
    """The sources of the padded cells, axis by axis, or the constant."""
    count = int(trace.padded.sum())
    verb = "lies" if count == 1 else "lie"
    text = f"({counted(count, 'cell')} in parentheses {verb} outside the input; boundary {trace.problem.boundary}"
    if trace.problem.boundary.mode.value == "constant":
        yield say(f"{text}: each is {number_text(trace.problem.boundary.value)})", Role.NOTE, indent=1)
        return
    moves = [
        f"{name} {index} is {name} {source}"
        for name, cells, sources in zip(axis_names(trace.problem.rank), trace.reads, trace.sources, strict=True)
        for index, source in zip(cells, sources, strict=True)
        if index != source
    ]
    yield say(f"{text}: {', '.join(moves)})", Role.NOTE, indent=1)


def _total(trace: Trace) -> Sum:
    shown, rest = chosen_channels(trace)
    subtotals = [each.subtotal for each in shown] + ([sum(each.subtotal for each in rest)] if rest else [])
    return Sum(
        "total",
        tuple(number_text(each, DIGITS) for each in subtotals),
        number_text(trace.total, DIGITS),
        scale="" if trace.scale == 1 else str(trace.scale),
        bias=number_text(trace.bias, DIGITS),
        space_before=True,
    )


def agreement(trace: Trace, output: Any) -> Sentence:
    """Whether the total agrees with the engine's value of the cell."""
    if not trace.agrees(output):
        return say(f"the engine's output differs: {number_text(output, 17)}", Role.BAD)
    words = "equals" if trace.total == output else "agrees within rounding with"
    return say(f"{words} the engine's output {number_text(output, DIGITS)}", Role.GOOD)


def trace_data(trace: Trace, output: Any) -> dict[str, Any]:
    """A trace for JSON, at full precision."""
    return {
        "batch": trace.sample,
        "channel": trace.channel,
        "position": list(trace.position),
        "reads": [list(cells) for cells in trace.reads],
        "sources": [list(sources) for sources in trace.sources],
        "channels": [
            {
                "channel": each.channel,
                "window": array_data(each.window),
                "weight": array_data(each.weight),
                "products": array_data(each.products),
                "subtotal": number_data(each.subtotal),
            }
            for each in trace.channels
        ],
        "sum": number_data(trace.unscaled),
        "scale": number_data(trace.scale),
        "bias": number_data(trace.bias),
        "total": number_data(trace.total),
        "output": number_data(output),
    }


def trace_header(problem: Problem) -> tuple[str, ...]:
    """The names of the columns of :func:`trace_rows`."""
    axes = range(problem.rank)
    return (
        "batch",
        "channel",
        *(f"position_{axis}" for axis in axes),
        "in_channel",
        *(f"tap_{axis}" for axis in axes),
        *(f"cell_{axis}" for axis in axes),
        "padded",
        "value",
        "weight",
        "product",
    )


def trace_rows(trace: Trace) -> Iterator[Iterable[Any]]:
    """One row for each product."""
    for channel in trace.channels:
        for taps, value in cells(channel.window):
            read = (reads[tap] for reads, tap in zip(trace.reads, taps, strict=True))
            place = (trace.sample, trace.channel, *trace.position)
            numbers = (value, plain(channel.weight[taps]), plain(channel.products[taps]))
            yield (*place, channel.channel, *taps, *read, int(trace.padded[taps]), *numbers)
