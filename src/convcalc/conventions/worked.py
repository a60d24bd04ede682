"""A small problem that a function takes, for its page."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, squeezed
from convcalc.build import build_problem
from convcalc.conventions.applied import Stated, apply
from convcalc.conventions.convention import Convention
from convcalc.conventions.words import Weights

_ROW = (1, 2, 4, 8, 16, 3)
_ROWS = (_ROW, (10, 20, 40, 80, 60, 30), (3, 1, 4, 1, 5, 9))


class Worked(NamedTuple):
    """Input, kernel and output, each (*spatial), and the type that the input was read as."""

    input: Array
    kernel: Array
    output: Array
    type: str


def worked(convention: Convention) -> Worked:
    """An input that shows turning, centre and border: with an even kernel where the function takes one."""
    rank = 1 if not convention.ranks or 1 in convention.ranks else 2
    cells = np.array(_ROW if rank == 1 else _ROWS)
    kernel = _kernel(convention, rank)
    weights = kernel.astype(np.float64) if kernel.dtype.kind == "f" else kernel
    found = apply(build_problem(cells[None, None], weights[None, None], padding="full"), convention, Stated())
    return Worked(cells, kernel, squeezed(found.computed()), found.type)


def _kernel(convention: Convention, rank: int) -> Array:
    if convention.kernel_sizes:
        return np.array([[1, 2, 0], [0, 4, 0], [0, 0, 1]])
    if convention.weights is Weights.FIXED:
        return np.multiply.outer([0.25, 0.5, 0.25], [0.25, 0.5, 0.25])
    if convention.weights is Weights.BOX:
        return np.ones((1, 2), np.int64)
    row = np.array([1, 2, 5] if convention.odd_only else [1, 10])
    return row if rank == 1 else row[None]
