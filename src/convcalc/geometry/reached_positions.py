"""The output positions on an axis that read an input cell, also through the boundary."""

from __future__ import annotations

from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary, BoundaryMode


def images(axis: Axis, boundary: Boundary, cell: int) -> tuple[int, ...]:
    """The cells of the padded axis that have the value of an input cell: itself, and its copies in the padding.

    >>> images(Axis(size=4, kernel_size=3, before=2, after=2), Boundary(BoundaryMode.REFLECT), 1)
    (-1, 1, 5)
    """
    if boundary.mode is BoundaryMode.CONSTANT:
        return (cell,)
    cells = range(-axis.before, axis.size + axis.after)
    sources = boundary.sources(cells, axis.size)
    return tuple(index for index, source in zip(cells, sources, strict=True) if source == cell)


def reached(axis: Axis, boundary: Boundary, cell: int) -> dict[int, tuple[int, ...]]:
    """The output positions that read an input cell, in order, each with the taps that read it there.

    >>> reached(Axis(size=5, kernel_size=3, before=1, after=1), Boundary(BoundaryMode.REFLECT), 1)
    {0: (0, 2), 1: (1,), 2: (0,)}
    """
    found: dict[int, list[int]] = {}
    for image in images(axis, boundary, cell):
        for tap in range(axis.kernel_size):
            position, between = divmod(image + axis.before - tap * axis.dilation, axis.stride)
            if not between and 0 <= position < axis.output_size:
                found.setdefault(position, []).append(tap)
    return {position: tuple(sorted(found[position])) for position in sorted(found)}
