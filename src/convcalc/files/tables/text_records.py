"""The records of a table written as text: lines, comments, delimiters and quotes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convcalc.errors import FormatError
from convcalc.files.tables.number_style import is_styled_number
from convcalc.files.text import place_on_line

_DELIMITERS = (";", "\t", "|", ",")  # by precedence: a comma may also be a decimal comma
_SEPARATOR = re.compile(r'"?sep=([;,|:\t ])"?\s*', re.IGNORECASE)
"""The first line that names the delimiter for Excel."""
_COMMENT = re.compile(r"[ \t]*#(?!N/A|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)")
"""How a comment line begins; the excluded words after the sign are a spreadsheet's errors."""
_MARKDOWN = re.compile(r"\s*\|[^\n]*\|[ \t]*\n[ \t]*\|[ \t]*:?-")
_RULE = re.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*")
"""The line below the names of a table in Markdown."""
_LOOKED_AT = 50  # lines
_QUOTED = re.compile(r'"[^"]*"')
_SPACED_NUMBERS = re.compile(r"[-+]?[0-9.]+ +[-+]?[0-9.]+")


class Record(NamedTuple):
    """A row as it is written."""

    line: int
    """The line of the file that it ends on."""
    cells: list[str]
    """Without blanks around them; of a blank line none."""


class TextTable(NamedTuple):
    """The lines of the table, without comments."""

    lines: Sequence[str]
    numbers: Sequence[int]
    """Of each line in the file."""
    delimiter: str | None
    """None: runs of spaces."""
    comment: str = ""
    """The last comment before the first row, which may name the columns."""


NO_TEXT = TextTable((), (), None)


def text_table(text: str, decimal: str = "") -> TextTable:
    """The lines of a table with their delimiter; ``decimal``: the decimal character, where it is said.

    The delimiter is the one that a first line such as ``sep=;`` names, otherwise the first of ``;``, tab, ``|`` and
    ``,`` that stands in every line as often, otherwise the first that the text contains, otherwise runs of spaces.
    """
    lines = text.split("\n")
    numbers: Sequence[int] = range(1, len(lines) + 1)
    if _MARKDOWN.match(text):
        numbers = [at for at in numbers if not _RULE.fullmatch(lines[at - 1])]
        stripped = [lines[at - 1].strip().removeprefix("|").removesuffix("|") for at in numbers]
        return TextTable(stripped, numbers, "|" if any("|" in line for line in stripped) else "\t")
    named = _SEPARATOR.fullmatch(lines[0])
    comment = ""
    if named or "#" in text:
        comment = _last_comment(lines[bool(named) :])
        numbers = [at for at in numbers if not _COMMENT.match(lines[at - 1])][bool(named) :]
        lines = [lines[at - 1] for at in numbers]
    delimiter = (named[1].strip(" ") or None) if named else _delimiter(lines, decimal)
    return TextTable(lines, numbers, delimiter, comment)


def _last_comment(lines: list[str]) -> str:
    found = ""
    for line in lines:
        if _COMMENT.match(line):
            found = line.strip().lstrip("#").strip()
        elif line.strip():
            break
    return found


def _delimiter(lines: Sequence[str], decimal: str) -> str | None:
    sample = [_QUOTED.sub('""', line) for line in lines if line.strip()][:_LOOKED_AT]
    candidates = [sign for sign in _DELIMITERS if sign != decimal or any(f'"{sign}' in line for line in sample)]
    for sign in candidates:
        counts = {line.count(sign) for line in sample}
        if len(counts) == 1 and counts != {0} and not (sign == "," and _is_decimal(sample)):
            return sign
    text = "\n".join(sample)
    found = next((sign for sign in candidates if sign in text), None)
    return None if found == "," and _is_decimal(sample) else found


def _is_decimal(sample: Sequence[str]) -> bool:
    """Whether the commas are decimal commas of numbers that blanks part: ``1,5 2,5``."""
    last = sample[-1]
    parts = last.split()
    return (
        len(parts) > 1
        and all("," in part and is_styled_number(part) for part in parts)
        and any(_SPACED_NUMBERS.fullmatch(cell.strip()) for cell in last.split(","))
        and not last.replace(", ", ",").count(",") >= 2 * len(parts)
    )


def records_of(table: TextTable, source: str, text: str) -> Iterator[Record]:
    """The rows of a table, blank lines among them as rows without cells.

    Raises:
        FormatError: the quotes of a row are not closed, or a text follows after one.
    """
    if table.delimiter is None and '"' not in text:
        yield from map(Record, table.numbers, map(str.split, table.lines))
        return
    # With its line feed, or a quoted cell of two lines would become one number.
    records = csv.reader(
        (line + "\n" for line in table.lines), delimiter=table.delimiter or " ", strict=True, skipinitialspace=True
    )
    try:
        for cells in records:
            stripped = [cell.strip() for cell in cells]
            yield Record(table.numbers[records.line_num - 1], [] if stripped == [""] else stripped)
    except csv.Error as error:
        line = table.numbers[min(records.line_num, len(table.lines)) - 1]
        raise FormatError(f"row {line}: {_fault(error)}", place=place_on_line(source, text, line)) from None


def _fault(error: csv.Error) -> str:
    """The error in the quotes of a row; the messages of the module csv differ between versions."""
    if "end of data" in str(error):
        return "a quote that is not closed"
    return "a cell that is too long" if "limit" in str(error) else "text after a closing quote"


def comment_names(table: TextTable, width: int) -> list[str]:
    """The words of the comment above the first row, where they are as many as its cells and none is a number."""
    if not table.comment:
        return []
    parts = table.comment.split(table.delimiter) if table.delimiter else table.comment.split()
    names = [part.strip() for part in parts]
    fits = width > 1 and len(names) == width and all(names) and not any(map(is_styled_number, names))
    return names if fits else []
