"""The colours of a figure on white paper; all text has a contrast of 4.5 to 1, as WCAG 2.1 requires (1.4.3)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from convcalc.picture.colours import DIVERGING_ON_WHITE, SEQUENTIAL, Colour
from convcalc.render.svg.marks import PatchKind, Style
from convcalc.report.arrays.figure import Cell, OutlineKind, PanelKind
from convcalc.report.network.figure import BoxKind

PAPER = "#ffffff"
EDGE = "#94a3b8"
DOTS = "#475569"
_BLACK, _WHITE = "#000000", "#ffffff"

WORDS: dict[Style, str] = {
    Style.TITLE: "#0f172a",
    Style.TEXT: "#334155",
    Style.CAPTION: "#0f172a",
    Style.LABEL: "#475569",
    Style.SIGN: "#0f172a",
    Style.NUMBER: "#0f172a",
    Style.PADDED: "#475569",
    Style.TOTAL: "#14532d",
}

# Orange and blue differ for the colour-blind too; window, kernel and total also differ by the weight of their frames.
_FILLS: dict[PanelKind, str] = {
    PanelKind.INPUT: PAPER,
    PanelKind.KERNEL: "#dbeafe",
    PanelKind.PRODUCTS: "#f5f3ff",
    PanelKind.RESULT: "#f8fafc",
    PanelKind.TOTAL: "#dcfce7",
    PanelKind.OUTPUT: PAPER,
}
NODES: dict[BoxKind, str] = {
    BoxKind.INPUT: "#f8fafc",
    BoxKind.CONVOLUTION: "#dbeafe",
    BoxKind.LINEAR: "#ede9fe",
    BoxKind.POOL: "#dcfce7",
    BoxKind.ACTIVATION: "#ffedd5",
    BoxKind.OTHER: PAPER,
}
PATCHES: dict[PatchKind, str] = {
    PatchKind.WINDOW: "#ffedd5",
    PatchKind.PLACE: "#86efac",
    PatchKind.AXIS: EDGE,
    PatchKind.GRID: "#e2e8f0",
}
CURVE = "#1d4ed8"
_MARKED = {PanelKind.INPUT: "#ffedd5", PanelKind.TOTAL: "#dcfce7", PanelKind.OUTPUT: "#dcfce7"}
_PADDED = "#f1f5f9"


class Stroke(NamedTuple):
    """A line: colour, width, and dashes if it has any."""

    colour: str
    width: float
    dashes: str = ""


FRAMES: dict[OutlineKind, Stroke] = {
    OutlineKind.WINDOW: Stroke("#c2410c", 3),
    OutlineKind.NEXT: Stroke("#c2410c", 1.5, "6 4"),
    OutlineKind.BORDER: Stroke("#0f172a", 1.5),
    OutlineKind.WINNER: Stroke("#15803d", 3),
}


def fill(kind: PanelKind, cell: Cell, *, is_diverging: bool) -> str:
    """The colour of a cell."""
    if cell.level is not None:
        return hexadecimal(scale(is_diverging)[cell.level])
    if cell.is_marked:
        return _MARKED[kind]
    return _PADDED if cell.is_padded else _FILLS[kind]


def ink(cell: Cell, style: Style, *, is_diverging: bool) -> str:
    """The colour of a number on its cell: on a coloured one black or white, whichever stands out more."""
    if cell.level is None:
        return WORDS[style]
    brightness = luminance(scale(is_diverging)[cell.level])
    return _BLACK if contrast(brightness, 0) >= contrast(brightness, 1) else _WHITE


def scale(is_diverging: bool) -> tuple[Colour, ...]:
    """The colours of the levels."""
    return DIVERGING_ON_WHITE if is_diverging else SEQUENTIAL


def hexadecimal(colour: Colour) -> str:
    """A colour as SVG writes it."""
    return "#" + bytes(colour).hex()


@cache
def luminance(colour: Colour) -> float:
    """The relative luminance of a colour, from 0 to 1, as WCAG 2.1 defines it."""
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    """The contrast of two luminances, from 1 to 21, as WCAG 2.1 defines it."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
