"""What may have been computed elsewhere: views of the arrays, with a placement, a kernel, a border and a finish."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np

from convcalc.arrays import is_exact
from convcalc.causes.borders import Border
from convcalc.causes.change import Aspect, Cause, Change
from convcalc.causes.channel_mixes import Mix, mixes_of, plain_mix
from convcalc.causes.finishes import Finish
from convcalc.causes.given import Given
from convcalc.causes.orientations import Turned, arrays_of
from convcalc.causes.placements import Placement
from convcalc.causes.written_kernel import kernel_flag
from convcalc.problem import Problem

MOST_CHANGES = 3
"""Changes before the finish, the border included."""
_UNIT = 2.0**-53
_TIE = 1e-10


class View(NamedTuple):
    """An input and an output turned over, and the channels in one meaning."""

    mix: Mix
    input: Turned
    output: Turned
    given: Given
    """The matrix as the output turned back."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """Of all three."""
        return tuple(each for each in (self.input.change, self.mix.change) if each)

    @property
    def cost(self) -> int:
        """Changes that it counts as."""
        return sum(each.cost for each in self.changes) + (self.output.change.cost if self.output.change else 0)


class Hypothesis(NamedTuple):
    """One way to have computed a matrix, but for its finish."""

    view: View
    placement: Placement
    kernel: Turned
    border: Border

    @property
    def cost(self) -> int:
        """Changes that it counts as."""
        own = self.kernel.change.cost if self.kernel.change else 0
        return self.view.cost + self.placement.cost + own + self.border.cost

    def cause(self, finish: Finish) -> Cause:
        """All changes, in the order in which they happen."""
        flags = kernel_flag(self.view.mix, self.kernel, finish.factor)
        kernel = (_with(self.kernel.change, flags),) if self.kernel.change else ()
        finishes = (_with(each, flags) if each.aspect is Aspect.FACTOR else each for each in finish.changes)
        border = (self.border.change,) if self.border.change else ()
        output = (self.view.output.change,) if self.view.output.change else ()
        changes = (*self.view.changes, *kernel, *self.placement.changes, *border, *finishes, *output)
        return Cause(tuple(changes))


def _with(change: Change, flags: tuple[str, ...]) -> Change:
    """A change of the kernel with the flag that writes the kernel out, where it has none of its own."""
    return change if change.flags else replace(change, flags=flags)


class Found(NamedTuple):
    """A hypothesis with a finish that gives every cell."""

    hypothesis: Hypothesis
    finish: Finish
    note: str = ""
    """Such as that the digits are those of float32."""

    @property
    def cause(self) -> Cause:
        """Its changes."""
        return self.hypothesis.cause(self.finish)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Changes first, then how rare the border is, then the parts of the finish: of equals the usual is believed."""
        return self.cause.cost, self.hypothesis.border.rarity, self.finish.parts


@dataclass(frozen=True, eq=False)
class Question:
    """A problem and the matrix that came out elsewhere: why do they differ?"""

    problem: Problem
    given: Given

    @cached_property
    def plain(self) -> Mix:
        """The problem's own channels."""
        return plain_mix(self.problem)

    @cached_property
    def is_exact(self) -> bool:
        """Whether the sums are computed without rounding."""
        return is_exact(self.problem.input) and is_exact(self.problem.weight)

    @cached_property
    def tie(self) -> float:
        """How far a sum may be off a tie and be rounded to either side."""
        return 0.0 if self.is_exact else _TIE * self.magnitude

    @cached_property
    def magnitude(self) -> float:
        """The most that a sum may come to."""
        cells = np.abs(np.nan_to_num(self.problem.input.astype(np.float64), posinf=0, neginf=0)).max(initial=0)
        return float(cells * self.plain.sums[1].max(initial=0)) + float(np.abs(self.plain.bias).max(initial=0))

    @cached_property
    def terms(self) -> int:
        """Products of one cell."""
        return int(prod(self.problem.weight.shape[1:]))

    @cached_property
    def slacks(self) -> dict[str, float]:
        """How far cells may be off, by what that says: float64's rounding, digits that were printed, narrower floats.

        Adding n products in any order loses at most n units of roundoff of their magnitudes.
        """
        found = {"": (self.terms + 4) * _UNIT * self.magnitude + self.given.half_unit}
        if self.given.precision:
            name, unit = self.given.precision
            most = max(self.magnitude, self.given.largest)
            found[name] = min(self.terms + 2, 64) * unit * most + self.given.half_unit
        return found

    @cached_property
    def looseness(self) -> float:
        """The largest slack."""
        return max(self.slacks.values())

    @cached_property
    def views(self) -> list[View]:
        """The plain view first, then by how many changes they have."""
        rank, mixes = self.problem.rank, list(mixes_of(self.plain))
        found = []
        for output in arrays_of(rank, Aspect.OUTPUT):
            given = Given(output.orientation.undone(self.given.cells, rank)) if output.change else self.given
            for turned in arrays_of(rank, Aspect.INPUT):
                for mix in mixes:
                    cost = sum(each is not None for each in (output.change, turned.change, mix.change))
                    if cost <= MOST_CHANGES and mix.out_channels == given.cells.shape[1]:
                        cells = turned.orientation.of(mix.input, rank)
                        found.append(View(replace(mix, input=cells), turned, output, given))
        return sorted(found, key=lambda view: view.cost)
