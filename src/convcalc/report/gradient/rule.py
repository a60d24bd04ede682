"""The report of a gradient as a convolution: its problem file, its output, and whether the numbers agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from convcalc.arrays import Array, cells, plain
from convcalc.gradients.rule import Rule
from convcalc.numerals import nearest_float
from convcalc.report.array_data import array_data
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Source, say
from convcalc.report.headline import headline

_MOST = 400  # numbers of an array that are written out in the page


def rule_report(title: str, pairs: Sequence[tuple[Rule, Array]]) -> Report:
    """Each convolution with the gradient that it is compared with."""
    return Report(
        blocks=tuple(_blocks(pairs)),
        data=lambda: {
            "schema": f"convcalc.gradient-rule/{SCHEMA_VERSION}",
            "gradients": {
                rule.of: {"problem": document(rule), "agrees": agree(rule, wanted)} for rule, wanted in pairs
            },
        },
        rows=lambda: _rows(pairs),
        handout=lambda: (say(title or "Gradients as convolutions", Role.TITLE), *_blocks(pairs)),
    )


def document(rule: Rule) -> dict[str, Any]:
    """The problem file."""
    problem = rule.problem
    return {
        "title": f"The gradient of the {rule.of}",
        "dims": problem.rank,
        "input": array_data(problem.input),
        "kernel": array_data(problem.weight),
        "stride": list(problem.axes.strides),
        "padding": [list(each) for each in problem.axes.pads],
        "dilation": list(problem.axes.dilations),
        "groups": problem.groups,
        "boundary": str(problem.boundary),
        "flip": problem.flip,
    }


def agree(rule: Rule, wanted: Array) -> bool:
    """Whether the convolution gives the gradient: exactly, or within the rounding of floats."""
    most = max((abs(nearest_float(plain(each))) for each in wanted.flat), default=0.0)
    room = 0.0 if rule.found.dtype.kind != "f" and wanted.dtype.kind != "f" else 1e-5 * most
    pairs = zip(rule.found.flat, wanted.flat, strict=True)
    return all(abs(plain(one) - plain(other)) <= room for one, other in pairs)


def _blocks(pairs: Sequence[tuple[Rule, Array]]) -> Iterator[Block]:
    for rule, wanted in pairs:
        yield say(f"the gradient of the {rule.of}", Role.TITLE, space_before=True)
        yield say(headline(rule.problem))
        if rule.problem.input.size + rule.problem.weight.size <= _MOST:
            yield Source(tuple(_lines(document(rule))))
        else:
            yield say("its file has too many numbers for a page; --format json has them", Role.LABEL)
        if rule.words:
            yield say(rule.words, Role.LABEL)
        if agree(rule, wanted):
            yield say(f"run, it gives the gradient: all {wanted.size:,} numbers agree", Role.GOOD)
        else:
            yield say("run, it gives other numbers than the gradient", Role.BAD)


def _lines(told: dict[str, Any]) -> Iterator[str]:
    for key, value in told.items():
        found = value.tolist() if hasattr(value, "tolist") else value
        yield f"{key}: {str(found).lower() if isinstance(found, bool) else found}".replace("'", "")


def _rows(pairs: Sequence[tuple[Rule, Array]]) -> Iterator[Iterable[Any]]:
    yield ("of", "index", "by_convolution", "gradient")
    for rule, wanted in pairs:
        for place, value in cells(wanted):
            yield (rule.of, ",".join(map(str, place)), plain(rule.found[place]), value)
