"""FITS images, uncompressed ones without a library (FITS Standard 4.0, sections 3, 4, 5 and 7.1).

Number = BZERO + BSCALE × stored; where a stored whole number is BLANK there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from math import isfinite, prod
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FieldError, FormatError
from convcalc.files.laboratory.raw_numbers import reader
from convcalc.files.laboratory.stored_array import (
    FRAME,
    Axis,
    Gap,
    Index,
    StoredArray,
    library,
    scale_words,
    scaled,
)
from convcalc.files.selection import Selection
from convcalc.limits import Limits
from convcalc.wording import counted

_BLOCK, _CARD, _MOST_BLOCKS, _MOST_UNITS = 2880, 80, 10_000, 10_000
_TYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_VALUE = re.compile(r"\s*(?:'((?:[^']|'')*)'|([^/']*))")
_ROWS = "row 0 is the first of the file, which viewers of FITS draw at the bottom"
_MOST_AXES = 999
Card = str | int | float | bool


class _Unit(NamedTuple):
    """A header and data unit (HDU)."""

    number: int
    cards: Mapping[str, Card]
    start: int
    """Of the data, in bytes."""

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number of the header."""
        found = self.cards.get(name, default)
        if not isinstance(found, int):
            raise FormatError(f"{name} of the FITS file is {found!r}, and no whole number")
        return int(found)

    def real(self, name: str, default: float) -> float:
        """A real number of the header."""
        found = self.cards.get(name, default)
        if isinstance(found, str) or not isfinite(found):
            raise FormatError(f"{name} of the FITS file is {found!r}, and no number")
        return float(found)

    def sizes(self, prefix: str = "") -> tuple[int, ...]:
        """The sizes of the axes, the slowest first."""
        count = self.whole(f"{prefix}NAXIS", 0)
        if not 0 <= count <= _MOST_AXES:
            raise FormatError(f"NAXIS of the FITS file is {count}")
        sizes = tuple(self.whole(f"{prefix}NAXIS{axis}") for axis in range(count, 0, -1))
        if min(sizes, default=0) < 0:
            raise FormatError("an axis of the FITS file has a negative size")
        return sizes

    @property
    def bytes(self) -> int:
        """Of the data, without what fills the last block."""
        sizes = self.sizes()
        if self.cards.get("GROUPS") is True and sizes[-1:] == (0,):
            sizes = sizes[:-1]
        unit = abs(self.whole("BITPIX", 8)) // 8 * self.whole("GCOUNT", 1)
        return unit * (self.whole("PCOUNT", 0) + prod(sizes)) if sizes else 0

    @property
    def is_image(self) -> bool:
        """Whether its data are an array of numbers."""
        kind = str(self.cards.get("XTENSION", "IMAGE")).strip()
        return kind == "IMAGE" and bool(self.sizes()) and self.sizes()[-1] > 0 and not self.cards.get("GROUPS")

    @property
    def is_packed(self) -> bool:
        """Whether it is an image that is compressed in a table (section 10)."""
        return self.cards.get("ZIMAGE") is True

    @property
    def called(self) -> str:
        """What the standard calls it, with its name."""
        name = str(self.cards.get("EXTNAME", "")).strip()
        unit = f"extension {self.number}" if self.number else "the primary unit"
        return f"{unit} ({name[:60]})" if name.isprintable() and name else unit


def open_fits(data: memoryview, selection: Selection, limits: Limits) -> StoredArray:
    """The first image of a FITS file, or that of the unit ``selection.series``, where 0 is the primary one.

    Raises:
        FieldError: there is no such unit.
        FormatError: the file is damaged, or holds no image.
        MissingExtraError: the image is compressed, and astropy is not installed.
    """
    units = list(_units(data))
    unit, notes = _chosen(units, selection.series)
    opened = _packed(data, unit, limits) if unit.is_packed else _plain(data, unit)
    return opened._replace(notes=(*opened.notes, *notes))


