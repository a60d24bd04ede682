"""What a function of another program makes of its sums: divided, rounded, cut to a type, borders written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.conventions.finish import Finish
from convcalc.conventions.sentences import finish_formula
from convcalc.conventions.words import Border
from convcalc.layers.layer import Box, Layer, Shape, Values
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class Stored(Layer):
    """The finish of a convention on the sums of a convolution; a second input, the convolution's, gives kept cells."""

    kind: ClassVar[str] = "stored"
    is_linear: ClassVar[bool] = False

    finish: Finish
    cells_shape: Shape
    """(in_channels, *spatial) of the second input."""

    @property
    def keeps(self) -> bool:
        """Whether cells at the border are those of the second input."""
        return self.finish.margin is Border.KEPT

    def window(self, box: Box, source: int = 0) -> Box:
        """The cell itself; of the second input its channel."""
        if not source:
            return box
        each = self.channels // self.cells_shape[0]
        return (range(box[0].start // each, -(-box[0].stop // each)), *box[1:])

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:  # noqa: ARG002
        """In the type that the function stores."""
        return self.finish.of(inputs[0], inputs[1] if self.keeps else None)

    def push(
        self,
        inputs: Sequence[Array],  # noqa: ARG002 - the derivative does not depend on them
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """0 of whole numbers, which go up in steps; floats keep the tangent."""
        import numpy as np

        from convcalc.layers.numbers import alike

        _, (tangent,) = alike(tangents[:1], context.dtype)
        return np.zeros_like(tangent) if self.finish.is_whole else tangent

    def reaches(self, marks: Sequence[Array]) -> Array:
        """The marked cells, and those that are kept of marked ones."""
        if not self.keeps:
            return marks[0]
        kept: Array = marks[1].repeat(self.channels // self.cells_shape[0], axis=0)
        return marks[0] | kept

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        cell: Cell,
        sample: int = 0,
        context: Context = STANDARD,  # noqa: ARG002 - the function says the type
    ) -> Explanation:
        """The sum, or the cell that is kept, and what is stored of it."""
        if self.finish.is_margin(cell[1:], self.spatial_size):
            return self._at_margin(inputs, cell, sample)
        term = Term.at(inputs[0][sample], cell)
        total = self.finish.value(term.value, cell[0])
        slope = 0 if self.finish.is_whole else 1
        formula = finish_formula(self.finish, term.value, cell[0])
        return Explanation(cell, (term,), total, Rule.FUNCTION, formula=formula, function_slopes=(slope,))

    def _at_margin(self, inputs: Sequence[Array], cell: Cell, sample: int) -> Explanation:
        if not self.keeps:
            total = self.finish.margin_value
            return Explanation(cell, (), total, Rule.FUNCTION, formula="a window that reaches outside")
        channel, *place = cell
        term = Term.at(inputs[1][sample], (channel // (self.channels // self.cells_shape[0]), *place), source=1)
        total = self.finish.kept(term.value)
        return Explanation(cell, (term,), total, Rule.FUNCTION, formula="the input's cell", function_slopes=(1,))
