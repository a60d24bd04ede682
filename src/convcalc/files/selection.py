"""Which part is read of a file that holds several images: words of a file's field and of flags, as numbers from 0."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from convcalc.errors import FieldError

SELECTORS = {
    "series": "of several images in a file, which one, from 0: a FITS extension, a part of an OpenEXR image",
    "frame": "of a stack or a volume, which image, from 0; one number for each axis, such as 0,3; or all",
    "level": "of an image that is stored in several sizes, which one: 0 is the largest",
    "band": "of several channels, which one, from 0; or all, with alpha",
}
"""The words that select, each with its description."""
ALL = "all"
ALL_BANDS = -1
"""In place of a channel's number: every one is read, alpha too, which is dropped where nothing is said."""
_FRAMES = re.compile(r" *[0-9]{1,9} *(, *[0-9]{1,9} *){0,7}")
_ALL: dict[str, Any] = {"frame": (), "band": ALL_BANDS}
_WHOLE = re.compile(r" *[0-9]{1,9} *")


class Selection(NamedTuple):
    """The part of a file that is read; None leaves the choice to its reader."""

    series: int | None = None
    frame: tuple[int, ...] | None = None
    """One number for each of the leading axes of a stack; no number at all stands for all frames."""
    level: int | None = None
    band: int | None = None
    """:data:`ALL_BANDS` stands for all."""

    @property
    def one_band(self) -> int | None:
        """The only channel that is read, if there is one."""
        return None if self.band == ALL_BANDS else self.band

    @property
    def reads_alpha(self) -> bool:
        """Whether alpha is a channel like others; nothing said drops it."""
        return self.band is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The words that are said."""
        return tuple(name for name, value in zip(self._fields, self, strict=True) if value is not None)

    @property
    def said(self) -> dict[str, Any]:
        """What is selected as a file says it."""
        values = {name: getattr(self, name) for name in self.names}
        values |= {"band": ALL} if self.band == ALL_BANDS else {}
        return {name: (list(value) or ALL) if isinstance(value, tuple) else value for name, value in values.items()}


EVERYTHING = Selection()


def selection_of(said: Mapping[str, Any]) -> Selection:
    """The selection that texts say, by their words; what is None is not said.

    Raises:
        FieldError: a text is no number.

    >>> selection_of({"frame": "0, 3", "band": "1"})
    Selection(series=None, frame=(0, 3), level=None, band=1)
    """
    return Selection(**{name: _value(name, value) for name, value in said.items() if value is not None})


def _value(name: str, value: Any) -> Any:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    if name in _ALL and text.strip() == ALL:
        return _ALL[name]
    if not (_FRAMES if name == "frame" else _WHOLE).fullmatch(text):
        what = "whole numbers from 0, such as 3 or 0,3, or all" if name == "frame" else "a whole number from 0"
        what += ", or all" * (name == "band")
        raise FieldError(f"{name} takes {what}, got {text[:40]!r}", hint=f"{name} 0 is the first", field=name)
    return tuple(map(int, text.split(","))) if name == "frame" else int(text)
