"""Functions of one cell: ReLU, leaky ReLU, sigmoid and tanh, each by its definition in PyTorch (torch.nn)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.geometry.boundary import Number
from convcalc.layers.layer import PLAINLY, How, Layer, Shape, Values
from convcalc.layers.step import Cell, Rule, Step, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class Activation(Layer):
    """A function applied to every cell by itself."""

    @classmethod
    def of(cls, input_shape: Shape) -> Activation:
        """The layer on an input of any shape."""
        return cls(input_shape)

    def compute(self, inputs: Sequence[Array], values: Values, how: How = PLAINLY) -> Array:  # noqa: ARG002
        """The function of every cell."""
        return self.function(inputs[0])

    def push(self, inputs: Sequence[Array], values: Values, tangents: Sequence[Array]) -> Array:  # noqa: ARG002
        """The tangent times the slope of the function at every cell."""
        pushed: Array = self.slope(inputs[0]) * tangents[0]
        return pushed

    def trace(self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0) -> Step:  # noqa: ARG002
        """The function of the one cell, written out."""
        from convcalc.arrays import as_array, plain

        value = plain(inputs[0][(sample, *cell)])
        here = inputs[0][(slice(sample, sample + 1), *(slice(each, each + 1) for each in cell))]
        total, slope = (plain(each.reshape(-1)[0]) for each in (self.function(here), as_array(self.slope(here))))
        term = Term(value, cell)
        return Step(cell, (term,), total, Rule.FUNCTION, formula=self.formula(value), function_slopes=(slope,))

    def function(self, cells: Array) -> Array:
        """The function of every cell."""
        raise NotImplementedError

    def slope(self, cells: Array) -> Any:
        """The derivative at every cell."""
        raise NotImplementedError

    def formula(self, value: Number) -> str:
        """The function with the number put in."""
        raise NotImplementedError


@dataclass(frozen=True)
class ReLU(Activation):
    """max(0, x): what is negative is cut."""

    kind: ClassVar[str] = "relu"

    def function(self, cells: Array) -> Array:
        """max(0, x); nan stays nan."""
        import numpy as np

        return np.maximum(cells, cells.dtype.type(0) if cells.dtype != object else 0)

    def slope(self, cells: Array) -> Any:
        """1 above 0, otherwise 0; at 0 itself 0, as in PyTorch."""
        return (cells > 0).astype(cells.dtype)

    def formula(self, value: Number) -> str:
        """Such as "max(0, -3)"."""
        return f"max(0, {value})"
