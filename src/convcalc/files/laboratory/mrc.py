"""MRC maps and image stacks without a library (www.ccpem.ac.uk/mrc_format/mrc2014.php; bytes as IMOD writes them).

The numbers stay in the order of the file: columns, rows, sections, of which MAPC, MAPR and MAPS say which of x, y and z
each runs along.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.laboratory.raw_numbers import reader
from convcalc.files.laboratory.stored_array import FRAME, SPATIAL, Axis, Gap, Index, StoredArray

_HEADER = 1024
_TYPES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_REFUSED = {3: "complex numbers", 4: "complex numbers", 101: "numbers of 4 bits"}
_IMOD_STAMP = 1146047817
_STACKS_OF_VOLUMES = range(401, 631)
_LITTLE, _BIG = (b"\x44\x44", b"\x44\x41"), (b"\x11\x11",)


def open_mrc(data: memoryview) -> StoredArray:
    """The map of an MRC file.

    Raises:
        FormatError: the file is damaged, or holds numbers that are not real.
    """
    if len(data) < _HEADER:
        raise FormatError("the header of the MRC map is cut off")
    order = _order(data)
    words = struct.unpack_from(order + "56i", data)
    columns, rows, sections, mode = words[:4]
    if mode not in _TYPES:
        what = _REFUSED.get(mode, f"an unknown mode {mode}")
        raise FormatError(f"an MRC map of {what}", hint="save it as real numbers")
    if min(columns, rows, sections) < 0 or words[23] < 0:
        raise FormatError("the header of the MRC map has a negative size")
    kind, said = _TYPES[mode], []
    if mode == 0:
        is_unsigned = words[38] == _IMOD_STAMP and not words[39] & 1
        kind = "u1" if is_unsigned else "i1"
        said = [f"bytes are {'unsigned, as IMOD marks them' if is_unsigned else 'signed (mode 0)'}"]
    dtype = np.dtype(order + kind)
    axes = _axes(words, (columns, rows, sections))
    raw = reader(data, _HEADER + words[23], dtype, tuple(axis.size for axis in axes))

    def read(index: Index) -> tuple[Array, Sequence[Gap]]:
        return raw(index), []

    said.append("row 0 is the first of the file, which viewers of maps draw at the bottom")
    return StoredArray(f"MRC map of {dtype.name}", axes, dtype.itemsize, len(data), read, tuple(said))


def _order(data: memoryview) -> str:
    """The byte order: of the machine stamp, or where that is none, the one in which the mode is small."""
    stamp = bytes(data[212:214])
    if stamp in _LITTLE:
        return "<"
    if stamp in _BIG:
        return ">"
    return "<" if struct.unpack_from("<I", data, 12)[0] < 1 << 16 else ">"


def _axes(words: tuple[int, ...], sizes: tuple[int, int, int]) -> tuple[Axis, ...]:
    """The axes, those of a stack of images or of volumes as such; ``sizes``: columns, rows, sections."""
    columns, rows, sections = sizes
    along = words[16:19] if sorted(words[16:19]) == [1, 2, 3] else (1, 2, 3)
    names = ["xyz"[axis - 1] for axis in along]
    plane = (Axis(names[1], rows), Axis(names[0], columns))
    group, depth = words[22], words[9]
    if group == 0:
        return Axis("image", sections, FRAME), *plane
    if group in _STACKS_OF_VOLUMES and depth > 0 and sections % depth == 0:
        return Axis("volume", sections // depth, FRAME), Axis(names[2], depth, SPATIAL), *plane
    return Axis(names[2], sections), *plane
