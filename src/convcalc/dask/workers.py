"""A problem computed tile by tile by the workers of a cluster: each reads its cells from the file, and writes its own.

Nothing goes from one worker to another, and to this process only what the page shows. A tile that is computed twice,
since its worker was lost, gives the same numbers at the same place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.context import Context
from convcalc.dask.package import dask_distributed
from convcalc.errors import ClusterError, ConvcalcError
from convcalc.files.blocks.source import BlockSource, HeldSource
from convcalc.files.blocks.target import BlockTarget
from convcalc.problem import Problem
from convcalc.streaming.gathered_page import GatheredPage, PagePart
from convcalc.streaming.job import StreamJob
from convcalc.streaming.output_numbers import OutputNumbers, Range
from convcalc.streaming.sampled_picture import PicturePart
from convcalc.streaming.stream import InputReader, Work, convolution_tiles
from convcalc.streaming.tile_problem import tile_axes
from convcalc.streaming.tiling import Box, Tiling

_AHEAD = 1_000
"""Tiles that the scheduler has at once, at least; of a million it would need minutes to take them all."""


class Kit(NamedTuple):
    """All that a worker needs to compute tiles."""

    problem: Problem
    """Its input has no cells."""
    shape: tuple[int, ...]
    """Of the input."""
    source: BlockSource
    target: BlockTarget
    tiling: Tiling
    numbers: OutputNumbers
    cells: Range | None
    context: Context

    def output_shape(self) -> tuple[int, ...]:
        """(batch, out_channels, *spatial)."""
        return (self.tiling.batch, self.tiling.channels, *(axis.output_size for axis in self.tiling.axes))


class TileDone(NamedTuple):
    """What the page shall know of a tile."""

    number: int
    page: PagePart
    picture: PicturePart


def on_workers(client: Any, job: StreamJob, target: BlockTarget) -> Work:
    """Tiles computed by the workers of a cluster; raises ClusterError when they cannot, or are lost."""
    kit = kit_of(job, target)

    def work(numbers: Iterable[int], page: GatheredPage) -> Iterator[int]:
        with _lost():
            _check(client, kit)
            for done in _done(client, kit, numbers):
                page.add(done.page)
                job.reader.picture.add(done.picture)
                yield done.number

    return work


def kit_of(job: StreamJob, target: BlockTarget) -> Kit:
    """What workers need for a job; paths are absolute, since workers may run in another folder."""
    problem, source = job.problem, copy(job.reader.source)
    for name in ("path", "store"):
        if hasattr(source, name):
            setattr(source, name, str(Path(getattr(source, name)).absolute()))
    placed = copy(target)
    placed.place = target.place.absolute()
    lone = job.context._replace(threads=1, planned=None, progress=None, library=None)
    empty = np.empty((0, problem.in_channels, *(0,) * problem.rank), problem.input.dtype)
    bare = replace(problem, input=empty)
    return Kit(bare, problem.input.shape, source, placed, job.tiling, job.numbers, job.cells, lone)


@dataclass(frozen=True)
class PartSource:
    """A part of an array in memory, which is sent to a worker with its tile."""

    array: Array
    starts: tuple[int, ...]
    """The cell of the whole array that it begins with, on each axis."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its own cells on each axis."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its numbers."""
        return self.array.dtype

    def read(self, box: Box) -> Array:
        """The numbers of a box of the whole array."""
        pairs = zip(box, self.starts, strict=True)
        return self.array[tuple(slice(cells.start - first, cells.stop - first) for cells, first in pairs)]


def with_cells(kit: Kit, number: int) -> Kit:
    """The kit of one tile: with the cells that it reads where the input is no file, otherwise as it is."""
    source, box = kit.source, kit.tiling.box(number)
    if not isinstance(source, HeldSource):
        return kit
    axes = tile_axes(kit.problem.axes, kit.problem.boundary, box[2:])
    spatial = (_hull([piece.cells for piece in axis.pieces if piece.cells]) for axis in axes)
    read = (box[0], range(kit.shape[1]), *spatial)[len(kit.shape) - len(source.shape) :]
    part: Any = PartSource(source.read(read), tuple(cells.start for cells in read))
    return kit._replace(source=part)


def _hull(cells: Sequence[range]) -> range:
    """From the first to the last; none of none."""
    return range(min(each.start for each in cells), max(each.stop for each in cells)) if cells else range(0)


def tile_done(kit: Kit, number: int) -> TileDone:
    """A tile computed and written; raises as :func:`convcalc.streaming.stream.stream` does."""
    box, target = kit.tiling.box(number), copy(kit.target)
    missing = len(box) - len(target.shape)
    reader, page = InputReader(kit.source, kit.shape), GatheredPage(kit.output_shape(), kit.numbers.dtype)
    compute = convolution_tiles(kit.problem, reader, kit.numbers, kit.cells, kit.context)
    block = compute(box, page.take)
    _opened(target)
    try:
        target.write(box[missing:], block[(0,) * missing])
    finally:
        target.close()
    return TileDone(number, page.part(box), reader.picture.part())


def _opened(target: BlockTarget) -> None:
    if not target.reopen():
        raise ClusterError(f"{target.place} is not the output that was begun", hint=_SHARED)


_SHARED = "workers read the input and write the output themselves: both must lie where all of them see them"


def _check(client: Any, kit: Kit) -> None:
    """Refuse workers that do not see the files.

    Raises:
        ClusterError: some do not; the message names the first.
    """
    source = None if isinstance(kit.source, HeldSource) else kit.source
    blank = kit._replace(source=source)  # type: ignore[arg-type]  # the cells go with the tiles

    def seen(kit: Kit) -> str:
        try:
            if kit.source:
                kit.source.unchanged()
            target = copy(kit.target)
            _opened(target)
            target.close()
        except ConvcalcError as error:
            return error.message
        return ""

    for worker, reason in client.run(seen, blank).items():
        if reason:
            raise ClusterError(f"worker {worker}: {reason}", hint=_SHARED)


def _done(client: Any, kit: Kit, numbers: Iterable[int]) -> Iterator[TileDone]:
    """The tiles in the order in which they are done; the scheduler has only some at once."""
    waiting = iter(numbers)
    ahead = max(_AHEAD, 4 * sum(client.nthreads().values()))

    def given(count: int) -> list[Any]:
        some = list(islice(waiting, count))
        kits = [with_cells(kit, number) for number in some]
        futures: list[Any] = client.map(tile_done, kits, some, pure=False) if some else []
        return futures

    futures = dask_distributed().as_completed(given(ahead))
    for future in futures:
        yield future.result()
        futures.update(given(1))


@contextmanager
def _lost() -> Iterator[None]:
    """Errors of the cluster in one line.

    Raises:
        ClusterError: workers were lost again and again, or the scheduler.
    """
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError
    from distributed.scheduler import KilledWorker

    try:
        yield
    except KilledWorker as error:
        raise ClusterError(
            f"a tile was given up: {error.allowed_failures + 1} workers ended while they computed it",
            hint="they may have too little memory: a smaller --tile takes less",
        ) from None
    except (CommClosedError, FutureCancelledError, TimeoutError) as error:
        said = str(error).splitlines() or ["no answer"]
        raise ClusterError(f"the cluster was lost: {said[0]}") from None
