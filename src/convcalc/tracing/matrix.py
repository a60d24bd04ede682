"""The convolution as a matrix: the one that multiplies the flattened input, and im2col's, which the kernel multiplies.

Both are told of in Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016), section 4.1, and in
Chellapilla, Puri & Simard, "High performance convolutional neural networks for document processing" (2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from convcalc.arrays import Array, index, narrowed, plain, read_only
from convcalc.context import Context
from convcalc.errors import LimitError
from convcalc.problem import Problem
from convcalc.tracing.places import check_place
from convcalc.tracing.trace import cells_at, group_slices, scaled

_BYTES = 24  # for each number: as it is made, as Python's own and packed
Label = tuple[int, ...]
"""(channel, *place): a cell, or a tap of the kernel."""


@dataclass(frozen=True, eq=False, slots=True)
class MatrixForm:
    """Two matrices whose product is the flattened output, but for the offset: output = left × right + offset.

    One of them is made of the kernel alone, the other one of the input alone.
    """

    matrix: Array
    """The one that is asked for: (output cells, input cells) of weights, or im2col's (taps, output positions)."""
    rows: tuple[Label, ...]
    columns: tuple[Label, ...]
    other: Array
    """What it is multiplied with: (input cells, 1), or from the left im2col's kernel (out_channels, taps)."""
    offset: Array
    """(output cells,): the bias and what a constant boundary adds; of im2col the bias alone."""
    is_im2col: bool


@np.errstate(all="ignore")  # inf × 0 is nan, as in the output
def matrix_of(problem: Problem, context: Context, sample: int = 0) -> MatrixForm:
    """The layer as the matrix that multiplies the flattened input; each number is a scaled weight.

    Row (channel, *position), column (channel, *cell), the last number running fastest. Cells that a boundary copies
    are read in the column of the cell that they copy; a constant goes to the offset.

    Raises:
        LimitError: the matrix has more numbers than ``limits.values``, or needs more memory than may be used.
        GeometryError: there is no such sample.
    """
    check_place("input", problem.input.shape, (0,) * problem.rank, 0, sample)
    outputs, inputs = prod(problem.output_size), prod(problem.spatial_size)
    check_size(problem.out_channels * outputs, problem.in_channels * inputs, context)
    kind, weight = _kind(problem), _scaled_kernel(problem)
    matrix = np.zeros((problem.out_channels, outputs, problem.in_channels, inputs), dtype=kind)
    offset = np.zeros((problem.out_channels, outputs), dtype=kind)
    for taps in product(*map(range, problem.kernel_size)):
        sources = _sources(problem, taps)
        reading, constant = np.flatnonzero(sources >= 0), np.flatnonzero(sources < 0)
        for outs, ins in group_slices(problem):
            tap = weight[index(outs, ..., *taps)]
            matrix[outs, reading, ins, sources[reading]] += tap
            if problem.boundary.value:
                offset[outs, constant] += tap.sum(axis=1, keepdims=True) * problem.boundary.value
    offset += np.array(problem.bias, dtype=kind)[:, None]
    return MatrixForm(
        matrix=packed(matrix.reshape(problem.out_channels * outputs, -1)),
        rows=labels(problem.out_channels, problem.output_size),
        columns=labels(problem.in_channels, problem.spatial_size),
        other=problem.input[sample].reshape(-1, 1),
        offset=packed(offset.reshape(-1)),
        is_im2col=False,
    )


