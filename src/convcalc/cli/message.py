"""Messages on standard error: the error, its place, and how to fix it."""

import sys

from convcalc.cli.streams import discard
from convcalc.errors import ConvcalcError, Place
from convcalc.wording import safe_text

_LONGEST = 500  # characters of a message that are shown
_EXCERPT = 100  # characters of a source line


def tell_error(error: ConvcalcError) -> None:
    """Write the error with its place, the source line with a caret, and its hint."""
    tell(
        f"{error.place}: {error.message}" if str(error.place or "").strip() else error.message, error.hint, error.place
    )


def tell(message: str, hint: str = "", place: Place | None = None) -> None:
    """Write an error message."""
    write(f"error: {_shortened(message)}")
    if place and place.excerpt and place.column:
        for line in _excerpt(place.excerpt, place.column):
            write(f"  {line}")
    if hint:
        write(f"hint: {_shortened(hint)}")


def write(line: str) -> None:
    """Write one line to standard error, escaped; failures to write are ignored, since the result matters more."""
    if sys.stderr is None:
        return
    try:
        print(safe_text(line), file=sys.stderr, flush=True)
    except OSError:
        discard(2)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 100]} … {text[-100:]}"


def _excerpt(line: str, column: int) -> tuple[str, str]:
    """The part of a source line around a column, and a caret below that column."""
    first = max(0, min(column - 1 - _EXCERPT // 2, len(line) - _EXCERPT))
    shown = line[first : first + _EXCERPT].replace("\t", " ")
    before = safe_text(shown[: column - 1 - first])
    return f"{before}{safe_text(shown[column - 1 - first :])}", " " * len(before) + "^"
