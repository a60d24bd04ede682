"""Arrays that are written block by block under another name, and get their own once they are complete."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import OutputError
from convcalc.files.blocks.source import Box, byte_runs
from convcalc.files.npy import npy_head
from convcalc.files.whole_file import check_target, permissions_of, real_target
from convcalc.limits import bytes_text


class BlockTarget(Protocol):
    """An array that is written block by block."""

    path: str
    """The name that it gets."""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...] | None
    """Of the parts that are written whole; None where any box may be."""
    place: Path
    """The file or folder that is written until it is complete."""

    def create(self) -> None:
        """Begin anew, whatever was there.

        Raises:
            OutputError: it cannot be written, or the disk has no room for it.
        """

    def reopen(self) -> bool:
        """Go on where an earlier run ended; false where nothing of it is left."""

    def write(self, box: Box, block: Array) -> None:
        """Write the numbers of a box.

        Raises:
            OutputError: the disk is full, or fails.
        """

    def read(self, box: Box) -> Array:
        """Numbers that were written before."""

    def close(self) -> None:
        """Leave it as it is: another process finishes it."""

    def finish(self) -> None:
        """Give it its name, complete and on the disk."""

    def remove(self) -> None:
        """Remove what was written."""


def unfinished(target: Path, kind: str) -> Path:
    """The name of a file that goes with an output as long as it is incomplete, beside it."""
    return target.parent / f".{target.name[:100]}.{kind}"


def check_room(folder: Path, needed: int, path: str) -> None:
    """Refuse an output that the disk has no room for.

    Raises:
        OutputError: it has not.
    """
    with suppress(OSError):
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise OutputError(
                f"cannot write {path}: it takes {bytes_text(needed)}, the disk has {bytes_text(free)} free",
                hint="a narrower --output-dtype takes less",
            )


class NpyTarget:
    """A .npy file."""

    def __init__(self, path: str, shape: tuple[int, ...], dtype: np.dtype[Any], *, force: bool) -> None:
        """Checks the name.

        Raises:
            OutputError: the file exists already and ``force`` is not given, is no file, or has no folder.
        """
        check_target(path, force=force)
        self.path, self.shape, self.dtype = path, shape, dtype
        self.chunks: tuple[int, ...] | None = None
        self._target = real_target(path, force=force)
        self.place = unfinished(self._target, "part")
        self._head = npy_head(dtype, shape)
        self._descriptor = -1

    def __getstate__(self) -> dict[str, Any]:
        """All but the open file: another process opens its own, by :meth:`reopen`."""
        return {**self.__dict__, "_descriptor": -1}

    @property
    def nbytes(self) -> int:
        """Of the whole file."""
        return len(self._head) + prod(self.shape) * self.dtype.itemsize

    def create(self) -> None:
        """Raises OutputError as the interface says."""
        with suppress(OSError):
            self.place.unlink()
        check_room(self.place.parent, self.nbytes, self.path)
        try:
            self._descriptor = os.open(self.place, _flags() | os.O_CREAT | os.O_EXCL, 0o600)
            os.truncate(self._descriptor, self.nbytes)
            _write_at(self._descriptor, memoryview(self._head), 0)
        except OSError as error:
            raise self._failed(error) from None

    def reopen(self) -> bool:
        """Whether a file of the same size and header is there."""
        try:
            self._descriptor = os.open(self.place, _flags())
            found = _read_at(self._descriptor, len(self._head), 0)
            return found == self._head and os.fstat(self._descriptor).st_size == self.nbytes
        except OSError:
            return False

    def write(self, box: Box, block: Array) -> None:
        """Raises OutputError as the interface says."""
        data = memoryview(np.ascontiguousarray(block, self.dtype).reshape(-1).view(np.uint8))  # type: ignore[arg-type]
        try:
            for start, part in byte_runs(self.shape, box, self.dtype.itemsize):
                _write_at(self._descriptor, data[part], len(self._head) + start)
        except OSError as error:
            raise self._failed(error) from None

    def read(self, box: Box) -> Array:
        """The numbers of a box."""
        runs = byte_runs(self.shape, box, self.dtype.itemsize)
        try:
            data = [_read_at(self._descriptor, part.stop - part.start, len(self._head) + at) for at, part in runs]
        except OSError as error:
            raise self._failed(error) from None
        return np.frombuffer(b"".join(data), self.dtype).reshape(tuple(map(len, box)))

    def finish(self) -> None:
        """The file on the disk, under its name, with the permissions of the old one."""
        try:
            permissions = permissions_of(self._target)
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
            self.place.chmod(permissions)
            self.place.replace(self._target)
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Close the file, which stays as it is."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Remove the incomplete file."""
        self.close()
        with suppress(OSError):
            self.place.unlink()

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(f"cannot write {self.path}: {error.strerror or error}")


def _flags() -> int:
    return os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def _write_at(descriptor: int, data: memoryview, start: int) -> None:
    done = 0
    while done < len(data):
        if hasattr(os, "pwrite"):
            done += os.pwrite(descriptor, data[done:], start + done)
        else:
            os.lseek(descriptor, start + done, os.SEEK_SET)
            done += os.write(descriptor, data[done:])


def _read_at(descriptor: int, count: int, start: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(descriptor, count, start)
    os.lseek(descriptor, start, os.SEEK_SET)
    return os.read(descriptor, count)
