"""The report of a trace through a network: a cell of a layer, told with the outputs of the layers below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from convcalc.layers.layer import Box
from convcalc.layers.stack import INPUT, Stack
from convcalc.layers.unfold import Node
from convcalc.problem import Problem
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, say
from convcalc.report.places import cell_text, layer_text, place_text, region_text
from convcalc.report.step import step_blocks
from convcalc.report.text import number_text
from convcalc.report.trace import reads_text, story_blocks, trace_data
from convcalc.report.unfolded import COLUMNS, DIGITS, agreement, node_data, node_rows, tree_of
from convcalc.tracing.trace import Trace


class Traced(NamedTuple):
    """A cell of a network with all that there is to say about it."""

    stack: Stack
    node: Node
    depth: int
    sample: int | None
    """Which sample of several; None: there is one."""
    convolution: tuple[Problem, Trace] | None
    """Of a convolution: the layer as a problem of its own, on the output of the layer below, and the cell's trace."""


def stack_trace_report(traced: Traced) -> Report:
    """Why a cell of a network is what it is: one layer in full, or a tree of several."""
    blocks = tuple(_blocks(traced))
    return Report(
        blocks=blocks,
        data=lambda: {"schema": f"convcalc.stack-trace/{SCHEMA_VERSION}", **stack_trace_data(traced)},
        rows=lambda: (HEADER, *stack_trace_rows(traced)),
        handout=lambda: (stack_setting(traced.stack), *blocks),
    )


def stack_setting(stack: Stack) -> Sentence:
    """What is told of, for a page that is read by itself."""
    return say(stack.title or "A network's number by hand", Role.TITLE)


def window_of(traced: Traced) -> Box:
    """The cells of the network's input that the cell depends on; empty if there are none."""
    cell = tuple(range(each, each + 1) for each in traced.node.cell)
    return traced.stack.windows(traced.node.number, cell)[INPUT]


def _blocks(traced: Traced) -> Iterator[Block]:
    node, stack = traced.node, traced.stack
    yield _heading(traced)
    window = window_of(traced)
    where = region_text(window, stack.input_shape) if all(window) else "no cell: it sees the padding alone"
    yield say(f"depends on input {where}", Role.LABEL)
    if traced.depth > 1:
        yield tree_of(stack, node)
    elif traced.convolution:
        problem, trace = traced.convolution
        yield say(f"reads {reads_text(problem, trace, problem.labels.input)}", Role.LABEL)
        yield from story_blocks(problem, trace)
    else:
        yield from step_blocks(stack, node)
    yield agreement(node)


def _heading(traced: Traced) -> Sentence:
    node = traced.node
    stage = traced.stack.stages[node.number]
    value = f"{cell_text(stage.name, node.cell)} = {number_text(node.value, DIGITS)}"
    place = f"{place_text(node.cell, traced.sample)} of {stage.name} ({stage.layer.kind})"
    return Sentence((Span(value, Role.TITLE), Span(f"   {place}", Role.LABEL)))


def stack_trace_data(traced: Traced) -> dict[str, Any]:
    """A trace for JSON, its cells as a tree."""
    document: dict[str, Any] = {
        "title": traced.stack.title,
        "layer": layer_text(traced.stack, traced.node.number),
        "batch": traced.sample or 0,
        "cell": list(traced.node.cell),
        "depth": traced.depth,
        "window": [[each.start, each.stop - 1] if each else [] for each in window_of(traced)],
        "tree": node_data(traced.stack, traced.node),
    }
    if traced.convolution:
        document["trace"] = trace_data(traced.convolution[1], traced.node.value)
    return document


HEADER = ("batch", *COLUMNS)
"""Of :func:`stack_trace_rows`."""


def stack_trace_rows(traced: Traced) -> Iterator[tuple[Any, ...]]:
    """One row for each term of each cell."""
    for row in node_rows(traced.stack, traced.node):
        yield (traced.sample or 0, *row)
