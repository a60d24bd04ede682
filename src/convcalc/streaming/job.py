"""A convolution or a network with all that is decided before it is computed tile by tile: tiles, numbers, memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from convcalc.context import Context
from convcalc.engine.plan import Plan
from convcalc.errors import FieldError
from convcalc.files.blocks.source import BlockSource
from convcalc.files.blocks.target import BlockTarget
from convcalc.layers.network import Network
from convcalc.problem import Problem
from convcalc.streaming.output_numbers import OutputNumbers, Range, asked_numbers, natural_numbers
from convcalc.streaming.stream import InputReader, Streamed, Work, convolution_tiles, facts_of, stream
from convcalc.streaming.tile_problem import tile_axes, tile_problem
from convcalc.streaming.tiling import Tiling, tiling_of

if TYPE_CHECKING:
    from convcalc.streaming.stream import Compute

_PROCESS_BYTES = 100 << 20
"""Of Python with NumPy and convcalc, with the engines' kept scratch and the pictures of the page."""


class AskedOutput(NamedTuple):
    """What is asked for of an output, by words."""

    dtype: str | None = None
    saturate: str | None = None
    rounding: str | None = None
    tile: tuple[int, ...] = ()
    """Output cells of a tile on each spatial axis; none: as many as fit."""


@dataclass(frozen=True)
class StreamJob:
    """What is computed tile by tile, and how."""

    network: Network
    problem: Problem
    """The convolution that it is; its input is a stand-in without numbers."""
    reader: InputReader
    tiling: Tiling
    numbers: OutputNumbers
    cells: Range | None
    """The range of a whole input."""
    tile: Problem
    """That of the first tile, without its numbers."""
    plan: Plan
    """Of that tile."""
    context: Context

    @property
    def output_shape(self) -> tuple[int, ...]:
        """As it is saved: without a batch of one, and then without a channel of one."""
        return squeezed_shape(self.problem.output_shape)

    @property
    def tile_bytes(self) -> int:
        """Of the largest tile: what it reads, what it writes, and what its engine needs."""
        read = self.problem.in_channels * self.tiling.input_cells * self.reader.source.dtype.itemsize
        return read + self.tiling.output_cells * self.numbers.dtype.itemsize + self.plan.workspace_bytes

    @property
    def memory_bytes(self) -> int:
        """What the process takes at most, whatever the size of the input."""
        return _PROCESS_BYTES + self.tile_bytes

    @property
    def bytes_read(self) -> int:
        """Of the input by all tiles, the halo every time."""
        return self.tiling.read * self.problem.in_channels * self.reader.source.dtype.itemsize

    @property
    def bytes_written(self) -> int:
        """Of the output."""
        return prod(self.problem.output_shape) * self.numbers.dtype.itemsize

    def run(
        self,
        target: BlockTarget,
        version: str,
        *,
        resume: bool = False,
        work: Work | None = None,
        done: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> StreamRun:
        """The output computed and written; ``version``: of convcalc, with which an unfinished one is gone on with.

        ``work``: who computes the tiles and writes them into the target; None: this process.

        Raises:
            ConvcalcError: as :func:`convcalc.streaming.stream.stream`.
        """
        facts = facts_of(self.problem, self.reader.source, target, self.tiling, self.context)
        facts = {"version of convcalc": version, "rule of numbers": str(self.numbers[3:]), **facts}
        compute = self._compute()
        found = stream(
            compute, self.tiling, self.reader, target, self.numbers, facts, resume=resume, work=work, done=done
        )
        return StreamRun(self, found)

    def _compute(self) -> Compute:
        return convolution_tiles(self.problem, self.reader, self.numbers, self.cells, self.context)


class StreamRun(NamedTuple):
    """A job that is done."""

    job: StreamJob
    found: Streamed


def job_of(
    network: Network,
    source: BlockSource,
    context: Context,
    asked: AskedOutput,
    chunks: Callable[[tuple[int, ...]], tuple[int, ...]] | None = None,
) -> StreamJob:
    """The job of a network of one convolution on a source; ``chunks``: those of an output of a shape, if it has any.

    Raises:
        ConvcalcError: the output cannot have the numbers that are asked for, or the network has other layers.
    """
    problem = network.stages[0].problem
    if problem is None:
        raise FieldError("a network of layers is not computed tile by tile", hint="save it as .npz, or layer by layer")
    reader = InputReader(source, problem.input.shape)
    cells = reader.range() if problem.is_exact else None
    numbers = asked_numbers(lambda: natural_numbers(problem, cells), asked.dtype, asked.saturate, asked.rounding)
    check_tile(asked.tile, problem.output_size)
    multiples = chunks(squeezed_shape(problem.output_shape))[-problem.rank :] if chunks else ()
    tiling = tiling_of(
        problem.batch,
        (problem.in_channels, problem.out_channels),
        problem.axes,
        (source.dtype.itemsize, numbers.dtype.itemsize),
        asked=asked.tile,
        multiples=multiples,
    )
    tile = _likely(problem, tiling, cells)
    return StreamJob(network, problem, reader, tiling, numbers, cells, tile, context.plan(tile), context)


def squeezed_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an output as it is saved: without a batch of one, and then without a channel of one."""
    if shape[0] != 1:
        return shape
    return shape[2:] if shape[1] == 1 else shape[1:]


def check_tile(tile: Sequence[int], size: Sequence[int]) -> None:
    """Refuse tiles of another number of axes.

    Raises:
        FieldError: they are.
    """
    if tile and len(tile) != len(size):
        shown = "x".join(map(str, tile))
        raise FieldError(f"--tile {shown} has {len(tile)} sizes, the output {len(size)} spatial axes")


def _likely(problem: Problem, tiling: Tiling, cells: Range | None) -> Problem:
    """The problem of the first tile, without its numbers."""
    box = tiling.box(0)
    axes = tile_axes(problem.axes, problem.boundary, box[2:])
    shape = (len(box[0]), problem.in_channels, *(each.axis.size for each in axes))
    furthest = max(cells, key=abs) if cells else 1
    likely = np.broadcast_to(np.array(furthest, problem.input.dtype), shape)
    return tile_problem(problem, axes, likely)
