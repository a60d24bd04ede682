"""Archives of .npy files: the one array that is meant, and nothing decompressed that is out of proportion."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, cast

from convcalc.arrays import Array
from convcalc.errors import FormatError, LimitError, Place, UnknownNameError
from convcalc.formats.npy import npy_shape, read_npy, write_npy
from convcalc.formats.text import listed, size_of
from convcalc.limits import Limits, bytes_text

MAGIC = b"PK"
_LARGEST_RATIO = 100
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 1
# What zipfile and zlib raise for damaged archives, found by feeding them mutated ones.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    UnicodeError,
    ValueError,
)


def read_npz(stream: BinaryIO, member: str | None, source: str, limits: Limits) -> tuple[Array, tuple[str, ...]]:
    """The array of an archive that the member names, or its only one, and notes on it.

    Raises:
        FormatError: it is no such archive, is damaged, or holds several arrays and none is named.
        LimitError: the array takes more than the limits allow, or is stored in less than a hundredth of its size.
        UnknownNameError: no array has that name.
    """
    with _member(stream, member, source, limits) as (content, info):
        return read_npy(content, info.file_size, f"{source}:{_name(info)}", limits)


def npz_shape(stream: BinaryIO, member: str, source: str, limits: Limits) -> tuple[int, ...]:
    """The shape of an array of an archive, from its header; raises as :func:`read_npz` does."""
    with _member(stream, member, source, limits) as (content, info):
        return npy_shape(content, f"{source}:{_name(info)}", limits)


@contextmanager
def _member(
    stream: BinaryIO, member: str | None, source: str, limits: Limits
) -> Iterator[tuple[BinaryIO, zipfile.ZipInfo]]:
    """The open array that is meant, checked, and what the archive says of it."""
    try:
        with zipfile.ZipFile(stream) as archive:
            info = _chosen(archive.infolist(), member, source)
            _check(info, stream, source, limits)
            with archive.open(info) as content:
                yield cast(BinaryIO, content), info
    except _DAMAGE as error:
        raise FormatError(f"the .npz archive is damaged ({error})", place=Place(source)) from None


def write_npz(stream: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """Write arrays of real numbers under their names, compressed, the same bytes for the same arrays.

    Raises:
        OutputError: one holds exact fractions or integers beyond 64 bits.
    """
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = BytesIO()
            write_npy(content, array)
            info = zipfile.ZipInfo(f"{name}.npy")  # with its fixed date, 1980, instead of the clock
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content.getbuffer())


def _chosen(members: list[zipfile.ZipInfo], member: str | None, source: str) -> zipfile.ZipInfo:
    place = Place(source)
    arrays = {_name(info): info for info in members if info.filename.endswith(".npy")}
    if len({info.filename for info in members}) < len(members):
        raise FormatError("the .npz archive holds two members of one name", place=place)
    if not arrays:
        raise FormatError(f"the .npz archive holds no arrays{listed([info.filename for info in members])}", place=place)
    if member is not None:
        name = member.removesuffix(".npy")
        if name not in arrays:
            raise UnknownNameError(f"array in {source}", name, arrays)
        return arrays[name]
    if len(arrays) > 1:
        raise FormatError(
            f"the .npz archive holds {len(arrays)} arrays{listed(list(arrays))}",
            hint=f"name one: {source}:{next(iter(arrays))}",
            place=place,
        )
    return next(iter(arrays.values()))


def _check(info: zipfile.ZipInfo, stream: BinaryIO, source: str, limits: Limits) -> None:
    """Refuse a member that cannot be read, or whose size is out of proportion, before a byte of it is read."""
    place = Place(f"{source}:{_name(info)}")
    if info.flag_bits & _ENCRYPTED:
        raise FormatError("the array is encrypted", hint="save it without a password", place=place)
    if info.compress_type not in _READABLE:
        raise FormatError("an unknown compression", hint="save it with numpy.savez_compressed", place=place)
    if info.compress_size > size_of(stream):
        raise FormatError("the .npz archive is damaged (an array is larger than the file)", place=place)
    if info.file_size > limits.member and info.file_size > _LARGEST_RATIO * info.compress_size:
        raise LimitError(
            f"{place}: {bytes_text(info.file_size)} stored in {bytes_text(info.compress_size)}",
            hint=f"raise it with --limit member={bytes_text(info.file_size, exact=False)}",
        )


def _name(info: zipfile.ZipInfo) -> str:
    return info.filename.removesuffix(".npy")
