"""What all tiles of an axis read together, in closed form: without making a list of them, however many there are.

A tile is a product of its axes, so the sum over all tiles of a product is the product of each axis' sum.
"""

from __future__ import annotations

from collections.abc import Callable

from convcalc.geometry.axis import Axis


def tile_count(axis: Axis, step: int) -> int:
    """Tiles of ``step`` output cells, the last one of the rest.

    >>> tile_count(Axis(size=10, kernel_size=3), 3)
    3
    """
    return -(-axis.output_size // step)


def cells_read(axis: Axis, step: int) -> int:
    """The input cells that all tiles read, those of several tiles counted for each; without the border's copies.

    >>> cells_read(Axis(size=10, kernel_size=3), 4)  # 0 to 5 and 4 to 9
    12
    """
    if tile_count(axis, step) == 1:
        return axis.size
    return _over_stops(axis, step, clipped_sum) - _over_starts(axis, step, clipped_sum)


def border_cells(axis: Axis, step: int) -> int:
    """The cells of all tiles' spans that lie outside the input; none of an axis that is not cut.

    >>> border_cells(Axis(size=10, kernel_size=3, before=1, after=1), 5)
    2
    """
    count = tile_count(axis, step)
    if count == 1:
        return 0
    shared = axis.reach - axis.stride  # by two neighbours; less than 0 where cells between them are read by neither
    return axis.output_size * axis.stride + count * shared - cells_read(axis, step)


def largest_read(axis: Axis, step: int) -> int:
    """Cells of the longest tile's input.

    >>> largest_read(Axis(size=10, kernel_size=3), 4)
    6
    """
    if tile_count(axis, step) == 1:
        return axis.size
    return (step - 1) * axis.stride + axis.reach


def chunk_reads(axis: Axis, step: int, chunk: int) -> int:
    """How many chunks of the input the tiles read, each counted for every tile; without the border's copies.

    >>> chunk_reads(Axis(size=10, kernel_size=3), step=4, chunk=5)  # both tiles read both chunks
    4
    """
    if tile_count(axis, step) == 1:
        return -(-axis.size // chunk)

    def floors(first: int, each: int, count: int, low: int, high: int) -> int:
        return _clipped_floors(first, each, count, low, high, chunk)

    first, last = _reading(axis, step)
    starts = floors(axis.start(first * step), step * axis.stride, last - first, 0, axis.size - 1)
    stops = sum(
        floors(start - 1, each, count, 0, axis.size - 1) for start, each, count in _stops(axis, step, first, last)
    )
    return stops - starts + last - first


def clipped_sum(first: int, step: int, count: int, low: int, high: int) -> int:
    """The sum of ``first`` + k × ``step`` for k below ``count``, each raised to ``low`` or lowered to ``high``.

    >>> clipped_sum(-2, 3, 4, 0, 6)  # 0, 1, 4, 6
    11
    """
    below, inside, above = _parts(first, step, count, low, high)
    start = first + below * step
    return below * low + inside * start + step * (inside * (inside - 1) // 2) + above * high


def floor_sum(count: int, divisor: int, factor: int, offset: int) -> int:
    """The sum of ⌊(``factor`` × k + ``offset``) / ``divisor``⌋ for k below ``count``, by Euclid's algorithm.

    Graham, Knuth & Patashnik, Concrete Mathematics (1994), section 3.5.

    >>> floor_sum(4, divisor=3, factor=2, offset=1)  # 0, 1, 1, 2
    4
    """
    total = 0
    while count > 0:
        quotient, factor = divmod(factor, divisor)
        total += quotient * (count * (count - 1) // 2)
        quotient, offset = divmod(offset, divisor)
        total += quotient * count
        reached = factor * count + offset
        count, offset = divmod(reached, divisor)
        divisor, factor = factor, divisor
    return total


_Sum = Callable[[int, int, int, int, int], int]
"""Of an arithmetic sequence whose terms are clipped: its first term, step and count, the lowest and the highest."""


def _over_starts(axis: Axis, step: int, of: _Sum) -> int:
    return of(-axis.before, step * axis.stride, tile_count(axis, step), 0, axis.size)


def _over_stops(axis: Axis, step: int, of: _Sum) -> int:
    count = tile_count(axis, step)
    return sum(of(first, each, some, 0, axis.size) for first, each, some in _stops(axis, step, 0, count))


def _stops(axis: Axis, step: int, first: int, last: int) -> list[tuple[int, int, int]]:
    """Where the spans of tiles end, as arithmetic sequences: the last tile of the axis may be a shorter one."""
    count = tile_count(axis, step)
    whole = min(last, count - 1) - first
    stop = axis.start((first + 1) * step - 1) + axis.reach
    found = [(stop, step * axis.stride, whole)]
    return [*found, (axis.start(axis.output_size - 1) + axis.reach, 1, 1)] if last == count else found


def _reading(axis: Axis, step: int) -> tuple[int, int]:
    """The tiles, from one to before another, that read any cell inside the input."""
    each, count = step * axis.stride, tile_count(axis, step)
    reach = (step - 1) * axis.stride + axis.reach
    first = max(0, (axis.before - reach) // each + 1)  # the first whose span ends behind cell 0
    last = min(count, -(-(axis.size + axis.before) // each))
    if first == count - 1 and axis.start(axis.output_size - 1) + axis.reach <= 0:
        first = count
    return min(first, last), last


def _parts(first: int, step: int, count: int, low: int, high: int) -> tuple[int, int, int]:
    """How many terms are below ``low``, from there to ``high``, and above."""
    below = min(max(-((first - low) // step), 0), count)
    up_to = min(max((high - first) // step + 1, below), count)
    return below, up_to - below, count - up_to


def _clipped_floors(first: int, step: int, count: int, low: int, high: int, divisor: int) -> int:
    below, inside, above = _parts(first, step, count, low, high)
    between = floor_sum(inside, divisor, step, first + below * step)
    return below * (low // divisor) + between + above * (high // divisor)
