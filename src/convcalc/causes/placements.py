"""Where windows may stand: the padding words of others, shifts by a cell, strides and dilations that are lost.

The size of a matrix prunes them: a placement has as many windows on each axis as the matrix has cells.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from convcalc.causes.change import Aspect, Change
from convcalc.geometry.axis import reach_of
from convcalc.geometry.convolution import Geometry
from convcalc.wording import axis_names

_MOST_MEASURED = 1500
"""Placements that no word has, of which each is tried."""
_USUAL = (2, 3, 4)
"""Strides that are tried where the problem has none."""
_FEW = 12
"""Cells of a matrix that something explains by chance, were strides tried too."""
_UNNAMED = 2
"""Changes that a padding counts as which no word has."""


class AxisPlace(NamedTuple):
    """The windows of one axis."""

    before: int
    """Cells of the padding in front of the first input cell; negative where the first windows are left out."""
    stride: int
    dilation: int
    taps: int
    size: int
    """Input cells."""
    windows: int
    """Output cells."""

    @property
    def after(self) -> int:
        """Cells of the padding behind the last input cell; negative where cells are left over."""
        return (self.windows - 1) * self.stride + reach_of(self.taps, self.dilation) - self.size - self.before

    @property
    def inside(self) -> range:
        """The windows that read nothing but input cells."""
        first = max(0, -(-self.before // self.stride))
        last = (self.before + self.size - reach_of(self.taps, self.dilation)) // self.stride
        return range(first, max(first, min(self.windows, last + 1)))


@dataclass(frozen=True, slots=True)
class Placement:
    """The windows of all axes, and the changes that put them there."""

    axes: tuple[AxisPlace, ...]
    changes: tuple[Change, ...] = ()

    @property
    def cost(self) -> int:
        """Changes that it counts as."""
        return sum(change.cost for change in self.changes)

    @property
    def order(self) -> tuple[int, bool]:
        """Fewer changes first, and a word before a shift."""
        return self.cost, any("begins" in change.words for change in self.changes)

    @property
    def counts(self) -> tuple[int, ...]:
        """Windows on each axis."""
        return tuple(axis.windows for axis in self.axes)


class _Window(NamedTuple):
    """What an axis says apart from its padding."""

    size: int
    taps: int
    stride: int
    dilation: int
    pads: tuple[int, int]

    @property
    def reach(self) -> int:
        return reach_of(self.taps, self.dilation)

    def windows(self, before: int, after: int, *, ceil: bool = False) -> tuple[int, int]:
        """The padding before, and how many windows there are; ``ceil``: with one that is not filled."""
        room = before + self.size + after - self.reach
        return before, (-(-room // self.stride) if ceil else room // self.stride) + 1

    def same(self, reach: int, *, lower: bool = False) -> tuple[int, int]:
        """As many windows as strides fit, the padding shared out; ``lower``: the odd cell before."""
        count = -(-self.size // self.stride)
        total = max((count - 1) * self.stride + reach - self.size, 0)
        return total - total // 2 if lower else total // 2, count

    def subsampled(self, before: int) -> tuple[int, int]:
        """Every stride-th of the windows of stride 1."""
        return before, -(-self.size // self.stride)


def placements_of(
    geometry: Geometry, sizes: Sequence[int], taps: Sequence[int], counts: Sequence[int]
) -> list[Placement]:
    """The placements with so many windows on each axis, those of fewest changes first, each once.

    ``sizes``, ``taps``: input cells and taps on each axis, which another orientation may exchange. Where no word gives
    so many windows, each place of the first one is tried.
    """
    found: dict[tuple[AxisPlace, ...], Placement] = {}
    for placement in (*_named(geometry, sizes, taps, counts), *_measured(geometry, sizes, taps, counts)):
        known = found.get(placement.axes)
        if known is None or placement.order < known.order:
            found[placement.axes] = placement
    return sorted(found.values(), key=lambda placement: placement.cost)


def _named(geometry: Geometry, sizes: Sequence[int], taps: Sequence[int], counts: Sequence[int]) -> Iterator[Placement]:
    found = itertools.chain(_windows(geometry, sizes, taps), _strided(geometry, sizes, taps, counts))
    for lost, windows in found:
        for name, places in _words(windows).items():
            if tuple(count for _, count in places) != tuple(counts):
                continue
            axes = tuple(
                AxisPlace(before, each.stride, each.dilation, each.taps, each.size, count)
                for (before, count), each in zip(places, windows, strict=True)
            )
            named = _padding_change(name, axes)
            yield Placement(axes, (*lost, *named))
            yield from _shifted(axes, lost, named)


def _windows(
    geometry: Geometry, sizes: Sequence[int], taps: Sequence[int]
) -> Iterator[tuple[tuple[Change, ...], list[_Window]]]:
    """The strides and dilations of the problem, and those without one of them."""
    axes = geometry.axes

    def those(*, stride: bool = True, dilation: bool = True) -> list[_Window]:
        return [
            _Window(
                size, tap, axis.stride if stride else 1, axis.dilation if dilation else 1, (axis.before, axis.after)
            )
            for size, tap, axis in zip(sizes, taps, axes, strict=True)
        ]

    yield (), those()
    if any(axis.stride > 1 for axis in axes):
        yield (Change(Aspect.PLACE, "the stride is 1", ("--stride 1",)),), those(stride=False)
        exchanged = [each._replace(stride=axis.stride) for each, axis in zip(those(), reversed(axes), strict=True)]
        if exchanged != those():
            strides = ",".join(str(each.stride) for each in exchanged)
            yield (Change(Aspect.PLACE, "the strides are exchanged", (f"--stride {strides}",)),), exchanged
    if any(axis.dilation > 1 for axis in axes):
        yield (Change(Aspect.PLACE, "the dilation is lost", ("--dilation 1",)),), those(dilation=False)


def _strided(
    geometry: Geometry, sizes: Sequence[int], taps: Sequence[int], counts: Sequence[int]
) -> Iterator[tuple[tuple[Change, ...], list[_Window]]]:
    """Usual strides, where the problem has none and the matrix has cells enough to tell."""
    if any(axis.stride > 1 for axis in geometry.axes) or math.prod(counts) < _FEW:
        return
    _, windows = next(_windows(geometry, sizes, taps))
    for stride in _USUAL:
        told = Change(Aspect.PLACE, f"the stride is {stride}", (f"--stride {stride}",))
        yield (told,), [each._replace(stride=stride) for each in windows]


def _words(windows: list[_Window]) -> dict[str, list[tuple[int, int]]]:
    """For each way to pad, on each axis the padding before and how many windows there are; the problem's own first."""
    return {
        "": [each.windows(*each.pads) for each in windows],
        "valid": [each.windows(0, 0) for each in windows],
        "same": [each.same(each.reach) for each in windows],
        "same-lower": [each.same(each.reach, lower=True) for each in windows],
        "full": [each.windows(each.reach - 1, each.reach - 1) for each in windows],
        "half the kernel on both sides": [each.windows(each.reach // 2, each.reach // 2) for each in windows],
        "same by the size of the kernel without its dilation": [each.same(each.taps) for each in windows],
        "same with stride 1, of which every stride-th cell is kept": [
            each.subsampled((each.reach - 1) // 2) for each in windows
        ],
        "same-lower with stride 1, of which every stride-th cell is kept": [
            each.subsampled(each.reach // 2) for each in windows
        ],
        "that of the problem, with a last window that is not filled (ceil mode)": [
            each.windows(*each.pads, ceil=True) for each in windows
        ],
    }


def _padding_change(name: str, axes: tuple[AxisPlace, ...]) -> tuple[Change, ...]:
    if not name:
        return ()
    flags = (f"--padding {name}",) if " " not in name else _padding_flags(axes)
    return (Change(Aspect.PLACE, f"the padding is {name}", flags),)


def _padding_flags(axes: tuple[AxisPlace, ...]) -> tuple[str, ...]:
    """The padding as numbers; nothing where windows are left out, which no padding does."""
    pairs = [(axis.before, axis.after) for axis in axes]
    if any(number < 0 for pair in pairs for number in pair):
        return ()
    numbers = {number for pair in pairs for number in pair}
    if len(numbers) == 1:
        return (f"--padding {numbers.pop()}",)
    return ("--padding '[" + ",".join(f"[{before},{after}]" for before, after in pairs) + "]'",)


def _shifted(axes: tuple[AxisPlace, ...], lost: tuple[Change, ...], named: tuple[Change, ...]) -> Iterator[Placement]:
    """The windows a cell earlier or later on some axes."""
    for steps in product((0, -1, 1), repeat=len(axes)):
        if not any(steps):
            continue
        moved = tuple(axis._replace(before=axis.before - step) for axis, step in zip(axes, steps, strict=True))
        yield Placement(moved, (*lost, *_moved_change(named, moved, steps)))


def _moved_change(
    named: tuple[Change, ...], moved: tuple[AxisPlace, ...], steps: tuple[int, ...]
) -> tuple[Change, ...]:
    flags = _padding_flags(moved)
    names = axis_names(len(steps))
    ways = {
        word: [name for name, step in zip(names, steps, strict=True) if step == sign]
        for sign, word in ((1, "later"), (-1, "earlier"))
    }
    told = " and ".join(f"one {' and one '.join(found)} {word}" for word, found in ways.items() if found)
    cost = sum(bool(found) for found in ways.values())
    kept = tuple(Change(each.aspect, each.words, (), each.cost) for each in named)  # the numbers say it all
    if not flags:
        return (*kept, Change(Aspect.PLACE, f"every window begins {told}", (), cost))
    return (*_spoken(kept, flags), Change(Aspect.PLACE, f"every window begins {told}", flags, cost))


def _spoken(kept: tuple[Change, ...], flags: tuple[str, ...]) -> tuple[Change, ...]:
    """Changes whose flag is that of the shift behind them."""
    return tuple(Change(each.aspect, each.words, flags, each.cost) for each in kept)


def _measured(
    geometry: Geometry, sizes: Sequence[int], taps: Sequence[int], counts: Sequence[int]
) -> Iterator[Placement]:
    """Every place of the first window from which the others read at least one input cell each."""
    _, windows = next(_windows(geometry, sizes, taps))
    ranges = []
    for each, count in zip(windows, counts, strict=True):
        least = (count - 1) * each.stride + 1 - each.size  # the last window still touches the input
        ranges.append(range(max(least, 1 - each.stride), each.reach))
    total = 1
    for places in ranges:
        total *= len(places)
    if not 0 < total <= _MOST_MEASURED:
        return
    for befores in product(*ranges):
        axes = tuple(
            AxisPlace(before, each.stride, each.dilation, each.taps, each.size, count)
            for before, each, count in zip(befores, windows, counts, strict=True)
        )
        pads = ", ".join(f"{axis.before} before and {axis.after} after" for axis in axes)
        yield Placement(axes, (Change(Aspect.PLACE, f"the padding is {pads}", _padding_flags(axes), _UNNAMED),))
