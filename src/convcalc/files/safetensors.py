"""The tensors of safetensors files: a file is mapped once its header is checked, and only what is read is loaded.

The format is 8 bytes with the length of the header, least significant first, a JSON object with every tensor's dtype,
shape and range of bytes, and the bytes (github.com/huggingface/safetensors, section "Format"). Every value of the
header is checked.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from convcalc.arrays import Array, Stored
from convcalc.errors import FormatError, LimitError, Place, UnknownNameError
from convcalc.files.file_kind import OpenedFile
from convcalc.files.text import listed, shown, size_of
from convcalc.limits import Limits, bytes_text

_LENGTH = 8  # bytes
_LONGEST_HEADER = 100_000_000  # bytes; the limit of the format's own reader
_MEMORY_PER_BYTE = 30  # of the header: a list within a list is written in three bytes and takes some seventy
_METADATA = "__metadata__"
_LARGEST = 1 << 64  # what the format calls a size is below it
_KEYS = {"dtype", "shape", "data_offsets"}
_BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E4M3FNUZ", "F8_E5M2", "F8_E5M2FNUZ", "F8_E8M0"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
    **{"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6},
}
"""Every dtype of the format with the bits of one value."""


class TensorEntry(NamedTuple):
    """The header's entry of one tensor, checked."""

    dtype: str
    """As spelled in the format, such as ``BF16``."""
    shape: tuple[int, ...]
    start: int
    """The first byte, from the end of the header."""
    stop: int
    """The byte after the last."""


def read_header(stream: BinaryIO, source: str, limits: Limits) -> dict[str, TensorEntry]:
    """Every tensor by its name, in the order of the header; the stream is left at its end, where the data begins.

    Raises:
        FormatError: it is no such file, is damaged, or says what is not so.
        LimitError: the header takes more memory than may be used, or a tensor has more axes than allowed.
    """
    size = size_of(stream)
    entries = _entries(_object(stream, size, source, limits), source, limits)
    _check_places(entries, size - stream.tell(), source)
    return entries


def _object(stream: BinaryIO, size: int, source: str, limits: Limits) -> dict[str, Any]:
    """The JSON object, unchecked except that names are unique; the stream is left at its end."""
    place = Place(source)
    length = _length(stream, size, place)
    limits.check_memory(_MEMORY_PER_BYTE * length, f"{source}: the header")
    text = stream.read(length)
    if not text.startswith(b"{"):
        raise FormatError("not a .safetensors file: its header does not begin with {", place=place)
    return _parsed(text, place)


def _length(stream: BinaryIO, size: int, place: Place) -> int:
    """The bytes of the header, checked to be complete."""
    start = stream.read(_LENGTH)
    if len(start) < _LENGTH:
        raise FormatError(f"not a .safetensors file: {size} B have no room for a header", place=place)
    length = int.from_bytes(start, "little")
    if length > _LONGEST_HEADER:
        raise FormatError(
            f"not a .safetensors file: a header of {bytes_text(length)}, at most {bytes_text(_LONGEST_HEADER)}",
            place=place,
        )
    if length > size - _LENGTH:
        raise FormatError(
            f"the .safetensors file is truncated: a header of {bytes_text(length)}, "
            f"{bytes_text(size - _LENGTH)} are there",
            place=place,
        )
    return length


def _parsed(text: bytes, place: Place) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads(text.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number)
    except FormatError as error:
        error.place = place
        raise
    except UnicodeDecodeError as error:
        raise FormatError(f"the .safetensors header is not UTF-8: offset {error.start}", place=place) from None
    except (ValueError, RecursionError) as error:
        beyond = "a number or a nesting out of bounds"
        reason = f"character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else beyond
        raise FormatError(f"the .safetensors header is not JSON: {reason}", place=place) from None
    return header


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping of the pairs of a JSON object, no two of which have one name."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise FormatError(f"the .safetensors header has {shown(twice)} twice")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _entries(header: dict[str, Any], source: str, limits: Limits) -> dict[str, TensorEntry]:
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(each, str) for each in metadata.values()):
        raise FormatError(f"{_METADATA} of the .safetensors header must be a mapping of texts", place=Place(source))
    return {name: _entry(name, said, source, limits) for name, said in header.items()}


