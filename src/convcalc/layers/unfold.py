"""The tree of a cell of a network: its explanation, the terms that contribute most, and so on to the input.

Each level has a limited number of cells, divided evenly among those above, so that a tree grows linearly with its
depth. The omitted terms of a sum are kept as a count and a total, so that every sum remains complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.context import STANDARD, Context
from convcalc.errors import LimitError
from convcalc.geometry.arguments import whole
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.numerals import Number
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array

ALL_SHOWN, MOST_SHOWN = 8, 5
"""The most terms of a cell that are all shown; of more, the largest few."""
WIDEST = 64
"""Cells of one level of a tree."""
DEEPEST = 100
"""Levels of a tree, which is read, drawn and written level in level."""


class Branch(NamedTuple):
    """One term of a cell, with its part in the cell and the cell that it comes from."""

    term: Term
    slope: Number
    """The derivative of the cell above by the value."""
    part: Number
    """Its part in the cell above: value × weight × scale; of a maximum and a function the value itself."""
    node: Node | None
    """The cell that it comes from; None: the padding."""


class Rest(NamedTuple):
    """The terms of a cell that have no branch."""

    terms: int
    """How many."""
    part: Number
    """The sum of their parts; 0 where the rule is no sum."""


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """A cell of a layer's output, or of the network's input."""

    number: int
    """The layer, or :data:`~convcalc.layers.network.INPUT`."""
    cell: Cell
    value: Number
    """The value that the engines computed."""
    weight: Number
    """The product of all slopes from the cell at the top down to this one: the weight of this path."""
    explanation: Explanation | None
    """Its explanation; None where the tree ends."""
    agrees: bool
    """Whether the explanation's total agrees with the value, for floats within rounding."""
    branches: tuple[Branch, ...]
    """The largest first."""
    rest: Rest


def unfold(
    network: Network,
    outputs: Mapping[int, Array],
    number: int,
    cell: Cell,
    depth: int = 1,
    *,
    sample: int = 0,
    widest: int = WIDEST,
    context: Context = STANDARD,
) -> Node:
    """The tree of a cell of a layer.

    ``outputs``: those of the layers :func:`within` the depth, and the input, (batch, *shape) each, computed in
    ``context``. ``widest``: the most cells of a level, or one for each cell above, if these are more.

    Raises:
        FieldError: depth is no whole number from 1.
        LimitError: the tree would have too many levels.
        ConvcalcError: weights cannot be read.
    """
    depth = check_depth(network, number, depth)
    return Tree(network, outputs, context).grown(number, cell, depth, sample=sample, widest=widest)


def check_depth(network: Network, number: int, depth: int) -> int:
    """The depth of a layer's tree, which ends at the input if more is requested.

    Raises:
        FieldError: depth is no whole number from 1.
        LimitError: the tree would have too many levels.
    """
    levels = min(whole("depth", depth, 1), _height(network, number))
    if levels > DEEPEST:
        raise LimitError(f"a tree of {levels} levels is too deep, {DEEPEST} is the most", hint=f"--depth {DEEPEST}")
    return levels


def within(network: Network, number: int, depth: int) -> set[int]:
    """The layers, and perhaps the input, whose outputs a layer's tree of some depth has cells of."""
    found = level = {number}
    for _ in range(min(depth, len(network.stages))):
        level = {below for each in level if each != INPUT for below in network.stages[each].inputs}
        found = found | level
    return found


def _height(network: Network, number: int) -> int:
    """The number of layers on the longest path from a layer to the input."""
    heights = {INPUT: 0}
    for each in network.needed(number):
        heights[each] = 1 + max(heights[below] for below in network.stages[each].inputs)
    return heights[number]


@dataclass(eq=False, slots=True)
class _Sprout:
    """A cell while the tree is built."""

    number: int
    cell: Cell
    weight: Number
    explanation: Explanation | None = None
    kept: Sequence[int] = ()
    """Which of the explanation's terms have branches."""
    below: Sequence[_Sprout | None] = ()


