"""Zarr arrays of versions 2 and 3 block by block, by the library zarr (the extra ``zarr``)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import DataError, FormatError, LimitError, MissingExtraError, OutputError, Place
from convcalc.files.blocks.source import Box, block_dtype
from convcalc.files.blocks.target import check_room, unfinished
from convcalc.files.text import listed, shown
from convcalc.limits import Limits
from convcalc.wording import counted

_SIDE, _LINE = 512, 1 << 18
"""Cells of a chunk of the output along each of the last two axes, and along a lone one."""
_WIDEST = 8  # bytes of a number
_LONGEST = 200  # characters of what the library says


@dataclass
class ZarrSource:
    """An array of a Zarr store."""

    store: str
    """The folder."""
    member: str
    """The array in it; "" where the folder is one array."""
    shape: tuple[int, ...]
    stored: np.dtype[Any]
    chunks: tuple[int, ...]
    """Of which a block is best made; of sharded arrays the shards."""
    notes: tuple[str, ...]
    dims: int | None = None
    is_image: bool = False
    _opened: str = ""
    _array: Any = field(default=None, init=False, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """All but the open array: another process opens its own."""
        return {**self.__dict__, "_array": None}

    @property
    def name(self) -> str:
        """The store, and the array in it."""
        return f"{self.store}:{self.member}" if self.member else self.store

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the blocks."""
        return block_dtype(self.stored)

    @property
    def identity(self) -> str:
        """Where it lies, what its description says, and when that was written."""
        return f"{os.path.realpath(self.store)} {self.member} {self._opened}"

    def read(self, box: Box) -> Array:
        """The numbers of a box; raises DataError where a chunk cannot be read."""
        with _errors(self.name):
            if self._array is None:
                self._array = _opened_array(self.store, self.member)
            found = np.asarray(self._array[tuple(slice(each.start, each.stop) for each in box)])
        if found.shape != tuple(map(len, box)):
            raise DataError(f"{self.name} became another array while it was read", hint="run again when it is written")
        return np.ascontiguousarray(found != 0 if self.stored.kind == "b" else found, self.dtype)

    def unchanged(self) -> None:
        """Raises DataError where its description is another one now, or is gone."""
        if _stamp(self.store, self.member) != self._opened:
            raise DataError(f"{self.name} was changed while it was read", hint="the output would be of both; run again")


def zarr_source(store: str, member: str, limits: Limits) -> ZarrSource:
    """The array of a store.

    Raises:
        MissingExtraError: zarr is not installed.
        FormatError: it is damaged, holds several arrays of which none is named, or no real numbers.
        LimitError: it has more axes than the limits allow.
    """
    place = Place(f"{store}:{member}" if member else store)
    with _errors(store):
        found = _opened_array(store, member)
    if len(found.shape) > limits.axes:
        hint = f"raise it with --limit axes={len(found.shape)}"
        raise LimitError(f"{place}: {len(found.shape)} axes, at most {limits.axes}", hint=hint)
    dtype = found.dtype
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biuf" or dtype.itemsize > _WIDEST:
        raise FormatError(f"the Zarr array holds {shown(str(dtype))}, no real numbers", place=place)
    if not found.shape or not prod(found.shape):
        raise FormatError("the Zarr array has no cells", place=place)
    with _errors(store):
        notes = tuple(_notes(found))
    chunks = tuple(found.shards or found.chunks)
    return ZarrSource(store, member, tuple(found.shape), dtype, chunks, notes, _opened=_stamp(store, member))


def _opened_array(store: str, member: str) -> Any:
    """The array, read-only; of a group with one array that one."""
    try:
        import zarr
    except ImportError:
        raise MissingExtraError("a Zarr array", "zarr") from None
    opened: Any = zarr.open(store, mode="r")
    if member:
        opened = opened[member] if isinstance(opened, zarr.Group) else None
    if isinstance(opened, zarr.Group):
        arrays = sorted(name for name, each in opened.members(max_depth=None) if isinstance(each, zarr.Array))
        if len(arrays) != 1:
            hint = f"name one: {store}:{arrays[0]}" if arrays else "name the folder of an array"
            raise FormatError(
                f"the Zarr group holds {counted(len(arrays), 'array')}{listed(arrays)}", hint=hint, place=Place(store)
            )
        opened = opened[arrays[0]]
    if opened is None:
        raise FormatError(f"there is no array {shown(member)} in it", place=Place(store))
    return opened


def _notes(found: Any) -> Iterator[str]:
    """Conversions, and chunks that were never written."""
    if found.dtype.kind == "b":
        yield "true and false are read as 1 and 0"
    elif found.dtype.kind == "f" and found.dtype.itemsize == 2:
        yield "float16 is read as float32"
    missing = found.nchunks - found.nchunks_initialized
    if missing > 0:
        every = counted(found.nchunks, "chunk")
        yield f"{missing:,} of {every} were never written: read as the fill value {found.fill_value}"


