"""The step of a layer that is no convolution: its terms in a table, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcalc.layers.stack import Stack
from convcalc.layers.step import Rule, Step, Term
from convcalc.layers.unfold import Node, largest_terms
from convcalc.report.blocks import Block, Role, Span, Sum, Table, note, say
from convcalc.report.places import cell_text, layer_text
from convcalc.report.text import number_text, number_texts
from convcalc.report.unfolded import DIGITS, formula_text, scale_factor, shortened
from convcalc.wording import counted

_MOST_ROWS = 24
_MOST_PRODUCTS = 8  # written out of a sum whose terms are not all in the table
_PADDING = "padding"


def step_blocks(stack: Stack, node: Node) -> Iterator[Block]:
    """The terms of a cell, and the sum, the maximum or the function that they are put into."""
    step = node.step
    if step is None:
        return
    shown = _shown(step)
    yield _table(stack, node, step, shown)
    hidden = len(step.terms) - len(shown)
    if hidden:
        yield say(_hidden(step, shown, hidden), Role.LABEL)
    if step.rule is Rule.SUM:
        yield from _sum(step, shown)
    else:
        yield say(f"{formula_text(node)} = {number_text(step.total, DIGITS)}{_why(step)}", Role.TOTAL)
    yield from _outside(step)


def _outside(step: Step) -> Iterator[Block]:
    """The cells of the window in the padding: those that count as 0, and those that were never there."""
    zeros = step.zeros + sum(term.cell is None for term in step.terms)
    for count, why in ((zeros, ", as 0"), (step.absent, ": never there, not even as 0")):
        if count:
            lies = "lies" if count == 1 else "lie"
            yield note(f"{counted(count, 'cell')} of the window {lies} outside the input{why}")


def _shown(step: Step) -> Sequence[int]:
    """All terms in their order, or of many the largest."""
    return range(len(step.terms)) if len(step.terms) <= _MOST_ROWS else largest_terms(step, _MOST_ROWS)


def _table(stack: Stack, node: Node, step: Step, shown: Sequence[int]) -> Table:
    """The cells with their values, and of a sum their weights and products."""
    terms = [step.terms[each] for each in shown]
    inputs = [layer_text(stack, each) for each in stack.stages[node.number].inputs]
    is_weighted = any(term.weight != 1 for term in step.terms)
    columns: dict[str, list[Span]] = {
        "cell": [_cell(term, inputs) for term in terms],
        "value": _numbers(term.value for term in terms),
    }
    if is_weighted:
        columns["weight"] = _numbers(term.weight for term in terms)
        columns["product"] = _numbers(term.product for term in terms)
    if step.rule is Rule.MAXIMUM:
        columns["won"] = [Span("won", Role.GOOD) if each == step.winner else Span("") for each in shown]
    rows = tuple(zip(*columns.values(), strict=True))
    return Table(tuple(columns), rows, numeric=("value", "weight", "product"))


def _cell(term: Term, inputs: Sequence[str]) -> Span:
    return Span(_PADDING, Role.PADDED) if term.cell is None else Span(cell_text(inputs[term.source], term.cell))


def _numbers(values: Iterator[object]) -> list[Span]:
    texts = number_texts(values)
    return [Span(text, Role.NEGATIVE if text.startswith("-") else Role.NUMBER) for text in texts]


def _hidden(step: Step, shown: Sequence[int], hidden: int) -> str:
    more = counted(hidden, "more cell")
    if step.rule is not Rule.SUM:
        return f"{more} not shown; --format csv has all"
    from convcalc.arrays import added

    kept = set(shown)
    rest = added(term.product for number, term in enumerate(step.terms) if number not in kept)
    return f"{more}, none with a larger product, together {number_text(rest, DIGITS)}; --format csv has all"


def _sum(step: Step, shown: Sequence[int]) -> Iterator[Block]:
    is_cut = len(shown) < len(step.terms)
    products = [number_text(step.terms[each].product) for each in (shown[:_MOST_PRODUCTS] if is_cut else shown)]
    yield Sum(
        "total",
        tuple(products),
        number_text(step.total, DIGITS),
        omitted=counted(len(step.terms), "product") if is_cut else "",
        scale=scale_factor(step),
        bias=number_text(step.bias, DIGITS) if step.bias else "",
        space_before=True,
    )
    if step.formula and step.formula != scale_factor(step):
        yield say(shortened(step.formula), Role.LABEL)


def _why(step: Step) -> str:
    """What became of the values, in words."""
    if step.rule is Rule.MAXIMUM:
        same = sum(term.value == step.total for term in step.terms)
        return f" ({counted(same, 'cell')} hold it, the first wins)" if same > 1 else ""
    return ""
