"""The parts of a picture file with its pixels, size and orientation, read before a library decodes it.

Only these parts are passed on: Pillow never sees text, profiles, further frames or Exif blocks, about which it would
warn.

BMP images: their size; those with a palette are decoded here, since Pillow misreads some with few colours.

PNG images: their chunks of pixels (PNG specification, third edition).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.images.raster import coloured, unpacked
from convcalc.files.images.tiff_tags import exif_orientation

DROPPED = "transparency of the palette dropped"
_SEGMENT = re.compile(rb"[^\xff]*\xff+([^\xff\0])", re.DOTALL)
_SOS, _EOI, _EXIF = 0xDA, 0xD9, 0xE1
_KEPT_SEGMENTS = {0xE0, 0xEE}  # JFIF and Adobe, which describe how colours are stored
_UNREAD_JPEG = {
    **dict.fromkeys((0xC3, 0xCB), "a lossless JPEG"),
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "a hierarchical JPEG"),
    0xF7: "a JPEG-LS",
}
_SIZE_SEGMENTS = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA, *_UNREAD_JPEG}
_WIDEST_GIF = 0xFFFF  # pixels, the largest width of its header
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
    """Exif's orientation: 1 is upright, 2 to 8 are rotated or mirrored."""
    transparent: str = ""
    """The transparent colours."""
    data: bytes = field(default=b"", repr=False)
    """The file, reduced to what its pixels need."""
    moving: bytes = field(default=b"", repr=False)
    """The file with what its other frames need, where there are several."""


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
    return Parts(width, height, frames=max(1, frames), transparent=transparent, data=screen + frame + b";", moving=data)


def _gif_palette(flags: int) -> int:
    """The bytes of a palette."""
    return 3 << ((flags & 7) + 1) if flags & 128 else 0


def _after_blocks(data: bytes, place: int) -> int:
    """The end of a sequence of blocks, each of which begins with its length."""
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
    return Parts(width, height, 4, frames=max(1, frames), orientation=orientation, data=data, moving=data)


def _whole(data: bytes) -> int:
    return int.from_bytes(data, "little")


_OS2_HEADER = 12
_PLAIN, _RLE8, _RLE4 = 0, 1, 2
_BITS = {_PLAIN: (1, 4, 8), _RLE8: (8,), _RLE4: (4,)}
_END_OF_LINE, _END, _MOVE = 0, 1, 2


def bmp_parts(data: bytes) -> Parts:
    """The parts of a BMP image, Windows' or that of OS/2.

    Raises:
        FormatError: it is damaged.
    """
    if len(data) < 26:
        raise FormatError("the BMP image has no header")
    if _header_size(data) == _OS2_HEADER:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        return Parts(width, height, bits=bits, data=data)
    width, height, _, bits, kind = struct.unpack_from("<iiHHI", data.ljust(34, b"\0"), 18)
    return Parts(max(0, width), abs(height), bits=bits, kind=kind, data=data)


def has_palette(parts: Parts) -> bool:
    """Whether pixels are indices of a palette."""
    return parts.bits in _BITS.get(parts.kind, ())


def bmp_numbers(parts: Parts) -> tuple[Array, list[str]]:
    """The colours (3, height, width) of an image with a palette, or its greys (1, height, width), and notes.

    Raises:
        FormatError: it is damaged.
    """
    data, bits = parts.data, parts.bits
    is_old = _header_size(data) == _OS2_HEADER
    (start,) = struct.unpack_from("<I", data, 10)
    used = 0 if is_old else struct.unpack_from("<I", data.ljust(50, b"\0"), 46)[0]
    size = min(used or 1 << bits, 1 << bits)
    entry, first = (3 if is_old else 4), 14 + _header_size(data)
    table = np.frombuffer(data[first : first + size * entry], np.uint8)
    if table.size < size * entry:
        raise FormatError("the BMP image is truncated in its palette")
    rows = _plain(data[start:], parts) if parts.kind == _PLAIN else _run_lengths(data[start:], parts)
    is_upwards = is_old or struct.unpack_from("<i", data, 22)[0] > 0
    return coloured(rows[::-1] if is_upwards else rows, table.reshape(size, entry)[:, 2::-1])


