"""Winograd's minimal filtering for 3-tap kernels: m outputs of an axis from m + 2 products instead of 3·m.

Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016). Channels lie innermost here, so that the
overlapping tiles are gathered in long copies; each transform is one product with the Kronecker power of its matrix,
and in between stand (m + 2)^rank products of (tiles × in_channels) · (in_channels × out_channels).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import cycle, product
from math import ceil, prod
from threading import Lock
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, are_finite, index, strided
from convcalc.engine.arithmetic import Arithmetic
from convcalc.engine.cook_toom import Transforms, transforms
from convcalc.engine.engine import Done, Engine, Errors, Run, Work
from convcalc.engine.machine import CALL, WORKSPACE, pass_seconds, product_seconds
from convcalc.engine.obstacles import not_tame
from convcalc.engine.scratch import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import ceil_div, steps, tile_size
from convcalc.problem import Problem

_TAPS = 3
_PRODUCTS, _STEP_BYTES = 5000, 2 << 20
"""Rows of all products of a step at least, and bytes of their factors at most: short products starve BLAS, and those
of many channels are long enough anyway."""
_FILTERS = 32
"""Filters of a step where the kernel is transformed as it is used."""
_SHARED = 32 << 20
"""Bytes of a transformed kernel that is kept for all tiles."""
_LARGE = 1 << 20
"""Bytes of a transformed kernel that two threads make together; the products of halves are shorter."""


class Phase(NamedTuple):
    """The output cells of a region that are ``dilation`` apart: an undilated cross-correlation of their own."""

    cells: tuple[range, ...]
    """Padded input cells on each axis, enough for whole tiles."""
    outputs: tuple[slice, ...]
    """What cuts the phase out of the region's output."""
    tiles: tuple[int, ...]
    """Tiles on each axis; the last ones may hang over."""

    def part(self, step: slice, outputs: int) -> Phase:
        """Some of the tiles of the first axis."""
        cells = self.cells[0][step.start * outputs : step.stop * outputs + _TAPS - 1]
        return self._replace(cells=(cells, *self.cells[1:]), tiles=(step.stop - step.start, *self.tiles[1:]))


def _prepare(problem: Problem, arithmetic: Arithmetic, outputs: int) -> Run:
    matrices = transforms(outputs, _TAPS).of_rank(problem.rank, arithmetic.dtype)
    kernels = _Kernels(problem, matrices.kernel, _shared_bytes(problem, arithmetic, outputs) > 0)
    rows = _step_rows(problem, arithmetic, outputs)

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> bool:
        for phase in _phases(problem, tile.region, outputs):
            whole = output[index(0, slice(None), *phase.outputs)]
            for step in steps(phase.tiles[0], rows):
                part = phase.part(step, outputs)
                sums = _products(tile, part, matrices, kernels, scratch)
                back = scratch.array("gathered", (len(matrices.output), sums[0].size), arithmetic.dtype)
                np.matmul(matrices.output, sums.reshape(len(sums), -1), out=back)
                cells = slice(step.start * outputs, step.stop * outputs)
                _scatter(back, whole[:, cells], part, outputs, scratch)
        finite = are_finite(output)
        done(output, tile.filters)
        return finite

    return run


