"""Winograd's minimal filtering for 3-tap kernels: m outputs of an axis from m + 2 products instead of 3·m.

Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016). Channels lie innermost here, so that the
overlapping tiles are gathered in long copies; each transform is one product with the Kronecker power of its matrix, or
for m = 2 additions, and in between stand (m + 2)^rank products of (tiles × in_channels) · (in_channels × out_channels).
"""

from __future__ import annotations

from functools import partial
from math import ceil, prod

import numpy as np

from convcalc.arrays import Array, are_finite, index
from convcalc.engine.arithmetic import Arithmetic
from convcalc.engine.cook_toom import Transforms, transforms
from convcalc.engine.engine import Done, Engine, Errors, Run, Work
from convcalc.engine.machine import CALL, WORKSPACE, pass_seconds, product_seconds
from convcalc.engine.obstacles import not_tame
from convcalc.engine.scratch import Scratch
from convcalc.engine.tile import Tile
from convcalc.engine.tiling import ceil_div, steps, tile_size
from convcalc.engine.winograd_kernels import FILTERS, Kernels
from convcalc.engine.winograd_tiles import TAPS, Pairs, Phase, pairs_of, phases, scatter, transformed
from convcalc.problem import Problem

_PRODUCTS, _STEP_BYTES = 5000, 2 << 20
"""Rows of all products of a step at least, and bytes of their factors at most: short products starve BLAS, and those
of many channels are long enough anyway."""
_SHARED = 32 << 20
"""Bytes of a transformed kernel that is kept for all tiles."""


def _prepare(problem: Problem, arithmetic: Arithmetic, outputs: int) -> Run:
    matrices, pairs = transforms(outputs, TAPS).of_rank(problem.rank, arithmetic.dtype), pairs_of(outputs)
    kernels = Kernels(problem, matrices.kernel, _shared_bytes(problem, arithmetic, outputs) > 0)
    rows = _step_rows(problem, arithmetic, outputs)

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> bool:
        for phase in phases(problem, tile.region, outputs):
            whole = output[index(0, slice(None), *phase.outputs)]
            for step in steps(phase.tiles[0], rows):
                part = phase.part(step, outputs)
                sums = _products(tile, part, matrices, pairs, kernels, scratch)
                back = scratch.array("gathered", (len(matrices.output), sums[0].size), arithmetic.dtype)
                np.matmul(matrices.output, sums.reshape(len(sums), -1), out=back)
                cells = slice(step.start * outputs, step.stop * outputs)
                scatter(back, whole[:, cells], part, outputs, scratch)
        finite = are_finite(output)
        done(output, tile.filters)
        return finite

    return run


def _products(
    tile: Tile, phase: Phase, matrices: Transforms, pairs: Pairs | None, kernels: Kernels, scratch: Scratch
) -> Array:
    """(products, tiles, groups, filters of a group): the transformed cells times the transformed kernels."""
    flat = transformed(tile, phase, matrices.input, pairs, scratch)
    count, groups, dtype = prod(phase.tiles), tile.groups, tile.arithmetic.dtype
    cells = flat.reshape(len(flat), count, groups, len(tile.channels) // groups)
    sums = scratch.array("sums", (len(cells), count, groups, len(tile.region.filters) // groups), dtype)
    by_group, sums_by_group = cells.transpose(0, 2, 1, 3), sums.transpose(0, 2, 1, 3)
    for filters, weight in kernels.of(tile, scratch):
        np.matmul(by_group, weight, out=sums_by_group[..., filters])
    return sums


def _obstacle(problem: Problem, arithmetic: Arithmetic, outputs: int) -> str | None:  # noqa: ARG001 - as everywhere
    if any(size != TAPS for size in problem.kernel_size):
        return "the kernel does not have 3 taps on every axis"
    if any(axis.stride != 1 for axis in problem.axes):
        return "the stride is not 1"
    if outputs > 3 and problem.rank > 2:
        return "on three axes four outputs at once would cost too many digits"
    return not_tame(problem, "its transforms")


def _shared_bytes(problem: Problem, arithmetic: Arithmetic, outputs: int) -> int:
    """Bytes of the transformed kernel if it is made once, otherwise 0: it is large, or larger than what it meets."""
    products: int = (outputs + TAPS - 1) ** problem.rank
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
    products: int = (outputs + TAPS - 1) ** problem.rank
    tile_bytes = products * (2 * problem.in_channels + problem.out_channels) * arithmetic.itemsize
    room = (WORKSPACE // 2 - shared) * 3 // 4 // tile_bytes  # for two threads, the block of cells beside it
    tiles = min(max(_PRODUCTS // products, _STEP_BYTES // tile_bytes), room)
    return max(1, tiles // prod(others))


def _work(problem: Problem, arithmetic: Arithmetic, outputs: int) -> Work:
    products, cells, item = (outputs + TAPS - 1) ** problem.rank, outputs**problem.rank, arithmetic.itemsize
    counts = _tile_counts(problem, outputs)
    count = problem.batch * prod(counts)
    span, channels, filters = problem.in_channels // problem.groups, problem.in_channels, problem.out_channels
    is_added = pairs_of(outputs) is not None
    transformed = count * products * ((0 if is_added else products * channels) + cells * filters)
    multiplied = count * products * span * filters
    shared = _shared_bytes(problem, arithmetic, outputs)
    kernels = products * problem.counts.weights // prod(problem.kernel_size)
    moved = count * ((3 if is_added else 2) * products * channels + 3 * cells * filters) + 4 * kernels
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
        multiplications=transformed + multiplied + kernels * TAPS**problem.rank,
        tile_filters=filters,
        tile_size=size,
        tile_bytes=item * tiles * (products * (2 * channels + filters) + 3 * cells * channels // 2)
        + (0 if shared else (products + prod(problem.kernel_size)) * span * min(filters, FILTERS) * item),
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