def _stamp(store: str, member: str) -> str:
    """The description of an array with the time when it was written."""
    for name in ("zarr.json", ".zarray"):
        path = Path(store, *filter(None, member.split("/")), name)
        with suppress(OSError):
            return f"{path.stat().st_mtime_ns} {path.read_bytes()[:100_000]!r}"
    return ""


@contextmanager
def _errors(name: str) -> Iterator[None]:
    """Errors of the library in one line of ours."""
    try:
        yield
    except (FormatError, MissingExtraError):
        raise
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or shown(str(error), _LONGEST)}") from None
    except Exception as error:  # codecs of any package may be in a store, and raise what they like
        said = str(error).splitlines()[:1]
        what = f"{type(error).__name__}: {said[0] if said else ''}"
        raise FormatError(f"the Zarr array cannot be read, {shown(what, _LONGEST)}", place=Place(name)) from None


def output_chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The chunks of an output: squares of the last two axes."""
    if len(shape) == 1:
        return (min(shape[0], _LINE),)
    return (*(1,) * (len(shape) - 2), *(min(size, _SIDE) for size in shape[-2:]))


class ZarrTarget:
    """A Zarr array of version 3; tiles are made of its chunks, so that no chunk is written by two."""

    def __init__(self, path: str, shape: tuple[int, ...], dtype: np.dtype[Any], *, force: bool) -> None:
        """Checks the name.

        Raises:
            OutputError: see :func:`check_store`.
        """
        check_store(path, force=force)
        self.path, self.shape, self.dtype = path.rstrip("/"), shape, dtype
        self.chunks: tuple[int, ...] | None = output_chunks(shape)
        self._target = Path(self.path)
        self.place = unfinished(self._target, "part")
        self._array: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """All but the open array: another process opens its own, by :meth:`reopen`."""
        return {**self.__dict__, "_array": None}

    def create(self) -> None:
        """Raises OutputError where it cannot be written, or there is no room for it."""
        self.remove()
        check_room(self.place.parent, prod(self.shape) * self.dtype.itemsize // 2, self.path)  # it is compressed
        with self._errors():
            self._array = _zarr().create_array(
                str(self.place),
                shape=self.shape,
                chunks=self.chunks,
                dtype=self.dtype,
                config={"write_empty_chunks": True},
            )

    def reopen(self) -> bool:
        """Whether an array of the same shape, type and chunks is there."""
        try:
            self._array = _zarr().open_array(str(self.place), mode="r+")
            found = (tuple(self._array.shape), self._array.dtype, tuple(self._array.chunks))
        except Exception:
            return False
        return found == (self.shape, self.dtype, self.chunks)

    def write(self, box: Box, block: Array) -> None:
        """Raises OutputError where the disk is full or fails."""
        with self._errors():
            self._array[tuple(slice(each.start, each.stop) for each in box)] = block

    def read(self, box: Box) -> Array:
        """The numbers of a box."""
        with self._errors():
            return np.asarray(self._array[tuple(slice(each.start, each.stop) for each in box)])

    def close(self) -> None:
        """Nothing: every chunk is a file that is written at once."""

    def finish(self) -> None:
        """The folder under its name, in place of the old one."""
        old = unfinished(self._target, "old")
        with self._errors():
            if self._target.exists():
                self._target.replace(old)
            self.place.replace(self._target)
        shutil.rmtree(old, ignore_errors=True)

    def remove(self) -> None:
        """Remove the incomplete folder."""
        shutil.rmtree(self.place, ignore_errors=True)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror or shown(str(error), _LONGEST)}") from None


def check_store(path: str, *, force: bool) -> None:
    """Refuse a folder that cannot be written.

    Raises:
        OutputError: it exists and ``force`` is not given, or is something else than a Zarr array, or has no folder.
        MissingExtraError: zarr is not installed.
    """
    target = Path(path)
    if not target.absolute().parent.is_dir():
        raise OutputError(f"there is no folder {target.parent}", hint="make it first")
    if target.exists() or target.is_symlink():
        if target.is_symlink() or not any((target / mark).is_file() for mark in ("zarr.json", ".zarray")):
            raise OutputError(f"{path} exists and is no Zarr array", hint="choose another name")
        if not force:
            raise OutputError(f"{path} exists already", hint="--force replaces it")
    _zarr()


def _zarr() -> Any:
    try:
        import zarr
    except ImportError:
        raise MissingExtraError("a Zarr array", "zarr") from None
    return zarr
