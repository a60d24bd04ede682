"""A cell of a network as a tree: the terms of each cell, the largest first, down to the input."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.layers.network import Network
from convcalc.layers.unfold import Branch, Node, largest_terms
from convcalc.report.blocks import Role, Sentence, Span, Tree, say
from convcalc.report.cell_names import cell_text, layer_text
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text, signed_sum
from convcalc.tracing.explanation import Cell, Explanation, Rule
from convcalc.wording import counted, safe_text

DIGITS = 10
"""Significant digits of totals and parts."""
_MOST_TERMS = 8  # of a sum, written out in a line
_MOST_VALUES = 4  # of a maximum
_FLOAT = re.compile(r"(?<![\w.])\d+\.\d+(?:e[-+]\d+)?|(?<![\w.])\d+e[-+]\d+")  # in a formula, to be shortened


def tree_of(network: Network, node: Node) -> Tree:
    """The tree of a cell, its value first."""
    name = cell_text(layer_text(network, node.number), node.cell)
    spans = (
        Span(name, Role.TITLE),
        Span(f" = {number_text(node.value, DIGITS)}", Role.TOTAL),
        Span(_formula(node)),
    )
    return Tree((*spans, *_doubt(node)), tuple(_branches(network, node)))


def _formula(node: Node) -> str:
    formula = formula_text(node)
    return f" = {formula}" if formula else ""


def formula_text(node: Node) -> str:
    """The formula of a cell's terms: a sum, a maximum, a function; empty where one value is passed on."""
    reason = node.explanation
    if reason is None:
        return ""
    if reason.rule is Rule.SUM:
        is_passed_on = len(reason.terms) == 1 and reason.slopes == (1,) and not reason.bias
        return "" if is_passed_on else _sum_text(node, reason)
    if reason.rule is Rule.MAXIMUM:
        return _maximum_text(reason)
    return f"{shortened(reason.formula)}{remark(reason)}"


def _maximum_text(reason: Explanation) -> str:
    """A few values in the order of the window, or of many the largest."""
    count = len(reason.terms)
    shown = range(count) if count <= _MOST_VALUES else largest_terms(reason, _MOST_VALUES - 1)
    more = [f"… {count - len(shown):,} more"] if len(shown) < count else []
    return f"max({', '.join([*(number_text(reason.terms[each].value) for each in shown), *more])})"


def shortened(formula: str) -> str:
    """A formula with its floats shortened."""
    return _FLOAT.sub(lambda found: number_text(float(found[0])), formula)


def remark(reason: Explanation) -> str:
    """The note that a function's derivative is 0, as of ReLU below 0; otherwise empty."""
    cuts = reason.rule is Rule.FUNCTION and reason.total == 0 and not any(reason.function_slopes)
    return ": cut" if cuts and any(term.value != 0 for term in reason.terms) else ""


def scale_factor(reason: Explanation) -> str:
    """The factor of a sum; empty where it is 1."""
    return "" if reason.scale == 1 else number_text(reason.scale)


def _sum_text(node: Node, reason: Explanation) -> str:
    """The largest products, in the order of the branches."""
    terms = [branch.term for branch in node.branches][:_MOST_TERMS]
    is_bare = _is_bare(reason)
    products = [
        number_text(term.value) if is_bare else _product(number_text(term.weight), number_text(term.value))
        for term in terms
    ]
    text = signed_sum(products) + (" + …" if len(terms) < len(reason.terms) else "")
    if scale_factor(reason):
        text = f"({text}) × {scale_factor(reason)}" if len(reason.terms) > 1 else f"{text} × {scale_factor(reason)}"
    return signed_sum([text, number_text(reason.bias)]) if reason.bias else text


def _is_bare(reason: Explanation) -> bool:
    """Whether all weights of a sum are 1."""
    return all(term.weight == 1 for term in reason.terms)


def _product(*factors: str) -> str:
    """Factors with × between them, negative ones after the first in parentheses."""
    first, *others = factors
    return "×".join([first, *(f"({each})" if each.startswith("-") else each for each in others)])


def _branches(network: Network, node: Node) -> Iterator[Tree]:
    reason = node.explanation
    if reason is None:
        return
    for branch in node.branches:
        yield _branch(network, reason, branch)
    if node.rest.terms:
        yield Tree((Span(_rest(node, reason), Role.LABEL),))
    for count, what in ((reason.zeros, "0"), (reason.absent, "never there")):
        if count:
            yield Tree((Span(f"{counted(count, 'cell')} in the padding: {what}", Role.NOTE),))
    if reason.rule is Rule.SUM and reason.bias:
        yield Tree((Span(number_text(reason.bias, DIGITS), Role.NUMBER), Span("   bias", Role.LABEL)))


def _branch(network: Network, reason: Explanation, branch: Branch) -> Tree:
    """A part with its product, then the cell that it comes from and that cell's terms."""
    part = Span(_part(reason, branch))
    node = branch.node
    if node is None:
        return Tree((part, Span("   padding: never there", Role.NOTE)))
    name = cell_text(layer_text(network, node.number), node.cell)
    spans = (part, Span(f"   {name}", Role.TITLE), Span(_formula(node)), *_doubt(node))
    return Tree(spans, tuple(_branches(network, node)))


