"""The marks of a drawn page: boxes with texts, cells and frames in them, in pixels from the upper left corner."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from convcalc.picture.thumbnail import Thumbnail
from convcalc.render.svg.measure import LINE_HEIGHT, text_width
from convcalc.report.arrays.figure import Cell, Outline, OutlineKind, PanelKind
from convcalc.report.network.figure import BoxKind


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """The point in its middle."""
        return self.x + self.width / 2, self.y + self.height / 2


class Style(StrEnum):
    """The style of a text."""

    TITLE = "title"
    TEXT = "text"
    CAPTION = "caption"
    LABEL = "label"
    SIGN = "sign"
    NUMBER = "number"
    PADDED = "padded"
    TOTAL = "total"


BOLD_STYLES = (Style.TITLE, Style.CAPTION, Style.TOTAL)


class Words(NamedTuple):
    """One line of text, in the middle of its box or from its left edge on."""

    box: Box
    text: str
    size: float
    style: Style
    is_centred: bool = True

    @property
    def width(self) -> float:
        """The largest width of the text."""
        return text_width(self.text, self.size, bold=self.style in BOLD_STYLES)


class Tile(NamedTuple):
    """A cell, with its number in lines."""

    box: Box
    cell: Cell
    lines: tuple[Words, ...] = ()


class Raster(NamedTuple):
    """Cells that show their levels alone."""

    box: Box
    cells: tuple[tuple[Cell | None, ...], ...]


class Dots(NamedTuple):
    """The mark for omitted cells, in a row, in a column or both."""

    box: Box
    is_across: bool
    is_down: bool


class Frame(NamedTuple):
    """An outline around some cells."""

    box: Box
    kind: OutlineKind


class Bar(NamedTuple):
    """A colour scale from its lowest level on the left to its highest on the right."""

    box: Box
    is_diverging: bool


class Photo(NamedTuple):
    """A small picture, stretched to its box."""

    box: Box
    thumbnail: Thumbnail
    text: str
    """What it shows, in words."""

    @property
    def is_enlarged(self) -> bool:
        """Whether its cells are shown as squares."""
        return bool(self.thumbnail.levels.shape[1] < self.box.width)


class Node(NamedTuple):
    """The box of a layer, with its words in lines."""

    box: Box
    kind: BoxKind
    lines: tuple[Words, ...]


class Arrow(NamedTuple):
    """A line from point to point, down to a box: straight where both are on a line, otherwise a curve."""

    box: Box
    points: tuple[tuple[float, float], ...]


class Line(NamedTuple):
    """The line of a curve, or its outline where several samples lie above each other."""

    box: Box
    points: tuple[tuple[float, float], ...]
    is_outline: bool = False


class PatchKind(StrEnum):
    """What a patch is."""

    WINDOW = "window"
    PLACE = "place"
    """The sample that is meant."""
    AXIS = "axis"
    GRID = "grid"


class Patch(NamedTuple):
    """A rectangle of one colour: a band behind a curve, an axis, a tick."""

    box: Box
    kind: PatchKind


Mark = Words | Photo | Tile | Raster | Dots | Frame | Bar | Node | Arrow | Line | Patch


class Group(NamedTuple):
    """A group of marks: a panel, a sign, a paragraph."""

    box: Box
    marks: tuple[Mark, ...]
    kind: PanelKind | None = None
    is_diverging: bool = False


class Page(NamedTuple):
    """A laid out page."""

    width: float
    height: float
    title: str
    description: str
    groups: tuple[Group, ...]


def lines_of(
    texts: tuple[str, ...], x: float, y: float, width: float, size: float, style: Style, *, centred: bool = True
) -> tuple[Words, ...]:
    """Lines of text below each other."""
    height = size * LINE_HEIGHT
    return tuple(
        Words(Box(x, y + number * height, width, height), text, size, style, centred)
        for number, text in enumerate(texts)
    )


def around(outline: Outline, columns: Sequence[Box], rows: Sequence[Box]) -> Frame:
    """The frame of an outline, given a box for each column and for each row."""
    left, right = (columns[index] for index in outline.columns)
    top, bottom = (rows[index] for index in outline.rows)
    return Frame(Box(left.x, top.y, right.right - left.x, bottom.bottom - top.y), outline.kind)
