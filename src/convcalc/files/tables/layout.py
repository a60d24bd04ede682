"""The roles of a table's rows and columns: names, units, numbers, dates, texts; from its content and what is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

from convcalc.errors import FieldError
from convcalc.files.expression import number
from convcalc.files.tables.dates import is_date
from convcalc.files.tables.gaps import is_gap
from convcalc.files.tables.number_style import is_styled_number
from convcalc.files.tables.text_records import Record
from convcalc.files.text import shown

_LOOKED_AT = 200  # rows from which the kind of a column is inferred
_BRACKETED = re.compile(r"(.*[^\s])\s*(?:\(([^()]*)\)|\[([^\[\]]*)\])")
_MISTAKEN = re.compile(r"[-+=.]*[0-9]")
"""How a text begins that was meant as a number, such as ``1 mV``: a column of them is not left out as texts."""
_QUANTITY = re.compile(r"[-+.]*[0-9][0-9.,]*\s*(?:%|[A-Za-zµ°]{1,2})|[$€£][0-9.,]+")
"""A number with its unit, which may as well be a name, such as ``1 mV`` or ``50Hz``."""
_WRONG_NUMBER = re.compile(r"(?!1/[^\W\d]|10[\^⁰¹²³⁴-⁹])[-+=.$€£<>~≈−]*\d")
"""How a cell begins that is no unit but a number badly written; a unit may begin as ``1/s`` or ``10^9/L``."""
_UNIT_WORDS = re.compile(r"[\[(]?([^\[\]()]*)[\])]?")


class Layout(NamedTuple):
    """The rows and columns of a table."""

    names: tuple[str, ...]
    """Of all columns, none empty; without a header none."""
    units: tuple[str, ...]
    """Of all columns, or none."""
    first: int
    """The first row of numbers among the records."""
    kinds: tuple[str, ...]
    """Of each column number, date, text or empty."""
    is_counted: bool = False
    """Whether the names and the first column only count, as those of an array that pandas saved."""
    is_certain: bool = False
    """Whether names stand in a header, not in a comment."""


def layout_of(records: Sequence[Record], header: bool | None, comment: Sequence[str] = ()) -> Layout:
    """The layout of a table with these records, as its first rows show it.

    ``header``: whether the first row names the columns, where it is said; ``comment``: names from a comment.

    Raises:
        FieldError: the first row can be read as names and as numbers; ``field`` is its line.
    """
    start = next((index for index, record in enumerate(records) if record.cells), None)
    if start is None:
        return Layout((), (), 0, ())
    window = range(start, min(start + 4 * _LOOKED_AT, len(records)))
    filled = [index for index in window if records[index].cells][: _LOOKED_AT + 2]
    top = records[filled[0]]
    below = [records[index].cells for index in filled[1:]]
    if header is False or not (header or _is_header(top, below)):
        return Layout(tuple(comment), (), filled[0], _bare_kinds([top.cells, *below]))
    has_units = len(below) > 1 and _is_units(below[0], _kinds(below[1:], len(top.cells)))
    kinds = _kinds(below[has_units:], len(top.cells))
    names, units = _named(top.cells, below[0] if has_units else [])
    first = filled[1 + has_units] if len(filled) > 1 + has_units else len(records)
    is_counted = header is None and _counts(top.cells, below)
    return Layout(names, units, first, kinds, is_counted, True)


def kind_of(cell: str) -> str:
    """What a cell is: number, date, gap or text.

    >>> [kind_of(cell) for cell in ("1,5", "1/9", "2024-03-05", "", "ax")]
    ['number', 'number', 'date', 'gap', 'text']
    """
    if is_styled_number(cell):  # first, as most cells are numbers
        return "number"
    if is_gap(cell):
        return "gap"
    if is_date(cell):
        return "date"
    with suppress(FieldError):
        number(cell)
        return "number"
    return "text"


def _kinds(rows: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    kinds = {cell: kind_of(cell) for cell in set(chain.from_iterable(rows))}
    columns = ([row[place] for row in rows if place < len(row)] for place in range(width))
    return tuple(_kind_of_column(column, {kinds[cell] for cell in column}) for column in columns)


def _bare_kinds(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The kinds of columns without names: only the first holds labels; a lone row is empty at its end."""
    kinds = list(_kinds(rows, len(rows[0])))
    for place, kind in enumerate(kinds):
        is_label = place == 0 and len(rows) > 1 and "number" in kinds[1:]
        is_lone = len(rows) == 1 and not 0 < place == len(kinds) - 1
        if (kind == "text" and not is_label) or (kind == "empty" and is_lone):
            kinds[place] = "number"  # the reader says what is wrong with it
    return tuple(kinds)


