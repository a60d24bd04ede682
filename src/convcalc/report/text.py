"""Numbers, shapes and foreign strings as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from convcalc.numerals import exact_text, is_finite, nearest_float
from convcalc.wording import counted, shape_text

_DIGITS = 6  # significant digits of a float in a table; JSON and CSV have all of them
_WIDEST = 12  # characters of a float with aligned decimals, beyond which each float is written for itself
_BRIEFEST = 24  # characters of a number that a sentence takes in as they are
_DIRECTIONS = {
    1: ("from left to right",),
    2: ("from top to bottom", "from left to right"),
    3: ("from front to back", "from top to bottom", "from left to right"),
}


def number_text(value: Any, digits: int = _DIGITS) -> str:
    """A number as text: whole numbers and fractions exact, floats to ``digits`` significant digits.

    A negative zero is written 0; the JSON output keeps it.

    >>> number_text(60), number_text(0.1 + 0.2), number_text(-0.0), number_text(1 / 3, 3)
    ('60', '0.3', '0', '0.333')
    """
    if not isinstance(value, float):
        return exact_text(value)
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in text and abs(value) < 1e15 and value.is_integer() else text


def brief_text(value: Any) -> str:
    """A number as of :func:`number_text`, or an approximation where that would be long.

    >>> brief_text(Fraction(1, 16)), brief_text(10**30)
    ('1/16', 'about 1e+30')
    """
    text, rounded = number_text(value), nearest_float(value)
    is_brief = len(text) <= _BRIEFEST or not rounded or not is_finite(rounded)
    return text if is_brief else f"about {rounded:.{_DIGITS}g}"


def number_texts(values: Iterable[Any]) -> list[str]:
    """Numbers that stand below each other: floats with the same number of decimals.

    >>> number_texts([0.5, 1.0, -0.25])
    ['0.50', '1.00', '-0.25']
    """
    numbers = list(values)
    texts = [number_text(value) for value in numbers]
    decimals = max((len(text.partition(".")[2]) for text in texts if "e" not in text), default=0)
    if not decimals or any("e" in text or "/" in text for text in texts):
        return texts
    aligned = [
        f"{value:.{decimals}f}" if isinstance(value, float) and is_finite(value) else text
        for value, text in zip(numbers, texts, strict=True)
    ]
    return texts if max(map(len, aligned)) > _WIDEST else [_unsigned_zero(text) for text in aligned]


def cells_text(size: Sequence[int]) -> str:
    """Cells on each axis; a single number is followed by "cells".

    >>> cells_text([512, 300]), cells_text([1])
    ('512×300', '1 cell')
    """
    return counted(size[0], "cell") if len(size) == 1 else shape_text(size)


def channels_text(shape: Sequence[int]) -> str:
    """The channels, where there are several, and the cells of each.

    >>> channels_text([1, 512, 300]), channels_text([3, 5])
    ('512×300', '3 channels of 5 cells')
    """
    cells = cells_text(shape[1:])
    return cells if shape[0] == 1 else f"{counted(shape[0], 'channel')} of {cells}"


def signed_sum(terms: Sequence[str]) -> str:
    """Terms written out as a sum, with a minus before negative ones.

    >>> signed_sum(["-40", "80", "-120"])
    '-40 + 80 - 120'
    """
    first, *rest = terms or ["0"]
    return first + "".join(f" - {term[1:]}" if term.startswith("-") else f" + {term}" for term in rest)


def scale_text(scale: Fraction) -> str:
    """A scale as a factor; empty where it is 1."""
    return "" if scale == 1 else f"× {exact_text(scale)}"


def seconds_text(seconds: float) -> str:
    """A time in the unit that suits it, to two digits.

    >>> seconds_text(3.1e-5), seconds_text(0.2345), seconds_text(0.9996), seconds_text(7200)
    ('31 µs', '230 ms', '1 s', '7,200 s')
    """
    for unit, size in (("µs", 1e-6), ("ms", 1e-3)):
        if float(f"{seconds / size:.2g}") < 1000:
            return f"{float(f'{seconds / size:.2g}'):g} {unit}"
    return f"{float(f'{seconds:.2g}'):,.10g} s"


def directions(rank: int) -> tuple[str, ...]:
    """The directions along the spatial axes, in order."""
    return _DIRECTIONS.get(rank) or tuple(f"along axis {number}" for number in range(rank))


def directions_text(axes: Sequence[int], rank: int) -> str:
    """The directions along some of the spatial axes.

    >>> directions_text((0, 1), 2), directions_text((0, 2), 3)
    ('along both axes', 'from front to back and from left to right')
    """
    if 1 < len(axes) == rank:
        return "along both axes" if rank == 2 else "along every axis"
    return listed([directions(rank)[axis] for axis in axes])


def listed(words: Sequence[str]) -> str:
    """Words with commas and a last "and".

    >>> listed(["rows", "columns"])
    'rows and columns'
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _unsigned_zero(text: str) -> str:
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text
