"""Worksheets of explanations: the cell's window, products and sums as places to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from convcalc.layers.explainer import ExplainedCell
from convcalc.layers.kinds.bias import OfChannels
from convcalc.layers.network import Network
from convcalc.layers.stage import Stage
from convcalc.layers.unfold import Node
from convcalc.report.arrays.grids import plane_grids
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Report, Role, Sentence, Span, say
from convcalc.report.cell_names import cell_text, place_text
from convcalc.report.layer_arguments import arguments_text
from convcalc.report.text import number_text
from convcalc.report.trace.convolution import (
    DIGITS,
    cell_place_text,
    chosen_channels,
    output_text,
    setting_blocks,
    trace_data,
)
from convcalc.report.trace.network import network_setting, network_trace_data
from convcalc.report.trace.terms import shown_terms, terms_table
from convcalc.report.trace.tree import scale_factor
from convcalc.report.worksheet import filled, filled_columns, filled_grid, given_grids, worksheet
from convcalc.tracing.explanation import Cell, Explanation, Rule
from convcalc.tracing.trace import ChannelTrace, Trace
from convcalc.wording import counted

_ROOM = 8  # characters of a place for a sum


def trace_worksheet(explained: Iterable[ExplainedCell], network: Network, key: str) -> Report:
    """One or more cells as a worksheet with its key."""
    found = list(explained)
    problem = network.stages[0].problem
    setting = setting_blocks(problem) if problem is not None else [network_setting(network)]
    page = (*setting, *(block for each in found for block in _page(each)))
    schema = f"convcalc.trace-worksheet/{SCHEMA_VERSION}"
    return Report(worksheet(page, key), lambda: {"schema": schema, "key": [_data(each) for each in found]})


def _data(explained: ExplainedCell) -> dict[str, object]:
    reason = explained.explanation
    is_alone = explained.tree is None and isinstance(reason, Trace)
    return trace_data(reason, explained.output) if is_alone else network_trace_data(explained)  # type: ignore[arg-type]


def _page(explained: ExplainedCell) -> Iterator[Block]:
    reason = explained.explanation
    yield _heading(explained)
    if isinstance(reason, Trace):
        yield from _convolution(reason)
    else:
        yield from _terms(explained.network, explained.node, reason)


def cell_name(explained: ExplainedCell) -> str:
    """The cell without its value."""
    if explained.tree is None and isinstance(explained.explanation, Trace):
        return output_text(explained.explanation)
    return cell_text(explained.network.stages[explained.number].name, explained.place.cell)


def _heading(explained: ExplainedCell) -> Sentence:
    reason, stage = explained.explanation, explained.network.stages[explained.number]
    if explained.tree is None and isinstance(reason, Trace):
        place = cell_place_text(reason)
    else:
        place = f"{place_text(explained.place.cell, explained.sample)} of {stage.name} ({stage.layer.kind})"
    name = Span(cell_name(explained), Role.TITLE)
    return Sentence((name, Span(f"   {place}", Role.LABEL)), space_before=True)


def _convolution(trace: Trace) -> Iterator[Block]:
    shown, rest = chosen_channels(trace)
    for channel in shown:
        yield from _channel(trace, channel)
    total = sum(each.subtotal for each in rest)
    if rest:
        yield say(f"the other {counted(len(rest), 'channel')} together give {number_text(total, DIGITS)}")
    yield _total(
        trace, [*(number_text(each.subtotal, DIGITS) for each in shown)], number_text(total, DIGITS) if rest else ""
    )


def _channel(trace: Trace, channel: ChannelTrace) -> Iterator[Block]:
    """Window and products to fill in; the kernel too where it is to be turned first."""
    several = trace.problem.in_channels > 1
    caption = f"window, channel {channel.channel}" if several else "window"
    windows = map(filled_grid, plane_grids(caption, channel.window, labels=trace.reads))
    weights = list(plane_grids("kernel, turned" if trace.problem.flip else "kernel", channel.weight))
    given = [*given_grids(trace, channel.channel)]
    if trace.problem.flip:
        written = trace.problem.weight[trace.channel, channel.channel - trace.channels[0].channel]
        given += plane_grids("kernel as it is written", written)
        weights = [*map(filled_grid, weights)]
    yield Flow(tuple(given))
    products = map(filled_grid, plane_grids("products", channel.products))
    for window, weight, product in zip(windows, weights, products, strict=True):
        yield Flow((window, Span("×"), weight, Span("="), product))
    subtotal = filled(number_text(channel.subtotal, DIGITS), _ROOM)
    yield Sentence((Span(f"channel {channel.channel}   ", Role.LABEL), Span("sum of the products = "), subtotal))


def _total(trace: Trace, subtotals: list[str], rest: str) -> Sentence:
    spans = [Span("total   ", Role.LABEL)]
    for number, text in enumerate(subtotals):
        spans += [*([Span(" + ")] if number else []), filled(text, _ROOM)]
    if rest:
        spans.append(Span(f" + {rest}"))
    if len(spans) > 2 and trace.scale != 1:
        spans = [spans[0], Span("("), *spans[1:], Span(")")]
    scale = "" if trace.scale == 1 else f" × {trace.scale}"
    bias = number_text(trace.bias, DIGITS)
    spans.append(Span(f"{scale} + bias {f'({bias})' if bias.startswith('-') else bias} = "))
    return Sentence((*spans, filled(number_text(trace.total, DIGITS), _ROOM)), 8, space_before=True)


def _terms(network: Network, node: Node, reason: Explanation) -> Iterator[Block]:
    """The values of a cell's terms, and places for their products and the result."""
    yield filled_columns(terms_table(network, node, reason), ("product", "won"))
    hidden = len(reason.terms) - len(shown_terms(reason))
    if hidden:
        yield say(f"{counted(hidden, 'more cell')} not shown; --format json has all", Role.LABEL)
    rule = {Rule.SUM: "sum", Rule.MAXIMUM: "maximum", Rule.FUNCTION: network.stages[node.number].layer.kind}[
        reason.rule
    ]
    scale = f" × {scale_factor(reason)}" if reason.rule is Rule.SUM and scale_factor(reason) else ""
    bias = f" + bias {number_text(reason.bias, DIGITS)}" if reason.rule is Rule.SUM and reason.bias else ""
    numbers = _numbers(network.stages[node.number], reason.cell) if reason.rule is Rule.FUNCTION else ""
    total = filled(number_text(reason.total, DIGITS), _ROOM)
    words = Span(f"{rule}{numbers}{scale}{bias} = ")
    yield Sentence((Span("total   ", Role.LABEL), words, total), 8, space_before=True)


def _numbers(stage: Stage, cell: Cell) -> str:
    """What a function's result depends on beside its terms: arguments, and the numbers of the cell's channel."""
    layer = stage.layer
    said = [arguments_text(layer)]
    if isinstance(layer, OfChannels):
        place = layer.place(cell)
        said += [f"{name} {number_text(each[place], DIGITS)}" for name, each in stage.values().items()]
    told = ", ".join(filter(None, said))
    return f" with {told}" if told else ""