def _header_size(data: bytes) -> int:
    return int.from_bytes(data[14:18], "little")


def _plain(stored: bytes, parts: Parts) -> Array:
    """The palette indices (height, width) as stored, in rows of whole groups of four bytes."""
    row = (parts.width * parts.bits + 31) // 32 * 4
    if len(stored) < row * parts.height:
        raise FormatError(f"the BMP image is truncated: {row * parts.height:,} bytes of pixels are needed")
    lines = np.frombuffer(stored, np.uint8, row * parts.height).reshape(parts.height, row)
    return lines[:, : parts.width] if parts.bits == 8 else unpacked(lines, parts.width, parts.bits)


def _run_lengths(stored: bytes, parts: Parts) -> Array:
    """The palette indices (height, width) of runs; those that no run covers are 0."""
    rows = np.zeros((parts.height, parts.width), np.uint8)
    row = column = place = 0
    while row < parts.height and place + 2 <= len(stored):
        count, value = stored[place : place + 2]
        place += 2
        if count:
            run = bytes([value])
        elif value == _END:
            break
        elif value == _END_OF_LINE:
            row, column = row + 1, 0
            continue
        elif value == _MOVE:
            right, down = stored[place : place + 2].ljust(2, b"\0")
            column, row, place = column + right, row + down, place + 2
            continue
        else:
            count, size = value, -(-value * parts.bits // 8)
            run, place = stored[place : place + size], place + size + size % 2
        if parts.bits == 4:
            run = bytes(half for pair in run for half in (pair >> 4, pair & 15))
        cells = rows[row, column : column + count]
        cells[:] = np.frombuffer((run * count)[: cells.size].ljust(cells.size, b"\0"), np.uint8)
        column += count
    return rows


GREY, COLOURS, PALETTE, GREY_ALPHA, COLOURS_ALPHA = 0, 2, 3, 4, 6
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTHS = {GREY: (1, 2, 4, 8, 16), COLOURS: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), COLOURS_ALPHA: (8, 16)}
_SAMPLES = {GREY: 1, COLOURS: 3, PALETTE: 3, GREY_ALPHA: 2, COLOURS_ALPHA: 4}
_PIXEL_CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_FRAME_CHUNKS = {b"acTL", b"fcTL", b"fdAT", b"tRNS"}


def png_parts(data: bytes) -> Parts:
    """Those of a PNG image.

    Raises:
        FormatError: it is damaged.
    """
    kept, moving, found = [_SIGNATURE], [_SIGNATURE], Parts()
    place = len(_SIGNATURE)
    while place + 12 <= len(data):
        (size,), name = struct.unpack_from(">I", data, place), data[place + 4 : place + 8]
        content = data[place + 8 : place + 8 + size]
        whole, place = data[place : place + 12 + size], place + 12 + size
        if not found.width and name != b"IHDR":
            break
        if name == b"IHDR":
            if found.width:  # a second header: the checked one would not be the decoded one
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
        if name in _PIXEL_CHUNKS or name in _FRAME_CHUNKS:
            moving.append(whole)
    if not found.width:
        raise FormatError("the PNG image has no header")
    return replace(found, data=b"".join(kept), moving=b"".join(moving) if found.frames > 1 else b"")


def _header(content: bytes) -> Parts:
    if len(content) != 13:
        raise FormatError("the PNG image has no header")
    width, height, bits, kind = struct.unpack(">IIBB", content[:10])
    if not width or not height:
        raise FormatError(f"an image of {width:,} × {height:,} pixels")
    if bits not in _DEPTHS.get(kind, ()):
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
