"""The report of a run: what was computed, the arithmetic of its size, and input, kernel and output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.compute import Result
from convcalc.problem import Problem
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Grid, Report, Role, Sentence, Span, say
from convcalc.report.data import array_data, problem_data
from convcalc.report.grids import hidden_planes, plane_grids, range_text
from convcalc.report.sizes import size_sentences, unread_notes
from convcalc.report.text import axis_names, number_text, scale_text
from convcalc.wording import counted, shape_text

_MOST_CHANNELS = 4


def run_report(problem: Problem, result: Result) -> Report:
    """All there is to say about a computed problem."""
    notes = tuple(_notes(problem, result))
    return Report(
        blocks=tuple(_blocks(problem, result, notes)),
        data=lambda: _data(problem, result, notes),
        notes=notes,
    )


def headline(problem: Problem) -> str:
    """One sentence that says what is computed."""
    kind = "Convolution (kernel turned by 180°)" if problem.flip else "Cross-correlation (kernel not flipped)"
    names = list(dict.fromkeys(filter(None, problem.labels.kernels)))
    kernel = " and ".join(names) if 0 < len(names) <= 3 else f"{counted(problem.out_channels, 'filter')}"
    batch = f"{counted(problem.batch, 'sample')} of " if problem.batch != 1 else ""
    channels = counted(problem.in_channels, "channel")
    return (
        f"{kind} of {batch}{channels} of {shape_text(problem.spatial_size)} with {kernel} "
        f"{shape_text(problem.kernel_size)}{_settings(problem)}: {_channels(problem)} "
        f"{counted(problem.out_channels, 'output channel')} of {shape_text(problem.output_size)}."
    )


def _settings(problem: Problem) -> str:
    parts = [f"stride {_each([axis.stride for axis in problem.axes])}"]
    pads = [(axis.before, axis.after) for axis in problem.axes]
    if not any(map(any, pads)):
        parts.append("no padding")
    elif all(pair == (pads[0][0],) * 2 for pair in pads):
        parts.append(f"padding {pads[0][0]} ({problem.boundary})")
    else:
        sides = [
            f"{name}s {before}+{after}" for name, (before, after) in zip(axis_names(problem.rank), pads, strict=True)
        ]
        parts.append(f"padding {', '.join(sides)} (before+after, {problem.boundary})")
    if any(axis.dilation > 1 for axis in problem.axes):
        parts.append(f"dilation {_each([axis.dilation for axis in problem.axes])}")
    return ", " + ", ".join(parts)


def _channels(problem: Problem) -> str:
    """Whether channels are summed or kept apart, in words."""
    if problem.in_channels == 1:
        return "gives"
    if problem.is_depthwise:
        return f"depthwise, each of the {problem.in_channels} channels apart, which gives"
    span = problem.in_channels // problem.groups
    if problem.groups > 1:
        of = f"{span} of {problem.in_channels} channels"
        return f"in {problem.groups} groups, each filter summing over {of}, which gives"
    return f"each filter spans all {problem.in_channels} channels and sums over them, which gives"


def _each(values: list[Any]) -> str:
    return str(values[0]) if len(set(values)) == 1 else ", ".join(map(str, values))


def _notes(problem: Problem, result: Result) -> Iterator[str]:
    yield from problem.labels.notes
    yield from unread_notes(problem.axes, problem.boundary)
    if result.output.dtype.kind == "f" and not np.isfinite(result.output).all():
        bad = int(result.output.size - np.isfinite(result.output).sum())
        yield f"{counted(bad, 'output cell')} not finite (inf or nan)"


def _blocks(problem: Problem, result: Result, notes: tuple[str, ...]) -> Iterator[Block]:
    if problem.labels.title:
        yield say(problem.labels.title, Role.TITLE)
    yield say(headline(problem))
    yield from size_sentences(problem.axes)
    for note in notes:
        yield Sentence((Span("note: ", Role.NOTE), Span(note)), indent=6)
    yield from _flows(problem, result)
    plan = result.plan
    yield say(
        f"{counted(problem.macs, 'MAC')}, engine {plan.engine}, {plan.arithmetic.words}", Role.LABEL, space_before=True
    )


def _flows(problem: Problem, result: Result) -> Iterator[Block]:
    inputs = list(_channel_grids("input", problem.input))
    kernels = list(_kernel_grids(problem))
    outputs = list(_channel_grids("output", result.output))
    if len(inputs) == len(kernels) == len(outputs) == 1:
        yield Flow((inputs[0], Span("∗" if problem.flip else "⋆"), kernels[0], Span("="), outputs[0]))
        return
    for name, grids, hidden in (
        ("input", inputs, _hidden(problem.input)),
        ("kernel", kernels, ""),
        ("output", outputs, _hidden(result.output)),
    ):
        yield Flow(tuple(grids))
        if hidden:
            yield say(f"{hidden} of the {name} not shown; -o FILE saves all", Role.LABEL)


def _channel_grids(name: str, values: Array) -> Iterator[Grid]:
    """The first channels of the first samples; values: (batch, channels, *spatial)."""
    batch, channels = values.shape[:2]
    for sample in range(min(batch, 2)):
        for channel in range(min(channels, _MOST_CHANNELS)):
            parts = [f"sample {sample}" * (batch > 1), f"channel {channel}" * (channels > 1)]
            where = ", ".join(filter(None, parts))
            size = shape_text(values.shape[2:])
            yield from plane_grids(f"{name} {where}" if where else f"{name} {size}", values[sample, channel])


def _hidden(values: Array) -> str:
    batch, channels = values.shape[:2]
    shown = min(batch, 2) * min(channels, _MOST_CHANNELS)
    parts = []
    if batch * channels > shown:
        parts.append(f"{counted(batch * channels - shown, 'more channel')} ({range_text(values)} over all)")
    slices = hidden_planes(values[0, 0]) if batch else 0
    if slices:
        parts.append(f"{counted(slices, 'more slice')} of each channel")
    return " and ".join(parts)


def _kernel_grids(problem: Problem) -> Iterator[Grid]:
    """Each filter's planes, or one plane where all are the same; as they lie on the input."""
    filters = problem.applied_weight
    shown = 0
    if problem.is_depthwise and len(set(problem.labels.kernels)) == 1 and (filters == filters[0]).all():
        filters = filters[:1]
    for number, planes in enumerate(filters):
        same = len(planes) > 1 and bool((planes == planes[0]).all())
        for channel, plane in enumerate(planes[:1] if same else planes):
            caption = _kernel_caption(problem, number, channel, one=len(filters) == 1, same=same)
            yield from plane_grids(caption, plane, labelled=False)
            shown += 1
            if shown >= 2 * _MOST_CHANNELS:
                return


def _kernel_caption(problem: Problem, number: int, channel: int, *, one: bool, same: bool) -> str:
    name = problem.labels.kernels[number] if problem.labels.kernels else ""
    parts = ["kernel" if one else f"kernel {number}", name, scale_text(problem.scale[number])]
    if problem.bias[number]:
        parts.append(f"+ bias {number_text(problem.bias[number])}")
    span = problem.in_channels // problem.groups
    if same:
        parts.append(f"on each of {span} channels")
    elif span > 1:
        parts.append(f"on channel {problem.group_channels(number)[channel]}")
    elif problem.is_depthwise:
        parts.append("on each channel" if one else f"on channel {problem.group_channels(number)[channel]}")
    return " ".join(filter(None, parts))


def _data(problem: Problem, result: Result, notes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "schema": f"convcalc.run/{SCHEMA_VERSION}",
        **problem_data(problem),
        "plan": {
            "engine": result.plan.engine,
            "arithmetic": result.plan.arithmetic.words,
            "macs": problem.macs,
        },
        "notes": list(notes),
        "output_shape": list(result.output.shape),
        "output": array_data(result.output),
    }
