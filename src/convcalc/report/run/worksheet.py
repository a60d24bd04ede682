"""Worksheets of runs: input and kernel are given, the output is to be filled in; of layers also the weights."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, product

from convcalc.arrays import Array
from convcalc.layers.network import INPUT, INPUT_NAME
from convcalc.layers.run import LayerRun, NetworkRun
from convcalc.problem import Problem
from convcalc.report.array_data import array_data
from convcalc.report.arrays.grids import cell_labels, plane_grids
from convcalc.report.arrays.lone_arrays import lone_blocks
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Grid, Report, Role, say
from convcalc.report.headline import headline
from convcalc.report.layer_arguments import arguments_text
from convcalc.report.run.channels import output_names, shown_channels, table_blocks
from convcalc.report.run.report import layers_table
from convcalc.report.size_arithmetic import size_sentences
from convcalc.report.text import listed
from convcalc.report.worksheet import filled_columns, filled_grid, worksheet
from convcalc.wording import counted, shape_text

_MATRIX = 2  # axes
_MOST = 18  # planes of a weight that are shown


def run_worksheet(run: NetworkRun, key: str) -> Report:
    """A run as a worksheet with its key."""
    page = _convolution(run.problem, run.output) if run.problem is not None else _layers(run)
    schema = f"convcalc.run-worksheet/{SCHEMA_VERSION}"
    return Report(worksheet([*page], key), lambda: {"schema": schema, "key": array_data(run.output)})


def _convolution(problem: Problem, output: Array) -> Iterator[Block]:
    if problem.labels.title:
        yield say(problem.labels.title, Role.TITLE)
    yield say(headline(problem))
    yield from size_sentences(problem.axes)
    yield from table_blocks(problem, output, ["output"])
    grids: list[Grid] = []
    for caption, plane in shown_channels("output", output, output_names(problem)):
        grids += map(filled_grid, plane_grids(caption, plane, labels=cell_labels(plane)))
    yield Flow(tuple(grids))


def _layers(run: NetworkRun) -> Iterator[Block]:
    """The input, then each layer with its weights and places for its output, then places for the ranges."""
    network = run.network
    if network.title:
        yield say(network.title, Role.TITLE)
    yield say(f"{run.source}, {shape_text(network.input_shape)}.")
    yield from lone_blocks("input", network.input())
    for row in run.layers:
        yield from _layer(run, row)
    yield filled_columns(layers_table(run), ("output", "min", "max", "mean"), 8)


def _layer(run: NetworkRun, row: LayerRun) -> Iterator[Block]:
    """What a layer does with what, its weights, and places for its output."""
    stage = run.network.stages[row.number]
    given = listed([INPUT_NAME if each == INPUT else run.network.stages[each].name for each in stage.inputs])
    words = ", ".join(filter(None, (f"{stage.layer.kind} of {given}", arguments_text(stage.layer))))
    yield say(f"{stage.name}: {words}.", space_before=True)
    for name, values in stage.values().items():
        yield from _weight(name, values)
    yield from _places(f"{stage.name} output", run.kept[row.number])


def _weight(name: str, values: Array) -> Iterator[Block]:
    """The numbers of a weight, (out, in, *kernel), (out, in) or (channels,): the first planes of a kernel."""
    if values.ndim <= _MATRIX:
        yield Flow(tuple(plane_grids(f"{name} {shape_text(values.shape)}", values, labels=cell_labels(values))))
        return
    places = list(product(*map(range, values.shape[:_MATRIX])))
    grids = [plane_grids(f"{name}, output {out}, input {into}", values[out, into]) for out, into in places[:_MOST]]
    yield Flow(tuple(chain.from_iterable(grids)))
    if len(places) > _MOST:
        yield say(f"{counted(len(places) - _MOST, 'more plane')} of the {name} not shown", Role.LABEL)


def _places(name: str, output: Array) -> Iterator[Block]:
    """Places for the first channels of an output, (batch, channels, *spatial) or (batch, features)."""
    cells = output[:, None] if output.ndim == _MATRIX else output
    planes = shown_channels(name, cells)
    grids = chain.from_iterable(plane_grids(text, plane, labels=cell_labels(plane)) for text, plane in planes)
    yield Flow(tuple(map(filled_grid, grids)))
