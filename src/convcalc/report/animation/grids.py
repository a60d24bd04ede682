"""The panels of a step as grids of text, where brackets stand for colours and frames."""

from __future__ import annotations

from convcalc.report.arrays.figure import Cell, OutlineKind, Panel, PanelKind, hyphenated
from convcalc.report.blocks import Grid, Role, Span

_EMPTY, _GAP = "·", "…"
_MARKED = (PanelKind.INPUT, PanelKind.OUTPUT)


def grid_of(panel: Panel) -> Grid:
    """A panel as a grid; its columns keep their width wherever the window is."""
    winners = {(each.rows[0], each.columns[0]) for each in panel.outlines if each.kind is OutlineKind.WINNER}
    is_padded = any(cell and cell.is_padded for row in panel.cells for cell in row)
    marks = int(panel.kind in _MARKED)
    signs = marks + is_padded
    cells = tuple(
        tuple(_span(panel.kind, cell, signs, is_winner=(down, across) in winners) for across, cell in enumerate(row))
        for down, row in enumerate(panel.cells)
    )
    return Grid(
        caption=(Span(panel.caption, Role.TITLE),),
        cells=cells,
        row_labels=tuple(hyphenated(label) or _GAP for label in panel.row_labels),
        column_labels=tuple((hyphenated(label) or _GAP) + " " * signs for label in panel.column_labels),
        footer=panel.footer,
        gap=2 - 2 * marks,
        inset=1 - marks,
    )


def _span(kind: PanelKind, cell: Cell | None, signs: int, *, is_winner: bool) -> Span:
    """A cell between its brackets, with as much room for them where it has none, so that numbers stand in line."""
    if cell is None:
        return Span(_GAP + " " * signs, Role.LABEL)
    text = hyphenated(cell.text) or _EMPTY
    if cell.is_padded:
        text = f"({text})"
    has_room = kind in _MARKED
    is_marked = has_room and cell.is_marked
    if is_marked:
        text = f">{text}<" if is_winner else f"[{text}]"
    before = " " * (has_room and not is_marked)
    return Span(before + text + " " * (signs - is_marked - cell.is_padded), _role(kind, cell, is_marked=is_marked))


def _role(kind: PanelKind, cell: Cell, *, is_marked: bool) -> Role:
    if is_marked:
        return Role.TOTAL if kind is PanelKind.OUTPUT else Role.WINDOW
    if cell.is_padded:
        return Role.PADDED
    if not cell.text:
        return Role.LABEL
    return Role.NEGATIVE if cell.text.startswith("−") else Role.NUMBER
