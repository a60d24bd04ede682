"""PNG, JPEG, BMP, GIF and WebP through Pillow (the extra ``image``), with the numbers stored in the file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import ConvcalcError, FieldError, FormatError, LimitError, MissingExtraError
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
from convcalc.files.images.raster import ALPHA_DROPPED, ALPHA_KEPT, BLACK_AND_WHITE, check_size, coloured, depth_notes
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
    """Bytes in memory for a byte of the numbers: the decoder's, and the copies until the array."""


_KINDS = {
    "Png": _Kind(png_parts, 4),
    "Jpeg": _Kind(jpeg_parts, 4),
    "Bmp": _Kind(bmp_parts, 4),
    "Gif": _Kind(gif_parts, 4),
    "WebP": _Kind(webp_parts, 6),
}
_NAMES = {"Png": "PNG", "Jpeg": "JPEG", "Bmp": "BMP", "Gif": "GIF", "WebP": "WebP"}
_MAGIC = {b"\x89P": "Png", b"\xff\xd8": "Jpeg", b"BM": "Bmp", b"GI": "Gif", b"RI": "WebP"}


def read_picture(
    data: bytes, limits: Limits, *, frame: tuple[int, ...] | None = None, keeps_alpha: bool = False
) -> tuple[Array, list[str]]:
    """The numbers (channels, height, width) of a picture, and notes on their conversion.

    ``frame``: which of several, as :class:`Selection` has it; all of them are (frames, channels, height, width).
    ``keeps_alpha``: alpha is the last channel; otherwise it is dropped.

    Raises:
        FieldError: there is no such frame.
        FormatError: it is no picture of a known kind, or is damaged.
        LimitError: it has more pixels or takes more memory than the limits allow.
        MissingExtraError: Pillow is not installed.
    """
    kind = _MAGIC.get(data[:2], "")
    if not kind:
        raise FormatError("not an image of a kind that is read", hint="save it as PNG or TIFF")
    parts = _KINDS[kind].parts(data)
    numbers = _numbers_of_frames(frame, parts.frames)
    height = parts.height * max(1, len(numbers))
    samples = 4 if numbers else parts.samples
    decoded = parts.width * height * samples * (2 if parts.bits > 8 else 1)
    check_size(parts.width, height, decoded, _KINDS[kind].copies * decoded, len(data), limits)
    if numbers:
        array, notes = _moving(kind, parts, numbers, keeps_alpha=keeps_alpha)
    else:
        array, notes = _decoded(kind, parts, keeps_alpha=keeps_alpha)
    if parts.frames > 1:
        notes.insert(0, _which(frame, parts.frames))
    if parts.transparent and not numbers:
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


def _numbers_of_frames(frame: tuple[int, ...] | None, count: int) -> range:
    """The frames that are asked for; none where nothing is said, and the first is read from its own part of the file.

    Raises:
        FieldError: there are no such frames.
    """
    if frame is None:
        return range(0)
    if count == 1:
        raise FieldError("the picture has one frame, so there is none to choose", hint="leave frame out", field="frame")
    if not frame:
        return range(count)
    if len(frame) > 1 or frame[0] >= count:
        said = ",".join(map(str, frame))
        raise FieldError(
            f"there is no frame {said}: the picture has {count:,}",
            hint=f"frame 0 to {count - 1}, or all",
            field="frame",
        )
    return range(frame[0], frame[0] + 1)


def _which(frame: tuple[int, ...] | None, count: int) -> str:
    if frame is None:
        return f"first of {count:,} frames (--frame N chooses, --frame all reads all)"
    return f"only frame {frame[0]} of {count:,} is read" if frame else f"all {count:,} frames are read"


def _moving(kind: str, parts: Parts, numbers: range, *, keeps_alpha: bool) -> tuple[Array, list[str]]:
    """Frames as they are seen, (frames, channels, height, width), or one of them without its axis, and notes."""

    def taken(image: Any) -> Array:
        first = int(bool(image.info.get("default_image")))  # of APNG: what others show, no frame
        found = []
        for number in numbers:
            image.seek(first + number)
            found.append(np.asarray(image.convert("RGBA")))
        return np.stack(found)

    cells = _through_pillow(kind, parts.moving, taken).transpose(0, 3, 1, 2)
    colours, alpha = cells[:, :3], cells[:, 3:]
    notes = []
    if (colours == colours[:, :1]).all():
        colours, notes = colours[:, :1], ["greys read as one channel"]
    if keeps_alpha:
        colours, notes = np.concatenate([colours, alpha], axis=1), [*notes, ALPHA_KEPT]
    elif (alpha < 255).any():
        notes.append(ALPHA_DROPPED)
    return (colours[0] if len(numbers) == 1 else colours), notes


def _decoded(kind: str, parts: Parts, *, keeps_alpha: bool) -> tuple[Array, list[str]]:
    if kind == "Png" and parts.bits == 16 and parts.kind != GREY:
        return _deep_colours(parts, keeps_alpha=keeps_alpha)
    if kind == "Png" and parts.kind == GREY and parts.bits in (2, 4):
        highest = (1 << parts.bits) - 1
        stretched = _through_pillow(kind, parts.data, np.asarray)  # exactly: 0 to 255 in equal steps
        return (stretched // np.uint8(255 // highest))[np.newaxis], []
    if kind == "Bmp" and has_palette(parts):
        return bmp_numbers(parts)
    array, notes = _through_pillow(kind, parts.data, partial(_numbers, keeps_alpha=keeps_alpha))
    if kind == "Bmp" and parts.bits == 16:
        notes.append("colours of 5 or 6 bits stretched to 8")
    return array, notes


def _deep_colours(parts: Parts, *, keeps_alpha: bool) -> tuple[Array, list[str]]:
    """16-bit numbers, of which Pillow keeps only one byte: decoded twice, for the high bytes and the low ones."""
    if parts.kind == GREY_ALPHA:
        high_low = _through_pillow("Png", as_bytes_of_colours(parts), np.asarray)
        grey = _joined(high_low[..., 0], high_low[..., 1])[np.newaxis]
        if keeps_alpha:
            grey = np.concatenate([grey, _joined(high_low[..., 2], high_low[..., 3])[np.newaxis]])
        return grey, [ALPHA_KEPT if keeps_alpha else ALPHA_DROPPED, *depth_notes(grey)]
    kept = 4 if keeps_alpha else 3
    high, low = (_through_pillow("Png", parts.data, take)[..., :kept] for take in (_high_bytes, _low_bytes))
    colours = _joined(high, low)
    notes = [ALPHA_KEPT if keeps_alpha else ALPHA_DROPPED] * (parts.kind != COLOURS)
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


def _numbers(image: Picture, *, keeps_alpha: bool) -> tuple[Array, list[str]]:
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
    has_alpha = mode in _WITH_ALPHA
    notes = [ALPHA_KEPT if keeps_alpha else ALPHA_DROPPED] * has_alpha + [_INKS] * (mode == "CMYK")
    cells = np.atleast_3d(np.asarray(image))[..., : _CHANNELS[mode] + (has_alpha and keeps_alpha)]
    return cells.transpose(2, 0, 1), notes


def _through_pillow(kind: str, data: bytes, take: Callable[[Any], Any]) -> Any:
    """The result of a function of an opened image, without Pillow's registry, which is global to the process."""
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
