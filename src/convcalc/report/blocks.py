"""The blocks of a report: texts and numbers in roles, without colour, width or file format.

Also series of answers of one kind, reported together with one held in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from convcalc.report.text import signed_sum

# Increased when a key of the JSON documents changes its meaning or is removed.
SCHEMA_VERSION = 1


class Role(StrEnum):
    """The meaning of a piece of text; a renderer chooses its looks."""

    PLAIN = "plain"
    TITLE = "title"
    LABEL = "label"
    """Row and column numbers, captions and other labels."""
    NUMBER = "number"
    NEGATIVE = "negative"
    PADDED = "padded"
    DIFFERENT = "different"
    WINDOW = "window"
    """A cell of the input that a window reads."""
    TOTAL = "total"
    GOOD = "good"
    BAD = "bad"
    NOTE = "note"


class Span(NamedTuple):
    """A text in a role."""

    text: str
    role: Role = Role.PLAIN
    share: float | None = None
    """In a cell of a table: its share of a whole, from 0 to 1, drawn as a bar where a format has bars."""


Line = tuple[Span, ...]


class Sentence(NamedTuple):
    """Running text, wrapped at spaces; later lines are indented by ``indent`` columns."""

    spans: Line
    indent: int = 0
    space_before: bool = False
    """Whether an empty line separates it from the previous block."""

    @property
    def is_heading(self) -> bool:
        """Whether it begins with a title, followed by its description."""
        return bool(self.spans) and self.spans[0].role is Role.TITLE

    @property
    def is_labelled(self) -> bool:
        """Whether it begins with a name."""
        return len(self.spans) > 1 and self.spans[0].role is Role.LABEL


class Sum(NamedTuple):
    """A sum as on paper: terms × scale + bias = total, every number as text."""

    label: str
    terms: tuple[str, ...]
    total: str
    factors: tuple[tuple[str, str], ...] = ()
    """The two numbers whose product each term is, where the terms are products."""
    omitted: str = ""
    """Words for terms that are not written."""
    scale: str = ""
    bias: str = ""
    space_before: bool = False

    @property
    def sentence(self) -> Sentence:
        """The sum as a line of text, without its factors."""
        text = signed_sum(self.terms) + (f" + … ({self.omitted})" if self.omitted else "")
        if self.scale:
            text = f"{f'({text})' if len(self.terms) > 1 else text} × {self.scale}"
        if self.bias:
            text += f" + bias {f'({self.bias})' if self.bias.startswith('-') else self.bias}"
        label = f"{self.label}   "
        spans = (Span(label, Role.LABEL), Span(text), Span(f" = {self.total}", Role.TOTAL))
        return Sentence(spans, len(label), self.space_before)


class Grid(NamedTuple):
    """Numbers in rows and columns under a caption."""

    caption: Line
    cells: tuple[tuple[Span, ...], ...]
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    footer: str = ""
    gap: int = 2
    """Columns between numbers, where they stand in columns of text; between them and the frame ``inset``."""
    inset: int = 1


class HeatMap(NamedTuple):
    """Cells as levels from 0 to 255 under a caption; a renderer draws them as colours, or as dense and light signs."""

    caption: str
    levels: tuple[bytes, ...]
    """A row of levels each, all equally long."""
    low: str
    """The value of level 0; that of level 255 is ``high``."""
    high: str
    is_diverging: bool = False
    """Whether the level in the middle is 0."""
    footer: str = ""
    pixels: tuple[bytes, ...] = ()
    """The same rows as red, green and blue bytes, of a picture shown in its own colours without a scale."""

    @property
    def is_constant(self) -> bool:
        """Whether all cells have one value, so that there is no scale."""
        return self.low == self.high


class Chart(NamedTuple):
    """A small chart of shares from 0 to 1 under a caption: a row of bars, or a plane of shades."""

    caption: str
    shares: tuple[tuple[float, ...], ...]
    """One row of bars, or the rows of the plane."""
    labels: tuple[str, ...]
    """The numbers on the left, from the top to the bottom."""
    marks: tuple[str, str, str]
    """The numbers below the left end, the middle and the right end."""
    is_plane: bool = False


class Flow(NamedTuple):
    """Grids, heat maps and charts side by side where they fit, signs such as × between them."""

    items: tuple[Grid | HeatMap | Chart | Span, ...]


class Tile(NamedTuple):
    """A small heat map or picture with the words of a contact sheet below."""

    heat_map: HeatMap
    lines: tuple[Line, ...]
    """Lines that are kept as they are, such as the rows of a kernel."""
    words: str = ""


class Sheet(NamedTuple):
    """A contact sheet: tiles side by side, all ``columns`` wide."""

    tiles: tuple[Tile, ...]
    columns: int


class Maps(NamedTuple):
    """Which arrays a report shows as heat maps, how large and by which rule."""

    columns: int
    """Cells that the page has room for beside each other."""
    rule: str = "auto"
    """The mapping of values to levels: one of the rules of ``picture/mapping.py``."""
    every: bool = False
    """Whether arrays that fit in a table are shown as heat maps too."""


class Table(NamedTuple):
    """Records: one row each, under named columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Span, ...], ...]
    numeric: tuple[str, ...] = ()
    """The columns that are aligned to the right."""
    spare: tuple[str, ...] = ()
    """The columns that a page too narrow for all omits, in this order; a note names the omitted ones."""
    has_total: bool = False
    """Whether the last row is the total of those above it."""

    def only(self, kept: Collection[int]) -> Table:
        """The table with these columns alone, by their number."""
        return self._replace(
            columns=tuple(self.columns[number] for number in kept),
            rows=tuple(tuple(row[number] for number in kept) for row in self.rows),
        )


