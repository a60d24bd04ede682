"""Inputs side by side (ONNX's ``Concat``, PyTorch's ``torch.cat``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import Context
from convcalc.errors import FieldError, GeometryError
from convcalc.geometry.arguments import whole
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.layer import Box, Layer, Shape
from convcalc.tracing.explanation import Cell, Term
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType


@dataclass(frozen=True)
class Concat(Layer):
    """The cells of all inputs, one input after the other on one axis."""

    kind: ClassVar[str] = "concat"

    shapes: tuple[Shape, ...]
    """Of every input."""
    axis: int = 0
    """Of a sample: 0 is that of the channels."""

    @classmethod
    def of(cls, input_shape: Shape, *others: Shape, axis: int = 0) -> Concat:
        """The layer on inputs of these shapes; ``axis``: 0 is that of the channels, 1 the first spatial one.

        Raises:
            FieldError: there is no such axis.
            GeometryError: two differ on another axis.
        """
        if whole("axis", axis, 0) >= len(input_shape):
            raise FieldError(f"axis must be 0 to {len(input_shape) - 1}, got {axis}", field="axis")
        shapes = tuple(tuple(each) for each in (input_shape, *others))
        first = shapes[0][:axis] + shapes[0][axis + 1 :]
        for other in shapes[1:]:
            if len(other) != len(shapes[0]) or other[:axis] + other[axis + 1 :] != first:
                raise GeometryError(
                    f"concat takes inputs that differ on axis {axis} alone: {shape_text(shapes[0])} and "
                    f"{shape_text(other)}",
                    hint="axis 0 is that of the channels",
                    field="input",
                )
        return cls(shapes[0], shapes, axis)

    @property
    def output_shape(self) -> Shape:
        """On its axis the sum of all."""
        sizes = list(self.input_shape)
        sizes[self.axis] = self._starts[-1]
        return tuple(sizes)

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """The cell itself; on its own axis that of the first input."""
        return (IndexMap(1),) * self.rank

    @property
    def _starts(self) -> list[int]:
        """Where each input begins on the axis, and where the last one ends."""
        return list(accumulate((shape[self.axis] for shape in self.shapes), initial=0))

    def window(self, box: Box, source: int = 0) -> Box:
        """The part of the block that comes from an input."""
        start, stop = self._starts[source : source + 2]
        cells = box[self.axis]
        inside = range(max(cells.start, start) - start, max(min(cells.stop, stop), start) - start)
        if not cells or not inside:
            return (range(0),) * len(box)
        return (*box[: self.axis], inside, *box[self.axis + 1 :])

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """All inputs in one array."""
        import numpy as np

        from convcalc.layers.numbers import finished

        if len({each.dtype for each in arrays}) > 1:
            return finished(np.concatenate([each.astype(object) for each in arrays], self.axis + 1), dtype)
        return np.concatenate(arrays, self.axis + 1)

    def reaches(self, marks: Sequence[Array]) -> Array:
        """All marks in one array."""
        import numpy as np

        return np.concatenate(marks, self.axis)

    def terms(self, arrays: Sequence[Array], cell: Cell) -> list[Term]:
        """The cell of the input that it comes from."""
        place = cell[self.axis]
        source = next(number for number, stop in enumerate(self._starts[1:]) if place < stop)
        own = (*cell[: self.axis], place - self._starts[source], *cell[self.axis + 1 :])
        return [Term.at(arrays[source], own, source=source)]
