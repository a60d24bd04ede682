"""Input, kernel and output of a run as tables: the first channels, and words for those that are not shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from math import prod

from convcalc.arrays import Array
from convcalc.problem import Problem
from convcalc.report.arrays.grids import cell_labels, hidden_planes, plane_grids, range_text
from convcalc.report.blocks import Block, Flow, Grid, Role, Span, say
from convcalc.report.text import number_text, scale_text
from convcalc.wording import counted, shape_text

_SMALL = 64  # cells of a grid of which many fit on a page
_MOST_SMALL, _MOST_LARGE = 9, 4  # channels shown of small and of larger arrays
_MOST_SAMPLES = 2


def table_blocks(problem: Problem, output: Array, left_out: Collection[str] = ()) -> Iterator[Block]:
    """Tables of input, kernel and output: one line where there is one channel of each, otherwise a block for each.

    ``left_out``: the names of those that are not shown in tables.
    """
    inputs = [] if "input" in left_out else list(_channel_grids("input", problem.input, problem.labels.channels.labels))
    kernels = list(islice(_kernel_grids(problem), _most(problem.weight)))
    outputs = [] if "output" in left_out else list(_channel_grids("output", output, output_names(problem)))
    if len(inputs) == len(kernels) == len(outputs) == 1:
        yield Flow((inputs[0], Span("⋆"), kernels[0], Span("="), outputs[0]))
        return
    for name, grids, hidden in (
        ("input", inputs, _hidden(problem.input)),
        ("kernel", kernels, _hidden_kernels(problem, len(kernels))),
        ("output", outputs, _hidden(output)),
    ):
        if name not in left_out:
            yield Flow(tuple(grids))
            yield from _hidden_blocks(name, hidden)


def hidden_blocks(name: str, values: Array) -> Iterator[Block]:
    """What is not shown of an array; values: (batch, channels, *spatial)."""
    yield from _hidden_blocks(name, _hidden(values))


def _hidden_blocks(name: str, hidden: str) -> Iterator[Block]:
    if hidden:
        yield say(f"{hidden} of the {name} not shown", Role.LABEL)


def _most(values: Array) -> int:
    """How many channels are shown; values: (…, channels, *spatial)."""
    return _MOST_SMALL if prod(values.shape[2:]) <= _SMALL else _MOST_LARGE


def _channel_grids(name: str, values: Array, names: Sequence[str] = ()) -> Iterator[Grid]:
    for caption, plane in shown_channels(name, values, names):
        yield from plane_grids(caption, plane, labels=cell_labels(plane))


def shown_channels(name: str, values: Array, names: Sequence[str] = ()) -> Iterator[tuple[str, Array]]:
    """The first channels of the first samples with their captions; values: (batch, channels, *spatial)."""
    batch, channels = values.shape[:2]
    for sample in shown_samples(values):
        for channel in range(min(channels, _most(values))):
            parts = [f"sample {sample}" * (batch > 1), f"channel {channel}" * (channels > 1)]
            where = ", ".join(filter(None, (*parts, names[channel] if names else "")))
            plane = values[sample, channel]
            yield f"{name} {where or shape_text(plane.shape)}", plane


def shown_samples(values: Array) -> range:
    """The samples of which something is shown; values: (batch, channels, *spatial)."""
    return range(min(len(values), _MOST_SAMPLES))


def output_names(problem: Problem) -> Sequence[str]:
    """The kernel of each output channel, where there are several with names; of channels kept apart the channel."""
    if problem.is_depthwise and problem.labels.channels.names:
        return tuple(
            problem.labels.channels.names[problem.group_channels(each)[0]] for each in range(problem.out_channels)
        )
    return problem.labels.kernels if len(set(problem.labels.kernels)) > 1 and not problem.is_depthwise else ()


def _hidden(values: Array) -> str:
    batch, channels = values.shape[:2]
    samples, each = max(0, batch - _MOST_SAMPLES), max(0, channels - _most(values))
    slices = hidden_planes(values[0, 0]) if batch else 0
    parts = [
        f"{counted(samples, 'more sample')}" * (samples > 0),
        f"{counted(each, 'more channel')}{' of each sample' * (batch > 1)}" * (each > 0),
        f"{counted(slices, 'more slice')} of each channel" * (slices > 0),
    ]
    shown = " and ".join(filter(None, parts))
    return f"{shown} (over all {range_text(values)})" if shown else ""


def _hidden_kernels(problem: Problem, shown: int) -> str:
    """Planes of filters that are not shown, and slices of those that are."""
    planes = list(_kernel_planes(problem))
    slices = prod(problem.kernel_size[:-2])
    total = len(planes) * slices
    return counted(total - shown, "more slice" if slices > 1 else "more plane") if total > shown else ""


def _kernel_grids(problem: Problem) -> Iterator[Grid]:
    """The planes of the filters as applied to the input."""
    for caption, plane in _kernel_planes(problem):
        yield from plane_grids(caption, plane)


def _kernel_planes(problem: Problem) -> Iterator[tuple[str, Array]]:
    """Each filter's planes, or one plane where all are the same, with their captions."""
    filters = problem.applied_weight
    if problem.is_depthwise and len(set(problem.labels.kernels)) == 1 and (filters == filters[0]).all():
        filters = filters[:1]
    for number, planes in enumerate(filters):
        same = len(planes) > 1 and bool((planes == planes[0]).all())
        for channel, plane in enumerate(planes[:1] if same else planes):
            yield kernel_caption(problem, number, channel, one=len(filters) == 1, same=same), plane


def kernel_caption(problem: Problem, number: int, channel: int, *, one: bool, same: bool) -> str:
    """The name of a plane of a filter; ``one``: there are no other filters, ``same``: its planes are all equal."""
    name = problem.labels.kernels[number] if problem.labels.kernels else ""
    turned = "turned" if problem.flip else ""
    parts = ["kernel" if one else f"kernel {number}", name, turned, scale_text(problem.scale[number])]
    if problem.bias[number] and channel == 0:
        parts.append(f"+ bias {number_text(problem.bias[number])}")
    span = problem.in_channels // problem.groups
    if same:
        parts.append(f"on each of {span} channels")
    elif span > 1:
        parts.append(f"on {problem.labels.channels.called(problem.group_channels(number)[channel])}")
    elif problem.is_depthwise:
        parts.append(
            "on each channel" if one else f"on {problem.labels.channels.called(problem.group_channels(number)[0])}"
        )
    return " ".join(filter(None, parts))
