"""Texts and numbers as LaTeX: plain ASCII, in which only the commands written here are commands."""

from __future__ import annotations

import re
import unicodedata

from convcalc.wording import safe_text

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\char34{}",
    **{sign: f"\\{sign}" for sign in "{}$&#_%"},
    **{sign: f"{{{sign}}}" for sign in "[]*"},  # a row of a table may begin with them, and \\ takes options
}
_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho varsigma sigma tau upsilon"
_SIGNS = {
    "×": r"\times", "−": "-", "·": r"\cdot", "⋆": r"\star", "∗": "*", "→": r"\to", "←": r"\leftarrow", "°": r"^\circ",
    "⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "±": r"\pm", "÷": r"\div", "≤": r"\le",
    "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "∞": r"\infty", "∑": r"\sum", "√": r"\surd", "∂": r"\partial",
    "∇": r"\nabla", "∈": r"\in", "∣": r"\mid", "²": "^2", "³": "^3", "¹": "^1", "µ": r"\mu", "✓": r"\checkmark",
    **{chr(ord("α") + number): f"\\{name}" for number, name in enumerate(_GREEK.split()) if name != "o"},
    **{letter: f"\\{name}" for letter, name in zip("φχψω", ("varphi", "chi", "psi", "omega"), strict=True)},
    **{sign: f"\\{unicodedata.name(sign).split()[-1].capitalize()}" for sign in "ΓΔΘΞΠΣΥΦΨΩ"}, "Λ": r"\Lambda",
}  # fmt: skip
_LETTERS = {
    "…": r"\dots{}", "–": r"\textendash{}", "—": r"\textemdash{}", "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}", "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}", "•": r"\textbullet{}",
    "\u00a0": "~", "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "ø": r"\o{}", "Ø": r"\O{}", "å": r"\aa{}",
    "Å": r"\AA{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "§": r"\S{}",
    "─": r"\textendash{}", "│": r"\textbar{}", "■": r"\rule{.6em}{.6em}",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0323": "d",
}  # fmt: skip
_BLOCKS = {chr(0x2580 + eighths): eighths / 8 for eighths in range(1, 9)}
"""Lower blocks, an eighth to the whole of a line: the bars of plots."""

_LONG = 25  # characters without a space, from which on a word may be broken
_PIECE = 10

_WORD = re.compile(r"[^ ]+")
_MINUS = re.compile(r"(?<![^(])-(?=[0-9])")  # of a number, not a hyphen
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_POWER = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)e\+?(-?)0*([0-9]+)")
_FRACTION = re.compile(r"(-?)([0-9]{1,6})/([0-9]{1,6})")


def latex_text(text: str) -> str:
    r"""Text escaped for LaTeX; characters that its fonts lack are named by their code points.

    >>> latex_text(r"50 % of \input{x}: 3×3, ☃")
    '50 \\% of \\textbackslash{}input\\{x\\}: 3$\\times$3, \\codepoint{2603}'
    """
    return _WORD.sub(lambda word: "".join(_broken(_MINUS.sub("−", word[0]))), safe_text(text))


def latex_number(text: str) -> str:
    r"""A number's text for math mode; other texts are set as text.

    >>> latex_number("-1/9"), latex_number("1.5e-06"), latex_number("(0)"), latex_number("-inf")
    ('-\\tfrac{1}{9}', '1.5\\times 10^{-6}', '(0)', '-\\infty')
    """
    if text[:1] == "(" and text[-1:] == ")":
        return f"({latex_number(text[1:-1])})"
    if _DECIMAL.fullmatch(text):
        return text
    if found := _FRACTION.fullmatch(text):
        return rf"{found[1]}\tfrac{{{found[2]}}}{{{found[3]}}}"
    if found := _POWER.fullmatch(text):
        return rf"{found[1]}\times 10^{{{found[2]}{found[3]}}}"
    words = {"inf": r"\infty", "-inf": r"-\infty", "…": r"\cdots", "": ""}
    return words.get(text) if text in words else rf"\text{{{latex_text(text)}}}"  # type: ignore[return-value]


def _broken(word: str) -> list[str]:
    """The signs of a word, with places to break it if it is long."""
    signs = [_sign(character) for character in word]
    for place in range(len(signs) - 1, 0, -1):
        before = word[place - 1 : place + 1]
        if before in ("--", "''", ",,"):  # pairs that fonts replace by a ligature
            signs.insert(place, "{}")
        elif len(word) >= _LONG and place % _PIECE == 0:
            signs.insert(place, r"\allowbreak{}")
    return signs


def _sign(character: str) -> str:
    if character.isascii():
        return _SPECIAL.get(character, character)
    if character in _SIGNS:
        return f"${_SIGNS[character]}$"
    if character in _BLOCKS:
        return rf"\rule{{.5em}}{{{_BLOCKS[character]:.3f}em}}"
    return _LETTERS.get(character) or _accented(character) or rf"\codepoint{{{ord(character):04X}}}"


def _accented(character: str) -> str:
    """A letter with its accent, if the standard fonts can combine them."""
    parts = list(unicodedata.normalize("NFD", character))
    if len(parts) != 2 or parts[1] not in _ACCENTS or not (parts[0].isascii() and parts[0].isalpha()):
        return ""
    letter = rf"\{parts[0]}{{}}" if parts[0] in "ij" else parts[0]  # without their dots
    return rf"\{_ACCENTS[parts[1]]}{{{letter}}}"
