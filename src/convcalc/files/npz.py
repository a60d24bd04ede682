"""Archives of .npy files: the selected array; members of suspicious compression ratios are refused."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import prod
from typing import BinaryIO, cast
from weakref import finalize

from convcalc.arrays import Array, Stored
from convcalc.errors import FormatError, LimitError, Place, UnknownNameError
from convcalc.files.file_kind import OpenedFile
from convcalc.files.npy import npy_header, read_npy, write_npy
from convcalc.files.text import listed, size_of
from convcalc.limits import Limits, bytes_text

MAGIC = b"PK"
_LARGEST_RATIO = 100
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 1
# The errors of zipfile and zlib for damaged archives, found by reading mutated ones.
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

_RESULTS = {
    frozenset(("output", "input", "weight", "scale", "bias")): "output",
    frozenset(("matrix", "input", "offset")): "matrix",
    frozenset(("matrix", "kernel", "offset")): "matrix",
}
"""The arrays that ``run`` and ``matrix`` save together, and which of them is the result."""


def read_npz(stream: BinaryIO, member: str | None, source: str, limits: Limits) -> tuple[Array, tuple[str, ...]]:
    """The array of an archive that the member names, or its only one, and notes on it.

    Raises:
        FormatError: it is no such archive, is damaged, or holds several arrays and none is named.
        LimitError: the array takes more than the limits allow, or is stored in less than a hundredth of its size.
        UnknownNameError: no array has that name.
    """
    archive = _archive(stream, source, limits)
    return archive.read(archive.only() if member is None else member.removesuffix(".npy"))


def open_npz(source: OpenedFile, limits: Limits) -> NpzArchive:
    """The arrays of an archive, whose file stays open as long as they are kept.

    Raises:
        FormatError: it is no such archive, or holds no arrays.
    """
    with ExitStack() as opened:
        archive = _archive(opened.enter_context(source.stream()), source.name, limits)
        finalize(archive, opened.pop_all().close)
    return archive


@dataclass(frozen=True, eq=False)
class NpzArchive:
    """The arrays of an archive whose directory has been read; each is read on demand."""

    source: str
    """The file's name for messages."""
    limits: Limits
    size: int
    """Of the file, in bytes."""
    archive: zipfile.ZipFile
    members: Mapping[str, zipfile.ZipInfo]
    """Every array by its name, in the order of the archive."""
    layout: str = ""
    """The order of the axes of kernels, which it does not tell."""

    def only(self) -> str:
        """The name of the only array, or of the result among those that convcalc saves together.

        Raises:
            FormatError: there are several.
        """
        if result := _RESULTS.get(frozenset(self.members)):
            return result
        if len(self.members) > 1:
            raise FormatError(
                f"the .npz archive holds {len(self.members)} arrays{listed(list(self.members))}",
                hint=f"name one: {self.source}:{next(iter(self.members))}",
                place=Place(self.source),
            )
        return next(iter(self.members))

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array, from its header; raises as :meth:`read` does."""
        with self._opened(name) as (content, _):
            return npy_header(content, f"{self.source}:{name}", self.limits).shape

    def stored(self) -> Iterator[Stored]:
        """The type and shape of every array, from its header; raises as :meth:`read` does."""
        for name in self.members:
            with self._opened(name) as (content, _):
                dtype, _, shape = npy_header(content, f"{self.source}:{name}", self.limits)
                yield Stored(name, dtype.name, shape, prod(shape) * dtype.itemsize, True)

    def read(self, name: str) -> tuple[Array, tuple[str, ...]]:
        """An array, and notes on it.

        Raises:
            UnknownNameError: no array has that name.
            FormatError: it is damaged, or holds no real numbers.
            LimitError: it takes more than the limits allow, or is stored in less than a hundredth of its size.
        """
        with self._opened(name) as (content, size):
            return read_npy(content, size, f"{self.source}:{name}", self.limits)

    @contextmanager
    def _opened(self, name: str) -> Iterator[tuple[BinaryIO, int]]:
        """The content of an array, checked, and how many bytes that is."""
        if name not in self.members:
            raise UnknownNameError(f"array in {self.source}", name, self.members)
        info = self.members[name]
        with _format_errors(self.source):
            _check(info, self.size, Place(f"{self.source}:{name}"), self.limits)
            with self.archive.open(info) as content:
                yield cast(BinaryIO, content), info.file_size


def _archive(stream: BinaryIO, source: str, limits: Limits) -> NpzArchive:
    with _format_errors(source):
        archive = zipfile.ZipFile(stream)
        return NpzArchive(source, limits, size_of(stream), archive, _members(archive.infolist(), Place(source)))


@contextmanager
def _format_errors(source: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise FormatError(f"the .npz archive is damaged: {_fault(error)}", place=Place(source)) from None


def _fault(error: Exception) -> str:
    """The error for a damaged archive; the messages of zipfile and zlib are for their own callers."""
    if isinstance(error, zipfile.BadZipFile) and "CRC" in str(error):
        return "a wrong check sum"
    if isinstance(error, zlib.error):
        return "bytes that cannot be unpacked"
    if isinstance(error, EOFError):
        return "an array ends too early"
    return "its list of arrays, at the end of the file, is missing or wrong"


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


def _members(found: list[zipfile.ZipInfo], place: Place) -> dict[str, zipfile.ZipInfo]:
    """The arrays of an archive by their names, at least one."""
    arrays = {info.filename.removesuffix(".npy"): info for info in found if info.filename.endswith(".npy")}
    if len({info.filename for info in found}) < len(found):
        raise FormatError("the .npz archive holds two members of one name", place=place)
    if not arrays:
        raise FormatError(f"the .npz archive holds no arrays{listed([info.filename for info in found])}", place=place)
    return arrays


def _check(info: zipfile.ZipInfo, size: int, place: Place, limits: Limits) -> None:
    """Refuse a member that cannot be read, or whose size is out of proportion, before a byte of it is read."""
    if info.flag_bits & _ENCRYPTED:
        raise FormatError("the array is encrypted", hint="save it without a password", place=place)
    if info.compress_type not in _READABLE:
        raise FormatError("an unknown compression", hint="save it with numpy.savez_compressed", place=place)
    if info.compress_size > size:
        raise FormatError("the .npz archive is damaged (an array is larger than the file)", place=place)
    if info.file_size > limits.member and info.file_size > _LARGEST_RATIO * info.compress_size:
        raise LimitError(
            f"{place}: {bytes_text(info.file_size)} stored in {bytes_text(info.compress_size)}",
            hint=f"raise it with --limit member={bytes_text(info.file_size, exact=False)}",
        )
