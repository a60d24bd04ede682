"""A contact sheet as PDF: the page that is drawn as SVG and PNG, cut between the rows of its tiles."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from convcalc.files.png import png_bytes
from convcalc.render.pdf.document import PAPER, bytes_of, new_canvas
from convcalc.render.pdf.fonts import font_name
from convcalc.render.sheet import sheet_page
from convcalc.render.shipped_fonts import Face
from convcalc.render.svg.marks import BOLD_STYLES, Group, Mark, Photo, Words
from convcalc.render.svg.measure import BASELINE
from convcalc.render.svg.palette import EDGE, WORDS, scale
from convcalc.report.gallery.gallery import Gallery
from convcalc.wording import safe_text

_BESIDE = 4  # tiles in a row of a page
_MARGIN = 20.0  # points above the first and below the last row of a page


def sheet_bytes(gallery: Gallery) -> bytes:
    """The contact sheet of a gallery on pages of A4.

    Raises:
        MissingExtraError: ReportLab is not installed.
    """
    page = sheet_page(gallery, _BESIDE)
    canvas = new_canvas()
    canvas.setTitle(safe_text(page.title))
    shrunk = PAPER[0] / page.width
    room = (PAPER[1] - 2 * _MARGIN) / shrunk
    for number, groups in enumerate(_pages(page.groups, room)):
        if number:
            canvas.showPage()
        canvas.saveState()
        canvas.translate(0, PAPER[1] - _MARGIN * (number > 0))
        canvas.scale(shrunk, shrunk)
        top = min(group.box.y for group in groups) if number else 0
        for group in groups:
            for mark in group.marks:
                _draw(canvas, mark, top)
        canvas.restoreState()
    return bytes_of(canvas)


def _pages(groups: tuple[Group, ...], room: float) -> Iterator[list[Group]]:
    """The groups of each page; those that begin at one height stay together."""
    rows: dict[float, list[Group]] = {}
    for group in groups:
        rows.setdefault(group.box.y, []).append(group)
    page: list[Group] = []
    for row in rows.values():
        if page and max(group.box.bottom for group in row) - page[0].box.y > room:
            yield page
            page = []
        page += row
    yield page


def _draw(canvas: Any, mark: Mark, top: float) -> None:
    """Words and pictures, of which sheets consist; ``top``: the height at which the page begins."""
    match mark:
        case Words():
            face = Face.BOLD_TEXT if mark.style in BOLD_STYLES else Face.TEXT
            canvas.setFillColor(WORDS[mark.style])
            canvas.setFont(font_name(face), mark.size)
            x, y = mark.box.middle
            write = canvas.drawCentredString if mark.is_centred else canvas.drawString
            write(x if mark.is_centred else mark.box.x, top - y - mark.size * BASELINE, safe_text(mark.text))
        case Photo():
            box, shape = mark.box, (mark.box.x, top - mark.box.bottom, mark.box.width, mark.box.height)
            canvas.drawImage(_image(mark), *shape)
            canvas.setStrokeColor(EDGE)
            canvas.rect(box.x, top - box.bottom, box.width, box.height)


def _image(photo: Photo) -> Any:
    """The picture, its cells enlarged to squares where they are few, since viewers would blur them."""
    from reportlab.lib.utils import ImageReader

    levels = photo.thumbnail.levels
    if photo.is_enlarged:
        times = max(1, round(2 * photo.box.width / levels.shape[1]))
        levels = levels.repeat(times, axis=0).repeat(times, axis=1)
    palette = None if photo.thumbnail.is_picture else scale(photo.thumbnail.is_diverging)
    return ImageReader(BytesIO(png_bytes(levels, palette)))
