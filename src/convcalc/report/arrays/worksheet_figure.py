"""Worksheets as figures: panels whose numbers are places to fill in, and below them the same panels as the key."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from convcalc.errors import OutputError
from convcalc.report.arrays.figure import Cell, Figure, Item, Legend, OutlineKind, Panel, PanelKind, Sign
from convcalc.report.worksheet import Key

_GIVEN = (PanelKind.INPUT, PanelKind.KERNEL)
_GIVEN_RESULTS = ("scale", "bias")


def worksheet_figure(figure: Figure, title: str, key: Key) -> Figure:
    """A figure as a worksheet; ``title``: without the answer, as that of the figure may have it.

    Raises:
        OutputError: it has cells without numbers, since there are many.
    """
    if any(
        not cell.text and cell.level is not None
        for panel in _panels(figure)
        for row in panel.cells
        for cell in row
        if cell
    ):
        raise OutputError("a worksheet has a number in every cell, and here are too many", hint="a smaller input")
    rows = tuple(tuple(item for item in row if not isinstance(item, Legend)) for row in figure.rows)
    rows = tuple(row for row in rows if row)
    blank = tuple(tuple(map(_blank, row)) for row in rows)
    pages = {Key.AFTER: (*blank, (Sign("Key"),), *rows), Key.ONLY: rows, Key.NONE: blank}
    return Figure(title, figure.description, pages[key])


def _panels(figure: Figure) -> Iterator[Panel]:
    return (item for row in figure.rows for item in row if isinstance(item, Panel))


def _blank(item: Item) -> Item:
    """A panel that is not given with its numbers hidden; one that is given without its window."""
    if not isinstance(item, Panel):
        return item
    if item.kind in _GIVEN:
        kept = tuple(each for each in item.outlines if each.kind is OutlineKind.BORDER)
        return item._replace(cells=_each(item, lambda cell: cell._replace(is_marked=False)), outlines=kept, footer="")
    if item.caption in _GIVEN_RESULTS:
        return item
    return item._replace(cells=_each(item, lambda cell: cell._replace(is_blank=True, level=None)))


def _each(panel: Panel, change: Callable[[Cell], Cell]) -> tuple[tuple[Cell | None, ...], ...]:
    return tuple(tuple(cell and change(cell) for cell in row) for row in panel.cells)
