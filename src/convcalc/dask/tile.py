"""What workers do: cut the halos of others from a block, and compute a tile from its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, index, value_range
from convcalc.context import Context
from convcalc.dask.layout import Part, TileReads
from convcalc.engine.compute import compute
from convcalc.errors import DataError
from convcalc.problem import Problem
from convcalc.streaming.output_numbers import OutputNumbers, input_range
from convcalc.streaming.tile_problem import TileComputer, gathered, tile_problem
from convcalc.streaming.tiling import Box
from convcalc.wording import shape_text

Place = tuple[int, ...]
"""The number of a tile on each spatial axis."""
Slices = tuple[slice, ...]
"""Of the spatial axes."""


class Recipe(NamedTuple):
    """All that a tile needs besides its cells."""

    problem: Problem
    """Its input has no cells; the tile's own takes its place."""
    numbers: OutputNumbers
    engine: str
    precision: str
    leading: int
    """Axes in front of the spatial ones, batch and channels, that the array does not have."""

    @property
    def context(self) -> Context:
        """A worker computes as many tiles at once as it has threads, so each is computed by one."""
        return Context(engine=self.engine, precision=self.precision, threads=1)

    def numbers_of(self, block: Any, shape: tuple[int, ...]) -> Array:
        """A block with all axes, (batch, channels, *spatial), in the type that is computed with.

        Raises:
            DataError: its shape or type is not what the Dask array says; Dask itself does not check that.
        """
        cells, wanted = np.asarray(block), self.problem.input.dtype
        is_like = cells.dtype in (np.bool_, np.float16) or cells.dtype.newbyteorder("=") == wanted
        if cells.shape != shape or not is_like:
            raise DataError(
                f"a block of the Dask array is {shape_text(cells.shape)} of {cells.dtype}, "
                f"the array says {shape_text(shape)} of {wanted}",
                hint="what made the array, such as map_blocks or from_delayed, needs the true chunks and dtype",
                field="input",
            )
        full: Array = cells.astype(wanted, copy=False)[(None,) * self.leading]
        return full


def cut(recipe: Recipe, shape: tuple[int, ...], wanted: Mapping[Place, Slices], block: Any) -> dict[Place, Array]:
    """Copies of the parts of a block that other tiles than its own read; raises as :func:`tile` does."""
    cells = recipe.numbers_of(block, shape)
    return {place: cells[index(..., *slices)].copy() for place, slices in wanted.items()}


class Job(NamedTuple):
    """One tile."""

    place: Place
    axes: tuple[TileReads, ...]
    """On each spatial axis."""
    batch: int
    """Samples."""
    shapes: tuple[tuple[int, ...], ...]
    """Of the blocks of the Dask array, one for every product of the axes' parts."""


def tile(recipe: Recipe, job: Job, *blocks: Any) -> Array:
    """The output of a tile, with the axes of the Dask array.

    ``blocks``: for every product of the axes' parts the block, or what :func:`cut` made of it.

    Raises:
        ConvcalcError: a block is not what its array says, or a result is beyond the type of the output.
    """
    problem, tiles = recipe.problem, [each.tile for each in job.axes]
    held = [*_held(recipe, job, blocks)]

    def read(box: Box) -> Array:
        output: Array = np.empty(tuple(map(len, box)), problem.input.dtype)
        for cells, part in held:
            _copy(cells, part, output, box[2:])
        return output

    batch, channels = range(job.batch), range(problem.in_channels)
    block = gathered(read, batch, channels, tiles, problem.boundary.value)
    box = (batch, range(problem.out_channels), *(each.positions for each in tiles))
    output: Array = _computed(recipe, tile_problem(problem, tiles, block), box)[(0,) * recipe.leading]
    return output


def _held(recipe: Recipe, job: Job, blocks: Sequence[Any]) -> Iterator[tuple[Array, Sequence[range]]]:
    """The numbers of each part with the input cells that they are."""
    parts: Iterator[tuple[Part, ...]] = product(*(each.parts for each in job.axes))
    for chosen, shape, block in zip(parts, job.shapes, blocks, strict=True):
        if isinstance(block, dict):
            cells = block[job.place]
        else:
            cells = recipe.numbers_of(block, shape)[index(..., *(part.inside for part in chosen))]
        yield cells, [part.cells for part in chosen]


def _copy(cells: Array, lies: Sequence[range], output: Array, wanted: Sequence[range]) -> None:
    """Copy what is wanted of a part into an output; both may lie anywhere in the input."""
    starts = [max(one.start, other.start) for one, other in zip(lies, wanted, strict=True)]
    stops = [min(one.stop, other.stop) for one, other in zip(lies, wanted, strict=True)]
    if all(start < stop for start, stop in zip(starts, stops, strict=True)):
        spans = [*zip(starts, stops, lies, wanted, strict=True)]
        into = (slice(start - there.start, stop - there.start) for start, stop, _, there in spans)
        here = (slice(start - own.start, stop - own.start) for start, stop, own, _ in spans)
        output[index(..., *into)] = cells[index(..., *here)]


def _computed(recipe: Recipe, made: Problem, box: Box) -> Array:
    """The output of a tile in the type that the Dask array says.

    Raises:
        DataError: whole numbers come out that the type does not hold.
    """
    numbers, cells = recipe.numbers, input_range(made.input.dtype)
    if cells is not None or not made.is_exact or numbers.dtype.kind == "f":
        return TileComputer(made, numbers, cells, recipe.context).compute(made, box, lambda _part, _box: None)
    output = compute(made, recipe.context.plan(made)).output  # of wide numbers the type says nothing of their size
    info, found = np.iinfo(numbers.dtype), value_range(output)
    if found and not (info.min <= found[0] and found[1] <= info.max):
        raise DataError(
            f"the results reach from {found[0]} to {found[1]}, beyond {numbers.dtype}",
            hint="output_dtype='float64' rounds them",
        )
    return numbers.converted(output)
