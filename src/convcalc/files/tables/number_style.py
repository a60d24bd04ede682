"""Decimal points and commas, and what parts thousands: decided once for all cells of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from convcalc.errors import FieldError
from convcalc.files.text import shown

_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " ") | {"’": "'"})
_MARKS = re.compile(r"[.,' \u00a0\u202f\u2009’]")


class NumberStyle(NamedTuple):
    """How numbers are written."""

    decimal: str = "."
    thousands: str = ""

    @property
    def words(self) -> str:
        """Such as ``decimal comma, thousands parted by '.'``."""
        named = {".": "point", ",": "comma"}[self.decimal]
        parted = {" ": "spaces", "'": "apostrophes", ",": "commas", ".": "points"}.get(self.thousands)
        return f"decimal {named}" + (f", {parted} between thousands" if parted else "")

    def plain(self, cell: str) -> str:
        """The number as Python writes it, such as ``1234.5`` for ``1.234,5``; other texts as they are."""
        if not _pattern(self).fullmatch(cell := cell.translate(_SPACES)):
            return cell
        return cell.replace(self.thousands, "").replace(self.decimal, ".") if self.thousands else self._point(cell)

    def _point(self, cell: str) -> str:
        return cell.replace(self.decimal, ".")


PLAIN = NumberStyle()
_STYLES = tuple(
    NumberStyle(decimal, thousands)
    for decimal in ".,"
    for thousands in ("", ",", ".", "'", " ")
    if thousands != decimal
)


@cache
def _pattern(style: NumberStyle) -> re.Pattern[str]:
    decimal, thousands = re.escape(style.decimal), re.escape(style.thousands)
    groups = f"|[1-9][0-9]{{0,2}}(?:{thousands}[0-9]{{3}})+" if thousands else ""
    return re.compile(rf"[-+]?(?:(?:[0-9]+{groups})(?:{decimal}[0-9]*)?|{decimal}[0-9]+)(?:[eE][-+]?[0-9]+)?")


def is_styled_number(cell: str) -> bool:
    """Whether a text is a number in any of the styles.

    >>> is_styled_number("1.234,5"), is_styled_number("1 234"), is_styled_number("1:30")
    (True, True, False)
    """
    if _pattern(PLAIN).fullmatch(cell):
        return True
    cell = cell.translate(_SPACES)
    return any(_pattern(style).fullmatch(cell) for style in _STYLES)


def style_of(cells: Iterable[str], delimiter: str | None, decimal: str = "") -> NumberStyle:
    """The style in which all numbers of a table are written; ``decimal``: its decimal character, where it is said.

    Numbers with a decimal point and nothing else are that, wherever all cells can be.

    Raises:
        FieldError: two styles fit and give other numbers; the message shows both.
    """
    texts = [text for text in dict.fromkeys(cell.translate(_SPACES) for cell in cells) if _MARKS.search(text)]
    texts = [text for text in texts if any(_pattern(style).fullmatch(text) for style in _STYLES)]
    wanted = [style for style in _STYLES if decimal in ("", style.decimal)]
    fitting = [style for style in wanted if all(map(_pattern(style).fullmatch, texts))]
    if not fitting:
        return NumberStyle(decimal) if decimal else PLAIN
    if fitting[0] in (PLAIN, NumberStyle(decimal)):
        return fitting[0]
    if delimiter == ",":  # who writes decimal commas parts cells by something else
        fitting = [style for style in fitting if style.decimal == "."] or fitting
    for style in fitting[1:]:
        for text in texts:
            if fitting[0].plain(text) != style.plain(text):
                raise _two_readings(text, fitting[0], style)
    return fitting[0]


def _two_readings(text: str, one: NumberStyle, other: NumberStyle) -> FieldError:
    said = " and ".join(f"{style.plain(text)} ({style.words})" for style in (one, other))
    hint = " or ".join(
        f"--decimal {style.decimal} for {style.plain(text)}"
        for style in sorted((one, other), key=lambda each: each.decimal)
    )
    return FieldError(f"{shown(text)} can be read in two ways: {said}", hint=hint, field=(text,))
