"""BMP images: their size, and those with a palette in whole, of which Pillow misreads some with few colours."""

from __future__ import annotations

import struct

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.images.picture_parts import Parts
from convcalc.files.images.raster import coloured, unpacked

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
    """Whether pixels are places in a palette."""
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
    """The places (height, width) as they are stored, in rows of whole groups of four bytes."""
    row = (parts.width * parts.bits + 31) // 32 * 4
    if len(stored) < row * parts.height:
        raise FormatError(f"the BMP image is truncated: {row * parts.height:,} bytes of pixels are needed")
    lines = np.frombuffer(stored, np.uint8, row * parts.height).reshape(parts.height, row)
    return lines[:, : parts.width] if parts.bits == 8 else unpacked(lines, parts.width, parts.bits)


def _run_lengths(stored: bytes, parts: Parts) -> Array:
    """The places (height, width) of runs; those that no run covers are 0."""
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
