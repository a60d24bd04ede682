"""The report of a trace through a network: a cell of a layer, told with the outputs of the layers below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.layers.explainer import ExplainedCell
from convcalc.layers.network import INPUT, Network
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, note, say
from convcalc.report.cell_names import cell_text, layer_text, place_text, region_text
from convcalc.report.network.data import cut_notes, stopped_at
from convcalc.report.text import number_text
from convcalc.report.trace.convolution import reads_text, story_blocks, trace_data
from convcalc.report.trace.terms import terms_blocks
from convcalc.report.trace.tree import COLUMNS, DIGITS, agreement, node_data, node_rows, tree_of
from convcalc.tracing.trace import Trace


def network_trace_report(told: ExplainedCell) -> Report:
    """Why a cell of a network is what it is: one layer in full, or a tree of several."""
    blocks = tuple(_blocks(told))
    return Report(
        blocks=blocks,
        data=lambda: {"schema": f"convcalc.network-trace/{SCHEMA_VERSION}", **network_trace_data(told)},
        rows=lambda: (HEADER, *network_trace_rows(told)),
        notes=cut_notes(told.network),
        handout=lambda: (network_setting(told.network), *blocks),
    )


def network_setting(network: Network) -> Sentence:
    """What is told of, for a page that is read by itself."""
    return say(network.title or "A network's number by hand", Role.TITLE)


def _blocks(told: ExplainedCell) -> Iterator[Block]:
    node, network = told.node, told.network
    yield _heading(told)
    yield from map(note, cut_notes(network))
    window = told.window
    where = region_text(window, network.input_shape) if all(window) else "no cell: it sees the padding alone"
    yield say(f"depends on input {where}", Role.LABEL)
    if told.depth > 1:
        yield tree_of(network, node)
    elif isinstance(told.explanation, Trace):
        yield say(f"reads {reads_text(told.explanation, _below(told))}", Role.LABEL)
        yield from story_blocks(told.explanation)
    else:
        yield from terms_blocks(network, node)
    yield agreement(node)


def _below(told: ExplainedCell) -> str:
    """What the layer gets."""
    (below,) = told.network.stages[told.number].inputs
    return "the input" if below == INPUT else f"output of {layer_text(told.network, below)}"


def _heading(told: ExplainedCell) -> Sentence:
    node = told.node
    stage = told.network.stages[node.number]
    value = f"{cell_text(stage.name, node.cell)} = {number_text(node.value, DIGITS)}"
    place = f"{place_text(node.cell, told.sample)} of {stage.name} ({stage.layer.kind})"
    return Sentence((Span(value, Role.TITLE), Span(f"   {place}", Role.LABEL)))


def network_trace_data(told: ExplainedCell) -> dict[str, Any]:
    """A trace for JSON, its cells as a tree."""
    document: dict[str, Any] = {
        "title": told.network.title,
        "stopped_at": stopped_at(told.network),
        "layer": layer_text(told.network, told.node.number),
        "batch": told.sample or 0,
        "cell": list(told.node.cell),
        "depth": told.depth,
        "window": [[each.start, each.stop - 1] if each else [] for each in told.window],
        "tree": node_data(told.network, told.node),
    }
    if isinstance(told.explanation, Trace) and told.depth == 1:
        document["trace"] = trace_data(told.explanation, told.node.value)
    return document


HEADER = ("batch", *COLUMNS)
"""Of :func:`network_trace_rows`."""


def network_trace_rows(told: ExplainedCell) -> Iterator[tuple[Any, ...]]:
    """One row for each term of each cell."""
    for row in node_rows(told.network, told.node):
        yield (told.sample or 0, *row)
