"""A transposed convolution as ordinary ones: the output cells of each phase of the stride are a convolution.

Each phase reads every stride-th tap (Shi et al., "Is the deconvolution layer the same as a convolutional layer?",
2016), so the engines compute it without the imagined zeros between the input cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from convcalc.arrays import Array, index
from convcalc.build import build_problem
from convcalc.context import Context
from convcalc.layers.method import Step, output_of
from convcalc.problem import Problem


def by_phases(
    cells: Array, weight: Array, *, size: Sequence[int], stride: Sequence[int], groups: int, context: Context
) -> Array:
    """The sum of what the cells write, (batch, out_channels, *size) as by
    :func:`~convcalc.engine.algorithms.transposed_direct.scatter`.

    ``cells``: (batch, in_channels, *spatial). ``weight``: (in_channels, out_channels / groups, *kernel_size), not
    dilated. Both are of one floating type.
    """
    written = np.zeros((len(cells), groups * weight.shape[1], *size), cells.dtype)
    apart = context._replace(progress=None)  # which counts the tiles of a whole layer
    for offsets, problem in _phases(cells, weight, stride, groups, context):
        found = output_of(problem, apart)
        places = (
            slice(first, first + (count - 1) * step + 1, step)
            for first, step, count in zip(offsets, stride, found.shape[2:], strict=True)
        )
        written[index(..., *places)] = found
    return written


def phase_steps(cells: Array, weight: Array, *, stride: Sequence[int], groups: int, context: Context) -> list[Step]:
    """The convolutions of :func:`by_phases`, in order."""
    problems = [problem for _, problem in _phases(cells, weight, stride, groups, context)]
    return [Step(problem, context.plan(problem)) for problem in problems]


def _phases(
    cells: Array, weight: Array, stride: Sequence[int], groups: int, context: Context
) -> Iterator[tuple[tuple[int, ...], Problem]]:
    """The first output cell of each phase, and the mathematical convolution at every place that a tap reaches."""
    filters = _as_filters(weight, groups)
    for offsets in product(*map(range, stride)):
        taps = filters[index(..., *(slice(first, None, step) for first, step in zip(offsets, stride, strict=True)))]
        if taps.size:
            yield offsets, build_problem(cells, taps, padding="full", groups=groups, flip=True, dtype=context.dtype)


def _as_filters(weight: Array, groups: int) -> Array:
    """The weight as of a convolution, (out_channels, in_channels / groups, *kernel_size)."""
    by_group = weight.reshape(groups, len(weight) // groups, *weight.shape[1:])
    return by_group.swapaxes(1, 2).reshape(groups * weight.shape[1], len(weight) // groups, *weight.shape[2:])
