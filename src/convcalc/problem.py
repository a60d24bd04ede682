"""What is to be computed: checked, read-only numbers with nothing left to interpret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, checked, has_fractions, is_exact, read_only, whole_and_scale
from convcalc.errors import DataError, FieldError, GeometryError, UnknownNameError
from convcalc.geometry.arguments import check_groups, padding_pairs, per_axis
from convcalc.geometry.axis import Axis
from convcalc.geometry.boundary import Boundary, Number, boundary_of
from convcalc.geometry.counts import Counts
from convcalc.wording import counted, shape_text


class DType(StrEnum):
    """What the output is made of."""

    AUTO = "auto"
    """Computed exactly: whole numbers where all are whole, otherwise float64, each rounded once."""
    EXACT = "exact"
    """Computed exactly and kept exact: whole numbers or fractions."""
    FLOAT32 = "float32"
    FLOAT64 = "float64"


class Labels(NamedTuple):
    """What the parts of a problem are called; nothing is computed from it."""

    title: str = ""
    input: str = "input"
    kernels: tuple[str, ...] = ()
    """One for each output channel, or none."""
    notes: tuple[str, ...] = ()
    """What was converted or is worth a warning on the way from the file."""


_NO_LABELS = Labels()


@dataclass(frozen=True, eq=False, slots=True)
class Problem:
    """A convolution to compute; :func:`build_problem` makes one, and holding one proves that it is valid."""

    input: Array
    """(batch, in_channels, *spatial), read-only."""
    weight: Array
    """(out_channels, in_channels / groups, *kernel_size), read-only, as written: not flipped, not scaled."""
    scale: tuple[Fraction, ...]
    """What every sum of an output channel is multiplied with, one for each output channel."""
    bias: tuple[Number, ...]
    """What is added after scaling, one for each output channel."""
    axes: tuple[Axis, ...]
    """The geometry of each spatial axis."""
    boundary: Boundary
    groups: int
    flip: bool
    """Whether the kernel is turned by 180° first: mathematical convolution instead of cross-correlation."""
    dtype: DType
    has_bias: bool = True
    labels: Labels = _NO_LABELS

    @property
    def batch(self) -> int:
        """Samples."""
        return int(self.input.shape[0])

    @property
    def in_channels(self) -> int:
        """Input channels of all groups."""
        return int(self.input.shape[1])

    @property
    def out_channels(self) -> int:
        """Output channels of all groups."""
        return int(self.weight.shape[0])

    @property
    def rank(self) -> int:
        """Spatial axes."""
        return len(self.axes)

    @property
    def kernel_size(self) -> tuple[int, ...]:
        """Taps on each spatial axis."""
        return tuple(axis.kernel_size for axis in self.axes)

    @property
    def spatial_size(self) -> tuple[int, ...]:
        """Input cells on each spatial axis."""
        return tuple(axis.size for axis in self.axes)

    @property
    def output_size(self) -> tuple[int, ...]:
        """Output cells on each spatial axis."""
        return tuple(axis.output_size for axis in self.axes)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """(batch, out_channels, *output_size)."""
        return (self.batch, self.out_channels, *self.output_size)

    @property
    def counts(self) -> Counts:
        """Parameters and MACs."""
        return Counts(self.in_channels, self.out_channels, self.kernel_size, self.groups, self.has_bias)

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of the definition."""
        return self.counts.macs(self.output_size, self.batch)

    @property
    def is_depthwise(self) -> bool:
        """Whether every output channel sees one of several input channels alone."""
        return self.groups == self.in_channels > 1

    @property
    def is_exact(self) -> bool:
        """Whether everything is computed in whole and rational numbers."""
        return self.dtype in (DType.AUTO, DType.EXACT)

    @property
    def is_rational(self) -> bool:
        """Whether a cell that the kernel can read holds a number that is exact but not whole."""
        return self.is_exact and (isinstance(self.boundary.value, Fraction) or has_fractions(self.input))

    @property
    def applied_weight(self) -> Array:
        """The weight as it lies on the input: turned by 180° on every spatial axis if ``flip``, same shape."""
        return np.flip(self.weight, axis=tuple(range(2, self.weight.ndim))) if self.flip else self.weight

    def group_channels(self, out_channel: int) -> range:
        """The input channels that an output channel sums over."""
        span = self.in_channels // self.groups
        first = out_channel // (self.out_channels // self.groups) * span
        return range(first, first + span)


