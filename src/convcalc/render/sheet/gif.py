"""Pages that follow each other as a GIF, drawn by Pillow (the extra ``image``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from convcalc.render.sheet.raster import page_image
from convcalc.render.svg.marks import Page

if TYPE_CHECKING:
    from PIL.Image import Image

_DOING = "drawing a GIF"
_FINE = 1.0  # pixels of the image for each one of the page
_COLOURS = 31  # and one to be seen through: words and cells have a dozen, the others are the edges of letters
_UNCHANGED, _NOWHERE = _COLOURS, (255, 0, 255)  # the entry that lets the frame before be seen; no page has that colour
_FINEST = 3  # bits by which colours differ; Pillow takes nearer ones for each other
_SAMPLES = 5  # pages whose colours are looked at
_UNIT, _SHORTEST = 10, 20  # milliseconds: what a GIF counts in, and what players take for much longer if it is less


def gif_bytes(pages: Sequence[Page], seconds: Sequence[float]) -> bytes:
    """The file, which begins again at its end; ``seconds``: how long each page is seen.

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
    samples = [page_image(page, _DOING, _FINE) for page in pages[:: max(1, len(pages) // _SAMPLES)]]
    from PIL import Image

    palette = _palette(samples)
    before: Image.Image | None = None
    for page in pages:
        frame = page_image(page, _DOING, _FINE).quantize(palette=palette, dither=Image.Dither.NONE)
        yield frame if before is None else _changes(before, frame)
        before = frame


def _changes(before: Image, frame: Image) -> Image:
    """A frame in which only what differs from the one before has a colour; the rest takes next to no bytes."""
    from PIL import ImageChops

    same = ImageChops.subtract_modulo(frame, before).point([255, *[0] * 255], "1")
    changed = frame.copy()
    changed.paste(_UNCHANGED, mask=same)
    return changed


def _palette(images: Iterable[Image]) -> Image:
    """An image with the colours that most pixels have."""
    from PIL import Image

    found: Counter[Any] = Counter()
    for image in images:
        found.update({colour: count for count, colour in image.getcolors(image.width * image.height) or ()})
    distinct: dict[Any, Any] = {}
    for colour, _ in found.most_common():
        distinct.setdefault(tuple(part >> _FINEST for part in colour), colour)
    colours = list(distinct.values())[:_COLOURS]
    colours += colours[:1] * (_COLOURS - len(colours))
    palette = Image.new("P", (1, 1))
    palette.putpalette(bytes(part for colour in (*colours, _NOWHERE) for part in colour))
    return palette
