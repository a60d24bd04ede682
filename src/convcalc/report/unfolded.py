"""A cell of a network as a tree: what each cell is made of, the largest part first, down to the input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.layers.stack import INPUT, Stack
from convcalc.layers.step import Rule, Step
from convcalc.layers.unfold import Branch, Node
from convcalc.report.blocks import Role, Span, Tree
from convcalc.report.data import number_data
from convcalc.report.places import cell_text, layer_text
from convcalc.report.text import number_text, signed_sum
from convcalc.wording import counted

DIGITS = 10
"""Significant digits of totals and parts."""
_MOST_TERMS = 8  # written out in a line


def tree_of(stack: Stack, node: Node) -> Tree:
    """The tree of a cell, its value first."""
    name = cell_text(layer_text(stack, node.number), node.cell)
    told = f" = {formula_text(node)}" if node.step else ""
    spans = (Span(name, Role.TITLE), Span(f" = {number_text(node.value, DIGITS)}", Role.TOTAL), Span(told))
    return Tree((*spans, *_doubt(node)), tuple(_branches(stack, node)))


def formula_text(node: Node) -> str:
    """What a cell's terms are put into: a sum, a maximum or a function with its numbers."""
    step = node.step
    if step is None:
        return ""
    if step.rule is Rule.SUM:
        return _sum_text(node, step)
    if step.rule is Rule.MAXIMUM:
        shown = [number_text(term.value) for term in step.terms[:_MOST_TERMS]]
        more = [f"… {len(step.terms) - _MOST_TERMS:,} more"] if len(step.terms) > _MOST_TERMS else []
        return f"max({', '.join([*shown, *more])})"
    return f"{step.formula}{remark(step)}"


def remark(step: Step) -> str:
    """That a function lets nothing through, as ReLU does below 0; otherwise nothing."""
    cuts = step.rule is Rule.FUNCTION and step.total == 0 and not any(step.function_slopes)
    return ": cut" if cuts and any(term.value != 0 for term in step.terms) else ""


def scale_factor(step: Step) -> str:
    """What a sum is multiplied with, or nothing where that is 1."""
    return "" if step.scale == 1 else number_text(step.scale)


def _sum_text(node: Node, step: Step) -> str:
    """The largest products, in the order of the branches."""
    terms = [branch.term for branch in node.branches][:_MOST_TERMS]
    is_bare = all(term.weight == 1 for term in step.terms)
    products = [
        number_text(term.value) if is_bare else _product(number_text(term.weight), number_text(term.value))
        for term in terms
    ]
    text = signed_sum(products) + (" + …" if len(terms) < len(step.terms) else "")
    if scale_factor(step):
        text = f"({text}) × {scale_factor(step)}" if len(step.terms) > 1 else f"{text} × {scale_factor(step)}"
    return signed_sum([text, number_text(step.bias)]) if step.bias else text


def _product(*factors: str) -> str:
    """Factors with × between them, negative ones after the first in parentheses."""
    first, *others = factors
    return "×".join([first, *(f"({each})" if each.startswith("-") else each for each in others)])


def _branches(stack: Stack, node: Node) -> Iterator[Tree]:
    step = node.step
    if step is None:
        return
    for branch in node.branches:
        yield _branch(stack, step, branch)
    if node.rest.count:
        yield Tree((Span(_rest(node, step), Role.LABEL),))
    if step.rule is Rule.SUM and step.bias:
        yield Tree((Span(number_text(step.bias, DIGITS), Role.NUMBER), Span("   bias", Role.LABEL)))


def _branch(stack: Stack, step: Step, branch: Branch) -> Tree:
    """A part with its product, then the cell that it comes from and what that is made of."""
    part = Span(_part(step, branch))
    node = branch.node
    if node is None:
        return Tree((part, Span("   padding: never there", Role.NOTE)))
    told = f" = {formula_text(node)}" if node.step else ""
    name = cell_text(layer_text(stack, node.number), node.cell)
    spans = (part, Span(f"   {name}", Role.TITLE), Span(told), *_doubt(node))
    return Tree(spans, tuple(_branches(stack, node)))


