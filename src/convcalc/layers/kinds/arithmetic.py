"""Two or more inputs cell by cell: their sum, difference, product and quotient (ONNX's ``Add`` to ``Div``).

An input of one cell on an axis is spread over that axis of the others, as a gate for each channel is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, ClassVar, Self

from convcalc.context import STANDARD, Context
from convcalc.errors import DataError, GeometryError
from convcalc.layers.layer import Box, Layer, Shape, Values
from convcalc.numerals import exact_text
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType


@dataclass(frozen=True)
class Arithmetic(Layer):
    """One number from the cells of all inputs at a position."""

    shapes: tuple[Shape, ...]
    """Of every input."""

    @classmethod
    def of(cls, input_shape: Shape, *others: Shape) -> Self:
        """The layer on inputs of these shapes.

        Raises:
            GeometryError: two differ on an axis, and none has one cell there.
        """
        shapes = tuple(tuple(each) for each in (input_shape, *others))
        for other in shapes[1:]:
            if not _meet(shapes[0], other):
                raise GeometryError(
                    f"{cls.kind} takes inputs of one shape: {shape_text(shapes[0])} and {shape_text(other)} "
                    f"{_difference(shapes[0], other)}",
                    hint="a pointwise layer with a stride gives one the channels and the size of the other",
                    field="input",
                )
        return cls(shapes[0], shapes)

    @property
    def output_shape(self) -> Shape:
        """On each axis the most cells of an input."""
        return tuple(map(max, zip(*self.shapes, strict=True)))

    def window(self, box: Box, source: int = 0) -> Box:
        """The same block, or the one cell of an axis that is spread."""
        rows = zip(box, self.shapes[source], strict=True)
        return tuple(range(1) if size == 1 and cells else cells for cells, size in rows)

    def reaches(self, marks: Sequence[Array]) -> Array:
        """Where one of the inputs is marked."""
        import numpy as np

        found = np.zeros(self.output_shape, bool)
        for each in marks:
            found |= each
        return found

    def terms(self, arrays: Sequence[Array], cell: Cell) -> list[Term]:
        """The cell of every input at the position."""
        return [Term.at(each, self.cell_of(number, cell), source=number) for number, each in enumerate(arrays)]

    def most_change(self, inputs: Sequence[Array], most: Sequence[Array]) -> Array:  # noqa: ARG002 - of a sum
        """A bound of the derivative along tangents whose magnitudes are bounded by ``most``, in floats."""
        from convcalc.layers.numbers import sum_of
        from convcalc.problem import DType

        return sum_of(most, DType.FLOAT64)

    def cell_of(self, source: int, cell: Cell) -> Cell:
        """The cell of an input that an output cell is computed from."""
        return tuple(min(place, size - 1) for place, size in zip(cell, self.shapes[source], strict=True))


@dataclass(frozen=True)
class Add(Arithmetic):
    """The sum of all inputs, as in a residual connection."""

    kind: ClassVar[str] = "add"

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The sum of all inputs."""
        from convcalc.layers.numbers import sum_of

        return sum_of(arrays, dtype)


@dataclass(frozen=True)
class Subtract(Arithmetic):
    """The first input less all others."""

    kind: ClassVar[str] = "sub"

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The difference."""
        from convcalc.arrays import largest
        from convcalc.layers.numbers import is_exact, sum_of, wide

        if is_exact(dtype):
            arrays = [wide(each, 2 * largest(each)) for each in arrays]  # unsigned ones have no negatives
        first, *others = arrays
        return sum_of([first, *(-each for each in others)], dtype)

    def terms(self, arrays: Sequence[Array], cell: Cell) -> list[Term]:
        """The first with the weight 1, the others with -1."""
        first, *others = super().terms(arrays, cell)
        return [first, *(each._replace(weight=-1) for each in others)]


@dataclass(frozen=True)
class Joined(Arithmetic):
    """A function of the cells that is not linear: by ``joined``, its slopes by ``slopes``, both of whole arrays."""

    is_linear: ClassVar[bool] = False
    sign: ClassVar[str] = ""
    """Between the numbers in a formula."""

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:  # noqa: ARG002
        """The function of all inputs."""
        import numpy as np

        with np.errstate(all="ignore"):
            return self.joined(arrays, dtype)

    def push(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """The sum of slope × tangent over the inputs."""
        import numpy as np

        from convcalc.layers.numbers import alike, changed, sum_of

        dtype, arrays = alike(inputs, context.dtype)
        with np.errstate(all="ignore"):
            slopes = [self.slope(arrays, number, dtype) for number in range(len(arrays))]
        parts = [changed(slope, each, context.dtype) for slope, each in zip(slopes, tangents, strict=True)]
        dtype, parts = alike(parts, context.dtype)
        return sum_of(parts, dtype)

    def most_change(self, inputs: Sequence[Array], most: Sequence[Array]) -> Array:
        """The sum of the slopes' magnitudes × those of the tangents."""
        import numpy as np

        from convcalc.arrays import in_floats
        from convcalc.layers.numbers import sum_of
        from convcalc.problem import DType

        arrays = [in_floats(each) for each in inputs]
        with np.errstate(all="ignore"):
            parts = [np.abs(self.slope(arrays, place, DType.FLOAT64)) * each for place, each in enumerate(most)]
        return sum_of(parts, DType.FLOAT64)

    def explained(self, cell: Cell, terms: tuple[Term, ...], dtype: DType) -> Explanation:
        """The function of the cells, with its numbers."""
        import numpy as np

        from convcalc.arrays import plain
        from convcalc.layers.numbers import is_exact

        arrays = [np.array([each.value], object if is_exact(dtype) else dtype.value) for each in terms]
        with np.errstate(all="ignore"):
            total = plain(self.joined(arrays, dtype)[0])
            slopes = tuple(plain(self.slope(arrays, number, dtype)[0]) for number in range(len(arrays)))
        formula = self.sign.join(exact_text(each.value) for each in terms)
        return Explanation(cell, terms, total, Rule.FUNCTION, formula=formula, function_slopes=slopes)

    def joined(self, arrays: Sequence[Array], dtype: DType) -> Array:
        """The function, with broadcasting."""
        raise NotImplementedError

    def slope(self, arrays: Sequence[Array], number: int, dtype: DType) -> Array:
        """The derivative by an input."""
        raise NotImplementedError


