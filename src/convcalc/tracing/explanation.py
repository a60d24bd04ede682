"""The explanation of one output cell: one record for every kind of layer, and its comparison with the output."""

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
    """How the total of an explanation follows from its terms."""

    SUM = "sum"
    """(Σ value × weight) × scale + bias."""
    MAXIMUM = "maximum"
    """The largest value; the first of several, or the last nan."""
    FUNCTION = "function"
    """A function of the values, see :attr:`Explanation.expression`."""


class Term(NamedTuple):
    """One input cell of an output cell's sum, maximum or function."""

    value: Number
    cell: Cell | None
    """Its index in the layer's input; None: the padding."""
    weight: Number = 1
    """Its factor in a sum, before the scale."""
    source: int = 0
    """The number of the layer's input that it comes from; only an add has several."""
    label: str = ""
    """The name of the weight, such as "0, 2" for a tap; empty where it has none."""

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
    """Terms that are created on first access; their number is known before."""

    def __init__(self, count: int, make: Callable[[], Sequence[Term]]) -> None:
        """``make`` returns all of them."""
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
    """One output cell: its terms, the rule that combines them, and the total."""

    cell: Cell
    terms: Sequence[Term]
    total: Number
    rule: Rule = Rule.SUM
    scale: Fraction | float = Fraction(1)
    bias: Number = 0
    formula: str = ""
    """The function with its numbers, such as "max(0, -3)"; of a sum the meaning of the scale, if it has a name."""
    function_slopes: tuple[Number, ...] = ()
    """Of a function: the derivative of the total by each value."""
    zeros: int = 0
    """Of a pool: places of the window in the padding that count as 0, and are no terms."""
    lost: float | None = None
    """The error bound of the engine that computed the cell, relative to :attr:`could`; 0: exact; None: that of summing
    the terms in any order."""
    dtype: Any = None
    """Of the engine's sums, where its problem determines it; object: they are exact."""
    absent: int = 0
    """Of a pool: places of the window in the padding, which have no value, not even 0, and are no terms."""

    def agrees(self, value: Number, dtype: Any = object) -> bool:
        """Whether the total agrees with the value in a layer's output of this dtype.

        See :func:`convcalc.engine.bounds.agree`. Without an engine's error bound, that of summing in any order is used.
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
        """The largest possible magnitude of the cell, see :mod:`convcalc.engine.bounds`.

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
        """The derivative of the total by the value of each term: the local weight of the path through it."""
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
        """Value × slope of each term: its part in a sum, and in a function its first-order contribution."""
        from convcalc.arrays import plain

        return tuple(plain(term.value * slope) for term, slope in zip(self.terms, self.slopes, strict=True))


def tap_label(taps: Sequence[int]) -> str:
    """The name of a weight from its index in the kernel, such as "0, 2"."""
    return ", ".join(map(str, taps))
