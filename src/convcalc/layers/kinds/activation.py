"""Functions of one cell made of straight and square pieces, which keep fractions exact: ReLU and its relatives.

Each by its definition in PyTorch (torch.nn).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError
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
class PiecewiseActivation(Activation):
    """A function whose numerator, ``numerator``, and slope are whole for whole cells, over one divisor."""

    divisor: ClassVar[int] = 1

    def function(self, cells: Array, context: Context) -> Array:
        """The numerators over the divisor: whole where all are, otherwise fractions or floats rounded once."""
        return self._over(self.numerator, cells, context, 2)

    def slope(self, cells: Array, context: Context) -> Array:
        """The derivative, likewise."""
        return self._over(self.slope_numerator, cells, context, 1)

    def _over(self, make: Callable[[Array], Array], cells: Array, context: Context, power: int) -> Array:
        import numpy as np

        from convcalc.arrays import largest
        from convcalc.layers.numbers import alike, finished, is_exact, quotients, wide

        dtype, (held,) = alike([cells], context.dtype)
        if is_exact(dtype):
            held = wide(held, (largest(held) + self.divisor) ** power * self.divisor)
        with np.errstate(all="ignore"):
            return finished(quotients(make(held), self.divisor, dtype), dtype)

    def numerator(self, x: Array) -> Array:
        """The function times the divisor."""
        raise NotImplementedError

    def slope_numerator(self, x: Array) -> Array:
        """The derivative times the divisor."""
        raise NotImplementedError


def _ramp(x: Array) -> Array:
    """min(max(x + 3, 0), 6)."""
    import numpy as np

    found: Array = np.minimum(np.maximum(x + x.dtype.type(3) if x.dtype != object else x + 3, 0), 6)
    return found


@dataclass(frozen=True)
class HardSigmoid(PiecewiseActivation):
    """min(max(x + 3, 0), 6) / 6 (PyTorch's ``Hardsigmoid``; the one of Keras up to version 2 is steeper)."""

    kind: ClassVar[str] = "hard-sigmoid"
    divisor: ClassVar[int] = 6

    def numerator(self, x: Array) -> Array:
        """The ramp."""
        return _ramp(x)

    def slope_numerator(self, x: Array) -> Array:
        """1 between -3 and 3."""
        import numpy as np

        return np.where((x > -3) & (x < 3), 1, 0).astype(x.dtype)

    def formula(self, value: Number) -> str:
        """Such as "min(max(-1 + 3, 0), 6) / 6"."""
        return f"min(max({exact_text(value)} + 3, 0), 6) / 6"


@dataclass(frozen=True)
class HardSwish(PiecewiseActivation):
    """x min(max(x + 3, 0), 6) / 6 (PyTorch's ``Hardswish``; Howard et al., arXiv:1905.02244)."""

    kind: ClassVar[str] = "hard-swish"
    divisor: ClassVar[int] = 6

    def numerator(self, x: Array) -> Array:
        """The cell times the ramp."""
        return x * _ramp(x)

    def slope_numerator(self, x: Array) -> Array:
        """0 up to -3, 6 from 3 on, between them 2 x + 3."""
        import numpy as np

        return np.where(x <= -3, 0, np.where(x >= 3, 6, 2 * x + 3)).astype(x.dtype)

    def formula(self, value: Number) -> str:
        """Such as "-1 × min(max(-1 + 3, 0), 6) / 6"."""
        return f"{exact_text(value)} × min(max({exact_text(value)} + 3, 0), 6) / 6"


@dataclass(frozen=True)
class Clip(Activation):
    """min(max(x, min), max) (PyTorch's ``Hardtanh``; with 0 and 6 its ``ReLU6``; ONNX's ``Clip``)."""

    kind: ClassVar[str] = "clip"

    least: Number | None = None
    most: Number | None = None

    @classmethod
    def of(cls, input_shape: Shape, *, min: Number | None = None, max: Number | None = None) -> Clip:  # noqa: A002
        """The layer on an input of any shape; without a bound it has none on that side.

        Raises:
            FieldError: a bound is no finite number, or the lower one is above the other.
        """
        least, most = (
            None if each is None else finite_number(name, each) for name, each in (("min", min), ("max", max))
        )
        if least is not None and most is not None and least > most:
            raise FieldError(f"min must not be above max, got {least} and {most}", field="min")
        return cls(input_shape, least=least, most=most)

    def function(self, cells: Array, context: Context) -> Array:
        """The cells between the bounds; nan stays nan."""
        import numpy as np

        from convcalc.layers.numbers import alike, finished, is_exact

        given = [each for each in (self.least, self.most) if each is not None]
        dtype, (held,) = alike([cells], context.dtype, given)
        if is_exact(dtype) and not all(_holds(held, each) for each in given):
            held = held.astype(object)
        for each, cut in ((self.least, np.maximum), (self.most, np.minimum)):
            if each is not None:
                held = cut(held, np.asarray(each if is_exact(dtype) else nearest_float(each), held.dtype))
        return finished(held, dtype)

    def slope(self, cells: Array, context: Context) -> Array:
        """1 between the bounds, otherwise 0; as in PyTorch's ``Hardtanh`` 0 at a bound itself, and 1 at nan."""
        import numpy as np

        from convcalc.layers.numbers import alike

        given = [each for each in (self.least, self.most) if each is not None]
        _, (held,) = alike([cells], context.dtype, given)
        inside = np.ones(held.shape, bool)
        inside &= True if self.least is None else ~(held <= self.least)
        inside &= True if self.most is None else ~(held >= self.most)
        return inside.astype(held.dtype if held.dtype.kind == "f" else np.int64)

    def formula(self, value: Number) -> str:
        """Such as "min(max(-3, 0), 6)"."""
        told = exact_text(value) if self.least is None else f"max({exact_text(value)}, {exact_text(self.least)})"
        return told if self.most is None else f"min({told}, {exact_text(self.most)})"


def _holds(held: Array, number: Number) -> bool:
    """Whether the type of an exact array holds a number."""
    import numpy as np

    if held.dtype == object:
        return True
    info = np.iinfo(held.dtype)
    return isinstance(number, int) and int(info.min) <= number <= int(info.max)
