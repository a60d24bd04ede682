"""What an algorithm says of itself: what it cannot take, its work on this machine, and how it is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from convcalc.arrays import Array, largest
from convcalc.engine.bounds import INT64, PYTHON, Arithmetic
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.numerals import Number
from convcalc.problem import Problem

WORKSPACE = 64 << 20
"""Bytes of scratch that a plan may take beside the output, all threads together."""

CALL = 1.5e-6
"""Seconds of a NumPy call on small arrays."""

_PRODUCT = {4: 2.1e-11, 8: 4.0e-11}  # 95 and 50 GFLOP/s
_PASS = {4: 1.2e-10, 8: 2.4e-10}


def product_seconds(arithmetic: Arithmetic) -> float:
    """Seconds of one multiplication with its addition in a large matrix product."""
    if arithmetic is PYTHON:
        return 8e-8
    return 1.2e-9 if arithmetic is INT64 else _PRODUCT[arithmetic.itemsize]


def pass_seconds(arithmetic: Arithmetic) -> float:
    """Seconds for a number in one pass of addition, multiplication or copying within the cache."""
    return 8e-8 if arithmetic is PYTHON else _PASS[arithmetic.itemsize]


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


class OfExactness(str):
    """An obstacle that the same problem in floats does not have."""

    __slots__ = ()


def not_dense(problem: Problem) -> str | None:
    """Why a method that reads all cells from a window's first to its last, at stride 1, cannot take it, or None."""
    if any(axis.stride != 1 for axis in problem.axes):
        return "the stride is not 1"
    if any(axis.dilation > axis.size for axis in problem.axes):
        return "the taps lie farther apart than the input has cells"
    return None


def not_tame(problem: Problem, what: str) -> str | None:
    """Why a method that adds and subtracts more than the definition does cannot take the problem, or None."""
    if problem.is_exact:
        return OfExactness(f"{what} round, and this problem is exact")
    if problem.boundary.value and abs(problem.boundary.value) > largest(problem.input):
        return f"{what} would carry the rounding of the boundary's constant, which is larger than every cell, to others"
    return not_finite(problem)


def no_product(arithmetic: Arithmetic) -> str | None:
    """Why a matrix product cannot make the sums, or None."""
    if arithmetic is not PYTHON:
        return None
    return OfExactness("the sums need Python's numbers, which have no matrix product")


def not_finite(problem: Problem) -> str | None:
    """Why a method that multiplies zeros of its own cannot take the problem, or None."""
    if problem.is_exact:
        return None
    if not _is_small(largest(problem.weight)) or not _is_small(problem.boundary.value):
        return "the kernel or the boundary holds inf, nan or numbers too large to be added up"
    return None


def _is_small(number: Number) -> bool:
    return -1e15 < number < 1e15
