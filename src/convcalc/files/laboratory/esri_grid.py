"""ESRI ASCII grids without a library (desktop.arcgis.com, "Esri ASCII raster format"): a header and rows of numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.laboratory.raw_numbers import text_numbers
from convcalc.files.laboratory.stored_array import Axis, Gap, Index, StoredArray
from convcalc.files.text import shown
from convcalc.limits import Limits

_LINE = re.compile(rb"[ \t]*([A-Za-z]\w{0,20})[ \t]+([-+.\w]{1,40})[ \t]*\r?\n")
_KNOWN = ("ncols", "nrows", "xllcorner", "xllcenter", "yllcorner", "yllcenter", "cellsize", "dx", "dy", "nodata_value")
_WHOLE = re.compile(rb"[-+0-9\s,]*")


def open_grid(data: memoryview, limits: Limits) -> StoredArray:
    """The numbers of a grid, the northernmost row first; cells of NODATA_value are nan.

    Raises:
        FormatError: the file is damaged.
        LimitError: it holds more numbers than the limits allow.
    """
    limits.check_memory(4 * len(data), "the grid")
    fields, start = _fields(bytes(data[: 1 << 12]))
    sizes = _size(fields, "nrows"), _size(fields, "ncols")
    body = data[start:]
    dtype = np.dtype(np.int64 if _WHOLE.fullmatch(body) else np.float64)
    nodata = _nodata(fields.get("nodata_value", ""))

    def read(index: Index) -> tuple[Array, Sequence[Gap]]:
        numbers = text_numbers(body, sizes, dtype, limits)[index]
        return numbers, [Gap(np.asarray(numbers == nodata), f"NODATA ({nodata:g})")]

    axes = (Axis("row", sizes[0]), Axis("column", sizes[1]))
    what = f"ESRI grid of {'whole numbers' if dtype.kind == 'i' else 'floats'}"
    return StoredArray(what, axes, dtype.itemsize, len(body), read, ("row 0 is the northernmost",))


def _fields(head: bytes) -> tuple[dict[str, str], int]:
    fields: dict[str, str] = {}
    place = 0
    while line := _LINE.match(head, place):
        name = line[1].decode("ascii").lower()
        if name not in _KNOWN:
            break
        fields[name] = line[2].decode("ascii", "replace")
        place = line.end()
    return fields, place


def _size(fields: dict[str, str], name: str) -> int:
    text = fields.get(name, "")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise FormatError(f"{name} of the ESRI grid is {shown(text)}, and needs a whole number")
    return int(text)


def _nodata(text: str) -> float:
    if not text:
        return -9999.0  # which the format has where nothing is said
    try:
        return float(text)
    except ValueError:
        raise FormatError(f"NODATA_value of the ESRI grid is {shown(text)}, and no number") from None
