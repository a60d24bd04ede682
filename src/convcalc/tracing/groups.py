"""Groups of channels that do not mix, and the scales of their output channels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convcalc.arrays import Array
from convcalc.problem import Problem


def _part(channels: int, groups: int, group: int) -> slice:
    """The channels of one of so many groups.

    >>> _part(6, groups=3, group=1)
    slice(2, 4, None)
    """
    count = channels // groups
    return slice(group * count, (group + 1) * count)


def group_slices(problem: Problem) -> Iterator[tuple[slice, slice]]:
    """The output channels and the input channels of each group."""
    for group in range(problem.groups):
        yield _part(problem.out_channels, problem.groups, group), _part(problem.in_channels, problem.groups, group)


def readers(problem: Problem, channel: int) -> range:
    """The output channels that read an input channel: those of its group."""
    group = channel // (problem.in_channels // problem.groups)
    return range(problem.out_channels)[_part(problem.out_channels, problem.groups, group)]


def scaled(problem: Problem, values: Array, out_channels: slice = slice(None)) -> Array:
    """Values, (out_channels, ...) of some output channels, times the scales of these, in numbers of the same kind."""
    scales = problem.scale[out_channels]
    factors = np.array(scales if problem.is_exact else list(map(float, scales)), dtype=values.dtype)
    product: Array = values * factors.reshape(-1, *(1,) * (values.ndim - 1))
    return product
