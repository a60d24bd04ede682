"""A problem computed tile by tile, from a source that is never held into a target that is never held, resumable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np

from convcalc.arrays import Array, plain
from convcalc.context import Context
from convcalc.files.blocks.journal import Journal
from convcalc.files.blocks.source import BlockSource
from convcalc.files.blocks.target import BlockTarget
from convcalc.problem import Problem
from convcalc.streaming.gathered_page import GatheredPage
from convcalc.streaming.output_numbers import OutputNumbers, Range, input_range
from convcalc.streaming.sampled_picture import SampledPicture
from convcalc.streaming.tile_problem import TileComputer, gathered, tile_axes, tile_problem
from convcalc.streaming.tiling import Box, Tiling

Compute = Callable[[Box, Callable[[Array, Box], None]], Array]
"""The output of a tile, each finished part handed on while it is in the cache."""
Work = Callable[[Iterable[int], GatheredPage], Iterator[int]]
"""Computes and writes tiles of some numbers and adds them to the page; gives the number of each that is done."""
_SCAN = 16 << 20  # bytes read at once where only the range of an input is sought


@dataclass(frozen=True)
class Streamed:
    """A run that was computed tile by tile."""

    tiling: Tiling
    numbers: OutputNumbers
    output: GatheredPage
    input: SampledPicture
    resumed: int
    """Tiles that an earlier run had finished."""


class InputReader:
    """A source as the input of a problem, (batch, in_channels, *spatial), and a picture of what went through."""

    def __init__(self, source: BlockSource, shape: tuple[int, ...]) -> None:
        """``shape``: of the input; axes that the source lacks are of one cell, in front."""
        self.source, self.shape = source, shape
        self.picture = SampledPicture(shape, source.dtype)
        self._missing = len(shape) - len(source.shape)

    def read(self, box: Box) -> Array:
        """The numbers of a box; raises as the source does."""
        block = self.source.read(tuple(box[self._missing :]))
        found = block.reshape(tuple(map(len, box)))
        self.picture.take(found, box)
        return found

    def range(self) -> Range | None:
        """The range of whole numbers: of a narrow type that of the type, of a wide one what a pass over it finds."""
        if self.source.dtype.kind not in "iu":
            return None
        found = input_range(self.source.dtype)
        if found:
            return found
        rest = int(np.prod(self.source.shape[1:], dtype=object)) * self.source.dtype.itemsize
        step = max(1, _SCAN // max(1, rest))
        lows, highs = [], []
        for first in range(0, self.source.shape[0], step):
            rows = range(first, min(first + step, self.source.shape[0]))
            block = self.source.read((rows, *map(range, self.source.shape[1:])))
            lows.append(plain(block.min()))
            highs.append(plain(block.max()))
        return Range(min(lows), max(highs))


def convolution_tiles(
    problem: Problem, reader: InputReader, numbers: OutputNumbers, cells: Range | None, context: Context
) -> Compute:
    """What computes a tile of a convolution; ``cells``: the range of a whole input."""
    computer = TileComputer(problem, numbers, cells, context)

    def compute(box: Box, taken: Callable[[Array, Box], None]) -> Array:
        axes = tile_axes(problem.axes, problem.boundary, box[2:])
        block = gathered(reader.read, box[0], range(problem.in_channels), axes, problem.boundary.value)
        tile = tile_problem(problem, axes, block)
        return computer.compute(tile, box, taken)

    return compute


def stream(
    compute: Compute,
    tiling: Tiling,
    reader: InputReader,
    target: BlockTarget,
    numbers: OutputNumbers,
    facts: Mapping[str, Any],
    *,
    resume: bool = False,
    work: Work | None = None,
    done: Callable[[int, int], None] = lambda _done, _all: None,
) -> Streamed:
    """Every tile computed and written, then the output under its name.

    ``facts``: what the output depends on; ``resume``: tiles that a run of the same facts finished are kept.
    ``work``: who computes and writes them instead of this process.
    ``done`` is called after each tile with their number and that of all.

    Raises:
        ConvcalcError: the input cannot be read, the output cannot be written, or the memory is not there; what is
            finished stays, with its journal.
    """
    shape = (tiling.batch, tiling.channels, *(axis.output_size for axis in tiling.axes))
    page = GatheredPage(shape, numbers.dtype)
    missing = len(shape) - len(target.shape)
    with Journal(target.place.with_suffix(".journal")) as journal:
        finished = journal.done(facts) if resume else set()
        if not (finished and target.reopen()):
            finished = set()
            journal.begin(facts)
            target.create()
        for count, number in enumerate(sorted(finished), start=1):
            box = tiling.box(number)
            page.take(target.read(box[missing:]).reshape(tuple(map(len, box))), box)
            done(count, tiling.tiles)
        at_work = work or one_by_one(compute, tiling, target)
        waiting = (number for number in range(tiling.tiles) if number not in finished)
        for count, number in enumerate(at_work(waiting, page), start=len(finished) + 1):
            journal.add(number)
            done(count, tiling.tiles)
        for box in reader.picture.unseen() if finished else ():
            reader.read(box)
        reader.source.unchanged()
        target.finish()
        journal.remove()
    return Streamed(tiling, numbers, page, reader.picture, len(finished))


def one_by_one(compute: Compute, tiling: Tiling, target: BlockTarget) -> Work:
    """Tiles computed by this process, each written before the next one is computed."""

    def work(numbers: Iterable[int], page: GatheredPage) -> Iterator[int]:
        for number in numbers:
            box = tiling.box(number)
            missing = len(box) - len(target.shape)
            target.write(box[missing:], compute(box, page.take)[(0,) * missing])
            yield number

    return work


def facts_of(
    problem: Problem, source: BlockSource, target: BlockTarget, tiling: Tiling, context: Context
) -> dict[str, str]:
    """What an output depends on, each by what a message calls it."""
    return {
        "problem": digest(problem),
        "input": source.identity,
        "output": f"{target.shape} {target.dtype.str} {target.chunks}",
        "size of tiles": f"{tiling.samples} {tiling.steps}",
        "engine": f"{context.engine} {context.precision}",
    }


def digest(problem: Problem) -> str:
    """What tells a convolution from others, without its input."""
    settings = replace(problem.geometry, is_same=False)
    parts = (problem.scale, problem.bias, settings, problem.dtype, problem.input.shape, problem.weight.shape)
    numbers = problem.weight.tolist() if problem.weight.dtype == object else problem.weight.tobytes()
    return sha256(repr((*parts, problem.weight.dtype.str, numbers)).encode()).hexdigest()
