"""The report of a gallery: a contact sheet with a tile for each kernel, a table of them, and their data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from convcalc.picture.pixels import brightness, byte_rows
from convcalc.report.array_data import array_data
from convcalc.report.arrays.heat_maps import SCALE_DIGITS, columns_each
from convcalc.report.blocks import (
    SCHEMA_VERSION,
    Block,
    HeatMap,
    Line,
    Report,
    Role,
    Sheet,
    Span,
    Table,
    Tile,
    note,
    say,
)
from convcalc.report.gallery.gallery import Gallery
from convcalc.report.gallery.tiles import Medium, View
from convcalc.report.number_data import number_data
from convcalc.report.text import number_text

_NARROWEST = 24  # columns of a tile
_COLUMNS = ("kernel", "weights", "range", "what it shows")


def tile_columns(columns: int) -> int:
    """The columns of each tile of a page: as many beside each other as are still legible."""
    return columns_each(columns, narrowest=_NARROWEST)


def gallery_report(gallery: Gallery, columns: int = 0) -> Report:
    """The report of a gallery; its tiles, if they have thumbnails, are ``columns`` wide."""
    return Report(
        blocks=tuple(_blocks(gallery, columns)),
        data=lambda: _data(gallery),
        rows=lambda: _rows(gallery),
        notes=gallery.notes,
        handout=lambda: (*_head(gallery), _table(gallery)),
    )


def _head(gallery: Gallery) -> Iterator[Block]:
    yield say(gallery.title, Role.TITLE)
    yield from map(say, gallery.description)
    yield from map(note, gallery.notes)


def _blocks(gallery: Gallery, columns: int) -> Iterator[Block]:
    yield from _head(gallery)
    if columns:
        yield Sheet(tuple(map(_tile, gallery.views)), columns)


def _tile(view: View) -> Tile:
    thumbnail = view.thumbnails[Medium.PAGE]
    colours = thumbnail.colours
    heat_map = HeatMap(
        caption=view.name,
        levels=byte_rows(thumbnail.levels if colours is None else brightness(colours)),
        low=number_text(thumbnail.low, SCALE_DIGITS),
        high=number_text(thumbnail.high, SCALE_DIGITS),
        is_diverging=thumbnail.is_diverging,
        footer=view.drawn_text,
        pixels=() if colours is None else byte_rows(colours),
    )
    return Tile(heat_map, tuple(_weight_lines(view)), view.words)


def _weight_lines(view: View) -> Iterator[Line]:
    if not view.weights:
        yield (Span(view.size_text),)
    for number, row in enumerate(view.weights):
        spans = [Span(" ".join(row))]
        if view.scale and number == (len(view.weights) - 1) // 2:
            spans.append(Span(f" {view.scale}", Role.LABEL))
        yield tuple(spans)


def _table(gallery: Gallery) -> Table:
    rows = (
        (Span(view.name, Role.TITLE), Span(_weights_text(view)), Span(view.range_text), Span(view.words))
        for view in gallery.views
    )
    return Table(_COLUMNS, tuple(rows))


def _weights_text(view: View) -> str:
    """The rows of a small kernel one after the other, a large one's size."""
    if not view.weights:
        return view.size_text
    rows = "; ".join(" ".join(each.strip() for each in row) for row in view.weights)
    return f"[{rows}] {view.scale}".rstrip()


def _data(gallery: Gallery) -> dict[str, Any]:
    first, *views = gallery.views
    return {
        "schema": f"convcalc.gallery/{SCHEMA_VERSION}",
        "input": {"source": gallery.labels.input, "shape": list(gallery.shape), "range": _range(first)},
        **{name: number_data(value) for name, value in gallery.settings.items()},
        "map": gallery.rule,
        "drawn": gallery.description[-1],
        "notes": list(gallery.notes),
        "tiles": list(map(_tile_data, views)),
    }


def _tile_data(view: View) -> dict[str, Any]:
    kernel = view.kernel
    assert kernel is not None
    return {
        "name": kernel.name,
        "title": kernel.title,
        "family": kernel.family,
        "weights": array_data(kernel.weights),
        "scale": number_data(kernel.scale),
        "shows": kernel.shows,
        "shape": list(view.shape),
        "range": _range(view),
        "not_finite": view.not_finite,
    }


def _range(view: View) -> list[Any] | None:
    return None if view.range is None else [number_data(each) for each in view.range]


def _rows(gallery: Gallery) -> Iterator[Iterable[Any]]:
    yield ("name", "family", "weights", "low", "high", "shows")
    for view in gallery.views:
        low, high = view.range or ("", "")
        yield (view.name, view.kernel.family if view.kernel else "", _weights_text(view), low, high, view.words)
