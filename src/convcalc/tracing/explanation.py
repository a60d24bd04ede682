"""Why one cell of a layer's output is what it is: one record for every kind of layer, and one rule of agreement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from convcalc.numerals import Number, nearest_float

if TYPE_CHECKING:
    from convcalc.arrays import Array

Cell = tuple[int, ...]
"""(channel, *position), or (feature,) where there are no spatial axes."""


class Rule(StrEnum):
    """How the terms of an explanation make its total."""

    SUM = "sum"
    """(Σ value × weight) × scale + bias."""
    MAXIMUM = "maximum"
    """The largest value; the first of several, or the last nan."""
    FUNCTION = "function"
    """A function of the values, which is written out."""


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

    @classmethod
    def at(cls, cells: Array, cell: Cell, weight: Number = 1, *, source: int = 0, label: str = "") -> Term:
        """The term of a cell of an input, ``cells``: (*input_shape)."""
        from convcalc.arrays import plain

        return cls(plain(cells[cell]), cell, weight, source, label)

    @property
    def product(self) -> Number:
        """Its part in a sum: value × weight."""
        return self.value * self.weight


class LazyTerms(Sequence[Term]):
    """Terms that are made when one of them is asked for; their number is known before."""

    def __init__(self, count: int, make: Callable[[], Sequence[Term]]) -> None:
        """``make`` gives all of them."""
        self._count, self._make = count, make

    @cached_property
    def _all(self) -> Sequence[Term]:
        return self._make()

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    @overload
    def __getitem__(self, place: int) -> Term: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Term]: ...
    def __getitem__(self, place: int | slice) -> Term | Sequence[Term]:
        """One of them, or several."""
        return self._all[place]


@dataclass(frozen=True, eq=False)
class Explanation:
    """One output cell: its terms, what is done with them and what comes out."""

    cell: Cell
    terms: Sequence[Term]
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
    lost: float | None = None
    """How far the engine that made the cell may be off, as a share of what it :attr:`could` come to; 0: it is exact;
    None: by no more than adding up the terms in any order."""
    dtype: Any = None
    """Of the sums that the engine made, where its problem says that; object: they are exact."""
    absent: int = 0
    """Of a pool: places of the window in the padding, which hold no value, not even 0, and are no terms."""

    def agrees(self, value: Number, dtype: Any = object) -> bool:
        """Whether the total is the value that a layer's output of this dtype has there.

        See :func:`convcalc.engine.bounds.agree`. What an engine does not tell of itself is held to any order of adding.
        """
        import numpy as np

        from convcalc.engine.bounds import agree, lost_by

        kind = np.dtype(dtype if self.dtype is None else self.dtype)
        kind = kind if kind.kind == "f" else np.dtype(object)
        with np.errstate(all="ignore"):  # too large for floats is inf, as in the output
            lost = lost_by(self.lost, len(self.terms), kind)
            return agree(self.total, value, self.could, lost, kind, self.scale)

    @cached_property
    def could(self) -> float:
        """The most that the cell could come to, see :mod:`convcalc.engine.bounds`.

        Of a sum Σ|weight| × the largest value × |scale| + |bias|, otherwise the parts' magnitudes and the total's.
        """
        if self.rule is not Rule.SUM:
            return sum(abs(nearest_float(part)) for part in self.parts) + abs(nearest_float(self.total))
        from convcalc.engine.bounds import could_be

        weights = sum(abs(nearest_float(term.weight)) for term in self.terms)
        most = max((abs(nearest_float(term.value)) for term in self.terms), default=0.0)
        return could_be(weights, most, abs(nearest_float(self.scale)), abs(nearest_float(self.bias)))

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
