"""What flags say of a saved picture: the rule of its levels, its size, its frame; and which files are pictures."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from convcalc.errors import FieldError, Place, UsageError

MOVING_SUFFIXES = (".gif", ".webp")
"""Of formats that hold several pictures, one after the other."""
TIFF_SUFFIXES = (".tif", ".tiff")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", *MOVING_SUFFIXES, *TIFF_SUFFIXES)
DIRECTION = "direction"


class Look(NamedTuple):
    """How a picture is drawn and saved."""

    rule: str = "auto"
    zoom: int = 1
    """The pixels of a side of the square that each cell becomes."""
    has_frame: bool = False
    """Whether it has a title and a colour bar."""


_HINT = f"-o edges.png, or another of {', '.join(PICTURE_SUFFIXES[1:])}"


def look_of(output: str | None, rule: str, zoom: int | None, *, figure: bool) -> Look:
    """The look that flags ask for.

    Raises:
        UsageError: they ask for a picture where none is saved.
        FieldError: the zoom is no whole number from 1.
    """
    suffix = Path(output or "").suffix.lower()
    for flag, is_said in (("--zoom", zoom is not None), ("--figure", figure), (f"--map {rule}", rule == DIRECTION)):
        if is_said and suffix not in PICTURE_SUFFIXES:
            raise UsageError(f"{flag} is about a picture that is saved", hint=_HINT)
    if zoom is not None and zoom < 1:
        raise FieldError(f"zoom is at least 1, got {zoom}", place=Place("--zoom", is_flag=True))
    if figure and suffix in TIFF_SUFFIXES:
        raise UsageError("a TIFF holds the numbers, --figure is a drawing", hint="-o figure.png")
    return Look(rule, zoom or 1, figure)
