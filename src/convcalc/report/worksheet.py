"""Worksheets: a page with places to fill in, and after it the same page filled in, the key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum

from convcalc.arrays import index
from convcalc.geometry.boundary import BoundaryMode
from convcalc.report.arrays.grids import plane_grids
from convcalc.report.blocks import Block, Flow, Grid, PageBreak, Role, Sentence, Span, Table, say
from convcalc.tracing.trace import Trace, surroundings

_NARROWEST = 4  # characters of a place to fill in
_GAP = "…"


class Key(StrEnum):
    """Whether a worksheet has its key."""

    AFTER = "after"
    """On a page of its own."""
    ONLY = "only"
    NONE = "none"


def filled(text: str, width: int = _NARROWEST) -> Span:
    """A place that is filled in, at least so wide."""
    return Span(text.rjust(width), Role.FILLED)


def filled_grid(grid: Grid) -> Grid:
    """A grid whose cells are places to fill in, all of one width, so that none tells how long its number is."""
    texts = [span.text.strip() for row in grid.cells for span in row if span.text != _GAP]
    width = max((_NARROWEST, *map(len, texts)))
    rows = (
        tuple(span if span.text == _GAP else filled(span.text.strip(), width) for span in row) for row in grid.cells
    )
    return grid._replace(cells=tuple(rows), footer="")


def filled_columns(table: Table, names: Collection[str], narrowest: int = _NARROWEST) -> Table:
    """The table with the columns of these names as places to fill in, all equally wide."""
    at = {number for number, name in enumerate(table.columns) if name in names}
    width = max((narrowest, *(len(row[number].text) for row in table.rows for number in at)))
    rows = (
        tuple(filled(span.text, width) if number in at else span for number, span in enumerate(row))
        for row in table.rows
    )
    return table._replace(rows=tuple(rows))


def given_grids(trace: Trace, channel: int) -> Iterator[Grid]:
    """An input channel around a cell's window, which is not marked; the padding only where it holds other cells."""
    problem, around = trace.problem, surroundings(trace, channel)
    caption = f"input, channel {channel}" if problem.in_channels > 1 else "input"
    if problem.boundary.mode is not BoundaryMode.CONSTANT:
        return plane_grids(caption, around.values, labels=around.ranges, padded=around.padded)
    inside = [_inside(cells, axis.size) for cells, axis in zip(around.ranges, problem.axes, strict=True)]
    parts = (slice(cells.start, cells.stop, cells.step) for cells in inside)
    return plane_grids(caption, problem.input[index(trace.sample, channel, *parts)], labels=inside)


def _inside(cells: range, size: int) -> range:
    kept = [cell for cell in cells if 0 <= cell < size]
    return range(kept[0], kept[-1] + 1, cells.step) if kept else range(0)


def blanks(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with their places empty."""
    for block in blocks:
        match block:
            case Sentence():
                yield block._replace(spans=_blank(block.spans))
            case Flow():
                yield Flow(tuple(_blank_grid(each) if isinstance(each, Grid) else each for each in block.items))
            case Table():
                yield block._replace(rows=tuple(map(_blank, block.rows)))
            case _:
                yield block


def worksheet(page: Sequence[Block], key: str = Key.AFTER) -> tuple[Block, ...]:
    """A page with places that are filled in as a worksheet: with them empty, and as its key."""
    if key == Key.ONLY:
        return (say("Key", Role.TITLE), *page)
    return (*blanks(page), *((PageBreak(), say("Key", Role.TITLE), *page) if key == Key.AFTER else ()))


def _blank_grid(grid: Grid) -> Grid:
    return grid._replace(cells=tuple(map(_blank, grid.cells)))


def _blank(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(Span("_" * len(span.text), Role.BLANK) if span.role is Role.FILLED else span for span in spans)
