"""Explanations of cells of a layer's output: of a convolution by its window, of any layer as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrays import plain
from convcalc.context import Context
from convcalc.engine.compute import Cells
from convcalc.layers.layer import Box
from convcalc.layers.network import INPUT, Network
from convcalc.numerals import Number
from convcalc.tracing.explanation import Cell, Explanation
from convcalc.tracing.trace import Trace, trace_at

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.layers.unfold import Node
    from convcalc.problem import Problem


class Place(NamedTuple):
    """A cell of a layer's output, of one sample."""

    sample: int
    cell: Cell


@dataclass(frozen=True, eq=False, slots=True)
class ExplainedCell:
    """The explanation of one cell of a layer's output."""

    network: Network
    number: int
    """The layer."""
    place: Place
    samples: int
    """How many there are."""
    depth: int
    """The number of layers that are explained, towards the input."""
    output: Number
    """The value that the engines computed."""
    explanation: Explanation
    """Of a convolution its trace, on the layer's input."""
    tree: Node | None
    """The tree of the cell's terms; None: the network is a single convolution, which its trace explains."""

    @property
    def node(self) -> Node:
        """The tree of the cell's terms, where there is one."""
        assert self.tree is not None
        return self.tree

    @property
    def sample(self) -> int | None:
        """The sample, of several; None: there is only one."""
        return self.place.sample if self.samples > 1 else None

    @property
    def window(self) -> Box:
        """The cells of the network's input that the cell depends on; empty if there are none."""
        box = tuple(range(each, each + 1) for each in self.place.cell)
        return self.network.windows(self.number, box)[INPUT]


class Explainer:
    """Explains cells of one layer: the layers below are computed once, and the weights that traces need are kept."""

    def __init__(
        self,
        network: Network,
        cells: Array,
        number: int,
        context: Context,
        depth: int = 1,
        *,
        sample: int | None = None,
    ) -> None:
        """``cells``: the input, (batch, *input_shape). ``sample``: the only one that is needed.

        Nothing is computed yet.

        Raises:
            FieldError: depth is no whole number from 1.
            LimitError: a tree would have too many levels.
        """
        from convcalc.layers.unfold import check_depth, within

        self.depth = check_depth(network, number, depth)
        self.is_alone = network.is_convolution
        self.first = 0 if sample is None or self.is_alone else sample
        self.cells = cells if sample is None or self.is_alone else cells[sample : sample + 1]
        self.samples, self.only, self.number, self.context = len(cells), sample, number, context
        self._wanted = within(network, number, self.depth)
        self.network = network if self.is_alone else network.keeping(within(network, number, self.depth - 1))

    def every(self, channel: int | None = None) -> Iterator[Place]:
        """Every cell of the layer's output, row by row, of one or all channels.

        Raises:
            GeometryError: there is no such channel.
        """
        from convcalc.tracing.places import check_place

        channels, *size = self.network.shape_of(self.number)
        check_place("output", (self.samples, channels, *size), (0,) * len(size), channel or 0, self.only or 0)
        return self._every(channels, size, channel)

    def _every(self, channels: int, size: Sequence[int], channel: int | None) -> Iterator[Place]:
        samples = range(self.samples) if self.only is None else [self.only]
        kept = range(channels) if channel is None else [channel]
        for each, *cell in product(samples, kept, *map(range, size)):
            yield Place(each, tuple(cell))

    def explained(self, places: Iterable[Place]) -> Iterator[ExplainedCell]:
        """A few cells, each computed on demand; of a single convolution only the tiles around them."""
        if not self.is_alone:
            yield from self.explained_by(self.computed(), places)
            return
        problem = self.network.problem(self.number, [self.cells], self.context)
        found, plan = None, self.context.plan(problem)
        for place in places:
            trace = _trace(problem, place, plan.error)
            found = found or Cells(problem, plan, self.context.limits)
            yield self._explained(place, found.at(place.sample, place.cell[0], place.cell[1:]), trace)

    def computed(
        self, context: Context | None = None, done: Callable[[int], None] = lambda _: None
    ) -> Mapping[int, Array]:
        """The outputs that explanations need, by the layer's number, (batch, *output_shape) each, and the input.

        ``context`` replaces the explainer's own; ``done`` is called with each layer that is computed.
        """
        found = {INPUT: self.cells}
        for each, output in self.network.outputs(self.cells, context or self.context, [self.number]):
            if each in self._wanted:
                found[each] = output
            done(each)
        return found

    def explained_by(self, outputs: Mapping[int, Array], places: Iterable[Place]) -> Iterator[ExplainedCell]:
        """Any number of cells, one at a time; ``outputs``: of :meth:`computed`."""
        output = outputs[self.number]
        build = self._tree_builder(outputs)
        for place in places:
            here = Place(place.sample - self.first, place.cell)
            yield self._explained(place, plain(output[(here.sample, *here.cell)]), *build(here))

    def _tree_builder(self, outputs: Mapping[int, Array]) -> Callable[[Place], tuple[Explanation, Node | None]]:
        """A function that explains cells; values shared by several are prepared here."""
        if self.is_alone:
            problem = self.network.problem(self.number, [self.cells], self.context)
            lost = self.context.plan(problem).error
            return lambda place: (_trace(problem, place, lost), None)
        from convcalc.layers.unfold import Tree

        tree = Tree(self.network, outputs, self.context)

        def build(place: Place) -> tuple[Explanation, Node]:
            node = tree.grown(self.number, place.cell, self.depth, sample=place.sample)
            assert node.explanation is not None  # it is a layer's cell
            return node.explanation, node

        return build

    def _explained(
        self, place: Place, output: Number, explanation: Explanation, tree: Node | None = None
    ) -> ExplainedCell:
        return ExplainedCell(self.network, self.number, place, self.samples, self.depth, output, explanation, tree)


def _trace(problem: Problem, place: Place, lost: float | None) -> Trace:
    return trace_at(problem, place.cell[1:], place.cell[0], place.sample, lost=lost)
