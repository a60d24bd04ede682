"""Strips of cells as text with a terminal's colour codes: one table look-up per cell, no style objects."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING

from convcalc.picture.colours import DIVERGING, SEQUENTIAL, Colour, nearest_of_256
from convcalc.render.lines import Strip

if TYPE_CHECKING:
    from rich.console import Console

_UPPER_HALF = "▀"
_RESET = "\x1b[0m"
_NUMBERS = tuple(map(str, range(256)))  # saves three quarters of the time of formatting them for each picture
# Parts of colours by their five highest bits: of 256 colours none is nearer to another, and few are looked for anew.
_COARSE = bytes(part & 0xF8 | part >> 5 for part in range(256))


class Depth(IntEnum):
    """The number of colours."""

    NONE = 0
    OF_256 = 8
    TRUE = 24


def depth_of(console: Console) -> Depth:
    """The colours of a console for cells: none without half blocks, and none where there are only sixteen."""
    if console.no_color or not console.encoding.lower().startswith("utf"):
        return Depth.NONE
    return {"truecolor": Depth.TRUE, "256": Depth.OF_256}.get(console.color_system or "", Depth.NONE)


def painted(strip: Strip, depth: Depth) -> str:
    """The text of a strip in a number of colours; without any, its signs."""
    if depth is Depth.NONE:
        return strip.text
    upper = _codes(strip, strip.upper, strip.upper_pixels, depth)
    lower = _codes(strip, strip.lower, strip.lower_pixels, depth)
    return "".join(_pieces(upper, lower)) + _RESET


def _pieces(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """A half block for each cell, with the codes of its colours where they change."""
    if not lower:
        return [f"\x1b[38;{code}m{_UPPER_HALF}" for code in upper]
    before: tuple[str, str] | None = None
    pieces = []
    for pair in zip(upper, lower, strict=True):
        pieces.append(_UPPER_HALF if pair == before else f"\x1b[38;{pair[0]};48;{pair[1]}m{_UPPER_HALF}")
        before = pair
    return pieces


def _codes(strip: Strip, levels: bytes, pixels: bytes, depth: Depth) -> Sequence[str]:
    """The code of each cell's colour."""
    if pixels:
        if depth is Depth.OF_256:
            pixels = pixels.translate(_COARSE)
        return [_code(colour, depth) for colour in zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True)]
    table = _table(strip.is_diverging, depth)
    return [table[level] for level in levels]


@cache
def _table(is_diverging: bool, depth: Depth) -> tuple[str, ...]:
    """The code of each level."""
    return tuple(_code(colour, depth) for colour in (DIVERGING if is_diverging else SEQUENTIAL))


def _code(colour: Colour, depth: Depth) -> str:
    if depth is Depth.OF_256:
        return _code_of_256(colour)
    red, green, blue = colour
    return f"2;{_NUMBERS[red]};{_NUMBERS[green]};{_NUMBERS[blue]}"


@cache
def _code_of_256(colour: Colour) -> str:
    return f"5;{nearest_of_256(colour)}"
