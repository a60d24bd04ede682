"""Several inputs of one shape added up: what a residual connection does (ONNX's ``Add``, without broadcasting)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import GeometryError
from convcalc.layers.layer import PLAINLY, How, Layer, Shape, Values
from convcalc.layers.step import Cell, Step, Term
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class Add(Layer):
    """All inputs, cell by cell."""

    kind: ClassVar[str] = "add"

    @classmethod
    def of(cls, input_shape: Shape, *others: Shape) -> Add:
        """The layer on inputs of these shapes.

        Raises:
            GeometryError: one is not shaped like the first.
        """
        for other in others:
            if tuple(other) != tuple(input_shape):
                raise GeometryError(
                    f"add takes inputs of one shape: {shape_text(input_shape)} and {shape_text(other)} "
                    f"{_difference(input_shape, other)}",
                    hint="a pointwise layer with a stride gives one the channels and the size of the other",
                    field="input",
                )
        return cls(input_shape)

    def compute(self, inputs: Sequence[Array], values: Values, how: How = PLAINLY) -> Array:  # noqa: ARG002
        """The sum of all inputs."""
        from convcalc.layers.numbers import alike, sum_of

        dtype, arrays = alike(inputs, how.dtype)
        return sum_of(arrays, dtype)

    def push(
        self,
        inputs: Sequence[Array],  # noqa: ARG002 - a linear layer's derivative is the same everywhere
        values: Values,
        tangents: Sequence[Array],
        how: How = PLAINLY,
    ) -> Array:
        """The sum of the tangents."""
        return self.compute(tangents, values, how)

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        cell: Cell,
        sample: int = 0,
        how: How = PLAINLY,
    ) -> Step:
        """The same cell of every input."""
        from convcalc.arrays import plain
        from convcalc.layers.numbers import alike, sum_step

        dtype, arrays = alike([each[sample] for each in inputs], how.dtype)
        return sum_step(cell, [Term(plain(each[cell]), cell, source=n) for n, each in enumerate(arrays)], dtype)


def _difference(one: Shape, other: Shape) -> str:
    """Where two shapes differ first."""
    if len(one) != len(other):
        return f"have {len(one) - 1} and {len(other) - 1} spatial axes"
    place = next(place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    where = "in channels" if place == 0 else f"on axis {place - 1}"
    return f"differ {where}, {one[place]} and {other[place]}"
