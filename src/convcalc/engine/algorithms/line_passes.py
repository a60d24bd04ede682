"""Sums of one-dimensional filters as passes over whole lines of numbers: laid out once, run for every step.

Between two passes stands next to no Python: a thread that comes back from NumPy while another holds the interpreter's
lock has to sleep for it, and waking up takes longer than a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, strided
from convcalc.engine.algorithms.factors import Stage, Term
from convcalc.engine.scratch import Scratch

INPUT, OUTPUT = "input", "output"
_PART = "part"

Passes = Callable[[Array, Array], None]
"""Reads a line of input and writes an output of several axes."""


class Place(NamedTuple):
    """A line of numbers from one of its cells on."""

    line: str
    """``input``, or the name of a line of scratch."""
    offset: int = 0

    def shifted(self, cells: int) -> Place:
        """The place so many cells further on."""
        return Place(self.line, self.offset + cells)


class Pass(NamedTuple):
    """One operation on whole lines."""

    operation: Callable[..., Any]
    left: Place
    right: Place | float
    target: str
    """The line that is written from its first cell on; ``output`` in the last pass."""
    lost: int
    """How many cells the line is shorter than the input."""


class Window(NamedTuple):
    """What of a line becomes output: some cells of each of its rows."""

    first: int
    """The line's cell under the first output cell."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In bytes."""

    def of(self, line: Array) -> Array:
        """The window of a line, as a view."""
        return strided(line[self.first :], self.shape, self.strides)

    def shifted(self, cells: int) -> Window:
        """The window so many cells further on."""
        return self._replace(first=self.first + cells)


class _Chain(NamedTuple):
    """The stages so far: their passes, and where their line stands."""

    name: str
    place: Place = Place(INPUT)
    lost: int = 0
    passes: tuple[Pass, ...] = ()

    def after(self, stage: Stage, spread: int) -> _Chain:
        """The chain with a stage more, the weighted sum of shifted lines; a mere shift takes no pass."""
        lost = self.lost + stage.offsets[-1] * spread
        if stage.weights == (1,):
            return self._replace(place=self.place.shifted(stage.offsets[0] * spread), lost=lost)
        line = f"{self.name} odd" if self.place.line == f"{self.name} even" else f"{self.name} even"
        passes = tuple(_passes(stage, spread, self.place, line, lost))
        return self._replace(place=Place(line), lost=lost, passes=self.passes + passes)


def _passes(stage: Stage, spread: int, source: Place, line: str, lost: int) -> Iterator[Pass]:
    """Taps of equal magnitude are added up before they are multiplied; what weighs ±1 is only added."""
    for number, (weight, ((first, _), *others)) in enumerate(stage.groups):
        target = _PART if number else line
        value = source.shifted(first * spread)
        for offset, sign in others:
            yield Pass(np.add if sign > 0 else np.subtract, value, source.shifted(offset * spread), target, lost)
            value = Place(target)
        is_multiplied = abs(weight) != 1 or (not number and (weight != 1 or not others))
        if is_multiplied:
            yield Pass(np.multiply, value, weight, target, lost)
            value = Place(target)
        if number:
            yield Pass(np.add if is_multiplied or weight > 0 else np.subtract, Place(line), value, line, lost)


def passes_of(terms: Sequence[Term], spreads: Sequence[int]) -> tuple[Pass, ...]:
    """The passes that add up at most two terms; ``spreads``: cells of a line from tap to tap of each axis."""
    chains = []
    for number, term in enumerate(terms):
        chain = _Chain(str(number))
        for stages, spread in zip(term.axes, spreads, strict=True):
            for stage in stages:
                chain = chain.after(stage, spread)
        chains.append(chain)
    passes = tuple(each for chain in chains for each in chain.passes)
    if not chains:
        return (Pass(np.subtract, Place(INPUT), Place(INPUT), OUTPUT, 0),)
    if len(chains) == 2:
        return (*passes, Pass(np.add, chains[0].place, chains[1].place, OUTPUT, 0))
    place = chains[0].place
    if passes and place.offset == 0:  # the last pass may as well write the output itself
        return (*passes[:-1], passes[-1]._replace(target=OUTPUT))
    return (*passes, Pass(np.multiply, place, 1, OUTPUT, 0))


def bind(passes: Sequence[Pass], length: int, window: Window, scratch: Scratch, dtype: np.dtype[Any]) -> Passes:
    """What runs the passes on an input line of so many cells, with its lines in ``scratch``."""
    names = {each.target for each in passes[:-1]}
    lines = {name: scratch.array(f"line {name}", (length,), dtype) for name in names}

    def operand(place: Place | float, cut: Callable[[Array, int], Array]) -> Callable[[Array], Any]:
        if not isinstance(place, Place):
            number = dtype.type(place)
            return lambda _: number
        if place.line == INPUT:
            return lambda line: cut(line, place.offset)
        fixed = cut(lines[place.line], place.offset)
        return lambda _: fixed

    inner = []
    for each in passes[:-1]:

        def whole(line: Array, offset: int, cells: int = length - each.lost) -> Array:
            return line[offset : offset + cells]

        target = lines[each.target][: length - each.lost]
        inner.append((each.operation, operand(each.left, whole), operand(each.right, whole), target))
    last = passes[-1]
    left, right = (
        operand(each, lambda line, offset: window.shifted(offset).of(line)) for each in (last.left, last.right)
    )

    def run(line: Array, output: Array) -> None:
        for operation, first, second, target in inner:
            operation(first(line), second(line), out=target)
        last.operation(left(line), right(line), out=output)

    return run
