"""The contact sheets of a gallery: the sizes of their pictures, and the files of ``-o FILE``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.cli.output.emit import save_document
from convcalc.cli.output.report_formats import SAVED
from convcalc.cli.streams import page_width
from convcalc.report.gallery.contact_sheet import tile_columns
from convcalc.report.gallery.gallery import Gallery
from convcalc.report.gallery.tiles import Medium, Room, Rooms

if TYPE_CHECKING:
    from convcalc.cli.options import OutputOptions
    from convcalc.report.blocks import Report

_PICTURES = (".png", ".svg", ".html", ".pdf")
SHEET_SUFFIXES = (*_PICTURES, *(suffix for suffix in SAVED if suffix not in _PICTURES))
_SHARP = (384, 384)  # pixels of a picture that a page shows at about half that size


def rooms_of(target: OutputOptions) -> tuple[int, Rooms]:
    """The columns of each tile on the printed page, 0 if there is none, and the rooms of all pictures drawn."""
    suffix = Path(target.output or "").suffix.lower()
    is_printed = target.format in ("table", "plain") and not target.quiet
    columns = tile_columns(page_width()) if is_printed or suffix == ".txt" else 0
    rooms: dict[Medium, Room] = {}
    if columns:
        rooms[Medium.PAGE] = (columns, columns)
    if suffix in _PICTURES or target.format == "html":
        rooms[Medium.SHEET] = _SHARP
    return columns, rooms


def sheet_saver(gallery: Gallery, report: Report, target: OutputOptions) -> Callable[[str], tuple[str, ...]]:
    """A function that writes the contact sheet to a path, by its suffix."""

    def save(path: str) -> tuple[str, ...]:
        suffix = Path(path).suffix.lower()
        if suffix not in _PICTURES:
            return save_document(report, path, force=target.force)
        from convcalc.files.whole_file import write_bytes

        write_bytes(path, _DRAWN[suffix](gallery), force=target.force)
        return (gallery.rule_text,)

    return save


def _svg(gallery: Gallery) -> bytes:
    from convcalc.render.sheet import sheet_page
    from convcalc.render.svg.document import svg_lines

    return "".join(f"{line}\n" for line in svg_lines(sheet_page(gallery))).encode()


def _png(gallery: Gallery) -> bytes:
    from convcalc.render.raster import png_page
    from convcalc.render.sheet import sheet_page

    return png_page(sheet_page(gallery))


def html_lines(gallery: Gallery) -> Iterable[str]:
    """The contact sheet as the text of a page for a browser."""
    from convcalc.render.sheet import html_text

    yield html_text(gallery)


def _html(gallery: Gallery) -> bytes:
    return "".join(html_lines(gallery)).encode()


def _pdf(gallery: Gallery) -> bytes:
    from convcalc.render.pdf.sheet import sheet_bytes

    return sheet_bytes(gallery)


_DRAWN: dict[str, Callable[[Gallery], bytes]] = {".png": _png, ".svg": _svg, ".html": _html, ".pdf": _pdf}
