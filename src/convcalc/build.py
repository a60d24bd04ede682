"""Builds a problem from arrays and arguments as users write them; everything is checked here, and only here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from convcalc.arrays import (
    Array,
    checked,
    has_fractions,
    in_floats,
    is_exact,
    largest,
    narrowed,
    plain,
    read_only,
    whole_and_scale,
)
from convcalc.errors import DataError, FieldError, GeometryError, UnknownNameError
from convcalc.geometry.arguments import finite_number, text
from convcalc.geometry.boundary import Boundary, boundary_of
from convcalc.geometry.convolution import Geometry, geometry_of
from convcalc.numerals import Number, is_finite, nearest_float
from convcalc.problem import NO_LABELS, UNSCALED, DType, Labels, Problem
from convcalc.wording import counted, shape_text

_DTYPES = {word.value: word for word in DType}
WHOLE_LIMITS = {DType.FLOAT32: 1 << 24, DType.FLOAT64: 1 << 53}
"""Whole numbers below are held exactly."""


def build_problem(
    input: Any,  # noqa: A002 - the name in files, and in PyTorch
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
    """The problem of these arrays and arguments.

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
    _check_ranks(cells, weights)
    biases = _biases(bias, weights.shape[0])
    settings = (stride, padding, dilation, groups, bias is not None, boundary, flip)
    is_kept = {type(each) for each in settings} <= _KEPT_TYPES
    geometry = (_kept_geometry if is_kept else _geometry)(cells.shape, weights.shape, *settings)
    return _problem(geometry, cells, weights, biases, scale, dtype, labels)


_KEPT_TYPES = {int, str, bool}
"""Of settings whose geometry is kept: those of calls in a loop, which are hashed at once."""


def _geometry(
    cells: tuple[int, ...],
    weights: tuple[int, ...],
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
    bias: bool,
    boundary: str | Number | Boundary,
    flip: bool,
) -> Geometry:
    """The geometry of arrays of these shapes; raises as :func:`build_problem`."""
    return geometry_of(
        cells[1:],
        weights[0],
        weights[2:],
        span=weights[1],
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=bias,
        boundary=boundary_of(boundary),
        flip=flip,
    )


_kept_geometry = lru_cache(maxsize=256, typed=True)(_geometry)


@lru_cache(maxsize=256)
def _in_float_geometry(geometry: Geometry, border: Boundary) -> Geometry:
    """The same with a boundary in floats."""
    return replace(geometry, boundary=border)


def problem_of(
    geometry: Geometry,
    input: Any,  # noqa: A002 - the name in files, and in PyTorch
    weight: Any,
    bias: Any = None,
    *,
    scale: Sequence[Fraction] | None = None,
    dtype: str = "auto",
    labels: Labels | None = None,
) -> Problem:
    """The problem of a convolution of this geometry with its arrays, shaped as of :func:`build_problem`.

    Raises:
        DataError: an array does not hold numbers.
        FieldError: an argument is not what it must be.
    """
    weights = checked(weight)
    return _problem(geometry, checked(input), weights, _biases(bias, len(weights)), scale, dtype, labels)


def _problem(
    geometry: Geometry,
    cells: Array,
    weights: Array,
    biases: tuple[Number, ...],
    scale: Sequence[Fraction] | None,
    dtype: str,
    labels: Labels | None,
) -> Problem:
    scales, border = _scales(scale, len(weights)), geometry.boundary
    result_dtype = resolved_dtype(dtype, (cells, weights), (*biases, border.value))
    if is_exact(weights):
        weights, scales = _whole_filters(weights, scales, WHOLE_LIMITS.get(result_dtype))
    if result_dtype not in (DType.AUTO, DType.EXACT):
        if weights.dtype == object:
            weights, scales = _scaled_filters(weights, scales)
        cells, weights = (in_floats(each) if each.dtype == object else each for each in (cells, weights))
        biases = tuple(map(_in_float, biases))
        geometry = _in_float_geometry(geometry, Boundary(border.mode, _in_float(border.value)))
    return Problem(
        input=read_only(cells),
        weight=read_only(weights),
        scale=scales,
        bias=biases,
        geometry=geometry,
        dtype=result_dtype,
        labels=NO_LABELS if labels is None else labels,
    )


