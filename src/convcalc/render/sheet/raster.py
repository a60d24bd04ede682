"""A page of words, cells and small pictures as pixels, drawn by Pillow (the extra ``image``)."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from convcalc.errors import MissingExtraError
from convcalc.render.svg.marks import BOLD_STYLES, Box, Dots, Frame, Group, Page, Photo, Tile, Words
from convcalc.render.svg.measure import BASELINE
from convcalc.render.svg.palette import DOTS, EDGE, FRAMES, PAPER, WORDS, Stroke, fill, ink, scale
from convcalc.report.arrays.figure import PanelKind
from convcalc.wording import safe_text

if TYPE_CHECKING:
    from PIL.Image import Image

_FINE = 1.5  # pixels of the image for each one of the page, so that small letters are sharp
_EFFORT = 6
_DASH, _SPACE = 4, 3  # pixels of a broken line
_DOT, _DOT_DISTANCE = 1.5, 5.0
_PLAIN = str.maketrans("×−–…°⋆→Σ\u00a0", "x--.o*>S ")  # signs that the font at hand lacks


def png_page(page: Page) -> bytes:
    """The page as the bytes of a PNG file.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    stream = BytesIO()
    page_image(page, "drawing a sheet as PNG").save(stream, format="PNG", compress_level=_EFFORT)
    return stream.getvalue()


def page_image(page: Page, doing: str, fine: float = _FINE) -> Image:
    """The page as an image in red, green and blue; ``doing``: what it is drawn for.

    ``fine``: pixels of the image for each one of the page.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise MissingExtraError(doing, "image") from None
    image = Image.new("RGB", (round(page.width * fine), round(page.height * fine)), PAPER)
    pen = ImageDraw.Draw(image)
    for group in page.groups:
        for mark in group.marks:
            match mark:
                case Words():
                    _write(pen, mark, WORDS[mark.style], fine)
                case Photo():
                    _paste(image, pen, mark, fine)
                case Tile():
                    _fill(pen, mark, group, fine)
                case Frame():
                    _outline(pen, mark.box, FRAMES[mark.kind], fine)
                case Dots():
                    _dot(pen, mark, fine)
    return image


def _write(pen: Any, words: Words, colour: str, fine: float) -> None:
    x, y = words.box.middle
    place = ((x if words.is_centred else words.box.x) * fine, (y + words.size * BASELINE) * fine)
    stroke = 0.35 * fine if words.style in BOLD_STYLES else 0  # the font at hand has no bold letters
    anchor = "ms" if words.is_centred else "ls"
    font = _font(words.size * fine)
    pen.text(place, safe_text(words.text).translate(_PLAIN), colour, font, anchor, stroke_width=stroke)


def _paste(image: Image, pen: Any, photo: Photo, fine: float) -> None:
    from PIL import Image as Images

    thumbnail = photo.thumbnail
    drawn = Images.fromarray(thumbnail.levels)
    if not thumbnail.is_picture:
        drawn.putpalette(b"".join(map(bytes, scale(thumbnail.is_diverging))))
    left, top, right, bottom = _pixels(photo.box, fine)
    how = Images.Resampling.NEAREST if photo.is_enlarged else Images.Resampling.BILINEAR
    image.paste(drawn.convert("RGB").resize((right - left, bottom - top), how, reducing_gap=None), (left, top))
    pen.rectangle((left, top, right - 1, bottom - 1), outline=EDGE)


def _fill(pen: Any, tile: Tile, group: Group, fine: float) -> None:
    """A cell with its number."""
    cell = tile.cell
    colour = fill(group.kind or PanelKind.RESULT, cell, is_diverging=group.is_diverging)
    pen.rectangle(_pixels(tile.box, fine), fill=colour)
    _outline(pen, tile.box, Stroke(EDGE, 1, "dashed" if cell.is_padded else ""), fine)
    for words in tile.lines:
        _write(pen, words, ink(cell, words.style, is_diverging=group.is_diverging), fine)


def _outline(pen: Any, box: Box, stroke: Stroke, fine: float) -> None:
    """A frame, its lines in the middle of the box's edges."""
    left, top, right, bottom = _pixels(box, fine)
    width = round(stroke.width * fine)
    if not stroke.dashes:
        half = width // 2
        pen.rectangle((left - half, top - half, right + half, bottom + half), outline=stroke.colour, width=width)
        return
    for start in range(left, right, _DASH + _SPACE):
        for y in (top, bottom):
            pen.line((start, y, min(start + _DASH, right), y), stroke.colour, width)
    for start in range(top, bottom, _DASH + _SPACE):
        for x in (left, right):
            pen.line((x, start, x, min(start + _DASH, bottom)), stroke.colour, width)


def _dot(pen: Any, dots: Dots, fine: float) -> None:
    """The mark for cells that are left out."""
    x, y = dots.box.middle
    for step in (-_DOT_DISTANCE, 0, _DOT_DISTANCE):
        centre = (x + step * dots.is_across) * fine, (y + step * dots.is_down) * fine
        pen.circle(centre, _DOT * fine, fill=DOTS)


def _pixels(box: Box, fine: float) -> tuple[int, int, int, int]:
    """The edges of a box: left, top, right and bottom."""
    left, top, right, bottom = (round(edge * fine) for edge in (box.x, box.y, box.right, box.bottom))
    return left, top, right, bottom


@cache
def _font(size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
