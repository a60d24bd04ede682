"""Lines of spans: their width, and the breaking of long ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, takewhile
from typing import NamedTuple

from rich.cells import cell_len

from convcalc.report.blocks import Role, Span
from convcalc.wording import safe_text


class Strip(NamedTuple):
    """A piece of a line whose characters show two rows of cells each, one above the other."""

    text: str
    """The cells without colour: one sign for each, none of them a space."""
    upper: bytes
    """The levels of the cells in the upper half of the line; of those in the lower half, ``lower``."""
    lower: bytes
    is_diverging: bool
    upper_pixels: bytes = b""
    """Red, green and blue of the upper cells, if they are shown in their own colours; likewise the lower ones."""
    lower_pixels: bytes = b""
    role: Role = Role.PLAIN


Line = tuple[Span | Strip, ...]


def text_width(text: str) -> int:
    """Terminal columns of a text; the signs that reports use are one column wide, and most text is ASCII."""
    return len(text) if text.isascii() else cell_len(text)


def line_width(line: Line) -> int:
    """Terminal columns of a line."""
    texts = [span.text for span in line]
    whole = "".join(texts)  # at once where it is ASCII: widths are asked for a thousand times a page
    return len(whole) if whole.isascii() else sum(map(text_width, texts))


def safe(span: Span) -> Span:
    """The span with control characters escaped."""
    return Span(safe_text(span.text), span.role)


def wrapped(spans: Sequence[Span], width: int, indent: int = 0) -> Iterator[Line]:
    """The spans broken at spaces, but for places to fill in; lines after the first begin with ``indent`` spaces."""
    margin = Span(" " * min(indent, width // 2))
    line: list[Span] = []
    used = 0
    for span in map(safe, spans):
        pieces = [span.text] if span.role is Role.FILLED else span.text.split(" ")
        for number, piece in enumerate(pieces):
            space = " " if number else ""
            size = text_width(piece) + len(space)
            if line and used + size > width:
                yield stripped(line)
                line, used, space, size = [margin], len(margin.text), "", text_width(piece)
            line.append(Span(space + piece, span.role))
            used += size
    yield stripped(line)


def stripped(spans: Sequence[Span | Strip]) -> Line:
    """The line without spaces at its end."""
    kept = list(spans)
    while kept and not kept[-1].text.rstrip(" "):
        kept.pop()
    if kept and kept[-1].text.endswith(" "):
        kept[-1] = Span(kept[-1].text.rstrip(" "), kept[-1].role)
    return tuple(kept)


def folded(line: Line, width: int) -> Iterator[Line]:
    """The line cut into pieces of at most ``width`` columns: the last resort, without loss of text."""
    if line_width(line) <= width:
        yield line
        return
    piece: list[Span | Strip] = []
    room = width
    for span in line:
        text = span.text
        while text:
            taken = prefix(text, room)
            if not taken and not piece:
                taken = text[0]  # a single character that is wider than the page
            if taken:
                piece.append(Span(taken, span.role))
                text, room = text[len(taken) :], room - text_width(taken)
            if text:
                yield tuple(piece)
                piece, room = [], width
    yield tuple(piece)


def prefix(text: str, room: int) -> str:
    """The longest beginning of the text in at most ``room`` columns."""
    if text_width(text) <= room:
        return text
    fitting = takewhile(lambda size: size <= room, accumulate(map(text_width, text)))
    return text[: sum(1 for _ in fitting)]
