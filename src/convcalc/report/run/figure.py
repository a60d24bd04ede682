"""The figure of a run: input, kernel and output, every cell coloured by its value, with its number where that fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.arrays import Array
from convcalc.layers.layer import Shape
from convcalc.layers.network import Network
from convcalc.layers.run import NetworkRun
from convcalc.problem import Problem
from convcalc.report.arrays.coloured_panels import Coloured, check_drawable, coloured, scales_text, slice_panels
from convcalc.report.arrays.figure import Figure, Item, Panel, PanelKind, Sign
from convcalc.report.headline import headline
from convcalc.report.plot import aligned
from convcalc.report.run.arrays_shown import are_curves
from convcalc.report.run.channels import kernel_caption
from convcalc.report.run.contributions import contribution_rows
from convcalc.report.run.signals import plots_of
from convcalc.report.text import cells_text
from convcalc.tracing.contributions import Contributions
from convcalc.wording import counted, shape_text


def check_figure_of(network: Network, samples: int, numbers: Sequence[int], *, curves: bool = False) -> None:
    """Refuse a figure that would be too large, before anything is computed; ``numbers``: the layers that it shows.

    Raises:
        OutputError: there are too many cells, or too many channels and slices.
    """
    problem = network.stages[0].problem
    if problem is not None and are_curves(problem, asked=curves):
        return
    if problem is not None:
        check_run_figure(problem)
        return
    shapes = [(samples, *_drawn(shape)) for shape in (network.input_shape, *map(network.shape_of, numbers))]
    check_drawable(shapes, "input and outputs have", ".npz")


def figure_of(run: NetworkRun, apart: Contributions | None = None, *, curves: bool = False) -> Figure:
    """A run as a figure: a convolution with its kernel, of more layers the input and the outputs that were kept.

    ``apart``: the parts of a convolution's output by input channel. ``curves``: signals of one axis as curves, not only
    those too long for a table.
    """
    if run.problem is None:
        return layers_figure(run) if apart is None else run_figure(apart.problem, run.output, apart)
    if apart is None and are_curves(run.problem, asked=curves):
        return signal_figure(run.problem, run.output)
    return run_figure(run.problem, run.output, apart)


def layers_figure(run: NetworkRun) -> Figure:
    """The input and the outputs that were kept, each with its own colours and a row of its own."""
    network = run.network
    arrays = {"input": coloured(PanelKind.INPUT, _with_axes(network.input()))}
    for number, output in run.kept.items():
        arrays[network.stages[number].name] = coloured(PanelKind.OUTPUT, _with_axes(output))
    rows: list[tuple[Item, ...]] = [
        (*_planes(name, each), each.legend._replace(caption=name)) for name, each in arrays.items()
    ]
    return Figure(
        title=network.title or f"output {shape_text(run.output.shape[1:])}",
        description=f"{run.source} through {counted(len(run.layers), 'layer')}",
        rows=tuple(rows),
        remark="each array has its own colours",
    )


def _drawn(shape: Shape) -> Shape:
    """Features as a channel of one axis."""
    return shape if len(shape) > 1 else (1, *shape)


def _with_axes(values: Array) -> Array:
    drawn: Array = values.reshape(len(values), *_drawn(values.shape[1:]))
    return drawn


def _planes(name: str, array: Coloured) -> Iterator[Panel]:
    """Every channel of every sample."""
    samples, channels, *size = array.values.shape
    for sample in range(samples):
        for channel in range(channels):
            places = [f"sample {sample}"] * (samples > 1) + [f"channel {channel}"] * (channels > 1)
            caption = ", ".join((f"{name} {cells_text(tuple(size))}", *places))
            yield from slice_panels(array, (sample, channel), caption, labelled=True)


def signal_figure(problem: Problem, output: Array) -> Figure:
    """The curves of a run of one axis, the output under the input; output: (batch, out_channels, samples)."""
    return Figure(
        title=problem.labels.title or f"output {cells_text(problem.output_size)}",
        description=headline(problem),
        rows=tuple((plot,) for plot in aligned(list(plots_of(problem, output)))),
    )


def check_run_figure(problem: Problem) -> None:
    """Refuse a figure that would be too large, before anything is computed.

    Raises:
        OutputError: there are too many cells, or too many channels and slices.
    """
    shapes = (problem.input.shape, problem.weight.shape, problem.output_shape)
    suffix = ".png" if problem.rank == 2 and problem.batch == 1 else ".npy"
    check_drawable(shapes, "input, kernel and output have", suffix)


def run_figure(problem: Problem, output: Array, apart: Contributions | None = None) -> Figure:
    """Input, kernel and output with all their channels, and with ``apart`` the parts of the output.

    ``output``: (batch, out_channels, *spatial).
    """
    made = output if apart is None else apart.with_sum(output)
    check_drawable([made.shape], "the parts of the output have", ".json")
    arrays = [
        coloured(PanelKind.INPUT, problem.input),
        coloured(PanelKind.KERNEL, problem.applied_weight),
        coloured(PanelKind.OUTPUT, made),
    ]
    found = [each for each in arrays if each.values.size]
    rows = _rows(problem, *arrays) if apart is None else contribution_rows(apart, *arrays)
    return Figure(
        title=problem.labels.title or f"output {cells_text(problem.output_size)}",
        description=headline(problem),
        rows=(*rows, tuple(each.legend for each in found)),
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
        yield (*planes, Sign("→"), *results)


def _channels(problem: Problem, array: Coloured, sample: int) -> Iterator[Panel]:
    """The channels of one sample of the input."""
    samples = [f"sample {sample}"] * (problem.batch > 1)
    for channel in range(problem.in_channels):
        names = [*samples, *[problem.labels.channels.called(channel)] * (problem.in_channels > 1)]
        caption = ", ".join((f"input {cells_text(problem.spatial_size)}", *names))
        yield from slice_panels(array, (sample, channel), caption, labelled=True)


def _filter(problem: Problem, array: Coloured, number: int) -> Iterator[Panel]:
    """The planes of one filter as applied to the input."""
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
