"""What a convolution is apart from its numbers: one record, which files, flags, layers and arrays make by one door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convcalc.errors import GeometryError
from convcalc.geometry.arguments import axes_of, flag, whole
from convcalc.geometry.axis import Axes
from convcalc.geometry.boundary import Boundary, boundary_of
from convcalc.geometry.counts import Counts
from convcalc.numerals import Number
from convcalc.wording import counted


@dataclass(frozen=True, slots=True)
class Geometry:
    """Channels, groups and kernel size, the axes, the boundary, and whether the kernel is turned.

    :func:`geometry_of` makes one, and holding one proves that all of it fits together.
    """

    counts: Counts
    axes: Axes
    """Each spatial axis with its stride, padding and dilation."""
    boundary: Boundary
    flip: bool
    """Whether the kernel is turned by 180° first: mathematical convolution instead of cross-correlation."""


def geometry_of(
    input_shape: Sequence[int],
    out_channels: int,
    kernel_size: Sequence[int],
    *,
    span: int | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: Any = 1,
    bias: bool = True,
    boundary: str | Number | Boundary = "zeros",
    flip: Any = False,
) -> Geometry:
    """The geometry that these arguments stand for, as people write them.

    ``input_shape``: (in_channels, *spatial). ``kernel_size``: taps for each axis. ``span``: the channels that each
    filter of a weight has, where there is one.

    Raises:
        FieldError: an argument is not what it must be.
        GeometryError: the kernel does not fit, or groups do not divide the channels.
    """
    counts = Counts(input_shape[0], out_channels, tuple(kernel_size), whole("groups", groups, 1), bias)
    if span is not None:
        _check_span(counts, span)
    axes = axes_of(input_shape[1:], kernel_size, stride=stride, padding=padding, dilation=dilation)
    return Geometry(counts, axes, boundary_of(boundary), flag("flip", flip))


def _check_span(counts: Counts, span: int) -> None:
    if span != counts.channels_per_group:
        given = counted(counts.in_channels, "channel")
        each = f" in each of {counts.groups} groups" if counts.groups > 1 else ""
        raise GeometryError(
            f"the kernel spans {counted(span, 'channel')}{each}, the input has {given}",
            hint=f"a filter needs one plane for each of {counted(counts.channels_per_group, 'channel')}",
            field="kernel",
        )
