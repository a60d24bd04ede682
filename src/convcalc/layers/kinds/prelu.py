"""A leaky ReLU whose slope is learned (PyTorch's ``PReLU``; He et al., arXiv:1502.01852)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.layers.derivative import OwnWeight, Point
from convcalc.layers.kinds.bias import OfChannels
from convcalc.layers.layer import Shape, Values
from convcalc.tracing.explanation import Cell, Explanation, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class PReLU(OfChannels):
    """x above 0, otherwise x × the weight of its channel, or the one weight (PyTorch's ``PReLU``)."""

    kind: ClassVar[str] = "prelu"
    is_linear: ClassVar[bool] = False

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """Weight: (channels,) or (1,)."""
        return {"weight": self.numbers_shape}

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """Slope times cell."""
        return self.push(inputs, values, inputs, context)

    def push(
        self, inputs: Sequence[Array], values: Values, tangents: Sequence[Array], context: Context = STANDARD
    ) -> Array:
        """Slope times tangent: 1 above 0, otherwise the weight; as in PyTorch that too at 0 itself and at nan."""
        import numpy as np

        from convcalc.layers.numbers import alike, by_channel, changed

        _, (cells, weight) = alike([inputs[0], values["weight"]], context.dtype)
        slopes = np.where(cells > 0, np.asarray(1, weight.dtype), by_channel(weight, cells))
        return changed(slopes, tangents[0], context.dtype)

    def own_weights(self, at: Point) -> dict[str, OwnWeight]:
        """The cell where it is not above 0, otherwise 0."""
        import numpy as np

        cells = at.inputs[0]
        return {"weight": OwnWeight(np.where(cells > 0, np.zeros(1, cells.dtype), cells), self.spread, "min(x, 0)")}

    def trace(
        self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0, context: Context = STANDARD
    ) -> Explanation:
        """The one cell, times the weight of its channel where it is not above 0."""
        from convcalc.arrays import plain
        from convcalc.layers.numbers import alike, explained_sum

        dtype, (cells, weight) = alike([inputs[0][sample], values["weight"]], context.dtype)
        factor = 1 if cells[cell] > 0 else plain(weight[self.place(cell)])
        return explained_sum(cell, [Term.at(cells, cell, factor)], dtype)