def _units(data: memoryview) -> Iterator[_Unit]:
    place, number = 0, 0
    while place < len(data) and number < _MOST_UNITS:
        if number and bytes(data[place : place + 8]) != b"XTENSION":
            return  # special records, which have no meaning any more
        cards, start = _cards(data, place)
        unit = _Unit(number, cards, start)
        yield unit
        if unit.bytes < 0:
            raise FormatError("the FITS file has a unit of negative size")
        place, number = start + -(-unit.bytes // _BLOCK) * _BLOCK, number + 1


def _cards(data: memoryview, place: int) -> tuple[dict[str, Card], int]:
    """The header that begins there, and where its data begin."""
    cards: dict[str, Card] = {}
    for _ in range(_MOST_BLOCKS):
        block = bytes(data[place : place + _BLOCK]).decode("latin-1")
        if len(block) < _BLOCK:
            break
        place += _BLOCK
        for start in range(0, _BLOCK, _CARD):
            card = block[start : start + _CARD]
            if card[:8].rstrip() == "END":
                return cards, place
            if card[8:10] == "= ":
                cards.setdefault(card[:8].rstrip(), _value(card[10:]))
    raise FormatError("the FITS file is cut off: a header has no END")


def _value(text: str) -> Card:
    found = _VALUE.match(text)
    if found and found[1] is not None:
        return found[1].replace("''", "'").rstrip()
    word = (found[2] if found else "").strip()
    if word in ("T", "F"):
        return word == "T"
    try:
        return int(word)
    except ValueError:
        pass
    try:
        return float(word.upper().replace("D", "E"))
    except ValueError:
        return word


def _chosen(units: Sequence[_Unit], series: int | None) -> tuple[_Unit, list[str]]:
    images = [unit for unit in units if unit.is_image or unit.is_packed]
    if series is not None:
        if series >= len(units):
            raise FieldError(
                f"there is no series {series}: the FITS file has the units 0 to {len(units) - 1}",
                hint="0 is the primary unit, 1 the first extension",
                field="series",
            )
        images = [units[series]] if units[series] in images else []
    if not images:
        what = f"{units[series].called} of the FITS file" if series is not None else "the FITS file"
        raise FormatError(f"{what} holds no image", hint="tables: in Python astropy.table.Table.read('FILE')")
    others = [unit for unit in units if (unit.is_image or unit.is_packed) and unit is not images[0]]
    notes = [f"{images[0].called} is read"] * bool(images[0].number or others)
    if others and series is None:
        notes[0] += f"; {counted(len(others), 'further image')} in {', '.join(unit.called for unit in others[:5])}"
        notes[0] += " (--series chooses by its number)"
    return images[0], notes


def _plain(data: memoryview, unit: _Unit) -> StoredArray:
    bits = unit.whole("BITPIX")
    if bits not in _TYPES:
        raise FormatError(f"BITPIX of the FITS file is {bits}", hint=f"one of: {', '.join(map(str, _TYPES))}")
    dtype = np.dtype(_TYPES[bits])
    raw = reader(data, unit.start, dtype, unit.sizes())
    zero, scale = unit.real("BZERO", 0.0), unit.real("BSCALE", 1.0)
    blank = unit.whole("BLANK") if "BLANK" in unit.cards and bits > 0 else None

    def read(index: Index) -> tuple[Array, Sequence[Gap]]:
        stored = raw(index)
        numbers = scaled(stored, scale, zero)
        return numbers, [] if blank is None else [Gap(np.asarray(stored == blank), f"BLANK ({blank})")]

    said = (*scale_words(scale, zero, "BSCALE, BZERO"), *_unit_words(unit), _ROWS)
    return StoredArray(f"FITS image of {dtype.name}", _axes(unit, unit.sizes()), dtype.itemsize, unit.bytes, read, said)


def _unit_words(unit: _Unit) -> tuple[str, ...]:
    text = str(unit.cards.get("BUNIT", "")).strip()
    return (f"in {text[:30]}",) if text and text.isprintable() else ()


def _axes(unit: _Unit, sizes: tuple[int, ...]) -> tuple[Axis, ...]:
    """The axes of rows and columns, and before them those of a stack, by the names of the header."""
    names = ["x", "y"]
    for axis in range(3, len(sizes) + 1):
        word = re.match(r"[A-Za-z]{1,8}", str(unit.cards.get(f"CTYPE{axis}", "")))
        names.append(word[0].lower() if word else f"axis {axis}")
    roles = {0: "spatial", 1: "spatial"}
    found = [Axis(names[place], size, roles.get(place, FRAME)) for place, size in enumerate(reversed(sizes))]
    return tuple(reversed(found))


def _packed(data: memoryview, unit: _Unit, limits: Limits) -> StoredArray:
    """A compressed image, which astropy decompresses whole."""
    sizes = unit.sizes("Z")
    bits = unit.whole("ZBITPIX", 8)
    if bits not in _TYPES:
        raise FormatError(f"ZBITPIX of the FITS file is {bits}")
    kind = str(unit.cards.get("ZCMPTYPE", "an unknown kind"))

    def read(index: Index) -> tuple[Array, Sequence[Gap]]:
        limits.check_memory(3 * prod(sizes) * 8, "the image")
        with library("astropy", "the compressed FITS image", "fits"):
            from astropy.io import fits

            with fits.open(BytesIO(data), memmap=False) as found:
                numbers = np.asarray(found[unit.number].data)
        if numbers.shape != sizes:
            raise FormatError("the compressed FITS image is not of the size that its header says")
        part = numbers[index]
        return part.astype(part.dtype.newbyteorder("=")), []

    return StoredArray(
        f"FITS image of {np.dtype(_TYPES[bits]).name}, compressed ({kind[:20]})",
        _axes(unit, sizes),
        8,
        unit.bytes,
        read,
        (*scale_words(unit.real("BSCALE", 1.0), unit.real("BZERO", 0.0), "BSCALE, BZERO"), _ROWS),
    )
