"""One node of an ONNX model: its inputs, its attributes with their types checked, and the layer it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import DataError
from convcalc.files.number_notes import NumberNotes
from convcalc.layers.layer import Layer, Shape, Values
from convcalc.models.onnx_names import quoted
from convcalc.models.onnx_tensors import Constant, constant_of

_FLOAT, _INT, _STRING, _TENSOR, _FLOATS, _INTS = 1, 2, 3, 4, 6, 7  # AttributeProto.AttributeType
NO_KIND = "no kind of layer does that"
LONGEST_LIST = 64  # entries of an attribute or a constant of sizes; there are at most two for each axis


class NotReadError(DataError):
    """A node that is no supported kind of layer, with the reason; it becomes an opaque layer."""


class Layout(NamedTuple):
    """How the model's own axes of a tensor relate to ours, which have the channels first."""

    is_last: bool = False
    """Whether the model has the channels last: (batch, *spatial, channels)."""
    flattened: Shape = ()
    """Of features that the model flattened channels last: the (channels, *spatial) that they were."""

    def order(self, shape: Shape) -> Shape:
        """A sample's shape in the model's order."""
        return (*shape[1:], shape[0]) if self.is_last else shape


FIRST = Layout()
"""Channels first in the model too."""
LAST = Layout(is_last=True)


class Flow(NamedTuple):
    """A tensor between layers: an output, or the input of the network."""

    number: int
    """The layer that it comes from."""
    shape: Shape
    """(channels, *spatial) or (features,) of one sample; any axes where it has no batch."""
    layout: Layout = FIRST
    has_batch: bool = True
    """Whether its first axis in the model is the batch, which its shape omits."""
    element: int = 1
    """The type of its numbers in the model (``TensorProto.DataType``)."""
    is_known: bool = True
    """Whether its shape is known."""

    @property
    def axes(self) -> int:
        """In the model, the batch counted."""
        return len(self.shape) + self.has_batch

    def model_shape(self, batch: int) -> Shape:
        """The shape in the model, with its batch and its own order of axes."""
        return ((batch,) if self.has_batch else ()) + self.layout.order(self.shape)


class Operand(NamedTuple):
    """An input of a layer that joins several: what a layer makes, or numbers of the model."""

    source: Flow | Constant
    before: Part | None = None
    """A layer that it goes through first."""


class Part(NamedTuple):
    """A layer with its weights."""

    kind: str
    arguments: Mapping[str, Any]
    values: Mapping[str, Constant] = {}
    """Its weights, by PyTorch's names."""
    then: Part | None = None
    """The next layer, of an operator that equals two layers."""
    layout: Layout | None = None
    """Of its output; None: that of its input."""
    takes_bias: bool = False
    """Whether an addition of a constant for each channel behind it is its bias, which its operator has not."""
    operands: tuple[Operand, ...] = ()
    """Its inputs; empty: those of the node that layers make."""


def chain(parts: Sequence[Part]) -> Part:
    """Layers one behind the other."""
    first, *others = parts
    return first._replace(then=chain(others)) if others else first


def on_last_axis(part: Part, axes: int) -> Part:
    """A layer of channels applied to the last of a sample's axes, which is put first and back."""
    there = Part("permute", {"axes": [axes - 1, *range(axes - 1)]})
    back = Part("permute", {"axes": [*range(1, axes), 0]})
    return chain([there, part, back])