def _entry(name: str, said: Any, source: str, limits: Limits) -> TensorEntry:
    place = Place(f"{source}:{name}")
    if not isinstance(said, dict) or set(said) != _KEYS:
        raise FormatError("the .safetensors header must give dtype, shape and data_offsets, nothing else", place=place)
    dtype, shape, offsets = said["dtype"], said["shape"], said["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BITS:
        raise FormatError(f"an unknown dtype {shown(str(dtype))}", hint=f"one of: {', '.join(_BITS)}", place=place)
    if not _are_sizes(shape):
        raise FormatError(f"shape must be whole numbers, got {shown(str(shape))}", place=place)
    if len(shape) > limits.axes:
        raise LimitError(
            f"{place}: {len(shape)} axes, at most {limits.axes}", hint=f"raise it with --limit axes={len(shape)}"
        )
    if not _are_sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise FormatError(f"data_offsets must be two rising whole numbers, got {shown(str(offsets))}", place=place)
    _check_size(dtype, shape, offsets[1] - offsets[0], place)
    return TensorEntry(dtype, tuple(shape), *offsets)


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(each) is int and 0 <= each < _LARGEST for each in value)


def _check_size(dtype: str, shape: list[int], found: int, place: Place) -> None:
    """Refuse a tensor whose bytes are not what its shape needs; Python's integers do not wrap."""
    bits = prod(shape) * _BITS[dtype]
    if bits != 8 * found:
        sizes = " × ".join(map(str, shape)) or "one"
        raise FormatError(
            f"{sizes} values of {dtype} are {bytes_text(-(-bits // 8))}, data_offsets give {bytes_text(found)}",
            place=place,
        )


def _check_places(entries: Mapping[str, TensorEntry], size: int, source: str) -> None:
    """Refuse bytes that belong to two tensors or to none."""
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1][2:]):
        if entry.start != end:
            fault = "overlaps the tensor before it" if entry.start < end else "leaves a hole before it"
            raise FormatError(
                f"the tensor {fault}: it begins at byte {entry.start}, not {end}", place=Place(f"{source}:{name}")
            )
        end = entry.stop
    if end != size:
        fault = "is truncated" if size < end else "has bytes after its end"
        raise FormatError(
            f"the .safetensors file {fault}: its tensors are {bytes_text(end)}, it holds {bytes_text(size)}",
            place=Place(source),
        )


_READ = {
    **{"BOOL": "u1", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4", "U64": "<u8"},
    **{"I64": "<i8", "BF16": "<u2", "F16": "<f2", "F32": "<f4", "F64": "<f8"},
}
"""The dtypes that are read, each with NumPy's dtype of its bytes."""
_NOTES = {
    "BOOL": "true and false are read as 1 and 0",
    "BF16": "bfloat16 is read as float32",
    "F16": "float16 is read as float32",
}


@dataclass(frozen=True, eq=False, slots=True)
class Safetensors:
    """The tensors of a memory-mapped file, of which only the bytes in use are loaded.

    The file must not be truncated while it is read.
    """

    source: str
    """The file, as it is called in messages."""
    entries: Mapping[str, TensorEntry]
    """Every tensor by its name, in the order of the header."""
    limits: Limits
    data: memoryview = field(repr=False)
    layout: str = ""
    """The order of the axes of kernels, which it does not tell."""
    """All bytes after the header."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tensors, in the order of the header."""
        return tuple(self.entries)

    def entry(self, name: str) -> TensorEntry:
        """The header's entry of a tensor.

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
        """The header's entries of all tensors, also of types that cannot be computed with."""
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
    """The tensors of a .safetensors file; the header is checked, and no data is loaded.

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
    """The stored values as numbers of a type to compute with."""
    if dtype == "BF16":
        return from_bfloat16(stored)
    if dtype == "F16":
        return stored.astype(np.float32)
    if dtype == "BOOL":  # any byte but 0 is true, and only 0 and 1 are numbers
        return np.not_equal(stored, 0).view(np.uint8)
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    return native if native.flags.aligned else native.copy()


def from_bfloat16(bits: Array) -> Array:
    """The float32 values of bfloat16, given as uint16: these are their upper halves, so every value is exact."""
    return np.left_shift(bits.astype(np.uint32), 16).view(np.float32)
