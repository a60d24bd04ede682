"""Decompression of a TIFF file's strips and tiles, without libtiff, which writes to standard error itself."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.laboratory.isolated import Isolated

JPEG = 7
_NAMES = {2: "CCITT", 3: "CCITT Group 3", 4: "CCITT Group 4", 34887: "LERC", 50000: "Zstandard", 50001: "WebP"}
_NAMES |= {34926: "Zstandard", 34927: "WebP", 33003: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000"}
"""Compressions that the library imagecodecs undoes, the extra ``tiff``."""
_STREAMS = (34926, 50000)
_CLEAR, _END = 256, 257
_LONGEST = 1 << 12  # codes between two clearings
# The bits of each code since the table was cleared: one more, one entry early, whenever the table has 511, 1023 and
# 2047 entries (TIFF 6.0, section 13), which are 258 and one for each code but the first.
_WIDTHS = 9 + np.searchsorted((511, 1023, 2047), 257 + np.arange(_LONGEST).clip(1), side="right")
_STARTS = np.cumsum(_WIDTHS) - _WIDTHS
_MOST_DICTIONARY = 1 << 27  # bytes
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
UNREAD = {
    6: "old-style JPEG",
    34661: "JBIG",
    34676: "SGI LogLuv",
    34677: "SGI LogLuv",
    50002: "JPEG XL",
}


def decompress(kind: int, chunk: bytes, expected: int) -> bytes:
    """The ``expected`` bytes of a strip or tile.

    Raises:
        FormatError: it is damaged, or shorter than that.
    """
    found = _CODECS[kind](chunk, expected)[:expected]
    if len(found) < expected:
        raise FormatError(f"a strip or tile of the TIFF file has {len(found):,} of its {expected:,} bytes")
    return found


def is_read(kind: int) -> bool:
    """Whether a compression is supported."""
    return kind == JPEG or kind in _CODECS or kind in _NAMES


def is_by_library(kind: int) -> bool:
    """Whether a compression is undone by imagecodecs."""
    return kind in _NAMES


def is_of_pixels(kind: int) -> bool:
    """Whether a compression is one of pixels, not of bytes."""
    return kind in _NAMES and kind not in _STREAMS


def decoding_library(kind: int) -> Isolated:
    """The process in which imagecodecs decodes strips and tiles of a compression."""
    return Isolated("tiff_library", f"the TIFF image with {_NAMES[kind]} compression", "tiff")


def decoded_by_library(
    service: Isolated, kind: int, chunk: bytes, shape: tuple[int, int, int], dtype: np.dtype[np.generic]
) -> bytes:
    """The bytes of a strip or tile (rows, columns, samples) that imagecodecs decodes; of single bits packed rows.

    Raises:
        FormatError: it is damaged, or of another size.
        MissingExtraError: imagecodecs is not installed.
    """
    request = {"compression": kind, "shape": shape, "dtype": dtype.str}
    return service.ask(request, chunk, math.prod(shape) * dtype.itemsize).data


def undone(values: Array, predictor: int) -> Array:
    """The numbers (rows, columns, samples) of which differences from the pixel before (predictor 2) were stored."""
    if predictor != 2:
        return values
    return np.cumsum(values, axis=1, dtype=values.dtype)


def floats_undone(data: bytes, shape: tuple[int, int, int], itemsize: int) -> Array:
    """The floats (rows, columns, samples) of which the bytes were stored apart, as differences.

    The highest bytes of a row come first, then the next lower ones (Adobe Photoshop TIFF Technical Note 3).
    """
    rows, columns, samples = shape
    stored = np.frombuffer(data, np.uint8).reshape(rows, columns * itemsize, samples)
    planes = np.cumsum(stored, axis=1, dtype=np.uint8).reshape(rows, itemsize, columns * samples)
    return planes.transpose(0, 2, 1).reshape(rows, -1).view(f">f{itemsize}").reshape(shape)


def jpeg_pixels(chunk: bytes, tables: bytes, size: tuple[int, int], is_transformed: bool) -> Array:
    """The numbers (rows, columns, samples) of a strip or tile that is a JPEG image.

    ``tables`` are those that all strips share; ``size``: rows and columns; ``is_transformed``: whether its colours are
    stored as brightness and two differences (YCbCr).

    Raises:
        ConvcalcError: it is damaged, or Pillow is not installed.
    """
    from convcalc.files.images.pictures import decoded_jpeg

    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([is_transformed])  # says so in the JPEG image itself
    shared = tables.removeprefix(_SOI).removesuffix(_EOI)
    pixels = decoded_jpeg(_SOI + adobe + shared + chunk.removeprefix(_SOI), size)
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def _stored(chunk: bytes, expected: int) -> bytes:  # noqa: ARG001
    return chunk


def _inflated(chunk: bytes, expected: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(chunk, expected)
    except zlib.error:
        raise FormatError("a strip or tile of the TIFF file is damaged (no Deflate stream)") from None


def _unxzipped(chunk: bytes, expected: int) -> bytes:
    import lzma

    try:
        return lzma.LZMADecompressor(memlimit=_MOST_DICTIONARY).decompress(chunk, expected)
    except (lzma.LZMAError, EOFError):
        raise FormatError("a strip or tile of the TIFF file is damaged (no LZMA stream)") from None


def _packed_bits(chunk: bytes, expected: int) -> bytes:
    """PackBits: a length and as many bytes, or a negative length and a byte that is repeated (section 9)."""
    found, place = bytearray(), 0
    while place + 1 < len(chunk) and len(found) < expected:
        length = chunk[place]
        if length < 128:
            found += chunk[place + 1 : place + 2 + length]
            place += 2 + length
        else:
            found += chunk[place + 1 : place + 2] * ((257 - length) % 129)  # 128 stands for nothing
            place += 2 if length > 128 else 1
    return bytes(found)


def _lzw(chunk: bytes, expected: int) -> bytes:
    """LZW with codes of 9 to 12 bits, the highest bit first (section 13)."""
    stored = np.frombuffer(chunk + bytes(4), np.uint8).astype(np.uint32)
    end, place = 8 * len(chunk), 0
    found: list[bytes] = []
    while place + _WIDTHS[0] <= end and expected > 0:
        bits = place + _STARTS[: np.searchsorted(place + _STARTS + _WIDTHS, end, side="right")]
        byte, width = bits >> 3, _WIDTHS[: len(bits)]
        three = stored[byte] << 16 | stored[byte + 1] << 8 | stored[byte + 2]
        codes = (three >> (24 - (bits & 7) - width) & ((1 << width) - 1)).astype(np.int32)
        stops = np.flatnonzero((codes == _CLEAR) | (codes == _END))
        last = int(stops[0]) if stops.size else len(codes)
        found.append(_strings(codes[:last]))
        expected -= len(found[-1])
        if last == len(codes) or codes[last] == _END:
            break
        place = int(bits[last]) + int(width[last])
    return b"".join(found)


def _strings(codes: Array) -> bytes:
    """The bytes of the codes since the last clearing.

    A code is a byte, or from 258 on the number of an earlier code, whose string it repeats with one more byte: the
    first of the string behind it, which follows in the output anyway. So all codes but bytes are copies from earlier
    places, and their origins are found for all at once, by doubling the steps back.
    """
    numbers = np.arange(len(codes), dtype=np.int32)
    is_byte = codes < _CLEAR
    earlier = np.where(is_byte, numbers, codes - (_END + 1))
    if (earlier > numbers - ~is_byte).any():
        raise FormatError("a strip or tile of the TIFF file is damaged (an LZW code before its string)")
    lengths = 1 + _steps_back(earlier, (~is_byte).astype(np.int32))
    starts = np.cumsum(lengths) - lengths
    sources = np.arange(lengths.sum(), dtype=np.int32) + np.repeat(starts[earlier] - starts, lengths).astype(np.int32)
    while not np.array_equal(further := sources[sources], sources):
        sources = further
    written = np.zeros(len(sources), np.uint8)
    written[starts[is_byte]] = codes[is_byte]
    found: bytes = written[sources].tobytes()
    return found


def _steps_back(earlier: Array, steps: Array) -> Array:
    """How many steps lead from each code back to a byte."""
    while not np.array_equal(further := earlier[earlier], earlier):
        steps, earlier = steps + steps[earlier], further
    return steps


_CODECS: dict[int, Callable[[bytes, int], bytes]] = {
    1: _stored,
    5: _lzw,
    8: _inflated,
    32773: _packed_bits,
    32946: _inflated,
    34925: _unxzipped,
}
