"""What of a PNG file holds its pixels (PNG specification, third edition)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

from convcalc.errors import FormatError
from convcalc.files.images.picture_parts import Parts
from convcalc.files.images.tiff_tags import exif_orientation

GREY, COLOURS, PALETTE, GREY_ALPHA, COLOURS_ALPHA = 0, 2, 3, 4, 6
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BITS = {GREY: (1, 2, 4, 8, 16), COLOURS: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), COLOURS_ALPHA: (8, 16)}
_SAMPLES = {GREY: 1, COLOURS: 3, PALETTE: 3, GREY_ALPHA: 2, COLOURS_ALPHA: 4}
_PIXEL_CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}


def png_parts(data: bytes) -> Parts:
    """Those of a PNG image.

    Raises:
        FormatError: it is damaged.
    """
    kept, found = [_SIGNATURE], Parts()
    place = len(_SIGNATURE)
    while place + 12 <= len(data):
        (size,), name = struct.unpack_from(">I", data, place), data[place + 4 : place + 8]
        content = data[place + 8 : place + 8 + size]
        whole, place = data[place : place + 12 + size], place + 12 + size
        if not found.width and name != b"IHDR":
            break
        if name == b"IHDR":
            if found.width:  # the one that is checked would not be the one that is decoded
                raise FormatError("the PNG image has two headers")
            found = _header(content)
        elif name == b"acTL" and size >= 4:
            found = replace(found, frames=max(1, struct.unpack(">I", content[:4])[0]))
        elif name == b"eXIf":
            found = replace(found, orientation=exif_orientation(content))
        elif name == b"tRNS":
            found = replace(found, transparent=_transparency(content, found.kind))
        if name in _PIXEL_CHUNKS:
            kept.append(whole)
    if not found.width:
        raise FormatError("the PNG image has no header")
    return replace(found, data=b"".join(kept))


def _header(content: bytes) -> Parts:
    if len(content) != 13:
        raise FormatError("the PNG image has no header")
    width, height, bits, kind = struct.unpack(">IIBB", content[:10])
    if bits not in _BITS.get(kind, ()):
        raise FormatError(f"a PNG image of colour type {kind} with {bits} bits, which there is not")
    return Parts(width, height, _SAMPLES[kind], bits, kind)


def _transparency(content: bytes, kind: int) -> str:
    if kind == PALETTE:
        return "transparency of the palette dropped"
    values = struct.unpack(f">{len(content) // 2}H", content[: len(content) // 2 * 2])
    return f"cells of {'/'.join(map(str, values))} are marked transparent, and kept"


def as_bytes_of_colours(parts: Parts) -> bytes:
    """A PNG image of 16-bit greys and alpha as one of four 8-bit numbers, which has the same bytes in each pixel."""
    header = struct.pack(">IIBB", parts.width, parts.height, 8, COLOURS_ALPHA)
    start = len(_SIGNATURE) + 4
    chunk = b"IHDR" + header + parts.data[start + 4 + len(header) : start + 17]
    return parts.data[:start] + chunk + struct.pack(">I", zlib.crc32(chunk)) + parts.data[start + 21 :]
