"""Arrays of .npy files, of uncompressed members of .npz archives, and of raw numbers, block by block."""

from __future__ import annotations

import struct
import zipfile
from math import prod
from typing import Any

import numpy as np

from convcalc.errors import FieldError, FormatError, Place
from convcalc.files.blocks.source import FlatSource
from convcalc.files.file_kind import OpenedFile
from convcalc.files.npy import Header, check_size, npy_start
from convcalc.files.npz import open_npz
from convcalc.files.text import open_binary, size_of
from convcalc.limits import Limits

_LOCAL = struct.Struct("<4s5H3L2H")
"""The header of a member of an archive: its last two numbers are the lengths of the name and the extra field."""
RAW_TYPES = "such as u1, <u2, >i2, <f4: byte order, u i or f, and bytes"


def npy_source(path: str, limits: Limits) -> FlatSource:
    """The array of a .npy file; raises as :func:`convcalc.files.npy.read_npy` does."""
    with open_binary(path) as stream:
        header, start = npy_start(stream, path, limits)
        _check(header, size_of(stream) - start, path)
    return FlatSource(path, header.dtype, header.shape, start, header.fortran_order)


def npz_source(opened: OpenedFile, limits: Limits) -> FlatSource | None:
    """An array of a .npz archive that is stored uncompressed; None of a compressed one.

    Raises:
        FormatError: it is no such archive, is damaged, or holds several arrays and none is named.
    """
    archive = open_npz(opened, limits)
    name = archive.only() if opened.member is None else opened.member.removesuffix(".npy")
    info = archive.members.get(name)
    if info is None or info.compress_type != zipfile.ZIP_STORED or opened.data is not None:
        return None
    source = f"{opened.name}:{name}"
    with open_binary(opened.name) as stream:
        stream.seek(info.header_offset)
        local = stream.read(_LOCAL.size)
        if len(local) < _LOCAL.size:
            raise FormatError("the .npz archive is damaged: a member is missing", place=Place(source))
        *_, name_length, extra = _LOCAL.unpack(local)
        stream.seek(info.header_offset + _LOCAL.size + name_length + extra)
        header, length = npy_start(stream, source, limits)
        _check(header, info.file_size - length, source)
        start = stream.tell()
    return FlatSource(opened.name, header.dtype, header.shape, start, header.fortran_order, source)


def raw_source(path: str, dtype: str, shape: tuple[int, ...], offset: int = 0) -> FlatSource:
    """Raw numbers of a file, ``offset`` bytes behind its start, in C order.

    Raises:
        FieldError: there is no such type.
        FormatError: the file does not hold so many numbers.
    """
    found = raw_dtype(dtype)
    with open_binary(path) as stream:
        there = size_of(stream) - offset
    needed = prod(shape) * found.itemsize
    if there != needed:
        sizes = " × ".join(map(str, shape))
        raise FormatError(
            f"{sizes} numbers of {found.itemsize} bytes are {needed:,} bytes, {path} holds {there:,}"
            + (f" behind the first {offset:,}" if offset else ""),
            hint="shape, dtype and offset must account for the whole file",
            place=Place(path),
        )
    return FlatSource(path, found, shape, offset)


def raw_dtype(text: str) -> np.dtype[Any]:
    """The type of raw numbers.

    Raises:
        FieldError: it is none, or one of several bytes without their order.
    """
    from convcalc.files.npy import NUMERIC

    if not NUMERIC.fullmatch(text):
        raise FieldError(f"dtype {text[:40]!r} is no type of raw numbers", hint=RAW_TYPES, field="dtype")
    return np.dtype(text)


def _check(header: Header, found: int, source: str) -> None:
    check_size(header, prod(header.shape) * header.dtype.itemsize, found, source)
