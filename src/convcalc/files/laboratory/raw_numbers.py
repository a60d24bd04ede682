"""Raw numbers in files of laboratories: bytes that may be packed, or stand in a file beside their header."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError, LimitError
from convcalc.files.laboratory.stored_array import Index
from convcalc.files.text import STANDARD_INPUT_NAME, open_binary, shown, size_of
from convcalc.limits import Limits, bytes_text

GZIP = b"\x1f\x8b"
_LARGEST_RATIO = 100
_PIECE = 1 << 20  # bytes


def gunzipped(data: bytes | memoryview, limits: Limits, most: int | None = None) -> bytes:
    """The content of gzip members, one behind the other; with ``most`` no more than so many bytes.

    Raises:
        FormatError: they are damaged, or cut off.
        LimitError: the content is larger than the limits allow, or out of all proportion.
    """
    return _inflated(data, zlib.MAX_WBITS | 16, limits, most)


def inflated(data: bytes | memoryview, limits: Limits, most: int | None = None) -> bytes:
    """The content of a zlib stream; raises as :func:`gunzipped` does."""
    return _inflated(data, zlib.MAX_WBITS, limits, most)


def _inflated(data: bytes | memoryview, window: int, limits: Limits, most: int | None) -> bytes:
    found = bytearray()
    rest = bytes(data)
    stream = zlib.decompressobj(window)
    while most is None or len(found) < most:
        try:
            found += stream.decompress(rest, _PIECE)
        except zlib.error:
            raise FormatError("the packed numbers are damaged") from None
        _check_growth(len(found), len(data), limits)
        if stream.eof:
            rest = stream.unused_data
            if window == zlib.MAX_WBITS or not rest.startswith(GZIP):
                break
            stream = zlib.decompressobj(window)
        elif not stream.unconsumed_tail:
            raise FormatError("the packed numbers are cut off")
        else:
            rest = stream.unconsumed_tail
    return bytes(found if most is None else found[:most])


def bunzipped(data: bytes | memoryview, limits: Limits) -> bytes:
    """The content of a bzip2 stream; raises as :func:`gunzipped` does."""
    found, stream, rest = bytearray(), bz2.BZ2Decompressor(), bytes(data)
    try:
        while not stream.eof:
            found += stream.decompress(rest, _PIECE)
            rest = b""
            _check_growth(len(found), len(data), limits)
            if stream.needs_input and not stream.eof:
                raise FormatError("the packed numbers are cut off")
    except (OSError, ValueError):
        raise FormatError("the packed numbers are damaged") from None
    return bytes(found)


def _check_growth(found: int, stored: int, limits: Limits) -> None:
    if found > limits.member and found > _LARGEST_RATIO * stored:
        raise LimitError(
            f"more than {bytes_text(limits.member)} packed in {bytes_text(stored)}",
            hint=f"raise it with --limit member={bytes_text(4 * limits.member, exact=False)}",
        )
    limits.check_large(3 * found, "the unpacked file")


def reader(
    data: bytes | memoryview, start: int, dtype: np.dtype[np.generic], shape: tuple[int, ...]
) -> Callable[[Index], Array]:
    """What reads a part of an array of raw numbers, in the byte order of this machine.

    Raises:
        FormatError: the file ends before its numbers do.
    """
    needed = prod(shape) * dtype.itemsize
    there = max(0, len(data) - start)
    if start < 0 or there < needed:
        raise FormatError(f"the file is cut off: its numbers take {needed:,} bytes, {there:,} are there")
    raw = np.frombuffer(data, np.uint8, needed, start) if needed else np.empty(0, np.uint8)
    values = raw.view(dtype).reshape(shape)
    return lambda index: values[index].astype(dtype.newbyteorder("="), order="C")


def text_numbers(
    data: bytes | memoryview, shape: tuple[int, ...], dtype: np.dtype[np.generic], limits: Limits
) -> Array:
    """Numbers as text, with blanks or commas between them.

    Raises:
        FormatError: there are others than are needed, or what is no number.
        LimitError: there are more than the limits allow.
    """
    count = prod(shape)
    if count > limits.values:
        raise LimitError(
            f"{count:,} values as text, at most {limits.values:,}", hint=f"raise it with --limit values={count}"
        )
    words = bytes(data).replace(b",", b" ").split(maxsplit=count)
    if len(words) < count or (len(words) > count and words[count].strip(b"\0 \r\n\t")):
        raise FormatError(f"{len(words):,} numbers as text, {count:,} are needed")
    try:
        if dtype.kind in "iu":
            return np.array([int(word) for word in words[:count]], dtype).reshape(shape)
        with np.errstate(over="ignore"):  # of float32, whose largest numbers are smaller
            return np.array([float(word) for word in words[:count]], dtype).reshape(shape)
    except (ValueError, OverflowError):
        wrong = next((word for word in words if not _is_number(word, dtype)), b"")
        raise FormatError(f"{shown(wrong.decode('latin-1'), 20)} stands where a number of {dtype} is needed") from None


def _is_number(word: bytes, dtype: np.dtype[np.generic]) -> bool:
    try:
        np.array([int(word)], dtype) if dtype.kind in "iu" else float(word)
    except (ValueError, OverflowError):
        return False
    return True


def beside(source: str, name: str, limits: Limits) -> bytes:
    """The bytes of a file of numbers that a header names; only one in the header's own folder is read.

    Raises:
        FormatError: the header came from standard input, or names a file elsewhere.
        DataError: there is no such file.
        LimitError: it takes more memory than the limits allow.
    """
    if source == STANDARD_INPUT_NAME:
        raise FormatError(
            f"its numbers are in another file, {shown(name)}, which standard input has not",
            hint="name the header's file",
        )
    if not name or Path(name).name != name or name in (".", "..") or "\\" in name:
        raise FormatError(
            f"its numbers are said to be in {shown(name)}, which is not in its own folder",
            hint="put both files into one folder, and the plain name into the header",
        )
    with open_binary(str(Path(source).parent / name)) as stream:
        limits.check_memory(2 * size_of(stream), f"{name}: the file")
        return stream.read()
