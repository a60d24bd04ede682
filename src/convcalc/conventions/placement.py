"""Where a function lays its kernel: the padding of each axis, and inputs that are extended beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array
from convcalc.conventions.convention import Convention
from convcalc.conventions.words import Border, Centre, Size
from convcalc.geometry.arguments import Pair
from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary, BoundaryMode


def centre_tap(centre: Centre, taps: int) -> int:
    """The tap that lies on the cell.

    >>> [centre_tap(each, 4) for each in Centre]
    [1, 2, 0, 3]
    """
    places = {Centre.LOWER: (taps - 1) // 2, Centre.UPPER: taps // 2, Centre.FIRST: 0, Centre.LAST: taps - 1}
    return places[centre]


def pads_of(convention: Convention, size: Size, axes: Sequence[Axis]) -> tuple[Pair, ...]:
    """The padding (before, after) of each axis that gives the function's size."""
    return tuple(_pad(convention.centre, size, axis) for axis in axes)


def _pad(centre: Centre, size: Size, axis: Axis) -> Pair:
    if size is Size.VALID:
        return (0, 0)
    if size is Size.FULL:
        return (axis.reach - 1, axis.reach - 1)
    before = centre_tap(centre, axis.kernel_size) * axis.dilation
    return (before, axis.reach - 1 - before)


def boundary_of_border(border: Border) -> Boundary:
    """The boundary that padding is filled by; of a margin, which is written afterwards, any."""
    if border in (Border.ZEROS, Border.BLANK, Border.MISSING):
        return Boundary()
    return Boundary(BoundaryMode.REPLICATE if border is Border.KEPT else BoundaryMode(border.value))


def extended(cells: Array, pads: Sequence[Pair]) -> Array:
    """The input, (batch, channels, *spatial), reflected before its first cells and repeated from its last behind."""
    for axis, (before, after) in enumerate(pads, start=2):
        size = cells.shape[axis]
        places = [
            *Boundary(BoundaryMode.REFLECT).sources(range(-before, 0), size),
            *range(size),
            *Boundary(BoundaryMode.SYMMETRIC).sources(range(size, size + after), size),
        ]
        cells = np.take(cells, places, axis=axis)
    return cells
