"""Ways to turn over the spatial axes of an array: of the input, of the kernel and of the output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.causes.change import Aspect, Change


@dataclass(frozen=True, slots=True)
class Orientation:
    """Spatial axes reversed, and their order turned round before that."""

    flips: tuple[int, ...] = ()
    """The reversed axes, counted from the first spatial one."""
    is_transposed: bool = False

    def of(self, values: Array, rank: int) -> Array:
        """The array (…, *spatial) of so many spatial axes, turned over."""
        first = values.ndim - rank
        if self.is_transposed:
            values = values.transpose(*range(first), *reversed(range(first, values.ndim)))
        return np.flip(values, tuple(first + axis for axis in self.flips)) if self.flips else values

    def undone(self, values: Array, rank: int) -> Array:
        """The array that :meth:`of` makes this one of."""
        first = values.ndim - rank
        values = np.flip(values, tuple(first + axis for axis in self.flips)) if self.flips else values
        return Orientation(is_transposed=self.is_transposed).of(values, rank)

    def of_sizes(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """The sizes of the turned array."""
        return tuple(reversed(sizes)) if self.is_transposed else sizes


class Turned(NamedTuple):
    """An orientation with what it means."""

    orientation: Orientation
    change: Change | None = None


AS_IS = Turned(Orientation())


def kernels_of(rank: int, *, flip: bool) -> list[Turned]:
    """Orientations of the kernel, relative to how the problem applies it; ``flip``: whether that turns it already.

    Rotations by 90° are a transposition with one axis reversed.
    """
    every = tuple(range(rank))
    unturned = "the kernel is not turned" if flip else "the kernel is turned by 180°"
    flags = () if flip else ("--convolve",)
    found = [AS_IS, _kernel(Orientation(every), unturned, *flags)]
    if rank < 2:
        return found
    found.append(_kernel(Orientation(is_transposed=True), "the kernel is transposed"))
    found.append(_kernel(Orientation((rank - 2,)), "the kernel's rows are upside down"))
    found.append(_kernel(Orientation((rank - 1,)), "the kernel's columns are mirrored"))
    found.append(_kernel(Orientation(every, is_transposed=True), f"{unturned} and transposed", cost=2))
    if rank == 2:
        found.append(_kernel(Orientation((0,), is_transposed=True), "the kernel is turned by 90°", cost=2))
        found.append(_kernel(Orientation((1,), is_transposed=True), "the kernel is turned by -90°", cost=2))
    return found


def _kernel(orientation: Orientation, words: str, *flags: str, cost: int = 1) -> Turned:
    return Turned(orientation, Change(Aspect.KERNEL, words, flags, cost))


def arrays_of(rank: int, aspect: Aspect) -> list[Turned]:
    """Orientations of the input or of the output."""
    name = "the input" if aspect is Aspect.INPUT else "the output"
    if rank < 2:
        return [AS_IS, Turned(Orientation((0,)), Change(aspect, f"{name} is backwards"))]
    made = (
        (Orientation(is_transposed=True), "transposed (rows and columns exchanged)"),
        (Orientation((rank - 2,)), "upside down"),
        (Orientation((rank - 1,)), "mirrored left to right"),
    )
    return [AS_IS, *(Turned(each, Change(aspect, f"{name} is {words}")) for each, words in made)]
