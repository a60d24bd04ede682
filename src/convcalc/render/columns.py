"""How wide the columns of a table become where they do not all fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence

_NARROWEST = 12  # characters of text, below which a wrapped cell is no longer read but deciphered


def fitted_widths(
    widths: Sequence[int], flexible: Collection[int], room: int, words: Sequence[int] | None = None
) -> list[int] | None:
    """The widths with those of the ``flexible`` columns reduced, the widest first, until all fit; None if they cannot.

    ``words``: the longest word of each column, which is broken only where no other column can give way.

    >>> fitted_widths([30, 5, 40], {0, 2}, 60)
    [27, 5, 28]
    """
    fitted = list(widths)
    while sum(fitted) > room:
        between_words = [number for number in flexible if words and fitted[number] > max(words[number], _NARROWEST)]
        widest = max(between_words or flexible, key=fitted.__getitem__, default=None)
        if widest is None or fitted[widest] <= _NARROWEST:
            return None
        fitted[widest] -= 1
    return fitted
