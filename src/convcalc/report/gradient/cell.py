"""The report of one gradient: its products as on paper, their sum, and the chain rule as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from convcalc.gradients.backward import Gradients
from convcalc.gradients.cell import Factor, Node
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, Sum, Table, Tree, say
from convcalc.report.cell_names import cell_text
from convcalc.report.gradient.report import loss_text, numbers_text
from convcalc.report.headline import headline
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text, number_texts
from convcalc.wording import counted, safe_text

_MOST_ROWS, _MOST_TERMS = 40, 24
_DIGITS = 10
_PLAIN = ("", "1", "given")
"""Formulas of the loss that say no more than the gradient does."""


def cell_report(found: Gradients, node: Node) -> Report:
    """One gradient written out."""
    blocks = tuple(_blocks(found, node))
    return Report(
        blocks=blocks,
        data=lambda: {
            "schema": f"convcalc.gradient-trace/{SCHEMA_VERSION}",
            "loss": {"name": found.loss.name, "value": number_data(found.value)},
            "gradient": _data(found, node),
        },
        rows=lambda: _rows(found, node),
        handout=lambda: (*_setting(found), *blocks),
    )


def _setting(found: Gradients) -> Iterator[Block]:
    problem = found.network.stages[0].problem if found.network.is_convolution else None
    yield say(found.network.title or "A gradient by hand", Role.TITLE)
    if problem is not None:
        yield say(headline(problem))


def _blocks(found: Gradients, node: Node) -> Iterator[Block]:
    name = f"gradient of {_named(found, node)}"
    yield Sentence((Span(f"{name} = {number_text(node.value, _DIGITS)}", Role.TITLE),))
    told = f"loss: {loss_text(found)} = {number_text(found.value, _DIGITS)}; {numbers_text(found)}"
    yield say(told, Role.LABEL)
    if node.factors:
        yield _table(found, node)
        padded = sum(each.is_padded for each in node.factors)
        if padded:
            lies = "stands" if padded == 1 else "stand"
            yield say(f"({counted(padded, 'factor')} in parentheses {lies} outside the input)", Role.NOTE)
        yield _sum(node)
        yield _agreement(node)
    elif node.reason:
        yield say(f"the loss: {node.reason}", Role.LABEL)
    else:
        yield say("no window reads it, so nothing of the loss depends on it", Role.LABEL)
    if any(inside.factors or inside.reason not in _PLAIN for _, inside in node.below):
        yield say("the gradients in these products, by the chain rule:", Role.LABEL, space_before=True)
        yield _tree(found, node)


def _named(found: Gradients, node: Node) -> str:
    """The weight or the cell; the sample where there are several."""
    if "." in node.name or len(found.of_input) > 1:
        return f"{node.name}[{', '.join(map(str, node.place))}]"
    return cell_text(node.name, node.place[1:])


def _output(found: Gradients, factor: Factor) -> str:
    name = "output" if found.network.is_convolution else found.network.stages[factor.number].name
    sample = (factor.sample,) if len(found.of_input) > 1 else ()
    return f"{name}[{', '.join(map(str, (*sample, *factor.output)))}]"


def _table(found: Gradients, node: Node) -> Table:
    shown = node.factors[:_MOST_ROWS]
    gradients, slopes, products = (
        number_texts(values)
        for values in (
            [each.gradient for each in shown],
            [each.slope for each in shown],
            [each.product for each in shown],
        )
    )
    rows = tuple(
        (
            Span(_output(found, each)),
            _number(gradient),
            Span(_factor(each)),
            Span(f"({slope})", Role.PADDED) if each.is_padded else _number(slope),
            _number(product),
        )
        for each, gradient, slope, product in zip(shown, gradients, slopes, products, strict=True)
    )
    return Table(("gradient of", "gradient", "×", "factor", "product"), rows, numeric=("gradient", "factor", "product"))


def _factor(factor: Factor) -> str:
    """What the factor is: a cell of the input, a place outside it, a tap, or a function's derivative."""
    if factor.read is not None and not factor.is_padded:
        return f"input[{', '.join(map(str, factor.read))}]"
    if factor.is_padded:
        return f"padding at {factor.label}"
    if not factor.label:
        return "slope"
    return f"weight [{factor.label}]" if factor.label[0].isdigit() and factor.label != "1" else factor.label


