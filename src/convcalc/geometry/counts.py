"""Parameters and multiplications of a convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from convcalc.geometry.arguments import check_groups


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of a convolutional layer that follow from its channels and its kernel alone.

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
        """Input channels that each filter spans."""
        return self.in_channels // self.groups

    @property
    def weights_per_filter(self) -> int:
        """Weights of one filter, which makes one output channel: the terms of one output cell."""
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
