"""Pieces of lines as what Textual draws: text in the styles of their roles, pictures in their colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip as Drawn

from convcalc.explore.grid import Lit, Piece
from convcalc.render.lines import Strip
from convcalc.render.paint import Depth, painted
from convcalc.render.terminal import STYLES
from convcalc.report.blocks import Role
from convcalc.wording import safe_text

_STYLES = {role: Style.parse(style) if style else Style() for role, style in STYLES.items()}
# Reversed, so that what is lit is seen on a terminal without colours too.
_LIT = {
    Role.WINDOW: Style(color="yellow", reverse=True),
    Role.TITLE: Style(bold=True, reverse=True),
    Role.NOTE: Style(color="yellow", bold=True),  # a frame
}
_PLAIN = Console(force_terminal=False, width=1000)


def drawn(pieces: Iterable[Piece], depth: Depth, width: int, base: Style, *, has_colours: bool) -> Drawn:
    """A line of exactly so many columns, whatever is left over in the base style.

    ``has_colours``: False leaves bold and reversed text alone, since Textual would make dark greys of colours.
    """
    line = Drawn(_segments(pieces, depth, has_colours)).simplify()
    return line.apply_style(base).adjust_cell_length(width, base)


def _segments(pieces: Iterable[Piece], depth: Depth, has_colours: bool) -> Iterator[Segment]:
    for piece in pieces:
        if isinstance(piece, Strip):
            yield from _picture(piece, depth)
        else:
            style = _LIT[piece.role] if isinstance(piece, Lit) else _STYLES[piece.role]
            yield Segment(safe_text(piece.text), style if has_colours else style.without_color)


@lru_cache(maxsize=512)
def _picture(strip: Strip, depth: Depth) -> tuple[Segment, ...]:
    """The half blocks of a strip, which is painted once."""
    if depth is Depth.NONE:
        return (Segment(strip.text),)
    return tuple(Text.from_ansi(painted(strip, depth)).render(_PLAIN, end=""))
