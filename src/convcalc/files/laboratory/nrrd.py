"""NRRD files without a library, numbers inside or in one file beside them (teem.sourceforge.net/nrrd/format.html).

Axes are listed with the fastest first; kinds say which are of colours, of vectors or of time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.laboratory.raw_numbers import beside, bunzipped, gunzipped, reader, text_numbers
from convcalc.files.laboratory.stored_array import BAND, FRAME, SPATIAL, UNKNOWN, Axis, Gap, Index, StoredArray
from convcalc.files.text import shown
from convcalc.limits import Limits

_HEADER = re.compile(rb"NRRD000[1-5]\r?\n(?P<lines>(?:[^\n]{0,10000}\n){0,1000}?)\r?\n")
_DETACHED = re.compile(rb"NRRD000[1-5]\r?\n(?P<lines>(?:[^\n]{0,10000}\n){1,1000})")
_FIELD = re.compile(r"([A-Za-z][A-Za-z ]*[A-Za-z]): ?(.*)")
_C_NAMES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_TYPES = {name: code for code, names in _C_NAMES.items() for name in names}
_TEXT, _PLAIN = ("txt", "text", "ascii"), ("raw",)
_GZIP, _BZIP2, _HEX = ("gz", "gzip"), ("bz2", "bzip2"), ("hex",)
_SPACE = ("domain", "space")
_COLOURS = re.compile(r"(?:rgba?|hsv|xyz)-colou?r|[34]-color|vector|list|point|\d-vector|\d-gradient", re.IGNORECASE)
_TENSOR = re.compile(r"complex|quaternion|.*matrix", re.IGNORECASE)
_MOST_AXES = 16


def open_nrrd(data: memoryview, source: str, limits: Limits) -> StoredArray:
    """The array of an NRRD file, or of a header and the file of numbers beside it.

    Raises:
        FormatError: the file is damaged, or its numbers are spread over several files.
        DataError: the file of numbers cannot be read.
        LimitError: the numbers take more memory than the limits allow.
    """
    fields, start = _fields(data)
    name = fields.get("data file", fields.get("datafile", ""))
    if name:
        data, start = memoryview(_beside(source, name, limits)), 0
    dtype = _dtype(fields)
    axes = _axes(fields)
    sizes = tuple(axis.size for axis in axes)
    stored = len(data) - start
    read_part = _reader(fields, data[start:], dtype, sizes, limits)

    def read(index: Index) -> tuple[Array, Sequence[Gap]]:
        return read_part(index), []

    return StoredArray(f"NRRD array of {dtype.name}", axes, dtype.itemsize, stored, read, _said(fields), _notes(fields))


def _fields(data: memoryview) -> tuple[dict[str, str], int]:
    """The fields of the header by their names, and where it ends."""
    head = bytes(data[: 1 << 20])
    found = _HEADER.match(head) or _DETACHED.match(head)
    if not found:
        raise FormatError("the header of the NRRD file is damaged, or cut off")
    fields: dict[str, str] = {}
    for line in found["lines"].decode("utf-8", "replace").splitlines():
        field = _FIELD.match(line)
        if field and not line.startswith("#"):
            fields.setdefault(field[1].lower(), field[2].strip())
    return fields, found.end()


def _beside(source: str, name: str, limits: Limits) -> bytes:
    if re.match(r"LIST\b", name) or "%" in name or len(name.split()) > 1:
        raise FormatError(
            "an NRRD file whose numbers are spread over several files",
            hint="in Python: nrrd.write('FILE.nrrd', nrrd.read('FILE')[0]) makes it one",
        )
    return beside(source, name.removeprefix("./"), limits)


def _dtype(fields: Mapping[str, str]) -> np.dtype[np.generic]:
    kind = " ".join(fields.get("type", "").lower().split())
    if kind not in _TYPES:
        raise FormatError(
            f"the NRRD file has numbers of type {shown(kind)}",
            hint="one of: " + ", ".join(name[-1] for name in _C_NAMES.values()),
        )
    order = {"big": ">", "little": "<"}.get(fields.get("endian", "little").lower())
    if order is None:
        raise FormatError(f"endian of the NRRD file is {shown(fields['endian'])}", hint="little or big")
    return np.dtype(order + _TYPES[kind])


def _axes(fields: Mapping[str, str]) -> tuple[Axis, ...]:
    """The axes, the slowest first."""
    words = fields.get("sizes", "").split()
    if not words or not all(re.fullmatch(r"[0-9]{1,15}", word) for word in words):
        raise FormatError(f"sizes of the NRRD file is {shown(fields.get('sizes', ''))}, and needs whole numbers")
    if fields.get("dimension", "") != str(len(words)) or len(words) > _MOST_AXES:
        raise FormatError(
            f"the NRRD file has {len(words)} sizes, and {shown(fields.get('dimension', ''))} as dimension"
        )
    kinds = [word.lower() for word in fields.get("kinds", "").split()]
    kinds = kinds if len(kinds) == len(words) else ["???"] * len(words)
    labels = re.findall(r'"((?:[^"\\]|\\.)*)"', fields.get("labels", ""))
    names = iter("xyz")
    axes = []
    for place, (word, kind) in enumerate(zip(words, kinds, strict=True)):
        role = _role(kind, len(words))
        label = labels[place] if len(labels) == len(words) else ""
        name = kind if role == BAND else "time" if role == FRAME else next(names, f"axis {place}")
        axes.append(Axis(label[:30] if label.isprintable() and label else name, int(word), role))
    return tuple(reversed(axes))


def _role(kind: str, count: int) -> str:
    if kind in _SPACE:
        return SPATIAL
    if kind == "time":
        return FRAME
    if _TENSOR.fullmatch(kind):
        raise FormatError(f"an NRRD file of {kind} numbers", hint="save its real part, its magnitude or a component")
    if _COLOURS.fullmatch(kind):
        return BAND
    return SPATIAL if count <= 3 else UNKNOWN


def _reader(
    fields: Mapping[str, str],
    data: bytes | memoryview,
    dtype: np.dtype[np.generic],
    sizes: tuple[int, ...],
    limits: Limits,
) -> Callable[[Index], Array]:
    """What reads a part of the numbers behind the header, undone as they are encoded."""
    encoding = fields.get("encoding", "").lower()
    lines, skipped = _skip(fields, "line skip", 0), _skip(fields, "byte skip", -1)
    for _ in range(lines):
        end = bytes(data[: 1 << 20]).find(b"\n")
        if end < 0:
            raise FormatError("the NRRD file is cut off: it ends within the lines that are skipped")
        data = data[end + 1 :]
    needed = prod(sizes) * dtype.itemsize
    if encoding in _TEXT:
        numbers = text_numbers(data, sizes, dtype, limits)
        return lambda index: numbers[index]
    if encoding in _GZIP + _BZIP2:
        limits.check_memory(2 * needed, "the array")
        data = gunzipped(data, limits) if encoding in _GZIP else bunzipped(data, limits)
    elif encoding in _HEX:
        data = _from_hex(bytes(data))
    elif encoding not in _PLAIN:
        raise FormatError(f"an NRRD file in the encoding {shown(encoding)}", hint="raw, gzip, bzip2, hex or ascii")
    start = len(data) - needed if skipped < 0 else skipped
    return reader(data, start, dtype, sizes)


def _from_hex(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        raise FormatError("the NRRD file holds what is no hexadecimal digit") from None


def _skip(fields: Mapping[str, str], name: str, least: int) -> int:
    text = fields.get(name, fields.get(name.replace(" ", ""), "0"))
    if not re.fullmatch(r"-?[0-9]{1,15}", text) or int(text) < least:
        raise FormatError(f"{name} of the NRRD file is {shown(text)}")
    if name == "line skip" and int(text) > 10_000:
        raise FormatError(f"{name} of the NRRD file is {text}")
    return int(text)


def _said(fields: Mapping[str, str]) -> tuple[str, ...]:
    space = fields.get("space", "")
    return (f"its space is {space[:40]}",) if space and space.isprintable() else ()


def _notes(fields: Mapping[str, str]) -> tuple[str, ...]:
    """What is said about the numbers and not applied."""
    old = [name for name in ("old min", "oldmin", "old max", "oldmax") if name in fields]
    return ("the range before quantisation (old min, old max) is not applied",) * bool(old)