def _kind_of_column(cells: Sequence[str], found: set[str]) -> str:
    kinds = found - {"gap"}
    if not kinds:
        return "number" if any(cells) or not cells else "empty"
    if "number" in kinds or all(_MISTAKEN.match(cell) for cell in cells if not is_gap(cell) and not is_date(cell)):
        return "date" if kinds == {"date"} else "number"
    return "date" if kinds == {"date"} else "text"


def _is_header(top: Record, below: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns.

    Raises:
        FieldError: it may be names or numbers.
    """
    if not below:
        return False
    kinds = _kinds(below, len(top.cells))
    over = [kind_of(cell) for cell, kind in zip(top.cells, kinds, strict=True) if kind == "number"]
    beside = [(cell, kind) for cell, kind in zip(top.cells, kinds, strict=True) if kind in ("text", "date")]
    if not over:
        # of one text row alone above units or dates nothing is known
        return False
    if "number" in over:
        if all(kind == "number" for kind in over) and beside:
            return _is_beside(top, beside)
        return top.cells[0] == "" and len(top.cells) > 1 and _counts_down(below)
    if "text" in over and all(map(_QUANTITY.fullmatch, top.cells)):
        raise FieldError(
            f"row {top.line} can be read in two ways: as names of columns, and as numbers with units, such as "
            f"{shown(top.cells[0])}",
            hint="--header for names; of numbers write only the digits",
            field=(top.line,),
        )
    return "text" in over


def _is_beside(top: Record, beside: Sequence[tuple[str, str]]) -> bool:
    """Whether a row of numbers beside one text is a header, by the columns that hold no numbers."""
    if all(kind == "date" for _, kind in beside):
        return not any(is_date(cell) for cell, _ in beside)
    if any(kind_of(cell) == "number" for cell, _ in beside):
        return False
    if all(not cell for cell, _ in beside):
        return True
    name = shown(next(cell for cell, _ in beside if cell))
    numbers = ", ".join([cell for cell in top.cells if kind_of(cell) == "number"][:3])
    raise FieldError(
        f"row {top.line} can be read in two ways: as names of columns, of which {name} is one, or as the label {name} "
        f"with the numbers {numbers}",
        hint="--header for names, --no-header for numbers",
        field=(top.line,),
    )


def _is_units(cells: Sequence[str], kinds: Sequence[str]) -> bool:
    """Whether the row below the names holds units: texts over numbers, at least one."""
    over = [cell for cell, kind in zip(cells, kinds, strict=False) if kind == "number"]
    if any(_WRONG_NUMBER.match(cell) for cell in cells):
        return False
    return any(kind_of(cell) == "text" for cell in over) and all(kind_of(cell) in ("text", "gap") for cell in over)


def _counts(top: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether names and first column count from 0, as pandas writes those of an array."""
    names = top[0] == "" and list(top[1:]) == [str(place) for place in range(len(top) - 1)] and len(top) > 1
    return names and _counts_down(below)


def _counts_down(rows: Sequence[Sequence[str]]) -> bool:
    return all(row[:1] == [str(place)] for place, row in enumerate(rows))


def _named(top: Sequence[str], units: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units of all columns; a name such as ``ax (m/s²)`` has its unit in it."""
    names, found = [], []
    for place, cell in enumerate(top):
        inside = _BRACKETED.fullmatch(cell)
        name = inside[1] if inside and not units else cell
        own = (inside[2] or inside[3] or "").strip() if inside and not units else ""
        below = _UNIT_WORDS.fullmatch(units[place]) if place < len(units) and not is_gap(units[place]) else None
        names.append(name or f"column {place + 1}")
        found.append(below[1].strip() if below else own)
    taken: dict[str, int] = {}
    for place, name in enumerate(names):  # the second of two columns of one name is told apart
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            names[place] = f"{name}.{taken[name]}"
    return tuple(names), tuple(found) if any(found) else ()