class Tree(NamedTuple):
    """A line with others below it."""

    spans: Line
    branches: tuple[Tree, ...] = ()


class Source(NamedTuple):
    """Lines of a program, which every format shows as they are."""

    lines: tuple[str, ...]
    first: int = 0
    """The number of the first line; 0: they are not numbered."""

    def numbered(self) -> list[tuple[str, str]]:
        """Each line after its number and a bar, where they are numbered."""
        last = len(str(self.first + len(self.lines)))
        numbers = (
            f"{number:>{max(3, last)}} │ " if self.first else ""
            for number in range(self.first, self.first + len(self.lines))
        )
        return list(zip(numbers, self.lines, strict=True))


class Fold(NamedTuple):
    """Blocks under a title, which formats that can fold them fold."""

    title: Line
    blocks: tuple[Block, ...]


Block = Sentence | Sum | Flow | Sheet | Table | Tree | Source | Fold


class Report(NamedTuple):
    """A report: blocks to read, data for other programs, rows for spreadsheets."""

    blocks: tuple[Block, ...]
    data: Callable[[], dict[str, Any]]
    """The JSON document, at full precision."""
    rows: Callable[[], Iterable[Iterable[Any]]] | None = None
    """The CSV rows, the header first; a run has none, its CSV is the output itself."""
    notes: tuple[str, ...] = ()
    """Warnings, which also go to standard error when the report itself is not read."""
    handout: Callable[[], Iterable[Block]] | None = None
    """The blocks of a standalone page, where it has more than the answer to a command."""


def say(text: str, role: Role = Role.PLAIN, *, indent: int = 0, space_before: bool = False) -> Sentence:
    """A sentence in one role."""
    return Sentence((Span(text, role),), indent, space_before)


def note(text: str) -> Sentence:
    """A warning among the blocks."""
    return Sentence((Span("note: ", Role.NOTE), Span(text)), indent=6)


Answer = TypeVar("Answer")
"""The record of one answer."""


@dataclass(frozen=True)
class Series(Generic[Answer]):
    """How answers of one kind are reported together."""

    schema: str
    """Of the JSON document that holds them all, such as "traces"."""
    setting: Callable[[], Iterable[Block]]
    """The blocks of a standalone page before the first answer."""
    header: Callable[[], Iterable[Any]]
    """The columns of :attr:`rows`."""
    blocks: Callable[[Answer], Sequence[Block]]
    handout: Callable[[Answer], Iterable[Block]]
    """The blocks of an answer on a standalone page."""
    data: Callable[[Answer], dict[str, Any]]
    rows: Callable[[Answer], Iterable[Iterable[Any]]]
    name: str = "traces"
    """The key of the answers in the JSON document."""
