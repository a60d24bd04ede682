"""What a question is about: one convolution of a network with its numbers, and a place in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError
from convcalc.geometry.axis import Axes
from convcalc.geometry.convolution import Geometry
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.network import INPUT, Network
from convcalc.problem import Problem

IndexMaps = tuple[tuple[IndexMap, ...], ...]


@dataclass(frozen=True, eq=False)
class Subject:
    """A convolution, perhaps without numbers; a mistake is another subject, made from it."""

    name: str
    """The layer's, in a network of several; otherwise empty."""
    geometry: Geometry
    numbers: Callable[[], Problem] | None = None
    """Computes its input, and reads its weights; None: only its shapes are known."""
    path: IndexMaps = ()
    """For each layer from the input to this one the index maps of its axes; empty where it is no single path."""

    @cached_property
    def problem(self) -> Problem:
        """The convolution with its numbers.

        Raises:
            FieldError: only its shapes are known.
            ConvcalcError: its weights cannot be read.
        """
        if self.numbers is None:
            raise FieldError("there are no numbers, only shapes")
        return self.numbers()

    @property
    def rank(self) -> int:
        """Spatial axes."""
        return len(self.geometry.axes)

    def with_geometry(self, geometry: Geometry, **arrays: Callable[[Problem], Any]) -> Subject:
        """The same convolution with another geometry, and with arrays that are made of its own when they are needed."""
        if self.numbers is None:
            return replace(self, geometry=geometry)

        def numbers() -> Problem:
            problem = self.problem
            return replace(problem, geometry=geometry, **{name: make(problem) for name, make in arrays.items()})

        return replace(self, geometry=geometry, numbers=numbers)

    def with_axes(self, **settings: int) -> Subject:
        """The same convolution with these settings on every axis.

        Raises:
            GeometryError: the kernel does not fit.
        """
        axes = Axes(replace(axis, **settings) for axis in self.geometry.axes)
        return self.with_geometry(replace(self.geometry, axes=axes))


class Spot(NamedTuple):
    """What a question is about within a convolution; a kind of question uses some of it."""

    place: tuple[int, ...] = ()
    """A cell on the spatial axes, of the output or of the input."""
    channel: int = 0
    """An output channel, or filter."""
    sample: int = 0
    axis: int = 0
    planes: tuple[int, int] = (0, 0)
    """Two planes of a filter."""
    target: int = 0
    """A wanted output size."""


class Asked(NamedTuple):
    """A convolution and a place in it."""

    subject: Subject
    spot: Spot

    def with_axes(self, **settings: int) -> Asked:
        """Of the convolution with these settings on every axis; raises as :meth:`Subject.with_axes`."""
        return self._replace(subject=self.subject.with_axes(**settings))


def subjects_of(network: Network, context: Context = STANDARD, number: int | None = None) -> list[Subject]:
    """The convolutions of a network, or only the layer of this number.

    Raises:
        FieldError: there is none.
    """
    numbers = range(len(network.stages)) if number is None else [number]
    found = [each for each in numbers if isinstance(network.stages[each].layer, Convolution)]
    if not found:
        what = network.stages[numbers[0]].name + " is" if number is not None else "there is"
        raise FieldError(f"{what} no convolution to ask about", hint="a layer of the kind conv: --layer NAME")
    outputs = _Outputs(network, context, found)
    return [_subject(network, each, outputs) for each in found]


def _subject(network: Network, number: int, outputs: _Outputs) -> Subject:
    stage = network.stages[number]
    assert isinstance(stage.layer, Convolution)
    has_numbers = network.tensor is not None and all(network.stages[each].read for each in outputs.weighted(number))
    return Subject(
        name="" if network.is_convolution else stage.name,
        geometry=stage.layer.geometry,
        numbers=(lambda: outputs.problem(number)) if has_numbers else None,
        path=_path(network, number),
    )


def _path(network: Network, number: int) -> IndexMaps:
    """The index maps of the layers on the way, where each has one input and the same axes."""
    layers = [network.stages[each].layer for each in network.needed(number)]
    is_single = all(len(network.stages[each].inputs) == 1 for each in network.needed(number))
    ranks = {len(layer.index_maps) for layer in layers}
    return tuple(layer.index_maps for layer in layers) if is_single and len(ranks) == 1 else ()


class _Outputs:
    """The inputs of convolutions, computed once, when the first is needed."""

    def __init__(self, network: Network, context: Context, numbers: Sequence[int]) -> None:
        self.network, self.context, self.numbers = network, context, numbers

    def weighted(self, number: int) -> list[int]:
        """The layers with weights on the way to one."""
        layers = self.network.needed(number)
        return [each for each in layers if self.network.stages[each].layer.weight_shapes]

    def problem(self, number: int) -> Problem:
        """A convolution on its input."""
        (below,) = self.network.stages[number].inputs
        cells = self._input if below == INPUT else self._of_layers[below]
        return self.network.problem(number, [cells], self.context)

    @cached_property
    def _input(self) -> Any:
        return self.network.input()

    @cached_property
    def _of_layers(self) -> dict[int, Any]:
        wanted = {below for each in self.numbers for below in self.network.stages[each].inputs} - {INPUT}
        return {each: out for each, out in self.network.outputs(self._input, self.context, wanted) if each in wanted}
