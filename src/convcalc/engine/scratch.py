"""Scratch buffers that a thread takes once and uses for every tile: fresh memory costs a page fault every 4 KiB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from convcalc.arrays import Array

_PAGE, _APART = 4096, 1536
"""Bytes: loads wait for a store that only seems to be to the same place, because the addresses agree modulo 4 KiB.

A copy between such arrays takes ten times as long. So buffers begin at different places of a page, and none of them
where a large array of the system's begins.
"""


class Scratch:
    """Buffers by name; asking again for a name gives the same memory, so its former contents are gone."""

    def __init__(self) -> None:
        self._buffers: dict[tuple[str, np.dtype[Any]], Array] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """A C-contiguous array of any contents; ``shape`` in elements."""
        size, key = prod(shape), (name, dtype)
        buffer = self._buffers.setdefault(key, np.empty(0, dtype))
        if buffer.size < size:
            del buffer
            self._buffers[key] = np.empty(0, dtype)  # what was there is given back before more is taken
            buffer = self._buffers[key] = _empty(size, dtype, _APART * ([*self._buffers].index(key) + 1))
        return buffer[:size].reshape(shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all buffers."""
        return sum(buffer.nbytes for buffer in self._buffers.values())


def _empty(size: int, dtype: np.dtype[Any], place: int) -> Array:
    """An array that begins at a place of a page, in bytes."""
    if dtype.hasobject:
        return np.empty(size, dtype)
    memory = np.empty(size * dtype.itemsize + _PAGE, np.uint8)
    first = (place - memory.ctypes.data) % _PAGE
    return memory[first : first + size * dtype.itemsize].view(dtype)


_KEPT: list[Scratch] = []
_MOST_KEPT, _LARGEST_KEPT = 4, 16 << 20


@contextmanager
def borrowed() -> Iterator[Scratch]:
    """A scratch for one thread; at most four of at most 16 MiB are kept for the next convolution."""
    try:
        scratch = _KEPT.pop()
    except IndexError:
        scratch = Scratch()
    yield scratch
    if len(_KEPT) < _MOST_KEPT and scratch.nbytes <= _LARGEST_KEPT:
        _KEPT.append(scratch)
