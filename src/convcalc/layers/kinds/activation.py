"""Functions of one cell: ReLU, leaky ReLU, sigmoid and tanh, each by its definition in PyTorch (torch.nn)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.geometry.arguments import finite_number
from convcalc.layers.layer import Layer, Shape, Values
from convcalc.numerals import Number, exact_text, nearest_float
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class Activation(Layer):
    """A function applied to every cell separately."""

    is_linear: ClassVar[bool] = False

    @classmethod
    def of(cls, input_shape: Shape) -> Activation:
        """The layer on an input of any shape."""
        return cls(input_shape)

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:  # noqa: ARG002
        """The function of every cell."""
        return self.function(inputs[0], context)

    def push(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """The tangent times the slope of the function at every cell."""
        from convcalc.layers.numbers import changed

        return changed(self.slope(inputs[0], context), tangents[0], context.dtype)

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        cell: Cell,
        sample: int = 0,
        context: Context = STANDARD,
    ) -> Explanation:
        """The function of the one cell, with its numbers."""
        from convcalc.arrays import plain

        value = plain(inputs[0][(sample, *cell)])
        here = inputs[0][(slice(sample, sample + 1), *(slice(each, each + 1) for each in cell))]
        total, slope = (
            plain(each.reshape(-1)[0]) for each in (self.function(here, context), self.slope(here, context))
        )
        term = Term(value, cell)
        return Explanation(cell, (term,), total, Rule.FUNCTION, formula=self.formula(value), function_slopes=(slope,))

    def function(self, cells: Array, context: Context) -> Array:
        """The function of every cell."""
        raise NotImplementedError

    def slope(self, cells: Array, context: Context) -> Array:
        """The derivative at every cell."""
        raise NotImplementedError

    def formula(self, value: Number) -> str:
        """The function with its number."""
        raise NotImplementedError


@dataclass(frozen=True)
class ReLU(Activation):
    """max(0, x) (PyTorch's ``ReLU``)."""

    kind: ClassVar[str] = "relu"

    def function(self, cells: Array, context: Context) -> Array:
        """max(0, x); nan stays nan."""
        import numpy as np

        from convcalc.layers.numbers import alike

        _, (held,) = alike([cells], context.dtype)
        zero = 0 if held.dtype == object else held.dtype.type(0)
        cut: Array = np.maximum(held, zero)
        return cut

    def slope(self, cells: Array, context: Context) -> Array:
        """1 above 0, otherwise 0; as in PyTorch 0 at 0 itself, and 1 at nan, which stays nan."""
        import numpy as np

        from convcalc.layers.numbers import alike

        _, (held,) = alike([cells], context.dtype)
        return np.where(held <= 0, 0, 1).astype(held.dtype if held.dtype.kind == "f" else np.int64)

    def formula(self, value: Number) -> str:
        """Such as "max(0, -3)"."""
        return f"max(0, {exact_text(value)})"


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """x above 0, otherwise x × negative_slope (PyTorch's ``LeakyReLU``, whose default is 0.01)."""

    kind: ClassVar[str] = "leaky-relu"

    negative_slope: Number = Fraction(1, 100)

    @classmethod
    def of(cls, input_shape: Shape, *, negative_slope: Number = Fraction(1, 100)) -> LeakyReLU:
        """The layer on an input of any shape; whole numbers stay exact with a whole or rational slope.

        Raises:
            FieldError: the slope is no finite number.
        """
        return cls(input_shape, negative_slope=finite_number("negative_slope", negative_slope))

    def function(self, cells: Array, context: Context) -> Array:
        """The cell itself above 0, otherwise slope times cell."""
        import numpy as np

        from convcalc.arrays import largest
        from convcalc.layers.numbers import alike, finished, is_exact, quotients, wide

        dtype, (held,) = alike([cells], context.dtype, [self.negative_slope])
        if not is_exact(dtype):
            with np.errstate(all="ignore"):
                return np.where(held > 0, held, held * np.asarray(nearest_float(self.negative_slope), held.dtype))
        ratio = Fraction(self.negative_slope)
        whole = wide(held, largest(held) * max(abs(ratio.numerator), ratio.denominator))
        above, below = whole * ratio.denominator, whole * ratio.numerator
        return finished(quotients(np.where(whole > 0, above, below), ratio.denominator, dtype), dtype)

    def slope(self, cells: Array, context: Context) -> Array:
        """1 above 0, otherwise the slope; as in PyTorch that too at 0 itself and at nan."""
        import numpy as np

        from convcalc.layers.numbers import alike, is_exact

        dtype, (held,) = alike([cells], context.dtype, [self.negative_slope])
        if is_exact(dtype):
            slope = np.asarray(self.negative_slope, object)
        else:
            with np.errstate(all="ignore"):
                slope = np.asarray(nearest_float(self.negative_slope), held.dtype)
        return np.where(held > 0, np.asarray(1, slope.dtype), slope)

    def formula(self, value: Number) -> str:
        """Such as "-3 × 1/100", or the number itself where it is above 0."""
        return exact_text(value) if value > 0 else f"{exact_text(value)} × {exact_text(self.negative_slope)}"


@dataclass(frozen=True)
class Sigmoid(Activation):
    """1 / (1 + exp(−x)) (PyTorch's ``Sigmoid``)."""

    kind: ClassVar[str] = "sigmoid"

    def function(self, cells: Array, context: Context) -> Array:
        """From 0 to 1, in floats."""
        import numpy as np

        from convcalc.layers.numbers import in_real

        (real,) = in_real(self.kind, [cells], context.dtype)
        with np.errstate(all="ignore"):
            power = np.exp(-np.abs(real))  # never overflows, and keeps the smallest floats
            found: Array = np.where(real < 0, power, real.dtype.type(1)) / (1 + power)
        return found

    def slope(self, cells: Array, context: Context) -> Array:
        """s(x) × s(−x), where 1 − s(x) would lose its digits."""
        import numpy as np

        from convcalc.layers.numbers import in_real

        (real,) = in_real(self.kind, [cells], context.dtype)
        with np.errstate(all="ignore"):  # the product of two small ones may be 0
            slope: Array = self.function(real, context) * self.function(-real, context)
        return slope

    def formula(self, value: Number) -> str:
        """Such as "1 / (1 + exp(-3))"."""
        return f"1 / (1 + exp({exact_text(-value)}))"


@dataclass(frozen=True)
class Tanh(Activation):
    """The hyperbolic tangent (PyTorch's ``Tanh``)."""

    kind: ClassVar[str] = "tanh"

    def function(self, cells: Array, context: Context) -> Array:
        """From −1 to 1, in floats."""
        import numpy as np

        from convcalc.layers.numbers import in_real

        (real,) = in_real(self.kind, [cells], context.dtype)
        found: Array = np.tanh(real)
        return found

    def slope(self, cells: Array, context: Context) -> Array:
        """1 / cosh(x)², where 1 less the square of the result would lose its digits."""
        import numpy as np

        from convcalc.layers.numbers import in_real

        (real,) = in_real(self.kind, [cells], context.dtype)
        with np.errstate(all="ignore"):  # cosh may be inf, whose reciprocal is the 0 meant
            slope: Array = (1 / np.cosh(real)) ** 2
        return slope

    def formula(self, value: Number) -> str:
        """Such as "tanh(-3)"."""
        return f"tanh({exact_text(value)})"
