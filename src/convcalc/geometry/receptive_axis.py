"""What the cells of a layer's axis see: of the axis below, and through all layers of the network's input."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
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


MOST_PHASES = 256
"""Kinds of neighbours on one axis that are told apart; of more, a bound of what they see is kept."""
_ITSELF = IndexMap(1)

Place = int | Fraction
"""A cell of the input's axis; a fraction is a bound for one."""


class ReceptiveAxis(NamedTuple):
    """What the cells of an axis see of the input's axis, by paths of one jump.

    Cells are alike in turn: one sees what the cell a period before it sees, moved on.
    """

    firsts: tuple[Place | None, ...]
    """The first cell that each of a period sees; None where it sees nothing."""
    lasts: tuple[Place | None, ...]
    """The last one, likewise."""
    advance: Place
    """Input cells from what one cell sees to what the cell a period later sees; 0 where all see the same."""

    @property
    def period(self) -> int:
        """Cells after which what they see repeats itself."""
        return len(self.firsts)

    @property
    def jump(self) -> Fraction:
        """Input cells from what one cell sees to what its neighbour sees, on the whole."""
        return Fraction(self.advance) / self.period

    def first(self, cell: int) -> Place | None:
        """The first input cell that a cell sees."""
        return self._moved(self.firsts, cell)

    def last(self, cell: int) -> Place | None:
        """The last input cell that a cell sees."""
        return self._moved(self.lasts, cell)

    def through(self, index_map: IndexMap) -> ReceptiveAxis:
        """What the cells of a layer above see."""
        if index_map == _ITSELF:
            return self
        if index_map.is_transposed:
            period, advance = self.period * index_map.stride, self.advance
            if period > MOST_PHASES:
                return self.levelled()._spread(index_map)
        else:
            cells = lcm(self.period, index_map.stride)
            period, advance = cells // index_map.stride, self.advance * (cells // self.period)
        sources = [index_map.sources(cell) for cell in range(period)]
        return ReceptiveAxis(  # what lies a period further on is seen further on, too
            tuple(least(map(self.first, cells[: self.period])) for cells in sources),
            tuple(most(map(self.last, cells[-self.period :])) for cells in sources),
            advance,
        )

    def levelled(self) -> ReceptiveAxis:
        """A bound with one phase: every cell sees at least as far to both sides as it does here."""
        jump = self.jump
        firsts = (None if each is None else each - phase * jump for phase, each in enumerate(self.firsts))
        lasts = (None if each is None else each - phase * jump for phase, each in enumerate(self.lasts))
        return ReceptiveAxis((least(firsts),), (most(lasts),), jump)

    def joined(self, other: ReceptiveAxis) -> ReceptiveAxis:
        """What is seen by these paths or those, which have the same period and advance."""
        firsts = map(least, zip(self.firsts, other.firsts, strict=True))
        return ReceptiveAxis(tuple(firsts), tuple(map(most, zip(self.lasts, other.lasts, strict=True))), self.advance)

    def _spread(self, index_map: IndexMap) -> ReceptiveAxis:
        """Of a single phase, through a transposed layer: the writers of a cell lie within reach / stride before it."""
        [first], [last], jump = self.firsts, self.lasts, Fraction(self.advance) / index_map.stride
        return ReceptiveAxis(
            (None if first is None else first + jump * (index_map.before + 1 - index_map.reach),),
            (None if last is None else last + jump * index_map.before,),
            jump,
        )

    def _moved(self, places: tuple[Place | None, ...], cell: int) -> Place | None:
        turn, phase = divmod(cell, len(places))
        place = places[phase]
        return None if place is None else place + turn * self.advance


def least(places: Iterable[Place | None]) -> Place | None:
    """The first of some places; None where there are none."""
    return min((place for place in places if place is not None), default=None)


def most(places: Iterable[Place | None]) -> Place | None:
    """The last of some places; None where there are none."""
    return max((place for place in places if place is not None), default=None)
