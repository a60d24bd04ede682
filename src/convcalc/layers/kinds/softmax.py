"""Softmax and its logarithm over one axis, by default the channels (PyTorch's ``Softmax``, ``LogSoftmax``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError
from convcalc.geometry.arguments import whole
from convcalc.layers.layer import Box, Layer, Shape, Values
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class Softmax(Layer):
    """exp(x) divided by the sum of exp over all channels, or features, at the same position."""

    kind: ClassVar[str] = "softmax"
    is_linear: ClassVar[bool] = False

    axis: int = 0
    """Of a sample: 0 is that of the channels."""

    @classmethod
    def of(cls, input_shape: Shape, *, axis: int = 0) -> Self:
        """The layer on an input of any shape.

        Raises:
            FieldError: there is no such axis.
        """
        if whole("axis", axis, 0) >= len(input_shape):
            raise FieldError(f"axis must be 0 to {len(input_shape) - 1}, got {axis}", field="axis")
        return cls(input_shape, axis)

    def window_channels(self, channels: range) -> range:
        """All channels, if it is over these."""
        return range(self.channels) if channels and not self.axis else channels

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - it has one input
        """All cells of the axis."""
        whole_axis = range(self.input_shape[self.axis]) if box[self.axis] else range(0)
        return (*box[: self.axis], whole_axis, *box[self.axis + 1 :])

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:  # noqa: ARG002
        """The shares; the maximum is subtracted before, so that exp never overflows."""
        import numpy as np

        from convcalc.layers.numbers import in_real

        (cells,) = in_real(self.kind, inputs, context.dtype)
        with np.errstate(all="ignore"):
            return self._of(cells, self.axis + 1)

    def _of(self, cells: Array, axis: int) -> Array:
        import numpy as np

        powers = np.exp(cells - cells.max(axis=axis, keepdims=True))
        shares: Array = powers / powers.sum(axis=axis, keepdims=True)
        return shares

    def _slopes(self, numbers: Array, place: int) -> Array:
        """The derivative of one share by every number."""
        import numpy as np

        shares = Softmax._of(self, numbers, 0)
        slopes: Array = shares[place] * ((np.arange(len(shares)) == place) - shares)
        return slopes

    def push(
        self, inputs: Sequence[Array], values: Values, tangents: Sequence[Array], context: Context = STANDARD
    ) -> Array:
        """Share × (tangent − Σ share × tangent)."""
        import numpy as np

        from convcalc.layers.numbers import alike

        _, (shares, tangent) = alike([self.compute(inputs, values, context), *tangents], context.dtype)
        with np.errstate(all="ignore"):
            pushed: Array = shares * (tangent - (shares * tangent).sum(axis=self.axis + 1, keepdims=True))
        return pushed

    def reaches(self, marks: Sequence[Array]) -> Array:
        """All cells of the axis where one is marked."""
        return marks[0].any(axis=self.axis, keepdims=True).repeat(self.input_shape[self.axis], axis=self.axis)

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        cell: Cell,
        sample: int = 0,
        context: Context = STANDARD,
    ) -> Explanation:
        """The numbers of all cells of the axis; the total is computed from them alone."""
        import numpy as np

        from convcalc.arrays import index
        from convcalc.layers.numbers import in_real, rounded

        (cells,) = in_real(self.kind, [inputs[0][sample]], context.dtype)
        before, place, after = cell[: self.axis], cell[self.axis], cell[self.axis + 1 :]
        numbers = cells[index(*before, slice(None), *after)]
        with np.errstate(all="ignore"):
            real = numbers.astype(np.float64)
            total, slopes = self._of(real, 0)[place], self._slopes(real, place)
        return Explanation(
            cell,
            tuple(Term(number, (*before, each, *after)) for each, number in enumerate(numbers.tolist())),
            rounded(total, cells.dtype),
            Rule.FUNCTION,
            formula=self._formula(numbers[place].item()),
            function_slopes=tuple(slopes.tolist()),
        )

    def _formula(self, value: float) -> str:
        return f"exp({value}) / Σ exp"


@dataclass(frozen=True)
class LogSoftmax(Softmax):
    """x less the logarithm of the sum of exp over the axis: the logarithm of the softmax, with all its digits."""

    kind: ClassVar[str] = "log-softmax"

    def _of(self, cells: Array, axis: int) -> Array:
        import numpy as np

        lowered = cells - cells.max(axis=axis, keepdims=True)
        logarithms: Array = lowered - np.log(np.exp(lowered).sum(axis=axis, keepdims=True))
        return logarithms

    def _slopes(self, numbers: Array, place: int) -> Array:
        import numpy as np

        slopes: Array = (np.arange(len(numbers)) == place) - Softmax._of(self, numbers, 0)
        return slopes

    def push(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """Tangent − Σ share × tangent."""
        import numpy as np

        from convcalc.layers.numbers import alike, in_real

        (cells,) = in_real(self.kind, inputs, context.dtype)
        with np.errstate(all="ignore"):
            shares = Softmax._of(self, cells, self.axis + 1)
        _, (shares, tangent) = alike([shares, *tangents], context.dtype)
        with np.errstate(all="ignore"):
            pushed: Array = tangent - (shares * tangent).sum(axis=self.axis + 1, keepdims=True)
        return pushed

    def _formula(self, value: float) -> str:
        return f"{value} - log(Σ exp)"
