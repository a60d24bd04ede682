"""Upper bounds of text widths without a browser: a table that no common sans-serif font exceeds."""

from __future__ import annotations

import unicodedata
from functools import cache

from convcalc.wording import safe_text

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
LINE_HEIGHT = 1.3
"""Of the font size."""
BASELINE = 0.36
"""Of the font size, from the middle of a line down to its baseline: half a capital's height."""
BOLD = 1.16
"""How much wider bold text is at most."""

# Widths in em: the larger of DejaVu Sans, among the widest of its kind, and Liberation Sans, which has the widths of
# Arial and Helvetica; rounded up to a twentieth.
_WIDTHS = {
    character: width
    for width, characters in {
        0.3: "'ijl",
        0.35: " \u00a0,./:;\\|·I",
        0.4: "()-[]ft⌊⌋",
        0.45: "!r",
        0.5: '"*J`°',
        0.55: "csz",
        0.6: "?L_kvxy–",
        0.65: "$0123456789FTabdeghnopqu{}⋆Σµ",
        0.7: "ABEKPSVXYZ",
        0.75: "CNRU",
        0.8: "&DGHOQ",
        0.85: "#+<=>^w~×−±≤≥∗",
        0.9: "M",
        1.0: "%Wm…→",
        1.05: "@",
    }.items()
    for character in characters
}
_WIDE, _OTHER = 1.0, 0.7  # assumed of Chinese, Japanese and Korean letters, and of all others


def is_known(text: str) -> bool:
    """Whether the table has every character; the width of other texts is an assumption, to which they are stretched."""
    return all(_base(character) in _WIDTHS for character in text)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The largest width of a text of a font size, in units of that size."""
    return sum(map(_em, text)) * size * (BOLD if bold else 1)


@cache
def _em(character: str) -> float:
    if _base(character) in _WIDTHS:
        return _WIDTHS[_base(character)]
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _OTHER


def _base(character: str) -> str:
    """The letter without its accents, which do not change its width."""
    return unicodedata.normalize("NFD", character)[0]


def broken(text: str, width: float, size: float, *, bold: bool = False) -> tuple[str, ...]:
    """The text, escaped, in lines of at most this width: broken at spaces, and inside of words that are too long."""
    lines: list[str] = []
    line = ""
    for word in safe_text(text).split(" "):
        joined = f"{line} {word}" if line else word
        if text_width(joined, size, bold=bold) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width, size, bold)
        lines += full
    return (*lines, line)


def _pieces(word: str, width: float, size: float, bold: bool) -> list[str]:
    pieces = [""]
    for character in word:
        if pieces[-1] and text_width(pieces[-1] + character, size, bold=bold) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces
