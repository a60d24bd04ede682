"""The signals of a run of one axis as curves: by channel, the input over the output, on the same axis."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.arrays import Array
from convcalc.channels import SampleAxis, places_of
from convcalc.problem import Problem
from convcalc.report.arrays.curves import is_drawable, plot_of, span_of, title_of
from convcalc.report.blocks import Block, Role, note, say
from convcalc.report.plot import Plot, aligned
from convcalc.report.run.channels import output_names
from convcalc.wording import counted

_MOST_CHANNELS, _MOST_SAMPLES = 4, 2


def signal_blocks(problem: Problem, output: Array) -> Iterator[Block]:
    """The curves of input and output; output: (batch, out_channels, samples)."""
    yield from aligned(list(plots_of(problem, output)))
    for name, values in (("input", problem.input), ("output", output)):
        if values.size and not is_drawable(values):
            yield note(f"no curve of the {name}, whose numbers are beyond the range of floats")
        samples, channels = values.shape[:2]
        hidden = samples * channels - min(samples, _MOST_SAMPLES) * min(channels, _MOST_CHANNELS)
        if hidden:
            yield say(f"{counted(hidden, 'more curve')} of the {name} not shown", Role.LABEL)


def plots_of(problem: Problem, output: Array) -> Iterator[Plot]:
    """Of each sample the channels of the input, and those of the output, each output under the input it is made of."""
    [axis] = problem.axes
    sample_axis = problem.labels.channels.axis
    inside = places_of(sample_axis, axis.size)
    made = places_of(sample_axis, output.shape[-1], axis.start(0) + (axis.reach - 1) / 2, axis.stride)
    span, title = span_of(inside, made), title_of(sample_axis)
    for sample in range(min(problem.batch, _MOST_SAMPLES)):
        inputs = [
            plot_of(_caption("input", problem.input, sample, channel, _called(problem, channel)), *drawn, span, title)
            for channel, drawn in _channels(problem.input[sample], inside)
        ]
        outputs = [
            plot_of(_caption("output", output, sample, channel, _made(problem, channel)), *drawn, span, title)
            for channel, drawn in _channels(output[sample], made)
        ]
        if problem.is_depthwise and len(inputs) == len(outputs):
            yield from (plot for pair in zip(inputs, outputs, strict=True) for plot in pair)
        else:
            yield from (*inputs, *outputs)


def lone_plots(name: str, values: Array, axis: SampleAxis | None) -> Iterator[Plot]:
    """The curves of an array by itself; values: (batch, channels, samples)."""
    if not is_drawable(values):
        return
    places = places_of(axis, values.shape[-1])
    span, title = span_of(places), title_of(axis)
    for sample in range(min(len(values), _MOST_SAMPLES)):
        for channel, drawn in _channels(values[sample], places):
            yield plot_of(_caption(name, values, sample, channel, ""), *drawn, span, title)


def _channels(values: Array, places: Array) -> Iterator[tuple[int, tuple[Array, Array]]]:
    """The first channels with their places; values: (channels, samples)."""
    if is_drawable(values):
        yield from ((channel, (values[channel], places)) for channel in range(min(len(values), _MOST_CHANNELS)))


def _called(problem: Problem, channel: int) -> str:
    """The name and the unit of an input channel, if it has a name."""
    labels = problem.labels.channels.labels
    return labels[channel] if labels else ""


def _made(problem: Problem, channel: int) -> str:
    """What an output channel is: of the channel that it is made of, or by its kernel."""
    if problem.is_depthwise and problem.out_channels == problem.in_channels:
        names = problem.labels.channels.names
        return names[channel] if names else ""
    names = tuple(output_names(problem))
    return names[channel] if names else ""


def _caption(name: str, values: Array, sample: int, channel: int, called: str) -> str:
    parts = [f"sample {sample}" * (len(values) > 1), called or f"channel {channel}" * (values.shape[1] > 1)]
    return f"{name} {', '.join(filter(None, (*parts, counted(values.shape[2], 'cell'))))}"
