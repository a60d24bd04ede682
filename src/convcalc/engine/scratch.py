"""Scratch buffers that a thread takes once and uses for every tile: fresh memory costs a page fault every 4 KiB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from convcalc.arrays import Array


class Scratch:
    """Buffers by name; asking again for a name gives the same memory, so its former contents are gone."""

    def __init__(self) -> None:
        self._buffers: dict[tuple[str, np.dtype[Any]], Array] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """A C-contiguous array of any contents; ``shape`` in elements."""
        size = prod(shape)
        buffer = self._buffers.get((name, dtype))
        if buffer is None or buffer.size < size:
            buffer = self._buffers[name, dtype] = np.empty(size, dtype)
        return buffer[:size].reshape(shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all buffers."""
        return sum(buffer.nbytes for buffer in self._buffers.values())


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
