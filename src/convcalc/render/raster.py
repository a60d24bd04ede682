"""Pages of text, cells and small pictures as pixels, a PNG or a GIF, drawn by Pillow (the extra ``image``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from convcalc.errors import MissingExtraError
from convcalc.render.shipped_fonts import Face, font_file
from convcalc.render.svg.marks import BOLD_STYLES, Box, Dots, Frame, Group, Line, Mark, Page, Patch, Photo, Tile, Words
from convcalc.render.svg.measure import BASELINE
from convcalc.render.svg.palette import CURVE, DOTS, EDGE, FRAMES, PAPER, PATCHES, WORDS, Stroke, fill, ink, scale
from convcalc.report.arrays.figure import PanelKind
from convcalc.wording import safe_text

if TYPE_CHECKING:
    from PIL.Image import Image

_FINE = 1.5  # pixels of the image for each one of the page, so that small letters are sharp
_EFFORT = 4
_DASH, _SPACE = 4, 3  # pixels of a broken line
_DOT, _DOT_DISTANCE = 1.5, 5.0
_PEN = 1.2  # the width of a curve's line


def png_page(page: Page) -> bytes:
    """The page as the bytes of a PNG file.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    stream = BytesIO()
    page_image(page, "drawing a sheet as PNG").save(stream, format="PNG", compress_level=_EFFORT)
    return stream.getvalue()


def page_image(page: Page, doing: str, fine: float = _FINE) -> Image:
    """The page as an image in red, green and blue; ``doing``: its purpose, for errors.

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
            _draw(image, pen, mark, group, fine)
    return image


def _draw(image: Image, pen: Any, mark: Mark, group: Group, fine: float) -> None:
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
        case Line():
            _trace(pen, mark, fine)
        case Patch():
            left, top, right, bottom = _pixels(mark.box, fine)
            pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=PATCHES[mark.kind])


def _write(pen: Any, words: Words, colour: str, fine: float) -> None:
    x, y = words.box.middle
    place = ((x if words.is_centred else words.box.x) * fine, (y + words.size * BASELINE) * fine)
    anchor = "ms" if words.is_centred else "ls"
    font = _font(Face.BOLD_TEXT if words.style in BOLD_STYLES else Face.TEXT, words.size * fine)
    pen.text(place, safe_text(words.text), colour, font, anchor)


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
    """The mark for omitted cells."""
    x, y = dots.box.middle
    for step in (-_DOT_DISTANCE, 0, _DOT_DISTANCE):
        centre = (x + step * dots.is_across) * fine, (y + step * dots.is_down) * fine
        pen.circle(centre, _DOT * fine, fill=DOTS)


def _trace(pen: Any, line: Line, fine: float) -> None:
    """The line of a curve; an outline is filled too."""
    points = [(x * fine, y * fine) for x, y in line.points]
    if line.is_outline and len(points) > 2:
        pen.polygon(points, fill=CURVE, outline=CURVE)
    pen.line(points if len(points) > 1 else points * 2, CURVE, max(1, round(_PEN * fine)), joint="curve")
    if len(points) == 1:
        pen.circle(points[0], _PEN * fine, fill=CURVE)


def _pixels(box: Box, fine: float) -> tuple[int, int, int, int]:
    """The edges of a box: left, top, right and bottom."""
    left, top, right, bottom = (round(edge * fine) for edge in (box.x, box.y, box.right, box.bottom))
    return left, top, right, bottom


@cache
def _font(face: Face, size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(str(font_file(face)), size, layout_engine=ImageFont.Layout.BASIC)


_DOING = "drawing a GIF"
_FINE_OF_GIF = 1.0  # pixels of the image for each one of the page
_COLOURS = 31  # and a transparent one: text and cells have a dozen, the others are the edges of letters
_UNCHANGED, _NOWHERE = _COLOURS, (255, 0, 255)  # the transparent entry; no page has that colour
_COLOUR_BITS = 3  # bits by which colours differ; Pillow confuses nearer ones
_SAMPLES = 5  # pages whose colours are sampled
_UNIT, _SHORTEST = 10, 20  # milliseconds: a GIF's unit, and the shortest time that players respect


def gif_bytes(pages: Sequence[Page], seconds: Sequence[float]) -> bytes:
    """The file, which loops; ``seconds``: how long each page is shown.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    first, *rest = _frames_of(pages)
    stream = BytesIO()
    first.save(
        stream,
        format="GIF",
        save_all=True,
        append_images=rest,
        duration=[max(_SHORTEST, round(each * 1000 / _UNIT) * _UNIT) for each in seconds],
        loop=0,
        transparency=_UNCHANGED,
        disposal=1,
        optimize=False,
    )
    return stream.getvalue()


def _frames_of(pages: Sequence[Page]) -> Iterator[Image]:
    samples = [page_image(page, _DOING, _FINE_OF_GIF) for page in pages[:: max(1, len(pages) // _SAMPLES)]]
    from PIL import Image

    palette = _palette(samples)
    before: Image.Image | None = None
    for page in pages:
        frame = page_image(page, _DOING, _FINE_OF_GIF).quantize(palette=palette, dither=Image.Dither.NONE)
        yield frame if before is None else _changes(before, frame)
        before = frame


def _changes(before: Image, frame: Image) -> Image:
    """A frame that is transparent where it equals the previous one, which takes hardly any bytes."""
    from PIL import ImageChops

    same = ImageChops.subtract_modulo(frame, before).point([255, *[0] * 255], "1")
    changed = frame.copy()
    changed.paste(_UNCHANGED, mask=same)
    return changed


def _palette(images: Iterable[Image]) -> Image:
    """An image with the most frequent colours."""
    from PIL import Image

    found: Counter[Any] = Counter()
    for image in images:
        found.update({colour: count for count, colour in image.getcolors(image.width * image.height) or ()})
    distinct: dict[Any, Any] = {}
    for colour, _ in found.most_common():
        distinct.setdefault(tuple(part >> _COLOUR_BITS for part in colour), colour)
    colours = list(distinct.values())[:_COLOURS]
    colours += colours[:1] * (_COLOURS - len(colours))
    palette = Image.new("P", (1, 1))
    palette.putpalette(bytes(part for colour in (*colours, _NOWHERE) for part in colour))
    return palette
