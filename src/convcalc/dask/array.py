"""Convolution of a Dask array: the graph of its tiles, at most two tasks a tile besides those of the array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from math import isnan, prod
from typing import Any

import numpy as np

from convcalc.api import arguments_problem
from convcalc.arrays import Array
from convcalc.dask.layout import reads_of, tiles_like, tiles_of
from convcalc.dask.package import dask_array
from convcalc.dask.tile import Job, Place, Recipe, Slices, cut, tile
from convcalc.engine.plan import check_choice
from convcalc.errors import DataError, FieldError
from convcalc.files.blocks.source import block_dtype
from convcalc.geometry.arguments import brief
from convcalc.geometry.boundary import Boundary
from convcalc.numerals import Number
from convcalc.problem import Problem
from convcalc.streaming.output_numbers import OutputNumbers, are_whole, asked_numbers, input_range, natural_numbers

_WIDEST = 8  # bytes of a number


def conv(
    input: Any,  # noqa: A002 - as in convcalc.conv
    weight: Any,
    bias: Any = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: str | int | Sequence[int] | Sequence[Sequence[int]] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    boundary: str | Number | Boundary = "zeros",
    flip: bool = False,
    engine: str = "auto",
    precision: str = "full",
    chunks: Any = None,
    output_dtype: str | None = None,
) -> Any:
    """The output of a convolution as a Dask array; nothing is computed yet.

    ``input``: a Dask array, ([batch,] in_channels, *spatial), or as :func:`convcalc.conv` takes it with a bare kernel.
    ``chunks``: of the output's spatial axes, as ``rechunk`` takes them; None: those whose windows lie in the input's.
    All other arguments and the output's axes are those of :func:`convcalc.conv`, and so are the numbers: each chunk is
    a smaller problem, with the boundary where the array itself ends.

    ``output_dtype``: None gives int64 for whole numbers (float64 with a scale such as 1/9), float32 for float32 and
    float64 for other floats; a narrower one must hold every number that could come out.

    Raises:
        ConvcalcError: the arguments do not fit together; the message says what is needed.
        MissingExtraError: Dask is not installed.
    """
    da = dask_array()
    if not isinstance(input, da.Array):
        raise FieldError(
            f"input must be a Dask array, got {brief(input)}", hint="convcalc.conv takes all others", field="input"
        )
    if any(map(isnan, input.shape)):
        raise FieldError(
            "the sizes of the Dask array's chunks are unknown", hint="compute_chunk_sizes() finds them", field="input"
        )
    check_choice(engine, precision, None)
    given = (weight, bias, stride, padding, dilation, groups, boundary, flip)
    problem, leading = arguments_problem(_stand_in(input), *given)
    recipe = Recipe(_without_input(problem), _numbers(problem, output_dtype), engine, precision, leading)
    whole = input if leading > 1 else input.rechunk({1 - leading: -1})
    return _output(da, whole, recipe, chunks)


def _stand_in(array: Any) -> Array:
    """An array of zeros of the shape and type of a Dask array that takes no memory, in place of its numbers.

    Raises:
        DataError: it holds no numbers that are computed with.
    """
    if array.dtype.kind not in "iufb" or array.dtype.itemsize > _WIDEST:
        raise DataError(
            f"the Dask array holds {array.dtype} values, which its chunks are not computed with",
            hint="convert it to integers, float32 or float64",
            field="input",
        )
    return np.broadcast_to(np.zeros((), block_dtype(array.dtype)), array.shape)


def _without_input(problem: Problem) -> Problem:
    cells = problem.input
    return replace(problem, input=np.empty((0, cells.shape[1], *(0,) * problem.rank), cells.dtype))


def _numbers(problem: Problem, asked: str | None) -> OutputNumbers:
    """How results become numbers of the output.

    Raises:
        DataError: whole numbers could come out that no type of 64 bits holds.
    """
    cells = input_range(problem.input.dtype)

    def natural() -> OutputNumbers:
        if problem.is_exact and cells is None and are_whole(problem):
            return OutputNumbers(np.dtype(np.int64), "int64, checked chunk by chunk")
        try:
            return natural_numbers(problem, cells)
        except DataError as error:
            raise DataError(error.message, hint="output_dtype='float64' rounds them") from None

    if asked is not None:
        return asked_numbers(natural, asked, None, None)
    found = natural()
    is_narrow = found.dtype.kind in "iu" and found.dtype.itemsize < _WIDEST
    return found._replace(dtype=np.dtype(np.int64)) if is_narrow else found


def _output(da: Any, array: Any, recipe: Recipe, chunks: Any) -> Any:
    """The Dask array of the output."""
    from dask.base import tokenize
    from dask.highlevelgraph import HighLevelGraph

    problem, leading = recipe.problem, recipe.leading
    blocks = array.chunks[len(array.chunks) - problem.rank :]
    if chunks is None:
        tiles = [tiles_like(*each) for each in zip(problem.axes, blocks, strict=True)]
    else:
        sizes = da.core.normalize_chunks(chunks, problem.output_size, dtype=recipe.numbers.dtype)
        tiles = [*map(tiles_of, sizes)]
    batch = array.chunks[0] if not leading else (1,)
    name = f"convcalc-conv-{tokenize(array, _token(recipe), tiles)}"
    layout = Layout(array, recipe, batch, blocks, [*map(tuple, tiles)], name)
    graph = HighLevelGraph.from_collections(name, dict(layout.tasks()), dependencies=[array])
    shown = (batch, (problem.out_channels,), *(tuple(map(len, each)) for each in tiles))[leading:]
    return da.Array(graph, name, shown, dtype=recipe.numbers.dtype)


def _token(recipe: Recipe) -> tuple[Any, ...]:
    from convcalc.streaming.stream import digest

    return digest(recipe.problem), recipe.numbers.dtype.str, recipe.engine, recipe.precision, recipe.leading


class Layout:
    """The tasks of an output: for every tile one, and one for every block that others than its own tile read from."""

    def __init__(
        self,
        array: Any,
        recipe: Recipe,
        batch: Sequence[int],
        blocks: Sequence[Sequence[int]],
        tiles: Sequence[Sequence[range]],
        name: str,
    ) -> None:
        """``batch``, ``blocks``: the sizes of the array's chunks. ``tiles``: output cells on each spatial axis."""
        self._array, self._recipe, self._batch, self._blocks, self._name = array, recipe, batch, blocks, name
        problem = recipe.problem
        self._axes = [
            reads_of(axis, problem.boundary, cells, sizes)
            for axis, cells, sizes in zip(problem.axes, tiles, blocks, strict=True)
        ]
        read = (len({part.block for each in axis for part in each.parts}) for axis in self._axes)
        self._is_cut = prod(read) <= prod(map(len, tiles))
        """Blocks smaller than tiles are read as a whole, or cuts would be more tasks than tiles."""
        self._cuts: dict[Place, dict[Place, Slices]] = {}

    def tasks(self) -> Iterator[tuple[Any, Any]]:
        """Every task with its key."""
        from dask._task_spec import DataNode, Task, TaskRef

        recipe_key = f"{self._name}-recipe"
        yield recipe_key, DataNode(recipe_key, self._recipe)
        for sample in range(len(self._batch)):
            self._cuts.clear()
            for place in product(*(range(len(each)) for each in self._axes)):
                job, keys = self._job(sample, place)
                key = self._key(self._name, sample, place)
                yield key, Task(key, tile, TaskRef(recipe_key), job, *map(TaskRef, keys))
            for block, wanted in self._cuts.items():
                key = self._key(f"{self._name}-cut", sample, block)
                source = TaskRef(self._key(self._array.name, sample, block))
                yield key, Task(key, cut, TaskRef(recipe_key), self._shape(sample, block), wanted, source)

    def _job(self, sample: int, place: Place) -> tuple[Job, list[Any]]:
        """A tile, and the keys of what it reads; notes what is to be cut for it."""
        axes = tuple(each[number] for each, number in zip(self._axes, place, strict=True))
        keys, shapes = [], []
        for parts in product(*(each.parts for each in axes)):
            block = tuple(part.block for part in parts)
            is_cut = self._is_cut and not all(part.is_most for part in parts)
            if is_cut:
                self._cuts.setdefault(block, {})[place] = tuple(part.inside for part in parts)
            keys.append(self._key(f"{self._name}-cut" if is_cut else self._array.name, sample, block))
            shapes.append(self._shape(sample, block))
        return Job(place, axes, self._batch[sample], tuple(shapes)), keys

    def _shape(self, sample: int, block: Place) -> tuple[int, ...]:
        sizes = (each[number] for each, number in zip(self._blocks, block, strict=True))
        return (self._batch[sample], self._recipe.problem.in_channels, *sizes)[self._recipe.leading :]

    def _key(self, name: str, sample: int, place: Place) -> tuple[Any, ...]:
        return (name, *(sample, 0, *place)[self._recipe.leading :])
