"""The report on linted kernel files: the content and the probable mistakes of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from convcalc.kernels.lint import Duplicate, Finding, Linted, Rule, WholeWeights
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Sentence, Span, Table, say
from convcalc.report.kernel.data import full_kernel_data
from convcalc.report.kernel.namesakes import relation_text
from convcalc.report.kernel.report import kernel_blocks
from convcalc.report.text import brief_text, listed, number_text, number_texts
from convcalc.wording import axis_names, counted, shape_text

_MOST_WEIGHTS = 12  # that are written out in a hint


class Bad(NamedTuple):
    """A file that is no kernel file."""

    file: str
    message: str
    hint: str = ""


def lint_report(results: Sequence[Linted | Bad]) -> Report:
    """The content of the files, and the findings."""
    return Report(
        blocks=tuple(_blocks(results)),
        data=lambda: {"schema": f"convcalc.lint/{SCHEMA_VERSION}", "files": [_data(each) for each in results]},
        rows=lambda: _rows(results),
    )


def verdict(result: Linted | Bad) -> str:
    """A file's verdict: ok, the number of its warnings, or bad."""
    if isinstance(result, Bad):
        return "bad"
    warnings = sum(not each.rule.is_hint for each in result.findings)
    return counted(warnings, "warning") if warnings else "ok"


def explained(finding: Finding, linted: Linted) -> tuple[str, str]:
    """A finding, and how to fix it."""
    return _EXPLANATIONS[finding.rule](linted, finding.value)


def _blocks(results: Sequence[Linted | Bad]) -> Iterator[Block]:
    for number, result in enumerate(each for each in results if isinstance(each, Linted)):
        if number:
            yield say("")
        yield from kernel_blocks(result.kernel, result.facts)
        yield from _findings(result)
    if len(results) > 1:
        rows = tuple((Span(each.file), Span(verdict(each), _role(each))) for each in results)
        yield Table(("file", "verdict"), rows)


def _findings(linted: Linted) -> Iterator[Block]:
    yield Sentence(
        (Span(f"{linted.file}   ", Role.TITLE), Span(verdict(linted), _role(linted))), indent=2, space_before=True
    )
    for finding in linted.findings:
        text, hint = explained(finding, linted)
        head = Span("hint: ", Role.LABEL) if finding.rule.is_hint else Span("warning: ", Role.NOTE)
        spans = (Span(f"{text};"), Span(f" {hint}", Role.LABEL)) if hint else (Span(text),)
        yield Sentence((head, *spans), indent=9)


def _role(result: Linted | Bad) -> Role:
    found = verdict(result)
    return {"ok": Role.GOOD, "bad": Role.BAD}.get(found, Role.NOTE)


def _data(result: Linted | Bad) -> dict[str, Any]:
    if isinstance(result, Bad):
        return {"file": result.file, "verdict": "bad", "error": {"text": result.message, "hint": result.hint}}
    findings = [
        {
            "rule": each.rule,
            "is_hint": each.rule.is_hint,
            **dict(zip(("text", "hint"), explained(each, result), strict=True)),
        }
        for each in result.findings
    ]
    kernel = full_kernel_data(result.kernel, result.facts)
    return {"file": result.file, "verdict": verdict(result), "findings": findings, "kernel": kernel}


def _finding_data(finding: Finding, linted: Linted) -> dict[str, Any]:
    text, hint = explained(finding, linted)
    return {"rule": finding.rule, "is_hint": finding.rule.is_hint, "text": text, "hint": hint}


def _rows(results: Sequence[Linted | Bad]) -> Iterator[Iterable[Any]]:
    yield ("file", "verdict", "rule", "text", "hint")
    for result in results:
        if isinstance(result, Bad):
            yield (result.file, "bad", "", result.message, result.hint)
        elif not result.findings:
            yield (result.file, "ok", "", "", "")
        else:
            for each in result.findings:
                yield (result.file, verdict(result), str(each.rule), *explained(each, result))


