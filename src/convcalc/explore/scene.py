"""A layer with its numbers, ready to be looked at: what it gets, what it gives, and why a cell is what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from convcalc.arrays import Array, plain
from convcalc.context import Context
from convcalc.errors import FieldError, UsageError
from convcalc.explore.shown import Shown
from convcalc.layers.explainer import ExplainedCell, Place
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.network import INPUT, INPUT_NAME, Network
from convcalc.layers.stage import Stage
from convcalc.layers.subnetwork import subnetwork
from convcalc.layers.unfold import Tree
from convcalc.layers.uses import Uses, uses_of, uses_of_network
from convcalc.numerals import Number
from convcalc.tracing.explanation import Cell
from convcalc.tracing.trace import trace_at

if TYPE_CHECKING:
    from convcalc.layers.layer import Shape
    from convcalc.problem import Problem


@dataclass(frozen=True, eq=False)
class Scene:
    """One layer of a network on one sample; a convolution by itself has all samples."""

    network: Network
    number: int
    """The layer."""
    sample: int
    context: Context
    below: Mapping[int, Array]
    """The input of the network and the outputs of the layers before, as far as they were needed, by their number."""
    shown: Shown = field(init=False)

    def __post_init__(self) -> None:
        """Nothing of the output is computed yet.

        Raises:
            ConvcalcError: the layer has no numbers, or a limit refuses it.
        """
        object.__setattr__(self, "shown", Shown(self.stage, self.inputs, self.problem, self.context))

    @property
    def stage(self) -> Stage:
        """The layer in its place."""
        return self.network.stages[self.number]

    @property
    def is_alone(self) -> bool:
        """Whether the network is one convolution."""
        return self.network.is_convolution

    @property
    def first(self) -> int:
        """Which row of the arrays is the sample: of a network they hold that one alone."""
        return self.sample if self.is_alone else 0

    @cached_property
    def inputs(self) -> list[Array]:
        """What the layer takes, (batch, *shape) each."""
        return [self.below[each] for each in self.stage.inputs]

    @property
    def source(self) -> int:
        """The first layer that it takes, or the input of the network."""
        return self.stage.inputs[0]

    @cached_property
    def problem(self) -> Problem | None:
        """The layer as a convolution with its numbers; None if it is none."""
        if not isinstance(self.stage.layer, Convolution):
            return None
        return self.network.problem(self.number, self.inputs, self.context)

    @property
    def input_shape(self) -> Shape:
        """Of the first input: (channels, *spatial) or (features,)."""
        return self.network.shape_of(self.source)

    @property
    def output_shape(self) -> Shape:
        """(channels, *spatial) or (features,)."""
        return self.stage.layer.output_shape

    @property
    def taps(self) -> Shape:
        """The kernel of a convolution on each spatial axis; empty where there is none to show."""
        return () if self.problem is None else self.problem.kernel_size

    def input_value(self, cell: Cell) -> Number:
        """The number of a cell of the first input."""
        found: Number = plain(self.inputs[0][(self.first, *cell)])
        return found

    def output_value(self, cell: Cell) -> Any:
        """The number of a cell of the output."""
        return self.shown[(self.first, *cell)]

    def explained(self, cell: Cell) -> ExplainedCell:
        """Why an output cell is what it is; raises as the layer does."""
        output, place = self.output_value(cell), Place(self.sample, cell)
        samples = len(self.inputs[0]) if self.is_alone else 1
        if self.is_alone:
            assert self.problem is not None and self.shown.plan is not None
            trace = trace_at(self.problem, cell[1:], cell[0], self.sample, lost=self.shown.plan.error)
            return ExplainedCell(self.network, self.number, place, samples, 1, output, trace, None)
        node = self._tree.grown(self.number, cell, 1)
        assert node.explanation is not None  # it is a layer's cell
        return ExplainedCell(self.network, self.number, place, samples, 1, output, node.explanation, node)

    @cached_property
    def _tree(self) -> Tree:
        outputs = {**self.below, self.number: cast("Array", self.shown)}  # which is asked for single cells alone
        return Tree(self.network, outputs, self.context)

    def uses(self, cell: Cell) -> Uses:
        """Which output cells of the layer use a cell of what it gets, with what weight.

        Raises:
            UsageError: the layer takes several inputs.
        """
        if self.problem is not None:
            found = uses_of(self.problem, cell[1:], cell[0], self.first)
        elif len(self.stage.inputs) > 1:
            raise UsageError(f"{self.stage.name} takes several layers, cell by cell", hint="pick a cell of its output")
        else:
            part = subnetwork(self.network, self.stage.name)
            found = uses_of_network(part.network, self.inputs[0], cell, 0, self.context)
        name = INPUT_NAME if self.source == INPUT else self.network.stages[self.source].name
        return replace(found, source=name)


def scene_of(
    network: Network, number: int, sample: int, context: Context, kept: Mapping[int, Array] | None = None
) -> Scene:
    """A layer of a network, the layers before it computed as far as they are not among the ``kept`` outputs.

    Raises:
        FieldError: there is no such sample.
        ConvcalcError: there are no numbers, or a layer before cannot be computed.
    """
    network = network.as_problem(context)
    cells = network.input()
    if not 0 <= sample < len(cells):
        raise FieldError(f"there is no sample {sample}: the input has {len(cells)}, counted from 0")
    if not network.is_convolution:
        cells = cells[sample : sample + 1]
    below = {INPUT: cells, **(kept or {})}
    for each in network.needed(number)[:-1]:
        if each not in below:
            stage = network.stages[each]
            below[each] = stage.compute([below[source] for source in stage.inputs], context)
    return Scene(network, number, sample, context, below)
