"""All cells of a sample in one row (PyTorch's ``Flatten``, torch.nn documentation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import Context
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.layer import Box, Layer, Shape
from convcalc.tracing.explanation import Cell, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType


@dataclass(frozen=True)
class Flatten(Layer):
    """The features channel by channel, each row by row."""

    kind: ClassVar[str] = "flatten"

    @classmethod
    def of(cls, input_shape: Shape) -> Flatten:
        """The layer on an input of any shape."""
        return cls(input_shape)

    @property
    def output_shape(self) -> Shape:
        """(features,)."""
        return (prod(self.input_shape),)

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """None: features have no spatial axis."""
        return ()

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - it has one input
        """The smallest block of the cells of a range of features."""
        if not box[0]:
            return (range(0),) * len(self.input_shape)
        first, last = self._cell(box[0][0]), self._cell(box[0][-1])
        found: list[range] = []
        for axis, size in enumerate(self.input_shape):
            is_one_row = first[:axis] == last[:axis]  # otherwise the run goes on at the start of the next row
            found.append(range(first[axis], last[axis] + 1) if is_one_row else range(size))
        return tuple(found)

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The same numbers, (batch, features)."""
        return arrays[0].reshape(len(arrays[0]), *self.output_shape)

    def reaches(self, marks: Sequence[Array]) -> Array:
        """The marks in one row."""
        return marks[0].reshape(self.output_shape)

    def terms(self, arrays: Sequence[Array], cell: Cell) -> list[Term]:
        """The cell of the feature."""
        return [Term.at(arrays[0], self._cell(cell[0]))]

    def _cell(self, feature: int) -> Cell:
        """The cell of a feature."""
        places = []
        for size in reversed(self.input_shape):
            feature, place = divmod(feature, size)
            places.append(place)
        return tuple(reversed(places))