def _part(reason: Explanation, branch: Branch) -> str:
    part, value = number_text(branch.part, DIGITS), number_text(branch.term.value, DIGITS)
    if reason.rule is not Rule.SUM:
        return f"{value}{' (won)' if reason.rule is Rule.MAXIMUM else ''}"
    factors = [] if _is_bare(reason) else [number_text(branch.term.weight)]
    factors += [value, *filter(None, [scale_factor(reason)])]
    return f"{part} = {_product(*factors)}" if len(factors) > 1 else part


def _rest(node: Node, reason: Explanation) -> str:
    more = f"… and {node.rest.terms:,} more"
    if reason.rule is Rule.SUM:
        return f"{more}, together {number_text(node.rest.part, DIGITS)}"
    return f"{more}, none larger" if reason.rule is Rule.MAXIMUM and reason.total == reason.total else more


def _doubt(node: Node) -> Sequence[Span]:
    """A note where an explanation's total differs from the engine's value of the cell."""
    if node.agrees or node.explanation is None:
        return ()
    return (Span(f"   differs: the step gives {number_text(node.explanation.total, 17)}", Role.BAD),)


def explanations_of(node: Node) -> Iterator[tuple[Node, Explanation]]:
    """Every explained cell of a tree, with its explanation."""
    if node.explanation is not None:
        yield node, node.explanation
    for branch in node.branches:
        if branch.node is not None:
            yield from explanations_of(branch.node)


def agreement(node: Node) -> Sentence:
    """Whether every explanation of a tree agrees with the engine's value of its cell."""
    steps = list(explanations_of(node))
    bad = sum(not each.agrees for each, _ in steps)
    is_same = all(reason.total == each.value or str(reason.total) == str(each.value) == "nan" for each, reason in steps)
    if len(steps) == 1:
        if bad:
            return say(f"the engine's output differs: {number_text(node.value, 17)}", Role.BAD)
        words = "equals" if is_same else "agrees within rounding with"
        return say(f"{words} the engine's output {number_text(node.value, DIGITS)}", Role.GOOD)
    if bad:
        return say(f"{bad:,} of {counted(len(steps), 'cell')} differ from what the engines made of them", Role.BAD)
    words = "equal" if is_same else "agree within rounding with"
    return say(f"the steps of all {len(steps):,} cells {words} the engines' outputs", Role.GOOD)


def node_data(network: Network, node: Node) -> dict[str, Any]:
    """A tree for JSON: every cell with all its terms, those that have branches with the cell that they come from."""
    document: dict[str, Any] = {
        "layer": layer_text(network, node.number),
        "cell": list(node.cell),
        "value": number_data(node.value),
        "path_weight": number_data(node.weight),
    }
    reason = node.explanation
    if reason is None:
        return document
    return document | {
        "kind": network.stages[node.number].layer.kind,
        "rule": reason.rule.value,
        "formula": reason.formula,
        "scale": number_data(reason.scale),
        "bias": number_data(reason.bias),
        "total": number_data(reason.total),
        "agrees": node.agrees,
        "terms": len(reason.terms),
        "parts": [_branch_data(network, node, branch) for branch in node.branches],
        "rest": {"count": node.rest.terms, "part": number_data(node.rest.part)},
    }


def _branch_data(network: Network, node: Node, branch: Branch) -> dict[str, Any]:
    below = network.stages[node.number].inputs[branch.term.source]
    return {
        "value": number_data(branch.term.value),
        "weight": number_data(branch.term.weight),
        "slope": number_data(branch.slope),
        "part": number_data(branch.part),
        "padded": branch.node is None,
        "from": node_data(network, branch.node) if branch.node else {"layer": layer_text(network, below), "cell": None},
    }


COLUMNS = (
    "path", "layer", "cell", "rule", "scale", "bias", "total", "term", "from", "from_cell", "value", "weight",
    "slope", "part",
)  # fmt: skip
"""Of :func:`node_rows`."""


def node_rows(network: Network, node: Node, path: str = "") -> Iterator[Sequence[Any]]:
    """One row for each term of each cell of a tree, those without a branch too; ``path``: the cells above."""
    reason = node.explanation
    if reason is None:
        return
    name = safe_text(layer_text(network, node.number))
    path = " < ".join(filter(None, (path, cell_text(name, node.cell))))
    head = (
        path,
        name,
        _indices(node.cell),
        reason.rule.value,
        reason.scale,
        reason.bias,
        reason.total,
    )
    for number, (term, slope, part) in enumerate(zip(reason.terms, reason.slopes, reason.parts, strict=True)):
        below = safe_text(layer_text(network, network.stages[node.number].inputs[term.source]))
        numbers = (term.value, term.weight, slope, part)
        yield (*head, number, below, _indices(term.cell or ()), *numbers)
    for branch in node.branches:
        if branch.node is not None:
            yield from node_rows(network, branch.node, path)


def _indices(cell: Cell) -> str:
    return ",".join(map(str, cell))
