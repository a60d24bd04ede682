"""The geometry of a convolution, apart from its numbers; its counts of parameters and multiplications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from convcalc.errors import GeometryError
from convcalc.geometry.arguments import axes_of, check_groups, flag, whole
from convcalc.geometry.axis import Axes
from convcalc.geometry.boundary import Boundary, boundary_of
from convcalc.numerals import Number
from convcalc.wording import counted


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of a convolutional layer that follow from its channels and kernel size alone.

    Raises:
        GeometryError: the groups do not divide the channels.

    >>> Counts(64, 128, (3, 3)).parameters
    73856
    """

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    groups: int = 1
    has_bias: bool = True

    def __post_init__(self) -> None:
        check_groups(self.in_channels, self.out_channels, self.groups)

    @property
    def channels_per_group(self) -> int:
        """Input channels of each filter."""
        return self.in_channels // self.groups

    @property
    def weights_per_filter(self) -> int:
        """Weights of one filter, which computes one output channel: the terms of one output cell."""
        return self.channels_per_group * prod(self.kernel_size)

    @property
    def kernels(self) -> int:
        """Single-channel kernels: one for each pair of an output channel and an input channel of its group."""
        return self.out_channels * self.channels_per_group

    @property
    def weights(self) -> int:
        """Weights of all filters."""
        return self.out_channels * self.weights_per_filter

    @property
    def biases(self) -> int:
        """One for each output channel, or none."""
        return self.out_channels if self.has_bias else 0

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.weights + self.biases

    def macs(self, output_size: Sequence[int], batch: int = 1) -> int:
        """Multiply-accumulate operations: the terms of every output cell, the bias not counted.

        ``output_size``: output cells for each spatial axis.
        """
        return batch * prod(output_size) * self.weights


@dataclass(frozen=True, slots=True)
class Geometry:
    """Channels, groups and kernel size, the axes, the boundary, and whether the kernel is flipped.

    Made by :func:`geometry_of`, and valid by construction.
    """

    counts: Counts
    axes: Axes
    """Each spatial axis with its stride, padding and dilation."""
    boundary: Boundary
    flip: bool
    """Whether the kernel is rotated by 180° first: mathematical convolution instead of cross-correlation."""
    is_same: bool = field(default=False, compare=False)
    """Whether the padding was written as ``same``; its numbers are in the axes."""


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
    """The geometry of a convolution, from its arguments as users write them.

    ``input_shape``: (in_channels, *spatial). ``kernel_size``: taps for each axis. ``span``: the channels of each
    filter of a weight, where a weight is given.

    Raises:
        FieldError: an argument is not what it must be.
        GeometryError: the kernel does not fit, or groups do not divide the channels.
    """
    counts = Counts(input_shape[0], out_channels, tuple(kernel_size), whole("groups", groups, 1), bias)
    if span is not None:
        _check_span(counts, span)
    axes = axes_of(input_shape[1:], kernel_size, stride=stride, padding=padding, dilation=dilation)
    return Geometry(counts, axes, boundary_of(boundary), flag("flip", flip), padding == "same")


def _check_span(counts: Counts, span: int) -> None:
    if span != counts.channels_per_group:
        given = counted(counts.in_channels, "channel")
        each = f" in each of {counts.groups} groups" if counts.groups > 1 else ""
        raise GeometryError(
            f"the kernel spans {counted(span, 'channel')}{each}, the input has {given}",
            hint=f"a filter needs one plane for each of {counted(counts.channels_per_group, 'channel')}",
            field="kernel",
        )
