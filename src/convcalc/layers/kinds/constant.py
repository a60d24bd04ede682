"""Numbers of their own, the same for every input: a class token, positions, a table (PyTorch's ``Parameter``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError
from convcalc.geometry.arguments import flag, whole
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.derivative import OwnWeight, Point
from convcalc.layers.layer import Box, Layer, Shape, Values
from convcalc.tracing.explanation import Cell, Explanation

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class Constant(Layer):
    """The numbers of its weight for every sample; it reads nothing of its input."""

    kind: ClassVar[str] = "constant"

    shape: Shape
    is_learned: bool = True
    """Whether its numbers are parameters."""

    @classmethod
    def of(cls, input_shape: Shape, *, shape: Any, is_learned: bool = True) -> Constant:
        """The layer beside an input of any shape; ``shape``: (channels, *spatial) of its numbers.

        Raises:
            FieldError: an argument is not what it must be.
        """
        sizes = shape if isinstance(shape, list | tuple) else [shape]
        if not sizes:
            raise FieldError("shape must have at least one size", field="shape")
        found = tuple(whole("shape", each, 1) for each in sizes)
        return cls(input_shape, found, flag("is_learned", is_learned))

    @property
    def output_shape(self) -> Shape:
        """The shape of its numbers."""
        return self.shape

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """weight: all of them, where they are learned."""
        return {"weight": self.shape} if self.is_learned else {}

    @property
    def buffer_shapes(self) -> dict[str, Shape]:
        """The same, where they are not."""
        return {} if self.is_learned else {"weight": self.shape}

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """No cell reads any."""
        return (IndexMap(0),) * (len(self.shape) - 1)

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - it reads none
        """No cells."""
        return (range(0),) * len(self.input_shape)

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """Its numbers once for each sample."""
        import numpy as np

        from convcalc.layers.numbers import alike

        _, (_, numbers) = alike(inputs, context.dtype, beside=[values["weight"]])
        return np.repeat(numbers[None], len(inputs[0]), axis=0)

    def push(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - its numbers do not change
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """0 everywhere."""
        import numpy as np

        from convcalc.layers.numbers import alike

        _, (tangent,) = alike([tangents[0]], context.dtype)
        return np.zeros((len(inputs[0]), *self.shape), tangent.dtype)

    def own_weights(self, at: Point) -> dict[str, OwnWeight]:
        """1 everywhere: each cell is its number."""
        import numpy as np

        return {"weight": OwnWeight(np.ones((len(at.inputs[0]), *self.shape), np.int64), self.shape, "1")}

    def reaches(self, marks: Sequence[Array]) -> Array:  # noqa: ARG002 - it reads none
        """No cell."""
        import numpy as np

        return np.zeros(self.shape, bool)

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,
        cell: Cell,
        sample: int = 0,
        context: Context = STANDARD,
    ) -> Explanation:
        """Its number, of no terms."""
        from convcalc.arrays import plain
        from convcalc.layers.numbers import alike, explained_sum

        dtype, (_, numbers) = alike([inputs[0][sample]], context.dtype, beside=[values["weight"]])
        return explained_sum(cell, [], dtype, bias=plain(numbers[cell]))
