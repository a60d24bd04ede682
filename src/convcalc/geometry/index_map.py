"""How the cells of one layer's axis see into the axis below: which cells lie under the taps."""

from __future__ import annotations

from math import lcm
from typing import NamedTuple


class IndexMap(NamedTuple):
    """One spatial axis of a layer, reduced to what receptive fields need: which cells an output cell lies upon.

    A transposed layer is the same relation read the other way round.

    >>> IndexMap(reach=3, stride=2, before=1).window(range(0, 2))
    range(-1, 4)
    """

    reach: int
    """Cells from the first tap to the last, both counted."""
    stride: int = 1
    """Cells of the finer axis for each step on the coarser one."""
    before: int = 0
    """Padding in front of the first cell of the finer axis; of a transposed layer, what is cut off there."""
    dilation: int = 1
    """Cells of the finer axis from one tap to the next."""
    is_transposed: bool = False
    """Whether the output is the finer axis."""

    def sources(self, cell: int) -> range:
        """The input cells that an output cell sees, those of the padding too, the first one first; may be empty.

        Of a transposed layer it costs a look at as many taps as the stride is long.

        >>> IndexMap(reach=3, dilation=2).sources(4), IndexMap(reach=3, stride=2, is_transposed=True).sources(4)
        (range(4, 7, 2), range(1, 3))
        """
        if not self.is_transposed:
            first = cell * self.stride - self.before
            return range(first, first + self.reach, self.dilation)
        place, step = cell + self.before, lcm(self.stride, self.dilation)
        for offset in range(0, min(self.reach, step), self.dilation):
            if (place - offset) % self.stride == 0:
                farthest = range(offset, self.reach, step)[-1]
                between = step // self.stride
                return range((place - farthest) // self.stride, (place - offset) // self.stride + 1, between)
        return range(0)

    def window(self, cells: range) -> range:
        """The input cells that a run of output cells sees, those of the padding too, gaps included; may be empty."""
        if not cells:
            return range(0)
        if not self.is_transposed:
            return range(cells[0] * self.stride - self.before, cells[-1] * self.stride - self.before + self.reach)
        first = -((self.reach - 1 - self.before - cells[0]) // self.stride)
        return range(first, (cells[-1] + self.before) // self.stride + 1)