def _part(step: Step, branch: Branch) -> str:
    part, value = number_text(branch.part, DIGITS), number_text(branch.term.value, DIGITS)
    if step.rule is not Rule.SUM:
        return f"{value}{' (the largest)' if step.rule is Rule.MAXIMUM else ''}"
    factors = [] if branch.term.weight == 1 else [number_text(branch.term.weight)]
    factors += [value, *filter(None, [scale_factor(step)])]
    return f"{part} = {_product(*factors)}" if len(factors) > 1 else part


def _rest(node: Node, step: Step) -> str:
    more = f"… and {node.rest.count:,} more"
    if step.rule is Rule.SUM:
        return f"{more}, together {number_text(node.rest.part, DIGITS)}"
    return f"{more}, {'none larger' if step.rule is Rule.MAXIMUM else 'each with less to say'}"


def _doubt(node: Node) -> Sequence[Span]:
    """A word where a step does not come to what the engine made of the cell."""
    if node.agrees or node.step is None:
        return ()
    return (Span(f"   differs: the step gives {number_text(node.step.total, 17)}", Role.BAD),)


def all_agree(node: Node) -> tuple[int, int]:
    """The steps in a tree whose totals are what the engines made of the cells, and all steps."""
    counts = [all_agree(branch.node) for branch in node.branches if branch.node]
    steps = [(int(node.agrees), 1)] if node.step else []
    good, every = zip(*([*steps, *counts] or [(0, 0)]), strict=True)
    return sum(good), sum(every)


def agreement_text(node: Node) -> tuple[str, Role]:
    """How many steps come to what the engines made of their cells, and whether that is good."""
    good, every = all_agree(node)
    if good < every:
        return f"{counted(every - good, 'cell')} of {every:,} differ from the engines' outputs", Role.BAD
    if every == 1:
        return f"equals the engine's output {number_text(node.value, DIGITS)}", Role.GOOD
    return f"all {every:,} sums and functions equal what the engines made of their cells", Role.GOOD


def node_data(stack: Stack, node: Node) -> dict[str, Any]:
    """A tree for JSON: every cell with all its terms, those that have branches with the cell that they come from."""
    document: dict[str, Any] = {
        "layer": layer_text(stack, node.number),
        "cell": list(node.cell),
        "value": number_data(node.value),
        "path_weight": number_data(node.weight),
    }
    step = node.step
    if step is None:
        return document
    return document | {
        "kind": stack.stages[node.number].layer.kind,
        "rule": step.rule.value,
        "formula": step.formula,
        "scale": number_data(step.scale),
        "bias": number_data(step.bias),
        "total": number_data(step.total),
        "agrees": node.agrees,
        "terms": len(step.terms),
        "parts": [_branch_data(stack, node, branch) for branch in node.branches],
        "rest": {"count": node.rest.count, "part": number_data(node.rest.part)},
    }


def _branch_data(stack: Stack, node: Node, branch: Branch) -> dict[str, Any]:
    below = stack.stages[node.number].inputs[branch.term.source]
    return {
        "value": number_data(branch.term.value),
        "weight": number_data(branch.term.weight),
        "slope": number_data(branch.slope),
        "part": number_data(branch.part),
        "padded": branch.node is None,
        "from": node_data(stack, branch.node) if branch.node else {"layer": layer_text(stack, below), "cell": None},
    }


COLUMNS = (
    "path", "layer", "cell", "total", "term", "from", "from_cell", "value", "weight", "slope", "part",
)  # fmt: skip
"""Of :func:`node_rows`."""


def node_rows(stack: Stack, node: Node, path: str = "") -> Iterator[Sequence[Any]]:
    """One row for each term of each cell of a tree, those without a branch too; ``path``: the cells above."""
    step = node.step
    if step is None:
        return
    name = layer_text(stack, node.number)
    path = " < ".join(filter(None, (path, cell_text(name, node.cell))))
    slopes = step.slopes
    for number, (term, slope) in enumerate(zip(step.terms, slopes, strict=True)):
        below = layer_text(stack, stack.stages[node.number].inputs[term.source])
        cell = "" if term.cell is None else ",".join(map(str, term.cell))
        part = term.value * slope
        yield (path, name, ",".join(map(str, node.cell)), step.total, number, below, cell, term.value, term.weight,
               slope, part)  # fmt: skip
    for branch in node.branches:
        if branch.node is not None:
            yield from node_rows(stack, branch.node, path)
