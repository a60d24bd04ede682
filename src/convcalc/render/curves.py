"""Curves as lines of text: dots of braille, two by four in a character, or of ASCII, one by two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convcalc.render.boxes import ASCII, Frame
from convcalc.render.lines import Line, safe, stripped, text_width, wrapped
from convcalc.report.blocks import Role, Span
from convcalc.report.plot import AxisMark, Plot, Stretch

_ROWS = 6
_NARROWEST, _WIDEST = 8, 120  # columns of the area
BRAILLE = 0x2800
BRAILLE_DOTS = ((0x40, 0x80), (0x04, 0x20), (0x02, 0x10), (0x01, 0x08))
"""The bit of each dot of a character, from the bottom row to the top one (Unicode 1.1, Braille Patterns)."""
_ASCII_SIGNS = (" ", ".", "'", ":")


class _Signs(NamedTuple):
    """The signs of the axes, and how many dots a character has."""

    dots_across: int
    dots_up: int
    side: str
    corner: str
    line: str
    tick: str
    window: str
    place: str


_ROUNDED_SIGNS = _Signs(2, 4, "┤", "└", "─", "┬", "━", "▲")
_PLAIN_SIGNS = _Signs(1, 2, "|", "+", "-", "+", "=", "^")


def plot_lines(plot: Plot, width: int, frame: Frame) -> Iterator[Line]:
    """The caption, the curve between its axes, and the numbers below; at most ``width`` wide if that can be."""
    signs = _PLAIN_SIGNS if frame == ASCII else _ROUNDED_SIGNS
    margin = max(plot.room, 0, *(text_width(mark.text) for mark in plot.up))
    columns = min(_WIDEST, max(_NARROWEST, width - margin - 2))
    yield from wrapped([Span(plot.caption, Role.TITLE)], width)
    labels = _side_labels(plot.up)
    for row, text in enumerate(_rows(plot, columns, signs)):
        label = safe(Span(labels.get(_ROWS - 1 - row, "").rjust(margin), Role.LABEL))
        yield stripped((label, Span(f" {signs.side}", Role.LABEL), *_lit(text, plot, columns)))
    blank = Span(" " * (margin + 1))
    yield (blank, Span(signs.corner, Role.LABEL), *_bottom(plot, columns, signs))
    yield (blank, Span(f" {_numbers(plot.across, columns)}".rstrip(), Role.LABEL))
    yield from wrapped([Span(plot.words, Role.LABEL)], width)


def columns_of(pieces: Sequence[Sequence[Stretch]], count: int) -> list[tuple[float, float] | None]:
    """Of each of ``count`` columns from left to right the lowest and the highest share of the curve, or None."""
    found: list[tuple[float, float] | None] = [None] * count
    for piece in pieces:
        before: Stretch | None = None
        for stretch in piece:
            column = _column(stretch.across, count)
            _widen(found, column, stretch.low, stretch.high)
            if before is not None:
                _joined(found, before, stretch, count)
            before = stretch
    return found


def _column(share: float, count: int) -> int:
    return min(count - 1, max(0, int(share * count)))


def _widen(found: list[tuple[float, float] | None], column: int, low: float, high: float) -> None:
    known = found[column]
    found[column] = (low, high) if known is None else (min(known[0], low), max(known[1], high))


def _joined(found: list[tuple[float, float] | None], one: Stretch, other: Stretch, count: int) -> None:
    """The line from a stretch to the next one: between the ends that are nearest to each other."""
    start, end = (one.high, other.low) if one.high < other.low else (one.low, other.high)
    if one.low <= other.high and other.low <= one.high:
        start = end = max(one.low, other.low)
    first, last = _column(one.across, count), _column(other.across, count)
    for column in range(first, last + 1):
        edges = [min(1.0, max(0.0, ((column + side) / count - one.across) / ((other.across - one.across) or 1)))
                 for side in (0, 1)]  # fmt: skip
        ends = [start + (end - start) * edge for edge in edges]
        _widen(found, column, min(ends), max(ends))


def _rows(plot: Plot, columns: int, signs: _Signs) -> Iterator[str]:
    """The rows of the area, the highest first."""
    high = _ROWS * signs.dots_up
    spans = [
        None if each is None else tuple(min(high - 1, int(share * high)) for share in each)
        for each in columns_of(plot.pieces, columns * signs.dots_across)
    ]
    for row in reversed(range(_ROWS)):
        bottom = row * signs.dots_up
        yield "".join(
            _sign(spans[column * signs.dots_across : (column + 1) * signs.dots_across], bottom, signs)
            for column in range(columns)
        )


def _sign(spans: Sequence[tuple[int, ...] | None], bottom: int, signs: _Signs) -> str:
    """The character of some columns of dots."""
    lit = [[span is not None and span[0] <= bottom + dot <= span[1] for span in spans] for dot in range(signs.dots_up)]
    if signs.dots_across == 1:
        return _ASCII_SIGNS[lit[0][0] + 2 * lit[1][0]]
    rows = zip(BRAILLE_DOTS, lit, strict=True)
    bits = sum(bit for dots, row in rows for bit, is_lit in zip(dots, row, strict=True) if is_lit)
    return chr(BRAILLE + bits) if bits else " "


def _lit(text: str, plot: Plot, columns: int) -> Iterator[Span]:
    """A row, the part in the window in its role."""
    first, last = _window(plot, columns)
    yield from (Span(text[:first], Role.NUMBER), Span(text[first:last], Role.TOTAL), Span(text[last:], Role.NUMBER))


def _window(plot: Plot, columns: int) -> tuple[int, int]:
    """The columns of the window, or of the sample that is meant; none where there is neither."""
    if plot.window is not None:
        return _column(plot.window[0], columns), _column(plot.window[1], columns) + 1
    if plot.place is not None:
        return _column(plot.place, columns), _column(plot.place, columns) + 1
    return 0, 0


def _bottom(plot: Plot, columns: int, signs: _Signs) -> Iterator[Span]:
    """The axis with its ticks, the part of the window heavier."""
    line = [signs.line] * columns
    for mark in plot.across:
        line[_column(mark.share, columns)] = signs.tick
    first, last = _window(plot, columns)
    line[first:last] = [signs.window if plot.window is not None else signs.place] * (last - first)
    text = "".join(line)
    yield from (Span(text[:first], Role.LABEL), Span(text[first:last], Role.TOTAL), Span(text[last:], Role.LABEL))


def _side_labels(marks: Sequence[AxisMark]) -> dict[int, str]:
    """The numbers beside the rows, by row from the bottom; of two in one row the outer one."""
    found: dict[int, str] = {}
    for mark in sorted(marks, key=lambda each: -abs(each.share - 0.5)):
        found.setdefault(min(_ROWS - 1, int(mark.share * _ROWS)), mark.text)
    return found


def _numbers(marks: Sequence[AxisMark], columns: int) -> str:
    """The numbers below the ticks, those left out that would run into others."""
    text = ""
    for mark in marks:
        start = max(0, min(columns - len(mark.text), _column(mark.share, columns) - len(mark.text) // 2))
        if not text or start > len(text):
            text = text.ljust(start) + mark.text
    return text
