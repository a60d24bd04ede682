"""Counts, shapes and foreign texts as words: the same in errors, reports, help and files."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_AXIS_NAMES = {1: ("cell",), 2: ("row", "column"), 3: ("depth", "row", "column")}


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun; the plural is the noun with an s unless it is given.

    >>> counted(1, "channel"), counted(1000, "cell")
    ('1 channel', '1,000 cells')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def shape_text(shape: Sequence[int]) -> str:
    """Sizes with × between them.

    >>> shape_text((3, 28, 28))
    '3×28×28'
    """
    return "×".join(map(str, shape))


def axis_names(rank: int) -> tuple[str, ...]:
    """The names of the spatial axes, in order."""
    return _AXIS_NAMES.get(rank) or tuple(f"axis-{number} cell" for number in range(rank))


def safe_text(text: str) -> str:
    r"""Text with control, format and surrogate characters escaped, so that a terminal only shows it.

    >>> safe_text("a\x1b]0;b\x07")
    'a\\x1b]0;b\\x07'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(character) for character in text)


def _escape(character: str) -> str:
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