@dataclass(frozen=True, eq=False, slots=True)
class OnnxNode:
    """A node with its inputs."""

    operator: str
    opset: int
    """The version of the operators that the model was written with."""
    inputs: tuple[Flow | Constant | None, ...]
    """Its inputs; None where one is omitted."""
    batch: int | None
    """Samples, where the model states them."""
    proto: Any = field(repr=False)
    model: str = ""
    """The model's path, beside which files of its tensors lie; empty where it has none."""

    @property
    def flows(self) -> list[Flow]:
        """The inputs that are layers' outputs."""
        return [each for each in self.inputs if isinstance(each, Flow)]

    @property
    def flow(self) -> Flow:
        """Its first input, which must be a layer's output."""
        return self.flow_at(0)

    def flow_at(self, place: int) -> Flow:
        """An input that must be a layer's output."""
        found = self.input(place)
        if not isinstance(found, Flow):
            raise NotReadError(f"its input {place + 1} is {'a constant' if found else 'missing'}")
        return found

    def constant(self, place: int, name: str) -> Constant:
        """An input that must be a constant, by its name in the operator's description."""
        found = self.input(place)
        if not isinstance(found, Constant):
            raise NotReadError(f"its {name} is {'computed in the model' if found else 'missing'}, not a constant")
        if found.unread:
            raise NotReadError(f"its {name} is {found.unread}")
        return found

    def optional(self, place: int, name: str) -> Constant | None:
        """An input that must be a constant, or None where it is omitted."""
        return None if self.input(place) is None else self.constant(place, name)

    def input(self, place: int) -> Flow | Constant | None:
        """An input; None where it is omitted."""
        return self.inputs[place] if place < len(self.inputs) else None

    def wholes_of(self, place: int, name: str) -> list[Any]:
        """The few numbers of a constant of sizes."""
        found = self.constant(place, name)
        if len(found.shape) != 1 or found.shape[0] > LONGEST_LIST:
            raise NotReadError(f"its {name} has the shape {list(found.shape)}, not one entry for each axis")
        numbers: list[Any] = found.read().tolist()
        return numbers

    def place_of(self, axis: int, flow: Flow) -> int | None:
        """Which axis of a flow's shape an axis of the model is: 0 the channels; None for the batch.

        Raises:
            NotReadError: there is no such axis.
        """
        axes = len(flow.shape) + flow.has_batch
        if not -axes <= axis < axes:
            raise NotReadError(f"its axis {axis} is none of {axes}")
        place = axis % axes - flow.has_batch
        if not flow.layout.is_last or place < 0:
            return place if place >= 0 else None
        return (place + 1) % len(flow.shape)

    def has(self, name: str) -> bool:
        """Whether an attribute is given."""
        return any(each.name == name for each in self.proto.attribute)

    def names(self) -> list[str]:
        """The attributes that are given."""
        return [each.name for each in self.proto.attribute]

    def whole(self, name: str, default: int) -> int:
        """A whole number."""
        return default if not self.has(name) else int(self._attribute(name, _INT, "a whole number").i)

    def is_set(self, name: str, default: bool = False) -> bool:
        """Whether an attribute that is 0 or 1 is not 0."""
        return bool(self.whole(name, int(default)))

    def real(self, name: str, default: float) -> float:
        """A number, in the fewest digits that give this float32."""
        if not self.has(name):
            return default
        return float(str(np.float32(self._attribute(name, _FLOAT, "a number").f)))

    def text(self, name: str, default: str) -> str:
        """A word."""
        if not self.has(name):
            return default
        found: str = self._attribute(name, _STRING, "a text").s.decode("utf-8", "backslashreplace")
        return found

    def wholes(self, name: str) -> list[int] | None:
        """Whole numbers, or None where they are not given."""
        if not self.has(name):
            return None
        found = self._attribute(name, _INTS, "a list of whole numbers").ints
        return self._few(name, [int(each) for each in found])

    def reals(self, name: str) -> list[float] | None:
        """Numbers, or None where they are not given."""
        if not self.has(name):
            return None
        found = self._attribute(name, _FLOATS, "a list of numbers").floats
        return self._few(name, [float(each) for each in found])

    def tensor(self, name: str) -> Constant:
        """The constant of an attribute."""
        return constant_of(self._attribute(name, _TENSOR, "a tensor").t, self.model)

    def _attribute(self, name: str, expected: int, called: str) -> Any:
        found = next(each for each in self.proto.attribute if each.name == name)
        if found.type != expected:
            raise NotReadError(f"its attribute {quoted(name)} is not {called}")
        return found

    @staticmethod
    def _few(name: str, entries: list[Any]) -> list[Any]:
        if len(entries) > LONGEST_LIST:
            raise NotReadError(f"its attribute {name} has {len(entries):,} entries, at most {LONGEST_LIST}")
        return entries


def weights_reader(
    layer: Layer, name: str, values: Mapping[str, Constant], number_notes: NumberNotes
) -> Callable[[], Values] | None:
    """A function that reads the weights of a layer, whose shapes have been checked."""
    needed = {**layer.weight_shapes, **layer.buffer_shapes}
    for weight, shape in needed.items():
        if values[weight].shape != shape:
            raise NotReadError(f"its {weight} has the shape {list(values[weight].shape)}, {list(shape)} is needed")

    def read() -> Values:
        from convcalc.files.numbers import array_notes

        found = {weight: values[weight].read() for weight in needed}
        for weight, array in found.items():
            number_notes.look_through(name, weight, array, array_notes(array))
        return found

    return read if needed else None
