"""The shipped fonts in a PDF: DejaVu Sans for running text, DejaVu Sans Mono for all that stands in columns.

ReportLab (the extra ``pdf``) reads them, measures texts, and embeds the letters that a document uses.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from convcalc.errors import MissingExtraError
from convcalc.render.lines import text_width as columns_of
from convcalc.render.shipped_fonts import Face, font_file

EM_OF_A_COLUMN = 1233 / 2048
"""The width of every character of DejaVu Sans Mono, of its size (table hmtx of the font)."""
EM_OF_A_LINE = 2384 / 2048
"""From line to line so that frames have no gaps: ascent 1901 and descent 483 (table hhea)."""
DESCENT = 483 / 2048


BOX = "□"
"""Stands for a character that the fonts lack."""


def check_installed() -> None:
    """Refuse to write a PDF without ReportLab.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import reportlab  # noqa: F401
    except ImportError:
        raise MissingExtraError("writing a PDF", "pdf") from None


def text_width(text: str, face: Face, size: float) -> float:
    """The width of a text in points."""
    return float(_font(face).stringWidth(text, size))


def drawable(text: str, face: Face) -> str:
    """The text with :data:`BOX` for each character that a font lacks, as many columns wide as it."""
    letters = _font(face).face.charToGlyph
    return "".join(sign if ord(sign) in letters else BOX.ljust(columns_of(sign)) for sign in text)


def font_name(face: Face) -> str:
    """The name of a font for a canvas."""
    return str(_font(face).fontName)


@cache
def _font(face: Face) -> Any:
    """The font, registered.

    Raises:
        MissingExtraError: ReportLab is not installed.
    """
    check_installed()
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = TTFont(face, str(font_file(face)))
    pdfmetrics.registerFont(font)
    return font
