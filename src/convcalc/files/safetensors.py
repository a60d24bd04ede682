"""The tensors of safetensors files: a file is mapped once its header is checked, and only what is read is loaded."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from convcalc.arrays import Array, Stored
from convcalc.errors import FormatError, Place, UnknownNameError
from convcalc.files.file_kind import OpenedFile
from convcalc.files.safetensors_header import TensorEntry, read_header
from convcalc.files.text import listed
from convcalc.limits import Limits

_READ = {
    **{"BOOL": "u1", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8"},
    **{"I64": "<i8", "BF16": "<u2", "F16": "<f2", "F32": "<f4", "F64": "<f8"},
}
"""The dtypes that are read, each with what NumPy calls its bytes."""
_NOTES = {
    "BOOL": "true and false are read as 1 and 0",
    "BF16": "bfloat16 is read as float32",
    "F16": "float16 is read as float32",
}


@dataclass(frozen=True, eq=False, slots=True)
class Safetensors:
    """The tensors of a file that is mapped: of its bytes only those are loaded that are looked at.

    The file must not be cut while it is read: its pages are those of the disk.
    """

    source: str
    """The file, as it is called in messages."""
    entries: Mapping[str, TensorEntry]
    """Every tensor by its name, in the order of the header."""
    limits: Limits
    data: memoryview = field(repr=False)
    """All bytes after the header."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tensors, in the order of the header."""
        return tuple(self.entries)

    def entry(self, name: str) -> TensorEntry:
        """What the header says of a tensor.

        Raises:
            UnknownNameError: there is none of that name.
        """
        if name not in self.entries:
            raise UnknownNameError(f"tensor in {self.source}", name, self.entries)
        return self.entries[name]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor; raises as :meth:`entry` does."""
        return self.entry(name).shape

    def stored(self) -> Iterator[Stored]:
        """What the header says of every tensor, of those too that are not computed with."""
        for name, entry in self.entries.items():
            yield Stored(name, entry.dtype, entry.shape, entry.stop - entry.start, entry.dtype in _READ)

    def only(self) -> str:
        """The name of the only tensor.

        Raises:
            FormatError: there are several, or none.
        """
        if len(self.entries) != 1:
            raise FormatError(
                f"the .safetensors file holds {len(self.entries) or 'no'} tensors{listed(self.names)}",
                hint=f"name one: {self.source}:{self.names[0]}" if self.entries else "",
                place=Place(self.source),
            )
        return self.names[0]

    def read(self, name: str) -> tuple[Array, tuple[str, ...]]:
        """The read-only values of a tensor in native byte order, and notes on what was converted.

        Raises:
            UnknownNameError: there is none of that name.
            FormatError: NumPy has no such numbers.
            LimitError: it takes more memory than may be used.
        """
        entry, place = self.entry(name), Place(f"{self.source}:{name}")
        if entry.dtype not in _READ:
            raise FormatError(
                f"a tensor of {entry.dtype} values, which convcalc does not compute with",
                hint="save it as F32, BF16 or F16",
                place=place,
            )
        self.limits.check_memory(
            (2 if entry.dtype in _NOTES else 1) * (entry.stop - entry.start), f"{place}: the array"
        )
        stored = np.frombuffer(self.data[entry.start : entry.stop], _READ[entry.dtype]).reshape(entry.shape)
        values = _converted(stored, entry.dtype)
        values.flags.writeable = False
        note = _NOTES.get(entry.dtype)
        return values, (note,) if note else ()


def open_safetensors(source: OpenedFile, limits: Limits) -> Safetensors:
    """The tensors of a .safetensors file, all that its header says checked and nothing of its data loaded.

    Raises:
        FormatError: it is no such file, is damaged, or says what is not so.
        LimitError: the header takes more memory than may be used, or a tensor has more axes than allowed.
    """
    with source.stream() as stream:
        entries = read_header(stream, source.name, limits)
        start = stream.tell()
        whole = memoryview(_mapped(stream, source))
    return Safetensors(source.name, entries, limits, whole[start:])


def _mapped(stream: BinaryIO, source: OpenedFile) -> mmap.mmap | bytes:
    if source.data is not None:
        return source.data
    try:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        raise FormatError("the system refuses to map the file", place=Place(source.name)) from None


def _converted(stored: Array, dtype: str) -> Array:
    """The stored values as numbers that are computed with."""
    if dtype == "BF16":
        return from_bfloat16(stored)
    if dtype == "F16":
        return stored.astype(np.float32)
    if dtype == "BOOL":  # any byte but 0 is true, and only 0 and 1 are numbers
        return np.not_equal(stored, 0).view(np.uint8)
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    return native if native.flags.aligned else native.copy()


def from_bfloat16(bits: Array) -> Array:
    """The float32 values of bfloat16, given as uint16: it is their upper half, so every value stays what it is."""
    return np.left_shift(bits.astype(np.uint32), 16).view(np.float32)
