"""What of a picture file holds its pixels, its size and what turns it, read before a library decodes it.

Only these parts are handed on: Pillow never sees text, profiles, further frames or Exif blocks, of which it would warn.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from convcalc.errors import FormatError
from convcalc.files.images.tiff_tags import exif_orientation

DROPPED = "transparency of the palette dropped"
_SEGMENT = re.compile(rb"[^\xff]*\xff+([^\xff\0])", re.DOTALL)
_SOS, _EOI, _EXIF = 0xDA, 0xD9, 0xE1
_KEPT_SEGMENTS = {0xE0, 0xEE}  # JFIF and Adobe, which tell how colours are stored
_UNREAD_JPEG = {
    **dict.fromkeys((0xC3, 0xCB), "a lossless JPEG"),
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "a hierarchical JPEG"),
    0xF7: "a JPEG-LS",
}
_SIZE_SEGMENTS = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA, *_UNREAD_JPEG}
_WIDEST_GIF = 0xFFFF  # pixels, that its header can tell of
_WEBP_SIZES: dict[bytes, Callable[[bytes], tuple[int, int]]] = {
    b"VP8 ": lambda head: (_whole(head[6:8]) & 0x3FFF, _whole(head[8:10]) & 0x3FFF),
    b"VP8L": lambda head: ((_whole(head[1:5]) & 0x3FFF) + 1, (_whole(head[1:5]) >> 14 & 0x3FFF) + 1),
    b"VP8X": lambda head: (_whole(head[4:7]) + 1, _whole(head[7:10]) + 1),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """A picture file before it is decoded."""

    width: int = 0
    height: int = 0
    samples: int = 3
    """Numbers of a decoded pixel."""
    bits: int = 8
    """Of a number."""
    kind: int = 0
    """PNG: how colours are stored, such as :data:`PALETTE`. BMP: how pixels are compressed."""
    frames: int = 1
    orientation: int = 1
    """As Exif counts: 1 is upright, 2 to 8 are turned or mirrored."""
    transparent: str = ""
    """What is marked as transparent."""
    data: bytes = field(default=b"", repr=False)
    """The file without all that has nothing to do with its pixels."""


def jpeg_parts(data: bytes) -> Parts:
    """Those of a JPEG image (ITU-T T.81, annex B).

    Raises:
        FormatError: it is damaged, or of a kind that is not read.
    """
    kept, found, place = [data[:2]], Parts(), 2
    while segment := _SEGMENT.match(data, place):
        marker, start = segment[1][0], segment.end()
        if marker in {_SOS, _EOI}:
            kept.append(data[start - 2 :])
            break
        if marker in range(0xD0, 0xD9) or marker == 1:  # without content
            place = start
            continue
        size = int.from_bytes(data[start : start + 2], "big")
        content, place = data[start + 2 : start + size], start + max(2, size)
        if marker in _SIZE_SEGMENTS:
            found = replace(_jpeg_header(marker, content), orientation=found.orientation)
        elif marker == _EXIF and content.startswith(b"Exif\0"):
            found = replace(found, orientation=exif_orientation(content))
        if marker < 0xE0 or marker in _KEPT_SEGMENTS:
            kept.append(data[start - 2 : place])
    if not found.height:
        raise FormatError("the JPEG image has no header")
    return replace(found, data=b"".join(kept))


def _jpeg_header(marker: int, content: bytes) -> Parts:
    if marker in _UNREAD_JPEG:
        raise FormatError(f"{_UNREAD_JPEG[marker]} image, which is not read", hint="save it as PNG")
    if len(content) < 6:
        raise FormatError("the header of the JPEG image is damaged")
    bits, height, width, samples = struct.unpack(">BHHB", content[:6])
    if bits != 8:
        raise FormatError(f"a JPEG image of {bits} bits, of which only 8 are read", hint="save it as PNG or TIFF")
    return Parts(width, height, samples, bits)


def gif_parts(data: bytes) -> Parts:
    """Those of a GIF image: its first frame (GIF89a specification).

    Raises:
        FormatError: it is damaged.
    """
    if len(data) < 13:
        raise FormatError("the GIF image has no header")
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    place = first = 13 + _gif_palette(flags)
    frames, frame, transparent = 0, b"", ""
    while data[place : place + 1] in {b"!", b","}:
        block = data[place : place + 10].ljust(10, b"\0")
        if block[0] == ord("!"):
            if block[1] == 0xF9 and not frames:
                transparent = DROPPED if block[3] & 1 else ""
            place = _after_blocks(data, place + 2)
            continue
        left, top, columns, rows, flags = struct.unpack("<HHHHB", block[1:])
        end = _after_blocks(data, place + 11 + _gif_palette(flags))
        if not frames:
            width, height, frame = max(width, left + columns), max(height, top + rows), data[place:end]
        frames, place = frames + 1, end
    if max(width, height) > _WIDEST_GIF:
        raise FormatError(f"a frame of the GIF image ends at {width} × {height}, beyond {_WIDEST_GIF}")
    screen = data[:6] + struct.pack("<HH", width, height) + data[10:first]
    return Parts(width, height, frames=max(1, frames), transparent=transparent, data=screen + frame + b";")


def _gif_palette(flags: int) -> int:
    """The bytes of a palette."""
    return 3 << ((flags & 7) + 1) if flags & 128 else 0


def _after_blocks(data: bytes, place: int) -> int:
    """Where a sequence of blocks ends, each of which begins with its length."""
    while place < len(data) and data[place]:
        place += data[place] + 1
    return place + 1


def webp_parts(data: bytes) -> Parts:
    """Those of a WebP image (RFC 9649).

    Raises:
        FormatError: it is damaged.
    """
    width = height = frames = 0
    orientation, place = 1, 12
    while place + 8 <= len(data):
        name, size = data[place : place + 4], _whole(data[place + 4 : place + 8])
        content, place = data[place + 8 : place + 8 + size], place + 8 + size + size % 2
        if not width and name in _WEBP_SIZES:
            width, height = _WEBP_SIZES[name](content)
        if name == b"EXIF":
            orientation = exif_orientation(content)
        frames += name == b"ANMF"
    if not width:
        raise FormatError("the WebP image has no header")
    return Parts(width, height, 4, frames=max(1, frames), orientation=orientation, data=data)


def _whole(data: bytes) -> int:
    return int.from_bytes(data, "little")
