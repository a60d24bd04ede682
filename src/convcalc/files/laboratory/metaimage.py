"""MetaImage files without a library (itk.org/Wiki/MetaIO/Documentation): numbers inside, or in one file beside them.

Axes are listed with the fastest first; the channels of a pixel stand together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.laboratory.raw_numbers import beside, inflated, reader, text_numbers
from convcalc.files.laboratory.stored_array import BAND, FRAME, SPATIAL, Axis, Gap, Index, StoredArray
from convcalc.files.text import shown
from convcalc.limits import Limits

_LINE = re.compile(rb"[ \t]*([A-Za-z]\w{0,60})[ \t]*=[ \t]*([^\n]{0,1000})\n")
_MOST_LINES, _MOST_AXES = 500, 10
_LAST = "ElementDataFile"
_TYPES = {
    **{"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4"},
    **{"MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8"},
    **{"MET_FLOAT": "f4", "MET_DOUBLE": "f8"},
}
_TRUE = ("true", "t", "1", "yes", "y")
_NAMES = "xyzt"


def open_metaimage(data: memoryview, source: str, limits: Limits) -> StoredArray:
    """The image of a MetaImage file, or of a header and the file of numbers beside it.

    Raises:
        FormatError: the file is damaged, or its numbers are spread over several files.
        DataError: the file of numbers cannot be read.
        LimitError: the numbers take more memory than the limits allow.
    """
    fields, start = _fields(data)
    if fields[_LAST] != "LOCAL":
        data, start = memoryview(_beside(source, fields[_LAST], limits)), 0
    kind = fields.get("ElementType", "")
    code = _TYPES.get(kind.removesuffix("_ARRAY"))
    if code is None:
        raise FormatError(f"a MetaImage of numbers of type {shown(kind)}", hint=f"one of: {', '.join(_TYPES)}")
    is_big = _is(fields, "ElementByteOrderMSB") or _is(fields, "BinaryDataByteOrderMSB")
    dtype = np.dtype((">" if is_big else "<") + code)
    axes = _axes(fields)
    sizes = tuple(axis.size for axis in axes)
    body = data[start:]
    if fields.get("BinaryData", "true").lower() not in _TRUE:
        numbers = text_numbers(body, sizes, dtype, limits)
        part: Callable[[Index], Array] = numbers.__getitem__
    else:
        part = _binary(fields, body, dtype, sizes, limits)

    def read(index: Index) -> tuple[Array, Sequence[Gap]]:
        return part(index), []

    return StoredArray(
        f"MetaImage of {dtype.name}", axes, dtype.itemsize, len(body), read, _said(fields), _notes(fields)
    )


def _binary(
    fields: Mapping[str, str],
    body: bytes | memoryview,
    dtype: np.dtype[np.generic],
    sizes: tuple[int, ...],
    limits: Limits,
) -> Callable[[Index], Array]:
    """What reads a part of the numbers that are no text."""
    needed = prod(sizes) * dtype.itemsize
    skipped = _whole(fields, "HeaderSize", 0, -1)
    if _is(fields, "CompressedData"):
        limits.check_memory(2 * needed, "the image")
        body = inflated(body[max(0, skipped) :], limits)
        return reader(body, 0, dtype, sizes)
    return reader(body, len(body) - needed if skipped < 0 else skipped, dtype, sizes)


def _fields(data: memoryview) -> tuple[dict[str, str], int]:
    head, place = bytes(data[: 1 << 20]), 0
    fields: dict[str, str] = {}
    for _ in range(_MOST_LINES):
        line = _LINE.match(head, place)
        if not line:
            break
        place = line.end()
        fields.setdefault(line[1].decode("ascii"), line[2].decode("utf-8", "replace").strip())
        if _LAST in fields:
            return fields, place
    raise FormatError(
        f"the header of the MetaImage is damaged, or cut off: line {len(fields) + 1} is no NAME = VALUE, or the last, "
        f"{_LAST}, is missing"
    )


def _beside(source: str, name: str, limits: Limits) -> bytes:
    if name.startswith("LIST") or "%" in name or len(name.split()) > 1:
        raise FormatError(
            "a MetaImage whose numbers are spread over several files",
            hint="in Python: SimpleITK.WriteImage(SimpleITK.ReadImage('FILE'), 'FILE.mha') makes it one",
        )
    return beside(source, name.removeprefix("./"), limits)


def _is(fields: Mapping[str, str], name: str) -> bool:
    return fields.get(name, "").lower() in _TRUE


def _whole(fields: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = fields.get(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,15}", text) or int(text) < least:
        raise FormatError(f"{name} of the MetaImage is {shown(text)}")
    return int(text)


def _axes(fields: Mapping[str, str]) -> tuple[Axis, ...]:
    count, channels = _whole(fields, "NDims", 0, 1), _whole(fields, "ElementNumberOfChannels", 1, 1)
    sizes = fields.get("DimSize", "").split()
    if len(sizes) != count or count > _MOST_AXES or not all(re.fullmatch(r"[0-9]{1,15}", size) for size in sizes):
        raise FormatError(f"DimSize of the MetaImage is {shown(' '.join(sizes))}, and NDims {count}")
    axes = [
        Axis(_NAMES[place] if place < len(_NAMES) else f"axis {place}", int(size), SPATIAL if place < 3 else FRAME)
        for place, size in enumerate(sizes)
    ]
    return (*axes[::-1], *([Axis("channel", channels, BAND)] * (channels > 1)))


def _said(fields: Mapping[str, str]) -> tuple[str, ...]:
    words = fields.get("AnatomicalOrientation", "")
    return (f"its anatomical orientation is {words}",) if re.fullmatch(r"[A-Z]{1,4}", words) else ()


def _notes(fields: Mapping[str, str]) -> tuple[str, ...]:
    """What is said about the numbers and not applied, as by ITK."""
    slope = fields.get("ElementToIntensityFunctionSlope", "1")
    offset = fields.get("ElementToIntensityFunctionOffset", "0")
    if (slope, offset) in (("1", "0"), ("1", "-0")):
        return ()
    return ("ElementToIntensityFunctionSlope and -Offset are not applied",)
