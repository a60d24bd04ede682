"""The convolution that is a gradient, as a problem of its own: what it reads, and which cells of its output are meant.

Of the weight: the input correlated with the output's gradient, samples as channels, stride and dilation exchanged. Of
the input: the output's gradient, zeros between its cells by the stride, convolved with the kernel over all that it
touches (Dumoulin & Visin, arXiv:1603.07285, section 4); what lands in the margins belongs to the cells copied there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, index, is_exact
from convcalc.build import build_problem
from convcalc.context import Context
from convcalc.layers.method import output_of
from convcalc.problem import UNSCALED, Problem
from convcalc.tracing.adjoint import folded


class Rule(NamedTuple):
    """A gradient as a convolution, computed by it."""

    of: str
    problem: Problem
    found: Array
    """The gradient by that convolution, in its own shape."""
    words: str
    """What is done to its output."""


def weight_rule(problem: Problem, cells: Array, context: Context) -> Rule:
    """The gradient of the weight; ``cells``: the gradient of the output, (batch, out_channels, *output_size)."""
    axes = problem.axes
    turned = build_problem(
        np.ascontiguousarray(problem.input.swapaxes(0, 1)),
        np.ascontiguousarray(cells.swapaxes(0, 1)),
        stride=list(axes.dilations),
        dilation=list(axes.strides),
        padding=[list(each) for each in axes.pads],
        boundary=problem.boundary,
        dtype=context.dtype,
    )
    made = output_of(turned, context)[index(..., *map(slice, problem.kernel_size))].swapaxes(0, 1)
    span = problem.in_channels // problem.groups
    firsts = [problem.group_channels(channel).start for channel in range(problem.out_channels)]
    found = np.stack([made[channel, first : first + span] for channel, first in enumerate(firsts)])
    words = ["rows are output channels' kernels, samples are input channels"] if problem.in_channels > 1 else []
    if any(axis.leftover for axis in axes):
        words.append("the last cells are beyond the kernel: no window was there")
    if problem.groups > 1:
        words.append("only pairs of one group are meant")
    if problem.flip:
        found, words = np.flip(found, tuple(range(2, found.ndim))), [*words, "turned, as the kernel is"]
    return Rule("weight", turned, found, "; ".join(words))


def input_rule(problem: Problem, cells: Array, context: Context) -> Rule:
    """The gradient of the input; ``cells`` as of :func:`weight_rule`."""
    axes, groups = problem.axes, problem.groups
    sizes = [(axis.output_size - 1) * axis.stride + 1 for axis in axes]
    apart = np.zeros((*cells.shape[:2], *sizes), cells.dtype)
    apart[index(..., *(slice(None, None, axis.stride) for axis in axes))] = cells
    by_group = _applied(problem).reshape(groups, problem.out_channels // groups, -1, *problem.kernel_size)
    kernel = by_group.swapaxes(1, 2).reshape(problem.in_channels, -1, *problem.kernel_size)
    turned = build_problem(
        apart,
        np.ascontiguousarray(kernel),
        padding="full",
        dilation=list(axes.dilations),
        groups=groups,
        flip=True,
        dtype=context.dtype,
    )
    made = output_of(turned, context)
    padded = np.zeros((*made.shape[:2], *(axis.padded_size for axis in axes)), made.dtype)
    padded[index(..., *map(slice, made.shape[2:]))] = made
    words = []
    if any(axis.before or axis.after for axis in axes):
        is_cut = problem.boundary.mode.value == "constant"
        margins = ", ".join(f"{axis.before} and {axis.after}" for axis in axes)
        does = "is cut off" if is_cut else f"is added to the cells that {problem.boundary} copies there"
        words.append(f"what lies in the margin ({margins} cells before and after on each axis) {does}")
    if any(axis.stride > 1 for axis in axes):
        words.append("zeros stand between the cells of the output gradient, one less than the stride")
    return Rule("input", turned, folded(problem, padded), "; ".join(words))


def _applied(problem: Problem) -> Array:
    """The kernel as it is applied, its scale multiplied in."""
    weight = problem.applied_weight
    if set(problem.scale) == {UNSCALED}:
        return weight
    exact = problem.is_exact and is_exact(weight)
    scale = np.array([each if exact else float(each) for each in problem.scale], object if exact else weight.dtype)
    return np.asarray(weight.astype(object if exact else weight.dtype) * scale.reshape(-1, *(1,) * (weight.ndim - 1)))