@np.errstate(all="ignore")
def im2col_of(problem: Problem, context: Context, sample: int = 0) -> MatrixForm:
    """The input as im2col's matrix: a column for each output position, in it the cells of its window.

    Row (channel, *tap), column (*position); PyTorch's ``unfold`` has the same order. The kernel becomes a matrix with
    a row for each output channel, which is 0 where a channel belongs to another group.

    Raises:
        LimitError: the matrix has more numbers than ``limits.values``, or needs more memory than may be used.
        GeometryError: there is no such sample.
    """
    check_place("input", problem.input.shape, (0,) * problem.rank, 0, sample)
    taps, outputs = prod(problem.kernel_size), prod(problem.output_size)
    check_size(problem.in_channels * taps, outputs, context)
    check_size(problem.out_channels, problem.in_channels * taps, context)
    return MatrixForm(
        matrix=packed(np.concatenate([_columns(problem, cells) for cells in problem.input[sample]])),
        rows=labels(problem.in_channels, problem.kernel_size),
        columns=tuple(product(*map(range, problem.output_size))),
        other=packed(_kernel_matrix(problem)),
        offset=packed(np.repeat(np.array(problem.bias, dtype=_kind(problem)), outputs)),
        is_im2col=True,
    )


def _columns(problem: Problem, cells: Array) -> Array:
    """A channel's cells (*spatial) as its windows: (taps, output positions)."""
    reads = [[axis.reads(position) for position in range(axis.output_size)] for axis in problem.axes]
    sources = [
        problem.boundary.sources((cell for tap in zip(*each, strict=True) for cell in tap), axis.size)
        for axis, each in zip(problem.axes, reads, strict=True)
    ]
    split = [part for axis in problem.axes for part in (axis.kernel_size, axis.output_size)]
    order = [*range(0, 2 * problem.rank, 2), *range(1, 2 * problem.rank, 2)]  # all taps before all positions
    windows: Array = cells_at(problem, cells, sources).reshape(split).transpose(order)
    return windows.reshape(prod(problem.kernel_size), -1)


def _kernel_matrix(problem: Problem) -> Array:
    """The scaled kernel as (out_channels, in_channels × taps), 0 where a channel belongs to another group."""
    taps = prod(problem.kernel_size)
    kernel = np.zeros((problem.out_channels, problem.in_channels, taps), dtype=_kind(problem))
    weight = _scaled_kernel(problem).reshape(problem.out_channels, -1, taps)
    for outs, ins in group_slices(problem):
        kernel[outs, ins] = weight[outs]
    return kernel.reshape(problem.out_channels, -1)


def _scaled_kernel(problem: Problem) -> Array:
    """The kernel as it lies on the input, shaped like the weight."""
    return scaled(problem, problem.applied_weight.astype(_kind(problem)))


def _kind(problem: Problem) -> Any:
    """Python's exact numbers, or float64."""
    return object if problem.is_exact else np.float64


def check_size(rows: int, columns: int, context: Context) -> None:
    """Refuse a matrix of too many numbers before it is made.

    Raises:
        LimitError: it has more than ``limits.values``, or needs more memory than may be used.
    """
    limits = context.limits
    if rows * columns > limits.values:
        raise LimitError(
            f"the matrix has {rows:,} × {columns:,} = {rows * columns:,} numbers, at most {limits.values:,} are made",
            hint=f"take a smaller input, or raise it with --limit values={rows * columns}",
        )
    limits.check_memory(_BYTES * rows * columns, "this matrix")


def _sources(problem: Problem, taps: Sequence[int]) -> Array:
    """The flat input cell that a tap reads at every output position; -1 for the boundary's constant."""
    flat: Any = np.zeros(1, dtype=np.int64)
    constant: Any = np.zeros(1, dtype=bool)
    for axis, tap in zip(problem.axes, taps, strict=True):
        cells = (axis.reads(position)[tap] for position in range(axis.output_size))
        sources = problem.boundary.sources(cells, axis.size)
        known = np.array([0 if source is None else source for source in sources])
        flat = (flat[:, None] * axis.size + known).reshape(-1)
        constant = (constant[:, None] | np.array([source is None for source in sources])).reshape(-1)
    return np.where(constant, -1, flat)


def packed(values: Array) -> Array:
    """Read-only; exact numbers as 64-bit integers where they all fit."""
    return read_only(narrowed(np.frompyfunc(plain, 1, 1)(values)) if values.dtype == object else values)


def labels(channels: int, size: Sequence[int]) -> tuple[Label, ...]:
    """Every cell of an array (channels, *size), the last number running fastest."""
    return tuple(product(range(channels), *map(range, size)))
