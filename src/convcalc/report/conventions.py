"""The reports of functions of other programs: all of them, or one with a worked line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from enum import Enum
from typing import Any

from convcalc.arrays import Array
from convcalc.conventions.convention import Convention
from convcalc.conventions.sentences import record_sentences
from convcalc.conventions.worked import Worked, worked
from convcalc.report.array_data import array_data
from convcalc.report.blocks import SCHEMA_VERSION, Block, Report, Role, Span, Table, say
from convcalc.report.text import number_text
from convcalc.wording import counted

_COLUMNS = ("function", "kernel", "output", "border", "even centre", "divided by", "stored", "measured")
_SHOWN = 4
"""Columns on a page; a table of data has all."""


def conventions_report(conventions: Iterable[Convention]) -> Report:
    """One line a function."""
    known = tuple(conventions)
    shown = tuple((Span(each.name, Role.TITLE), *map(Span, _row(each)[1:_SHOWN])) for each in known)
    return Report(
        blocks=(
            Table(_COLUMNS[:_SHOWN], shown),
            say(f"{counted(len(known), 'function')}; convcalc like NAME says all of one, run --like NAME computes so"),
        ),
        data=lambda: {
            "schema": f"convcalc.like/{SCHEMA_VERSION}",
            "functions": [record_data(each) for each in known],
        },
        rows=lambda: (_COLUMNS, *map(_row, known)),
    )


def convention_report(convention: Convention) -> Report:
    """Every rule of a function as a sentence, and a worked line."""
    example = worked(convention)
    return Report(
        blocks=tuple(_blocks(convention, example)),
        data=lambda: {
            "schema": f"convcalc.like/{SCHEMA_VERSION}",
            **record_data(convention),
            "worked": {
                "input": array_data(example.input),
                "kernel": array_data(example.kernel),
                "output": array_data(example.output),
                "type": example.type,
            },
        },
        rows=lambda: (("rule", "value"), *record_sentences(convention)),
    )


def _row(convention: Convention) -> tuple[str, ...]:
    return (
        convention.name,
        convention.turn,
        convention.size,
        convention.border,
        convention.centre,
        convention.divisor,
        convention.output,
        convention.measured,
    )


def _blocks(convention: Convention, example: Worked) -> Iterator[Block]:
    yield say(convention.name, Role.TITLE)
    also = f"; also {', '.join(convention.aliases)}" if convention.aliases else ""
    yield say(f"as measured on {convention.measured}{also}")
    for name, text in record_sentences(convention):
        yield say(f"{name}: {text}", indent=2)
    cells, kernel, output = map(_text, (example.input, example.kernel, example.output))
    yield say(f"For example {cells} as {example.type} with the kernel {kernel} gives {output}.", space_before=True)


def _text(values: Array) -> str:
    if values.ndim:
        return f"[{', '.join(map(_text, values))}]"
    return number_text(values.item())


def record_data(convention: Convention) -> dict[str, Any]:
    """The record as JSON."""
    return {each.name: _datum(getattr(convention, each.name)) for each in fields(convention)}


def _datum(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(value)
    return dict(value) if isinstance(value, dict) else list(value) if isinstance(value, tuple) else value
