"""The figure of a cell of a layer that is no convolution: its terms, their weights, and the total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.layers.network import Network
from convcalc.layers.unfold import Node, largest_terms
from convcalc.report.arrays.figure import Cell, Figure, Item, Panel, PanelKind, Sign, single, typeset
from convcalc.report.cell_names import cell_text, layer_text
from convcalc.report.text import number_text, number_texts
from convcalc.report.trace.tree import DIGITS, agreement, formula_text, scale_factor
from convcalc.tracing.explanation import Explanation, Rule
from convcalc.wording import counted

_MOST_TERMS = 16  # drawn, one below the other


def terms_figure(network: Network, node: Node) -> Figure:
    """One cell as a figure."""
    reason = node.explanation
    assert reason is not None  # the root of a tree is a layer's
    name = layer_text(network, node.number)
    shown = range(len(reason.terms)) if len(reason.terms) <= _MOST_TERMS else largest_terms(reason, _MOST_TERMS)
    return Figure(
        title=typeset(f"{cell_text(name, node.cell)} = {number_text(node.value, DIGITS)}"),
        description=f"{name} ({network.stages[node.number].layer.kind}): {formula_text(node) or 'passed on'}",
        rows=(tuple(_terms(network, node, reason, shown)), tuple(_total(node, reason))),
        notes=tuple(map(typeset, _notes(node, reason, shown))),
    )


def _terms(network: Network, node: Node, reason: Explanation, shown: Sequence[int]) -> Iterator[Item]:
    terms = [reason.terms[each] for each in shown]
    below = [layer_text(network, each) for each in network.stages[node.number].inputs]
    labels = ["padding" if term.cell is None else cell_text(below[term.source], term.cell) for term in terms]
    won = {reason.winner} if reason.rule is Rule.MAXIMUM else set()
    marks = [each in won for each in shown]
    yield _column(PanelKind.INPUT, "values", [term.value for term in terms], labels, marks)
    if reason.rule is Rule.SUM and any(term.weight != 1 for term in reason.terms):
        yield Sign("×")
        yield _column(PanelKind.KERNEL, "weights", [term.weight for term in terms])
        yield Sign("=")
        yield _column(PanelKind.PRODUCTS, "products", [term.product for term in terms])


def _column(
    kind: PanelKind, caption: str, values: Sequence[object], labels: Sequence[str] = (), marks: Sequence[bool] = ()
) -> Panel:
    marks = marks or [False] * len(values)
    cells = [(Cell(typeset(text), is_marked=mark),) for text, mark in zip(number_texts(values), marks, strict=True)]
    return Panel(kind, caption, tuple(cells), tuple(labels))


def _total(node: Node, reason: Explanation) -> Iterator[Item]:
    if reason.rule is not Rule.SUM:
        yield Sign(typeset(formula_text(node)))
    elif scale_factor(reason):
        yield Sign(typeset(f"Σ × {scale_factor(reason)}"))
    else:
        yield Sign("Σ")
    if reason.rule is Rule.SUM and reason.bias:
        yield Sign("+")
        yield single(PanelKind.RESULT, "bias", number_text(reason.bias, DIGITS))
    yield Sign("=")
    yield single(PanelKind.TOTAL, "total", number_text(reason.total, DIGITS))


def _notes(node: Node, reason: Explanation, shown: Sequence[int]) -> Iterator[str]:
    if len(shown) < len(reason.terms):
        yield f"of {counted(len(reason.terms), 'cell')} the {len(shown)} that contribute most are drawn"
    yield agreement(node).spans[0].text
