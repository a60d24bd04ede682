"""The explanation of a layer that is no convolution: its terms in a table, and the total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.layers.network import Network
from convcalc.layers.unfold import Node, largest_terms
from convcalc.report.blocks import Block, Role, Span, Sum, Table, note, say
from convcalc.report.cell_names import cell_text, layer_text
from convcalc.report.text import number_text, number_texts
from convcalc.report.trace.tree import DIGITS, formula_text, scale_factor, shortened
from convcalc.tracing.explanation import Explanation, Rule, Term
from convcalc.wording import counted

_MOST_ROWS = 24
_MOST_PRODUCTS = 8  # written out of a sum whose terms are not all in the table
_PADDING = "padding"


def terms_blocks(network: Network, node: Node) -> Iterator[Block]:
    """The terms of a cell, and their sum, maximum or function."""
    reason = node.explanation
    if reason is None:
        return
    shown = shown_terms(reason)
    yield terms_table(network, node, reason)
    hidden = len(reason.terms) - len(shown)
    if hidden:
        yield say(_hidden(reason, shown, hidden), Role.LABEL)
    yield from _result(node, reason, shown)


def result_blocks(node: Node, reason: Explanation) -> Iterator[Block]:
    """The sum, the maximum or the function alone; ``reason``: of the cell."""
    yield from _result(node, reason, shown_terms(reason))


def _result(node: Node, reason: Explanation, shown: Sequence[int]) -> Iterator[Block]:
    if reason.rule is Rule.SUM:
        yield from _sum(reason, shown)
    else:
        yield say(f"{formula_text(node)} = {number_text(reason.total, DIGITS)}{_why(reason)}", Role.TOTAL)
    yield from _outside(reason)


def _outside(reason: Explanation) -> Iterator[Block]:
    """Notes on the window's cells in the padding: those that count as 0, and those without a value."""
    zeros = reason.zeros + sum(term.cell is None for term in reason.terms)
    for count, why in ((zeros, ", as 0"), (reason.absent, ": never there, not even as 0")):
        if count:
            lies = "lies" if count == 1 else "lie"
            yield note(f"{counted(count, 'cell')} of the window {lies} outside the input{why}")


def shown_terms(reason: Explanation) -> Sequence[int]:
    """The numbers of all terms in their order, or of many of the largest."""
    return range(len(reason.terms)) if len(reason.terms) <= _MOST_ROWS else largest_terms(reason, _MOST_ROWS)


def terms_table(network: Network, node: Node, reason: Explanation) -> Table:
    """The shown terms of a cell with their values, and of a sum their weights and products."""
    shown = shown_terms(reason)
    terms = [reason.terms[each] for each in shown]
    inputs = [layer_text(network, each) for each in network.stages[node.number].inputs]
    is_weighted = any(term.weight != 1 for term in reason.terms)
    columns: dict[str, list[Span]] = {
        "cell": [_cell(term, inputs) for term in terms],
        "value": _numbers(term.value for term in terms),
    }
    if is_weighted:
        columns["weight"] = _numbers(term.weight for term in terms)
        columns["product"] = _numbers(term.product for term in terms)
    if reason.rule is Rule.MAXIMUM:
        columns["won"] = [Span("won", Role.GOOD) if each == reason.winner else Span("") for each in shown]
    rows = tuple(zip(*columns.values(), strict=True))
    return Table(tuple(columns), rows, numeric=("value", "weight", "product"))


def _cell(term: Term, inputs: Sequence[str]) -> Span:
    return Span(_PADDING, Role.PADDED) if term.cell is None else Span(cell_text(inputs[term.source], term.cell))


def _numbers(values: Iterator[object]) -> list[Span]:
    texts = number_texts(values)
    return [Span(text, Role.NEGATIVE if text.startswith("-") else Role.NUMBER) for text in texts]


def _hidden(reason: Explanation, shown: Sequence[int], hidden: int) -> str:
    more = counted(hidden, "more cell")
    if reason.rule is not Rule.SUM:
        return f"{more} not shown; --format csv has all"
    from convcalc.arrays import added

    kept = set(shown)
    rest = added(term.product for number, term in enumerate(reason.terms) if number not in kept)
    return f"{more}, none with a larger product, together {number_text(rest, DIGITS)}; --format csv has all"


def _sum(reason: Explanation, shown: Sequence[int]) -> Iterator[Block]:
    is_cut = len(shown) < len(reason.terms)
    products = [number_text(reason.terms[each].product) for each in (shown[:_MOST_PRODUCTS] if is_cut else shown)]
    yield Sum(
        "total",
        tuple(products),
        number_text(reason.total, DIGITS),
        omitted=counted(len(reason.terms), "product") if is_cut else "",
        scale=scale_factor(reason),
        bias=number_text(reason.bias, DIGITS) if reason.bias else "",
        space_before=True,
    )
    if reason.formula and reason.formula != scale_factor(reason):
        yield say(shortened(reason.formula), Role.LABEL)


def _why(reason: Explanation) -> str:
    """The result of the values, in words."""
    if reason.rule is Rule.MAXIMUM:
        same = sum(term.value == reason.total for term in reason.terms)
        return f" ({counted(same, 'cell')} hold it, the first wins)" if same > 1 else ""
    return ""
