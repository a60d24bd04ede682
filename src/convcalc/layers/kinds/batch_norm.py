"""Batch normalisation in inference (PyTorch's ``BatchNorm1d`` to ``BatchNorm3d`` in ``eval`` mode)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from convcalc.context import STANDARD, Context
from convcalc.errors import DataError, FieldError
from convcalc.geometry.arguments import finite_number, flag
from convcalc.layers.derivative import OwnWeight, Point
from convcalc.layers.layer import Layer, Shape, Values
from convcalc.numerals import Number, nearest_float
from convcalc.tracing.explanation import Cell, Explanation, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


class _Channels(NamedTuple):
    """One number for each channel, in float64."""

    mean: Array
    variance: Array
    weight: Array
    bias: Array


@dataclass(frozen=True)
class BatchNorm(Layer):
    """(x − running_mean) / √(running_var + eps) × weight + bias, with one number of each for each channel."""

    kind: ClassVar[str] = "batch-norm"

    eps: Number = 1e-5
    affine: bool = True
    """Whether weight and bias are learned; otherwise they are 1 and 0."""

    @classmethod
    def of(cls, input_shape: Shape, *, eps: Number = 1e-5, affine: bool = True) -> BatchNorm:
        """The layer on an input of any shape.

        Raises:
            FieldError: an argument is not what it must be.
        """
        if finite_number("eps", eps) < 0:
            raise FieldError(f"eps must be a number >= 0, got {eps}", field="eps")
        return cls(input_shape, eps, flag("affine", affine))

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """Weight and bias: (channels,)."""
        return {"weight": (self.channels,), "bias": (self.channels,)} if self.affine else {}

    @property
    def buffer_shapes(self) -> dict[str, Shape]:
        """running_mean and running_var: (channels,)."""
        return {"running_mean": (self.channels,), "running_var": (self.channels,)}

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """A factor and an offset for each channel, computed in float64, applied in the dtype of the layer."""
        import numpy as np

        from convcalc.layers.numbers import by_channel

        cells, channels = self._prepared(inputs[0], values, context)
        with np.errstate(all="ignore"):
            factor = self._factor(channels)
            offset = channels.bias - channels.mean * factor
            output: Array = cells * by_channel(factor.astype(cells.dtype), cells)
            output += by_channel(offset.astype(cells.dtype), cells)
        return output

    def push(
        self, inputs: Sequence[Array], values: Values, tangents: Sequence[Array], context: Context = STANDARD
    ) -> Array:
        """The tangent times the factor of its channel."""
        import numpy as np

        from convcalc.layers.numbers import by_channel, changed

        cells, channels = self._prepared(inputs[0], values, context)
        with np.errstate(all="ignore"):
            factor = self._factor(channels).astype(cells.dtype)
        return changed(by_channel(factor, cells), tangents[0], context.dtype)

    def own_weights(self, at: Point) -> dict[str, OwnWeight]:
        """Of the weight the cell as it is normalised, of the bias 1."""
        import numpy as np

        from convcalc.layers.numbers import by_channel

        cells, channels = self._prepared(at.inputs[0], at.values, at.context)
        with np.errstate(all="ignore"):
            deviation = np.sqrt(channels.variance + nearest_float(self.eps))
            standard = (cells - by_channel(channels.mean, cells)) / by_channel(deviation, cells)
        spread = (self.channels, *(1,) * (len(self.input_shape) - 1))
        return {
            "weight": OwnWeight(standard.astype(cells.dtype), spread, "normalised"),
            "bias": OwnWeight(np.ones(cells.shape, np.int64), spread, "1"),
        }

    def trace(
        self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0, context: Context = STANDARD
    ) -> Explanation:
        """The cell times the factor of its channel plus its offset, and the numbers that these follow from."""
        import numpy as np

        from convcalc.engine.bounds import EPILOGUE, roundings
        from convcalc.layers.numbers import rounded

        cells, channels = self._prepared(inputs[0][sample : sample + 1], values, context)
        value = float(cells[(0, *cell)])
        mean, variance, weight, bias = (float(each[cell[0]]) for each in channels)
        with np.errstate(all="ignore"):
            factor = float(self._factor(channels)[cell[0]])
            total = (value - mean) / np.sqrt(variance + np.float64(nearest_float(self.eps))) * weight + bias
        step = Explanation(
            cell,
            (Term(value, cell, factor),),
            rounded(total, cells.dtype),
            bias=bias - mean * factor,
            formula=f"({value} - {mean}) / sqrt({variance} + {self.eps}) × {weight} + {bias}",
        )
        # mean × factor and the bias are rounded separately, however small their sum is where they cancel
        apart = abs(value * factor) + abs(mean * factor) + abs(bias)
        lost = roundings(len(step.terms) + EPILOGUE, cells.dtype) * apart / step.could if step.could else None
        return replace(step, lost=lost)

    def _prepared(self, cells: Array, values: Values, context: Context) -> tuple[Array, _Channels]:
        """The cells in floats, and the numbers of the channels.

        Raises:
            DataError: a variance has no root, or exact numbers are requested.
        """
        import numpy as np

        from convcalc.layers.numbers import in_real

        factor = {name: values[name] for name in self.weight_shapes if name == "weight"}
        others = {name: values[name] for name in (*self.weight_shapes, *self.buffer_shapes) if name != "weight"}
        real, *given = in_real(self.kind, [cells, *factor.values()], context.dtype, beside=[*others.values()])
        numbers = dict(zip([*factor, *others], given, strict=True))
        for name, idle in (("weight", 1), ("bias", 0)):
            numbers.setdefault(name, np.full(self.channels, idle))
        variance = numbers["running_var"].astype(np.float64)
        negative = np.flatnonzero(variance + nearest_float(self.eps) < 0)
        if negative.size:
            raise DataError(
                f"running_var of channel {negative[0]} is {variance[negative[0]]}, a variance is >= 0",
                field="running_var",
            )
        mean, weight, bias = (numbers[name].astype(np.float64) for name in ("running_mean", "weight", "bias"))
        return real, _Channels(mean, variance, weight, bias)

    def _factor(self, channels: _Channels) -> Array:
        import numpy as np

        factor: Array = channels.weight / np.sqrt(channels.variance + nearest_float(self.eps))
        return factor
