"""A cell of a network taken apart: its step, those of the cells that contribute most, and so on down to the input.

Each level has only so many cells, shared evenly by those above, so that a tree grows with its depth and not with
a power of it. What is left out of a sum is kept as a count and a total: every cell still adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.errors import LimitError
from convcalc.geometry.arguments import whole
from convcalc.geometry.boundary import Number
from convcalc.layers.agreement import agrees
from convcalc.layers.layer import PLAINLY, How
from convcalc.layers.stack import INPUT, Stack, Stage
from convcalc.layers.step import Cell, Rule, Step, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array

ALL_SHOWN, MOST_SHOWN = 8, 5
"""So many terms of a cell are all shown; of more, the largest few."""
WIDEST = 64
"""Cells of one level of a tree."""
DEEPEST = 100
"""Levels of a tree, which is read, drawn and written level in level."""


class Branch(NamedTuple):
    """One term of a cell, with its part in the cell and the cell that it comes from."""

    term: Term
    slope: Number
    """By how much the cell above grows with the value."""
    part: Number
    """What it adds to the cell above: value × weight × scale; of a maximum and a function the value itself."""
    node: Node | None
    """The cell that it comes from; None: the padding."""


class Rest(NamedTuple):
    """The terms of a cell that have no branch."""

    terms: int
    """How many."""
    part: Number
    """What they add together; 0 where nothing is added."""


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """A cell of a layer's output, or of the network's input."""

    number: int
    """The layer, or :data:`~convcalc.layers.stack.INPUT`."""
    cell: Cell
    value: Number
    """What the engines made of it."""
    weight: Number
    """The product of all slopes from the cell at the top down to this one: the weight of this path."""
    step: Step | None
    """How it comes about; None where the tree ends."""
    agrees: bool
    """Whether the step's total is the value, for floats within rounding."""
    branches: tuple[Branch, ...]
    """The largest first."""
    rest: Rest


def unfold(
    stack: Stack,
    outputs: Mapping[int, Array],
    number: int,
    cell: Cell,
    depth: int = 1,
    *,
    sample: int = 0,
    widest: int = WIDEST,
    how: How = PLAINLY,
) -> Node:
    """The tree of a cell of a layer.

    ``outputs``: those of the layers :func:`within` the depth, and the input, (batch, *shape) each, computed as ``how``
    says. ``widest``: cells of a level at most, or one for each cell above, if these are more.

    Raises:
        FieldError: depth is no whole number from 1.
        LimitError: the tree would have too many levels.
        ConvcalcError: weights cannot be read.
    """
    return _Tree(stack, outputs, sample, how).grown(number, cell, check_depth(stack, number, depth), widest)


def check_depth(stack: Stack, number: int, depth: int) -> int:
    """The depth of a layer's tree, which ends at the input however much is asked for.

    Raises:
        FieldError: depth is no whole number from 1.
        LimitError: the tree would have too many levels.
    """
    levels = min(whole("depth", depth, 1), _height(stack, number))
    if levels > DEEPEST:
        raise LimitError(f"a tree of {levels} levels is too deep, {DEEPEST} is the most", hint=f"--depth {DEEPEST}")
    return levels


def within(stack: Stack, number: int, depth: int) -> set[int]:
    """The layers, the input perhaps among them, whose outputs a layer's tree of some depth has cells of."""
    found = level = {number}
    for _ in range(min(depth, len(stack.stages))):
        level = {below for each in level if each != INPUT for below in stack.stages[each].inputs}
        found = found | level
    return found


def _height(stack: Stack, number: int) -> int:
    """The layers on the longest way from a layer to the input."""
    heights = {INPUT: 0}
    for each in stack.needed(number):
        heights[each] = 1 + max(heights[below] for below in stack.stages[each].inputs)
    return heights[number]


@dataclass(eq=False, slots=True)
class _Sprout:
    """A cell while the tree grows."""

    number: int
    cell: Cell
    weight: Number
    step: Step | None = None
    kept: Sequence[int] = ()
    """Which of the step's terms have branches."""
    below: Sequence[_Sprout | None] = ()


