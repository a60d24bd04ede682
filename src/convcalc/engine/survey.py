"""What a small picture of an output needs, its range and a number for each area, without the output itself.

Sums of small whole numbers are held in 16 or 32 bits, in which a pass over a line takes a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, has_fractions
from convcalc.engine.algorithms import separable
from convcalc.engine.areas import Areas, Fold
from convcalc.engine.bounds import INT16, INT32, Arithmetic, whole_magnitude
from convcalc.engine.compute import Sums, planned_regions
from convcalc.engine.engine import not_dense
from convcalc.engine.plan import Plan
from convcalc.engine.threads import Scratch, long_work, share
from convcalc.engine.tile import Region, Tile, regions
from convcalc.limits import usable_cores
from convcalc.problem import Problem

_NARROW = (INT16, INT32)
_FLOAT64_WHOLE = 1 << 53
_CELLS = 1 << 19
"""Cells of a tile of a narrow type: its lines stay in the cache, and the calls of Python are few."""
_RANK = 2


class Survey(NamedTuple):
    """The least and the largest value of an output, and its areas."""

    low: Any
    high: Any
    areas: tuple[Areas, ...]
    """One for each requested size."""


def survey(
    problem: Problem,
    plan: Callable[[], Plan],
    steps: Sequence[tuple[int, int]],
    *,
    peaks: bool,
    largest_cell: Any,
    threads: int | None = None,
) -> Survey | None:
    """The survey of a 2-D problem of one sample without bias; None where only the whole output would tell.

    ``steps``: rows and columns of an area, for each size of picture. ``peaks``: as of :class:`Fold`. ``largest_cell``:
    the largest magnitude of the input. ``plan`` is called where the sums need floats.
    """
    if problem.rank != _RANK or problem.batch != 1 or any(problem.bias):
        return None

    def folds(dtype: np.dtype[Any]) -> list[Fold]:
        rows, columns = problem.output_size
        return [Fold((problem.out_channels, rows, columns), step, dtype, peaks=peaks) for step in steps]

    arithmetic = _narrow(problem, largest_cell)
    if arithmetic is None:
        return _by_engine(problem, plan(), folds)
    made = folds(arithmetic.dtype)
    _fold_narrow(problem, arithmetic, made, threads)
    return _found(made, problem.scale, is_exact=True)


def _narrow(problem: Problem, largest_cell: Any) -> Arithmetic | None:
    """The type that holds every sum on the way to an exact result, if 32 bits do."""
    if not problem.is_exact or problem.is_rational or has_fractions(problem.weight) or min(problem.scale) <= 0:
        return None
    if problem.groups != problem.in_channels or not_dense(problem):
        return None
    cells = max(int(largest_cell), abs(int(problem.boundary.value)), 1)
    growth = max(whole_magnitude(problem.weight), *map(separable.growth_of, problem.applied_weight[:, 0]), 1)
    return next((each for each in _NARROW if each.limit and cells * growth < each.limit), None)


def _fold_narrow(problem: Problem, arithmetic: Arithmetic, folds: Sequence[Fold], threads: int | None) -> None:
    run = separable.prepare(problem, arithmetic)
    rows, columns = problem.output_size
    tall = max(each.step[0] for each in folds)
    height = min(rows, max(1, _CELLS // (columns * tall)) * tall)
    tiles = [*regions(problem, 1, (height, columns))]

    def one(region: Region, scratch: Scratch) -> None:
        sums = scratch.array("sums", region.shape, arithmetic.dtype)
        run(Tile.of(problem, region, arithmetic), sums, scratch, _no_epilogue)
        for each in folds:
            each.take(sums[0], region)

    with long_work():
        share(one, tiles, min(threads or usable_cores(), len(tiles)))


def _no_epilogue(_part: Array, _filters: slice) -> None:
    """Nothing: scales are applied to the areas."""


def _by_engine(problem: Problem, plan: Plan, make: Callable[[np.dtype[Any]], list[Fold]]) -> Survey | None:
    """By the engine of a plan, tiles and bits as in a run; None where numbers are too large, or not finite."""
    sums = Sums(problem, plan)
    divisors = sums.epilogue.denominators
    if divisors is None or (plan.bound or 0) >= _FLOAT64_WHOLE:
        return None
    folds = make(sums.epilogue.dtype)

    def one(region: Region, scratch: Scratch) -> None:
        part = scratch.array("part", region.shape, sums.epilogue.dtype)
        sums.write(region, part, scratch)
        for each in folds:
            each.take(part[0], region)

    with long_work():
        share(one, planned_regions(problem, plan), plan.threads)
    if sums.not_finite:
        return None
    return _found(
        folds,
        [Fraction(1, each) for each in divisors] * (problem.out_channels // len(divisors)),
        is_exact=problem.is_exact,
    )


def _found(folds: Sequence[Fold], scale: Sequence[Fraction], *, is_exact: bool) -> Survey:
    areas = tuple(each.finished(np.array([float(factor) for factor in scale])) for each in folds)
    lows, highs = (
        [_scaled(*each, is_exact=is_exact) for each in zip(ends.tolist(), scale, strict=True)]
        for ends in (folds[0].lows, folds[0].highs)
    )
    return Survey(min(lows), max(highs), areas)


def _scaled(number: float, factor: Fraction, *, is_exact: bool) -> Any:
    """A sum times a factor, rounded once: whole where that is exact and nothing is divided, as an output is."""
    if not is_exact:
        return number
    product = int(number) * factor
    return int(product) if factor.denominator == 1 else float(product)
