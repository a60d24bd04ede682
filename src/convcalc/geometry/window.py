"""The block of input cells that a run of output positions reads on an axis, through the boundary too."""

from __future__ import annotations

from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary


def window(axis: Axis, boundary: Boundary, positions: range) -> range:
    """The smallest block that holds every input cell read at some output positions; empty if these read none.

    Only positions whose taps reach outside are looked at one by one.

    >>> from convcalc.geometry.boundary import BoundaryMode
    >>> axis = Axis(size=4, kernel_size=3, before=1, after=1)
    >>> window(axis, Boundary(), range(1)), window(axis, Boundary(BoundaryMode.CIRCULAR), range(1))
    (range(0, 2), range(0, 4))
    """
    first = max(positions.start, -(-axis.before // axis.stride))
    last = min(positions.stop, (axis.before + axis.size - axis.reach) // axis.stride + 1)
    inside = range(first, last)
    outside = (*range(positions.start, first), *range(last, positions.stop)) if inside else positions
    sources = (boundary.sources(axis.reads(position), axis.size) for position in outside)
    cells = [source for found in sources for source in found if source is not None]
    if inside:
        span = axis.span(inside)
        cells += span[0], span[-1]
    return range(min(cells), max(cells) + 1) if cells else range(0)
