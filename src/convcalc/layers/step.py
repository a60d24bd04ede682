"""Why one cell of a layer's output is what it is, for every kind of layer the same record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from convcalc.geometry.boundary import Number

Cell = tuple[int, ...]
"""(channel, *position), or (feature,) where there are no spatial axes."""


class Rule(StrEnum):
    """How the terms of a step make its total."""

    SUM = "sum"
    """(Σ value × weight) × scale + bias."""
    MAXIMUM = "maximum"
    """The largest value; the first of several, or the last nan."""
    FUNCTION = "function"
    """A function of the values, which the step writes out."""


class Term(NamedTuple):
    """One cell that an output cell is made of."""

    value: Number
    cell: Cell | None
    """Where in the layer's input it stands; None where nothing is: the padding."""
    weight: Number = 1
    """What a sum multiplies it with, before the scale."""
    source: int = 0
    """Which of the layer's inputs it comes from; only an add has several."""
    label: str = ""
    """What the weight is called, such as "0, 2" for a tap; empty where it has no name."""

    @property
    def product(self) -> Number:
        """Its part in a sum: value × weight."""
        return self.value * self.weight


@dataclass(frozen=True, eq=False)
class Step:
    """One output cell: its terms, what is done with them and what comes out."""

    cell: Cell
    terms: tuple[Term, ...]
    total: Number
    rule: Rule = Rule.SUM
    scale: Fraction | float = Fraction(1)
    bias: Number = 0
    formula: str = ""
    """The function with its numbers put in, such as "max(0, -3)"; of a sum what the scale means, if that has a name."""
    function_slopes: tuple[Number, ...] = ()
    """Of a function: by how much the total grows with each value."""
    zeros: int = 0
    """Of a pool: places of the window in the padding that count as 0, and are no terms."""
    absent: int = 0
    """Of a pool: places of the window in the padding, which hold no value, not even 0, and are no terms."""

    @cached_property
    def winner(self) -> int:
        """Of a maximum: which term it is, the first of several, or the last nan, as in PyTorch."""
        values = [term.value for term in self.terms]
        nans = [number for number, value in enumerate(values) if value != value]  # noqa: PLR0124 - nan alone does
        return nans[-1] if nans else values.index(self.total)

    @cached_property
    def slopes(self) -> Sequence[Number]:
        """By how much the total grows with the value of each term: the local weight of the path through it."""
        if self.rule is Rule.SUM and self.scale == 1:
            return tuple(term.weight for term in self.terms)
        if self.rule is Rule.SUM:
            return tuple(term.weight * self.scale for term in self.terms)
        if self.rule is Rule.MAXIMUM:
            winner = self.winner
            return tuple(int(number == winner) for number in range(len(self.terms)))
        return self.function_slopes

    @cached_property
    def parts(self) -> Sequence[Number]:
        """Value × slope of each term: its part in a sum, and in a function the part of its change in proportion."""
        from convcalc.arrays import plain

        return tuple(plain(term.value * slope) for term, slope in zip(self.terms, self.slopes, strict=True))


def tap_label(taps: Sequence[int]) -> str:
    """What a weight is called by its place in the kernel, such as "0, 2"."""
    return ", ".join(map(str, taps))
