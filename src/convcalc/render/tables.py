"""Tables as lines: texts are wrapped where necessary; on narrow pages there is one line for each cell.

Also the widths of a table's columns where they do not all fit, and trees as lines, joined by rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest

from convcalc.render.boxes import Frame, bar, rule
from convcalc.render.lines import Line, Strip, folded, line_width, safe, stripped, text_width, wrapped
from convcalc.report.blocks import Role, Span, Table, Tree
from convcalc.report.text import listed

_SHORTENED = 24  # characters of text, to which a column is wrapped before another one is omitted
_NARROWEST = 12  # characters of text, below which a wrapped cell is illegible


def fitted_widths(
    widths: Sequence[int], flexible: Collection[int], room: int, words: Sequence[int] | None = None
) -> list[int] | None:
    """The widths with those of the ``flexible`` columns reduced, the widest first, until all fit; None if they cannot.

    ``words``: the longest word of each column, which is broken only where no other column can give way.

    >>> fitted_widths([30, 5, 40], {0, 2}, 60)
    [27, 5, 28]
    """
    fitted = list(widths)
    while sum(fitted) > room:
        between_words = [number for number in flexible if words and fitted[number] > max(words[number], _NARROWEST)]
        widest = max(between_words or flexible, key=fitted.__getitem__, default=None)
        if widest is None or fitted[widest] <= _NARROWEST:
            return None
        fitted[widest] -= 1
    return fitted


def kept_columns(
    widths: Sequence[int], flexible: Collection[int], spare: Sequence[int], room: int, between: int
) -> list[int]:
    """The columns that remain when ``spare`` ones are omitted in order until the rest fits.

    ``between``: the space between two columns. The remaining columns may still not fit.

    >>> kept_columns([10, 20, 5, 9], {0}, [3, 1], 30, 2)
    [0, 2]
    """
    least = [min(width, _SHORTENED) if number in flexible else width for number, width in enumerate(widths)]
    kept = list(range(len(widths)))
    for number in spare:
        if sum(least[each] for each in kept) + between * (len(kept) - 1) <= room:
            break
        kept.remove(number)
    return kept


def left_out(table: Table, kept: Collection[int], page: str = "") -> str:
    """A sentence on the omitted columns; empty where there are none."""
    missing = [name for number, name in enumerate(table.columns) if number not in kept]
    where = f"; {page}, --format csv and json have" if page else "; --format csv and json have"
    return f"left out here: {listed(missing)}{where} every column" if missing else ""


_BAR, _BESIDE_BAR = 8, 4  # columns of a bar, and of the text behind it
_BETWEEN = 2  # columns of a table that may have many and so has no frame


def table_lines(table: Table, width: int, frame: Frame) -> Iterator[Line]:
    """The table in a frame, or where its columns cannot be made narrow enough one line for each cell.

    A table with spare columns has rules alone, and omits those columns until it fits.
    """
    table = _with_bars(table, frame)
    if table.spare:
        yield from _open_lines(table, width, frame)
        return
    widths = _fitted(table, width - 3 * len(table.columns) - 1)
    if widths is None:
        yield from _records(table, width)
        return
    edges = (f"{frame.side} ", f" {frame.side} ", f" {frame.side}")
    rules = [rule(frame, corners, widths) for corners in (frame.top, frame.middle, frame.bottom)]
    yield from _ruled(table, widths, edges, rules)


def _open_lines(table: Table, width: int, frame: Frame) -> Iterator[Line]:
    spare = [table.columns.index(name) for name in table.spare]
    widths, flexible = _widths(table), _flexible(table)
    kept = kept_columns(widths, flexible, spare, width, _BETWEEN)
    shown = table.only(kept)
    fitted = _fitted(shown, width - _BETWEEN * (len(kept) - 1))
    if fitted is None:
        yield from _records(table, width)
        return
    line = frame.rule * (sum(fitted) + _BETWEEN * (len(kept) - 1))
    yield from _ruled(shown, fitted, ("", " " * _BETWEEN, ""), [line] * 3)
    whole = sum(widths) + _BETWEEN * (len(widths) - 1)
    missing = left_out(table, kept, f"a page of {whole} columns")
    if missing:
        yield from wrapped([Span(missing, Role.LABEL)], width)


def _ruled(table: Table, widths: list[int], edges: tuple[str, str, str], rules: Sequence[str]) -> Iterator[Line]:
    """The names of the columns and the rows between rules; a total has one above it."""
    top, middle, bottom = ((Span(line, Role.LABEL),) for line in rules)
    yield top
    yield from _row([Span(name, Role.TITLE) for name in table.columns], table, widths, edges)
    yield middle
    for number, row in enumerate(table.rows, 1):
        if table.has_total and number == len(table.rows) > 1:
            yield middle
        yield from _row(row, table, widths, edges)
    yield bottom


def _with_bars(table: Table, frame: Frame) -> Table:
    """The table with its shares drawn."""
    return table._replace(rows=tuple(tuple(_drawn(span, frame) for span in row) for row in table.rows))


def _drawn(span: Span, frame: Frame) -> Span:
    if span.share is None:
        return span
    return Span(f"{bar(frame, span.share, _BAR)}{span.text.rjust(_BESIDE_BAR)}", span.role)


def _fitted(table: Table, room: int) -> list[int] | None:
    """The width of each column; columns of text are narrowed, the widest first, columns of numbers never.

    A column is no narrower than its longest word as long as another one can be wrapped between words.
    """
    texts = _texts(table)
    words = [max(text_width(word) for text in column for word in text.split() or [""]) for column in texts]
    return fitted_widths(_widths(table), _flexible(table), room, words)


def _widths(table: Table) -> list[int]:
    return [max(map(text_width, column)) for column in _texts(table)]


def _texts(table: Table) -> list[tuple[str, ...]]:
    """The texts of each column, its name first."""
    return list(zip(table.columns, *([safe(span).text for span in row] for row in table.rows), strict=True))


def _flexible(table: Table) -> list[int]:
    return [number for number, name in enumerate(table.columns) if name not in table.numeric]


def _row(cells: Sequence[Span], table: Table, widths: list[int], edges: tuple[str, str, str]) -> Iterator[Line]:
    columns = [_cell_lines(safe(cell), size) for cell, size in zip(cells, widths, strict=True)]
    left, between, right = (Span(edge, Role.LABEL) for edge in edges)
    for lines in zip_longest(*columns, fillvalue=()):
        spans: list[Span | Strip] = []
        for line, name, size in zip(lines, table.columns, widths, strict=True):
            padding = Span(" " * (size - line_width(line)))
            spans += [between if spans else left, *([padding, *line] if name in table.numeric else [*line, padding])]
        yield stripped([*spans, right])


def _cell_lines(cell: Span, size: int) -> list[Line]:
    """A cell in lines of ``size`` columns; the check for the common single line is fast."""
    if text_width(cell.text) <= size:
        return [(cell,)]
    return [part for line in wrapped([cell], size) for part in folded(line, size)]


def _records(table: Table, width: int) -> Iterator[Line]:
    for number, row in enumerate(table.rows):
        if number:
            yield ()
        for name, cell in zip(table.columns, row, strict=True):
            if table.spare and not cell.text:
                continue
            yield from wrapped([Span(f"{name}: ", Role.LABEL), cell], width, indent=2)


_STEP = 3  # columns of indentation of each level
_HANGING = 2  # columns of indentation of the later lines of a text


def tree_lines(tree: Tree, width: int, frame: Frame, before: str = "", below: str = "") -> Iterator[Line]:
    """The lines of a tree; ``before`` stands in front of its first line, ``below`` in front of all others."""
    deeper = below + (frame.side if tree.branches else "").ljust(_HANGING)
    for number, line in enumerate(wrapped(tree.spans, width - _room(before, width))):
        rules = _cut(deeper if number else before, width)
        yield (Span(rules, Role.LABEL), *line) if rules else line
    for number, branch in enumerate(tree.branches, start=1):
        is_last = number == len(tree.branches)
        corner = (frame.bottom if is_last else frame.middle)[0] + frame.rule + " "
        side = (" " if is_last else frame.side).ljust(_STEP)
        yield from tree_lines(branch, width, frame, below + corner, below + side)


def _room(rules: str, width: int) -> int:
    return len(_cut(rules, width)) + (_HANGING if rules else 0)


def _cut(rules: str, width: int) -> str:
    """The rules nearest to the text; half of the page at most is theirs."""
    return rules[-(width // 2) :] if len(rules) > width // 2 else rules
