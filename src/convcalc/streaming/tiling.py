"""How an output is cut into tiles that fit in memory: which, how many, what they read, what they read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import NamedTuple

from convcalc.geometry.axis import Axis
from convcalc.geometry.tile_counts import border_cells, cells_read, largest_read, tile_count

TILE_BYTES = 48 << 20
"""Of a tile's input and output together, where nothing else is asked for."""

Box = tuple[range, ...]
"""Output cells: (batch, out_channels, *spatial), a range for each."""


class Tiling(NamedTuple):
    """An output cut into tiles of some samples, all channels, and some cells of each spatial axis."""

    batch: int
    channels: int
    axes: tuple[Axis, ...]
    samples: int
    """Of a tile."""
    steps: tuple[int, ...]
    """Output cells of a tile on each spatial axis."""

    @property
    def counts(self) -> tuple[int, ...]:
        """Tiles along the batch and each spatial axis."""
        return (-(-self.batch // self.samples), *map(tile_count, self.axes, self.steps))

    @property
    def tiles(self) -> int:
        """All tiles."""
        return prod(self.counts)

    @property
    def is_whole(self) -> bool:
        """Whether there is only one."""
        return self.tiles == 1

    def boxes(self) -> Iterator[Box]:
        """Every tile, in order."""
        return map(self.box, range(self.tiles))

    def box(self, number: int) -> Box:
        """The output cells of a tile."""
        places = []
        for count in reversed(self.counts):
            number, place = divmod(number, count)
            places.append(place)
        first, *rest = reversed(places)
        sizes = (axis.output_size for axis in self.axes)
        spatial = (_part(place, step, size) for place, step, size in zip(rest, self.steps, sizes, strict=True))
        return (_part(first, self.samples, self.batch), range(self.channels), *spatial)

    @property
    def read(self) -> int:
        """Input cells of a channel that all tiles read, those of several counted for each; without the border."""
        return self.batch * prod(map(cells_read, self.axes, self.steps))

    @property
    def again(self) -> float:
        """The share of input cells that is read again, for the halo: what is read beyond the input, over the input."""
        whole = self.batch * prod(axis.size for axis in self.axes)
        return max(0, self.read - whole) / whole if whole else 0.0

    @property
    def border(self) -> tuple[int, ...]:
        """Cells of each axis that the boundary gives to tiles instead of the input."""
        return tuple(map(border_cells, self.axes, self.steps))

    @property
    def halo(self) -> tuple[int, ...]:
        """Input cells that a tile shares with the next one on each axis; 0 where it is not cut."""
        cut = (tile_count(axis, step) > 1 for axis, step in zip(self.axes, self.steps, strict=True))
        return tuple(max(0, axis.reach - axis.stride) * each for axis, each in zip(self.axes, cut, strict=True))

    @property
    def input_cells(self) -> int:
        """Of the largest tile's input, one channel."""
        return self.samples * prod(map(largest_read, self.axes, self.steps))

    @property
    def output_cells(self) -> int:
        """Of the largest tile, all channels."""
        return self.samples * self.channels * prod(self.steps)


def tiling_of(
    batch: int,
    channels: tuple[int, int],
    axes: Sequence[Axis],
    itemsizes: tuple[int, int],
    *,
    asked: Sequence[int] = (),
    multiples: Sequence[int] = (),
    most: int = TILE_BYTES,
) -> Tiling:
    """The tiles of at most about ``most`` bytes of input and output: whole rows while they fit, then parts of rows.

    ``channels`` and ``itemsizes``: of input and output. ``asked``: the cells of a tile on each spatial axis, if that is
    fixed; ``multiples``: those of the output's chunks, of which tiles are made.
    """
    whole = Tiling(batch, channels[1], tuple(axes), 1, tuple(axis.output_size for axis in axes))
    if asked:
        steps = tuple(min(step, axis.output_size) for step, axis in zip(asked, axes, strict=True))
        return whole._replace(steps=_aligned(steps, multiples, axes))

    def cost(tiling: Tiling) -> int:
        return channels[0] * tiling.input_cells * itemsizes[0] + tiling.output_cells * itemsizes[1]

    if (each := cost(whole)) <= most:
        return whole._replace(samples=max(1, min(batch, most // max(1, each))))
    found = whole
    for number in range(len(axes)):
        found = found._replace(steps=_fitting(found, number, multiples, lambda tiling: cost(tiling) <= most))
        if cost(found) <= most:
            break
    return found


def _fitting(tiling: Tiling, number: int, multiples: Sequence[int], fits: object) -> tuple[int, ...]:
    """The steps with that of one axis made as long as fits, at least one of its multiples."""
    assert callable(fits)
    each = multiples[number] if multiples else 1
    size = tiling.axes[number].output_size
    low, high = 1, -(-size // each)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(tiling._replace(steps=_changed(tiling.steps, number, min(middle * each, size)))):
            low = middle
        else:
            high = middle - 1
    even = -(-size // -(-size // (low * each)))  # tiles of about equal sizes
    return _changed(tiling.steps, number, min(size, -(-even // each) * each))


def _aligned(steps: tuple[int, ...], multiples: Sequence[int], axes: Sequence[Axis]) -> tuple[int, ...]:
    if not multiples:
        return steps
    rounded = (max(each, step // each * each) for step, each in zip(steps, multiples, strict=True))
    return tuple(min(step, axis.output_size) for step, axis in zip(rounded, axes, strict=True))


def _changed(steps: tuple[int, ...], number: int, step: int) -> tuple[int, ...]:
    return (*steps[:number], step, *steps[number + 1 :])


def _part(place: int, step: int, size: int) -> range:
    return range(place * step, min((place + 1) * step, size))


def boxes_of(cells: Sequence[Sequence[range]]) -> Iterator[Box]:
    """Every product of one range of each axis."""
    return product(*cells)
