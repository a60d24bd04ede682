"""What an engine is: a way to compute a tile, and what it says of itself to the planner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from convcalc.arrays import Array
from convcalc.engine.arithmetic import Arithmetic
from convcalc.engine.scratch import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.problem import Problem

Done = Callable[[Array, slice], None]
"""Gets a part of a tile's output, (batch, some out_channels, *some cells), whose sums are complete, and its channels.

What is still to be done to them, such as scale and bias, is done while they are in the cache.
"""

Run = Callable[[Tile, Array, Scratch, Done], Sequence[Region]]
"""Writes the sums of a tile into (batch, out_channels, *size), in the arithmetic's numbers, and hands over each once.

Gives the parts of the tile that gemm is to compute again, mostly none: a method that adds more than the definition does
met inf or nan there, overflowed on the way, or met neighbours so much larger than a cell's own window that they would
take its digits.
"""


class Work(NamedTuple):
    """What an engine would do for a problem, and in which pieces it does it best."""

    seconds: float
    """Estimated for one thread."""
    multiplications: int
    """What is multiplied in floating point or whole numbers, transforms included."""
    tile_filters: int
    """Output channels of a tile: all, or whole groups."""
    tile_size: tuple[int, ...]
    """Output cells of a tile on each spatial axis."""
    tile_bytes: int
    """Scratch that a thread needs for a tile."""
    shared_bytes: int = 0
    """What is prepared once for all tiles, such as transformed kernels."""
    border_apart: bool = False
    """Whether cells whose windows reach into the padding are tiles of their own, see :func:`regions`."""

    @property
    def bytes(self) -> int:
        """Scratch of one thread and what all share."""
        return self.tile_bytes + self.shared_bytes


class Engine(NamedTuple):
    """A row of the table of engines."""

    name: str
    title: str
    arithmetics: tuple[Arithmetic, ...]
    """Exact number types that it can sum in, the fastest first."""
    obstacle: Callable[[Problem, Arithmetic], str | None]
    """Why it cannot take the problem, or None."""
    work: Callable[[Problem, Arithmetic], Work]
    """What it would cost; asked only where there is no obstacle."""
    prepare: Callable[[Problem, Arithmetic], Run]
    """Transforms the kernel and gives back what computes tiles; called once for a problem."""
    loss: Callable[[Problem, Arithmetic], float]
    """How far a float may be off at worst where every window holds as much as its neighbours, as a share of what the
    cell could come to (:mod:`convcalc.engine.bounds`); asked only where there is no obstacle."""
    spread: int = 1
    """How many times as much the neighbours of a window may hold before its cell is computed anew; 1 if they are not
    met, or only with zeros. The error grows with it."""
    mixes: bool = False
    """Whether a cell also meets products whose sum is 0, so that inf or nan would spoil its neighbours."""
    multiplies: bool = False
    """Whether BLAS makes its sums, whose last bits depend on how many threads share a product."""
