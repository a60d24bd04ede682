"""One number added to each channel: a bias as a separate layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.layers.layer import Layer, Shape, Values, Work
from convcalc.tracing.explanation import Cell, Explanation, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class Bias(Layer):
    """One number added to each channel (ONNX's ``Add`` of a constant for each channel)."""

    kind: ClassVar[str] = "bias"

    @classmethod
    def of(cls, input_shape: Shape) -> Bias:
        """The layer on an input of any shape."""
        return cls(input_shape)

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """bias: (channels,)."""
        return {"bias": (self.channels,)}

    @property
    def work(self) -> Work:
        """An addition for every cell."""
        return Work(biases=prod(self.input_shape))

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """Every cell and the number of its channel."""
        from convcalc.layers.numbers import alike, by_channel, sum_of

        dtype, (cells, bias) = alike(inputs, context.dtype, beside=[values["bias"]])
        return sum_of([cells, by_channel(bias, cells)], dtype)

    def push(
        self,
        inputs: Sequence[Array],  # noqa: ARG002 - a linear layer's derivative is the same everywhere
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """The tangent itself."""
        from convcalc.layers.numbers import alike

        _, (tangent,) = alike(tangents, context.dtype)
        return tangent

    def trace(
        self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0, context: Context = STANDARD
    ) -> Explanation:
        """The cell and the number of its channel."""
        from convcalc.arrays import plain
        from convcalc.layers.numbers import alike, explained_sum

        dtype, (cells, bias) = alike([inputs[0][sample]], context.dtype, beside=[values["bias"]])
        return explained_sum(cell, [Term.at(cells, cell)], dtype, bias=plain(bias[cell[0]]))
