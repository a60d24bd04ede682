"""Pixels as the bytes of image files: PNG and TIFF without a library, JPEG, WebP and GIF by Pillow."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import MissingExtraError, OutputError
from convcalc.files.png import png_bytes

Palette = Sequence[tuple[int, int, int]]
_BY_PILLOW = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".gif": "GIF"}
_SETTINGS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
_LARGEST = {"JPEG": 65_535, "WEBP": 16_383, "GIF": 65_535}
"""Pixels of a side, as the formats define them."""
_FRAME = 500  # milliseconds of a frame of a GIF


def image_bytes(pixels: Array, suffix: str, palette: Palette | None = None) -> bytes:
    """The file of uint8 pixels, (height, width), (height, width, 3) or with alpha 4, in .png also uint16.

    Raises as :func:`animation_bytes`.
    """
    if suffix == ".png":
        return png_bytes(pixels, palette)
    return animation_bytes([pixels], suffix, palette)


def animation_bytes(frames: Sequence[Array], suffix: str, palette: Palette | None = None) -> bytes:
    """The file of one or more frames of uint8 pixels; of several, a GIF or WebP that repeats them.

    Raises:
        MissingExtraError: Pillow is not installed.
        OutputError: a side is longer than the format allows.
    """
    kind = _BY_PILLOW[suffix]
    height, width = frames[0].shape[:2]
    if max(height, width) > _LARGEST[kind]:
        raise OutputError(
            f"{width:,} × {height:,} pixels are too many for {kind}, a side of which has at most {_LARGEST[kind]:,}",
            hint="save it as .png",
        )
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError(f"writing {kind} images", "image") from None
    images = [Image.fromarray(_coloured(frame, palette)) for frame in frames]
    more: dict[str, Any] = {}
    if len(images) > 1:
        more = {"save_all": True, "append_images": images[1:], "duration": _FRAME, "loop": 0}
    stream = BytesIO()
    images[0].save(stream, format=kind, **_SETTINGS.get(kind, {}), **more)
    return stream.getvalue()


def _coloured(pixels: Array, palette: Palette | None) -> Array:
    return pixels if palette is None else np.array(palette, np.uint8)[pixels]


_SHORT, _LONG = 3, 4
_ALPHA = 2  # not multiplied into the colours
_SIZES = {_SHORT: "H", _LONG: "I"}
_FORMATS = {"u": 1, "i": 2, "f": 3}
_MOST_BYTES = (1 << 32) - (1 << 20)  # offsets of TIFF have 32 bits


def narrowest(values: Array) -> tuple[Array, bool]:
    """The values as uint8 or uint16 where these hold them, else as float32; and whether that rounds any."""
    is_whole = values.dtype.kind in "iu" or bool((values == np.rint(values)).all())  # false for nan
    for dtype in (np.uint8, np.uint16):
        if is_whole and values.min() >= 0 and values.max() <= np.iinfo(dtype).max:
            return values.astype(dtype), False
    with np.errstate(over="ignore"):
        held = values.astype(np.float32)
    return held, not np.array_equal(held, values, equal_nan=values.dtype.kind == "f")


def tiff_bytes(pages: Sequence[Array], palette: Palette | None = None) -> bytes:
    """An uncompressed TIFF (revision 6.0) of pages of one dtype: (height, width), or of colours (height, width, 3),
    with alpha 4.

    ``palette``: the colours of pages of levels.

    Raises:
        OutputError: they take more bytes than 32 bits count.
    """
    pages = [_coloured(page, palette) for page in pages]
    if sum(page.nbytes for page in pages) > _MOST_BYTES:
        raise OutputError("a TIFF holds less than 4 GiB", hint="save it as .npy")
    parts, place = [b"II*\0" + struct.pack("<I", 8)], 8
    for number, page in enumerate(pages):
        data = np.ascontiguousarray(page.astype(page.dtype.newbyteorder("<"), copy=False)).tobytes()
        directory = _directory(page, place, is_last=number == len(pages) - 1, length=len(data))
        parts += [directory, data, b"\0" * (len(data) % 2)]
        place += len(directory) + len(data) + len(data) % 2
    return b"".join(parts)


def _values(numbers: list[int]) -> bytes:
    """Several short numbers, in an even number of bytes."""
    return struct.pack(f"<{len(numbers)}H", *numbers).ljust(8, b"\0")


def _directory(page: Array, place: int, *, is_last: bool, length: int) -> bytes:
    """The directory of a page whose data follow it, and the longer values between the two."""
    height, width = page.shape[:2]
    samples = page.shape[2] if page.ndim == 3 else 1
    entries: list[tuple[int, int, list[int]]] = [
        (256, _LONG, [width]),
        (257, _LONG, [height]),
        (258, _SHORT, [page.itemsize * 8] * samples),
        (259, _SHORT, [1]),
        (262, _SHORT, [2 if samples > 1 else 1]),
        (273, _LONG, [0]),
        (277, _SHORT, [samples]),
        (278, _LONG, [height]),
        (279, _LONG, [length]),
        (284, _SHORT, [1]),
        *([(338, _SHORT, [_ALPHA])] if samples == 4 else []),
        (339, _SHORT, [_FORMATS[page.dtype.kind]] * samples),
    ]
    behind = place + 2 + 12 * len(entries) + 4
    extra = b"".join(_values(each[2]) for each in entries if len(each[2]) > 1)
    data = behind + len(extra)
    head, at = struct.pack("<H", len(entries)), behind
    for tag, kind, values in entries:
        shown = [data] if tag == 273 else values
        if len(shown) > 1:
            head += struct.pack("<HHII", tag, kind, len(shown), at)
            at += len(_values(shown))
        else:
            head += struct.pack("<HHI", tag, kind, 1) + struct.pack(f"<{_SIZES[kind]}", shown[0]).ljust(4, b"\0")
    following = 0 if is_last else data + length + length % 2
    return head + struct.pack("<I", following) + extra