class _Tree:
    """Trees of one network with its numbers."""

    def __init__(self, stack: Stack, outputs: Mapping[int, Array], sample: int, how: How) -> None:
        self.stack, self.outputs, self.sample, self.how = stack, outputs, sample, how
        self._tracers: dict[int, Callable[[Cell], Step]] = {}

    def grown(self, number: int, cell: Cell, depth: int, widest: int) -> Node:
        """Level by level downwards, so that each knows how many cells there are; then the nodes from below."""
        levels = [[_Sprout(number, cell, 1)]]
        for _ in range(depth):
            above = [sprout for sprout in levels[-1] if sprout.number != INPUT]
            room = max(1, widest // max(1, len(above)))
            for sprout in above:
                self._grow(sprout, room)
            levels.append([each for sprout in above for each in sprout.below if each is not None])
        nodes: dict[_Sprout, Node] = {}
        for level in reversed(levels):
            nodes |= {sprout: self._node(sprout, nodes) for sprout in level}
        return nodes[levels[0][0]]

    def _grow(self, sprout: _Sprout, room: int) -> None:
        if sprout.number not in self._tracers:
            self._tracers[sprout.number] = self._tracer(self.stack.stages[sprout.number])
        step = self._tracers[sprout.number](sprout.cell)
        sprout.step, sprout.kept = step, _kept(step, room)
        sprout.below = [self._below(sprout, step.terms[each], step.slopes[each]) for each in sprout.kept]

    def _tracer(self, stage: Stage) -> Callable[[Cell], Step]:
        inputs = [self.outputs[below] for below in stage.inputs]
        return stage.layer.tracer(inputs, stage.values(), self.sample, self.how)

    def _below(self, above: _Sprout, term: Term, slope: Number) -> _Sprout | None:
        if term.cell is None:
            return None
        number = self.stack.stages[above.number].inputs[term.source]
        return _Sprout(number, term.cell, _plain(above.weight * slope))

    def _node(self, sprout: _Sprout, nodes: Mapping[_Sprout, Node]) -> Node:
        output, step = self.outputs[sprout.number], sprout.step
        value = _plain(output[(self.sample, *sprout.cell)])
        if step is None:
            return Node(sprout.number, sprout.cell, value, sprout.weight, None, True, (), Rest(0, 0))
        branches = tuple(
            Branch(step.terms[each], step.slopes[each], _part(step, each), nodes[below] if below else None)
            for each, below in zip(sprout.kept, sprout.below, strict=True)
        )
        same = agrees(step, value, output, self.how)
        return Node(sprout.number, sprout.cell, value, sprout.weight, step, same, branches, _rest(sprout))


def _kept(step: Step, room: int) -> Sequence[int]:
    """The terms that get branches; of a maximum the one that won."""
    if step.rule is Rule.MAXIMUM:
        return (step.winner,)
    return largest_terms(step, min(room, ALL_SHOWN if len(step.terms) <= ALL_SHOWN else MOST_SHOWN))


def largest_terms(step: Step, most: int) -> Sequence[int]:
    """So many of a step's terms, the largest first: in a sum the largest parts, in a maximum the largest values."""
    is_maximum = step.rule is Rule.MAXIMUM
    sizes = [(True, term.value) for term in step.terms] if is_maximum else [_size(part) for part in step.parts]
    return nlargest(most, range(len(sizes)), key=sizes.__getitem__)


def _part(step: Step, number: int) -> Number:
    return step.parts[number] if step.rule is Rule.SUM else step.terms[number].value


def _rest(sprout: _Sprout) -> Rest:
    step, kept = sprout.step, set(sprout.kept)
    if step is None or len(kept) == len(step.terms):
        return Rest(0, 0)
    others = [each for each in range(len(step.terms)) if each not in kept]
    if step.rule is not Rule.SUM:
        return Rest(len(others), 0)
    from convcalc.arrays import added

    return Rest(len(others), added([step.parts[each] for each in others]))


def _size(part: Number) -> tuple[bool, Any]:
    """What terms are put in order by; what is not finite comes first."""
    if isinstance(part, float) and not isfinite(part):
        return True, 0
    return False, abs(part)


def _plain(value: Number) -> Number:
    from convcalc.arrays import plain

    found: Number = plain(value)
    return found
