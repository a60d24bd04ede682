"""How wide the columns of a table become where they do not all fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from convcalc.report.blocks import Table
from convcalc.report.text import listed

_SHORTENED = 24  # characters of text, to which a column is wrapped before another one is left out
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


def kept_columns(
    widths: Sequence[int], flexible: Collection[int], spare: Sequence[int], room: int, between: int
) -> list[int]:
    """The columns that are left once as many of the ``spare`` ones are gone, the first one first, as it takes to fit.

    ``between``: what lies between two columns. It may be that those which are left do not fit either.

    >>> kept_columns([10, 20, 5, 9], {0}, [3, 1], 30, 2)
    [0, 2]
    """
    least = [min(width, _SHORTENED) if number in flexible else width for number, width in enumerate(widths)]
    kept = list(range(len(widths)))
    for number in spare:
        if sum(least[each] for each in kept) + between * (len(kept) - 1) <= room:
            break
        kept.remove(number)
    return kept


def left_out(table: Table, kept: Collection[int], page: str = "") -> str:
    """A sentence on the columns that are not kept, or nothing where all are."""
    missing = [name for number, name in enumerate(table.columns) if number not in kept]
    where = f"; {page}, --format csv and json have" if page else "; --format csv and json have"
    return f"left out here: {listed(missing)}{where} every column" if missing else ""
