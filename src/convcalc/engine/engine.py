"""The interface of an algorithm: its obstacles, its work on this machine, and its functions."""

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
"""The most bytes of scratch of a plan besides the output, all threads together."""

CALL = 1.5e-6
"""Seconds of a NumPy call on small arrays."""

_PRODUCT = {4: 2.1e-11, 8: 4.0e-11}  # 95 and 50 GFLOP/s
_PASS = {2: 6e-11, 4: 1.2e-10, 8: 2.4e-10}


def product_seconds(arithmetic: Arithmetic) -> float:
    """Seconds of one multiplication with its addition in a large matrix product."""
    if arithmetic is PYTHON:
        return 8e-8
    return 1.2e-9 if arithmetic is INT64 else _PRODUCT[arithmetic.itemsize]


def pass_seconds(arithmetic: Arithmetic) -> float:
    """Seconds per number in one pass of addition, multiplication or copying within the cache."""
    return 8e-8 if arithmetic is PYTHON else _PASS[arithmetic.itemsize]


Done = Callable[[Array, slice], None]
"""Called with a part of a tile's output, (batch, some out_channels, *some cells), of complete sums, and its channels.

It applies scale and bias while they are in the cache.
"""

Run = Callable[[Tile, Array, Scratch, Done], Sequence[Region]]
"""Writes the sums of a tile into (batch, out_channels, *size), in the arithmetic's numbers, and passes each on once.

Returns the parts of the tile that gemm must recompute, mostly none: an algorithm that sums more than the definition
found inf or nan there, overflowed, or found neighbours so much larger than a cell's own window that their rounding
would take its digits.
"""


class Work(NamedTuple):
    """An engine's work for a problem, and its best tile sizes."""

    seconds: float
    """Estimated for one thread."""
    multiplications: int
    """The number of multiplications, floating or whole, transforms included."""
    tile_filters: int
    """Output channels of a tile: all, or whole groups."""
    tile_size: tuple[int, ...]
    """Output cells of a tile on each spatial axis."""
    tile_bytes: int
    """Scratch that a thread needs for a tile."""
    shared_bytes: int = 0
    """Bytes prepared once for all tiles, such as transformed kernels."""
    border_apart: bool = False
    """Whether cells whose windows reach into the padding are separate tiles, see :func:`regions`."""

    @property
    def bytes(self) -> int:
        """Scratch of one thread, and the shared bytes."""
        return self.tile_bytes + self.shared_bytes


def _none(problem: Problem, arithmetic: Arithmetic) -> float:  # noqa: ARG001 - the signature of every engine
    return 0.0


class Engine(NamedTuple):
    """A row of the table of engines."""

    name: str
    title: str
    arithmetics: tuple[Arithmetic, ...]
    """Exact number types that it can sum in, the fastest first."""
    obstacle: Callable[[Problem, Arithmetic], str | None]
    """Why it cannot compute the problem, or None."""
    work: Callable[[Problem, Arithmetic], Work]
    """Its work; called only where there is no obstacle."""
    prepare: Callable[[Problem, Arithmetic], Run]
    """Transforms the kernel and returns the function that computes tiles; called once for a problem."""
    loss: Callable[[Problem, Arithmetic], float]
    """Its error bound for floats where every window is as large as its neighbours, relative to the largest possible
    magnitude of the cell (:mod:`convcalc.engine.bounds`); called only where there is no obstacle."""
    spread: int = 1
    """The largest ratio of a window's neighbours to it before its cell is recomputed; 1 if neighbours do not take part,
    or only times 0. The error bound is proportional to it."""
    mixes: bool = False
    """Whether a cell's sum includes other products that cancel to 0, so that inf or nan would spread to neighbours."""
    delay: Callable[[Problem, Arithmetic], float] = _none
    """Seconds before it can begin: those of loading and compiling its code, 0 once that is done."""
    multiplies: bool = False
    """Whether BLAS computes its sums, whose last bits depend on the number of threads of a product."""


class OfExactness(str):
    """An obstacle that the same problem in floats does not have."""

    __slots__ = ()


def not_dense(problem: Problem) -> str | None:
    """Why an algorithm that reads all cells from a window's first to its last, at stride 1, cannot be used, or None."""
    if any(axis.stride != 1 for axis in problem.axes):
        return "the stride is not 1"
    if any(axis.dilation > axis.size for axis in problem.axes):
        return "the taps lie farther apart than the input has cells"
    return None


def not_tame(problem: Problem, what: str) -> str | None:
    """Why an algorithm that adds and subtracts more than the definition does cannot compute the problem, or None."""
    if problem.is_exact:
        return OfExactness(f"{what} round, and this problem is exact")
    if problem.boundary.value and abs(problem.boundary.value) > largest(problem.input):
        return f"{what} would carry the rounding of the boundary's constant, which is larger than every cell, to others"
    return not_finite(problem)


def no_product(arithmetic: Arithmetic) -> str | None:
    """Why a matrix product cannot compute the sums, or None."""
    if arithmetic is not PYTHON:
        return None
    return OfExactness("the sums need Python's numbers, which have no matrix product")


def not_finite(problem: Problem) -> str | None:
    """Why an algorithm that multiplies with additional zeros cannot compute the problem, or None."""
    if problem.is_exact:
        return None
    if not _is_small(largest(problem.weight)) or not _is_small(problem.boundary.value):
        return "the kernel or the boundary holds inf, nan or numbers too large to be added up"
    return None


def _is_small(number: Number) -> bool:
    return -1e15 < number < 1e15
