"""Names of classes, one a line."""

from __future__ import annotations

from convcalc.errors import FormatError, Place
from convcalc.files.text import decode, read_bytes
from convcalc.limits import Limits

_MOST_LETTERS = 200


def read_labels(path: str, limits: Limits) -> tuple[str, ...]:
    """The names in a text file, in the order of the classes; empty lines at the end are none.

    Raises:
        DataError: it cannot be read, is no text, or a name is too long.
        LimitError: it is beyond the limit of text files.
    """
    text = decode(read_bytes(path, limits.file), path)
    names = tuple(line.strip() for line in text.rstrip().splitlines())
    for number, name in enumerate(names, 1):
        if len(name) > _MOST_LETTERS:
            raise FormatError(
                f"line {number:,} has {len(name):,} characters, a name of a class has at most {_MOST_LETTERS}",
                hint="one name a line",
                place=Place(path),
            )
    if not names:
        raise FormatError("file is empty", hint="one name a line", place=Place(path))
    return names
