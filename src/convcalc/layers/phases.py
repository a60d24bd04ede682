"""A transposed convolution as ordinary ones: the output cells that lie a stride apart are a convolution of their own.

Each of these phases sees every stride-th tap (Shi et al., "Is the deconvolution layer the same as a convolutional
layer?", 2016), so the engines compute it, without the zeros that one imagines between the input cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from convcalc.arrays import Array, index
from convcalc.build import build_problem
from convcalc.engine.compute import compute
from convcalc.engine.plan import make_plan
from convcalc.layers.layer import How


def by_phases(
    cells: Array, weight: Array, *, size: Sequence[int], stride: Sequence[int], groups: int, how: How
) -> Array:
    """What the cells write, (batch, out_channels, *size), as :func:`convcalc.engine.scatter.scatter` gives it.

    ``cells``: (batch, in_channels, *spatial). ``weight``: (in_channels, out_channels / groups, *kernel_size), not
    dilated. Both are of one floating type.
    """
    filters = _as_filters(weight, groups)
    written = np.zeros((len(cells), len(filters), *size), cells.dtype)
    for offsets in product(*map(range, stride)):
        taps = filters[index(..., *(slice(first, None, step) for first, step in zip(offsets, stride, strict=True)))]
        if taps.size:
            found = _full(cells, taps, groups, how)
            places = (
                slice(first, first + (count - 1) * step + 1, step)
                for first, step, count in zip(offsets, stride, found.shape[2:], strict=True)
            )
            written[index(..., *places)] = found
    return written


def _as_filters(weight: Array, groups: int) -> Array:
    """(out_channels, in_channels / groups, *kernel_size), as a convolution has it."""
    by_group = weight.reshape(groups, len(weight) // groups, *weight.shape[1:])
    return by_group.swapaxes(1, 2).reshape(groups * weight.shape[1], len(weight) // groups, *weight.shape[2:])


def _full(cells: Array, taps: Array, groups: int, how: How) -> Array:
    """The mathematical convolution at every place that a tap reaches."""
    problem = build_problem(cells, taps, padding="full", groups=groups, flip=True, dtype=how.dtype)
    plan = make_plan(problem, how.engine, precision=how.precision, threads=how.threads)
    return compute(problem, plan, limits=how.limits).output