def build_problem(
    input: Any,  # noqa: A002 - the field's word for it, and PyTorch's
    weight: Any,
    bias: Any = None,
    *,
    scale: Sequence[Fraction] | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: Any = 1,
    boundary: str | Number | Boundary = "zeros",
    flip: bool = False,
    dtype: str = "auto",
    labels: Labels | None = None,
) -> Problem:
    """The problem that these arrays and spellings stand for.

    ``input``: (batch, in_channels, *spatial). ``weight``: (out_channels, in_channels / groups, *kernel_size);
    rational weights are split into whole weights and a scale. ``bias``: one number, or one for each output
    channel. ``stride``, ``dilation``: one number, or one for each axis. ``padding``: those, a (before, after)
    pair for each axis, or a word.

    Raises:
        DataError: an array does not hold numbers.
        FieldError: an argument is not what it must be.
        GeometryError: shapes, groups or sizes do not fit together.
    """
    cells, weights = checked(input), checked(weight)
    rank = _check_ranks(cells, weights)
    if is_exact(weights):
        weights, scale = _whole_filters(weights, scale)
    group_count = check_groups(cells.shape[1], weights.shape[0], groups)
    _check_span(cells.shape[1], weights.shape[1], group_count)
    sizes, kernel_size = cells.shape[2:], weights.shape[2:]
    strides = per_axis("stride", stride, rank, 1)
    dilations = per_axis("dilation", dilation, rank, 1)
    pads = padding_pairs(padding, sizes, kernel_size, strides, dilations)
    axes = tuple(
        Axis(size, taps, step, spread, *pair, number)
        for number, (size, taps, step, spread, pair) in enumerate(
            zip(sizes, kernel_size, strides, dilations, pads, strict=True)
        )
    )
    border = boundary_of(boundary)
    biases = _biases(bias, weights.shape[0])
    result_dtype = _resolved_dtype(dtype, (cells, weights), (*biases, border.value))
    return Problem(
        input=_as_computed(cells, result_dtype),
        weight=read_only(_as_computed(weights, result_dtype)),
        scale=tuple(scale) if scale else (Fraction(1),) * weights.shape[0],
        bias=biases,
        axes=axes,
        boundary=border,
        groups=group_count,
        flip=flip,
        dtype=result_dtype,
        has_bias=bias is not None,
        labels=labels or _NO_LABELS,
    )


def _check_ranks(cells: Array, weights: Array) -> int:
    rank = cells.ndim - 2
    if rank < 1 or weights.ndim != cells.ndim:
        raise GeometryError(
            f"input has {cells.ndim} axes and weight has {weights.ndim}",
            hint="input is (batch, in_channels, *spatial), weight (out_channels, in_channels / groups, *kernel_size)",
        )
    for name, count in (("input", cells.shape[1]), ("kernel", weights.shape[0])):
        if not count:
            raise GeometryError(f"the {name} has no channels", field=name)
    return rank


def _check_span(in_channels: int, span: int, groups: int) -> None:
    if span * groups != in_channels:
        each = f" in each of {groups} groups" if groups > 1 else ""
        raise GeometryError(
            f"the kernel spans {counted(span, 'channel')}{each}, the input has {counted(in_channels, 'channel')}",
            hint=f"a filter needs one plane for each of {counted(in_channels // groups, 'channel')}",
            field="kernel",
        )


def _whole_filters(weights: Array, scale: Sequence[Fraction] | None) -> tuple[Array, tuple[Fraction, ...]]:
    """Each filter's rational weights as whole ones, what was split off multiplied into its scale."""
    scales = tuple(scale) if scale else (Fraction(1),) * weights.shape[0]
    if not has_fractions(weights):
        return weights, scales
    filters, split = zip(*map(whole_and_scale, weights), strict=True)
    return np.stack(filters), tuple(a * b for a, b in zip(scales, split, strict=True))


def _biases(bias: Any, out_channels: int) -> tuple[Number, ...]:
    if bias is None:
        return (0,) * out_channels
    values = checked(bias if isinstance(bias, np.ndarray) else _as_array(bias))
    if values.ndim == 0:
        return (values.item(),) * out_channels
    if values.shape != (out_channels,):
        raise FieldError(
            f"bias has shape {shape_text(values.shape)} for {counted(out_channels, 'output channel')}",
            hint="bias is one number, or one for each output channel",
            field="bias",
        )
    return tuple(values.tolist())


def _as_array(values: Any) -> Array:
    """An array that keeps Python's exact numbers: objects unless a float is among them."""
    array = np.asarray(values)
    return array if array.dtype.kind in "biuf" else np.asarray(values, dtype=object)


def _resolved_dtype(word: str, arrays: tuple[Array, Array], numbers: Sequence[Number]) -> DType:
    """``auto`` for floats is the widest float among the arrays; lone numbers do not widen float32."""
    if word not in list(DType):
        raise UnknownNameError("dtype", word, list(DType), hint=f"one of: {', '.join(DType)}", field="dtype")
    wanted = DType(word)
    floats = [array.dtype for array in arrays if not is_exact(array)]
    real = bool(floats) or any(isinstance(number, float) for number in numbers)
    if wanted is DType.EXACT and real:
        raise DataError(
            "dtype exact computes in whole and rational numbers, and there are floats",
            hint="write fractions such as 1/2 instead of 0.5, or choose dtype float64",
        )
    if wanted is not DType.AUTO or not real:
        return wanted
    return DType.FLOAT32 if floats and max(floats) == np.float32 else DType.FLOAT64


def _as_computed(values: Array, dtype: DType) -> Array:
    """Python's exact numbers as float64 where the problem is computed in floats."""
    if values.dtype != object or dtype in (DType.AUTO, DType.EXACT):
        return values
    try:
        return values.astype(np.float64)
    except OverflowError:
        raise DataError("an integer is too large for floats", hint="dtype exact has no limit") from None