@dataclass(frozen=True)
class Multiply(Joined):
    """The product of all inputs, such as features and their gate."""

    kind: ClassVar[str] = "mul"
    sign: ClassVar[str] = " × "

    def joined(self, arrays: Sequence[Array], dtype: DType) -> Array:
        """The product."""
        from convcalc.arrays import largest
        from convcalc.layers.numbers import finished, is_exact, wide

        if is_exact(dtype):
            bound = prod(largest(each) or 1 for each in arrays)
            arrays = [wide(each, bound) for each in arrays]
        first, *others = arrays
        return finished(prod(others, start=first), dtype)

    def slope(self, arrays: Sequence[Array], number: int, dtype: DType) -> Array:
        """The product of the others."""
        import numpy as np

        others = [each for place, each in enumerate(arrays) if place != number]
        return self.joined(others, dtype) if others else np.ones_like(arrays[0])


@dataclass(frozen=True)
class Divide(Joined):
    """The first input divided by all others."""

    kind: ClassVar[str] = "div"
    sign: ClassVar[str] = " / "

    def joined(self, arrays: Sequence[Array], dtype: DType) -> Array:
        """The quotient: exact where all numbers are; of a zero as in floats, inf or nan.

        Raises:
            DataError: exact numbers are requested and a divisor is 0.
        """
        first, *others = arrays
        return self._ratio(first, others, dtype)

    def slope(self, arrays: Sequence[Array], number: int, dtype: DType) -> Array:
        """1 / others of the first, of another minus the quotient divided by it once more."""
        import numpy as np

        from convcalc.layers.numbers import is_exact
        from convcalc.problem import DType

        first, *others = arrays
        kept = DType.EXACT if dtype is DType.AUTO and not self._has_zero(others) else dtype
        if not number:
            return self._ratio(np.ones_like(first), others, kept)
        negative = -(first.astype(object) if is_exact(kept) else first)
        return self._ratio(negative, [*others, arrays[number]], kept)

    @staticmethod
    def _has_zero(others: Sequence[Array]) -> bool:
        return any(bool((each == 0).any()) for each in others)

    def _ratio(self, first: Array, others: Sequence[Array], dtype: DType) -> Array:
        import numpy as np

        from convcalc.arrays import in_floats
        from convcalc.layers.numbers import finished, is_exact
        from convcalc.problem import DType

        if not others:
            return first.copy()
        if is_exact(dtype) and self._has_zero(others):
            if dtype is DType.EXACT:
                raise DataError("a divisor is 0, which has no exact quotient", hint="choose dtype float64: inf or nan")
            first, *others = (in_floats(each) for each in (first, *others))
        elif is_exact(dtype):
            ratio = np.frompyfunc(Fraction, 2, 1)
            for each in others:
                first = ratio(first.astype(object), each.astype(object))
            return finished(first, dtype)
        for each in others:
            first = first / each
        return first


def _meet(one: Shape, other: Shape) -> bool:
    """Whether two shapes are alike, but for axes on which one of them has one cell."""
    return len(one) == len(other) and all(a == b or 1 in (a, b) for a, b in zip(one, other, strict=True))


def _difference(one: Shape, other: Shape) -> str:
    """Where two shapes differ first."""
    if len(one) != len(other):
        return f"have {len(one) - 1} and {len(other) - 1} spatial axes"
    place = next(place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b and 1 not in (a, b))
    where = "in channels" if place == 0 else f"on axis {place - 1}"
    return f"differ {where}, {one[place]} and {other[place]}"
