"""A reduced picture of an input that is read block by block: one cell of each area, so that it costs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.streaming.tiling import Box

_MOST_CHANNELS = 4
_MOST_AREAS = 160  # along an axis


class PicturePart(NamedTuple):
    """Cells of a picture that were read."""

    areas: tuple[slice, slice]
    """Rows and columns."""
    cells: Array
    """(channels, rows, columns)"""
    seen: Array


class SampledPicture:
    """The middle cell of each area of the first sample's channels; of more than two axes those of the middle slices."""

    def __init__(self, shape: Sequence[int], dtype: np.dtype[np.generic]) -> None:
        """``shape``: (batch, channels, *spatial) of the input, of one spatial axis at least."""
        spatial = (1, *shape[2:])[-max(2, len(shape) - 2) :]
        self._leading = tuple(size // 2 for size in spatial[:-2])
        self._missing = len(spatial) - (len(shape) - 2)
        self.step = tuple(-(-size // _MOST_AREAS) for size in spatial[-2:])
        """Rows and columns of an area."""
        self._places = [np.arange(step // 2, size, step) for size, step in zip(spatial[-2:], self.step, strict=True)]
        self._channels = min(shape[1], _MOST_CHANNELS)
        self.cells: Array = np.zeros((self._channels, *map(len, self._places)), dtype)
        """(channels, rows, columns)"""
        self._seen = np.zeros(self.cells.shape, bool)

    def take(self, block: Array, box: Box) -> None:
        """A block of the input, which lies at ``box``."""
        batch, channels, *spatial = box
        *leading, rows, columns = (*(range(1),) * self._missing, *spatial)
        inside = 0 in batch and all(at in cells for at, cells in zip(self._leading, leading, strict=True))
        if not inside or channels.start >= self._channels:
            return
        last = min(channels.stop, self._channels)
        at = [self._within(axis, cells) for axis, cells in enumerate((rows, columns))]
        picked = [
            self._places[axis][part] - cells.start
            for axis, (part, cells) in enumerate(zip(at, (rows, columns), strict=True))
        ]
        plane = block[-batch.start, : last - channels.start]
        if self._missing:
            plane = plane[:, np.newaxis]
        for place, cells in zip(self._leading, leading, strict=True):
            plane = plane[:, place - cells.start]
        into = (slice(channels.start, last), *at)
        self.cells[into] = plane[:, picked[0]][:, :, picked[1]]
        self._seen[into] = True

    def part(self) -> PicturePart:
        """The cells that were read, for another picture of the same array."""
        areas = (_hull(self._seen.any(axis=(0, 2))), _hull(self._seen.any(axis=(0, 1))))
        return PicturePart(areas, self.cells[:, *areas], self._seen[:, *areas])

    def add(self, part: PicturePart) -> None:
        """The cells that a picture of the same array has read."""
        np.copyto(self.cells[:, *part.areas], part.cells, where=part.seen)
        self._seen[:, *part.areas] |= part.seen

    def unseen(self) -> Iterator[Box]:
        """The boxes that are still needed: rows of which a cell was never read, because an earlier run has done it."""
        for row in np.flatnonzero(~self._seen.all(axis=(0, 2))).tolist():
            place = int(self._places[0][row])
            spatial = (*self._leading, place)[self._missing :]
            columns = range(int(self._places[1][-1]) + 1)
            yield (range(1), range(self._channels), *(range(at, at + 1) for at in spatial), columns)

    def _within(self, axis: int, cells: range) -> slice:
        first, last = np.searchsorted(self._places[axis], (cells.start, cells.stop)).tolist()
        return slice(first, last)


def _hull(seen: Any) -> slice:
    """From the first that is true to the last."""
    found = np.flatnonzero(seen)
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0)
