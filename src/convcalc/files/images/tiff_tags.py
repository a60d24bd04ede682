"""The directories of a TIFF file and of an Exif block, and the values of their tags (TIFF 6.0 and BigTIFF)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from convcalc.errors import FormatError

_MAGIC = re.compile(rb"(?:II(?:\*\0|\+\0\x08\0\0\0)|MM(?:\0\*|\0\+\0\x08\0\0))", re.DOTALL)
_EXIF = b"Exif\0\0"
_TYPES = {1: "B", 2: "s", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q"}
_TYPES |= {17: "q", 18: "Q"}
_RATIONALS = {5: "I", 10: "i"}
_UPRIGHT = 1


class Tag(IntEnum):
    """The tags that are used, with their names in the standard."""

    NEW_SUBFILE_TYPE = 254
    SUBFILE_TYPE = 255
    IMAGE_WIDTH = 256
    IMAGE_LENGTH = 257
    BITS_PER_SAMPLE = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    IMAGE_DESCRIPTION = 270
    STRIP_OFFSETS = 273
    ORIENTATION = 274
    SAMPLES_PER_PIXEL = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTE_COUNTS = 279
    PLANAR_CONFIGURATION = 284
    PREDICTOR = 317
    COLOR_MAP = 320
    TILE_WIDTH = 322
    TILE_LENGTH = 323
    TILE_OFFSETS = 324
    TILE_BYTE_COUNTS = 325
    SUB_DIRECTORIES = 330
    EXTRA_SAMPLES = 338
    SAMPLE_FORMAT = 339
    JPEG_TABLES = 347
    IMAGE_DEPTH = 32997
    GDAL_METADATA = 42112
    GDAL_NODATA = 42113


class _Entry(NamedTuple):
    """The place of a tag's values."""

    kind: int
    values: int
    start: int


@dataclass(frozen=True, slots=True)
class Directory:
    """The tags of one image (IFD)."""

    data: bytes = field(repr=False)
    order: str
    """The byte order, ``<`` or ``>``."""
    entries: Mapping[int, _Entry]

    def numbers(self, tag: Tag) -> tuple[int, ...]:
        """All values of a tag, whole numbers from 0: every tag that is read counts something, or is one of a list.

        Raises:
            FormatError: they are no such numbers, or the file ends before them.
        """
        entry = self.entries.get(tag)
        if entry is None:
            return ()
        code = _TYPES.get(entry.kind, "s")
        if code in "sfd":
            raise FormatError(f"the TIFF tag {_name(tag)} is of type {entry.kind}, and no whole number")
        found = struct.unpack(f"{self.order}{entry.values}{code}", self._bytes(tag, entry))
        if min(found, default=0) < 0:
            raise FormatError(f"the TIFF tag {_name(tag)} is {min(found)}, and cannot be negative")
        return found

    def number(self, tag: Tag, default: int = 0) -> int:
        """The first value of a tag; raises as :meth:`numbers` does."""
        found = self.numbers(tag)
        return found[0] if found else default

    def text(self, tag: Tag) -> str:
        """The text of a tag without what follows a zero byte; nothing if the image has no such tag."""
        entry = self.entries.get(tag)
        return self._bytes(tag, entry).partition(b"\0")[0].decode("utf-8", "replace") if entry else ""

    def raw(self, tag: Tag) -> bytes:
        """The bytes of a tag."""
        entry = self.entries.get(tag)
        return self._bytes(tag, entry) if entry else b""

    def _bytes(self, tag: Tag, entry: _Entry) -> bytes:
        size = entry.values * _size(entry.kind)
        if entry.start + size > len(self.data):
            raise FormatError(f"the TIFF file is truncated: it ends before the values of {_name(tag)}")
        return self.data[entry.start : entry.start + size]


@dataclass(frozen=True, slots=True)
class TagFile:
    """A file of directories: TIFF, BigTIFF, or an Exif block, which is a small TIFF file without pixels."""

    data: bytes = field(repr=False)
    order: str
    is_big: bool
    """Whether offsets have 64 bits (BigTIFF)."""

    def directories(self) -> list[Directory]:
        """The directories of the chain, the first one first.

        Raises:
            FormatError: one is cut off, or they overlap, as in a circular chain.
        """
        found: list[Directory] = []
        entries, (start,) = 0, self._unpack("Q" if self.is_big else "I", 8 if self.is_big else 4)
        while start:
            directory, start = self._directory(start)
            found.append(directory)
            entries += len(directory.entries) + 1
            if entries * self._entry_size > len(self.data):
                raise FormatError("the directories of the TIFF file overlap")
        if not found:
            raise FormatError("the TIFF file holds no image")
        return found

    def below(self, directory: Directory) -> Iterator[Directory]:
        """The directories below one (SubIFDs)."""
        for start in directory.numbers(Tag.SUB_DIRECTORIES):
            yield self._directory(start)[0]

    @property
    def _entry_size(self) -> int:
        return 20 if self.is_big else 12

    def _directory(self, start: int) -> tuple[Directory, int]:
        """The directory there, and where the next one is."""
        count_code, wide = ("Q", "Q") if self.is_big else ("H", "I")
        (count,) = self._unpack(count_code, start)
        first, size = start + struct.calcsize("=" + count_code), self._entry_size
        end = first + count * size
        (following,) = self._unpack(wide, end)
        entries = {}
        codes = struct.iter_unpack(f"{self.order}HH{wide}{struct.calcsize('=' + wide)}x", self.data[first:end])
        for place, (tag, kind, values) in enumerate(codes):
            if _size(kind):
                here = first + (place + 1) * size - struct.calcsize("=" + wide)
                is_inside = values * _size(kind) <= struct.calcsize("=" + wide)
                entries[tag] = _Entry(kind, values, here if is_inside else self._unpack(wide, here)[0])
        return Directory(self.data, self.order, entries), following

    def _unpack(self, code: str, start: int) -> tuple[Any, ...]:
        try:
            return struct.unpack_from(self.order + code, self.data, start)
        except (struct.error, OverflowError):
            raise FormatError("the TIFF file is truncated: it ends before its tags") from None


def open_tags(data: bytes) -> TagFile:
    """The directories of a TIFF file.

    Raises:
        FormatError: it does not begin like one.
    """
    if not _MAGIC.match(data):
        raise FormatError("not a TIFF file")
    return TagFile(data, "<" if data[:1] == b"I" else ">", b"+" in data[2:4])


def exif_orientation(block: bytes) -> int:
    """The orientation in an Exif block: 1 is upright, 2 to 8 are rotated or mirrored.

    With a damaged block the image counts as upright.
    """
    try:
        first, *_ = open_tags(block.removeprefix(_EXIF)).directories()
        found = first.number(Tag.ORIENTATION, _UPRIGHT)
    except FormatError:
        return _UPRIGHT
    return found if found in range(1, 9) else _UPRIGHT


def _size(kind: int) -> int:
    """The bytes of one value of a type; 0 of an unknown one, which a reader must skip."""
    if kind in _RATIONALS:
        return 8
    return struct.calcsize("=" + _TYPES[kind]) if kind in _TYPES else 0


def _name(tag: Tag) -> str:
    return f"{tag.name} ({tag.value})"
