"""The matrix from elsewhere with the axes of an output: its own may be fewer, or have the channels last."""

from __future__ import annotations

from collections.abc import Sequence

from convcalc.arrays import Array, checked, in_floats
from convcalc.causes.given import Given
from convcalc.errors import DataError, GeometryError
from convcalc.problem import Problem
from convcalc.wording import shape_text

_COLOURS = (1, 3, 4)


def given_of(values: Array, problem: Problem) -> Given:
    """A matrix as (batch, channels, *spatial).

    Raises:
        GeometryError: it has too few or too many axes, or as many samples as no output has.
        DataError: it holds nothing, or nothing but nan; or a number is too large for floats.
    """
    cells = checked(values)
    if not cells.size:
        raise DataError("the matrix has no cells", field="got")
    for numbers in (cells, problem.input, problem.weight):
        in_floats(numbers)
    shaped = _shaped(cells, problem)
    given = Given(shaped)
    if not given.known.any():
        raise DataError("every cell of the matrix is nan: there is nothing to compare", field="got")
    return given


def _shaped(cells: Array, problem: Problem) -> Array:
    rank, channels = problem.rank, problem.out_channels
    while cells.ndim > rank + 2 and cells.shape[0] == 1:
        cells = cells[0]
    if rank == 1 and cells.ndim == 2 and cells.shape[1] == 1 < cells.shape[0] and channels == 1:
        cells = cells[:, 0]  # a column
    if cells.ndim < rank and cells.size == problem.output_shape[-1] and 1 in problem.output_size:
        cells = cells.reshape(problem.output_size)
    extra = cells.ndim - rank
    if extra not in (0, 1, 2):
        raise GeometryError(
            f"the matrix is {shape_text(cells.shape) or 'a single number'}, "
            f"the output {shape_text(problem.output_shape)} (samples, channels, cells of each axis)",
            hint=f"give {rank} axes, or those with channels and samples before them",
            field="got",
        )
    if extra and _is_channels_last(cells.shape[extra - 1 :], problem):
        cells = cells.transpose(*range(extra - 1), cells.ndim - 1, *range(extra - 1, cells.ndim - 1))
    if extra == 1 and cells.shape[0] == problem.batch > 1 and channels == 1:
        cells = cells[:, None]
    cells = cells.reshape((1,) * (rank + 2 - cells.ndim) + cells.shape)
    if len(cells) != problem.batch:
        raise GeometryError(
            f"the matrix has {len(cells)} samples, the input {problem.batch}", hint="give them all", field="got"
        )
    return cells


def _is_channels_last(shape: Sequence[int], problem: Problem) -> bool:
    """Whether the channels of (channels, *spatial) come last instead: they do where only there they are as many."""
    known = {problem.out_channels, problem.in_channels, *_COLOURS}
    if shape[0] == problem.out_channels:
        return False
    return shape[-1] == problem.out_channels or (shape[0] not in known and shape[-1] in known)
