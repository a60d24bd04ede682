"""The numbers of a layer's weights, read when it runs: held to its shapes, and looked through for inf and nan.

The arguments of a layer: as a file says them, and those that it leaves out as the layer's weight has them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcalc.errors import FieldError
from convcalc.layers.layer import Layer, Shape, Values
from convcalc.layers.table import NEEDED, Kind
from convcalc.request.layer_list import Entry
from convcalc.request.text_values import boundary_of_node, plain_value, truth
from convcalc.request.weights import Found, Given, WeightReader, Weights
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array


def arguments_of(
    entry: Entry, kind: Kind, input_shape: Shape, given: Mapping[str, Given], rest: Weights | None
) -> dict[str, Any]:
    """What the layer is made with. A weight that the layer gives itself has a bias only where one is given too.

    Raises:
        FieldError: one is missing, or is no word that it takes.
    """
    defaults = kind.defaults
    found = {
        name: _value(name, entry.said[name], default)
        for name, default in defaults.items()
        if name in entry.said and name not in given
    }
    if "bias" in defaults and "bias" not in found and ("bias" in given or "weight" in given):
        found["bias"] = "bias" in given
    unsaid = [name for name in defaults if name not in found]
    missing = [name for name in unsaid if defaults[name] is NEEDED]
    if missing or ("weight" in given and not given["weight"].is_file):
        told = _told(entry, input_shape, missing, given, rest)
        found |= {name: told[name] for name in unsaid if name in told}
    return found


def _value(name: str, node: Any, default: Any) -> Any:
    if isinstance(default, bool):
        return truth(name, node)
    return boundary_of_node(node) if name == "boundary" else plain_value(node)


def _told(
    entry: Entry, input_shape: Shape, missing: Sequence[str], given: Mapping[str, Given], rest: Weights | None
) -> dict[str, Any]:
    """What the shape of the weight tells of the arguments.

    Raises:
        FieldError: it does not tell those that are missing.
    """
    shape = None
    if "weight" in given:
        shape = given["weight"].read().array.shape
    elif rest is not None:
        shape = rest.shape("weight")
    told = _sizes(entry, input_shape, shape) if shape is not None and len(shape) == len(input_shape) + 1 else {}
    if any(name not in told for name in missing):
        spelling = entry.path[2] if len(entry.path) > 2 else entry.kind
        why = f", and its weight of {shape_text(shape)} does not tell" if shape is not None else ""
        raise FieldError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing{why}",
            hint=f"{spelling}: {{{', '.join(f'{name}: …' for name in missing)}}}",
        )
    return told


def _sizes(entry: Entry, input_shape: Shape, weight: Shape) -> dict[str, Any]:
    """The arguments that a weight of a shape stands for, in PyTorch's order of its axes."""
    groups = plain_value(entry.said.get("groups", "1"))
    of_transposed = weight[1] * groups if isinstance(groups, int) else weight[1]
    return {
        "out_channels": of_transposed if entry.kind == "transposed-conv" else weight[0],
        "out_features": weight[0],
        "channel_multiplier": max(1, weight[0] // input_shape[0]),
        "kernel_size": list(weight[2:]),
    }


_ORDERS = {
    "conv": "(out_channels, in_channels / groups, *kernel_size)",
    "pointwise": "(out_channels, in_channels / groups, *kernel_size)",
    "depthwise": "(out_channels, 1, *kernel_size)",
    "transposed-conv": "(in_channels, out_channels / groups, *kernel_size)",
    "linear": "(out_features, in_features)",
}
"""What the axes of a weight are, as in PyTorch."""


@dataclass(frozen=True, eq=False)
class LayerValues:
    """The numbers of one layer."""

    entry: Entry
    layer: Layer
    given: Mapping[str, Given]
    """Those that the layer gives itself."""
    rest: Weights | None
    """Where the others come from."""
    tensors: WeightReader

    @property
    def shapes(self) -> dict[str, Shape]:
        """Of all tensors that the layer needs."""
        return {**self.layer.weight_shapes, **self.layer.buffer_shapes}

    @property
    def stored(self) -> dict[str, Hashable]:
        """Which tensors of files the weights are, of those that may be another layer's too."""
        found = {name: self._stored(name) for name in self.layer.weight_shapes}
        return {name: tensor for name, tensor in found.items() if tensor is not None}

    def read(self) -> Values:
        """All tensors by their names.

        Raises:
            ConvcalcError: one cannot be read, or is of another shape.
        """
        return {name: self._tensor(name) for name in self.shapes}

    def check_written(self) -> None:
        """Refuse numbers that stand in the file itself and do not fit; other files are left for when they are needed.

        Raises:
            ConvcalcError: as of :meth:`read`.
        """
        for name, given in self.given.items():
            if not given.is_file:
                self._fitted(name, given.read())

    def _tensor(self, name: str) -> Array:
        if name in self.given:
            found = self.given[name].read()
        elif self.rest is not None:
            found = self.rest.read(name, self.shapes)
        else:
            raise FieldError(f"it has no {name}, only the shape {shape_text(self.shapes[name])}", hint=f"give {name}")
        return self._fitted(name, found)

    def _stored(self, name: str) -> Hashable | None:
        if name in self.given:
            return self.given[name].stored
        return None if self.rest is None else self.rest.stored(name)

    def _fitted(self, name: str, found: Found) -> Array:
        """The tensor in the shape that the layer needs, one number standing for all of a list."""
        import numpy as np

        from convcalc.arrays import checked

        values, shape = checked(found.array), self.shapes[name]
        if not values.ndim and len(shape) == 1:
            values = np.broadcast_to(values, shape)
        if values.shape != shape:
            order = _ORDERS.get(self.entry.kind, "") if name == "weight" else ""
            found_shape = f"has shape {shape_text(values.shape)}" if values.ndim else "is one number"
            raise FieldError(
                f"{name} {found_shape}, the layer needs {shape_text(shape)}",
                hint=order and f"its axes are {order}",
                field=name if name in self.given else "weights",
            )
        self.tensors.number_notes.look_through(self.entry.name, name, values, found.notes)
        return values
