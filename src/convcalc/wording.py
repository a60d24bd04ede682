"""Counts and shapes as words: the same in errors, reports and help."""

from __future__ import annotations

from collections.abc import Sequence


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
