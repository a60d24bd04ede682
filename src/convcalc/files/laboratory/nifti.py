"""NIfTI images of both versions, in one file or two (nifti.nimh.nih.gov: nifti1.h and nifti2.h).

Number = scl_slope × stored + scl_inter. The axes are x, y, z, t and a fifth of vectors, x the fastest; which way x, y
and z run is what the affine of the header says.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.laboratory.raw_numbers import GZIP, beside, gunzipped, reader
from convcalc.files.laboratory.stored_array import (
    BAND,
    FRAME,
    SPATIAL,
    Axis,
    Gap,
    Index,
    StoredArray,
    plain_scale,
    scale_words,
    scaled,
)
from convcalc.limits import Limits

_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
_COLOURS = {128: 3, 2304: 4}
_REFUSED = {1: "single bits", 32: "complex numbers", 1792: "complex numbers", 2048: "complex numbers"}
_REFUSED |= {1536: "floats of 128 bits"}
_NAMES = "xyztvuw"
_ROLES = {"t": FRAME, "v": BAND, "u": FRAME, "w": FRAME}
_TOWARDS = (("the right", "the left"), ("the front", "the back"), ("the top", "the bottom"))
_FIRST = {1: (348, 352), 2: (540, 544)}  # bytes of a header, and where numbers begin at the earliest


class _Header(NamedTuple):
    """The header's numbers that are used."""

    sizes: tuple[int, ...]
    """x first."""
    datatype: int
    offset: int
    slope: float
    intercept: float
    qform: tuple[int, tuple[float, ...]]
    """The code of the form, and b, c, d and the sign of the third axis."""
    sform: tuple[int, tuple[float, ...]]
    """The code of the form, and the rows of the affine."""
    order: str
    is_one_file: bool


def open_nifti(data: memoryview, source: str, limits: Limits) -> StoredArray:
    """The image of a NIfTI file, or of a header and the file of numbers beside it.

    Raises:
        FormatError: the file is damaged, or holds numbers that are not real.
        DataError: the file of numbers cannot be read.
    """
    header = _header(data)
    if not header.is_one_file:
        data = memoryview(_numbers_beside(source, limits))
    colours = _COLOURS.get(header.datatype, 0)
    if header.datatype not in _TYPES and not colours:
        raise FormatError(
            f"a NIfTI image of {_REFUSED.get(header.datatype, f'an unknown type {header.datatype}')}",
            hint="save it as real numbers, the magnitude of complex ones",
        )
    dtype = np.dtype(header.order + _TYPES.get(header.datatype, "u1"))
    axes = [Axis(_NAMES[place], size, _ROLES.get(_NAMES[place], SPATIAL)) for place, size in enumerate(header.sizes)]
    axes = axes[::-1] + [Axis("colour", colours, BAND)] * bool(colours)
    raw = reader(data, header.offset, dtype, tuple(axis.size for axis in axes))
    slope, intercept = (1.0, 0.0) if colours else plain_scale(header.slope, header.intercept)

    def read(index: Index) -> tuple[Array, Sequence[Gap]]:
        return scaled(raw(index), slope, intercept), []

    said = (*scale_words(slope, intercept, "scl_slope, scl_inter"), orientation(header))
    return StoredArray(f"NIfTI image of {dtype.name}", tuple(axes), dtype.itemsize, len(data), read, said)


def _header(data: memoryview) -> _Header:
    for version, code in ((1, "i"), (2, "i")):
        for order in "<>":
            if len(data) >= _FIRST[version][0] and struct.unpack_from(order + code, data)[0] == _FIRST[version][0]:
                return _header_of(version, order, data)
    raise FormatError("the header of the NIfTI image is damaged, or cut off")


def _header_of(version: int, order: str, data: memoryview) -> _Header:
    def at(code: str, offset: int) -> tuple[float, ...]:
        return struct.unpack_from(order + code, data, offset)

    if version == 1:
        dims, (datatype,), (first,) = at("8h", 40), at("h", 70), at("f", 108)
        scale, forms = at("2f", 112), at("2h", 252)
        bcd, sign, rows, magic = at("3f", 256), at("f", 76), at("12f", 280), bytes(data[344:348])
    else:
        dims, (datatype,), (first,) = at("8q", 16), at("h", 12), at("q", 168)
        scale, forms = at("2d", 176), at("2i", 344)
        bcd, sign, rows, magic = at("3d", 352), at("d", 104), at("12d", 400), bytes(data[4:8])
    if magic not in (b"n+1\0", b"ni1\0", b"n+2\0", b"ni2\0"):
        raise FormatError("not a NIfTI image: its header lacks the mark of the format")
    is_one_file = magic[1:2] == b"+"
    return _Header(
        _sizes(dims),
        int(datatype),
        _offset(first, _FIRST[version][1] if is_one_file else 0),
        scale[0],
        scale[1],
        (int(forms[0]), (*bcd, *sign)),
        (int(forms[1]), rows),
        order,
        is_one_file,
    )


def _sizes(dims: tuple[float, ...]) -> tuple[int, ...]:
    count, *sizes = map(int, dims)
    if not 1 <= count <= 7 or min(sizes[:count]) < 0:
        raise FormatError(f"dim of the NIfTI header is {[count, *sizes]}: a count of axes from 1 to 7, and sizes")
    return tuple(sizes[:count])


def _offset(first: float, least: int) -> int:
    if not isfinite(first) or first < 0 or first != int(first):
        raise FormatError(f"vox_offset of the NIfTI header is {first:g}, and no place in a file")
    return max(int(first), least)


def _numbers_beside(source: str, limits: Limits) -> bytes:
    """The bytes of NAME.img beside NAME.hdr, either of them perhaps packed."""
    stem = Path(source).name.removesuffix(".gz")
    stem = stem.removesuffix(".hdr")
    folder = Path(source).parent
    name = next((each for each in (f"{stem}.img", f"{stem}.img.gz") if (folder / each).is_file()), f"{stem}.img")
    found = beside(source, name, limits)
    return gunzipped(found, limits) if found.startswith(GZIP) else found


def orientation(header: _Header) -> str:
    """Which way the axes run through the patient, as the affine of the header says."""
    affine = _affine(header)
    if affine is None or not np.isfinite(affine).all():
        return "its orientation is not said"
    largest = np.abs(affine).argmax(axis=0)
    if sorted(largest) != [0, 1, 2]:
        return "its axes run obliquely"
    words = []
    for axis, row in enumerate(largest[: len(header.sizes)]):
        words.append(f"{_NAMES[axis]} runs to {_TOWARDS[row][int(affine[row, axis] < 0)]}")
    return ", ".join(words)


def _affine(header: _Header) -> Array | None:
    """The 3×3 part of the affine, columns scaled or not (nifti1.h, methods 2 and 3)."""
    if header.sform[0] > 0:
        return np.array(header.sform[1]).reshape(3, 4)[:, :3]
    if header.qform[0] <= 0:
        return None
    b, c, d, sign = header.qform[1]
    with np.errstate(all="ignore"):
        a = np.sqrt(max(0.0, 1 - (b * b + c * c + d * d)))
    matrix = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    matrix[:, 2] *= -1 if sign < 0 else 1
    return matrix
