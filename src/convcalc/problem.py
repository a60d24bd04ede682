"""A convolution to compute: checked, read-only arrays with every default resolved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from convcalc.arrays import (
    Array,
    has_fractions,
)
from convcalc.channels import UNNAMED, Channels
from convcalc.display import Displayed
from convcalc.geometry.axis import Axes
from convcalc.geometry.boundary import Boundary
from convcalc.geometry.convolution import Counts, Geometry
from convcalc.numerals import Number


class DType(StrEnum):
    """The type of the output's numbers."""

    AUTO = "auto"
    """Computed exactly: whole numbers where all are whole, otherwise float64, each rounded once."""
    EXACT = "exact"
    """Computed exactly and kept exact: whole numbers or fractions."""
    FLOAT32 = "float32"
    FLOAT64 = "float64"


class Labels(NamedTuple):
    """The names of a problem's parts; nothing is computed from them."""

    title: str = ""
    input: str = "input"
    kernels: tuple[str, ...] = ()
    """One for each output channel, or none."""
    notes: tuple[str, ...] = ()
    """Conversions and warnings from reading the file."""
    is_image: bool = False
    """Whether the input comes from an image, whose numbers are the brightness or the colours of pixels."""
    channels: Channels = UNNAMED
    """Names of the input's channels, and where its samples stand."""


NO_LABELS = Labels()
UNSCALED = Fraction(1)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Problem(Displayed):
    """A convolution to compute; made by :func:`convcalc.build_problem`, and valid by construction."""

    input: Array
    """(batch, in_channels, *spatial), read-only."""
    weight: Array
    """(out_channels, in_channels / groups, *kernel_size), read-only, as written: not flipped, not scaled."""
    scale: tuple[Fraction, ...]
    """The factor of every sum of an output channel, one for each output channel."""
    bias: tuple[Number, ...]
    """Added after scaling, one for each output channel."""
    geometry: Geometry
    dtype: DType
    labels: Labels = NO_LABELS

    @property
    def counts(self) -> Counts:
        """Parameters and MACs."""
        return self.geometry.counts

    @property
    def axes(self) -> Axes:
        """The geometry of each spatial axis."""
        return self.geometry.axes

    @property
    def boundary(self) -> Boundary:
        """The values outside the input."""
        return self.geometry.boundary

    @property
    def groups(self) -> int:
        """Groups of channels that do not mix."""
        return self.geometry.counts.groups

    @property
    def flip(self) -> bool:
        """Whether the kernel is rotated by 180° first: mathematical convolution instead of cross-correlation."""
        return self.geometry.flip

    @property
    def has_bias(self) -> bool:
        """Whether a bias was given, which may be 0."""
        return self.geometry.counts.has_bias

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
        return self.axes.kernel_sizes

    @property
    def spatial_size(self) -> tuple[int, ...]:
        """Input cells on each spatial axis."""
        return self.axes.sizes

    @property
    def output_size(self) -> tuple[int, ...]:
        """Output cells on each spatial axis."""
        return self.axes.output_sizes

    @property
    def output_shape(self) -> tuple[int, ...]:
        """(batch, out_channels, *output_size)."""
        return (self.batch, self.out_channels, *self.output_size)

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of the definition."""
        return self.counts.macs(self.output_size, self.batch)

    @property
    def is_depthwise(self) -> bool:
        """Whether every output channel reads only one of several input channels."""
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
    def is_bare(self) -> bool:
        """Whether the sums are the output: every scale is 1, every bias 0."""
        return self.scale.count(UNSCALED) == len(self.scale) and not any(self.bias)

    @property
    def applied_weight(self) -> Array:
        """The weight as applied to the input: flipped along every spatial axis if ``flip``, same shape."""
        return np.flip(self.weight, axis=tuple(range(2, self.weight.ndim))) if self.flip else self.weight

    def group_channels(self, out_channel: int) -> range:
        """The input channels that an output channel sums over."""
        span = self.in_channels // self.groups
        first = out_channel // (self.out_channels // self.groups) * span
        return range(first, first + span)
