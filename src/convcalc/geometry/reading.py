"""How far the cells of one layer's axis see into the axis below, and from how far they are seen."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple


class Reading(NamedTuple):
    """One spatial axis of a layer, reduced to what receptive fields need: which cells an output cell lies upon.

    A transposed layer is the same relation read the other way round, so each answer of one is an answer of the other.

    >>> convolution = Reading(reach=3, stride=2, before=1)
    >>> convolution.window(range(0, 2)), convolution.reached(range(0, 2), 5)
    (range(-1, 4), range(0, 2))
    """

    reach: int
    """Cells from the first tap to the last, both counted."""
    stride: int = 1
    """Cells of the finer axis for each step on the coarser one."""
    before: int = 0
    """Padding in front of the first cell of the finer axis; of a transposed layer, what is cut off there."""
    is_transposed: bool = False
    """Whether the output is the finer axis."""

    @property
    def jump(self) -> Fraction:
        """Input cells from one output cell to the next."""
        return Fraction(1, self.stride) if self.is_transposed else Fraction(self.stride)

    def widest(self, cells: int) -> int:
        """The most input cells that so many neighbouring output cells see together, gaps included.

        >>> Reading(reach=3, stride=2).widest(3), Reading(reach=4, stride=2, is_transposed=True).widest(3)
        (7, 3)
        """
        if self.is_transposed:
            return (cells + self.reach - 2) // self.stride + 1
        return (cells - 1) * self.stride + self.reach

    def window(self, cells: range) -> range:
        """The input cells that a run of output cells sees, those of the padding too, gaps included; may be empty."""
        return self._coarse(cells) if self.is_transposed else self._fine(cells)

    def reached(self, cells: range, size: int) -> range:
        """The output cells, of so many, that see any of a run of input cells, gaps included; may be empty."""
        seen = self._fine(cells) if self.is_transposed else self._coarse(cells)
        return range(max(seen.start, 0), min(seen.stop, size))

    def _fine(self, coarse: range) -> range:
        if not coarse:
            return range(0)
        return range(coarse[0] * self.stride - self.before, coarse[-1] * self.stride - self.before + self.reach)

    def _coarse(self, fine: range) -> range:
        if not fine:
            return range(0)
        first = -((self.reach - 1 - self.before - fine[0]) // self.stride)
        return range(first, (fine[-1] + self.before) // self.stride + 1)
