"""Elementary functions of one cell: its magnitude and sign, powers, roots, exponentials, and what is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, pi, sqrt
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import Context
from convcalc.errors import FieldError
from convcalc.geometry.arguments import finite_number
from convcalc.layers.kinds.activation import Activation
from convcalc.layers.kinds.smooth_activation import SmoothActivation
from convcalc.layers.layer import Shape
from convcalc.numerals import Number, exact_text, nearest_float

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class Abs(Activation):
    """The magnitude of every cell (PyTorch's ``abs``)."""

    kind: ClassVar[str] = "abs"

    def function(self, cells: Array, context: Context) -> Array:
        """The cell without its sign."""
        import numpy as np

        from convcalc.arrays import largest
        from convcalc.layers.numbers import alike, finished, wide

        dtype, (held,) = alike([cells], context.dtype)
        return finished(np.abs(wide(held, 2 * largest(held))), dtype) if held.dtype.kind != "f" else np.abs(held)

    def slope(self, cells: Array, context: Context) -> Array:
        """The sign; 0 at 0, as in PyTorch."""
        return _signs(cells, context)

    def formula(self, value: Number) -> str:
        """Such as "abs(-3)"."""
        return f"abs({exact_text(value)})"


@dataclass(frozen=True)
class Sign(Activation):
    """-1, 0 or 1 (PyTorch's ``sign``)."""

    kind: ClassVar[str] = "sign"

    def function(self, cells: Array, context: Context) -> Array:
        """The sign of every cell; of nan 0, as in PyTorch."""
        return _signs(cells, context)

    def slope(self, cells: Array, context: Context) -> Array:
        """0: it goes up in steps."""
        import numpy as np

        return np.zeros_like(_signs(cells, context))

    def formula(self, value: Number) -> str:
        """Such as "sign(-3)"."""
        return f"sign({exact_text(value)})"


def _signs(cells: Array, context: Context) -> Array:
    import numpy as np

    from convcalc.layers.numbers import alike

    _, (held,) = alike([cells], context.dtype)
    kind = held.dtype if held.dtype.kind == "f" else np.int64
    found: Array = (held > 0).astype(kind) - (held < 0).astype(kind)
    return found


@dataclass(frozen=True)
class Power(SmoothActivation):
    """x to the power of a number (PyTorch's ``pow``); of a negative cell nan, unless the exponent is whole."""

    kind: ClassVar[str] = "pow"

    exponent: Number = 2

    @classmethod
    def of(cls, input_shape: Shape, *, exponent: Number = 2) -> Power:
        """The layer on an input of any shape.

        Raises:
            FieldError: the exponent is no finite number.
        """
        return cls(input_shape, exponent=finite_number("exponent", exponent))

    def of_real(self, x: Array) -> Array:
        """The power."""
        import numpy as np

        return np.asarray(x ** x.dtype.type(nearest_float(self.exponent)))

    def slope_of_real(self, x: Array) -> Array:
        """Exponent × x to the exponent less 1."""
        import numpy as np

        exponent = nearest_float(self.exponent)
        if not exponent:
            return np.zeros_like(x)
        return np.asarray(x.dtype.type(exponent) * x ** x.dtype.type(exponent - 1))

    def formula(self, value: Number) -> str:
        """Such as "(-3)^2" and "3^(1/2)"."""
        told, exponent = exact_text(value), exact_text(self.exponent)
        base = f"({told})" if told.startswith("-") or "/" in told else told
        return f"{base}^{f'({exponent})' if '/' in exponent else exponent}"


@dataclass(frozen=True)
class Sqrt(SmoothActivation):
    """The square root; of a negative cell nan (PyTorch's ``sqrt``)."""

    kind: ClassVar[str] = "sqrt"

    def of_real(self, x: Array) -> Array:
        """The root."""
        import numpy as np

        return np.asarray(np.sqrt(x))

    def slope_of_real(self, x: Array) -> Array:
        """1 / (2 √x), inf at 0."""
        import numpy as np

        return np.asarray(1 / (2 * np.sqrt(x)))

    def formula(self, value: Number) -> str:
        """Such as "sqrt(3)"."""
        return f"sqrt({exact_text(value)})"


@dataclass(frozen=True)
class Exp(SmoothActivation):
    """e to the power of the cell (PyTorch's ``exp``)."""

    kind: ClassVar[str] = "exp"

    def of_real(self, x: Array) -> Array:
        """The power; inf where it is too large."""
        import numpy as np

        return np.asarray(np.exp(x))

    def slope_of_real(self, x: Array) -> Array:
        """Itself."""
        return self.of_real(x)

    def formula(self, value: Number) -> str:
        """Such as "exp(-3)"."""
        return f"exp({exact_text(value)})"


@dataclass(frozen=True)
class Log(SmoothActivation):
    """The natural logarithm; of 0 -inf, of a negative cell nan (PyTorch's ``log``)."""

    kind: ClassVar[str] = "log"

    def of_real(self, x: Array) -> Array:
        """The logarithm."""
        import numpy as np

        return np.asarray(np.log(x))

    def slope_of_real(self, x: Array) -> Array:
        """1 / x."""
        import numpy as np

        return np.asarray(1 / x)

    def formula(self, value: Number) -> str:
        """Such as "log(3)"."""
        return f"log({exact_text(value)})"


@dataclass(frozen=True)
class Erf(SmoothActivation):
    """The error function (PyTorch's ``erf``), of which exporters make a GELU."""

    kind: ClassVar[str] = "erf"

    def of_real(self, x: Array) -> Array:
        """From the error function of Python, cell by cell."""
        import numpy as np

        return np.asarray(np.frompyfunc(erf, 1, 1)(x.astype(np.float64)), np.float64).astype(x.dtype)

    def slope_of_real(self, x: Array) -> Array:
        """2 / √π × exp(−x²)."""
        import numpy as np

        return np.asarray(x.dtype.type(2 / sqrt(pi)) * np.exp(-x * x))

    def formula(self, value: Number) -> str:
        """Such as "erf(-3)"."""
        return f"erf({exact_text(value)})"


SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
"""Of Klambauer et al., arXiv:1706.02515, as PyTorch and ONNX have them."""


@dataclass(frozen=True)
class CELU(SmoothActivation):
    """x above 0, otherwise alpha × (exp(x / alpha) − 1) (PyTorch's ``CELU``; Barron, arXiv:1704.07483)."""

    kind: ClassVar[str] = "celu"

    alpha: Number = 1

    @classmethod
    def of(cls, input_shape: Shape, *, alpha: Number = 1) -> CELU:
        """The layer on an input of any shape.

        Raises:
            FieldError: alpha is no finite number, or 0.
        """
        if not finite_number("alpha", alpha):
            raise FieldError("alpha must not be 0", field="alpha")
        return cls(input_shape, alpha=alpha)

    def of_real(self, x: Array) -> Array:
        """max(0, x) + min(0, alpha × (exp(x / alpha) − 1)), with all digits of the power."""
        import numpy as np

        alpha = x.dtype.type(nearest_float(self.alpha))
        return np.asarray(np.maximum(x, 0) + np.minimum(alpha * np.expm1(x / alpha), 0))

    def slope_of_real(self, x: Array) -> Array:
        """1 above 0, exp(x / alpha) where the power is below; their sum of a negative alpha."""
        import numpy as np

        alpha = x.dtype.type(nearest_float(self.alpha))
        bent = np.where(alpha * np.expm1(x / alpha) <= 0, np.exp(x / alpha), x.dtype.type(0))
        return np.asarray(np.where(x > 0, x.dtype.type(1), x.dtype.type(0)) + bent)

    def formula(self, value: Number) -> str:
        """Such as "1 × (exp(-3 / 1) - 1)", or the number itself where it is above 0."""
        alpha, told = exact_text(self.alpha), exact_text(value)
        alpha = f"({alpha})" if "/" in alpha else alpha
        return told if value > 0 and self.alpha > 0 else f"{alpha} × (exp({told} / {alpha}) - 1)"


@dataclass(frozen=True)
class SELU(SmoothActivation):
    """1.0507 × (x above 0, otherwise 1.6733 × (exp(x) − 1)) (PyTorch's ``SELU``)."""

    kind: ClassVar[str] = "selu"

    def of_real(self, x: Array) -> Array:
        """The power less 1 with all its digits."""
        import numpy as np

        scale, alpha = x.dtype.type(SELU_SCALE), x.dtype.type(SELU_ALPHA)
        return np.asarray(scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))))

    def slope_of_real(self, x: Array) -> Array:
        """The scale above 0, otherwise scale × alpha × exp(x)."""
        import numpy as np

        scale, alpha = x.dtype.type(SELU_SCALE), x.dtype.type(SELU_ALPHA)
        return np.asarray(scale * np.where(x > 0, x.dtype.type(1), alpha * np.exp(np.minimum(x, 0))))

    def formula(self, value: Number) -> str:
        """Such as "1.0507 × 1.6733 × (exp(-3) - 1)"."""
        told = exact_text(value)
        return f"1.0507 × {told}" if value > 0 else f"1.0507 × 1.6733 × (exp({told}) - 1)"
