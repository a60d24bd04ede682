"""What a page needs of an output that is never held: its statistics and reduced pictures, gathered tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, index, plain
from convcalc.streaming.tiling import Box

_MOST_CHANNELS = 4
_MOST_AREAS = 160  # along an axis of a picture


class Statistics(NamedTuple):
    """Of all numbers of an array."""

    low: Any
    """The least finite one; None if there is none."""
    high: Any
    mean: float | None
    not_finite: int
    """How many are inf or nan."""


class PagePart(NamedTuple):
    """What some areas of a page have gathered."""

    areas: tuple[slice, slice]
    """Rows and columns of the picture."""
    lines: tuple[Array, Array, Array]
    """Least, largest and sum, each (channels, rows, columns)."""
    ends: tuple[Any, Any]
    counts: tuple[float, int, int]
    """The sum of the finite numbers, how many they are, and how many numbers there are."""


class GatheredPage:
    """Statistics of an array, (batch, channels, *spatial), and a picture of the first sample's channels.

    The picture has an area for some rows and columns each, with its least number, its largest and its mean; of more
    than two spatial axes it is that of the middle slices. Parts come in any order and from several threads.
    """

    def __init__(self, shape: Sequence[int], dtype: np.dtype[Any]) -> None:
        """``shape`` and ``dtype``: of the array."""
        self.shape = tuple(shape)
        spatial = (1, *shape[2:])[-max(2, len(shape) - 2) :]
        self.leading = tuple(size // 2 for size in spatial[:-2])
        """The slices that the picture is of."""
        self.plane = spatial[-2:]
        self.step = tuple(-(-size // _MOST_AREAS) for size in self.plane)
        """Rows and columns of an area."""
        grid = (min(shape[1], _MOST_CHANNELS), *(-(-s // e) for s, e in zip(self.plane, self.step, strict=True)))
        self._sum_dtype: Any = np.float64 if dtype.kind == "f" or dtype.itemsize > 4 else np.int64
        self._low, self._high = np.full(grid, np.inf), np.full(grid, -np.inf)
        self._sums: Array = np.zeros(grid)
        self._ends: list[Any] = [None, None]
        self._total, self._finite, self._seen = 0.0, 0, 0
        self._lock = Lock()

    def take(self, part: Array, box: Box) -> None:
        """A finished part, which lies at ``box``."""
        missing = 4 - len(box)  # of the rows of one spatial axis
        flat = part.reshape(len(box[0]), len(box[1]), *(1,) * missing, *part.shape[2:])
        low, high = self._take_sums(flat, (*box[:2], *(range(1),) * missing, *box[2:]))
        with self._lock:
            self._ends = [_first(min, self._ends[0], low), _first(max, self._ends[1], high)]

    def _take_sums(self, part: Array, box: Box) -> tuple[Any, Any]:
        """Adds it up row by row of areas, while it is in the cache; returns its range."""
        rows, down = box[-2], self.step[0]
        lows, highs = [], []
        for area in range(rows.start // down, -(-rows.stop // down)):
            cells = part[..., max(area * down - rows.start, 0) : (area + 1) * down - rows.start, :]
            low, high = cells.min(axis=-2), cells.max(axis=-2)
            sums = cells.sum(axis=-2, dtype=np.float64 if part.dtype.kind == "f" else self._sum_dtype)
            if part.dtype.kind == "f" and not np.isfinite(sums).all():
                low, high, sums, finite = _of_finite(cells)
            else:
                finite = cells.size
            lows.append(low.min())
            highs.append(high.max())
            self._add(box, area, (low, high, sums), (float(sums.sum()), finite, cells.size))
        return min(lows), max(highs)

    def _add(self, box: Box, area: int, lines: tuple[Array, ...], counts: tuple[float, int, int]) -> None:
        """Lines of a row of areas, (samples, channels, *leading, columns); ``counts``: sum, finite numbers, and all."""
        batch, channels, *leading, _, columns = box
        shown = range(channels.start, min(channels.stop, len(self._low)))
        inside = batch.start == 0 and all(at in cells for at, cells in zip(self.leading, leading, strict=True))
        with self._lock:
            self._total += counts[0]
            self._finite += counts[1]
            self._seen += counts[2]
            if not (inside and shown):
                return
            at = index(
                0, slice(len(shown)), *(at - cells.start for at, cells in zip(self.leading, leading, strict=True))
            )
            first = columns.start // self.step[1]
            starts = [max(0, edge - columns.start) for edge in range(first * self.step[1], columns.stop, self.step[1])]
            place = (slice(shown.start, shown.stop), area, slice(first, first + len(starts)))
            hows = (np.minimum, np.maximum, np.add)
            for how, into, line in zip(hows, (self._low, self._high, self._sums), lines, strict=True):
                into[place] = how(into[place], how.reduceat(line[at], starts, axis=-1))

    def part(self, box: Box) -> PagePart:
        """What it has gathered, all of it from ``box``: for another page of the same array."""
        rows, columns = (range(1), *box[2:])[-2:]
        down, across = self.step
        areas = (
            slice(rows.start // down, -(-rows.stop // down)),
            slice(columns.start // across, -(-columns.stop // across)),
        )
        lines = (self._low[:, *areas], self._high[:, *areas], self._sums[:, *areas])
        return PagePart(areas, lines, (self._ends[0], self._ends[1]), (self._total, self._finite, self._seen))

    def add(self, part: PagePart) -> None:
        """What a page of the same array has gathered of other cells."""
        hows = (np.minimum, np.maximum, np.add)
        with self._lock:
            for how, into, line in zip(hows, (self._low, self._high, self._sums), part.lines, strict=True):
                into[:, *part.areas] = how(into[:, *part.areas], line)
            if part.ends[0] is not None:
                self._ends = [_first(min, self._ends[0], part.ends[0]), _first(max, self._ends[1], part.ends[1])]
            self._total += part.counts[0]
            self._finite += part.counts[1]
            self._seen += part.counts[2]

    @property
    def statistics(self) -> Statistics:
        """Of all parts so far."""
        mean = self._total / self._finite if self._finite else None
        low, high = (None if each is None or not np.isfinite(each) else plain(each) for each in self._ends)
        return Statistics(low, high, mean, self._seen - self._finite)

    @property
    def picture(self) -> Array:
        """(channels, rows, columns): of signed numbers in each area the one farthest from 0, otherwise the mean."""
        if self.is_of_peaks:
            return np.where(self._high >= -self._low, self._high, self._low)
        sizes = [np.diff([*range(0, size, step), size]) for size, step in zip(self.plane, self.step, strict=True)]
        means: Array = self._sums / np.outer(*sizes)
        return means

    @property
    def is_of_peaks(self) -> bool:
        """Whether the picture shows the number farthest from 0 of each area."""
        low = self.statistics.low
        return low is not None and low < 0 and prod(self.step) > 1


def _of_finite(cells: Array) -> tuple[Array, Array, Array, int]:
    """Least, largest and sum of the finite numbers of each column, and how many they are."""
    finite = np.isfinite(cells)
    low = np.where(finite, cells, np.inf).min(axis=-2)
    high = np.where(finite, cells, -np.inf).max(axis=-2)
    return low, high, np.where(finite, cells, 0).sum(axis=-2, dtype=np.float64), int(np.count_nonzero(finite))


def _first(how: Any, one: Any, other: Any) -> Any:
    return other if one is None else how(one, other)
