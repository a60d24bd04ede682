"""The headers of OpenEXR images: channels, windows, compression and tiles of each part (openexr.com)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from convcalc.errors import FormatError

_TILED, _DEEP, _PARTS = 0x200, 0x800, 0x1000
_TYPES = ("<u4", "<f2", "<f4")
COMPRESSIONS = ("none", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24", "B44", "B44A", "DWAA", "DWAB")
_MOST_NAME, _MOST_ATTRIBUTES, _MOST_CHANNELS, _MOST_PARTS = 255, 1000, 1024, 100


class Channel(NamedTuple):
    """A channel as the header lists it."""

    name: str
    dtype: np.dtype[np.generic]


class Part(NamedTuple):
    """The header of an image, and where its table of blocks begins."""

    channels: tuple[Channel, ...]
    compression: int
    left: int
    top: int
    width: int
    height: int
    is_tiled: bool
    tile: tuple[int, int]
    """Columns and rows."""
    levels: int
    """The mode of levels: 0 has one."""
    notes: tuple[str, ...]
    name: str


class Header(NamedTuple):
    """The headers of a file."""

    parts: list[Part]
    place: int
    """Where they end, and the tables of blocks begin."""
    has_parts: bool
    """Whether each block says of which part it is."""


def header_of(data: memoryview) -> Header:
    """The headers of all parts of a file.

    Raises:
        FormatError: one is damaged, or of a kind that is not read.
    """
    (version,) = unpacked("<I", data, 4)
    if version & 0xFF not in (1, 2):
        raise FormatError(f"an OpenEXR image of version {version & 0xFF}")
    if version & _DEEP:
        raise FormatError("an OpenEXR image of deep data", hint="flatten it first")
    place, has_parts = 8, bool(version & _PARTS)
    parts: list[Part] = []
    while len(parts) < _MOST_PARTS:
        attributes, place = _attributes(data, place)
        if not attributes and parts:
            return Header(parts, place, has_parts)
        parts.append(_part(attributes, is_tiled=bool(version & _TILED)))
        if not has_parts:
            return Header(parts, place, has_parts)
    raise FormatError("the OpenEXR file has too many parts")


def _attributes(data: memoryview, place: int) -> tuple[dict[str, bytes], int]:
    """The attributes of a header by their names, and where it ends."""
    found: dict[str, bytes] = {}
    for _ in range(_MOST_ATTRIBUTES):
        name, place = _text(data, place)
        if not name:
            return found, place
        _, place = _text(data, place)
        (size,) = unpacked("<i", data, place)
        place += 4
        if size < 0 or place + size > len(data):
            break
        found[name] = bytes(data[place : place + size])
        place += size
    raise FormatError("the header of the OpenEXR image is damaged, or cut off")


def _text(data: bytes | memoryview, place: int) -> tuple[str, int]:
    end = bytes(data[place : place + _MOST_NAME + 1]).find(b"\0")
    if end < 0:
        raise FormatError("the header of the OpenEXR image is damaged, or cut off")
    return bytes(data[place : place + end]).decode("utf-8", "replace"), place + end + 1


def unpacked(code: str, data: bytes | memoryview, place: int = 0) -> tuple[int, ...]:
    """Whole numbers at a place.

    Raises:
        FormatError: the file ends before them.
    """
    try:
        return struct.unpack_from(code, data, place)
    except (struct.error, OverflowError):
        raise FormatError("the OpenEXR image is cut off") from None


def _part(attributes: Mapping[str, bytes], *, is_tiled: bool) -> Part:
    for name in ("channels", "compression", "dataWindow"):
        if name not in attributes:
            raise FormatError(f"the header of the OpenEXR image has no {name}")
    kind = attributes.get("type", b"").rstrip(b"\0").decode("latin-1")
    if kind.startswith("deep"):
        raise FormatError("an OpenEXR image of deep data", hint="flatten it first")
    (compression,) = unpacked("<B", attributes["compression"])
    if compression >= len(COMPRESSIONS):
        raise FormatError(f"an OpenEXR image with compression {compression}, which is not read")
    left, top, right, bottom = unpacked("<4i", attributes["dataWindow"])
    if right < left or bottom < top:
        raise FormatError(f"an OpenEXR image of {right - left + 1} × {bottom - top + 1} pixels")
    is_tiled = kind == "tiledimage" or (not kind and is_tiled)
    tile = unpacked("<2IB", attributes.get("tiles", b"")) if is_tiled else (0, 0, 0)
    if is_tiled and not (0 < tile[0] <= 1 << 16 and 0 < tile[1] <= 1 << 16):
        raise FormatError(f"an OpenEXR image with tiles of {tile[0]} × {tile[1]} pixels")
    shown = attributes.get("displayWindow", attributes["dataWindow"])
    notes = ("the window of stored pixels (dataWindow) is read, which is not the one that is shown",)
    return Part(
        _channels(attributes["channels"]),
        compression,
        left,
        top,
        right - left + 1,
        bottom - top + 1,
        is_tiled,
        (tile[0], tile[1]),
        tile[2] & 0xF,
        notes * (shown != attributes["dataWindow"]),
        attributes.get("name", b"").rstrip(b"\0").decode("utf-8", "replace"),
    )


def _channels(text: bytes) -> tuple[Channel, ...]:
    place = 0
    found: list[Channel] = []
    while len(found) < _MOST_CHANNELS:
        name, place = _text(text, place)
        if not name:
            break
        kind, _, across, down = unpacked("<iiii", text, place)
        place += 16
        if not 0 <= kind < len(_TYPES):
            raise FormatError(f"a channel of the OpenEXR image has numbers of type {kind}")
        if (across, down) != (1, 1):
            raise FormatError("an OpenEXR image with channels of fewer pixels (luminance and chroma)")
        found.append(Channel(name, np.dtype(_TYPES[kind])))
    if not found:
        raise FormatError("an OpenEXR image without channels")
    return tuple(found)
