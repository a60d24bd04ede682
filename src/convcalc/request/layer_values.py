"""The numbers of a layer's weights, read when it runs: checked for their shapes, inf and nan.

The arguments of a layer: from the file, and omitted ones from the shape of the layer's weight.
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
from convcalc.request.weight_layout import fitting
from convcalc.request.weights import Found, Given, WeightReader, Weights
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array


def arguments_of(
    entry: Entry, kind: Kind, input_shape: Shape, given: Mapping[str, Given], rest: Weights | None
) -> dict[str, Any]:
    """The layer's arguments. A weight in the layer's own entry has a bias only where one is given too.

    Raises:
        FieldError: one is missing, or has an invalid value.
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
        derived = _arguments_of_weight(entry, input_shape, missing, given, rest)
        found |= {name: derived[name] for name in unsaid if name in derived}
    return found


def _value(name: str, node: Any, default: Any) -> Any:
    if isinstance(default, bool):
        return truth(name, node)
    return boundary_of_node(node) if name == "boundary" else plain_value(node)


def _arguments_of_weight(
    entry: Entry, input_shape: Shape, missing: Sequence[str], given: Mapping[str, Given], rest: Weights | None
) -> dict[str, Any]:
    """The arguments that follow from the shape of the weight.

    Raises:
        FieldError: missing ones do not follow from it.
    """
    shape = None
    if "weight" in given:
        shape = given["weight"].read().array.shape
    elif rest is not None:
        shape = rest.shape("weight")
    derived = _sizes(entry, input_shape, shape) if shape is not None and len(shape) == len(input_shape) + 1 else {}
    if any(name not in derived for name in missing):
        spelling = entry.path[2] if len(entry.path) > 2 else entry.kind
        why = f", and its weight of {shape_text(shape)} does not tell" if shape is not None else ""
        raise FieldError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing{why}",
            hint=f"{spelling}: {{{', '.join(f'{name}: …' for name in missing)}}}",
        )
    return derived


def _sizes(entry: Entry, input_shape: Shape, weight: Shape) -> dict[str, Any]:
    """The arguments of a weight's shape, in PyTorch's order of its axes."""
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
"""The axes of a weight, in PyTorch's order."""


@dataclass(frozen=True, eq=False)
class LayerValues:
    """The numbers of one layer."""

    entry: Entry
    layer: Layer
    given: Mapping[str, Given]
    """Those in the layer's own entry."""
    rest: Weights | None
    """Where the others come from."""
    tensors: WeightReader

    @property
    def shapes(self) -> dict[str, Shape]:
        """Of all tensors that the layer needs."""
        return {**self.layer.weight_shapes, **self.layer.buffer_shapes}

    @property
    def stored(self) -> dict[str, Hashable]:
        """The files' tensors of the weights that other layers may share."""
        found = {name: self._stored(name) for name in self.layer.weight_shapes}
        return {name: tensor for name, tensor in found.items() if tensor is not None}

    def read(self) -> Values:
        """All tensors by their names.

        Raises:
            ConvcalcError: one cannot be read, or is of another shape.
        """
        return {name: self._tensor(name) for name in self.shapes}

    def check_written(self) -> None:
        """Refuse numbers in the file itself that do not fit; other files are checked when they are needed.

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

    def _layouts(self, stored: Shape) -> list[str]:
        """The orders of axes in which a stored weight is that of a convolution like this one."""
        if self.entry.kind not in ("conv", "pointwise", "transposed-conv"):
            return []
        return fitting(stored, self.shapes["weight"])

    def _fitted(self, name: str, found: Found) -> Array:
        """The tensor in the shape that the layer needs; a single number fills a list."""
        import numpy as np

        from convcalc.arrays import checked

        values, shape = checked(found.array), self.shapes[name]
        if not values.ndim and len(shape) == 1:
            values = np.broadcast_to(values, shape)
        fits = self._layouts(values.shape) if name == "weight" else []
        if values.shape != shape:
            order = _ORDERS.get(self.entry.kind, "") if name == "weight" else ""
            other = f"; layout: {fits[0]} fits" if fits and found.is_from_file else ""
            found_shape = f"has shape {shape_text(values.shape)}" if values.ndim else "is one number"
            raise FieldError(
                f"{name} {found_shape}, the layer needs {shape_text(shape)}",
                hint=order and f"its axes are {order}{other}",
                field=name if name in self.given else "weights",
            )
        notes = found.notes
        if found.is_from_file and len(fits) > 1:
            notes = (*notes, f"{shape_text(shape)} fits {' and '.join(fits)}; it is read as {fits[0]}, see layout")
        self.tensors.number_notes.look_through(self.entry.name, name, values, notes)
        return values
