"""The report of the shipped examples: each with its title."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from convcalc.report.blocks import SCHEMA_VERSION, Report, Role, Span, Table, say
from convcalc.wording import counted


class Listed(NamedTuple):
    """An example in words."""

    name: str
    title: str
    layers: int
    """Of a network; 0 of a convolution by itself."""
    files: tuple[str, ...]


def examples_report(found: Sequence[Listed]) -> Report:
    """A row for each example, and how to see and to copy one."""
    rows = tuple((Span(each.name, Role.TITLE), Span(_line(each))) for each in found)
    name = found[0].name if found else "NAME"
    return Report(
        blocks=(
            Table(("name", "title"), rows),
            say(f"convcalc examples {name} shows one, convcalc examples copy {name} copies it here", Role.LABEL),
        ),
        data=lambda: {
            "schema": f"convcalc.examples/{SCHEMA_VERSION}",
            "examples": [{**each._asdict(), "files": list(each.files)} for each in found],
        },
        rows=lambda: [("name", "title", "layers"), *((each.name, each.title, each.layers) for each in found)],
    )


def _line(example: Listed) -> str:
    return f"{example.title} ({counted(example.layers, 'layer')})" if example.layers else example.title
