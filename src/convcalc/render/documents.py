"""A report for other programs: JSON with a schema version, CSV rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def json_text(document: dict[str, Any]) -> str:
    """The document as ASCII JSON, two spaces a level, the innermost lists on one line each."""
    return "".join(_json(document, "")) + "\n"


def csv_lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The rows as CSV lines; a text that a table calculator would take for a formula gets an apostrophe in front."""
    for row in rows:
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="").writerow(
            [csv_cell(value) if isinstance(value, str) else value for value in row]
        )
        yield buffer.getvalue()


def csv_cell(text: str) -> str:
    """The text for a cell, after an apostrophe where a spreadsheet would run it as a formula.

    >>> csv_cell("=1+1"), csv_cell("edge")
    ("'=1+1", 'edge')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _json(value: Any, indent: str) -> Iterator[str]:
    """The pieces of a value's text; ``indent`` stands before its closing bracket."""
    deeper = f"{indent}  "
    if isinstance(value, dict) and value:
        members = ((f"{json.dumps(key)}: ", each) for key, each in value.items())
        opening, closing = "{", "}"
    elif isinstance(value, list) and any(isinstance(each, list | dict) for each in value):
        members = (("", each) for each in value)
        opening, closing = "[", "]"
    else:
        yield json.dumps(value, allow_nan=False)
        return
    yield opening
    for number, (key, each) in enumerate(members):
        yield f"{',' if number else ''}\n{deeper}{key}"
        yield from _json(each, deeper)
    yield f"\n{indent}{closing}"
