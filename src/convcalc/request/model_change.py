"""Changes of one layer of a model by flags: its own arguments as a file would have them, some of them replaced."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcalc.context import Context
from convcalc.errors import ConvcalcError, FieldError
from convcalc.files.number_notes import NumberNotes
from convcalc.layers.layer import Shape
from convcalc.layers.stage import Stage
from convcalc.models.onnx_layers import Change
from convcalc.models.onnx_node import Flow, Part
from convcalc.models.onnx_tensors import Constant
from convcalc.request.layer_list import Entry
from convcalc.request.layer_reader import LayerReader
from convcalc.request.request import Origin, Request
from convcalc.request.weights import Found, WeightReader

if TYPE_CHECKING:
    from convcalc.files.yaml_reader import Node


def change_of(request: Request, context: Context, number_notes: NumberNotes) -> Change:
    """The change of a model's layer by flags, with errors that name the flags."""
    called = " and ".join(change.origin.source for change in request.changes.values())
    origin = Origin(called, is_flag=True)
    tensors = WeightReader(origin, context, number_notes)

    def make(part: Part, flows: Sequence[Flow], sources: Sequence[str]) -> Stage:
        shapes = [each.shape for each in flows]
        reader = LayerReader(
            shapes[0], (), tensors, lambda _, __: ModelWeights(part.values), request.layer, request.changes
        )
        said = {
            name: _node(value)
            for name, value in part.arguments.items()
            if name != "bias" or "kernel" not in request.changes
        }
        inputs = tuple(each.number for each in flows)
        try:
            return reader.stage(0, Entry(part.kind, request.layer, said, inputs, ("layers",)), shapes, sources)
        except ConvcalcError as error:
            error.place = error.place or origin.place(())
            raise

    return Change(request.layer, make, called)


@dataclass(frozen=True, eq=False)
class ModelWeights:
    """The tensors that a model has for one layer."""

    values: Mapping[str, Constant]

    def shape(self, name: str) -> Shape | None:
        """As in the model."""
        return self.values[name].shape if name in self.values else None

    def stored(self, name: str) -> Hashable | None:
        """By the tensor's name in the model."""
        return (self.values[name].stored or None) if name in self.values else None

    def read(self, name: str, shapes: Mapping[str, Shape]) -> Found:  # noqa: ARG002 - the model's shapes are fixed
        """As in the model.

        Raises:
            FieldError: the model has none.
        """
        from convcalc.files.numbers import array_notes

        if name not in self.values:
            raise FieldError(f"the model has no {name} for it", hint=f"give its numbers: --{name} 0", field=name)
        array = self.values[name].read()
        return Found(array, array_notes(array))


def _node(value: Any) -> Node:
    """An argument as a file would have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return [_node(each) for each in value] if isinstance(value, (list, tuple)) else str(value)
