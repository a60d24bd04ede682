"""An input channel around a window: where in the input, or beside it, the window of a trace lies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.tracing.trace import Trace, cells_at, outside

_WHOLE = 12  # cells of an axis that is kept whole
_MARGIN = 2  # cells kept on both sides of the window on a longer axis


class Surroundings(NamedTuple):
    """Cells of one input channel and of its padding; every array has one axis for each spatial axis."""

    ranges: tuple[range, ...]
    """Which cells these are, counted from the input's first on each axis."""
    values: Array
    padded: Array
    """Which cells lie outside the input."""
    read: Array
    """Which cells the window reads."""


def surroundings(trace: Trace, channel: int) -> Surroundings:
    """Rows and columns around the window in an input channel; of further axes only what the window reads."""
    problem = trace.problem
    planes = problem.rank - 2
    ranges = tuple(
        read if number < planes else _around(read, axis.size)
        for number, (read, axis) in enumerate(zip(trace.reads, problem.axes, strict=True))
    )
    sources = tuple(
        problem.boundary.sources(cells, axis.size) for cells, axis in zip(ranges, problem.axes, strict=True)
    )
    under = [[cell in read for cell in cells] for cells, read in zip(ranges, trace.reads, strict=True)]
    read = np.zeros([len(cells) for cells in ranges], dtype=bool)
    read[np.ix_(*map(np.array, under))] = True
    return Surroundings(
        ranges,
        cells_at(problem, problem.input[trace.sample, channel], sources),
        outside(ranges, sources),
        read,
    )


def _around(read: range, size: int) -> range:
    """The whole axis with the padding that is read; of a long one the cells beside the window."""
    first, last = min(0, read[0]), max(size - 1, read[-1])
    if last - first + 1 > _WHOLE:
        first, last = max(first, read[0] - _MARGIN), min(last, read[-1] + _MARGIN)
    return range(first, last + 1)
