"""Receptive fields on one axis: of a layer on the layer below, and through all layers on the network's input."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import NamedTuple


class IndexMap(NamedTuple):
    """One spatial axis of a layer, reduced to what receptive fields need: which input cells an output cell reads.

    A transposed layer has the same relation with input and output exchanged.

    >>> IndexMap(reach=3, stride=2, before=1).window(range(0, 2))
    range(-1, 4)
    """

    reach: int
    """Cells from the first tap to the last, inclusive."""
    stride: int = 1
    """Cells of the finer axis for each step on the coarser one."""
    before: int = 0
    """Padding in front of the first cell of the finer axis; of a transposed layer, the cells cut off there."""
    dilation: int = 1
    """Cells of the finer axis from one tap to the next."""
    is_transposed: bool = False
    """Whether the output is the finer axis."""

    def sources(self, cell: int) -> range:
        """The input cells that an output cell reads, padding included, in order; may be empty.

        Of a transposed layer it costs as many steps as the stride is long.

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
        """The input cells that a range of output cells reads, padding and gaps included; may be empty."""
        if not cells:
            return range(0)
        if not self.is_transposed:
            return range(cells[0] * self.stride - self.before, cells[-1] * self.stride - self.before + self.reach)
        first = -((self.reach - 1 - self.before - cells[0]) // self.stride)
        return range(first, (cells[-1] + self.before) // self.stride + 1)


MOST_PHASES = 256
"""Phases kept on one axis; of an axis with more, a bound of the receptive fields is kept."""
_ITSELF = IndexMap(1)

Place = int | Fraction
"""A cell of the input's axis; a fraction is a bound for one."""


class ReceptiveAxis(NamedTuple):
    """The receptive fields of an axis' cells on the input's axis, by paths of one jump.

    They are periodic: a cell has the receptive field of the cell a period before it, shifted.
    """

    firsts: tuple[Place | None, ...]
    """The first input cell of the receptive field, for each cell of a period; None where it is empty."""
    lasts: tuple[Place | None, ...]
    """The last input cell, likewise."""
    advance: Place
    """Input cells by which the receptive field moves in one period; 0 where all are the same."""

    @property
    def period(self) -> int:
        """Cells after which the receptive fields repeat, shifted."""
        return len(self.firsts)

    @property
    def jump(self) -> Fraction:
        """Input cells by which the receptive field moves from one cell to the next, on average over a period."""
        return Fraction(self.advance) / self.period

    def first(self, cell: int) -> Place | None:
        """The first input cell of a cell's receptive field."""
        return self._moved(self.firsts, cell)

    def last(self, cell: int) -> Place | None:
        """The last input cell of a cell's receptive field."""
        return self._moved(self.lasts, cell)

    def through(self, index_map: IndexMap) -> ReceptiveAxis:
        """The receptive fields of the cells of a layer above."""
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
        return ReceptiveAxis(  # a cell one period further on has a receptive field one advance further on
            tuple(least(map(self.first, cells[: self.period])) for cells in sources),
            tuple(most(map(self.last, cells[-self.period :])) for cells in sources),
            advance,
        )

    def levelled(self) -> ReceptiveAxis:
        """A bound with one phase, which contains every cell's receptive field."""
        jump = self.jump
        firsts = (None if each is None else each - phase * jump for phase, each in enumerate(self.firsts))
        lasts = (None if each is None else each - phase * jump for phase, each in enumerate(self.lasts))
        return ReceptiveAxis((least(firsts),), (most(lasts),), jump)

    def joined(self, other: ReceptiveAxis) -> ReceptiveAxis:
        """The union of two receptive fields of the same period and advance."""
        firsts = map(least, zip(self.firsts, other.firsts, strict=True))
        return ReceptiveAxis(tuple(firsts), tuple(map(most, zip(self.lasts, other.lasts, strict=True))), self.advance)

    def _spread(self, index_map: IndexMap) -> ReceptiveAxis:
        """A single phase through a transposed layer: a cell's inputs lie within reach / stride before it."""
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
