"""The numbers of a layer's weights, read when it runs: held to its shapes, and looked through for inf and nan."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcalc.errors import FieldError
from convcalc.layers.layer import Layer, Shape, Values
from convcalc.request.layer_list import Entry
from convcalc.request.weights import Found, Given, WeightReader, Weights
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array

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
