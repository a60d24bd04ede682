"""A report for other programs: JSON with a schema version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from convcalc.report.number_data import Cells


def json_lines(document: dict[str, Any]) -> Iterator[str]:
    """The document as ASCII JSON, in pieces: two spaces per level, the innermost lists on one line each.

    The rows of an array are converted one at a time, so that it is never held as Python's numbers.
    """
    yield from _json(document, "")
    yield "\n"


def json_line(document: dict[str, Any]) -> str:
    """The document as ASCII JSON on one line."""
    return json.dumps(document, allow_nan=False, default=Cells.tolist)


def _json(value: Any, indent: str) -> Iterator[str]:
    """The pieces of a value's text; ``indent`` precedes its closing bracket."""
    deeper = f"{indent}  "
    if isinstance(value, dict) and value:
        members = ((f"{json.dumps(key)}: ", each) for key, each in value.items())
        opening, closing = "{", "}"
    elif _is_nested(value):
        members = (("", each) for each in value)
        opening, closing = "[", "]"
    else:
        yield json.dumps(value, allow_nan=False, default=Cells.tolist)
        return
    yield opening
    for number, (key, each) in enumerate(members):
        yield f"{',' if number else ''}\n{deeper}{key}"
        yield from _json(each, deeper)
    yield f"\n{indent}{closing}"


def _is_nested(value: Any) -> bool:
    """Whether it is a list of more than numbers and words."""
    if isinstance(value, Cells):
        return value.is_nested
    return isinstance(value, list) and any(isinstance(each, list | dict | Cells) for each in value)
