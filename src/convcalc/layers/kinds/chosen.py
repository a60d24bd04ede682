"""Kinds that repeat cells: some of an axis by their numbers, or the one cell of an axis over all its places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.errors import FieldError, GeometryError
from convcalc.geometry.arguments import whole
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.kinds.rearranged import Rearranged
from convcalc.layers.layer import Shape
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class Take(Rearranged):
    """Cells of one axis by their numbers, in any order (PyTorch's ``index_select``, ONNX's ``Gather``)."""

    kind: ClassVar[str] = "take"

    axis: int
    indices: tuple[int, ...]

    @classmethod
    def of(cls, input_shape: Shape, *, indices: Any, axis: int = 0) -> Take:
        """The layer with the numbers of the cells; ``axis``: 0 is that of the channels.

        Raises:
            FieldError: there is no such axis, or no such cell.
        """
        if whole("axis", axis, 0) >= len(input_shape):
            raise FieldError(f"axis must be 0 to {len(input_shape) - 1}, got {axis}", field="axis")
        given = indices if isinstance(indices, list | tuple) else [indices]
        size = input_shape[axis]
        for each in given:
            if isinstance(each, bool) or not isinstance(each, int) or not -size <= each < size:
                raise FieldError(
                    f"indices must be whole numbers from {-size} to {size - 1}, got {each}", field="indices"
                )
        if not given:
            raise FieldError("indices must name at least one cell", field="indices")
        return cls(input_shape, axis, tuple(each % size for each in given))

    @property
    def output_shape(self) -> Shape:
        """On its axis as many cells as there are indices."""
        return (*self.input_shape[: self.axis], len(self.indices), *self.input_shape[self.axis + 1 :])

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Any cell of its axis may come from any other."""
        own = IndexMap(2 * self.input_shape[self.axis], 1, self.input_shape[self.axis])
        return tuple(own if axis == self.axis else IndexMap(1) for axis in range(1, len(self.input_shape)))

    def rearranged(self, cells: Array, outside: Any = 0) -> Array:  # noqa: ARG002 - every cell comes from one
        """The chosen ones."""
        return cells.take(self.indices, axis=self.axis + 1)


@dataclass(frozen=True)
class Expand(Rearranged):
    """The one cell of an axis at all its places (PyTorch's and ONNX's ``Expand``)."""

    kind: ClassVar[str] = "expand"

    shape: Shape

    @classmethod
    def of(cls, input_shape: Shape, *, shape: Any) -> Expand:
        """The layer with the shape of a sample; -1 leaves a size as it is.

        Raises:
            FieldError: the shape is no list of whole numbers.
            GeometryError: an axis of several cells would become another, or there are not as many axes.
        """
        given = shape if isinstance(shape, list | tuple) else [shape]
        sizes = [-1 if each == -1 else whole("shape", each, 1) for each in given]
        fits = len(sizes) == len(input_shape)
        if not fits or any(b not in (-1, a) and a != 1 for a, b in zip(input_shape, sizes, strict=True)):
            raise GeometryError(
                f"{shape_text(input_shape)} cannot be expanded to {shape_text(tuple(sizes))}",
                hint="only axes of one cell are repeated; -1 leaves a size as it is",
                field="shape",
            )
        found = tuple(a if b == -1 else b for a, b in zip(input_shape, sizes, strict=True))
        return cls(input_shape, found)

    @property
    def output_shape(self) -> Shape:
        """The shape."""
        return self.shape

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Of a repeated axis: its one cell, from every place."""
        pairs = zip(self.input_shape[1:], self.shape[1:], strict=True)
        return tuple(IndexMap(1) if a == b else IndexMap(b, 1, b - 1) for a, b in pairs)

    def rearranged(self, cells: Array, outside: Any = 0) -> Array:  # noqa: ARG002 - every cell comes from one
        """The same numbers, repeated."""
        import numpy as np

        return np.broadcast_to(cells, (len(cells), *self.shape)).copy()
