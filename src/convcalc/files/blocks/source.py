"""The interface of an array that is read block by block, and the one whose numbers lie in a file as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import DataError
from convcalc.files.text import reason_of

Box = tuple[range, ...]
"""Cells of an array: a range of step 1 for each axis."""


class BlockSource(Protocol):
    """An array that is read block by block."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells on each axis, as in the file."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the blocks: whole numbers, float32 or float64 in native order."""

    @property
    def identity(self) -> str:
        """What tells it from another array and from itself before a change: place, size, time of the last change."""

    @property
    def dims(self) -> int | None:
        """Spatial axes, where the kind of file determines them."""

    @property
    def is_image(self) -> bool:
        """Whether its numbers are the brightness or the colours of pixels."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Conversions made while reading, and what else a reader should know."""

    def read(self, box: Box) -> Array:
        """The numbers of a box, C-contiguous.

        Raises:
            DataError: the file cannot be read any more, or ends before its numbers do.
        """

    def unchanged(self) -> None:
        """Check that it is still what it was when it was opened.

        Raises:
            DataError: it has been changed, or is gone.
        """


def block_dtype(stored: np.dtype[Any]) -> np.dtype[Any]:
    """The type of blocks of numbers that are stored so."""
    if stored.kind == "b":
        return np.dtype(np.uint8)
    return np.dtype(np.float32) if stored.newbyteorder("=") == np.float16 else stored.newbyteorder("=")


def stand_in(source: BlockSource) -> Array:
    """An array of zeros of the shape and type of a source that takes no memory, in place of its numbers."""
    return np.broadcast_to(np.zeros((), source.dtype), source.shape)


@dataclass
class HeldSource:
    """An array in memory as a source."""

    array: Array
    name: str
    dims: int | None = None
    notes: tuple[str, ...] = ()
    is_image: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells on each axis."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its numbers."""
        return self.array.dtype

    @property
    def identity(self) -> str:
        """A digest of its numbers."""
        from hashlib import sha256

        return sha256(np.ascontiguousarray(self.array).view(np.uint8).data).hexdigest()

    def read(self, box: Box) -> Array:
        """The numbers of a box."""
        return np.ascontiguousarray(self.array[tuple(slice(each.start, each.stop) for each in box)])

    def unchanged(self) -> None:
        """Nothing: nobody else has it."""


@dataclass
class FlatSource:
    """Numbers that lie in a file one behind the other, uncompressed.

    They are read into memory of our own instead of mapped: of a mapped file that is cut off or on a disk that fails,
    reading would end the process.
    """

    path: str
    stored: np.dtype[Any]
    """Of the numbers in the file."""
    shape: tuple[int, ...]
    offset: int = 0
    """Bytes in front of the first number."""
    fortran_order: bool = False
    name: str = ""
    dims: int | None = None
    is_image: bool = False
    own_notes: tuple[str, ...] = ()
    _descriptor: int = field(default=-1, init=False, repr=False, compare=False)
    _opened: tuple[int, int] = field(default=(0, 0), init=False, repr=False)

    def __post_init__(self) -> None:
        self.name = self.name or self.path
        self._opened = self._stamp()

    def __getstate__(self) -> dict[str, Any]:
        """All but the open file: another process opens its own."""
        return {**self.__dict__, "_descriptor": -1}

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the blocks: true and false become whole numbers, float16 becomes float32."""
        return block_dtype(self.stored)

    @property
    def nbytes(self) -> int:
        """Of all numbers in the file."""
        return prod(self.shape) * self.stored.itemsize

    @property
    def notes(self) -> tuple[str, ...]:
        """Conversions made while reading."""
        kind = "b" if self.stored.kind == "b" else self.stored.char
        said = {"b": "true and false are read as 1 and 0", "e": "float16 is read as float32"}
        return (*self.own_notes, *filter(None, [said.get(kind) if self.stored != self.dtype else None]))

    @property
    def identity(self) -> str:
        """Where it lies, and the state of the file when it was opened."""
        return f"{os.path.realpath(self.path)} {self._opened} {self.offset} {self.stored.str} {self.shape}"

    def unchanged(self) -> None:
        """Raises DataError where the file has been changed or is gone."""
        if self._stamp() != self._opened:
            raise DataError(f"{self.name} was changed while it was read", hint="the output would be of both; run again")

    def read(self, box: Box) -> Array:
        """The numbers of a box; raises DataError as the interface says."""
        sizes, wanted = (self.shape[::-1], box[::-1]) if self.fortran_order else (self.shape, box)
        output: Array = np.empty(tuple(map(len, wanted)), self.stored)
        lines = output.reshape(-1).view(np.uint8)
        for start, part in byte_runs(sizes, wanted, self.stored.itemsize):
            self._fill(lines[part], self.offset + start)
        if self.stored.kind == "b":
            output = (output.view(np.uint8) != 0).view(np.uint8)
        output = output.astype(self.dtype, copy=False)
        return np.ascontiguousarray(output.T) if self.fortran_order else output

    def _fill(self, memory: Array, start: int) -> None:
        """Bytes of the file from a place on."""
        done = 0
        try:
            if self._descriptor < 0:
                self._descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            while done < memory.size:
                count = _read_at(self._descriptor, memory[done:], start + done)
                if not count:
                    raise DataError(
                        f"{self.name} was cut off while it was read", hint="the file is shorter than it was"
                    )
                done += count
        except OSError as error:
            raise DataError(reason_of(error, self.name)) from None

    def _stamp(self) -> tuple[int, int]:
        """Size and time of the last change of the file that has the name now."""
        try:
            found = Path(self.path).stat()
        except OSError as error:
            raise DataError(reason_of(error, self.name)) from None
        return found.st_size, found.st_mtime_ns


def _read_at(descriptor: int, memory: Array, start: int) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [memory.data], start)
    os.lseek(descriptor, start, os.SEEK_SET)  # Windows; there the caller reads in one thread
    data = os.read(descriptor, min(memory.size, 1 << 30))
    memory[: len(data)] = np.frombuffer(data, np.uint8)
    return len(data)


def byte_runs(shape: Sequence[int], box: Box, itemsize: int) -> Iterator[tuple[int, slice]]:
    """The runs of bytes of a box in an array in C order: where each begins, and its place among all of them."""
    whole = len(shape)
    while whole and len(box[whole - 1]) == shape[whole - 1]:
        whole -= 1
    inner = max(0, whole - 1)  # the first axis of which a run holds several cells
    each = prod(map(len, box[inner:])) * itemsize
    steps = [prod(shape[axis + 1 :]) * itemsize for axis in range(len(shape))]
    first = sum(cells.start * step for cells, step in zip(box[inner:], steps[inner:], strict=True))
    for number, place in enumerate(product(*box[:inner])):
        outer = sum(cell * step for cell, step in zip(place, steps, strict=False))
        yield first + outer, slice(number * each, (number + 1) * each)
