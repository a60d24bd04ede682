"""NumPy's .npy files, read without trusting their header: nothing is run, and sizes are checked first."""

from __future__ import annotations

import ast
import math
import re
import struct
import warnings
from io import BytesIO
from typing import BinaryIO, NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError, LimitError, OutputError, Place
from convcalc.files.text import shown
from convcalc.limits import Limits, bytes_text

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000  # bytes; the limit of NumPy's own reader
NUMERIC = re.compile(
    r"[<>|=]?(?:b1|[iu][1248]|f[248]|[?bBhHiIqQefd])"
    r"|bool|u?int(?:8|16|32|64)|float(?:16|32|64)|half|single|double"
)
"""The types that are read, by all of NumPy's names for them that mean the same on every machine."""
_LONG = re.compile(r"(?<=[0-9])L(?=[\s,)])")
"""The end of a large integer in Python 2, in shapes that NumPy wrote there; its reader still accepts them."""
_REFUSED = {
    "O": "Python objects (a pickle), not read, since reading them could run code",
    "c": "complex numbers",
    "M": "dates",
    "m": "time spans",
    "S": "text",
    "a": "text",
    "U": "text",
    "V1": "raw bytes, as float8 is saved, which NumPy does not have",
    "V2": "raw bytes, as bfloat16 is saved, which NumPy does not have",
    "V": "raw bytes or records",
    "f": "floats wider than 64 bits",
}


class Header(NamedTuple):
    """The header of a .npy file."""

    dtype: np.dtype[np.generic]
    fortran_order: bool
    shape: tuple[int, ...]


def read_npy(stream: BinaryIO, size: int, source: str, limits: Limits) -> tuple[Array, tuple[str, ...]]:
    """The read-only array of a .npy stream of ``size`` bytes, in C order and native byte order, and notes on it.

    Raises:
        FormatError: it is no .npy file of real numbers, or its size is not what its header says.
        LimitError: the array has more axes or takes more memory than the limits allow.
    """
    header, start = npy_start(stream, source, limits)
    expected = math.prod(header.shape) * header.dtype.itemsize
    check_size(header, expected, size - start, source)
    limits.check_memory(2 * expected, f"{source}: the array")
    array, notes = _converted(_read_values(stream, header, source), header)
    array.setflags(write=False)
    return array, notes


def npy_header(stream: BinaryIO, source: str, limits: Limits) -> Header:
    """The header of a .npy stream.

    Raises:
        FormatError: it is no .npy file of real numbers.
        LimitError: the array has more axes than the limits allow.
    """
    return npy_start(stream, source, limits)[0]


def write_npy(stream: BinaryIO, array: Array) -> None:
    """Write an array of real numbers as .npy.

    Raises:
        OutputError: it has exact fractions or integers beyond 64 bits, which only text can store.
    """
    if array.dtype.kind not in "biuf":
        raise OutputError(
            "a .npy file holds no fractions and no integers beyond 64 bits",
            hint="write .json, which keeps them exact, or ask for --dtype float64",
        )
    ordered = np.asarray(array, order="C")
    np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(ordered))
    # write_array would bypass the stream, and its error on a full disk does not state the reason.
    stream.write(ordered.reshape(-1).view(np.uint8).data)


def npy_head(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> bytes:
    """The header of a .npy file in C order, in front of its numbers."""
    stream = BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, described)
    return stream.getvalue()


def npy_start(stream: BinaryIO, source: str, limits: Limits) -> tuple[Header, int]:
    """The header, and the number of bytes that it takes; raises as :func:`npy_header` does."""
    start = stream.read(len(MAGIC) + 2)
    if not start.startswith(MAGIC) or len(start) < len(MAGIC) + 2:
        raise FormatError("not a .npy file", place=Place(source))
    version = start[len(MAGIC)]
    if version not in {1, 2, 3}:
        raise FormatError(f"a .npy file of unknown version {version}", place=Place(source))
    width = 2 if version == 1 else 4
    length_bytes = stream.read(width)
    if len(length_bytes) < width:
        raise FormatError("the .npy header is truncated", place=Place(source))
    (length,) = struct.unpack("<H" if version == 1 else "<I", length_bytes)
    if length > _LONGEST_HEADER:
        raise FormatError(f"a .npy header of {bytes_text(length)}", place=Place(source))
    text = stream.read(length)
    if len(text) < length:
        raise FormatError("the .npy header is truncated", place=Place(source))
    return _parsed(text, source, limits), len(start) + width + length


def _parsed(text: bytes, source: str, limits: Limits) -> Header:
    match _literal(text):
        case {"descr": descr, "fortran_order": bool(fortran_order), "shape": tuple(shape), **rest} if not rest:
            return Header(_dtype(descr, source), fortran_order, _shape(shape, source, limits))
    raise FormatError("the .npy header is damaged", place=Place(source))


def _literal(text: bytes) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of odd spellings in what it compiles
            literal: object = ast.literal_eval(_LONG.sub("", text.decode("latin-1").strip()))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return literal


def _dtype(descr: object, source: str) -> np.dtype[np.generic]:
    if isinstance(descr, str) and NUMERIC.fullmatch(descr):
        return np.dtype(descr)
    kind = descr.lstrip("<>|=") if isinstance(descr, str) else "V"
    holds = _REFUSED.get(kind) or _REFUSED.get(kind[:1], f"an unknown type {shown(str(descr))}")
    raise FormatError(f"the .npy file holds {holds}", hint="save it as real numbers", place=Place(source))


def _shape(shape: tuple[object, ...], source: str, limits: Limits) -> tuple[int, ...]:
    sizes = [size for size in shape if type(size) is int and size >= 0]
    if len(sizes) != len(shape):
        raise FormatError(f"the .npy header has the shape {shown(str(shape))}", place=Place(source))
    if len(sizes) > limits.axes:
        raise LimitError(
            f"{source}: {len(sizes)} axes, at most {limits.axes}", hint=f"raise it with --limit axes={len(sizes)}"
        )
    return tuple(sizes)


def check_size(header: Header, expected: int, found: int, source: str) -> None:
    """Refuse an array that does not take up all of its file, in bytes.

    Raises:
        FormatError: it does not.
    """
    if expected != found:
        fault = "is truncated" if found < expected else "has bytes after its end"
        sizes = " × ".join(map(str, header.shape)) or "one"
        raise FormatError(
            f"the .npy file {fault}: {sizes} values of {header.dtype.name} are {bytes_text(expected)}, "
            f"it holds {bytes_text(max(found, 0))}",
            place=Place(source),
        )


def _read_values(stream: BinaryIO, header: Header, source: str) -> Array:
    raw = np.empty(math.prod(header.shape) * header.dtype.itemsize, dtype=np.uint8)
    if stream.readinto(raw) != raw.size:  # type: ignore[attr-defined]
        raise FormatError("the .npy file is truncated", place=Place(source))
    if header.dtype.kind == "b":
        raw = (raw != 0).view(np.uint8)  # any byte but 0 is true, and only 0 and 1 are numbers
        return _ordered(raw, header)
    return _ordered(raw.view(header.dtype), header)


def _ordered(values: Array, header: Header) -> Array:
    if header.fortran_order:
        return np.asarray(values.reshape(header.shape[::-1]).T, order="C")
    return values.reshape(header.shape)


def _converted(array: Array, header: Header) -> tuple[Array, tuple[str, ...]]:
    if header.dtype.kind == "b":
        return array, ("true and false are read as 1 and 0",)
    if header.dtype.char == "e":
        return array.astype(np.float32), ("float16 is read as float32",)
    return array.astype(header.dtype.newbyteorder("="), copy=False), ()
