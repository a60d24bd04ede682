"""The report of a trace through a network: a cell of a layer from the outputs of the layers below."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.layers.explainer import ExplainedCell
from convcalc.layers.network import INPUT, Network
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, note, say
from convcalc.report.cell_names import cell_text, layer_text, place_text, region_text
from convcalc.report.network.data import computed_of, cut_notes, stopped_at
from convcalc.report.text import number_text
from convcalc.report.trace.convolution import reads_text, story_blocks, trace_data
from convcalc.report.trace.terms import terms_blocks
from convcalc.report.trace.tree import COLUMNS, DIGITS, agreement, node_data, node_rows, tree_of
from convcalc.tracing.trace import Trace


def network_trace_report(explained: ExplainedCell) -> Report:
    """The explanation of a cell of a network: one layer in full, or a tree of several."""
    blocks = tuple(_blocks(explained))
    return Report(
        blocks=blocks,
        data=lambda: {"schema": f"convcalc.network-trace/{SCHEMA_VERSION}", **network_trace_data(explained)},
        rows=lambda: (HEADER, *network_trace_rows(explained)),
        notes=cut_notes(explained.network),
        handout=lambda: (network_setting(explained.network), *blocks),
    )


def network_setting(network: Network) -> Sentence:
    """The network's title, for a standalone page."""
    return say(network.title or "A network's number by hand", Role.TITLE)


def _blocks(explained: ExplainedCell) -> Iterator[Block]:
    node, network = explained.node, explained.network
    yield _heading(explained)
    yield from map(note, cut_notes(network))
    window = explained.window
    where = region_text(window, network.input_shape) if all(window) else "no cell: it sees the padding alone"
    yield say(f"depends on input {where}", Role.LABEL)
    if explained.depth > 1:
        yield tree_of(network, node)
    elif isinstance(explained.explanation, Trace):
        yield say(f"reads {reads_text(explained.explanation, _below(explained))}", Role.LABEL)
        yield from story_blocks(explained.explanation)
    else:
        yield from terms_blocks(network, node)
    yield agreement(node)


def _below(explained: ExplainedCell) -> str:
    """The name of the layer's input."""
    (below,) = explained.network.stages[explained.number].inputs
    return "the input" if below == INPUT else f"output of {layer_text(explained.network, below)}"


def _heading(explained: ExplainedCell) -> Sentence:
    node = explained.node
    stage = explained.network.stages[node.number]
    value = f"{cell_text(stage.name, node.cell)} = {number_text(node.value, DIGITS)}"
    place = f"{place_text(node.cell, explained.sample)} of {stage.name} ({stage.layer.kind})"
    return Sentence((Span(value, Role.TITLE), Span(f"   {place}", Role.LABEL)))


def network_trace_data(explained: ExplainedCell) -> dict[str, Any]:
    """A trace for JSON, its cells as a tree."""
    document: dict[str, Any] = {
        "title": explained.network.title,
        "stopped_at": stopped_at(explained.network),
        "computed": computed_of(explained.network),
        "layer": layer_text(explained.network, explained.node.number),
        "batch": explained.sample or 0,
        "cell": list(explained.node.cell),
        "depth": explained.depth,
        "window": [[each.start, each.stop - 1] if each else [] for each in explained.window],
        "tree": node_data(explained.network, explained.node),
    }
    if isinstance(explained.explanation, Trace) and explained.depth == 1:
        document["trace"] = trace_data(explained.explanation, explained.node.value)
    return document


HEADER = ("batch", *COLUMNS)
"""Of :func:`network_trace_rows`."""


def network_trace_rows(explained: ExplainedCell) -> Iterator[tuple[Any, ...]]:
    """One row for each term of each cell."""
    for row in node_rows(explained.network, explained.node):
        yield (explained.sample or 0, *row)
