"""The parts of a figure: panels of cells with roles, signs between them, and words; no colours, sizes or numbers."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple


class PanelKind(StrEnum):
    """What the cells of a panel are."""

    INPUT = "input"
    KERNEL = "kernel"
    PRODUCTS = "products"
    RESULT = "result"
    """One number on the way from the products to the output: a subtotal, the scale, the bias."""
    TOTAL = "total"
    OUTPUT = "output"


class Cell(NamedTuple):
    """One cell of an array; without a text only its place or its level is shown."""

    text: str = ""
    place: tuple[int, ...] = ()
    """Where it stands in its array: an input cell outside the input has places below 0 or beyond the last one."""
    is_marked: bool = False
    """Whether it is what the figure is about: an input cell under a tap, the output cell that is traced."""
    is_padded: bool = False
    """Whether it lies outside the input, or belongs to a tap that does."""
    level: int | None = None
    """Its place on the colour scale of its panel, 0 to 255; None: it has no colour of its own."""


class OutlineKind(StrEnum):
    """What an outline encloses."""

    WINDOW = "window"
    NEXT = "next"
    """The window of a neighbouring output cell."""
    BORDER = "border"
    """The input without its padding."""
    WINNER = "winner"
    """The largest cell of a window."""


class Outline(NamedTuple):
    """A frame around some rows and columns of a panel, counted among those that are shown."""

    kind: OutlineKind
    rows: tuple[int, int]
    """The first and the last one; likewise the columns."""
    columns: tuple[int, int]


class Panel(NamedTuple):
    """A matrix of cells under a caption; a cell that is None stands for those that are left out."""

    kind: PanelKind
    caption: str
    cells: tuple[tuple[Cell | None, ...], ...]
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    outlines: tuple[Outline, ...] = ()
    footer: str = ""
    is_diverging: bool = False
    """Whether the middle level stands for 0, with a colour on either side."""


class Sign(NamedTuple):
    """A sign between two panels."""

    text: str


class Legend(NamedTuple):
    """The colour scale of the panels beside it."""

    caption: str
    low: str
    high: str
    is_diverging: bool


Item = Panel | Sign | Legend


class Figure(NamedTuple):
    """A figure: a title, words that say what is computed, rows of panels, notes below."""

    title: str
    description: str
    rows: tuple[tuple[Item, ...], ...]
    notes: tuple[str, ...] = ()
    """Words below the panels."""
    remark: str = ""
    """What a reader should know of the file, such as what the colours stand for."""


def typeset(text: str) -> str:
    """The text with a minus sign in front of its negative numbers instead of a hyphen.

    >>> typeset("row -1, 1e-05")
    'row −1, 1e−05'
    """
    return re.sub(r"(?<!\w)-(?=[\d.]|inf)|(?<=\de)-(?=\d)", "−", text)


def hyphenated(text: str) -> str:
    """A number that is typeset as terminals have it, which is how reports write it.

    >>> hyphenated(typeset("-1e-05"))
    '-1e-05'
    """
    return text.replace("−", "-")


def single(kind: PanelKind, caption: str, text: str) -> Panel:
    """A panel of one number."""
    return Panel(kind, caption, ((Cell(typeset(text), is_marked=kind is PanelKind.TOTAL),),))
