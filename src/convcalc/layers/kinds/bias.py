"""Each channel plus or times a number, one for all or one for each (ONNX's ``Add`` and ``Mul`` of constants)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, ClassVar, Self

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError
from convcalc.geometry.arguments import flag, whole
from convcalc.layers.derivative import OwnWeight, Point
from convcalc.layers.layer import Layer, Shape, Values, Work
from convcalc.tracing.explanation import Cell, Explanation, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class OfChannels(Layer):
    """A layer with one number for each channel, or one for all."""

    is_shared: bool = False
    """Whether all channels have one number."""

    @classmethod
    def of(cls, input_shape: Shape, *, num_parameters: int | None = None) -> Self:
        """The layer on an input of any shape, with one number or one for each channel, as without this argument.

        Raises:
            FieldError: it is another count.
        """
        if num_parameters is not None and whole("num_parameters", num_parameters, 1) not in (1, input_shape[0]):
            raise FieldError(
                f"num_parameters must be 1 or {input_shape[0]}, one for each channel, got {num_parameters}",
                field="num_parameters",
            )
        return cls(input_shape, is_shared=num_parameters == 1 != input_shape[0])

    @property
    def numbers_shape(self) -> Shape:
        """(channels,) or (1,)."""
        return (1 if self.is_shared else self.channels,)

    @property
    def spread(self) -> Shape:
        """The shape of its numbers that is spread over a sample's cells."""
        return (*self.numbers_shape, *(1,) * (len(self.input_shape) - 1))

    def place(self, cell: Cell) -> int:
        """Which number is that of a cell."""
        return 0 if self.is_shared else cell[0]


@dataclass(frozen=True)
class Learnable(OfChannels):
    """Numbers that are learned, or given."""

    is_learned: bool = True
    """Whether its numbers are parameters; a zero point or a factor of a formula is none."""

    @classmethod
    def of(cls, input_shape: Shape, *, num_parameters: int | None = None, is_learned: bool = True) -> Self:
        """As of any layer of numbers by channel; ``is_learned``: whether they count as parameters.

        Raises:
            FieldError: an argument is not what it must be.
        """
        made = super().of(input_shape, num_parameters=num_parameters)
        return replace(made, is_learned=flag("is_learned", is_learned))


@dataclass(frozen=True)
class Bias(Learnable):
    """One number added to each channel (ONNX's ``Add`` of a constant)."""

    kind: ClassVar[str] = "bias"

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """bias: (channels,) or (1,), where it is learned."""
        return {"bias": self.numbers_shape} if self.is_learned else {}

    @property
    def buffer_shapes(self) -> dict[str, Shape]:
        """The same, where it is not."""
        return {} if self.is_learned else {"bias": self.numbers_shape}

    @property
    def work(self) -> Work:
        """An addition for every cell."""
        return Work(biases=prod(self.input_shape))

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """Every cell and the number of its channel."""
        from convcalc.layers.numbers import alike, by_channel, sum_of

        dtype, (cells, bias) = alike(inputs, context.dtype, beside=[values["bias"]])
        return sum_of([cells, by_channel(bias, cells)], dtype)

    def own_weights(self, at: Point) -> dict[str, OwnWeight]:
        """1 everywhere."""
        import numpy as np

        return {"bias": OwnWeight(np.ones(at.inputs[0].shape, np.int64), self.spread, "1")}

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
        return explained_sum(cell, [Term.at(cells, cell)], dtype, bias=plain(bias[self.place(cell)]))


@dataclass(frozen=True)
class Scale(Learnable):
    """Each channel times a number (ONNX's ``Mul`` of a constant)."""

    kind: ClassVar[str] = "scale"

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """weight: (channels,) or (1,), where it is learned."""
        return {"weight": self.numbers_shape} if self.is_learned else {}

    @property
    def buffer_shapes(self) -> dict[str, Shape]:
        """The same, where it is not."""
        return {} if self.is_learned else {"weight": self.numbers_shape}

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """Every cell times the number of its channel."""
        from convcalc.layers.numbers import by_channel, changed

        return changed(by_channel(values["weight"], inputs[0]), inputs[0], context.dtype)

    def own_weights(self, at: Point) -> dict[str, OwnWeight]:
        """The cell that the number multiplies."""
        return {"weight": OwnWeight(at.inputs[0], self.spread)}

    def trace(
        self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0, context: Context = STANDARD
    ) -> Explanation:
        """The cell and the number of its channel."""
        from convcalc.arrays import plain
        from convcalc.layers.numbers import alike, explained_sum

        dtype, (cells, weight) = alike([inputs[0][sample], values["weight"]], context.dtype)
        return explained_sum(cell, [Term.at(cells, cell, plain(weight[self.place(cell)]))], dtype)
