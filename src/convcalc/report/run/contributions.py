"""A convolution in steps as on a blackboard: each input channel with its kernel, and then the sum of these maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.arrays import Array, has_floats
from convcalc.problem import Problem
from convcalc.report.array_data import array_data
from convcalc.report.arrays.coloured_panels import Coloured, slice_panels
from convcalc.report.arrays.figure import Item, Panel, PanelKind, Sign, single
from convcalc.report.arrays.grids import cell_labels, fits_in_a_table, plane_grids
from convcalc.report.blocks import Block, Flow, Grid, HeatMap, Maps, Role, Span, say
from convcalc.report.run.channels import kernel_caption, shown_samples
from convcalc.report.text import number_text
from convcalc.tracing.contributions import Contributions
from convcalc.wording import counted, shape_text

_MOST_OUTPUTS = 4  # output channels that are taken apart

Pictured = Grid | HeatMap
"""An array in a table, or drawn where it is too large for one."""


def contribution_blocks(found: Contributions, output: Array, maps: Maps | None) -> Iterator[Block]:
    """For the first output channels of the first samples: a line for each input channel, and the sum."""
    problem = found.problem
    outputs = range(min(problem.out_channels, _MOST_OUTPUTS))
    for sample in shown_samples(output):
        for number in outputs:
            parts = [f"sample {sample}"] * (problem.batch > 1) + [f"output channel {number}"] * (len(outputs) > 1)
            if parts:
                yield say(", ".join(parts), Role.TITLE, space_before=True)
            yield from _steps(found, output, (sample, number), maps)
    hidden = problem.out_channels - len(outputs)
    if hidden:
        yield say(f"{counted(hidden, 'more output channel')} not shown", Role.LABEL)


def _steps(found: Contributions, output: Array, place: tuple[int, int], maps: Maps | None) -> Iterator[Block]:
    problem, (sample, number) = found.problem, place
    sign = Span("∗" if problem.flip else "⋆")
    added: list[Pictured | Span] = []
    for part, values in enumerate(found.parts):
        channel = found.channel(number, part)
        given = _drawn(f"input channel {channel}", problem.input[sample, channel], maps)
        caption = kernel_caption(problem, number, part, one=problem.out_channels == 1, same=False, with_bias=False)
        kernel = list(plane_grids(caption, problem.applied_weight[number, part]))
        made = _drawn(f"from channel {channel}", values[place], maps)
        yield Flow((*given, sign, *kernel, Span("="), *made))
        added += [*([Span("+")] if part else []), *made]
    more = f"+ … ({counted(found.hidden, 'more channel')}) " if found.hidden else ""
    bias = problem.bias[number]
    if bias:
        added += [Span(f"{more}+"), Grid((Span("bias", Role.TITLE),), ((Span(number_text(bias), Role.NUMBER),),))]
        more = ""
    yield Flow((*added, Span(f"{more}="), *_drawn(f"output {shape_text(problem.output_size)}", output[place], maps)))


def _drawn(caption: str, values: Array, maps: Maps | None) -> list[Pictured]:
    """One channel, (*spatial), as tables or as heat maps."""
    if maps is None or fits_in_a_table(values.shape) or not has_floats(values) or not values.size:
        return list(plane_grids(caption, values, labels=cell_labels(values)))
    from convcalc.report.arrays.heat_maps import columns_each, heat_maps

    return list(heat_maps(caption, values, columns_each(maps.columns, 2), maps.rule))


def contribution_data(found: Contributions) -> list[dict[str, Any]]:
    """The parts for JSON: of every output channel those of its input channels."""
    return [
        {
            "output_channel": number,
            "input_channel": found.channel(number, part),
            "output": array_data(values[:, number]),
        }
        for number in range(found.problem.out_channels)
        for part, values in enumerate(found.parts)
    ]


def contribution_rows(
    found: Contributions, inputs: Coloured, kernels: Coloured, made: Coloured
) -> Iterator[tuple[Item, ...]]:
    """The rows of a figure: each input channel with its kernel and its part, then the sum of the parts.

    ``made``: the parts and the output in the same colours, as of :meth:`Contributions.with_sum`.
    """
    problem = found.problem
    for sample in range(problem.batch):
        for number in range(problem.out_channels):
            parts = [list(_part(found, made, (part, sample, number))) for part in range(len(found.parts))]
            for part, panels in enumerate(parts):
                where = (sample, number, found.channel(number, part), part)
                yield from _product(problem, inputs, kernels, where, panels)
            names = [f"sample {sample}"] * (problem.batch > 1) + [f"channel {number}"] * (problem.out_channels > 1)
            caption = ", ".join((f"output {shape_text(problem.output_size)}", *names))
            whole = slice_panels(made, (len(parts), sample, number), caption, labelled=True)
            yield (*_added(found, number, parts), Sign("="), *whole)


def _part(found: Contributions, made: Coloured, place: tuple[int, int, int]) -> Iterator[Panel]:
    part, _, number = place
    return slice_panels(made, place, f"from channel {found.channel(number, part)}", labelled=True)


def _product(
    problem: Problem, inputs: Coloured, kernels: Coloured, where: tuple[int, int, int, int], made: Sequence[Panel]
) -> Iterator[tuple[Item, ...]]:
    """An input channel, its kernel and the map that they give; ``where``: sample, output and input channel, part."""
    sample, number, channel, part = where
    caption = kernel_caption(problem, number, part, one=problem.out_channels == 1, same=False, with_bias=False)
    given = slice_panels(inputs, (sample, channel), f"input channel {channel}", labelled=True)
    kernel = slice_panels(kernels, (number, part), caption)
    yield (*given, Sign("∗" if problem.flip else "⋆"), *kernel, Sign("="), *made)


def _added(found: Contributions, number: int, made: Sequence[Sequence[Panel]]) -> Iterator[Item]:
    """The maps with signs between, what is not shown, and the bias."""
    for part, panels in enumerate(made):
        if part:
            yield Sign("+")
        yield from panels
    if found.hidden:
        yield Sign(f"+ … {found.hidden:,} more")
    bias = found.problem.bias[number]
    if bias:
        yield Sign("+")
        yield single(PanelKind.RESULT, "bias", number_text(bias))
