"""One node of an ONNX model: what it takes, its attributes with their types checked, and what a layer is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from convcalc.errors import DataError
from convcalc.layers.layer import Shape
from convcalc.models.onnx_tensors import Constant, constant_of, quoted

_FLOAT, _INT, _STRING, _TENSOR, _FLOATS, _INTS = 1, 2, 3, 4, 6, 7  # AttributeProto.AttributeType
NO_KIND = "no kind of layer does that"
LONGEST_LIST = 64  # entries of an attribute or a constant that says sizes; there are two for each axis at most


class NotReadError(DataError):
    """A node that no kind of layer does, with the reason; the network ends before it."""


class Flow(NamedTuple):
    """What flows from layer to layer: an output, or the input of the network."""

    number: int
    """The layer that it comes from."""
    shape: Shape
    """(channels, *spatial) or (features,) of one sample."""


class Part(NamedTuple):
    """What a layer is made of."""

    kind: str
    arguments: Mapping[str, Any]
    values: Mapping[str, Constant] = {}
    """Its weights, by PyTorch's names."""
    then: Part | None = None
    """The layer on top of it, of an operator that does what two layers do."""


@dataclass(frozen=True, eq=False, slots=True)
class OnnxNode:
    """A node with what it takes."""

    operator: str
    opset: int
    """The version of the operators that the model was written with."""
    inputs: tuple[Flow | Constant | None, ...]
    """Each as it has been found; None where it is left out."""
    batch: int | None
    """Samples, where the model says how many."""
    element: int
    """The type of the numbers that go into the model (``TensorProto.DataType``)."""
    proto: Any = field(repr=False)

    @property
    def flow(self) -> Flow:
        """What its first input brings from the layer before."""
        return self.flow_at(0)

    def flow_at(self, place: int) -> Flow:
        """What an input brings from the layer before."""
        found = self.input(place)
        if not isinstance(found, Flow):
            raise NotReadError(f"its input {place + 1} is {'a constant' if found else 'missing'}")
        return found

    def constant(self, place: int, name: str) -> Constant:
        """The constant that an input is, by the name it has in the operator's description."""
        found = self.input(place)
        if not isinstance(found, Constant):
            raise NotReadError(f"its {name} is {'computed in the model' if found else 'missing'}, not a constant")
        return found

    def optional(self, place: int, name: str) -> Constant | None:
        """The constant that an input is, or None where it is left out."""
        return None if self.input(place) is None else self.constant(place, name)

    def input(self, place: int) -> Flow | Constant | None:
        """What an input is; None where it is left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def wholes_of(self, place: int, name: str) -> list[Any]:
        """The few numbers of a constant that says sizes."""
        found = self.constant(place, name)
        if len(found.shape) != 1 or found.shape[0] > LONGEST_LIST:
            raise NotReadError(f"its {name} has the shape {list(found.shape)}, not one entry for each axis")
        numbers: list[Any] = found.read().tolist()
        return numbers

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
        """A number, as it is written in the fewest digits that make this float32."""
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
        return constant_of(self._attribute(name, _TENSOR, "a tensor").t)

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
