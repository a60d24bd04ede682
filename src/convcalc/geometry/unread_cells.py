"""Which input cells an axis never reads: the price of a stride that does not fit or leaps over cells."""

from __future__ import annotations

from math import prod

from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary


def read_cells(axis: Axis, boundary: Boundary) -> int:
    """How many input cells of the axis take part in at least one output cell, through the boundary too.

    It costs a pass over the padded axis for each tap, or where that is less a look at every cell that is read.

    >>> read_cells(Axis(size=5, kernel_size=3, stride=3), Boundary())
    3
    """
    if axis.stride == 1 and axis.dilation == 1 and axis.reach <= axis.size:
        return axis.size
    if axis.output_size * axis.kernel_size < axis.padded_size:
        reads = (axis.reads(position) for position in range(axis.output_size))
        return len({source for cells in reads for source in boundary.sources(cells, axis.size)} - {None})
    read = bytearray(axis.padded_size)
    for tap in range(axis.kernel_size):
        first = tap * axis.dilation
        last = first + (axis.output_size - 1) * axis.stride + 1
        marks = read[first : last : axis.stride]
        read[first : last : axis.stride] = b"\1" * len(marks)
    inside = read[axis.before : axis.before + axis.size]
    margins = (*range(axis.before), *range(axis.before + axis.size, axis.padded_size))
    for index in margins:
        source = boundary.source(index - axis.before, axis.size) if read[index] else None
        if source is not None:
            inside[source] = 1
    return inside.count(1)


def unread_cells(axes: tuple[Axis, ...], boundary: Boundary) -> int:
    """How many spatial input cells no output cell ever reads.

    A cell is read where its coordinate is read on every axis, so the read cells form a product.
    """
    return prod(axis.size for axis in axes) - prod(read_cells(axis, boundary) for axis in axes)


def uncovered(size: int, first: int, kernel_size: int, dilation: int, stride: int, windows: int) -> int:
    """How many of ``range(size)`` no tap lands on: those not ``first`` + tap × ``dilation`` + window × ``stride``.

    It costs a step for each tap, whatever the size: taps whose places differ by whole strides share one sequence.

    >>> uncovered(size=5, first=0, kernel_size=1, dilation=1, stride=2, windows=3)
    2
    """
    if dilation == 1 and kernel_size >= stride:
        return size - max(0, min(size, first + (windows - 1) * stride + kernel_size) - max(0, first))
    covered = 0
    ends: dict[int, int] = {}
    for tap in range(kernel_size):
        start, remainder = divmod(first + tap * dilation, stride)
        end = min(start + windows, -((remainder - size) // stride))
        known = ends.get(remainder, 0)
        covered += max(0, end - max(start, known))
        ends[remainder] = max(end, known)
    return size - covered
