"""Shifted additions in the cache: for kernels that are one or two products of one-dimensional filters.

Sobel, Gauss, box, Laplacian and their like, see :mod:`convcalc.engine.factors`. The rows of a step are one long line
of numbers: a shift by a cell and a shift by a row are both just a shift, and what wraps around at the ends of rows is
never read. Nothing is copied; a tap of 0 costs nothing, and ±1 one addition.
"""

from __future__ import annotations

from math import prod

import numpy as np

from convcalc.arrays import Array, are_finite, index, largest
from convcalc.engine.arithmetic import EXACT_FLOAT32, EXACT_FLOAT64, INT64, PYTHON, Arithmetic
from convcalc.engine.engine import Engine, Errors, Run, Work
from convcalc.engine.factors import MOST_TERMS, Stage, Term, terms_of
from convcalc.engine.machine import CALL, pass_seconds
from convcalc.engine.obstacles import not_finite
from convcalc.engine.scratch import Scratch
from convcalc.engine.tile import Tile
from convcalc.engine.tiling import block_bytes, is_large, steps, tile_size
from convcalc.limits import bytes_text
from convcalc.problem import Problem

_LINE = 1 << 20
"""Bytes of a line of rows: long enough for the other thread to run meanwhile."""
_MOST_FILTERS, _MOST_BYTES = 32, 1 << 16


