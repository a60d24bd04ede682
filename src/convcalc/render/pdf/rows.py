"""Blocks as rows of a page: words at their places, cells of heat maps, what has to stay together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from convcalc.render.boxes import ROUNDED
from convcalc.render.charts import EIGHTHS, SHADES
from convcalc.render.curves import BRAILLE, BRAILLE_DOTS
from convcalc.render.layout import lines_of
from convcalc.render.lines import Line, Strip
from convcalc.render.lines import text_width as columns_of
from convcalc.render.pdf.fonts import DESCENT, EM_OF_A_COLUMN, EM_OF_A_LINE, drawable, text_width
from convcalc.render.shipped_fonts import Face
from convcalc.render.svg.palette import hexadecimal, scale
from convcalc.report.blocks import Block, Role, Sentence, Span, Sum
from convcalc.wording import safe_text

WIDTH = 499.28
"""Points of a line: A4 without its margins."""
_COLUMNS = 96
_SMALL = WIDTH / _COLUMNS / EM_OF_A_COLUMN  # the font size at which so many columns make a line
_TEXT, _TITLE, _HEADING = 10.0, 16.0, 12.0  # font sizes
_LEADING = 1.35  # of the font size, from line to line of running text
_APART = 8.0  # points before a paragraph that is set apart, and around tables and grids
_INDENT = 0.5  # of the font size, for each column of an indentation
_BOLD = frozenset({Role.TITLE, Role.WINDOW, Role.TOTAL, Role.BAD, Role.DIFFERENT})
_INKS = {
    Role.LABEL: "#4b5563",
    Role.NEGATIVE: "#b91c1c",
    Role.PADDED: "#92400e",
    Role.DIFFERENT: "#86198f",
    Role.TOTAL: "#115e59",
    Role.GOOD: "#166534",
    Role.BAD: "#b91c1c",
    Role.NOTE: "#92400e",
}
_INK = "#111827"
_GROUNDS = {Role.WINDOW: "#ffe082", Role.PADDED: "#e5e7eb"}
_GREYS = ("#ffffff", "#c3c7ce", "#878d98", "#4b5361", _INK)
_DOTS = {chr(BRAILLE + code): code for code in range(1, 256)}
_SIGNS = frozenset((*EIGHTHS[1:], *SHADES[1:], *ROUNDED.bar, *_DOTS))
_COLUMN = _SMALL * EM_OF_A_COLUMN


class Word(NamedTuple):
    """A text with its left end at a place of its row."""

    x: float
    text: str
    face: Face
    size: float
    ink: str

    @property
    def right(self) -> float:
        """Its right end."""
        return self.x + text_width(self.text, self.face, self.size)

    @property
    def looks(self) -> tuple[Face, float, str]:
        """All but its place and its text."""
        return self.face, self.size, self.ink


class Patch(NamedTuple):
    """A rectangle of one colour in a row: a cell of a heat map, a part of a chart, the ground of a marked number."""

    x: float
    top: float
    """From the top of the row, as shares of its height; likewise ``bottom``."""
    bottom: float
    width: float
    colour: str


class Row(NamedTuple):
    """One line of a page."""

    height: float
    baseline: float
    """From its top."""
    words: tuple[Word, ...] = ()
    patches: tuple[Patch, ...] = ()


class Piece(NamedTuple):
    """Rows that stay on one page where they can."""

    rows: tuple[Row, ...]
    before: float = 0
    """Points between it and the previous piece."""
    stays: bool = False
    """Whether the next piece has to begin on the same page: a heading, and what is said after it."""


def pieces_of(block: Block, *, is_first: bool) -> Iterator[Piece]:
    """The rows of a block; ``is_first``: its heading is the title of the document."""
    if isinstance(block, Sum):
        block = block.sentence
    if isinstance(block, Sentence):
        yield from _running(block, is_first)
        return
    rows = tuple(map(_in_columns, lines_of([block], _COLUMNS, ROUNDED)))
    yield Piece(rows, _APART)


def _running(sentence: Sentence, is_first: bool) -> Iterator[Piece]:
    """A heading, and a paragraph of words between the margins."""
    spans = sentence.spans
    if sentence.is_heading:
        size = _TITLE if is_first else _HEADING
        title = spans[0]._replace(text=spans[0].text.strip(" "))
        yield Piece(tuple(_wrapped([title], size, 0)), 0 if is_first else 1.5 * _APART, stays=True)
        spans = spans[1:]
        if spans:
            spans = (spans[0]._replace(text=spans[0].text.lstrip()), *spans[1:])
    if any(span.text for span in spans):
        rows = tuple(_wrapped(spans, _TEXT, sentence.indent * _INDENT * _TEXT, is_named=sentence.is_labelled))
        yield Piece(rows, _APART if sentence.space_before else 2, stays=sentence.is_heading)


def _wrapped(spans: Sequence[Span], size: float, indent: float, *, is_named: bool = False) -> Iterator[Row]:
    """Running text broken at spaces, and within words that are wider than a line; a name stands in the margin."""
    line: list[Word] = []
    x = 0.0
    if is_named and indent:
        name = Word(
            0,
            drawable(safe_text(spans[0].text), Face.TEXT).rstrip(" "),
            Face.TEXT,
            size,
            _INKS.get(spans[0].role, _INK),
        )
        line, spans = [name], (spans[1]._replace(text=spans[1].text.lstrip(" ")), *spans[2:])
        x = max(indent, name.right + size / 2)
    for word in _words(spans, size):
        text = word.text
        if line and x + word.right > WIDTH:
            yield _row(line, size)
            line, x, text = [], indent, text.lstrip(" ")
        line.append(word._replace(x=x, text=text))
        x = line[-1].right
    yield _row(line, size)


def _words(spans: Sequence[Span], size: float) -> Iterator[Word]:
    """The words, each with the spaces before it; one that is wider than a line in parts."""
    for span in spans:
        face = Face.BOLD_TEXT if span.role in _BOLD else Face.TEXT
        for number, text in enumerate(drawable(safe_text(span.text), face).split(" ")):
            rest = f"{' ' if number else ''}{text}"
            while rest:
                kept = _fitting(rest, face, size)
                yield Word(0, kept, face, size, _INKS.get(span.role, _INK))
                rest = rest[len(kept) :]


def _fitting(text: str, face: Face, size: float) -> str:
    """The longest beginning of a text that is no wider than half a line, or all of it if it fits on one."""
    if len(text) * size < WIDTH or text_width(text, face, size) <= WIDTH:
        return text
    count = max(1, int(WIDTH / 2 / size))
    return text[:count]


def _row(words: Sequence[Word], size: float) -> Row:
    height = size * _LEADING
    return Row(height, height - 0.3 * size, tuple(_joined(words)))


def _joined(words: Sequence[Word]) -> Iterator[Word]:
    """Neighbours of one kind as one text, so that it is selected and found as such."""
    before: Word | None = None
    for word in words:
        if before is not None and before.right == word.x and before.looks == word.looks:
            before = before._replace(text=before.text + word.text)
            continue
        if before is not None:
            yield before
        before = word
    if before is not None:
        yield before


def _in_columns(line: Line) -> Row:
    """A line of a page of columns, each span at its column; signs of charts are drawn, not written."""
    words: list[Word] = []
    patches: list[Patch] = []
    column = 0
    for span in line:
        x = column * _COLUMN
        if isinstance(span, Strip):
            patches += _cells(x, span)
        else:
            words += _columns(x, span)
            patches += (*_signs(x, span.text), *_ground(x, span))
        column += columns_of(span.text)
    height = _SMALL * EM_OF_A_LINE
    return Row(height, height - DESCENT * _SMALL, tuple(words), tuple(patches))


def _columns(x: float, span: Span) -> Iterator[Word]:
    """The words of a span between the signs that are drawn."""
    face = Face.BOLD_COLUMNS if span.role in _BOLD else Face.COLUMNS
    place = 0
    for is_drawn, run in groupby(span.text, _SIGNS.__contains__):
        text = "".join(run)
        if not is_drawn and text.strip(" "):
            left = x + columns_of(span.text[:place]) * _COLUMN
            yield Word(left, drawable(text, face), face, _SMALL, _INKS.get(span.role, _INK))
        place += len(text)


def _ground(x: float, span: Span) -> Iterator[Patch]:
    """The colour behind a cell of the window, or of the padding."""
    if span.role in _GROUNDS:
        spaces = len(span.text) - len(span.text.lstrip(" "))
        yield Patch(x + spaces * _COLUMN, 0, 1, (columns_of(span.text) - spaces) * _COLUMN, _GROUNDS[span.role])


def _cells(x: float, strip: Strip) -> Iterator[Patch]:
    """Both rows of cells of a heat map, neighbours of one colour as one."""
    halves = ((strip.upper, strip.upper_pixels), (strip.lower, strip.lower_pixels))
    for number, (levels, pixels) in enumerate(halves):
        place = 0
        for colour, run in groupby(_colours(levels, pixels, strip.is_diverging)):
            count = sum(1 for _ in run)
            yield Patch(x + place * _COLUMN, number / 2, (number + 1) / 2, count * _COLUMN, colour)
            place += count


def _colours(levels: bytes, pixels: bytes, is_diverging: bool) -> Iterator[str]:
    if pixels:
        yield from (f"#{pixels[start : start + 3].hex()}" for start in range(0, len(pixels), 3))
        return
    table = scale(is_diverging)
    yield from (hexadecimal(table[level]) for level in levels)


def _signs(x: float, text: str) -> Iterator[Patch]:
    """Bars of eighths of a line and shades as what they show, without the gaps that a font leaves between them."""
    for place, sign in enumerate(text if _SIGNS.intersection(text) else ""):
        left = x + columns_of(text[:place]) * _COLUMN
        if sign in EIGHTHS[1:]:
            yield Patch(left, 1 - EIGHTHS.index(sign) / 8, 1, _COLUMN, _INK)
        elif sign in SHADES[1:]:
            yield Patch(left, 0, 1, _COLUMN, _GREYS[SHADES.index(sign)])
        elif sign in ROUNDED.bar:
            yield Patch(left, 0.15, 0.85, _COLUMN * (ROUNDED.bar.index(sign) + 1) / len(ROUNDED.bar), _INK)
        elif sign in _DOTS:
            yield from _dots(left, _DOTS[sign])


def _dots(left: float, code: int) -> Iterator[Patch]:
    """The dots of a character of braille, of which curves are made: two across, four up."""
    for up, pair in enumerate(BRAILLE_DOTS):
        top = 1 - (up + 1) / len(BRAILLE_DOTS)
        for across, bit in enumerate(pair):
            if code & bit:
                width = _COLUMN / len(pair)
                yield Patch(left + across * width, top, top + 1 / len(BRAILLE_DOTS), width, _INK)
