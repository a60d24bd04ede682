"""The report of a run: what was computed, the arithmetic of its size, and input, kernel and output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.arrays import count_not_finite
from convcalc.engine.compute import Result
from convcalc.problem import Problem
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, say
from convcalc.report.channels import array_blocks
from convcalc.report.data import array_data, problem_data
from convcalc.report.sizes import size_sentences, unread_notes
from convcalc.report.text import axis_names, listed
from convcalc.wording import counted, shape_text

_MOST_NAMES = 3  # kernels that the headline calls by their names


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
    batch = f"{counted(problem.batch, 'sample')} of " if problem.batch != 1 else ""
    channels = counted(problem.in_channels, "channel")
    return (
        f"{kind} of {batch}{channels} of {_cells(problem.spatial_size)} with {_kernel(problem)}{_settings(problem)}: "
        f"{_channels(problem)} {counted(problem.out_channels, 'output channel')} of {_cells(problem.output_size)}."
    )


def _kernel(problem: Problem) -> str:
    """The kernel by its name, or the filters by their number."""
    size = shape_text(problem.kernel_size)
    names = list(dict.fromkeys(filter(None, problem.labels.kernels)))
    if 0 < len(names) <= _MOST_NAMES:
        return f"{listed(names)} ({size})"
    return f"a kernel of {size}" if problem.out_channels == 1 else f"{problem.out_channels:,} filters of {size}"


def _cells(size: tuple[int, ...]) -> str:
    return counted(size[0], "cell") if len(size) == 1 else shape_text(size)


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
    return str(values[0]) if len(set(values)) == 1 else f"({', '.join(map(str, values))})"


def _notes(problem: Problem, result: Result) -> Iterator[str]:
    yield from problem.labels.notes
    yield from unread_notes(problem.axes, problem.boundary)
    bad = count_not_finite(result.output)
    if bad:
        yield f"{counted(bad, 'output cell')} {'is' if bad == 1 else 'are'} not finite (inf or nan)"


def _blocks(problem: Problem, result: Result, notes: tuple[str, ...]) -> Iterator[Block]:
    if problem.labels.title:
        yield say(problem.labels.title, Role.TITLE)
    yield say(headline(problem))
    yield from size_sentences(problem.axes)
    for note in notes:
        yield Sentence((Span("note: ", Role.NOTE), Span(note)), indent=6)
    yield from array_blocks(problem, result.output)
    plan = result.plan
    yield say(
        f"{counted(problem.macs, 'MAC')}, engine {plan.engine} ({plan.reason}), {plan.arithmetic.words}",
        Role.LABEL,
        space_before=True,
    )


def _data(problem: Problem, result: Result, notes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "schema": f"convcalc.run/{SCHEMA_VERSION}",
        **problem_data(problem),
        "plan": {
            "engine": result.plan.engine,
            "reason": result.plan.reason,
            "workspace_bytes": result.plan.workspace_bytes,
            "obstacles": {each.name: each.obstacle for each in result.plan.candidates if each.obstacle},
            "arithmetic": result.plan.arithmetic.words,
            "macs": problem.macs,
        },
        "notes": list(notes),
        "output_shape": list(result.output.shape),
        "output": array_data(result.output),
    }
