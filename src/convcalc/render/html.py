"""A report as a piece of HTML: the terminal's page as preformatted text, coloured by role; no script, no reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from convcalc.render.boxes import ROUNDED
from convcalc.render.layout import lines_of
from convcalc.render.lines import Line
from convcalc.report.blocks import Block, Role
from convcalc.wording import safe_text

WIDTH = 100
"""Columns of a page in a notebook."""
_PAGE = "white-space: pre; overflow-x: auto; line-height: 1.2"
# Legible on light and on dark.
_STYLES = {
    Role.TITLE: "font-weight: bold",
    Role.LABEL: "opacity: 0.65",
    Role.NEGATIVE: "color: #d9534f",
    Role.PADDED: "color: #b8860b",
    Role.DIFFERENT: "color: #b5459e; font-weight: bold",
    Role.WINDOW: "font-weight: bold",
    Role.TOTAL: "color: #1a8f9c; font-weight: bold",
    Role.GOOD: "color: #3a9a4c",
    Role.BAD: "color: #d9534f; font-weight: bold",
    Role.NOTE: "color: #b8860b",
    Role.FILLED: "color: #1a8f9c; font-weight: bold",
}


def html_text(blocks: Sequence[Block], width: int = WIDTH, *, is_styled: bool = True) -> str:
    """The blocks as one element; all text is escaped, so that a browser only shows it.

    ``is_styled``: with colours as style attributes, which the policy of some pages forbids.
    """
    if not is_styled:
        lines = ("".join(span.text for span in line) for line in lines_of(blocks, width, ROUNDED))
        return f"<pre>{escape(chr(10).join(map(safe_text, lines)))}</pre>"
    text = "\n".join("".join(_pieces(line)) for line in lines_of(blocks, width, ROUNDED))
    return f'<pre style="{_PAGE}">{text}</pre>'


def _pieces(line: Line) -> Iterator[str]:
    for style, spans in groupby(line, lambda span: _STYLES.get(span.role, "")):
        text = escape(safe_text("".join(span.text for span in spans)))
        yield f'<span style="{style}">{text}</span>' if style and text else text