def _prepare(problem: Problem, arithmetic: Arithmetic) -> Run:  # noqa: ARG001 - the signature of every engine
    weight = problem.applied_weight
    filters = [terms_of(weight[number, 0]) or () for number in range(problem.out_channels)]
    each = problem.out_channels // problem.groups

    def run(tile: Tile, output: Array, scratch: Scratch) -> bool:
        block, first = _rows(tile, scratch)
        finite = True
        for place, number in enumerate(tile.region.filters):
            plane = block[0, number // each - tile.channels.start]
            for step in steps(tile.size[0], _LINE // max(1, plane[0].nbytes)):
                rows = plane[step.start : step.stop + problem.axes[0].reach - 1]
                finite = finite and are_finite(rows)
                _filter(tile.problem, filters[number], rows, first, output[0, place, step], scratch)
        return finite

    return run


def _rows(tile: Tile, scratch: Scratch) -> tuple[Array, int]:
    """(1, channels, *cells) with whole contiguous rows, and in which of their cells the first window begins.

    Where the last axis is clear of the border its whole rows are taken as they lie, without a copy.
    """
    cells = tuple(axis.span(some) for axis, some in zip(tile.problem.axes, tile.region.spatial, strict=True))
    whole = range(tile.problem.axes[-1].size)
    is_clear = len(cells) > 1 and cells[-1][0] >= 0 and cells[-1][-1] < len(whole)
    block = tile.box((*cells[:-1], whole) if is_clear else cells, scratch)
    if not block[0, 0].flags.c_contiguous:
        copy = scratch.array("rows", block.shape, block.dtype)
        np.copyto(copy, block)
        block = copy
    return block, cells[-1][0] if is_clear else 0


def _filter(
    problem: Problem, terms: tuple[Term, ...], rows: Array, first: int, output: Array, scratch: Scratch
) -> None:
    """The sum of the terms written into ``output``, (*size), from the rows below it, (*cells)."""
    size = (len(output), *rows.shape[1:])
    crop = index(*(slice(cells) for cells in output.shape[:-1]), slice(first, first + output.shape[-1]))
    spreads = [axis.dilation * prod(rows.shape[number + 1 :]) for number, axis in enumerate(problem.axes)]
    sums = [
        _chain(term, rows.reshape(-1), spreads, prod(size), scratch, str(number)) for number, term in enumerate(terms)
    ]
    views = [each.reshape(size)[crop] for each in sums]
    if len(views) == 2:
        np.add(views[0], views[1], out=output)
    elif views:
        np.copyto(output, views[0])
    else:
        output[...] = 0


def _chain(term: Term, rows: Array, spreads: list[int], length: int, scratch: Scratch, name: str) -> Array:
    """A line of ``length`` numbers, all stages of a term; what lies behind the last window means nothing."""
    line, turn = rows, 0
    for stages, spread in zip(term.axes, spreads, strict=True):
        for stage in stages:
            target = scratch.array(f"line {name} {turn % 2}", (max(length, len(rows)),), line.dtype)
            line, turn = _stage(stage, line, spread, target, scratch), turn + 1
    if len(line) >= length:
        return line[:length]
    whole = scratch.array(f"line {name} {turn % 2}", (max(length, len(rows)),), line.dtype)[:length]
    whole[: len(line)] = line
    return whole


def _stage(stage: Stage, line: Array, spread: int, target: Array, scratch: Scratch) -> Array:
    """The stage's weighted sum of shifted lines, in ``target``; a mere shift gives a part of the line itself."""
    length = len(line) - stage.offsets[-1] * spread
    shifted = {offset: line[offset * spread : offset * spread + length] for offset in stage.offsets}
    if stage.weights == (1,):
        return shifted[stage.offsets[0]]
    sums: Array | None = None
    for weight, (first, *others) in stage.groups:
        part = target[:length] if sums is None else scratch.array("part", (length,), line.dtype)
        value = shifted[first[0]]
        for offset, sign in others:
            value = (np.add if sign > 0 else np.subtract)(value, shifted[offset], out=part)
        is_multiplied = abs(weight) != 1 or (sums is None and (weight != 1 or value is not part))
        if is_multiplied:
            value = np.multiply(value, line.dtype.type(weight), out=part)
        add = np.add if is_multiplied or weight > 0 else np.subtract
        sums = value if sums is None else add(sums, value, out=sums)
    assert sums is not None  # a stage has at least one tap
    return sums


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:
    if arithmetic is PYTHON:
        return "the sums need Python's numbers"
    if problem.groups != problem.in_channels:
        return "a filter sums over several channels"
    if any(axis.stride != 1 for axis in problem.axes):
        return "the stride is not 1"
    if problem.out_channels > _MOST_FILTERS or problem.weight.nbytes > _MOST_BYTES:
        return f"at most {_MOST_FILTERS} filters of {bytes_text(_MOST_BYTES)} are taken apart"
    return not_finite(problem) or _not_in_terms(problem, arithmetic)


def _not_in_terms(problem: Problem, arithmetic: Arithmetic) -> str | None:
    terms = [terms_of(each[0]) for each in problem.applied_weight]
    if any(each is None for each in terms):
        return f"the kernel is not the sum of {MOST_TERMS} products of one-dimensional filters"
    growth = max(sum(term.growth for term in each or ()) for each in terms)
    if arithmetic.limit and _largest_cell(problem) * growth >= arithmetic.limit:
        return f"its partial sums may leave {arithmetic.words}"
    return None


def _largest_cell(problem: Problem) -> int:
    """A bound on the magnitude of a cell, inside the input and outside."""
    return max(int(largest(problem.input)), abs(int(problem.boundary.value)), 1)


def _work(problem: Problem, arithmetic: Arithmetic) -> Work:
    terms = [terms_of(each[0]) or () for each in problem.applied_weight]
    passes = [sum(term.passes for term in each) + len(each) for each in terms]
    cells = problem.batch * prod(problem.output_size)
    item = arithmetic.itemsize
    # memory is read and written once, each as slow as two passes
    seconds = cells * sum(each + 4 for each in passes) * 1.1 * pass_seconds(arithmetic)
    size = tile_size(problem, seconds, item)
    weights = sum(len(stage.weights) for each in terms for term in each for stages in term.axes for stage in stages)
    line = max(_LINE, 2 * prod(problem.spatial_size[1:]) * item)
    line = min(line, block_bytes(problem, problem.output_size, item) // problem.in_channels)
    return Work(
        seconds=seconds + 40 * CALL,
        multiplications=cells * weights,
        tile_filters=problem.out_channels,
        tile_size=size,
        tile_bytes=6 * line + block_bytes(problem, size, item),
        border_apart=is_large(problem),
    )


ENGINE = Engine(
    name="separable",
    title="one-dimensional filters as shifted additions",
    arithmetics=(EXACT_FLOAT32, EXACT_FLOAT64, INT64),
    obstacle=_obstacle,
    work=_work,
    prepare=_prepare,
    errors=Errors(float32=1e-6, float64=2e-15),
    mixes=True,
)
