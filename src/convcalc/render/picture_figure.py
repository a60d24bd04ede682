"""A picture with its title above and the colour bar of its values below."""

from __future__ import annotations

from convcalc.picture.rendition import Rendition, ramp
from convcalc.picture.thumbnail import Thumbnail
from convcalc.render.raster import page_image
from convcalc.render.svg.layout import paragraph
from convcalc.render.svg.marks import Box, Group, Mark, Page, Photo, Style, lines_of
from convcalc.render.svg.measure import text_width
from convcalc.report.arrays.figure import typeset
from convcalc.report.text import number_text
from convcalc.wording import safe_text

_MARGIN, _GAP = 20.0, 10.0
_TITLE, _LABEL = 16.0, 12.0
_NARROWEST, _BAR = 240.0, 14.0
_KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".gif": "GIF"}


def figure_image(drawn: Rendition, zoom: int, title: str, suffix: str) -> bytes:
    """The file of the figure, every cell ``zoom`` pixels wide.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    from io import BytesIO

    stream = BytesIO()
    page_image(figure_page(drawn, zoom, title), "drawing a figure", fine=1.0).save(stream, format=_KINDS[suffix])
    return stream.getvalue()


def figure_page(drawn: Rendition, zoom: int, title: str) -> Page:
    """The page of the figure, laid out; a picture in colours has no bar, as its numbers are three."""
    height, width = (side * zoom for side in drawn.pixels.shape[:2])
    inner = max(float(width), _NARROWEST)
    groups = [*paragraph(typeset(safe_text(title)), _MARGIN, inner, _TITLE, Style.TITLE)]
    top = groups[-1].box.bottom + _GAP
    is_picture = not drawn.is_diverging
    thumbnail = Thumbnail(drawn.pixels, drawn.low, drawn.high, drawn.is_diverging, is_picture)
    box = Box(_MARGIN, top, float(width), float(height))
    groups.append(Group(box, (Photo(box, thumbnail, title),)))
    bottom = box.bottom
    if drawn.pixels.ndim == 2:
        groups.append(_bar(drawn, Box(_MARGIN, bottom + _GAP, inner, _BAR)))
        bottom = groups[-1].box.bottom
    groups += paragraph(typeset(drawn.note), bottom + _GAP, inner, _LABEL, Style.TEXT)
    return Page(inner + 2 * _MARGIN, groups[-1].box.bottom + _MARGIN, title, drawn.note, tuple(groups))


def _bar(drawn: Rendition, box: Box) -> Group:
    """All levels from the lowest to the highest, with their values at the ends and in the middle."""
    levels = ramp()
    bar = Thumbnail(levels, drawn.low, drawn.high, drawn.is_diverging, not drawn.is_diverging)
    marks: list[Mark] = [Photo(box, bar, "the colour bar")]
    top = box.bottom + 2
    for share in (0.0, 0.5, 1.0):
        text = typeset(number_text(drawn.low + (drawn.high - drawn.low) * share, 4))
        width = text_width(text, _LABEL)
        left = box.x + (box.width - width) * share
        marks += lines_of((text,), left, top, width, _LABEL, Style.NUMBER, centred=False)
    return Group(Box(box.x, box.y, box.width, max(mark.box.bottom for mark in marks) - box.y), tuple(marks))