def _number(text: str) -> Span:
    return Span(text, Role.NEGATIVE if text.startswith("-") else Role.NUMBER)


def _sum(node: Node) -> Sum:
    terms = [each for each in node.factors if each.product != 0]
    return Sum(
        "sum",
        tuple(number_texts(each.product for each in terms[:_MOST_TERMS])) or ("0",),
        number_text(node.total, _DIGITS),
        omitted=f"{counted(len(terms), 'product')} that are not 0" if len(terms) > _MOST_TERMS else "",
        space_before=True,
    )


def _agreement(node: Node) -> Sentence:
    if not node.agrees:
        return say(f"the layers turned round give another number: {number_text(node.value, 17)}", Role.BAD)
    words = "equals" if node.total == node.value else "agrees within rounding with"
    return say(f"{words} what the layers turned round give, {number_text(node.value, _DIGITS)}", Role.GOOD)


def _tree(found: Gradients, node: Node) -> Tree:
    spans = (Span(_named(found, node), Role.TITLE), Span(f" = {number_text(node.value, _DIGITS)}", Role.TOTAL))
    reason = (Span(f" = {node.reason}"),) if node.reason else ()
    return Tree((*spans, *reason), tuple(_branches(found, node)))


def _branches(found: Gradients, node: Node) -> Iterator[Tree]:
    below = dict(node.below)
    for number, factor in enumerate(node.factors):
        if factor.product == 0 or (len(node.factors) > _MOST_TERMS and number not in below):
            continue
        texts = [number_text(each, _DIGITS) for each in (factor.product, factor.gradient, factor.slope)]
        second = f"({texts[2]})" if texts[2].startswith("-") else texts[2]
        spans = [Span(f"{texts[0]} = {texts[1]}×{second}"), Span(f"   {_output(found, factor)}", Role.TITLE)]
        inside = below.get(number)
        if inside is not None and inside.reason:
            spans.append(Span(f"   {inside.reason}", Role.LABEL))
        yield Tree(tuple(spans), tuple(_branches(found, inside)) if inside is not None else ())
    cut = sum(each.product == 0 for each in node.factors)
    if cut:
        yield Tree((Span(f"{counted(cut, 'product')} that {'is' if cut == 1 else 'are'} 0", Role.NOTE),))


def _data(found: Gradients, node: Node) -> dict[str, Any]:
    below = dict(node.below)
    return {
        "of": node.name,
        "place": list(node.place),
        "value": number_data(node.value),
        "formula": node.reason,
        "agrees": node.agrees,
        "products": [
            {
                "layer": found.network.stages[each.number].name,
                "sample": each.sample,
                "output": list(each.output),
                "gradient": number_data(each.gradient),
                "factor": number_data(each.slope),
                "input": None if each.read is None else list(each.read),
                "padded": each.is_padded,
                "label": each.label,
                "product": number_data(each.product),
                "from": _data(found, below[number]) if number in below else None,
            }
            for number, each in enumerate(node.factors)
        ],
    }


def _rows(found: Gradients, node: Node, path: str = "") -> Iterator[Iterable[Any]]:
    if not path:
        yield ("path", "layer", "sample", "output", "gradient", "input", "padded", "label", "factor", "product")
    here = f"{path} < {_named(found, node)}" if path else _named(found, node)
    for each in node.factors:
        name = safe_text(found.network.stages[each.number].name)
        places: Sequence[str] = [",".join(map(str, cell or ())) for cell in (each.output, each.read)]
        numbers = (each.slope, each.product)
        yield (
            safe_text(here),
            name,
            each.sample,
            places[0],
            each.gradient,
            places[1],
            int(each.is_padded),
            each.label,
            *numbers,
        )
    for _, inside in node.below:
        yield from _rows(found, inside, here)
