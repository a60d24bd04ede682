"""One step of an animation: the cells read, the cells written, and the sum."""

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
from convcalc.tracing.explanation import Cell, Term
from convcalc.wording import axis_names

Items = tuple[Item, ...]
"""A row of panels with signs between."""


class Change(NamedTuple):
    """The change of one output cell in a step."""

    cell: Cell
    added: Number
    """The number added to the earlier value."""
    value: Number
    """The value after the step."""
    is_complete: bool
    """Whether later steps add nothing to it."""
    terms: Sequence[Term]
    """The terms of the sum."""


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One step of an animation."""

    number: int
    """Its number, counted from 0."""
    count: int
    """How many there are."""
    sample: int
    place: tuple[int, ...]
    """The position of the step, on each spatial axis of the array that the steps run over."""
    title: str
    rows: tuple[Items, ...]
    """Panels with signs between, as in a figure."""
    story: tuple[Block, ...]
    """The sums in words and numbers."""
    changes: tuple[Change, ...]
    legend: str
    """The meaning of brackets and dots where there are no colours."""


class CellExplainer:
    """Explains cells of one layer one at a time, in any order; the layers below are computed once."""

    def __init__(self, explainer: Explainer, outputs: Mapping[int, Any] | None = None) -> None:
        """Computes nothing yet for a single convolution; for other layers their inputs, unless given.

        ``outputs``: of :meth:`~convcalc.layers.explainer.Explainer.computed`.
        """
        self._wanted: Place
        self.inputs: Sequence[Any] = [explainer.cells]
        """The layer's inputs, (batch, *shape) each."""
        if explainer.is_alone:
            self._explanations = explainer.explained(self._requested())
            return
        outputs = explainer.computed() if outputs is None else outputs
        self.inputs = [outputs[each] for each in explainer.network.stages[explainer.number].inputs]
        self._explanations = explainer.explained_by(outputs, self._requested())

    def at(self, place: Place) -> ExplainedCell:
        """The explanation of one cell."""
        self._wanted = place
        return next(self._explanations)

    def _requested(self) -> Iterator[Place]:
        while True:
            yield self._wanted


class Animation:
    """The steps of the computation of a layer's output, each a frame computed on demand."""

    def __init__(
        self,
        explainer: Explainer,
        sample: int,
        channels: Sequence[int],
        start: int = 0,
        outputs: Mapping[int, Any] | None = None,
        *,
        by_channel: bool = False,
    ) -> None:
        """``channels``: of the output, side by side; ``start``: the first step, cells before it stay empty.

        ``outputs``: those that the explainer has computed, if any. ``by_channel``: with the maps of what each input
        channel contributes, where a window is over several.
        """
        self.explainer, self.sample, self.start, self.by_channel = explainer, sample, start, by_channel
        self.channels = tuple(channels) if self.stage.layer.output_shape[1:] else (0,)
        self.cells = CellExplainer(explainer, outputs)

    @property
    def stage(self) -> Stage:
        """The layer."""
        return self.explainer.network.stages[self.explainer.number]

    @property
    def size(self) -> tuple[int, ...]:
        """The size of the array that the steps run over, row by row: cells on each axis."""
        return size_along(self.stage)

    @property
    def count(self) -> int:
        """How many steps there are."""
        return prod(self.size)

    def frame(self, number: int) -> Frame:
        """A step, from ``start`` on; the steps before it are computed if they have not been."""
        raise NotImplementedError

    def place_of(self, number: int) -> tuple[int, ...]:
        """The position of a step."""
        place: list[int] = []
        for size in reversed(self.size):
            number, index = divmod(number, size)
            place.insert(0, index)
        return tuple(place)

    def explain(self, cell: Cell) -> ExplainedCell:
        """The explanation of a cell of the output."""
        return self.cells.at(Place(self.sample, cell))

    def input_values(self, source: int) -> Any:
        """One of the layer's inputs, (*shape) of the sample."""
        return self.cells.inputs[source][self.sample - self.explainer.first]

    def input_name(self, source: int) -> str:
        """The name of an input."""
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
    """The cells that the steps of a layer run over: its output cells, or its input cells if these write."""
    return stage.layer.spatial_size if is_stamped(stage) else stage.layer.output_shape[1:] or stage.layer.output_shape


def is_stamped(stage: Stage) -> bool:
    """Whether each input cell writes a whole kernel."""
    from convcalc.layers.kinds.transposed import TransposedConvolution

    return isinstance(stage.layer, TransposedConvolution)


def legend_of(rows: Sequence[Items], read: str) -> str:
    """The meaning of brackets and dots; ``read``: that of the marked cells of an input."""
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
"""The value of an output cell; None: none yet."""
