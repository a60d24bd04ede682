"""From arrays and spellings to a problem: everything is checked here, and only here."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from convcalc.arrays import (
    Array,
    checked,
    has_fractions,
    in_floats,
    is_exact,
    largest,
    plain,
    read_only,
    whole_and_scale,
)
from convcalc.errors import DataError, FieldError, GeometryError, UnknownNameError
from convcalc.geometry.arguments import axes_of, check_groups, flag
from convcalc.geometry.boundary import Boundary, Number, boundary_of
from convcalc.problem import NO_LABELS, UNSCALED, DType, Labels, Problem
from convcalc.wording import counted, shape_text

_DTYPES = {word.value: word for word in DType}
WHOLE_LIMITS = {DType.FLOAT32: 1 << 24, DType.FLOAT64: 1 << 53}
"""Whole numbers below are held exactly."""


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
    _check_ranks(cells, weights)
    border = boundary_of(boundary)
    biases = _biases(bias, weights.shape[0])
    scales = tuple(scale) if scale else (UNSCALED,) * weights.shape[0]
    result_dtype = resolved_dtype(dtype, (cells, weights), (*biases, border.value))
    if is_exact(weights):
        weights, scales = _whole_filters(weights, scales, WHOLE_LIMITS.get(result_dtype))
    if result_dtype not in (DType.AUTO, DType.EXACT):
        cells, weights = (in_floats(each) if each.dtype == object else each for each in (cells, weights))
        biases = tuple(map(_in_float, biases))
        border = Boundary(border.mode, _in_float(border.value))
    group_count = check_groups(cells.shape[1], weights.shape[0], groups)
    _check_span(cells.shape[1], weights.shape[1], group_count)
    return Problem(
        input=read_only(cells),
        weight=read_only(weights),
        scale=scales,
        bias=biases,
        axes=axes_of(cells.shape[2:], weights.shape[2:], stride=stride, padding=padding, dilation=dilation),
        boundary=border,
        groups=group_count,
        flip=flag("flip", flip),
        dtype=result_dtype,
        has_bias=bias is not None,
        labels=labels or NO_LABELS,
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


def _check_span(in_channels: int, span: int, groups: int) -> None:
    if span * groups != in_channels:
        each = f" in each of {groups} groups" if groups > 1 else ""
        raise GeometryError(
            f"the kernel spans {counted(span, 'channel')}{each}, the input has {counted(in_channels, 'channel')}",
            hint=f"a filter needs one plane for each of {counted(in_channels // groups, 'channel')}",
            field="kernel",
        )


def _whole_filters(
    weights: Array, scales: tuple[Fraction, ...], limit: int | None
) -> tuple[Array, tuple[Fraction, ...]]:
    """Each filter's rational weights as whole ones, what was split off multiplied into its scale.

    Weights beyond ``limit``, which the floats of the problem do not hold, stay as they are.
    """
    if not has_fractions(weights):
        return weights, scales
    filters, split = zip(*map(whole_and_scale, weights), strict=True)
    whole = np.stack(filters)
    if limit is not None and largest(whole) >= limit:
        return weights, scales
    return whole, tuple(a * b for a, b in zip(scales, split, strict=True))


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
    """What is computed in; ``auto`` for floats is the widest float among the arrays, lone numbers do not widen float32.

    Raises:
        UnknownNameError: there is no such dtype.
        DataError: exact numbers are asked for, and there are floats.
    """
    wanted = _DTYPES.get(word)
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
    try:
        return float(number)
    except OverflowError:
        raise DataError("a number is too large for floats", hint="dtype exact has no limit") from None
