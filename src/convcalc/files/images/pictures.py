"""PNG, JPEG, BMP, GIF and WebP through Pillow (the extra ``image``), with the numbers that stand in the file."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import ConvcalcError, FormatError, LimitError, MissingExtraError
from convcalc.files.images.picture_parts import (
    COLOURS,
    GREY,
    GREY_ALPHA,
    Parts,
    as_bytes_of_colours,
    bmp_numbers,
    bmp_parts,
    gif_parts,
    has_palette,
    jpeg_parts,
    png_parts,
    webp_parts,
)
from convcalc.files.images.raster import ALPHA_DROPPED, BLACK_AND_WHITE, check_size, coloured, depth_notes
from convcalc.limits import Limits

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_INKS = "inks kept: cyan, magenta, yellow and black (CMYK), 255 is full"
_CHANNELS = {"L": 1, "LA": 1, "RGB": 3, "RGBA": 3, "RGBX": 3, "CMYK": 4}  # and behind them alpha, or nothing
_WITH_ALPHA = {"LA", "RGBA"}


class _Kind(NamedTuple):
    """How a kind of picture is read."""

    parts: Callable[[bytes], Parts]
    copies: int
    """Bytes in memory for a byte of the numbers: what the decoder holds, and the copies on the way to an array."""


_KINDS = {
    "Png": _Kind(png_parts, 4),
    "Jpeg": _Kind(jpeg_parts, 4),
    "Bmp": _Kind(bmp_parts, 4),
    "Gif": _Kind(gif_parts, 4),
    "WebP": _Kind(webp_parts, 6),
}
_NAMES = {"Png": "PNG", "Jpeg": "JPEG", "Bmp": "BMP", "Gif": "GIF", "WebP": "WebP"}
_MAGIC = {b"\x89P": "Png", b"\xff\xd8": "Jpeg", b"BM": "Bmp", b"GI": "Gif", b"RI": "WebP"}


def read_picture(data: bytes, limits: Limits) -> tuple[Array, list[str]]:
    """The numbers (channels, height, width) of a picture, and notes on what was done to them.

    Raises:
        FormatError: it is no picture of a known kind, or is damaged.
        LimitError: it has more pixels or takes more memory than the limits allow.
        MissingExtraError: Pillow is not installed.
    """
    kind = _MAGIC.get(data[:2], "")
    if not kind:
        raise FormatError("not an image of a kind that is read", hint="save it as PNG or TIFF")
    parts = _KINDS[kind].parts(data)
    decoded = parts.width * parts.height * parts.samples * (2 if parts.bits > 8 else 1)
    check_size(parts.width, parts.height, decoded, _KINDS[kind].copies * decoded, len(data), limits)
    array, notes = _decoded(kind, parts)
    if parts.frames > 1:
        notes.insert(0, f"first of {parts.frames:,} frames")
    if parts.transparent:
        notes.append(parts.transparent)
    if parts.orientation != 1:
        notes.append("turned upright as its Exif orientation says")
    return _UPRIGHT[parts.orientation](array), notes


def decoded_jpeg(data: bytes, size: tuple[int, int]) -> Array:
    """The numbers (rows, columns) or (rows, columns, samples) of a JPEG image that is part of another file.

    Raises:
        FormatError: it is damaged, or of another ``size`` (rows, columns).
        MissingExtraError: Pillow is not installed.
    """
    parts = jpeg_parts(data)
    if (parts.height, parts.width) != size:
        raise FormatError(f"a JPEG image of {parts.width} × {parts.height} pixels instead of {size[1]} × {size[0]}")
    pixels: Array = _through_pillow("Jpeg", parts.data, np.asarray)
    return pixels


def _decoded(kind: str, parts: Parts) -> tuple[Array, list[str]]:
    if kind == "Png" and parts.bits == 16 and parts.kind != GREY:
        return _deep_colours(parts)
    if kind == "Png" and parts.kind == GREY and parts.bits in (2, 4):
        highest = (1 << parts.bits) - 1
        stretched = _through_pillow(kind, parts.data, np.asarray)  # exactly: 0 to 255 in equal steps
        return (stretched // np.uint8(255 // highest))[np.newaxis], []
    if kind == "Bmp" and has_palette(parts):
        return bmp_numbers(parts)
    array, notes = _through_pillow(kind, parts.data, _numbers)
    if kind == "Bmp" and parts.bits == 16:
        notes.append("colours of 5 or 6 bits stretched to 8")
    return array, notes


def _deep_colours(parts: Parts) -> tuple[Array, list[str]]:
    """The 16-bit numbers of which Pillow keeps but one byte: decoded twice, for the high bytes and for the low ones."""
    if parts.kind == GREY_ALPHA:
        high_low = _through_pillow("Png", as_bytes_of_colours(parts), np.asarray)
        grey = _joined(high_low[..., 0], high_low[..., 1])
        return grey[np.newaxis], [ALPHA_DROPPED, *depth_notes(grey)]
    high, low = (_through_pillow("Png", parts.data, take)[..., :3] for take in (_high_bytes, _low_bytes))
    colours = _joined(high, low)
    notes = [ALPHA_DROPPED] * (parts.kind != COLOURS)
    return colours.transpose(2, 0, 1), [*notes, *depth_notes(colours)]


def _high_bytes(image: Any) -> Array:
    """The high bytes of 16-bit numbers, the first of each two (B, big endian)."""
    return np.asarray(image)


def _low_bytes(image: Any) -> Array:
    """The low bytes of 16-bit numbers: those that were the high ones if the second of each two were (L)."""
    image.tile = [tile._replace(args=f"{image.mode};16L") for tile in image.tile]
    return np.asarray(image)


def _joined(high: Array, low: Array) -> Array:
    numbers = high.astype(np.uint16)
    numbers <<= 8
    numbers |= low
    return numbers


def _numbers(image: Picture) -> tuple[Array, list[str]]:
    """The numbers (channels, height, width) of an image, and notes."""
    mode = image.mode
    if mode == "1":
        return np.asarray(image, np.uint8)[np.newaxis] * np.uint8(255), [BLACK_AND_WHITE]
    if mode == "P":
        palette = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
        return coloured(np.asarray(image), palette)
    if mode.startswith("I"):
        grey = np.asarray(image)
        return grey[np.newaxis], depth_notes(grey)
    notes = [ALPHA_DROPPED] * (mode in _WITH_ALPHA) + [_INKS] * (mode == "CMYK")
    cells = np.atleast_3d(np.asarray(image))[..., : _CHANNELS[mode]]
    return cells.transpose(2, 0, 1), notes


def _through_pillow(kind: str, data: bytes, take: Callable[[Any], Any]) -> Any:
    """What is taken of an image that Pillow has opened, without its registry, whose state all the process shares."""
    try:
        from PIL import Image

        plugin = import_module(f"PIL.{kind}ImagePlugin")
    except ImportError:
        raise MissingExtraError(f"reading {_NAMES[kind]} images", "image") from None
    try:
        with getattr(plugin, f"{kind}ImageFile")(BytesIO(data)) as image:
            return take(image)
    except ConvcalcError:
        raise
    except Image.DecompressionBombError:
        raise LimitError("an image with more pixels than can be read", hint="cut it into parts") from None
    except MemoryError:
        raise LimitError("the image needs more memory than there is") from None
    except Exception:  # damaged bytes raise nearly every class in Pillow's readers, SyntaxError included
        raise FormatError(f"the {_NAMES[kind]} image is damaged, or cut off") from None


_UPRIGHT: dict[int, Callable[[Array], Array]] = {
    1: lambda cells: cells,
    2: lambda cells: cells[..., ::-1],
    3: lambda cells: cells[..., ::-1, ::-1],
    4: lambda cells: cells[..., ::-1, :],
    5: lambda cells: cells.swapaxes(-1, -2),
    6: lambda cells: cells.swapaxes(-1, -2)[..., ::-1],
    7: lambda cells: cells.swapaxes(-1, -2)[..., ::-1, ::-1],
    8: lambda cells: cells.swapaxes(-1, -2)[..., ::-1, :],
}
