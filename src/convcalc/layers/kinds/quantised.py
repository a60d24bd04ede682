"""Quantisation: numbers as whole numbers of few bits, by a scale and a zero point, and back (ONNX's operators).

A real number r is stored as q with r ≈ (q − zero_point) × scale (Jacob et al., arXiv:1712.05877, equation 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError, UnknownNameError
from convcalc.geometry.arguments import text
from convcalc.layers.kinds.bias import OfChannels
from convcalc.layers.layer import Shape, Values
from convcalc.numerals import exact_text
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array

RANGES = {
    "uint8": (0, 255),
    "int8": (-128, 127),
    "uint16": (0, 65535),
    "int16": (-32768, 32767),
    "uint4": (0, 15),
    "int4": (-8, 7),
}
"""The least and the largest number of each type."""
ROUNDINGS = ("round-then-add", "add-then-round")
"""Whether a scaled number is rounded, half to even, before or after its zero point is added.

The first is what onnxruntime's convolutions, matrix products and QuantizeLinear do, and LiteRT; the second what onnx's
reference evaluator, PyTorch's ``quantize_per_tensor`` and OpenVINO do. They differ on an exact half beside an odd zero
point.
"""


@dataclass(frozen=True)
class Affine(OfChannels):
    """A layer with a scale and a zero point, of each channel or of all."""

    is_linear: ClassVar[bool] = False
    factor: ClassVar[str] = "scale"

    @property
    def buffer_shapes(self) -> dict[str, Shape]:
        """Factor and zero_point: (channels,) or (1,)."""
        return {self.factor: self.numbers_shape, "zero_point": self.numbers_shape}

    def _in_floats(self, cells: Array, values: Values, context: Context) -> list[Array]:
        """Cells, factor and zero point in the floats that are asked for, otherwise those of the cells or the factor.

        Raises:
            DataError: exact numbers are requested.
        """
        import numpy as np

        from convcalc.arrays import in_floats
        from convcalc.layers.numbers import by_channel, no_fractions

        if context.dtype == "exact":
            raise no_fractions(self.kind)
        self._check(values)
        held = [cells, *(by_channel(values[name], cells) for name in (self.factor, "zero_point"))]
        own = next((each.dtype for each in held[:2] if each.dtype.kind == "f"), np.dtype(np.float64))
        dtype = np.dtype(context.dtype) if context.dtype in ("float32", "float64") else own
        return [(in_floats(each) if each.dtype == object else each).astype(dtype, copy=False) for each in held]

    def _check(self, values: Values) -> None:
        """Refuse numbers that quantise nothing.

        Raises:
            FieldError: a factor is not above 0, or a zero point is no whole number or beyond the type.
        """
        import numpy as np

        factor, zero = values[self.factor], values["zero_point"]
        if not (np.isfinite(factor.astype(np.float64)) & (factor > 0)).all():
            raise FieldError(f"{self.factor} must be above 0", field=self.factor)
        low, high = self.range
        if any(each % 1 or not low <= each <= high for each in zero.reshape(-1).tolist()):
            raise FieldError(f"zero_point must be a whole number from {low:,} to {high:,}", field="zero_point")

    @property
    def range(self) -> tuple[int, int]:
        """The least and the largest zero point."""
        return -(1 << 31), (1 << 31) - 1

    def _at(self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int, context: Context) -> list[Any]:
        """The number of one cell, its factor and its zero point, in the floats of the layer."""
        here = inputs[0][(slice(sample, sample + 1), *(slice(each, each + 1) for each in cell))]
        place = self.place(cell)
        own = {name: each[place : place + 1] for name, each in values.items()}
        return [each.reshape(-1)[0] for each in self._in_floats(here, own, context)]


@dataclass(frozen=True)
class Quantise(Affine):
    """x / scale, rounded to a whole number, plus zero_point, and cut off at the ends of a type of whole numbers."""

    kind: ClassVar[str] = "quantise"

    dtype: str = "uint8"
    rounding: str = "round-then-add"

    @classmethod
    def of(
        cls,
        input_shape: Shape,
        *,
        dtype: str = "uint8",
        rounding: str = "round-then-add",
        num_parameters: int | None = None,
    ) -> Self:
        """The layer on an input of any shape, with one scale or one for each channel, as without this argument.

        Raises:
            FieldError: it is another count.
            UnknownNameError: there is no such type, or no such order of rounding.
        """
        if text("dtype", dtype) not in RANGES:
            raise UnknownNameError("type of quantised numbers", dtype, RANGES, field="dtype")
        if text("rounding", rounding) not in ROUNDINGS:
            raise UnknownNameError("order of rounding", rounding, ROUNDINGS, field="rounding")
        shared = super().of(input_shape, num_parameters=num_parameters).is_shared
        return cls(input_shape, shared, dtype, rounding)

    @property
    def range(self) -> tuple[int, int]:
        """The least and the largest number of the type."""
        return RANGES[self.dtype]

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """Whole numbers, as such unless floats are asked for; nan becomes the zero point."""
        import numpy as np

        cells, factor, zero = self._in_floats(inputs[0], values, context)
        with np.errstate(all="ignore"):
            stored = self._stored(self._scaled(cells, factor), zero)
        return stored if context.dtype == "auto" else stored.astype(context.dtype)

    def _scaled(self, cells: Any, scale: Any) -> Any:
        return cells / scale

    def _stored(self, scaled: Any, zero: Any) -> Array:
        """The whole numbers, cut off before they are converted, so that none wraps around."""
        import numpy as np

        is_first = self.rounding == "round-then-add"
        whole = np.rint(scaled) + zero if is_first else np.rint(scaled + zero)
        kept = np.where(np.isnan(whole), zero, np.clip(whole, *self.range))
        stored: Array = kept.astype(np.int64)
        return stored

    def push(
        self,
        inputs: Sequence[Array],  # noqa: ARG002 - the derivative is 0 wherever there is one
        values: Values,  # noqa: ARG002
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """0: it goes up in steps."""
        import numpy as np

        from convcalc.layers.numbers import alike

        _, (tangent,) = alike(tangents, context.dtype)
        return np.zeros_like(tangent)

    def trace(
        self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0, context: Context = STANDARD
    ) -> Explanation:
        """The number over its scale, what it is rounded to, the zero point, and where it is cut off."""
        import numpy as np

        value, factor, zero = self._at(inputs, values, cell, sample, context)
        with np.errstate(all="ignore"):
            scaled = self._scaled(value, factor)
            total = int(self._stored(scaled, zero))
        term = Term.at(inputs[0][sample], cell)
        formula = self._formula(value, factor, scaled, int(zero))
        return Explanation(cell, (term,), total, Rule.FUNCTION, formula=formula, function_slopes=(0,))

    def _formula(self, value: Any, factor: Any, scaled: Any, zero: int) -> str:
        """Such as ``round(5 / 2 = 2.5) + 3, in 0 to 255; half to even, added first it is 6``."""
        low, high = self.range
        product = f"{_told(value)} {self._sign} {_told(factor)} = {_told(scaled)}"
        first = self.rounding == "round-then-add"
        said = f"round({product}) + {zero}" if first else f"round({product}, + {zero})"
        return f"{said}, in {low} to {high}{self._half(scaled, zero)}"

    _sign: ClassVar[str] = "/"

    def _half(self, scaled: Any, zero: int) -> str:
        """On an exact half beside an odd zero point: what the other order gives."""
        if not abs(scaled) < 1 << 22 or scaled % 1 != 0.5 or zero % 2 == 0:
            return ""
        import numpy as np

        first, second = int(np.rint(scaled)) + zero, int(np.rint(scaled + zero))
        return f"; half to even: rounded first {first}, added first {second}"


@dataclass(frozen=True)
class Requantise(Quantise):
    """x × multiplier, rounded, plus zero_point: sums of products of whole numbers as such numbers again.

    The multiplier is input scale × weight scale / output scale (ONNX's ``QLinearConv`` in onnxruntime).
    """

    kind: ClassVar[str] = "requantise"
    factor: ClassVar[str] = "multiplier"
    _sign: ClassVar[str] = "×"

    def _scaled(self, cells: Any, scale: Any) -> Any:
        return cells * scale


@dataclass(frozen=True)
class Dequantise(Affine):
    """(x − zero_point) × scale, the real number that a whole one stands for (ONNX's ``DequantizeLinear``)."""

    kind: ClassVar[str] = "dequantise"
    is_linear: ClassVar[bool] = True

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """In floats."""
        import numpy as np

        cells, scale, zero = self._in_floats(inputs[0], values, context)
        with np.errstate(all="ignore"):
            found: Array = (cells - zero) * scale
        return found

    def push(
        self, inputs: Sequence[Array], values: Values, tangents: Sequence[Array], context: Context = STANDARD
    ) -> Array:
        """The tangent times the scale of its channel."""
        from convcalc.layers.numbers import by_channel, changed

        return changed(by_channel(values["scale"], inputs[0]), tangents[0], context.dtype)

    def trace(
        self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0, context: Context = STANDARD
    ) -> Explanation:
        """The number less its zero point, times its scale."""
        value, scale, zero = self._at(inputs, values, cell, sample, context)
        term = Term.at(inputs[0][sample], cell)
        formula = f"({_told(value)} - {_told(zero)}) × {_told(scale)}"
        total = float((value - zero) * scale)
        return Explanation(cell, (term,), total, Rule.FUNCTION, formula=formula, function_slopes=(float(scale),))


def _told(value: Any) -> str:
    """A float in the fewest digits that give it, a whole number without a point."""
    number = float(str(value))
    return exact_text(int(number)) if number.is_integer() else exact_text(number if number else Fraction(0))
