"""The tiles of a contact sheet as rectangles of text: a picture, and its description below."""

from __future__ import annotations

from collections.abc import Iterator

from convcalc.render.boxes import Box
from convcalc.render.heat_map import heat_map_box
from convcalc.render.lines import Line, Strip, line_width, safe, wrapped
from convcalc.report.blocks import Role, Sheet, Span, Tile


def tile_boxes(sheet: Sheet, width: int) -> Iterator[Box]:
    """The boxes of a sheet's tiles, equally wide, at most ``width``."""
    columns = min(sheet.columns, width)
    for tile in sheet.tiles:
        yield _tile_box(tile, columns)


def _tile_box(tile: Tile, columns: int) -> Box:
    box = heat_map_box(tile.heat_map, columns, columns)
    lines: list[Line] = [*box.lines, *(tuple(map(safe, line)) for line in tile.lines)]
    if tile.words:
        lines += wrapped([Span(tile.words, Role.LABEL)], columns)
    caption: tuple[Span | Strip, ...] = lines[0]
    padding = Span(" " * (columns - line_width(caption)))  # so that tiles are aligned
    return Box(((*caption, padding), *lines[1:]), box.head, box.anchor)
