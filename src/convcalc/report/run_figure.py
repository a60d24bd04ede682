"""The figure of a run: input, kernel and output, every cell coloured by its value, with its number where that fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.arrays import Array
from convcalc.problem import Problem
from convcalc.report.channels import kernel_caption
from convcalc.report.coloured import Coloured, check_drawable, coloured, scales_text, slice_panels
from convcalc.report.figure import Figure, Item, Panel, PanelKind, Sign
from convcalc.report.headline import headline
from convcalc.report.text import cells_text


def check_run_figure(problem: Problem) -> None:
    """Refuse a figure that would be too large, before anything is computed.

    Raises:
        OutputError: there are too many cells, or too many channels and slices.
    """
    shapes = (problem.input.shape, problem.weight.shape, problem.output_shape)
    suffix = ".png" if problem.rank == 2 and problem.batch == 1 else ".npy"
    check_drawable(shapes, "input, kernel and output have", suffix)


def run_figure(problem: Problem, output: Array) -> Figure:
    """Input, kernel and output with all their channels; output: (batch, out_channels, *spatial)."""
    arrays = [
        coloured(PanelKind.INPUT, problem.input),
        coloured(PanelKind.KERNEL, problem.applied_weight),
        coloured(PanelKind.OUTPUT, output),
    ]
    found = [each for each in arrays if each.values.size]
    return Figure(
        title=problem.labels.title or f"output {cells_text(problem.output_size)}",
        description=headline(problem),
        rows=(*_rows(problem, *arrays), tuple(each.legend for each in found)),
        remark=scales_text(found),
    )


def _rows(problem: Problem, inputs: Coloured, kernels: Coloured, outputs: Coloured) -> Iterator[tuple[Item, ...]]:
    """One row where there is one channel of each, otherwise the input, then a row for each filter with its output."""
    given = [list(_channels(problem, inputs, sample)) for sample in range(problem.batch)]
    filters = [list(_filter(problem, kernels, number)) for number in range(problem.out_channels)]
    made = [_outputs(problem, outputs, number) for number in range(problem.out_channels)]
    if len(given) == 1 and len(given[0]) == len(filters) == len(filters[0]) == len(made[0]) == 1:
        yield (given[0][0], Sign("∗" if problem.flip else "⋆"), filters[0][0], Sign("="), made[0][0])
        return
    yield from map(tuple, given)
    for planes, results in zip(filters, made, strict=True):
        yield (*_added(planes), Sign("→"), *results)


def _added(panels: Sequence[Panel]) -> Iterator[Item]:
    for number, panel in enumerate(panels):
        if number:
            yield Sign("+")
        yield panel


def _channels(problem: Problem, array: Coloured, sample: int) -> Iterator[Panel]:
    """The channels of one sample of the input."""
    samples = [f"sample {sample}"] * (problem.batch > 1)
    for channel in range(problem.in_channels):
        names = [*samples, *[f"channel {channel}"] * (problem.in_channels > 1)]
        caption = ", ".join((f"input {cells_text(problem.spatial_size)}", *names))
        yield from slice_panels(array, (sample, channel), caption, labelled=True)


def _filter(problem: Problem, array: Coloured, number: int) -> Iterator[Panel]:
    """The planes of one filter as they lie on the input."""
    for channel in range(problem.in_channels // problem.groups):
        caption = kernel_caption(problem, number, channel, one=problem.out_channels == 1, same=False)
        yield from slice_panels(array, (number, channel), caption)


def _outputs(problem: Problem, array: Coloured, channel: int) -> list[Panel]:
    """One channel of the output, of every sample."""
    panels: list[Panel] = []
    for sample in range(problem.batch):
        names = [f"sample {sample}"] * (problem.batch > 1) + [f"channel {channel}"] * (problem.out_channels > 1)
        caption = ", ".join((f"output {cells_text(problem.output_size)}", *names))
        panels += slice_panels(array, (sample, channel), caption, labelled=True)
    return panels
