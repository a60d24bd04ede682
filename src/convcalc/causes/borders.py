"""What may stand outside the input, or happen to the cells whose windows reach there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from convcalc.arrays import Array
from convcalc.causes.change import Aspect, Change
from convcalc.causes.placements import Placement
from convcalc.geometry.boundary import Boundary, BoundaryMode

_MODES = (BoundaryMode.REFLECT, BoundaryMode.SYMMETRIC, BoundaryMode.REPLICATE, BoundaryMode.CIRCULAR)


USUAL, RULES, MIXED = range(3)
"""How rare a border is: one kind everywhere, a rule for the cells there, two kinds at once."""


class EdgeRule(StrEnum):
    """What happens to the cells whose windows reach outside."""

    EXTENDED = "extended"
    """They are computed from what stands there."""
    COPIED = "copied"
    """They are the input's own."""
    ZERO = "zero"
    NAN = "nan"
    COUNTED = "counted"
    """They are divided by the weights inside alone, times the sum of all: what is outside is not counted."""


@dataclass(frozen=True, slots=True)
class Border:
    """What stands before the first cell and behind the last one of each axis, and what follows from it."""

    before: tuple[Boundary, ...]
    after: tuple[Boundary, ...]
    change: Change | None = None
    rule: EdgeRule = EdgeRule.EXTENDED
    rarity: int = USUAL
    """What is usual is believed first."""

    @property
    def cost(self) -> int:
        """Changes that it counts as."""
        return self.change.cost if self.change else 0


def borders_of(own: Boundary, rank: int) -> list[Border]:
    """The problem's own, then the usual ones, then what only few do, then two kinds at once."""
    zeros = Boundary()
    usual = (zeros, *map(Boundary, _MODES))
    found = [Border((own,) * rank, (own,) * rank)]
    for each in usual:
        if each != own:
            words = f"the border is {each}"
            found.append(Border((each,) * rank, (each,) * rank, Change(Aspect.BORDER, words, (f"--boundary {each}",))))
    for rule, words in (
        (EdgeRule.COPIED, "cells whose window reaches outside are copied from the input"),
        (EdgeRule.ZERO, "cells whose window reaches outside are 0"),
        (EdgeRule.NAN, "cells whose window reaches outside are nan"),
        (EdgeRule.COUNTED, "what is outside is not counted: divided by the weights inside"),
    ):
        found.append(Border((zeros,) * rank, (zeros,) * rank, Change(Aspect.BORDER, words), rule, RULES))
    return [*found, *_mixed(rank)]


def _mixed(rank: int) -> list[Border]:
    """One kind before and another after; of two axes, one kind for each."""
    kinds = (Boundary(), *map(Boundary, _MODES))
    found = []
    for first in kinds:
        for second in kinds:
            if first == second:
                continue
            words = f"the border is {first} before and {second} after"
            found.append(Border((first,) * rank, (second,) * rank, Change(Aspect.BORDER, words), rarity=MIXED))
            if rank == 2:
                words = f"the border is {first} for rows and {second} for columns"
                both = (first, second)
                found.append(Border(both, both, Change(Aspect.BORDER, words, cost=2), rarity=MIXED))
    return found


def extended(values: Array, border: Border, margins: tuple[tuple[int, int], ...]) -> Array:
    """The array (…, *spatial) with so many cells (before, after) each axis, or without as many where negative."""
    rank = len(margins)
    for axis, (before, after) in enumerate(margins):
        place = values.ndim - rank + axis
        size = values.shape[place]
        indices = np.arange(-before, size + after)
        sources = sources_of(indices, size, border.before[axis], border.after[axis])
        if (sources == np.arange(len(sources))).all() and len(sources) == size:
            continue
        known = sources >= 0
        values = values.take(np.where(known, sources, 0), place)
        if not known.all():
            values = _filled(values, place, known, indices, border, axis)
    return values


def sources_of(indices: Array, size: int, before: Boundary, after: Boundary) -> Array:
    """The input cell of each index, -1 where it is a constant."""
    sources = indices.copy()
    for side, boundary in ((np.flatnonzero(indices < 0), before), (np.flatnonzero(indices >= size), after)):
        found = boundary.sources(indices[side].tolist(), size)
        sources[side] = [-1 if each is None else each for each in found]
    return sources


def _filled(values: Array, place: int, known: Array, indices: Array, border: Border, axis: int) -> Array:
    """The array with the constants at the cells of one axis that no input cell gives its value to."""
    constants = (border.before[axis].value, border.after[axis].value)
    if values.dtype.kind in "iub" and any(constants):
        values = values.astype(object if all(isinstance(each, int) for each in constants) else np.float64)
    cells = np.moveaxis(values, place, 0)
    cells[~known & (indices < 0)] = constants[0]
    cells[~known & (indices >= 0)] = constants[1]
    return values


def margins_of(placement: Placement) -> tuple[tuple[int, int], ...]:
    """The cells that its windows need (before, after) the input on each axis."""
    return tuple((axis.before, axis.after) for axis in placement.axes)