def _not_finite(_: Linted, place: tuple[int, ...]) -> tuple[str, str]:
    return f"the weight at [{', '.join(map(str, place))}] is not finite", "every output that it touches is lost"


def _zero_scale(linted: Linted, _: None) -> tuple[str, str]:
    if not linted.facts.weight_sum:
        return "the scale is 0, so every output is 0", "weights of sum 0 cannot be normalised: scale: 1"
    return "the scale is 0, so every output is 0", "scale: 1"


def _even_size(linted: Linted, _: None) -> tuple[str, str]:
    sizes = linted.facts.weights.shape
    names = [f"{name}s" for name, size in zip(axis_names(len(sizes)), sizes, strict=True) if size % 2 == 0]
    return (
        f"{shape_text(sizes)} has no middle among its {listed(names)}: the output lies half a cell off",
        "an odd size, or say which padding is meant, same or same-lower",
    )


def _not_normalised(linted: Linted, factor: Any) -> tuple[str, str]:
    total = brief_text(linted.facts.sum)
    return f"a blur of sum {total} changes the brightness of flat areas", f"multiply its scale by {brief_text(factor)}"


def _sum_nearly(linted: Linted, aim: int) -> tuple[str, str]:
    total = number_text(linted.facts.sum, 12)
    return f"the sum is {total}, nearly {aim}", "whole numbers with a scale hold it exactly, or write more digits"


def _whole_weights(_: Linted, whole: WholeWeights) -> tuple[str, str]:
    weights = "whole numbers"
    if whole.weights.size <= _MOST_WEIGHTS:
        weights = _nested(whole.weights.tolist())
    return "these floats are whole numbers with a scale", f"weights: {weights}, scale: {brief_text(whole.scale)}"


def _off_centre(linted: Linted, _: None) -> tuple[str, str]:
    balance, middle = (_place(each) for each in (linted.facts.centroid, linted.facts.centre))
    return (
        f"the weights lie around {balance}, the middle is {middle}: the output is shifted",
        "pad the other side with 0",
    )


def _place(place: Sequence[Any] | None) -> str:
    texts = number_texts(round(float(each), 2) for each in place or ())
    return listed([f"{name} {text}" for name, text in zip(axis_names(len(texts)), texts, strict=True)])


def _name(linted: Linted, file_name: str) -> tuple[str, str]:
    return (
        f"the kernel is named {linted.kernel.name!r} in a file for {file_name!r}: a library would refuse it",
        f"name: {file_name}",
    )


def _duplicate(linted: Linted, duplicate: Duplicate) -> tuple[str, str]:
    relation = relation_text(duplicate.relation, duplicate.name, linted.kernel.weights.ndim)
    return f"it is {relation}, which the library has", "name it as an alias, or say in shows what is new"


def _separable(linted: Linted, _: None) -> tuple[str, str]:
    found = linted.facts.separation
    assert found
    return (
        f"it is separable: {found.multiplications} multiplications a cell do for {linted.facts.weights.size}",
        "its factors are above",
    )


def _nested(values: Any) -> str:
    return f"[{', '.join(map(_nested, values))}]" if isinstance(values, list) else str(values)


_EXPLANATIONS: dict[Rule, Callable[[Linted, Any], tuple[str, str]]] = {
    Rule.NOT_FINITE: _not_finite,
    Rule.ALL_ZERO: lambda *_: ("all weights are 0, so every output is 0", ""),
    Rule.ZERO_SCALE: _zero_scale,
    Rule.EVEN_SIZE: _even_size,
    Rule.NOT_NORMALISED: _not_normalised,
    Rule.SUM_NEARLY: _sum_nearly,
    Rule.WHOLE_WEIGHTS: _whole_weights,
    Rule.OFF_CENTRE: _off_centre,
    Rule.NAME: _name,
    Rule.NO_SOURCE: lambda *_: ("it does not say where its numbers come from", "source: ..."),
    Rule.DUPLICATE: _duplicate,
    Rule.SEPARABLE: _separable,
}
