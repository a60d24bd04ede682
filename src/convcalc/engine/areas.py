"""An output folded into few areas while it is computed, tile by tile, so that it need not be held."""

from __future__ import annotations

from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.engine.tile import Region

_SPATIAL = (1, 2)


class Areas(NamedTuple):
    """The least and the largest value of each area of an output, or else the means: (out_channels, *areas), float64."""

    extremes: tuple[Array, Array] | None = None
    means: Array | None = None


class Fold:
    """Areas of one size, filled by tiles in any order and by several threads; and the range of what they were given."""

    def __init__(
        self, shape: tuple[int, int, int], step: tuple[int, int], dtype: np.dtype[Any], *, peaks: bool
    ) -> None:
        """``shape``: (out_channels, rows, columns); ``step``: rows and columns of an area, of the last ones fewer.

        ``dtype``: of the tiles. ``peaks``: the least and the largest value of each area are wanted, otherwise the mean.
        """
        self.step = step
        self.lows, self.highs = np.full(shape[0], np.inf), np.full(shape[0], -np.inf)
        """(out_channels,): the range of each channel; float64 holds the sums of narrow types exactly."""
        self._lock, self._size = Lock(), shape[1:]
        rows = (shape[0], -(-shape[1] // step[0]), shape[2])
        self._folded: list[tuple[np.ufunc, Array]]
        if peaks:
            lowest, highest = _ends(dtype)
            self._folded = [(np.minimum, np.full(rows, highest, dtype)), (np.maximum, np.full(rows, lowest, dtype))]
        else:
            self._folded = [(np.add, np.zeros(rows, np.int32 if dtype == np.int16 else np.float64))]

    def take(self, block: Array, region: Region) -> None:
        """Fold a tile, (some out_channels, *size), into rows of areas."""
        rows, columns = region.spatial
        down = self.step[0]
        channels, cells = (slice(each.start, each.stop) for each in (region.filters, columns))
        for area in range(rows.start // down, -(-rows.stop // down)):
            part = block[:, max(area * down - rows.start, 0) : (area + 1) * down - rows.start]
            lines = [how.reduce(part, axis=1, dtype=folded.dtype) for how, folded in self._folded]
            with self._lock:
                for (how, folded), line in zip(self._folded, lines, strict=True):
                    how(folded[channels, area, cells], line, out=folded[channels, area, cells])
        if len(self._folded) == 1:
            low, high = block.min(axis=_SPATIAL), block.max(axis=_SPATIAL)
            with self._lock:
                np.minimum(self.lows[channels], low, out=self.lows[channels])
                np.maximum(self.highs[channels], high, out=self.highs[channels])

    def finished(self, scale: Array) -> Areas:
        """The areas, times the factor of each channel, which is above 0: (out_channels,)."""
        found = [_folded_columns(how, rows, self.step[1]) for how, rows in self._folded]
        if len(found) == 2:
            self.lows, self.highs = found[0].min(axis=_SPATIAL), found[1].max(axis=_SPATIAL)
            low, high = (each * scale[:, None, None] for each in found)
            return Areas((low, high))
        sides = (
            np.minimum(each, cells - np.arange(0, cells, each))
            for cells, each in zip(self._size, self.step, strict=True)
        )
        return Areas(means=found[0] * scale[:, None, None] / np.outer(*sides))


def _ends(dtype: np.dtype[Any]) -> tuple[float, float]:
    """The least and the largest number of a type."""
    if dtype.kind == "f":
        return -np.inf, np.inf
    ends = np.iinfo(dtype)
    return ends.min, ends.max


def _folded_columns(how: np.ufunc, rows: Array, across: int) -> Array:
    """(channels, rows, areas), float64: the first columns of all areas with the second ones, and so on."""
    folded = rows[..., ::across].astype(np.float64)
    for start in range(1, min(across, rows.shape[-1])):
        part = rows[..., start::across]
        how(folded[..., : part.shape[-1]], part, out=folded[..., : part.shape[-1]])
    return folded
