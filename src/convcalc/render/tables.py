"""Tables as lines: texts are wrapped where they must be; on narrow pages there is one line for each cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from convcalc.render.columns import fitted_widths
from convcalc.render.frames import Frame, rule
from convcalc.render.lines import Line, Strip, folded, line_width, safe, text_width, wrapped
from convcalc.report.blocks import Role, Span, Table


def table_lines(table: Table, width: int, frame: Frame) -> Iterator[Line]:
    """The table in a frame, or where its columns cannot be made narrow enough one line for each cell."""
    widths = _fitted(table, width - 3 * len(table.columns) - 1)
    if widths is None:
        yield from _records(table, width)
        return
    yield (Span(rule(frame, frame.top, widths), Role.LABEL),)
    yield from _row([Span(name, Role.TITLE) for name in table.columns], table, widths, frame)
    yield (Span(rule(frame, frame.middle, widths), Role.LABEL),)
    for row in table.rows:
        yield from _row(row, table, widths, frame)
    yield (Span(rule(frame, frame.bottom, widths), Role.LABEL),)


def _fitted(table: Table, room: int) -> list[int] | None:
    """The width of each column; columns of text give way, the widest first, columns of numbers never.

    A column is no narrower than its longest word as long as another one can give way between words.
    """
    rows = [table.columns, *([safe(span).text for span in row] for row in table.rows)]
    columns = list(zip(*rows, strict=True))
    widths = [max(map(text_width, column)) for column in columns]
    words = [max(text_width(word) for text in column for word in text.split() or [""]) for column in columns]
    flexible = [number for number, name in enumerate(table.columns) if name not in table.numeric]
    return fitted_widths(widths, flexible, room, words)


def _row(cells: Sequence[Span], table: Table, widths: list[int], frame: Frame) -> Iterator[Line]:
    columns = [
        [part for line in wrapped([cell], size) for part in folded(line, size)]
        for cell, size in zip(cells, widths, strict=True)
    ]
    side = Span(frame.side, Role.LABEL)
    for lines in zip_longest(*columns, fillvalue=()):
        spans: list[Span | Strip] = [side]
        for line, name, size in zip(lines, table.columns, widths, strict=True):
            padding = Span(" " * (size - line_width(line)))
            spans += [Span(" "), padding, *line] if name in table.numeric else [Span(" "), *line, padding]
            spans += [Span(" "), side]
        yield tuple(spans)


def _records(table: Table, width: int) -> Iterator[Line]:
    for number, row in enumerate(table.rows):
        if number:
            yield ()
        for name, cell in zip(table.columns, row, strict=True):
            yield from wrapped([Span(f"{name}: ", Role.LABEL), cell], width, indent=2)
