"""All cells of a sample in one row (PyTorch's ``Flatten``, torch.nn documentation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.geometry.reading import Reading
from convcalc.layers.layer import PLAINLY, Box, How, Layer, Shape, Values
from convcalc.layers.step import Cell, Step, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


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
    def readings(self) -> tuple[Reading, ...]:
        """None: features lie on no axis."""
        return ()

    def window(self, box: Box) -> Box:
        """The smallest block that holds the cells of a run of features."""
        if not box[0]:
            return (range(0),) * len(self.input_shape)
        first, last = self._cell(box[0][0]), self._cell(box[0][-1])
        found: list[range] = []
        for axis, size in enumerate(self.input_shape):
            is_one_row = first[:axis] == last[:axis]  # otherwise the run goes on at the start of the next row
            found.append(range(first[axis], last[axis] + 1) if is_one_row else range(size))
        return tuple(found)

    def compute(self, inputs: Sequence[Array], values: Values, how: How = PLAINLY) -> Array:  # noqa: ARG002
        """The same numbers, (batch, features)."""
        from convcalc.layers.numbers import alike

        _, (cells,) = alike(inputs, how.dtype)
        return cells.reshape(len(cells), *self.output_shape)

    def push(
        self,
        inputs: Sequence[Array],  # noqa: ARG002 - a linear layer's derivative is the same everywhere
        values: Values,
        tangents: Sequence[Array],
        how: How = PLAINLY,
    ) -> Array:
        """The tangent in one row."""
        return self.compute(tangents, values, how)

    def reaches(self, marks: Sequence[Array]) -> Array:
        """The marks in one row."""
        return marks[0].reshape(self.output_shape)

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        cell: Cell,
        sample: int = 0,
        how: How = PLAINLY,
    ) -> Step:
        """The cell that stands there."""
        from convcalc.arrays import plain
        from convcalc.layers.numbers import alike, sum_step

        dtype, (cells,) = alike([inputs[0][sample]], how.dtype)
        source = self._cell(cell[0])
        return sum_step(cell, [Term(plain(cells[source]), source)], dtype)

    def _cell(self, feature: int) -> Cell:
        """Where a feature comes from."""
        places = []
        for size in reversed(self.input_shape):
            feature, place = divmod(feature, size)
            places.append(place)
        return tuple(reversed(places))
