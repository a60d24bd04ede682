"""Normalisations by the statistics of the cells themselves: group, instance, layer and RMS norm (torch.nn).

Group norm: Wu & He, arXiv:1803.08494; instance norm: Ulyanov et al., arXiv:1607.08022; layer norm: Ba et al.,
arXiv:1607.06450; RMS norm: Zhang & Sennrich, arXiv:1910.07467.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError
from convcalc.geometry.arguments import channels_per_group, finite_number, flag, whole
from convcalc.layers.derivative import OwnWeight, Point
from convcalc.layers.layer import Box, Layer, Settings, Shape, Values
from convcalc.numerals import Number, nearest_float
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array


class _Statistics(NamedTuple):
    """Of cells in rows, (batch, groups, cells), each number (batch, groups, 1), in float64."""

    rows: Array
    mean: Array
    deviation: Array
    """√(variance + eps); of an RMS norm √(mean of the squares + eps)."""

    @property
    def standard(self) -> Array:
        """(x − mean) / deviation."""
        standard: Array = (self.rows - self.mean) / self.deviation
        return standard


_FLOAT32_EPS = 2.0**-23
"""The spacing of float32 numbers at 1, PyTorch's default of an RMS norm's eps."""


@dataclass(frozen=True)
class Normalisation(Layer):
    """(x − mean) / √(variance + eps) × weight + bias, with mean and variance (÷ N) of a group of the sample's cells."""

    is_linear: ClassVar[bool] = False
    is_global: ClassVar[bool] = True
    is_centred: ClassVar[bool] = True
    """Whether the mean is subtracted."""

    groups: int
    """How many rows a sample's cells make, each normalised by itself."""
    eps: Number = 1e-5
    affine: bool = True
    """Whether weight and bias are learned; otherwise they are 1 and 0."""

    @property
    def affine_shape(self) -> Shape:
        """Of weight and bias: (channels,)."""
        return (self.channels,)

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """Weight and bias."""
        names = ("weight", "bias") if self.is_centred else ("weight",)
        return dict.fromkeys(names, self.affine_shape) if self.affine else {}

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - it has one input
        """All positions of the channels of the groups concerned."""
        if not all(box):
            return (range(0),) * len(box)
        each = self.channels // self.groups
        channels = range(box[0][0] // each * each, (box[0][-1] // each + 1) * each)
        return (channels, *map(range, self.spatial_size))

    def reaches(self, marks: Sequence[Array]) -> Array:
        """All cells of a group in which one is marked."""
        import numpy as np

        rows = marks[0].reshape(self.groups, -1)
        found: Array = np.broadcast_to(rows.any(axis=1, keepdims=True), rows.shape).reshape(self.input_shape)
        return found

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:
        """Computed in float64, then in the dtype of the layer."""
        import numpy as np

        cells, weight, bias = self._prepared(inputs[0], values, context)
        with np.errstate(all="ignore"):
            standard = self._statistics(cells).standard.reshape(cells.shape)
            output: Array = (standard * weight + bias).astype(cells.dtype)
        return output

    def push(
        self, inputs: Sequence[Array], values: Values, tangents: Sequence[Array], context: Context = STANDARD
    ) -> Array:
        """Weight / deviation × (t − mean of t − standard × mean of standard × t); an RMS norm subtracts no mean."""
        import numpy as np

        from convcalc.layers.numbers import alike

        cells, weight, _ = self._prepared(inputs[0], values, context)
        _, (_, tangent) = alike([cells, tangents[0]], context.dtype)
        with np.errstate(all="ignore"):
            found = self._statistics(cells)
            change = tangent.astype(np.float64).reshape(found.rows.shape)
            pushed = change - found.standard * (found.standard * change).mean(axis=2, keepdims=True)
            if self.is_centred:
                pushed -= change.mean(axis=2, keepdims=True)
            output: Array = ((pushed / found.deviation).reshape(cells.shape) * weight).astype(tangent.dtype)
        return output

    def own_weights(self, at: Point) -> dict[str, OwnWeight]:
        """Of the weight the cell as it is normalised, of the bias 1."""
        import numpy as np

        cells, _, _ = self._prepared(at.inputs[0], at.values, at.context)
        with np.errstate(all="ignore"):
            standard = self._statistics(cells).standard.reshape(cells.shape).astype(cells.dtype)
        spread = (1,) * (len(self.input_shape) - len(self._broadcast)) + self._broadcast
        return {
            "weight": OwnWeight(standard, spread, "normalised"),
            "bias": OwnWeight(np.ones(cells.shape, np.int64), spread, "1"),
        }

    def trace(
        self, inputs: Sequence[Array], values: Values, cell: Cell, sample: int = 0, context: Context = STANDARD
    ) -> Explanation:
        """The cell itself, the mean and the variance of its group, and all cells that these are computed from."""
        import numpy as np

        from convcalc.layers.numbers import rounded

        cells, weights, biases = self._prepared(inputs[0][sample : sample + 1], values, context)
        number = int(np.ravel_multi_index(cell, self.input_shape))
        group, place = divmod(number, prod(self.input_shape) // self.groups)
        with np.errstate(all="ignore"):
            found = self._statistics(cells)
            row, standard = found.rows[0, group], found.standard[0, group]
            mean, deviation = float(found.mean[0, group, 0]), float(found.deviation[0, group, 0])
            weight, bias = (float(np.broadcast_to(each, cells.shape)[(0, *cell)]) for each in (weights, biases))
            total = rounded(standard[place] * weight + bias, cells.dtype)
            slopes = -standard[place] * standard / row.size - (1 / row.size if self.is_centred else 0)
            slopes[place] += 1
            slopes *= weight / deviation
        start = group * row.size
        places = np.stack(np.unravel_index(np.arange(start, start + row.size), self.input_shape), 1).tolist()
        terms = tuple(Term(value, tuple(each)) for value, each in zip(row.tolist(), places, strict=True))
        return Explanation(
            cell, terms, total, Rule.FUNCTION, formula=self._formula(row, place, mean, deviation, weight, bias),
            function_slopes=tuple(slopes.tolist()),
        )  # fmt: skip

    def _formula(self, row: Array, place: int, mean: float, deviation: float, weight: float, bias: float) -> str:
        value, square = float(row[place]), deviation**2 - nearest_float(self.eps)
        if not self.is_centred:
            return f"{value} / sqrt({square:.6g} + {self.eps}) × {weight}: the mean square of {row.size} cells"
        told = f"({value} - {mean:.6g}) / sqrt({square:.6g} + {self.eps}) × {weight} + {bias}"
        return f"{told}: mean and variance of {row.size} cells"

    def weighted(self, cells: Array, values: Values) -> Array:
        """Cells of the output's shape times their weights, in float64."""
        import numpy as np

        weight = np.asarray(values.get("weight", 1), np.float64)
        weighted: Array = cells.astype(np.float64) * (weight.reshape(self._broadcast) if weight.ndim else weight)
        return weighted

    @property
    def _broadcast(self) -> Shape:
        """The shape of weight and bias that broadcasts with cells."""
        return (*self.affine_shape, *(1,) * self.rank) if self.affine_shape == (self.channels,) else self.affine_shape

    def _statistics(self, cells: Array) -> _Statistics:
        import numpy as np

        rows = cells.astype(np.float64).reshape(len(cells), self.groups, -1)
        mean = rows.mean(axis=2, keepdims=True) if self.is_centred else np.zeros((len(cells), self.groups, 1))
        square = ((rows - mean) ** 2).mean(axis=2, keepdims=True)
        return _Statistics(rows, mean, np.sqrt(square + nearest_float(self.eps)))

    def _prepared(self, cells: Array, values: Values, context: Context) -> tuple[Array, Array, Array]:
        """The cells in floats; weight and bias in float64, shaped to broadcast with them.

        Raises:
            DataError: exact numbers are requested.
        """
        import numpy as np

        from convcalc.layers.numbers import in_real

        weights = [values["weight"]] if "weight" in self.weight_shapes else []
        biases = [values["bias"]] if "bias" in self.weight_shapes else []
        real, *given = in_real(self.kind, [cells, *weights], context.dtype, beside=biases)
        shape = self._broadcast
        weight, bias = (
            (given.pop(0).astype(np.float64).reshape(shape)) if each else np.float64(idle)
            for each, idle in ((weights, 1), (biases, 0))
        )
        return real, np.asarray(weight), np.asarray(bias)


def _eps(eps: Any) -> Number:
    if finite_number("eps", eps) < 0:
        raise FieldError(f"eps must be a number >= 0, got {eps}", field="eps")
    found: Number = eps
    return found


@dataclass(frozen=True)
class GroupNorm(Normalisation):
    """The channels in groups, each normalised over its channels and all positions (PyTorch's ``GroupNorm``)."""

    kind: ClassVar[str] = "group-norm"

    @classmethod
    def of(cls, input_shape: Shape, *, num_groups: int, eps: Number = 1e-5, affine: bool = True) -> GroupNorm:
        """The layer on an input of any shape.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the channels do not divide into the groups.
        """
        channels_per_group("channels", input_shape[0], whole("num_groups", num_groups, 1))
        return cls(input_shape, num_groups, _eps(eps), flag("affine", affine))

    @property
    def settings(self) -> Settings:
        """The groups."""
        return {"groups": self.groups}


@dataclass(frozen=True)
class InstanceNorm(Normalisation):
    """Each channel normalised over its positions (PyTorch's ``InstanceNorm2d``, without running statistics)."""

    kind: ClassVar[str] = "instance-norm"

    @classmethod
    def of(cls, input_shape: Shape, *, eps: Number = 1e-5, affine: bool = False) -> InstanceNorm:
        """The layer on an input with positions; as in PyTorch weight and bias are only learned if asked for.

        Raises:
            FieldError: an argument is not what it must be.
            GeometryError: the input has no spatial axes.
        """
        from convcalc.layers.layer import need_spatial

        need_spatial(cls.kind, input_shape)
        return cls(input_shape, input_shape[0], _eps(eps), flag("affine", affine))


@dataclass(frozen=True)
class LayerNorm(Normalisation):
    """All cells normalised over the last axes (PyTorch's ``LayerNorm``), with a weight and a bias for each cell."""

    kind: ClassVar[str] = "layer-norm"

    dims: int = 1
    """How many last axes are normalised over."""

    @classmethod
    def of(
        cls, input_shape: Shape, *, dims: int | None = None, eps: Number = 1e-5, affine: bool = True
    ) -> Normalisation:
        """The layer over so many last axes of a sample, by default all.

        Raises:
            FieldError: an argument is not what it must be.
        """
        count = len(input_shape) if dims is None else whole("dims", dims, 1)
        if count > len(input_shape):
            raise FieldError(f"dims must be 1 to {len(input_shape)}, the axes of a sample, got {dims}", field="dims")
        groups = prod(input_shape[: len(input_shape) - count])
        return cls(input_shape, groups, _eps(eps), flag("affine", affine), count)

    @property
    def affine_shape(self) -> Shape:
        """The sizes of the axes that are normalised over."""
        return self.input_shape[len(self.input_shape) - self.dims :]

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - it has one input
        """All cells of the last axes."""
        if not all(box):
            return (range(0),) * len(box)
        return (*box[: len(box) - self.dims], *map(range, self.affine_shape))


@dataclass(frozen=True)
class RMSNorm(LayerNorm):
    """x / √(mean of the squares + eps) × weight over the last axes (PyTorch's ``RMSNorm``)."""

    kind: ClassVar[str] = "rms-norm"
    is_centred: ClassVar[bool] = False

    @classmethod
    def of(
        cls, input_shape: Shape, *, dims: int | None = None, eps: Number = _FLOAT32_EPS, affine: bool = True
    ) -> Normalisation:
        """The layer over so many last axes of a sample, by default all; ``eps``: as in PyTorch float32's.

        Raises:
            FieldError: an argument is not what it must be.
        """
        return super().of(input_shape, dims=dims, eps=eps, affine=affine)
