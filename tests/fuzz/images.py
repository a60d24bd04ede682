"""How images are taken apart and put together again, lengths and checksums mended, so that what is in them is read."""

from __future__ import annotations

import struct
from random import Random
from zlib import crc32

from .pieces import by_markers, pieces

_PNG = b"\x89PNG\r\n\x1a\n"


def _png_chunks(data: bytes) -> list[bytes]:
    """Type and content of each chunk of a PNG."""
    found, at = [], len(_PNG)
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append(data[at + 4 : at + 8 + length])
        at += 12 + length
    return found


def _png_of(chance: Random, chunks: list[bytes]) -> bytes:
    """The PNG of chunks; one time in eight a length or a checksum is wrong."""
    wrong = chance.randrange(8 * max(1, len(chunks)))
    made = [_PNG]
    for number, chunk in enumerate(chunks):
        length, check = max(0, len(chunk) - 4), crc32(chunk)
        if number == wrong:
            length, check = chance.choice(((length, 0), (2**32 - 1, check), (length + 1, check), (2**31, check)))
        made += [struct.pack(">I", length), chunk, struct.pack(">I", check)]
    return b"".join(made)


def _riff_chunks(data: bytes) -> list[bytes]:
    """The header of a RIFF file, then type and content of each chunk."""
    found, at = [data[:12]], 12
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        found.append(data[at : at + 4] + data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    return found


def _riff_of(chance: Random, parts: list[bytes]) -> bytes:
    """The RIFF file of chunks; one time in eight a length is wrong."""
    wrong = chance.randrange(8 * max(1, len(parts)))
    made = []
    for number, chunk in enumerate(parts[1:], 1):
        length = max(0, len(chunk) - 4) if number != wrong else chance.choice((0, 1, 2**31, 2**32 - 1))
        made += [chunk[:4], struct.pack("<I", length), chunk[4:], b"\0" * (len(chunk) % 2)]
    content = b"".join(made)
    head = bytearray(b"".join(parts[:1])[:12])
    head[4:8] = struct.pack("<I", len(content) + 4 if wrong else chance.choice((0, 2**32 - 1)))
    return bytes(head) + content


def _tiff_entries(data: bytes) -> list[bytes]:
    """The header of a TIFF, what comes before its directory, each entry of the directory, and the rest."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, start)
    first = start + 2
    entries = [data[first + 12 * number : first + 12 * number + 12] for number in range(count)]
    return [data[:8], data[8:first], *entries, data[first + 12 * count :]]


def _bmp_parts(data: bytes) -> list[bytes]:
    """The file header of a BMP, that of the image, and the pixels."""
    return [data[:14], data[14:54], data[54:]]


IMAGES = {
    "PNG": pieces(_png_chunks, _png_of),
    "JPEG": pieces(by_markers(rb"\xff[\xc0-\xfe]")),
    "BMP": pieces(_bmp_parts),
    "GIF": pieces(by_markers(rb"[!,]")),
    "TIFF": pieces(_tiff_entries),
    "WEBP": pieces(_riff_chunks, _riff_of),
}
"""The attacks on each kind that Pillow reads and writes, by its name there."""
SOUNDS = pieces(_riff_chunks, _riff_of)
"""The attack on WAV sounds."""
