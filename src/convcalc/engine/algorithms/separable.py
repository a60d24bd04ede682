"""Shifted additions in the cache: for kernels that are one or two products of one-dimensional filters.

Sobel, Gauss, box, Laplacian and their like, see :mod:`convcalc.engine.algorithms.factors`. The rows of a step are one
long line of numbers: a shift by a cell and a shift by a row are both just a shift, and what wraps around at the ends of
rows is never read. Nothing is copied; a tap of 0 costs nothing, and ±1 one addition.
"""

from __future__ import annotations

from functools import cache
from math import prod

import numpy as np

from convcalc.arrays import Array, are_finite, largest
from convcalc.engine.algorithms.factors import MOST_TERMS, terms_of
from convcalc.engine.algorithms.line_passes import Pass, Passes, Window, bind, passes_of
from convcalc.engine.algorithms.slabs import Slabs
from convcalc.engine.arithmetic import EXACT_FLOAT32, EXACT_FLOAT64, INT64, PYTHON, Arithmetic
from convcalc.engine.bounds import EPILOGUE, roundings, tap_sums, unit
from convcalc.engine.engine import Done, Engine, Run, Work
from convcalc.engine.machine import CALL, pass_seconds
from convcalc.engine.obstacles import OfExactness, not_dense, not_finite
from convcalc.engine.scratch import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import block_bytes, steps, tile_size
from convcalc.limits import bytes_text
from convcalc.problem import Problem

_LINE = 1 << 20
"""Bytes of a line of rows: long enough for the other thread to run meanwhile."""
_MOST_FILTERS, _MOST_BYTES = 32, 1 << 16


def _prepare(problem: Problem, arithmetic: Arithmetic) -> Run:  # noqa: ARG001 - the signature of every engine
    weight = problem.applied_weight
    filters = [terms_of(weight[number, 0]) or () for number in range(problem.out_channels)]
    each = problem.out_channels // problem.groups

    @cache
    def passes(number: int, spreads: tuple[int, ...]) -> tuple[Pass, ...]:
        return passes_of(filters[number], spreads)

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> list[Region]:
        slabs = Slabs(tile, scratch)
        finite = True
        for place, number in enumerate(tile.region.filters):
            channels = range(number // each, number // each + 1)
            bound: dict[int, Passes] = {}
            for step in steps(tile.size[0], _LINE // max(1, slabs.row_bytes)):
                rows, target = slabs.under(step, channels)[0], output[0, place, step]
                finite = finite and are_finite(rows)
                if len(target) not in bound:
                    window = Window(slabs.first, target.shape, rows.strides)
                    bound[len(target)] = bind(passes(number, slabs.spreads), rows.size, window, scratch, rows.dtype)
                bound[len(target)](rows.reshape(-1), target)
                finite = finite and are_finite(target)
                done(output[:, place : place + 1, step], slice(number, number + 1))
        return [] if finite else [tile.region]

    return run


def _obstacle(problem: Problem, arithmetic: Arithmetic) -> str | None:
    if problem.groups != problem.in_channels:
        return "a filter sums over several channels"
    trouble = not_dense(problem)
    if trouble:
        return trouble
    if problem.out_channels > _MOST_FILTERS or problem.weight.nbytes > _MOST_BYTES:
        return f"at most {_MOST_FILTERS} filters of {bytes_text(_MOST_BYTES)} are taken apart"
    if arithmetic is PYTHON:
        return OfExactness("the sums need Python's numbers")
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
        tile_bytes=7 * line,
    )


def _loss(problem: Problem, arithmetic: Arithmetic) -> float:
    """Of the filter whose factors grow most beside its weights: cancelling ones bring rounding of their own size.

    A term errs by its roundings times the product of Σ|weight| of its stages, and by what its factors miss the kernel.
    """
    sums = tap_sums(problem.applied_weight).sum(axis=1)
    filters = zip(problem.applied_weight[:, 0], sums, strict=True)
    epilogue = roundings(EPILOGUE, arithmetic.dtype)
    return max(
        epilogue, *(_filter_loss(plane, arithmetic, float(total)) for plane, total in filters if total), epilogue
    )


def _filter_loss(plane: Array, arithmetic: Arithmetic, total: float) -> float:
    """As a share of ``total``, Σ|weight|, which may be so small that nothing else can be told from 0."""
    terms = terms_of(plane) or ()
    steps = [term.roundings + len(terms) + EPILOGUE for term in terms]
    lost = sum(
        roundings(count, arithmetic.dtype) * (term.growth / total) for count, term in zip(steps, terms, strict=True)
    )
    rest = plane.astype(np.float64) - sum(term.plane(plane.shape) for term in terms)
    # the factors' products in float64 are rounded themselves
    rounded = 2 * plane.ndim * unit(np.dtype(np.float64)) * sum(term.growth / total for term in terms)
    return float(lost + np.abs(rest).sum() / total + rounded)


ENGINE = Engine(
    name="separable",
    title="one-dimensional filters as shifted additions",
    arithmetics=(EXACT_FLOAT32, EXACT_FLOAT64, INT64),
    obstacle=_obstacle,
    work=_work,
    prepare=_prepare,
    loss=_loss,
    mixes=True,
)
