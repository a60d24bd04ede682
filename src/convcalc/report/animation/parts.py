"""The maps of what each input channel contributes, as far as an animation has computed them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from convcalc.arrays import plain
from convcalc.numerals import Number
from convcalc.report.animation.frame import Animation, Items
from convcalc.report.animation.planes import MOST_PLANES, output_panel
from convcalc.report.arrays.figure import Item, Panel, PanelKind, Sign, single
from convcalc.report.text import number_text
from convcalc.tracing.explanation import Cell
from convcalc.tracing.trace import ChannelTrace, Trace

Part = Callable[[int, Cell], Number | None]
"""What an input channel contributes to an output cell; None: nothing yet."""


def scaled_part(trace: Trace, part: ChannelTrace) -> Number:
    """What a channel contributes to the output of a trace: its subtotal × the scale."""
    if isinstance(part.subtotal, float):
        return part.subtotal * trace.scale.numerator / trace.scale.denominator
    scaled: Number = plain(part.subtotal * trace.scale)
    return scaled


def part_row(animation: Animation, trace: Trace, made: Part, output: Panel) -> Items:
    """The maps of the first channels with signs between, the bias, and the output."""
    shown, hidden = trace.channels[:MOST_PLANES], len(trace.channels) - MOST_PLANES
    return tuple(_row(animation, trace, shown, max(0, hidden), made, output))


def _row(
    animation: Animation, trace: Trace, shown: tuple[ChannelTrace, ...], hidden: int, made: Part, output: Panel
) -> Iterator[Item]:
    for number, part in enumerate(shown):
        if number:
            yield Sign("+")
        panel = output_panel(animation, trace.channel, {trace.position}, lambda cell, of=part.channel: made(of, cell))  # type: ignore[misc]
        yield panel._replace(caption=f"from channel {part.channel}")
    if hidden:
        yield Sign(f"+ … {hidden:,} more")
    bias = trace.problem.bias[trace.channel]
    if bias:
        yield Sign("+")
        yield single(PanelKind.RESULT, "bias", number_text(bias))
    yield Sign("=")
    yield output
