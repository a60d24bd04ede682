"""Every convention by its name, and the one that a word means."""

from __future__ import annotations

from collections.abc import Mapping

from convcalc.conventions.array_functions import ARRAY_FUNCTIONS
from convcalc.conventions.convention import Convention
from convcalc.conventions.image_functions import IMAGE_FUNCTIONS
from convcalc.conventions.network_functions import NETWORK_FUNCTIONS
from convcalc.conventions.program_functions import PROGRAM_FUNCTIONS
from convcalc.errors import UnknownNameError

CONVENTIONS: Mapping[str, Convention] = {
    each.name: each for each in (*ARRAY_FUNCTIONS, *IMAGE_FUNCTIONS, *NETWORK_FUNCTIONS, *PROGRAM_FUNCTIONS)
}
"""By the name of the function, in the order of the tables."""


def _key(word: str) -> str:
    """A name without capitals, and as one word: ``magick -convolve`` is ``magick-convolve``."""
    return "-".join(word.lower().replace(" -", " ").split())


_BY_WORD = {_key(word): each for each in CONVENTIONS.values() for word in (*each.aliases, each.name)}


def find(word: str) -> Convention:
    """The convention of a function by its name, one of its other names, or the end of a name that only one has.

    Raises:
        UnknownNameError: no function, or several, are called so; the nearest names are the hint.

    >>> find("ndimage.convolve").name, find("magick -convolve").name
    ('scipy.ndimage.convolve', 'magick-convolve')
    """
    key = _key(word)
    if key in _BY_WORD:
        return _BY_WORD[key]
    ends = {each.name: each for known, each in _BY_WORD.items() if known.endswith(f".{key}")}
    if len(ends) == 1:
        return next(iter(ends.values()))
    known = [*CONVENTIONS, *(alias for each in CONVENTIONS.values() for alias in each.aliases)]
    hint = f"one of: {', '.join(ends)}" if ends else ""
    raise UnknownNameError("function of another program", word, known, hint=hint, field="like")
