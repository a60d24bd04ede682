"""Worksheets of runs: input and kernel are given, the output is to be filled in; of layers the table of results."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.arrays import Array
from convcalc.layers.run import NetworkRun
from convcalc.problem import Problem
from convcalc.report.array_data import array_data
from convcalc.report.arrays.grids import cell_labels, plane_grids
from convcalc.report.blocks import SCHEMA_VERSION, Block, Flow, Grid, Report, Role, say
from convcalc.report.headline import headline
from convcalc.report.run.channels import output_names, shown_channels, table_blocks
from convcalc.report.run.report import layers_table
from convcalc.report.size_arithmetic import size_sentences
from convcalc.report.worksheet import filled_columns, filled_grid, worksheet
from convcalc.wording import shape_text


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
    """The table of layers with places for their shapes and ranges."""
    if run.network.title:
        yield say(run.network.title, Role.TITLE)
    yield say(f"{run.source}, {shape_text(run.network.input_shape)}.")
    yield filled_columns(layers_table(run), ("output", "min", "max", "mean"), 8)