def _products(tile: Tile, phase: Phase, matrices: Transforms, kernels: _Kernels, scratch: Scratch) -> Array:
    """(products, tiles, groups, filters of a group): the transformed cells times the transformed kernels."""
    gathered = _gather(tile, phase, len(phase.cells), scratch)
    count, groups, dtype = prod(phase.tiles), tile.groups, tile.arithmetic.dtype
    cells = scratch.array("cells", (len(gathered), count, groups, len(tile.channels) // groups), dtype)
    np.matmul(matrices.input, gathered, out=cells.reshape(len(gathered), -1))
    sums = scratch.array("sums", (len(gathered), count, groups, len(tile.region.filters) // groups), dtype)
    by_group, sums_by_group = cells.transpose(0, 2, 1, 3), sums.transpose(0, 2, 1, 3)
    for filters, weight in kernels.of(tile, scratch):
        np.matmul(by_group, weight, out=sums_by_group[..., filters])
    return sums


def _phases(problem: Problem, region: Region, outputs: int) -> Iterator[Phase]:
    for offsets in product(
        *(range(min(axis.dilation, size)) for axis, size in zip(problem.axes, region.size, strict=True))
    ):
        cells, cuts, tiles = [], [], []
        for axis, positions, offset in zip(problem.axes, region.spatial, offsets, strict=True):
            count = ceil(len(positions[offset :: axis.dilation]) / outputs)
            start = axis.start(positions[offset])
            cells.append(range(start, start + (count * outputs + _TAPS - 1) * axis.dilation, axis.dilation))
            cuts.append(slice(offset, None, axis.dilation))
            tiles.append(count)
        yield Phase(tuple(cells), tuple(cuts), tuple(tiles))


def _gather(tile: Tile, phase: Phase, rank: int, scratch: Scratch) -> Array:
    """(cells of a tile, tiles × channels): every tile's cells, channels innermost."""
    channels = len(tile.channels)
    size = tuple(map(len, phase.cells))
    block = scratch.array("block", (*size, channels), tile.arithmetic.dtype)
    # planes that do not lie a multiple of 4 KiB apart: such cells of all channels would share one place of the cache
    planes = scratch.array("cells", (channels, prod(size) | 31), block.dtype)[:, : prod(size)].reshape(channels, *size)
    tile.copy_box(phase.cells, planes[None])
    np.copyto(block, np.moveaxis(planes, 0, -1))
    step = (len(phase.cells[0]) - _TAPS + 1) // phase.tiles[0]
    edge = step + _TAPS - 1
    strides = block.strides[:rank]
    windows = strided(
        block,
        (*(edge,) * rank, *phase.tiles, channels),
        (*strides, *(step * each for each in strides), block.strides[-1]),
    )
    gathered = scratch.array("gathered", windows.shape, block.dtype)
    np.copyto(gathered, windows)
    return gathered.reshape(edge**rank, -1)


def _scatter(back: Array, output: Array, phase: Phase, outputs: int, scratch: Scratch) -> None:
    """The tiles' outputs, (cells of a tile, tiles × filters), laid beside each other in (filters, *cells)."""
    rank, filters = len(phase.tiles), len(output)
    tiled = back.reshape(*(outputs,) * rank, *phase.tiles, filters)
    joined = scratch.array(
        "cells", (*(size for count in phase.tiles for size in (count, outputs)), filters), back.dtype
    )
    order = [axis for number in range(rank) for axis in (rank + number, number)]
    np.copyto(joined, tiled.transpose(*order, 2 * rank))
    whole = joined.reshape(*(count * outputs for count in phase.tiles), filters)
    output[...] = np.moveaxis(whole[tuple(map(slice, output.shape[1:]))], -1, 0)


class _Kernels:
    """The transformed kernel: made once where that fits and pays, otherwise as it is used, some filters at a time."""

    def __init__(self, problem: Problem, matrix: Array, is_shared: bool) -> None:
        self._weight, self._groups = problem.applied_weight, problem.groups
        self._matrix, self._is_shared = matrix, is_shared
        self._halves = tuple(_Half(cut) for cut in _halves(problem, matrix)) if is_shared else ()
        self._turns = cycle(range(max(1, len(self._halves))))

    def of(self, tile: Tile, scratch: Scratch) -> Iterator[tuple[slice, Array]]:
        """Filters of each group, and their (products, groups, channels of a group, filters)."""
        each = len(tile.region.filters) // tile.groups
        if not self._is_shared:
            for filters in steps(each, max(1, _FILTERS // tile.groups)):
                yield filters, _turned(self._transformed(tile.filters, tile.groups, filters, scratch))
        elif self._groups > 1:
            groups = slice(tile.region.filters.start // each, tile.region.filters.stop // each)
            yield slice(None), _turned(self._made(self._halves[0])[:, groups])
        else:
            # each thread begins with another half, so that two of them make one half each
            turn = next(self._turns)
            for number in range(len(self._halves)):
                half = self._halves[(turn + number) % len(self._halves)]
                wanted = range(max(half.filters.start, tile.filters.start), min(half.filters.stop, tile.filters.stop))
                if wanted:
                    here, there = (
                        slice(wanted.start - first, wanted.stop - first)
                        for first in (tile.filters.start, half.filters.start)
                    )
                    yield here, _turned(self._made(half)[:, :, there])

    def _made(self, half: _Half) -> Array:
        with half.lock:
            if half.kernel is None:
                half.kernel = self._transformed(half.filters, self._groups, slice(None), Scratch())
        return half.kernel

    def _transformed(self, tile_filters: slice, groups: int, filters: slice, scratch: Scratch) -> Array:
        """(products, groups, filters of a group, channels of a group)."""
        weight = self._weight[tile_filters]
        weight = weight.reshape(groups, -1, weight.shape[1], prod(weight.shape[2:]))[:, filters]
        taps = scratch.array("taps", tuple(weight.shape[axis] for axis in (3, 0, 1, 2)), self._matrix.dtype)
        np.copyto(taps, weight.transpose(3, 0, 1, 2), casting="unsafe")
        output = scratch.array("kernel", (len(self._matrix), *taps.shape[1:]), self._matrix.dtype)
        np.matmul(self._matrix, taps.reshape(len(taps), -1), out=output.reshape(len(self._matrix), -1))
        return output


class _Half:
    """Some filters, and their transformed kernel once a thread has made it."""

    def __init__(self, filters: slice) -> None:
        self.filters, self.lock = filters, Lock()
        self.kernel: Array | None = None


def _halves(problem: Problem, matrix: Array) -> list[slice]:
    """The filters in two parts where the kernel is large; groups stay together."""
    is_large = matrix.nbytes * problem.counts.weights > _LARGE * matrix.shape[1] ** 2
    return steps(problem.out_channels, ceil(problem.out_channels / (2 if is_large and problem.groups == 1 else 1)))


def _turned(kernel: Array) -> Array:
    """Channels before filters, as a product takes them: BLAS reads them so at no cost, and copies only once."""
    return kernel.swapaxes(-1, -2)


def _obstacle(problem: Problem, arithmetic: Arithmetic, outputs: int) -> str | None:  # noqa: ARG001 - as everywhere
    if any(size != _TAPS for size in problem.kernel_size):
        return "the kernel does not have 3 taps on every axis"
    if any(axis.stride != 1 for axis in problem.axes):
        return "the stride is not 1"
    if outputs > 3 and problem.rank > 2:
        return "on three axes four outputs at once would cost too many digits"
    return not_tame(problem, "its transforms")


def _shared_bytes(problem: Problem, arithmetic: Arithmetic, outputs: int) -> int:
    """Bytes of the transformed kernel if it is made once, otherwise 0: it is large, or larger than what it meets."""
    products: int = (outputs + _TAPS - 1) ** problem.rank
    kernels = problem.counts.weights // prod(problem.kernel_size)
    tiles = problem.batch * prod(_tile_counts(problem, outputs))
    size = arithmetic.itemsize * products * kernels
    return 0 if size > _SHARED or kernels > 2 * tiles * (problem.in_channels + problem.out_channels) else size


def _tile_counts(problem: Problem, outputs: int) -> list[int]:
    return [ceil(size / outputs) for size in problem.output_size]


def _step_rows(problem: Problem, arithmetic: Arithmetic, outputs: int) -> int:
    """Tiles of the first axis in a step; all of them where the kernel is transformed for every step."""
    first, *others = _tile_counts(problem, outputs)
    shared = _shared_bytes(problem, arithmetic, outputs)
    if not shared:
        return first
    products: int = (outputs + _TAPS - 1) ** problem.rank
    tile_bytes = products * (2 * problem.in_channels + problem.out_channels) * arithmetic.itemsize
    room = (WORKSPACE // 2 - shared) * 3 // 4 // tile_bytes  # for two threads, the block of cells beside it
    tiles = min(max(_PRODUCTS // products, _STEP_BYTES // tile_bytes), room)
    return max(1, tiles // prod(others))


def _work(problem: Problem, arithmetic: Arithmetic, outputs: int) -> Work:
    products, cells, item = (outputs + _TAPS - 1) ** problem.rank, outputs**problem.rank, arithmetic.itemsize
    counts = _tile_counts(problem, outputs)
    count = problem.batch * prod(counts)
    span, channels, filters = problem.in_channels // problem.groups, problem.in_channels, problem.out_channels
    transformed = count * products * (products * channels + cells * filters)
    multiplied = count * products * span * filters
    shared = _shared_bytes(problem, arithmetic, outputs)
    kernels = products * problem.counts.weights // prod(problem.kernel_size)
    moved = count * (2 * products * channels + 3 * cells * filters) + 4 * kernels
    # products of few channels run far below the machine's best
    few = 1 + 8 / span + 8 * problem.groups / filters
    seconds = (1.6 * transformed + few * multiplied) * product_seconds(arithmetic)
    seconds += 2.0 * moved * pass_seconds(arithmetic)
    size = problem.output_size
    if shared:
        least = min(_step_rows(problem, arithmetic, outputs), ceil(counts[0] / (2 if problem.batch == 1 else 1)))
        size = tile_size(problem, seconds, item, multiple=outputs)
        pieces = ceil_div(counts[0], max(ceil_div(size[0], outputs), least))
        pieces += pieces % 2 if problem.batch == 1 else 0  # as many for each of two threads
        size = (min(ceil_div(counts[0], pieces) * outputs, problem.output_size[0]), *size[1:])
    elif problem.groups == 1 and problem.batch == 1:
        filters = ceil(filters / 2)
    tiles = min(prod(counts), _step_rows(problem, arithmetic, outputs) * prod(counts[1:]))
    return Work(
        seconds=seconds + 60 * CALL,
        multiplications=transformed + multiplied + kernels * _TAPS**problem.rank,
        tile_filters=filters,
        tile_size=size,
        tile_bytes=item * tiles * (products * (2 * channels + filters) + 3 * cells * channels // 2)
        + (0 if shared else (products + prod(problem.kernel_size)) * span * min(filters, _FILTERS) * item),
        shared_bytes=shared * 5 // 4,
    )


def _engine(outputs: int, errors: Errors) -> Engine:
    return Engine(
        name=f"winograd-{outputs}",
        title=f"Winograd's minimal filtering, {outputs} outputs of an axis at once",
        arithmetics=(),
        obstacle=partial(_obstacle, outputs=outputs),
        work=partial(_work, outputs=outputs),
        prepare=partial(_prepare, outputs=outputs),
        errors=errors,
        mixes=True,
    )


WINOGRAD_2 = _engine(2, Errors(float32=1.5e-6, float64=4e-15))
WINOGRAD_3 = _engine(3, Errors(float32=8e-6, float64=1.5e-14))
WINOGRAD_4 = _engine(4, Errors(float32=2.5e-5, float64=3e-14))
