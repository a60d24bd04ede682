"""The sum of several inputs of one shape, as in a residual connection (ONNX's ``Add``, without broadcasting)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import Context
from convcalc.errors import GeometryError
from convcalc.layers.layer import Layer, Shape
from convcalc.tracing.explanation import Cell, Term
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType


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

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The sum of all inputs."""
        from convcalc.layers.numbers import sum_of

        return sum_of(arrays, dtype)

    def terms(self, arrays: Sequence[Array], cell: Cell) -> list[Term]:
        """The same cell of every input."""
        return [Term.at(each, cell, source=number) for number, each in enumerate(arrays)]


def _difference(one: Shape, other: Shape) -> str:
    """Where two shapes differ first."""
    if len(one) != len(other):
        return f"have {len(one) - 1} and {len(other) - 1} spatial axes"
    place = next(place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    where = "in channels" if place == 0 else f"on axis {place - 1}"
    return f"differ {where}, {one[place]} and {other[place]}"
