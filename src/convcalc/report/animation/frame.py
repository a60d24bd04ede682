"""One step of an animation: what is read, what is written, and the sum between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from convcalc.layers.explainer import ExplainedCell, Explainer, Place
from convcalc.layers.network import INPUT
from convcalc.layers.stage import Stage
from convcalc.numerals import Number
from convcalc.report.arrays.figure import Item, OutlineKind, Panel, PanelKind
from convcalc.report.blocks import Block
from convcalc.report.cell_names import layer_text
from convcalc.report.text import axis_names
from convcalc.tracing.explanation import Cell, Term

Items = tuple[Item, ...]
"""A row of panels with signs between."""


class Change(NamedTuple):
    """What a step does to one cell of the output."""

    cell: Cell
    added: Number
    """What comes to what is there already."""
    value: Number
    """What is there now."""
    is_complete: bool
    """Whether nothing more comes to it."""
    terms: Sequence[Term]
    """What is added up."""


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One step of an animation."""

    number: int
    """Which of all steps it is, counted from 0."""
    count: int
    """How many there are."""
    sample: int
    place: tuple[int, ...]
    """Of the step, on each spatial axis of what the steps go along."""
    title: str
    rows: tuple[Items, ...]
    """Panels with signs between, as a figure has them."""
    story: tuple[Block, ...]
    """What is added up, and to what."""
    changes: tuple[Change, ...]
    legend: str
    """What brackets and dots stand for where there are no colours."""


class Telling:
    """Explains cells of one layer one at a time, in any order; what is below is computed once."""

    def __init__(self, explainer: Explainer, outputs: Mapping[int, Any] | None = None) -> None:
        """Computes nothing yet of a convolution by itself; of other layers what they take, unless it is given.

        ``outputs``: of :meth:`~convcalc.layers.explainer.Explainer.computed`.
        """
        self._wanted: Place
        self.inputs: Sequence[Any] = [explainer.cells]
        """What the layer takes, (batch, *shape) each."""
        if explainer.is_alone:
            self._told = explainer.explained(self._asked())
            return
        outputs = explainer.computed() if outputs is None else outputs
        self.inputs = [outputs[each] for each in explainer.network.stages[explainer.number].inputs]
        self._told = explainer.explained_by(outputs, self._asked())

    def at(self, place: Place) -> ExplainedCell:
        """Why one cell is what it is."""
        self._wanted = place
        return next(self._told)

    def _asked(self) -> Iterator[Place]:
        while True:
            yield self._wanted


class Animation:
    """The steps in which a layer's output is made, each a frame that is computed when it is asked for."""

    def __init__(
        self,
        explainer: Explainer,
        sample: int,
        channels: Sequence[int],
        start: int = 0,
        outputs: Mapping[int, Any] | None = None,
    ) -> None:
        """``channels``: of the output, side by side; ``start``: the first step, cells before it stay empty.

        ``outputs``: what the explainer has computed, if it has.
        """
        self.explainer, self.sample, self.start = explainer, sample, start
        self.channels = tuple(channels) if self.stage.layer.output_shape[1:] else (0,)
        self.telling = Telling(explainer, outputs)

    @property
    def stage(self) -> Stage:
        """The layer."""
        return self.explainer.network.stages[self.explainer.number]

    @property
    def size(self) -> tuple[int, ...]:
        """What the steps go along, row by row: cells on each axis."""
        return size_along(self.stage)

    @property
    def count(self) -> int:
        """How many steps there are."""
        return prod(self.size)

    def frame(self, number: int) -> Frame:
        """A step, from ``start`` on; the steps between are computed if they were not yet."""
        raise NotImplementedError

    def place_of(self, number: int) -> tuple[int, ...]:
        """Where a step is."""
        place: list[int] = []
        for size in reversed(self.size):
            number, index = divmod(number, size)
            place.insert(0, index)
        return tuple(place)

    def told(self, cell: Cell) -> ExplainedCell:
        """Why a cell of the output is what it is."""
        return self.telling.at(Place(self.sample, cell))

    def input_values(self, source: int) -> Any:
        """One of the layer's inputs, (*shape) of the sample."""
        return self.telling.inputs[source][self.sample - self.explainer.first]

    def input_name(self, source: int) -> str:
        """What it is called."""
        below = self.stage.inputs[source]
        return "input" if below == INPUT else f"output of {layer_text(self.explainer.network, below)}"

    def title(self, number: int, array: str) -> str:
        """A step by its number and its place in an array."""
        place = self.place_of(number)
        names = axis_names(len(place)) if self.stage.layer.rank else ("feature",)
        sample = [f"sample {self.sample}"] * (self.explainer.samples > 1)
        where = ", ".join((*sample, *(f"{name} {index}" for name, index in zip(names, place, strict=True))))
        return f"{number + 1:,} of {self.count:,}: {array} {where}"


def size_along(stage: Stage) -> tuple[int, ...]:
    """What the steps of a layer go along: its output cells, or of one whose input cells write, these."""
    return stage.layer.spatial_size if is_stamped(stage) else stage.layer.output_shape[1:] or stage.layer.output_shape


def is_stamped(stage: Stage) -> bool:
    """Whether each input cell writes a whole kernel."""
    from convcalc.layers.kinds.transposed import TransposedConvolution

    return isinstance(stage.layer, TransposedConvolution)


def legend_of(rows: Sequence[Items], read: str) -> str:
    """What brackets and dots stand for; ``read``: what the marked cells of an input are."""
    panels = [item for row in rows for item in row if isinstance(item, Panel)]
    inputs = [panel for panel in panels if panel.kind is PanelKind.INPUT]
    is_won = any(each.kind is OutlineKind.WINNER for panel in inputs for each in panel.outlines)
    padded = {panel.kind for panel in panels for row in panel.cells for cell in row if cell and cell.is_padded}
    words = [
        f"[ ] {read}",
        "> < largest" * is_won,
        "( ) outside the input" * (PanelKind.INPUT in padded),
        "( ) cut off" * (PanelKind.PRODUCTS in padded),
    ]
    return ", ".join(filter(None, words))


Value = Callable[[Cell], Number | None]
"""What stands in a cell of the output; None: nothing yet."""