class Tree:
    """Trees of one network with its numbers; shared values are prepared once."""

    def __init__(self, network: Network, outputs: Mapping[int, Array], context: Context) -> None:
        """``outputs`` as of :func:`unfold`."""
        self.network, self.outputs, self.context = network, outputs, context
        self._sample = 0
        self._tracers: dict[tuple[int, int], Callable[[Cell], Explanation]] = {}

    def grown(self, number: int, cell: Cell, depth: int, *, sample: int = 0, widest: int = WIDEST) -> Node:
        """The tree of a cell; the depth is from :func:`check_depth`.

        Level by level downwards, so that the number of cells of each is known; then the nodes from below.
        """
        self._sample = sample
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
        key = (sprout.number, self._sample)
        if key not in self._tracers:
            self._tracers[key] = self._tracer(self.network.stages[sprout.number])
        reason = self._tracers[key](sprout.cell)
        sprout.explanation, sprout.kept = reason, _kept(reason, room)
        sprout.below = [self._below(sprout, reason.terms[each], reason.slopes[each]) for each in sprout.kept]

    def _tracer(self, stage: Stage) -> Callable[[Cell], Explanation]:
        inputs = [self.outputs[below] for below in stage.inputs]
        return stage.layer.tracer(inputs, stage.values(), self._sample, self.context)

    def _below(self, above: _Sprout, term: Term, slope: Number) -> _Sprout | None:
        if term.cell is None:
            return None
        number = self.network.stages[above.number].inputs[term.source]
        return _Sprout(number, term.cell, _plain(above.weight * slope))

    def _node(self, sprout: _Sprout, nodes: Mapping[_Sprout, Node]) -> Node:
        output, reason = self.outputs[sprout.number], sprout.explanation
        value = _plain(output[(self._sample, *sprout.cell)])
        if reason is None:
            return Node(sprout.number, sprout.cell, value, sprout.weight, None, True, (), Rest(0, 0))
        branches = tuple(
            Branch(
                reason.terms[each],
                reason.slopes[each],
                _part(reason, each),
                nodes[below] if below else None,
            )
            for each, below in zip(sprout.kept, sprout.below, strict=True)
        )
        same = reason.agrees(value, output.dtype)
        return Node(sprout.number, sprout.cell, value, sprout.weight, reason, same, branches, _rest(sprout))


def _kept(reason: Explanation, room: int) -> Sequence[int]:
    """The terms that get branches; of a maximum its largest one."""
    if reason.rule is Rule.MAXIMUM:
        return (reason.winner,)
    return largest_terms(reason, min(room, ALL_SHOWN if len(reason.terms) <= ALL_SHOWN else MOST_SHOWN))


def largest_terms(reason: Explanation, most: int) -> Sequence[int]:
    """Some of its terms, the largest first: in a sum the largest parts, in a maximum the largest values."""
    is_maximum = reason.rule is Rule.MAXIMUM
    sizes = [(True, term.value) for term in reason.terms] if is_maximum else [_size(part) for part in reason.parts]
    return nlargest(most, range(len(sizes)), key=sizes.__getitem__)


def _part(reason: Explanation, number: int) -> Number:
    return reason.parts[number] if reason.rule is Rule.SUM else reason.terms[number].value


def _rest(sprout: _Sprout) -> Rest:
    reason, kept = sprout.explanation, set(sprout.kept)
    if reason is None or len(kept) == len(reason.terms):
        return Rest(0, 0)
    others = [each for each in range(len(reason.terms)) if each not in kept]
    if reason.rule is not Rule.SUM:
        return Rest(len(others), 0)
    from convcalc.arrays import added

    return Rest(len(others), added([reason.parts[each] for each in others]))


def _size(part: Number) -> tuple[bool, Any]:
    """The sort key of terms; inf and nan come first."""
    if isinstance(part, float) and not isfinite(part):
        return True, 0
    return False, abs(part)


def _plain(value: Number) -> Number:
    from convcalc.arrays import plain

    found: Number = plain(value)
    return found
