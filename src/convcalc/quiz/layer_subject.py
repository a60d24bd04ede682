"""What a question is about that is no convolution: another layer of a network with its numbers, and a cell of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.context import STANDARD, Context
from convcalc.layers.layer import Layer, Shape
from convcalc.quiz.subject import IndexMaps, Spot
from convcalc.tracing.explanation import Cell, Explanation

if TYPE_CHECKING:
    from convcalc.arrays import Array


class Numbers(NamedTuple):
    """What a layer gets: its inputs, (batch, *input_shape) each, and its weights by their names."""

    inputs: Sequence[Array]
    values: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class LayerSubject:
    """A layer, perhaps without numbers; a mistake is another subject, made from it."""

    name: str
    layer: Layer
    read: Callable[[], Numbers] | None = None
    """Computes its inputs, and reads its weights; None: only its shapes are known."""
    path: IndexMaps = ()
    """As of :class:`Subject`."""
    context: Context = STANDARD

    @property
    def rank(self) -> int:
        """Spatial axes of its output."""
        return len(self.output_shape) - 1

    @property
    def output_shape(self) -> Shape:
        """(channels, *spatial), or (features,)."""
        return self.layer.output_shape

    @cached_property
    def numbers(self) -> Numbers:
        """Its inputs and weights, read once.

        Raises:
            ConvcalcError: a layer below cannot be computed.
        """
        assert self.read is not None  # only a layer with numbers is asked for one
        return self.read()

    def explained(self, cell: Cell, sample: int = 0) -> Explanation:
        """An output cell."""
        return self.layer.trace(self.numbers.inputs, self.numbers.values, cell, sample, self.context)

    def with_layer(self, layer: Layer) -> LayerSubject:
        """The same numbers through another layer."""
        return replace(self, layer=layer, read=lambda: self.numbers)

    def with_values(self, **values: Callable[[Array], Any]) -> LayerSubject:
        """The same layer with arrays that are made of its own weights."""
        made = {name: make(self.numbers.values[name]) for name, make in values.items()}
        return replace(self, read=lambda: self.numbers._replace(values={**self.numbers.values, **made}))


class LayerAsked(NamedTuple):
    """A layer and a cell of its output."""

    subject: LayerSubject
    spot: Spot

    @property
    def cell(self) -> Cell:
        """(channel, *place), or (feature,)."""
        return (self.spot.channel, *self.spot.place)
