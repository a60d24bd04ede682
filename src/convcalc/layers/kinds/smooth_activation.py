"""Smooth functions of one cell, in floats: sigmoid, tanh and their relatives, each by its definition in PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, pi, sqrt
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import Context
from convcalc.errors import FieldError, UnknownNameError
from convcalc.geometry.arguments import finite_number, text
from convcalc.layers.kinds.activation import Activation
from convcalc.layers.layer import Shape
from convcalc.numerals import Number, exact_text, nearest_float

if TYPE_CHECKING:
    from convcalc.arrays import Array


@dataclass(frozen=True)
class SmoothActivation(Activation):
    """A function of real cells, by ``of_real``, and its derivative, by ``slope_of_real``."""

    def function(self, cells: Array, context: Context) -> Array:
        """The function, in floats."""
        import numpy as np

        with np.errstate(all="ignore"):
            return self.of_real(self._real(cells, context))

    def slope(self, cells: Array, context: Context) -> Array:
        """The derivative, in floats."""
        import numpy as np

        with np.errstate(all="ignore"):
            return self.slope_of_real(self._real(cells, context))

    def _real(self, cells: Array, context: Context) -> Array:
        from convcalc.layers.numbers import in_real

        (real,) = in_real(self.kind, [cells], context.dtype)
        return real

    def of_real(self, x: Array) -> Array:
        """The function of floats; overflows give inf."""
        raise NotImplementedError

    def slope_of_real(self, x: Array) -> Array:
        """The derivative at floats."""
        raise NotImplementedError


def _share(x: Array) -> Array:
    """1 / (1 + exp(−x)), from a power that never overflows."""
    import numpy as np

    power = np.exp(-np.abs(x))
    found: Array = np.where(x < 0, power, x.dtype.type(1)) / (1 + power)
    return found


@dataclass(frozen=True)
class Sigmoid(SmoothActivation):
    """1 / (1 + exp(−x)) (PyTorch's ``Sigmoid``)."""

    kind: ClassVar[str] = "sigmoid"

    def of_real(self, x: Array) -> Array:
        """From 0 to 1, with the digits of the smallest."""
        return _share(x)

    def slope_of_real(self, x: Array) -> Array:
        """s(x) × s(−x), where 1 − s(x) would lose its digits."""
        return _share(x) * _share(-x)

    def formula(self, value: Number) -> str:
        """Such as "1 / (1 + exp(-3))"."""
        return f"1 / (1 + exp({exact_text(-value)}))"


@dataclass(frozen=True)
class Tanh(SmoothActivation):
    """The hyperbolic tangent (PyTorch's ``Tanh``)."""

    kind: ClassVar[str] = "tanh"

    def of_real(self, x: Array) -> Array:
        """From −1 to 1."""
        import numpy as np

        found: Array = np.tanh(x)
        return found

    def slope_of_real(self, x: Array) -> Array:
        """1 / cosh(x)², where 1 less the square of the result would lose its digits."""
        import numpy as np

        slope: Array = (1 / np.cosh(x)) ** 2  # cosh may be inf, whose reciprocal is the 0 meant
        return slope

    def formula(self, value: Number) -> str:
        """Such as "tanh(-3)"."""
        return f"tanh({exact_text(value)})"


@dataclass(frozen=True)
class SiLU(SmoothActivation):
    """x / (1 + exp(−x)), also called swish (PyTorch's ``SiLU``)."""

    kind: ClassVar[str] = "silu"

    def of_real(self, x: Array) -> Array:
        """X × its share."""
        found: Array = x * _share(x)
        return found

    def slope_of_real(self, x: Array) -> Array:
        """s(x) + x s(x) s(−x)."""
        slope: Array = _share(x) + x * _share(x) * _share(-x)
        return slope

    def formula(self, value: Number) -> str:
        """Such as "-3 / (1 + exp(3))"."""
        return f"{exact_text(value)} / (1 + exp({exact_text(-value)}))"


_FORMS = ("none", "tanh")


@dataclass(frozen=True)
class GELU(SmoothActivation):
    """x Φ(x), with the normal distribution Φ or its approximation by tanh (Hendrycks & Gimpel, arXiv:1606.08415)."""

    kind: ClassVar[str] = "gelu"

    approximate: str = "none"

    @classmethod
    def of(cls, input_shape: Shape, *, approximate: str = "none") -> GELU:
        """The layer on an input of any shape; ``approximate`` is PyTorch's: none, or tanh.

        Raises:
            UnknownNameError: it is neither.
        """
        if text("approximate", approximate) not in _FORMS:
            raise UnknownNameError("approximation", approximate, _FORMS, field="approximate")
        return cls(input_shape, approximate=approximate)

    def of_real(self, x: Array) -> Array:
        """X times the share below it; −inf gives nan, as in PyTorch."""
        import numpy as np

        if self.approximate == "tanh":
            found: Array = x / 2 * (1 + np.tanh(self._angle(x)))
            return found
        return x * self._below(x)

    def slope_of_real(self, x: Array) -> Array:
        """The product rule."""
        import numpy as np

        if self.approximate == "tanh":
            angle = self._angle(x)
            bend = (1 / np.cosh(angle)) ** 2 * x.dtype.type(sqrt(2 / pi)) * (1 + x.dtype.type(3 * 0.044715) * x * x)
            found: Array = (1 + np.tanh(angle)) / 2 + x / 2 * bend
            return found
        density = np.exp(-x * x / 2) / x.dtype.type(sqrt(2 * pi))
        slope: Array = self._below(x) + x * density
        return slope

    @staticmethod
    def _below(x: Array) -> Array:
        """Φ(x), from the error function of Python, cell by cell."""
        import numpy as np

        shares = np.asarray(np.frompyfunc(erf, 1, 1)(x.astype(np.float64) / sqrt(2)), np.float64)
        found: Array = ((1 + shares) / 2).astype(x.dtype)
        return found

    @staticmethod
    def _angle(x: Array) -> Array:
        angle: Array = x.dtype.type(sqrt(2 / pi)) * (x + x.dtype.type(0.044715) * x * x * x)
        return angle

    def formula(self, value: Number) -> str:
        """Such as "-3/2 × (1 + erf(-3 / sqrt(2)))"."""
        told = exact_text(value)
        if self.approximate == "tanh":
            return f"{told} / 2 × (1 + tanh(sqrt(2/π) × ({told} + 0.044715 × {told}³)))"
        return f"{told} / 2 × (1 + erf({told} / sqrt(2)))"


@dataclass(frozen=True)
class ELU(SmoothActivation):
    """x above 0, otherwise alpha × (exp(x) − 1) (PyTorch's ``ELU``; Clevert et al., arXiv:1511.07289)."""

    kind: ClassVar[str] = "elu"

    alpha: Number = 1

    @classmethod
    def of(cls, input_shape: Shape, *, alpha: Number = 1) -> ELU:
        """The layer on an input of any shape.

        Raises:
            FieldError: alpha is no finite number.
        """
        return cls(input_shape, alpha=finite_number("alpha", alpha))

    def of_real(self, x: Array) -> Array:
        """The cell itself above 0; below it the power less 1, with all its digits."""
        import numpy as np

        return np.where(x > 0, x, x.dtype.type(nearest_float(self.alpha)) * np.expm1(np.minimum(x, 0)))

    def slope_of_real(self, x: Array) -> Array:
        """1 above 0, otherwise alpha × exp(x)."""
        import numpy as np

        below = x.dtype.type(nearest_float(self.alpha)) * np.exp(np.minimum(x, 0))
        slope: Array = np.where(x > 0, x.dtype.type(1), below)
        return slope

    def formula(self, value: Number) -> str:
        """Such as "1 × (exp(-3) - 1)", or the number itself where it is above 0."""
        return exact_text(value) if value > 0 else f"{exact_text(self.alpha)} × (exp({exact_text(value)}) - 1)"


@dataclass(frozen=True)
class Softplus(SmoothActivation):
    """log(1 + exp(beta x)) / beta (PyTorch's ``Softplus``, whose threshold of 20 only saves time)."""

    kind: ClassVar[str] = "softplus"

    beta: Number = 1

    @classmethod
    def of(cls, input_shape: Shape, *, beta: Number = 1) -> Softplus:
        """The layer on an input of any shape.

        Raises:
            FieldError: beta is no finite number, or 0.
        """
        if not finite_number("beta", beta):
            raise FieldError("beta must not be 0", field="beta")
        return cls(input_shape, beta=beta)

    def of_real(self, x: Array) -> Array:
        """Without overflow."""
        import numpy as np

        beta = x.dtype.type(nearest_float(self.beta))
        found: Array = np.logaddexp(x.dtype.type(0), beta * x) / beta
        return found

    def slope_of_real(self, x: Array) -> Array:
        """The share of beta x."""
        return _share(x.dtype.type(nearest_float(self.beta)) * x)

    def formula(self, value: Number) -> str:
        """Such as "log(1 + exp(-3))"."""
        if self.beta == 1:
            return f"log(1 + exp({exact_text(value)}))"
        beta = exact_text(self.beta)
        beta = f"({beta})" if "/" in beta else beta
        return f"log(1 + exp({beta} × {exact_text(value)})) / {beta}"


@dataclass(frozen=True)
class Mish(SmoothActivation):
    """x tanh(log(1 + exp(x))) (PyTorch's ``Mish``; Misra, arXiv:1908.08681)."""

    kind: ClassVar[str] = "mish"

    def of_real(self, x: Array) -> Array:
        """X times the tanh of its softplus."""
        import numpy as np

        found: Array = x * np.tanh(np.logaddexp(x.dtype.type(0), x))
        return found

    def slope_of_real(self, x: Array) -> Array:
        """The product rule, with 1 / cosh² where 1 − tanh² would lose its digits."""
        import numpy as np

        soft = np.logaddexp(x.dtype.type(0), x)
        slope: Array = np.tanh(soft) + x * (1 / np.cosh(soft)) ** 2 * _share(x)
        return slope

    def formula(self, value: Number) -> str:
        """Such as "-3 × tanh(log(1 + exp(-3)))"."""
        return f"{exact_text(value)} × tanh(log(1 + exp({exact_text(value)})))"