def _check_ranks(cells: Array, weights: Array) -> None:
    if cells.ndim < 3 or weights.ndim != cells.ndim:
        raise GeometryError(
            f"input has {cells.ndim} axes and weight has {weights.ndim}",
            hint="input is (batch, in_channels, *spatial), weight (out_channels, in_channels / groups, *kernel_size)",
        )
    for name, count in (("input", cells.shape[1]), ("kernel", weights.shape[0])):
        if not count:
            raise GeometryError(f"the {name} has no channels", field=name)


def _whole_filters(
    weights: Array, scales: tuple[Fraction, ...], limit: int | None
) -> tuple[Array, tuple[Fraction, ...]]:
    """Each filter's rational weights as whole weights, their common factor multiplied into its scale.

    Weights beyond ``limit``, which do not fit into the floats of the problem, stay as they are.
    """
    if not has_fractions(weights):
        return weights, scales
    filters, split = zip(*map(whole_and_scale, weights), strict=True)
    whole = np.stack(filters)
    whole = narrowed(whole) if whole.dtype == object else whole
    if limit is not None and largest(whole) >= limit:
        return weights, scales
    return whole, tuple(a * b for a, b in zip(scales, split, strict=True))


def _scaled_filters(weights: Array, scales: tuple[Fraction, ...]) -> tuple[Array, tuple[Fraction, ...]]:
    """Weights × scale as float64, each rounded once; the weights of long kernels alone exceed the range of floats.

    Raises:
        DataError: a product exceeds it too.
    """
    try:
        scaled = [  # one at a time, since whole weights may have hundreds of digits
            np.fromiter((weight * scale.numerator / scale.denominator for weight in each.flat), np.float64, each.size)
            for each, scale in zip(weights, scales, strict=True)
        ]
    except OverflowError:
        raise DataError("a number is too large for floats", hint="dtype exact has no limit") from None
    return np.stack(scaled).reshape(weights.shape), (UNSCALED,) * len(scales)


def _scales(scale: Any, out_channels: int) -> tuple[Fraction, ...]:
    if scale is None:
        return (UNSCALED,) * out_channels
    if not isinstance(scale, Sequence) or len(scale) != out_channels:
        raise FieldError(
            f"scale must be a list of one number for each of {out_channels} output channels", field="scale"
        )
    return tuple(each if type(each) is Fraction else Fraction(finite_number("scale", each)) for each in scale)


def _biases(bias: Any, out_channels: int) -> tuple[Number, ...]:
    if bias is None:
        return (0,) * out_channels
    values = checked(bias)
    if values.ndim == 0:
        return (plain(values[()]),) * out_channels
    if values.shape != (out_channels,):
        raise FieldError(
            f"bias has shape {shape_text(values.shape)} for {counted(out_channels, 'output channel')}",
            hint="bias is one number, or one for each output channel",
            field="bias",
        )
    return tuple(values.tolist())


def resolved_dtype(word: str, arrays: Sequence[Array], numbers: Sequence[Number] = ()) -> DType:
    """The type to compute in; ``auto``: of floats the widest of the arrays; single numbers do not widen float32.

    Raises:
        UnknownNameError: there is no such dtype.
        DataError: exact numbers are requested, and there are floats.
    """
    wanted = _DTYPES.get(text("dtype", word))
    if wanted is None:
        raise UnknownNameError("dtype", word, list(DType), hint=f"one of: {', '.join(DType)}", field="dtype")
    floats = [array.dtype for array in arrays if not is_exact(array)]
    real = bool(floats) or any(isinstance(number, float) for number in numbers)
    if wanted is DType.EXACT and real:
        raise DataError(
            "dtype exact computes in whole and rational numbers, and there are floats",
            hint="write fractions such as 1/2 instead of 0.5, or choose dtype float64",
            field="dtype",
        )
    if wanted is not DType.AUTO or not real:
        return wanted
    return DType.FLOAT32 if floats and max(floats) == np.float32 else DType.FLOAT64


def _in_float(number: Number) -> float:
    value = nearest_float(number)
    if is_finite(number) and not is_finite(value):
        raise DataError("a number is too large for floats", hint="dtype exact has no limit")
    return value
