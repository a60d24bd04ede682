"""The parts of a report: what is said and in which role, with no colour, width or file format."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

# Bumped when a key of the JSON documents changes its meaning or goes away.
SCHEMA_VERSION = 1


class Role(StrEnum):
    """What a piece of text is; a renderer decides how it looks."""

    PLAIN = "plain"
    TITLE = "title"
    LABEL = "label"
    """Row and column numbers, captions and other things to find one's way by."""
    NUMBER = "number"
    NEGATIVE = "negative"
    PADDED = "padded"
    TOTAL = "total"
    GOOD = "good"
    BAD = "bad"
    NOTE = "note"


class Span(NamedTuple):
    """A text in a role."""

    text: str
    role: Role = Role.PLAIN


Line = tuple[Span, ...]


class Sentence(NamedTuple):
    """Running text, wrapped at spaces; later lines hang below the first by ``indent`` columns."""

    spans: Line
    indent: int = 0
    space_before: bool = False
    """Whether an empty line sets it apart from what comes before."""


class Grid(NamedTuple):
    """Numbers in rows and columns under a caption."""

    caption: Line
    cells: tuple[tuple[Span, ...], ...]
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    footer: str = ""


class Flow(NamedTuple):
    """Grids side by side where they fit, signs such as × between them."""

    items: tuple[Grid | Span, ...]


class Table(NamedTuple):
    """Records: one row each, under named columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Span, ...], ...]
    numeric: tuple[str, ...] = ()
    """The columns that are aligned to the right."""


Block = Sentence | Flow | Table


class Report(NamedTuple):
    """All there is to say: blocks to read, data for other programs, rows for a table calculator."""

    blocks: tuple[Block, ...]
    data: Callable[[], dict[str, Any]]
    """The JSON document, at full precision."""
    rows: Callable[[], Iterable[Iterable[Any]]] | None = None
    """The CSV rows, the header first; a run has none, its CSV is the output itself."""
    notes: tuple[str, ...] = ()
    """Warnings, which also go to standard error when the report itself is not read."""


def say(text: str, role: Role = Role.PLAIN, *, indent: int = 0, space_before: bool = False) -> Sentence:
    """A sentence in one role."""
    return Sentence((Span(text, role),), indent, space_before)


def note(text: str) -> Sentence:
    """A warning that stands among the blocks."""
    return Sentence((Span("note: ", Role.NOTE), Span(text)), indent=6)
