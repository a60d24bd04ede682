"""The layers of a network that questions can be about: its convolutions, and the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.opaque import Opaque
from convcalc.layers.network import INPUT, Network
from convcalc.problem import Problem
from convcalc.quiz.layer_subject import LayerSubject, Numbers
from convcalc.quiz.subject import IndexMaps, Subject


def subjects_of(
    network: Network, context: Context = STANDARD, number: int | None = None
) -> list[Subject | LayerSubject]:
    """The layers of a network, or only the one of this number.

    Raises:
        FieldError: there is none that is computed.
    """
    numbers = range(len(network.stages)) if number is None else [number]
    found = [each for each in numbers if not isinstance(network.stages[each].layer, Opaque)]
    if not found:
        what = network.stages[numbers[0]].name + " is" if number is not None else "there is"
        raise FieldError(f"{what} no layer that is computed, so there is nothing to ask", hint="another --layer NAME")
    outputs = _Outputs(network, context, found)
    return [_subject(network, each, outputs) for each in found]


def _subject(network: Network, number: int, outputs: _Outputs) -> Subject | LayerSubject:
    stage = network.stages[number]
    has_numbers = network.tensor is not None and outputs.is_computed(number)
    path = _path(network, number)
    if not isinstance(stage.layer, Convolution):
        read = (lambda: outputs.numbers(number)) if has_numbers else None
        return LayerSubject(stage.name, stage.layer, read, path, outputs.context)
    return Subject(
        name="" if network.is_convolution else stage.name,
        geometry=stage.layer.geometry,
        numbers=(lambda: outputs.problem(number)) if has_numbers else None,
        path=path,
    )


def _path(network: Network, number: int) -> IndexMaps:
    """The index maps of the layers on the way, where each has one input and the same axes."""
    layers = [network.stages[each].layer for each in network.needed(number)]
    is_single = all(len(network.stages[each].inputs) == 1 for each in network.needed(number))
    ranks = {len(layer.index_maps) for layer in layers}
    return tuple(layer.index_maps for layer in layers) if is_single and len(ranks) == 1 else ()


class _Outputs:
    """The inputs of layers, computed once, when the first is needed."""

    def __init__(self, network: Network, context: Context, numbers: Sequence[int]) -> None:
        self.network, self.numbers_of = network, numbers
        self.context = context._replace(dtype=network.dtype)

    def is_computed(self, number: int) -> bool:
        """Whether the file has all weights on the way to a layer, and a kind for each layer."""
        stages = [self.network.stages[each] for each in self.network.needed(number)]
        is_known = not any(isinstance(stage.layer, Opaque) for stage in stages)
        return is_known and all(
            stage.read for stage in stages if stage.layer.weight_shapes or stage.layer.buffer_shapes
        )

    def problem(self, number: int) -> Problem:
        """A convolution on its input."""
        return self.network.problem(number, self._inputs(number), self.context)

    def numbers(self, number: int) -> Numbers:
        """What another layer gets."""
        return Numbers(self._inputs(number), self.network.stages[number].values())

    def _inputs(self, number: int) -> list[Any]:
        below = self.network.stages[number].inputs
        return [self._input if each == INPUT else self._of_layers[each] for each in below]

    @cached_property
    def _input(self) -> Any:
        return self.network.input()

    @cached_property
    def _of_layers(self) -> dict[int, Any]:
        asked = [each for each in self.numbers_of if self.is_computed(each)]
        wanted = {below for each in asked for below in self.network.stages[each].inputs} - {INPUT}
        return {each: out for each, out in self.network.outputs(self._input, self.context, wanted) if each in wanted}
