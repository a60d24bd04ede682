"""Winograd's minimal filtering for 3-tap kernels: m outputs of an axis from m + 2 products instead of 3·m.

Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016). Channels lie innermost here, so that the
overlapping tiles are gathered in long copies; each transform is one product with the Kronecker power of its matrix, or
for m = 2 additions, and in between stand (m + 2)^rank products of (tiles × in_channels) · (in_channels × out_channels).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import ceil, prod
from typing import Any

import numpy as np

from convcalc.arrays import Array, index
from convcalc.engine.algorithms.winograd_kernels import FILTERS, Kernels, Transforms, transforms
from convcalc.engine.algorithms.winograd_tiles import (
    TAPS,
    gathered,
    pairs_of,
    phases,
    scatter,
    transformed,
    transformed_cells,
)
from convcalc.engine.bounds import EPILOGUE, Arithmetic, is_tap_by_tap, roundings, tap_sums
from convcalc.engine.engine import (
    CALL,
    WORKSPACE,
    Done,
    Engine,
    Run,
    Work,
    not_dense,
    not_tame,
    pass_seconds,
    product_seconds,
)
from convcalc.engine.neighbours import anew, are_even, around, calm, largest, least_inside, under, windows
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import ceil_div, steps, tile_size
from convcalc.problem import Problem

_PRODUCTS, _STEP_BYTES = 5000, 2 << 20
"""Rows of all products of a step at least, and bytes of their factors at most: short products starve BLAS, and those
of many channels are long enough anyway."""
_SPREAD = 8
"""What a window holds is seldom less than an eighth of what the tiles of a transform hold, with several channels."""
_LOOKED_AT = 1 << 16
"""Bytes of the cells that are looked at at once."""
_SHARED = 32 << 20
"""Bytes of a transformed kernel that is kept for all tiles."""


def _prepare(problem: Problem, arithmetic: Arithmetic, outputs: int) -> Run:
    matrices, pairs = transforms(outputs, TAPS).of_rank(problem.rank, arithmetic.dtype), pairs_of(outputs)
    kernels = Kernels(problem, matrices.kernel, _shared_bytes(problem, arithmetic, outputs) > 0)
    rows = _step_rows(problem, arithmetic, outputs)
    is_even = are_even(problem, _SPREAD, arithmetic.dtype)

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> list[Region]:
        extremes: list[np.number[Any]] = []
        for phase in phases(problem, tile.region, outputs):
            whole = output[index(0, slice(None), *phase.outputs)]
            for step in steps(phase.tiles[0], rows):
                part = phase.part(step, outputs)
                block = gathered(tile, part, scratch)
                if not is_even:
                    extremes += np.max(block), np.min(block)
                flat = transformed(block, part, matrices.input, pairs, scratch)
                sums = _products(tile, flat, kernels, scratch)
                back = scratch.array("gathered", (len(matrices.output), sums[0].size), arithmetic.dtype)
                np.matmul(matrices.output, sums.reshape(len(sums), -1), out=back)
                cells = slice(step.start * outputs, step.stop * outputs)
                scatter(back, whole[:, cells], part, outputs, scratch)
        doubts = [] if is_even else _doubts(tile, output, largest(extremes), outputs)
        done(output, tile.filters)
        return doubts

    return run


def _products(tile: Tile, flat: Array, kernels: Kernels, scratch: Scratch) -> Array:
    """(products, tiles, groups, filters of a group): the transformed cells, ``flat``, times the transformed kernels."""
    groups, dtype = tile.groups, tile.arithmetic.dtype
    cells = flat.reshape(len(flat), -1, groups, len(tile.channels) // groups)
    count = cells.shape[1]
    sums = scratch.array("sums", (len(cells), count, groups, len(tile.region.filters) // groups), dtype)
    by_group, sums_by_group = cells.transpose(0, 2, 1, 3), sums.transpose(0, 2, 1, 3)
    for filters, weight in kernels.of(tile, scratch):
        np.matmul(by_group, weight, out=sums_by_group[..., filters])
    return sums


def _doubts(tile: Tile, output: Array, most: float, outputs: int) -> list[Region]:
    """The parts of a tile where cells that share a transform with a window hold far more than it, or no numbers.

    ``most``: the largest magnitude of all.
    """
    return [
        doubt for part, rows in _slabs(tile, outputs) for doubt in _doubts_of(part, output[:, :, rows], most, outputs)
    ]


def _slabs(tile: Tile, outputs: int) -> Iterator[tuple[Tile, slice]]:
    """Pieces of a tile along its first axis, of whole transforms, each looked at in little memory."""
    first, *others = tile.region.spatial
    whole = outputs * tile.problem.axes[0].dilation
    row = tile.groups * prod(map(len, others)) * tile.arithmetic.itemsize
    rows = max(1, _LOOKED_AT // (row * whole)) * whole
    for start in range(0, len(first), rows):
        cut = slice(start, start + rows)
        region = tile.region._replace(spatial=(first[cut], *others))
        yield Tile.of(tile.problem, region, tile.arithmetic), cut


def _doubts_of(tile: Tile, output: Array, most: float, outputs: int) -> list[Region]:
    axes, limit = tile.problem.axes, calm(output.dtype)
    if most < limit and most <= _SPREAD * least_inside(tile):
        return []
    held = windows(under(tile, transformed_cells(tile, outputs)), axes)
    inside = index(slice(None), *map(slice, tile.size))
    own, far = held[inside], around(held, axes, outputs - 1)[inside]
    return anew(tile, output, own, ~((far <= _SPREAD * own) & (far < limit)))


def _loss(problem: Problem, arithmetic: Arithmetic, outputs: int) -> float:
    """Roundings of all three transforms and the sum over channels, grown by the transforms' norms.

    Of output o a tap t gains Σₚ |A|ₒₚ |G|ₚₜ Σ|B|ₚ times its share of Σ|weight|; where the output is small beside the
    kernel, the taps' shares are not looked at and the largest gain counts.
    """
    matrices = Transforms(*map(np.abs, transforms(outputs, TAPS).of_rank(problem.rank, np.dtype(np.float64))))
    gains = (matrices.output * matrices.input.sum(axis=1)) @ matrices.kernel
    span = problem.in_channels // problem.groups
    depth = sum(int((each > 0).sum(axis=1).max()) for each in matrices) + span + EPILOGUE
    gain = gains.max()
    if is_tap_by_tap(problem):
        shares = tap_sums(problem.applied_weight)
        totals = shares.sum(axis=1)
        gain = ((gains @ shares.T).max(axis=0)[totals > 0] / totals[totals > 0]).max(initial=0)
    return roundings(depth, arithmetic.dtype) * float(gain)


def _obstacle(problem: Problem, arithmetic: Arithmetic, outputs: int) -> str | None:  # noqa: ARG001 - as everywhere
    if any(size != TAPS for size in problem.kernel_size):
        return "the kernel does not have 3 taps on every axis"
    if outputs > 3 and problem.rank > 2:
        return "on three axes four outputs at once would cost too many digits"
    return not_dense(problem) or not_tame(problem, "its transforms")


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


def _engine(outputs: int) -> Engine:
    return Engine(
        name=f"winograd-{outputs}",
        title=f"Winograd's minimal filtering, {outputs} outputs of an axis at once",
        arithmetics=(),
        obstacle=partial(_obstacle, outputs=outputs),
        work=partial(_work, outputs=outputs),
        prepare=partial(_prepare, outputs=outputs),
        loss=partial(_loss, outputs=outputs),
        spread=_SPREAD,
        mixes=True,
        multiplies=True,
    )


WINOGRAD_2, WINOGRAD_3, WINOGRAD_4 = map(_engine, (2, 3, 4))
