"""What each input channel contributes to a whole output: the output is their sum and the bias."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.build import build_problem
from convcalc.context import Context
from convcalc.errors import GeometryError
from convcalc.problem import Problem

MOST_CHANNELS = 8
"""Contributions to each output channel that are computed: those of the first channels that it reads."""


_HINT = "a kernel over several input channels has such maps"


class Contributions(NamedTuple):
    """The parts of a convolution's output by input channel."""

    problem: Problem
    parts: tuple[Array, ...]
    """For each channel that an output channel reads, in order: (batch, out_channels, *output_size), scaled."""

    @property
    def hidden(self) -> int:
        """Channels that each output channel reads, and of which no part was computed."""
        return self.problem.in_channels // self.problem.groups - len(self.parts)

    def with_sum(self, output: Array) -> Array:
        """The parts and the output in one array: (parts + 1, batch, out_channels, *output_size)."""
        return np.stack([*self.parts, output])

    def channel(self, out_channel: int, part: int) -> int:
        """The input channel of a part of an output channel."""
        return self.problem.group_channels(out_channel)[part]


def contributions_of(problem: Problem, context: Context) -> Contributions:
    """The parts of a problem's output, each a convolution of one channel of each group.

    Raises:
        GeometryError: each output channel reads only one input channel.
        LimitError: that needs more memory than may be used.
    """
    from convcalc.engine.compute import compute

    span = problem.in_channels // problem.groups
    if span == 1:
        raise GeometryError("each output channel reads one input channel, so there is nothing to add", hint=_HINT)
    parts = []
    for number in range(min(span, MOST_CHANNELS)):
        alone = _of_channel(problem, number, span)
        parts.append(compute(alone, context.plan(alone), limits=context.limits).output)
    return Contributions(problem, tuple(parts))


def _of_channel(problem: Problem, number: int, span: int) -> Problem:
    """The convolution of the channel of this number in each group, without the bias."""
    axes = problem.axes
    return build_problem(
        np.ascontiguousarray(problem.input[:, number::span]),
        np.ascontiguousarray(problem.weight[:, number : number + 1]),
        scale=problem.scale,
        stride=list(axes.strides),
        padding=list(map(list, axes.pads)),
        dilation=list(axes.dilations),
        groups=problem.groups,
        boundary=problem.boundary,
        flip=problem.flip,
        dtype=problem.dtype.value,
    )
