"""A page of words and small pictures as PNG, drawn by Pillow (the extra ``image``)."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from convcalc.errors import MissingExtraError
from convcalc.render.svg.marks import BOLD_STYLES, Page, Photo, Words
from convcalc.render.svg.measure import BASELINE
from convcalc.render.svg.palette import EDGE, PAPER, WORDS, scale
from convcalc.wording import safe_text

if TYPE_CHECKING:
    from PIL.Image import Image

_FINE = 1.5  # pixels of the image for each one of the page, so that small letters are sharp
_EFFORT = 6
_PLAIN = str.maketrans("×−–…°⋆", "x--.o*")  # signs that the font at hand lacks


def png_page(page: Page) -> bytes:
    """The page as the bytes of a PNG file.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise MissingExtraError("drawing a sheet as PNG", "image") from None
    image = Image.new("RGB", (round(page.width * _FINE), round(page.height * _FINE)), PAPER)
    pen = ImageDraw.Draw(image)
    for group in page.groups:
        for mark in group.marks:
            match mark:
                case Words():
                    _write(pen, mark)
                case Photo():
                    _paste(image, pen, mark)
    stream = BytesIO()
    image.save(stream, format="PNG", compress_level=_EFFORT)
    return stream.getvalue()


def _write(pen: Any, words: Words) -> None:
    x, y = words.box.middle
    place = ((x if words.is_centred else words.box.x) * _FINE, (y + words.size * BASELINE) * _FINE)
    stroke = 0.35 * _FINE if words.style in BOLD_STYLES else 0  # the font at hand has no bold letters
    anchor = "ms" if words.is_centred else "ls"
    font = _font(words.size * _FINE)
    pen.text(place, safe_text(words.text).translate(_PLAIN), WORDS[words.style], font, anchor, stroke_width=stroke)


def _paste(image: Image, pen: Any, photo: Photo) -> None:
    from PIL import Image as Images

    thumbnail = photo.thumbnail
    drawn = Images.fromarray(thumbnail.levels)
    if not thumbnail.is_picture:
        drawn.putpalette(b"".join(map(bytes, scale(thumbnail.is_diverging))))
    left, top, right, bottom = (round(edge * _FINE) for edge in (*photo.box[:2], photo.box.right, photo.box.bottom))
    how = Images.Resampling.NEAREST if photo.is_enlarged else Images.Resampling.BILINEAR
    image.paste(drawn.convert("RGB").resize((right - left, bottom - top), how, reducing_gap=None), (left, top))
    pen.rectangle((left, top, right - 1, bottom - 1), outline=EDGE)


@cache
def _font(size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
