"""The division of a problem into tiles large enough for a thread, and of tiles into steps that fit the cache."""

from __future__ import annotations

from math import prod

from convcalc.engine.tile import read_count
from convcalc.problem import Problem

_TILE_SECONDS = 4e-3
"""Seconds of one thread; Python's overhead for a tile is a tenth of it."""
_MOST_TILES = 16
_BLOCK = 8 << 20
"""The most bytes of input that a tile copies."""


def ceil_div(count: int, each: int) -> int:
    """⌈count / each⌉, of whole numbers of any size."""
    return -(-count // each)


def tile_size(problem: Problem, seconds: float, itemsize: int, multiple: int = 1) -> tuple[int, ...]:
    """Output cells of a tile on each axis: equal shares for two threads, large ones, of whole rows.

    The leading axes are cut first. ``seconds``: of all the work in one thread. ``multiple``: of which the tile's size
    on the cut axis is a multiple.
    """
    pieces = 2 * max(1, min(_MOST_TILES, round(seconds / 2 / _TILE_SECONDS)))
    pieces = max(1, ceil_div(pieces, max(1, problem.batch)) if seconds > _TILE_SECONDS / 4 else 1)
    while True:
        size = _cut(problem.output_size, pieces, multiple)
        if block_bytes(problem, size, itemsize) <= _BLOCK or prod(size) == 1 or pieces > prod(problem.output_size):
            return size
        pieces *= 2


def channel_tile(problem: Problem, seconds: float) -> int | None:
    """Output channels of a tile where threads share the channels, because there are several and their planes are small.

    ``seconds``: of all the work in one thread. None where it is better to share the planes.
    """
    if problem.groups < 4 or problem.batch > 1 or prod(problem.output_size) >= 1 << 16:
        return None
    pieces = 2 * max(1, min(8, round(seconds / 2e-3)))
    return problem.out_channels // problem.groups * ceil_div(problem.groups, pieces)


def is_large(problem: Problem) -> bool:
    """Whether the border is so small a part of the output that computing it separately pays."""
    reach = sum(axis.reach / axis.output_size for axis in problem.axes)
    return problem.batch * problem.groups <= 4 and reach < 0.1 and prod(problem.output_size) > 1 << 16


def block_bytes(problem: Problem, size: tuple[int, ...], itemsize: int) -> int:
    """Bytes of the cells that a tile of this size reads from every input channel."""
    read = prod(read_count(axis, each) for axis, each in zip(problem.axes, size, strict=True))
    return problem.in_channels * read * itemsize


def steps(count: int, each: int) -> list[slice]:
    """``range(count)`` cut into slices of at most ``each``, of about equal lengths."""
    pieces = ceil_div(count, max(1, each))
    length = ceil_div(count, pieces)
    return [slice(first, min(first + length, count)) for first in range(0, count, length)]


def _cut(size: tuple[int, ...], pieces: int, multiple: int) -> tuple[int, ...]:
    """The size of about ``pieces`` pieces that cover ``size``; an axis is cut to single cells before the next is."""
    result = list(size)
    for number, cells in enumerate(size):
        most = max(1, cells // multiple)
        each = ceil_div(cells, min(pieces, most))
        result[number] = min(cells, multiple * ceil_div(each, multiple))
        pieces = pieces // ceil_div(cells, result[number])
        if pieces <= 1:
            break
    return tuple(result)
