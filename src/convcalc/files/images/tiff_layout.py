"""TIFF images by their own tags: every sample of every type as it is stored (TIFF 6.0, BigTIFF)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.images.raster import check_size, unpacked
from convcalc.files.images.tiff_codecs import (
    JPEG,
    UNREAD,
    decoded_by_library,
    decoding_library,
    decompress,
    floats_undone,
    is_by_library,
    is_of_pixels,
    is_read,
    jpeg_pixels,
    undone,
)
from convcalc.files.images.tiff_tags import Directory, Tag
from convcalc.files.laboratory.isolated import Isolated
from convcalc.limits import Limits

SAVE_PLAIN = "save it uncompressed or with LZW or Deflate"
YCBCR = 6
_KINDS = {1: "u", 2: "i", 3: "f", 4: "u"}
_COMPLEX = (5, 6)
_WIDTHS = {"u": (8, 16, 32, 64), "i": (8, 16, 32, 64), "f": (16, 32, 64)}
_MOST_PACKED_BITS = 16
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_LARGE_TILE = 1 << 22  # pixels, which even a small image may have
_COPIES = 4  # of the numbers, at most: a strip with all rows as it is decompressed and undone, and their array


class _Chunk(NamedTuple):
    """A strip or tile: the place of its bytes, and the cells and samples in it."""

    offset: int
    length: int
    samples: slice
    top: int
    left: int


@dataclass(frozen=True)
class Layout:
    """How the numbers of an image are stored."""

    tags: Directory
    shift: int = 0
    """Bytes that its numbers lie behind those of its tags: of a further image of a stack that has tags only once."""

    @cached_property
    def width(self) -> int:
        """Columns."""
        return self.tags.number(Tag.IMAGE_WIDTH)

    @cached_property
    def height(self) -> int:
        """Rows."""
        return self.tags.number(Tag.IMAGE_LENGTH)

    @cached_property
    def samples(self) -> int:
        """Numbers of a pixel."""
        return self.tags.number(Tag.SAMPLES_PER_PIXEL, 1)

    @cached_property
    def bits(self) -> int:
        """Bits of a number, the same for all samples.

        Raises:
            FormatError: samples have different ones.
        """
        found = set(self.tags.numbers(Tag.BITS_PER_SAMPLE)) or {1}
        if len(found) > 1:
            raise FormatError(f"a TIFF image with samples of {' and '.join(map(str, sorted(found)))} bits")
        return int(found.pop())

    @cached_property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the numbers, in the byte order of the file; packed bits become the next larger one.

        Raises:
            FormatError: they are complex, or of an unknown type.
        """
        formats = set(self.tags.numbers(Tag.SAMPLE_FORMAT)) or {1}
        kind = _KINDS.get(min(formats)) if len(formats) == 1 else None
        if kind in _WIDTHS and self.bits in _WIDTHS[kind]:
            return np.dtype(f"{self.tags.order}{kind}{self.bits // 8}")
        if kind == "u" and 0 < self.bits < _MOST_PACKED_BITS:
            return np.dtype(np.uint8 if self.bits <= 8 else np.uint16)
        if not formats.isdisjoint(_COMPLEX):
            raise FormatError("a TIFF image of complex numbers", hint="save its real part, or its magnitude")
        raise FormatError(f"a TIFF image of {self.bits}-bit numbers of format {'/'.join(map(str, sorted(formats)))}")

    @property
    def compression(self) -> int:
        """The compression of strips and tiles; 1 is none."""
        return self.tags.number(Tag.COMPRESSION, 1)

    @property
    def photometric(self) -> int:
        """The meaning of the numbers; by default grey with 0 as black."""
        return self.tags.number(Tag.PHOTOMETRIC, 1)

    @property
    def predictor(self) -> int:
        """The predictor: 1 none, 2 differences, 3 differences of floats' bytes."""
        return self.tags.number(Tag.PREDICTOR, 1) if self.compression not in (1, JPEG) else 1

    @property
    def is_planar(self) -> bool:
        """Whether each sample has separate strips or tiles."""
        return self.samples > 1 and self.tags.number(Tag.PLANAR_CONFIGURATION, 1) == 2

    @cached_property
    def chunk_size(self) -> tuple[int, int]:
        """Rows and columns of a tile, or of a strip but the last one."""
        if Tag.TILE_WIDTH in self.tags.entries:
            return self.tags.number(Tag.TILE_LENGTH), self.tags.number(Tag.TILE_WIDTH)
        return min(self.tags.number(Tag.ROWS_PER_STRIP, self.height), self.height), self.width

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of a strip or tile, decompressed."""
        per_pixel = 1 if self.is_planar else self.samples
        return -(-self.chunk_size[1] * per_pixel * self.bits // 8)

    def chunks(self) -> Iterator[_Chunk]:
        """All strips or tiles.

        Raises:
            FormatError: there are fewer than the image needs.
        """
        is_tiled = Tag.TILE_WIDTH in self.tags.entries
        offsets = self.tags.numbers(Tag.TILE_OFFSETS if is_tiled else Tag.STRIP_OFFSETS)
        counts = self.tags.numbers(Tag.TILE_BYTE_COUNTS if is_tiled else Tag.STRIP_BYTE_COUNTS)
        rows, columns = self.chunk_size
        if self.compression == 1 and not counts:  # which some writers leave out
            counts = (rows * self.row_bytes,) * len(offsets)
        planes = [slice(one, one + 1) for one in range(self.samples)] if self.is_planar else [slice(self.samples)]
        tops, lefts = range(0, self.height, rows), range(0, self.width, columns)
        needed = len(planes) * len(tops) * len(lefts)
        if min(len(offsets), len(counts)) < needed:
            raise FormatError(f"the TIFF image has {min(len(offsets), len(counts))} of its {needed} strips or tiles")
        if self.compression != 1 and sum(counts) > 2 * len(self.tags.data):
            raise FormatError("the strips or tiles of the TIFF image overlap")
        found = zip(offsets, counts, strict=False)
        for plane in planes:
            for top in tops:
                for left in lefts:
                    offset, length = next(found)
                    yield _Chunk(offset + self.shift, length, plane, top, left)


def stored_numbers(layout: Layout, limits: Limits, empty: float = 0) -> Array:
    """All samples (samples, height, width) of an image; ``empty``: the value of tiles without bytes (GDAL).

    Raises:
        FormatError: the image is damaged, or stored in an unsupported way.
        LimitError: it has more pixels or takes more memory than the limits allow.
    """
    _check(layout, limits)
    size = layout.samples, layout.height, layout.width
    cells = np.empty(size, layout.dtype.newbyteorder("="))
    with decoding_library(layout.compression) if is_by_library(layout.compression) else nullcontext() as service:
        _fill(cells, layout, empty, service)
    return cells


def _fill(cells: Array, layout: Layout, empty: float, service: Isolated | None) -> None:
    for chunk in layout.chunks():
        part = cells[chunk.samples, chunk.top :, chunk.left :]
        if not chunk.length:
            part[:, : layout.chunk_size[0], : layout.chunk_size[1]] = empty
            continue
        numbers = _chunk_numbers(layout, chunk, service).transpose(2, 0, 1)[:, : part.shape[1], : part.shape[2]]
        part[:, : numbers.shape[1], : numbers.shape[2]] = numbers


def _check(layout: Layout, limits: Limits) -> None:
    decoded = layout.width * layout.height * layout.samples * layout.dtype.itemsize
    stored = len(layout.tags.data)
    check_size(layout.width, layout.height, decoded, _COPIES * decoded, stored, limits)
    if not is_read(layout.compression):
        name = UNREAD.get(layout.compression)
        how = f"{name} compression" if name else f"compression {layout.compression}"
        raise FormatError(f"a TIFF image with {how}, which is not read", hint=SAVE_PLAIN)
    if layout.samples < 1 or min(layout.chunk_size) < 1:
        raise FormatError("a TIFF image without samples, or with strips or tiles without pixels")
    rows, columns = layout.chunk_size
    if rows * columns > 4 * layout.width * layout.height + _LARGE_TILE:
        raise FormatError(f"a TIFF image with tiles of {columns:,} × {rows:,} pixels, which is larger than itself")
    if layout.compression == JPEG and layout.dtype != np.uint8:
        raise FormatError(f"a TIFF image with JPEG compression of {layout.bits} bits", hint=SAVE_PLAIN)
    is_undone = {
        1: True,
        2: layout.bits in _WIDTHS["u"],
        3: layout.dtype.kind == "f" and not is_of_pixels(layout.compression),
    }.get(layout.predictor, False)
    if not is_undone:
        raise FormatError(f"a TIFF image with predictor {layout.predictor} of {layout.bits}-bit numbers")


def _chunk_numbers(layout: Layout, chunk: _Chunk, service: Isolated | None) -> Array:
    """The numbers (rows, columns, samples) of a strip or tile, perhaps decoded by a library in its process."""
    data = layout.tags.data[chunk.offset : chunk.offset + chunk.length]
    rows, columns = layout.chunk_size
    if Tag.TILE_WIDTH not in layout.tags.entries:
        rows = min(rows, layout.height - chunk.top)
    samples = chunk.samples.stop - (chunk.samples.start or 0)
    if layout.compression == JPEG:
        pixels = jpeg_pixels(data, layout.tags.raw(Tag.JPEG_TABLES), (rows, columns), layout.photometric == YCBCR)
        if pixels.shape[2] != samples:
            raise FormatError(f"a strip or tile of the TIFF image is a JPEG image of {pixels.shape[2]} samples")
        return pixels
    if layout.tags.number(Tag.FILL_ORDER, 1) == 2:
        data = data.translate(_REVERSED)
    if service is not None:
        data = decoded_by_library(service, layout.compression, data, (rows, columns, samples), layout.dtype)
    data = decompress(1 if service is not None else layout.compression, data, rows * layout.row_bytes)
    if layout.predictor == 3:
        return floats_undone(data, (rows, columns, samples), layout.dtype.itemsize)
    if layout.bits not in _WIDTHS["u"]:
        lines = np.frombuffer(data, np.uint8).reshape(rows, layout.row_bytes)
        return unpacked(lines, columns * samples, layout.bits).reshape(rows, columns, samples)
    whole = layout.dtype if layout.predictor == 1 else np.dtype(f"{layout.tags.order}u{layout.dtype.itemsize}")
    numbers = np.frombuffer(data, whole).reshape(rows, columns, samples).astype(whole.newbyteorder("="), copy=False)
    return undone(numbers, layout.predictor).view(layout.dtype.newbyteorder("="))
