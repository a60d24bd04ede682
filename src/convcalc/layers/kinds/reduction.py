"""One number of all cells along some axes: their mean, sum or largest (ONNX's ``ReduceMean`` and its like)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError
from convcalc.geometry.arguments import whole
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.layer import Box, Layer, Shape, Values
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType


@dataclass(frozen=True)
class Reduction(Layer):
    """All cells along some axes of a sample made one, which stays as an axis of one cell."""

    axes: tuple[int, ...]
    """0 is that of the channels, or of the features."""

    @classmethod
    def of(cls, input_shape: Shape, *, axes: Any = None) -> Self:
        """The layer over an axis, several, or as without this argument all of them.

        Raises:
            FieldError: there is no such axis, or it is named twice, or it has no cells.
        """
        given = range(len(input_shape)) if axes is None else axes if isinstance(axes, list | tuple) else [axes]
        found = tuple(whole("axes", each, 0) for each in given)
        if not found or max(found) >= len(input_shape) or len({*found}) < len(found):
            raise FieldError(f"axes must be some of 0 to {len(input_shape) - 1}, got {axes}", field="axes")
        if not all(input_shape[each] for each in found):
            raise FieldError("axes without cells have nothing to reduce", field="axes")
        return cls(input_shape, tuple(sorted(found)))

    @property
    def count(self) -> int:
        """Cells that become one."""
        return prod(self.input_shape[each] for each in self.axes)

    @property
    def output_shape(self) -> Shape:
        """The input's, with one cell on each of the axes."""
        return tuple(1 if axis in self.axes else size for axis, size in enumerate(self.input_shape))

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Of the spatial axes: the whole of those that are reduced."""
        return tuple(
            IndexMap(self.input_shape[axis], 1, 0) if axis in self.axes else IndexMap(1)
            for axis in range(1, len(self.input_shape))
        )

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - it has one input
        """All cells of the axes that are reduced."""
        if not all(box):
            return (range(0),) * len(box)
        return tuple(range(self.input_shape[axis]) if axis in self.axes else cells for axis, cells in enumerate(box))

    def reaches(self, marks: Sequence[Array]) -> Array:
        """Where any of them is marked."""
        import numpy as np

        found: Array = np.asarray(marks[0].any(axis=self.axes, keepdims=True))
        return found

    def terms(self, arrays: Sequence[Array], cell: Cell) -> Iterator[Term]:
        """The cells, in order."""
        for place in product(*self.window(tuple(range(each, each + 1) for each in cell))):
            yield Term.at(arrays[0], place)

    @property
    def _places(self) -> tuple[int, ...]:
        """The axes of an array with a batch in front."""
        return tuple(axis + 1 for axis in self.axes)


@dataclass(frozen=True)
class ReduceSum(Reduction):
    """Their sum."""

    kind: ClassVar[str] = "reduce-sum"

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """Exact of exact numbers."""
        from convcalc.layers.numbers import finished, is_exact

        total = self._sums(arrays[0], is_exact=is_exact(dtype))
        return finished(total, dtype) if is_exact(dtype) else total

    def _sums(self, cells: Array, *, is_exact: bool) -> Array:
        import numpy as np

        from convcalc.arrays import largest
        from convcalc.layers.numbers import wide

        held = wide(cells, largest(cells) * self.count) if is_exact else cells
        with np.errstate(all="ignore"):
            return np.asarray(held.sum(axis=self._places, keepdims=True))


@dataclass(frozen=True)
class ReduceMean(ReduceSum):
    """Their mean."""

    kind: ClassVar[str] = "reduce-mean"

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The sum over their number, exact numbers divided once."""
        from convcalc.layers.numbers import finished, is_exact, quotients

        mean = quotients(self._sums(arrays[0], is_exact=is_exact(dtype)), self.count, dtype)
        return finished(mean, dtype) if is_exact(dtype) else mean

    def explained(self, cell: Cell, terms: tuple[Term, ...], dtype: DType) -> Explanation:
        """The sum over their number."""
        from convcalc.layers.numbers import explained_sum

        return explained_sum(cell, terms, dtype, scale=Fraction(1, self.count))


@dataclass(frozen=True)
class ReduceMax(Reduction):
    """The largest of them; the first of several, as in PyTorch."""

    kind: ClassVar[str] = "reduce-max"
    is_linear: ClassVar[bool] = False

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """Exact; a nan wins."""
        found: Array = arrays[0].max(axis=self._places, keepdims=True)
        return found

    def push(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """The tangent at the winner."""
        import numpy as np

        from convcalc.layers.numbers import alike

        _, (cells,) = alike(inputs, context.dtype)
        _, (tangent,) = alike(tangents, context.dtype)
        rows, along = (self._rows(each) for each in (cells, tangent))
        winner = rows.argmax(axis=-1)[..., None]
        return np.take_along_axis(along, winner, axis=-1).reshape(len(tangent), *self.output_shape)

    def _rows(self, cells: Array) -> Array:
        """The cells that become one in a row each: (batch, …, count)."""
        import numpy as np

        kept = (size for axis, size in enumerate(cells.shape) if axis not in self._places)
        return np.moveaxis(cells, self._places, range(-len(self.axes), 0)).reshape(*kept, -1)

    def explained(self, cell: Cell, terms: tuple[Term, ...], dtype: DType) -> Explanation:  # noqa: ARG002
        """The largest value."""
        values = [term.value for term in terms]
        nans = [value for value in values if value != value]  # noqa: PLR0124 - nan alone does
        return Explanation(cell, terms, nans[-1] if nans else max(values), Rule.MAXIMUM)
