"""Softmax over the channels (PyTorch's ``Softmax(dim=1)``, torch.nn documentation)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.layers.layer import Layer, Shape, Values
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class Softmax(Layer):
    """exp(x) divided by the sum of exp over all channels, or features, at the same position."""

    kind: ClassVar[str] = "softmax"
    is_linear: ClassVar[bool] = False

    @classmethod
    def of(cls, input_shape: Shape) -> Softmax:
        """The layer on an input of any shape."""
        return cls(input_shape)

    def window_channels(self, channels: range) -> range:
        """All channels."""
        return range(self.channels) if channels else range(0)

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:  # noqa: ARG002
        """The shares; the maximum is subtracted before, so that exp never overflows."""
        import numpy as np

        from convcalc.layers.numbers import in_real

        (cells,) = in_real(self.kind, inputs, context.dtype)
        with np.errstate(all="ignore"):
            powers = np.exp(cells - cells.max(axis=1, keepdims=True))
            shares: Array = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def push(
        self, inputs: Sequence[Array], values: Values, tangents: Sequence[Array], context: Context = STANDARD
    ) -> Array:
        """Share × (tangent − Σ share × tangent)."""
        import numpy as np

        from convcalc.layers.numbers import alike

        _, (shares, tangent) = alike([self.compute(inputs, values, context), *tangents], context.dtype)
        with np.errstate(all="ignore"):
            pushed: Array = shares * (tangent - (shares * tangent).sum(axis=1, keepdims=True))
        return pushed

    def reaches(self, marks: Sequence[Array]) -> Array:
        """All channels where one is marked."""
        return marks[0].any(axis=0, keepdims=True).repeat(self.channels, axis=0)

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        cell: Cell,
        sample: int = 0,
        context: Context = STANDARD,
    ) -> Explanation:
        """The numbers of all channels at the position; the total is computed from them alone."""
        import numpy as np

        from convcalc.arrays import index
        from convcalc.layers.numbers import in_real, rounded

        (cells,) = in_real(self.kind, [inputs[0][sample]], context.dtype)
        channel, *position = cell
        numbers = cells[index(slice(None), *position)]
        with np.errstate(all="ignore"):
            powers = np.exp(numbers.astype(np.float64) - numbers.max())
            shares = powers / powers.sum()
            slopes = shares[channel] * ((np.arange(len(shares)) == channel) - shares)
        value = numbers[channel].item()
        return Explanation(
            cell,
            tuple(Term(number, (place, *position)) for place, number in enumerate(numbers.tolist())),
            rounded(shares[channel], cells.dtype),
            Rule.FUNCTION,
            formula=f"exp({value}) / Σ exp",
            function_slopes=tuple(slopes.tolist()),
        )
