"""OpenEXR images (openexr.com, "OpenEXR File Layout"): scan lines and tiles that are stored, RLE or ZIP, by themselves.

The other compressions are decompressed by the OpenEXR library, the extra ``exr``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FieldError, FormatError
from convcalc.files.laboratory.isolated import Answer, Isolated
from convcalc.files.laboratory.openexr_header import COMPRESSIONS, Channel, Part, header_of, unpacked
from convcalc.files.laboratory.stored_array import BAND, Axis, Gap, Index, StoredArray, library
from convcalc.files.selection import Selection

_LINES = (1, 1, 1, 16, 32, 16, 32, 32, 32, 256)
"""Scan lines of a block, by compression."""
_OWN = 4  # compressions that are undone here
_COLOURS = {"R": 0, "G": 1, "B": 2}
_ALPHA = "A"


def open_exr(data: memoryview, selection: Selection) -> StoredArray:
    """The image of an OpenEXR file, or of its part ``selection.series``.

    Raises:
        FieldError: there is no such part.
        FormatError: the file is damaged, or of a kind that is not read.
    """
    header = header_of(data)
    parts = header.parts
    number = selection.series or 0
    if number >= len(parts):
        hint = "series counts the parts of the file from 0"
        raise FieldError(f"there is no part {number}: the OpenEXR file has {len(parts)}", hint=hint, field="series")
    part = parts[number]
    shown_channels = _order(part.channels)
    notes = [f"the first of {len(parts)} parts is read (--series chooses another)"] * (
        len(parts) > 1 and selection.series is None
    )
    if any(channel.name == _ALPHA for channel in part.channels) and len(part.channels) > 1:
        notes.append("alpha channel dropped; colours kept as stored, multiplied by it (associated alpha)")
    names = ", ".join(channel.name for channel in shown_channels)
    kinds = {channel.dtype for channel in shown_channels}
    dtype = kinds.pop() if len(kinds) == 1 else np.dtype("f8")
    decode: Callable[[Sequence[Channel], np.dtype[np.generic]], Array] = partial(_by_library, data, number, part)
    if part.compression < _OWN:
        places = _places(data, header.place + sum(8 * _blocks(each) for each in parts[:number]), _blocks(part))
        decode = _Decoder(data, part, places, is_multi=header.has_parts, number=number).read

    def read(index: Index) -> tuple[Array, Sequence[Gap]]:
        chosen = index[0] if len(index) > 2 else 0
        wanted = [shown_channels[chosen]] if isinstance(chosen, int) else shown_channels
        cells = decode(wanted, dtype)
        return cells[0] if isinstance(chosen, int) else cells, []

    bands = [Axis("channel", len(shown_channels), BAND)] * (len(shown_channels) > 1)
    axes = (*bands, Axis("y", part.height), Axis("x", part.width))
    what = f"OpenEXR image of {dtype.newbyteorder('=').name} ({names[:60]})"
    said = ("row 0 is the uppermost",)
    itemsize = 8 + sum(channel.dtype.itemsize for channel in part.channels) // len(shown_channels)
    return StoredArray(what, axes, itemsize, len(data), read, said, (*notes, *part.notes))


def _order(channels: Sequence[Channel]) -> list[Channel]:
    """The channels that are read: red, green and blue first, then the others; no alpha beside others."""
    kept = [channel for channel in channels if channel.name != _ALPHA or len(channels) == 1]
    return sorted(kept, key=lambda channel: _COLOURS.get(channel.name, len(_COLOURS)))


def _blocks(part: Part) -> int:
    """How many blocks a part has; of tiles those of the largest level alone are counted where that is all."""
    if not part.is_tiled:
        return -(-part.height // _LINES[part.compression])
    if part.levels:
        raise FormatError("an OpenEXR image of tiles in several levels (mipmap)", hint="save it as scan lines")
    return -(-part.width // part.tile[0]) * -(-part.height // part.tile[1])


def _places(data: memoryview, start: int, count: int) -> Array:
    if start + 8 * count > len(data):
        raise FormatError("the OpenEXR image is cut off: it ends before its table of blocks")
    return np.frombuffer(data, "<u8", count, start)


class _Decoder:
    """Decodes the blocks of a part."""

    def __init__(self, data: memoryview, part: Part, places: Array, *, is_multi: bool, number: int) -> None:
        self.data, self.part, self.places = data, part, places
        self.is_multi, self.number = is_multi, number

    def read(self, wanted: Sequence[Channel], dtype: np.dtype[np.generic]) -> Array:
        """The numbers (channels, height, width)."""
        part = self.part
        cells = np.zeros((len(wanted), part.height, part.width), dtype.newbyteorder("="))
        seen = np.zeros((part.height, part.width), np.bool_)
        for top, left, rows, columns, block in self._decoded():
            for channel, numbers in self._split(block, rows, columns):
                for place, each in enumerate(wanted):
                    if each is channel:
                        cells[place, top : top + rows, left : left + columns] = numbers
            seen[top : top + rows, left : left + columns] = True
        if not seen.all():
            raise FormatError("the OpenEXR image lacks some of its blocks")
        return cells

    def _split(self, block: bytes, rows: int, columns: int) -> Iterator[tuple[Channel, Array]]:
        """Each channel of a block: a row has the numbers of one channel, then those of the next."""
        line = columns * sum(channel.dtype.itemsize for channel in self.part.channels)
        lines = np.frombuffer(block, np.uint8).reshape(rows, line)
        start = 0
        for channel in self.part.channels:
            size = columns * channel.dtype.itemsize
            yield channel, lines[:, start : start + size].copy().view(channel.dtype)
            start += size

    def _decoded(self) -> Iterator[tuple[int, int, int, int, bytes]]:
        """Each block: its first row and column, its rows and columns, and its bytes."""
        part = self.part
        pixel = sum(channel.dtype.itemsize for channel in part.channels)
        for start in map(int, self.places):
            place = start + 4 * self.is_multi
            if self.is_multi:
                (found,) = unpacked("<i", self.data, start)
                if found != self.number:
                    raise FormatError("a block of the OpenEXR image is of another part")
            top, left, rows, columns, body = self._window(place)
            (size,) = unpacked("<i", self.data, body)
            expected = rows * columns * pixel
            if size < 0 or body + 4 + size > len(self.data):
                raise FormatError("the OpenEXR image is cut off: a block ends after it")
            yield (
                top,
                left,
                rows,
                columns,
                _unpacked(self.part.compression, self.data[body + 4 : body + 4 + size], expected),
            )

    def _window(self, place: int) -> tuple[int, int, int, int, int]:
        """First row, first column, rows and columns of a block, and where its size stands."""
        part = self.part
        if not part.is_tiled:
            (y,) = unpacked("<i", self.data, place)
            top, step = y - part.top, _LINES[part.compression]
            left, rows, columns, place = 0, min(step, part.height - top), part.width, place + 4
        else:
            across, down, *level = unpacked("<4i", self.data, place)
            if level != [0, 0]:
                raise FormatError("a tile of the OpenEXR image is of another level")
            left, top, place = across * part.tile[0], down * part.tile[1], place + 16
            rows, columns = min(part.tile[1], part.height - top), min(part.tile[0], part.width - left)
        if top < 0 or left < 0 or rows < 1 or columns < 1:
            raise FormatError("a block of the OpenEXR image lies outside of it")
        return top, left, rows, columns, place


def _unpacked(compression: int, block: memoryview, expected: int) -> bytes:
    """The bytes of a block; one that would not become smaller is stored as it is."""
    if compression == 0 or len(block) == expected:
        found = bytes(block)
    else:
        packed = _run_lengths(bytes(block), expected) if compression == 1 else _inflated(bytes(block), expected)
        found = _undone(packed)
    if len(found) != expected:
        raise FormatError(f"a block of the OpenEXR image has {len(found):,} of its {expected:,} bytes")
    return found


def _inflated(block: bytes, expected: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(block, expected + 1)
    except zlib.error:
        raise FormatError("a block of the OpenEXR image is damaged") from None


def _run_lengths(block: bytes, expected: int) -> bytes:
    """Runs: a negative length and so many bytes, or a length less one and the byte that is repeated."""
    found, place = bytearray(), 0
    while place + 1 < len(block) and len(found) <= expected:
        length = block[place] - 256 if block[place] > 127 else block[place]
        if length < 0:
            found += block[place + 1 : place + 1 - length]
            place += 1 - length
        else:
            found += block[place + 1 : place + 2] * (length + 1)
            place += 2
    return bytes(found)


def _undone(packed: bytes) -> bytes:
    """Bytes of which differences were stored, those of even places first."""
    stored = np.frombuffer(packed, np.uint8).copy()
    stored[1:] += np.uint8(128)
    summed = np.cumsum(stored, dtype=np.uint8)
    half = (len(summed) + 1) // 2
    found = np.empty_like(summed)
    found[::2], found[1::2] = summed[:half], summed[half:]
    return found.tobytes()


def _by_library(
    data: memoryview, number: int, part: Part, wanted: Sequence[Channel], dtype: np.dtype[np.generic]
) -> Array:
    """The numbers (channels, height, width) by the OpenEXR library, in a process of its own."""
    shape = (len(wanted), part.height, part.width)
    request = {"part": number, "channels": [each.name for each in wanted], "shape": shape, "dtype": dtype.str}
    what = f"the OpenEXR image with {COMPRESSIONS[part.compression]} compression"
    with Isolated("openexr", what, "exr") as service:
        found = service.ask(request, data, dtype.itemsize * prod(shape)).data
    return np.frombuffer(found, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def answer(request: Mapping[str, Any], data: bytes) -> Answer:
    """What the process of the library answers: the numbers of channels. It reads files by their names only."""
    with library("OpenEXR", "the OpenEXR image", "exr"):
        import OpenEXR

        with TemporaryDirectory() as folder:
            path = Path(folder) / "a.exr"
            path.write_bytes(data)
            channels = OpenEXR.File(str(path), separate_channels=True).parts[request["part"]].channels
            cells = np.stack([np.asarray(channels[name].pixels) for name in request["channels"]])
    if cells.shape != tuple(request["shape"]):
        raise FormatError("the OpenEXR image is not of the size that its header says")
    return Answer({}, cells.astype(request["dtype"]).tobytes())
