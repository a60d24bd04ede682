"""The product of two computed matrices, as of queries with keys in attention (ONNX's and PyTorch's ``matmul``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.errors import GeometryError
from convcalc.geometry.arguments import flag
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.layer import Box, Layer, Shape, Values, Work
from convcalc.numerals import exact_text
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType

_MOST_TOLD = 4  # products in a formula
_BOTH = 2


@dataclass(frozen=True)
class MatrixProduct(Layer):
    """(…, rows, shared) × (…, shared, columns), both computed; axes before these are matched, or have one cell.

    Products of two computed numbers are no MACs with weights, so that :attr:`work` counts none; where one of the inputs
    are learned numbers, ``has_weights`` says so.
    """

    kind: ClassVar[str] = "matmul"
    is_linear: ClassVar[bool] = False
    is_global: ClassVar[bool] = True

    shapes: tuple[Shape, ...]
    """Of both inputs."""
    has_weights: bool = False
    """Whether one of them are learned numbers."""

    @classmethod
    def of(cls, input_shape: Shape, *others: Shape, has_weights: bool = False) -> MatrixProduct:
        """The layer on two inputs of as many axes, at least two; ``has_weights``: one of them are learned numbers.

        Raises:
            FieldError: has_weights is not what it must be.
            GeometryError: there are not two inputs, or their axes do not fit.
        """
        shapes = tuple(tuple(each) for each in (input_shape, *others))
        if len(shapes) != _BOTH:
            raise GeometryError(
                f"matmul multiplies two inputs, got {len(shapes)}", hint="name two layers", field="input"
            )
        one, other = shapes
        fits = len(one) == len(other) > 1 and one[-1] == other[-2]
        if not fits or any(a != b and 1 not in (a, b) for a, b in zip(one[:-2], other[:-2], strict=True)):
            raise GeometryError(
                f"matmul needs as many columns as the other has rows: {shape_text(one)} and {shape_text(other)}",
                hint="the last axis of the first is summed with the last but one of the second; permute turns them",
                field="input",
            )
        return cls(one, shapes, flag("has_weights", has_weights))

    @property
    def output_shape(self) -> Shape:
        """(…, rows, columns)."""
        one, other = self.shapes
        return (*map(max, zip(one[:-2], other[:-2], strict=True)), one[-2], other[-1])

    @property
    def work(self) -> Work:
        """A product for each cell that is summed, where one is a weight."""
        return Work(prod(self.output_shape) * self.input_shape[-1] if self.has_weights else 0)

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """Of the spatial axes: that of the rows itself, the whole of the axis that is summed."""
        return tuple(IndexMap(size, 1, 0) for size in self.input_shape[1:])

    def window(self, box: Box, source: int = 0) -> Box:
        """The rows of the first input, the columns of the second."""
        shape = self.shapes[source]
        if not all(box):
            return (range(0),) * len(box)
        lead = [range(1) if size == 1 else cells for cells, size in zip(box, shape[:-2], strict=False)]
        return (*lead, box[-2], range(shape[-1])) if source == 0 else (*lead, range(shape[-2]), box[-1])

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The product, exact of exact numbers."""
        import numpy as np

        from convcalc.arrays import largest
        from convcalc.layers.numbers import finished, is_exact, wide

        one, other = arrays
        if is_exact(dtype):
            bound = largest(one) * largest(other) * one.shape[-1]
            one, other = (wide(each, bound) for each in arrays)
        with np.errstate(all="ignore"):
            return finished(np.asarray(np.matmul(one, other)), dtype)

    def push(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """DA × B + A × dB."""
        from convcalc.layers.numbers import alike, sum_of

        dtype, (one, other, first, second) = alike([*inputs, *tangents], context.dtype)
        parts = [self.of_arrays(pair, dtype, context) for pair in ((first, other), (one, second))]
        dtype, parts = alike(parts, context.dtype)
        return sum_of(parts, dtype)

    def pull(self, inputs: Sequence[Array], cells: Array) -> list[Array]:
        """The adjoint of :meth:`push`: cells × Bᵀ and Aᵀ × cells, not yet summed over axes of one cell."""
        import numpy as np

        kind = object if cells.dtype.kind != "f" else cells.dtype
        one, other = (each.astype(kind) for each in inputs)
        held = cells.astype(kind)
        with np.errstate(all="ignore"):
            return [np.matmul(held, other.swapaxes(-1, -2)), np.matmul(one.swapaxes(-1, -2), held)]

    def most_change(self, inputs: Sequence[Array], most: Sequence[Array]) -> Array:
        """A bound of the derivative along tangents whose magnitudes are bounded by ``most``, in floats."""
        import numpy as np

        from convcalc.arrays import in_floats

        one, other = (np.abs(in_floats(each)) for each in inputs)
        found: Array = np.matmul(most[0], other) + np.matmul(one, most[1])
        return found

    def reaches(self, marks: Sequence[Array]) -> Array:
        """Where the row of the first or the column of the second input has a mark."""
        import numpy as np

        one, other = marks
        rows, columns = one.any(axis=-1, keepdims=True), other.any(axis=-2, keepdims=True)
        return np.broadcast_to(np.logical_or(rows, columns), self.output_shape).copy()

    def terms(self, arrays: Sequence[Array], cell: Cell) -> list[Term]:
        """The row of the first input, then the column of the second."""
        return [
            Term.at(each, (*self._lead(source, cell), *place), source=source)
            for source, each in enumerate(arrays)
            for place in self._places(source, cell)
        ]

    def _lead(self, source: int, cell: Cell) -> Cell:
        return tuple(min(place, size - 1) for place, size in zip(cell, self.shapes[source][:-2], strict=False))

    def _places(self, source: int, cell: Cell) -> list[Cell]:
        shared = range(self.input_shape[-1])
        return [(cell[-2], each) if source == 0 else (each, cell[-1]) for each in shared]

    def explained(self, cell: Cell, terms: tuple[Term, ...], dtype: DType) -> Explanation:
        """The sum of the products of both, with its numbers."""
        from dataclasses import replace

        from convcalc.layers.numbers import explained_sum

        count = len(terms) // 2
        one, other = terms[:count], terms[count:]
        pairs = list(zip(one, other, strict=True))
        summed = explained_sum(cell, [Term(a.value, None, b.value) for a, b in pairs], dtype)
        told = " + ".join(f"{_told(a.value)} × {_told(b.value)}" for a, b in pairs[:_MOST_TOLD])
        more = f" + … ({count} products)" if count > _MOST_TOLD else ""
        slopes = tuple(each.value for each in (*other, *one))
        return replace(summed, terms=terms, rule=Rule.FUNCTION, formula=told + more, function_slopes=slopes)


def _told(value: object) -> str:
    text = exact_text(value)  # type: ignore[arg-type]
    return f"({text})" if text.startswith("-") else text
