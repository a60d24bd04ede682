"""Shifted additions in the cache: for kernels that are one or two products of one-dimensional filters.

Sobel, Gauss, box, Laplacian and the like, see :mod:`convcalc.engine.algorithms.factors`. The rows of a step are one
long line of numbers: a shift by a cell and a shift by a row are both a shift of the line, and cells that wrap around at
the ends of rows are never read. Nothing is copied; a tap of 0 costs nothing, and ±1 one addition.

Sums of one-dimensional filters are passes over whole lines of numbers, prepared once and run for every step.

Between two passes there is hardly any Python code: a thread that returns from NumPy while another holds the
interpreter's lock sleeps until it is free, and waking up takes longer than a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import prod
from operator import mul
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, are_finite, largest, plain, strided
from convcalc.engine.algorithms.factors import MOST_TERMS, Stage, Term, terms_of
from convcalc.engine.algorithms.slabs import Slabs
from convcalc.engine.bounds import (
    EPILOGUE,
    EXACT_FLOAT32,
    EXACT_FLOAT64,
    INT64,
    PYTHON,
    Arithmetic,
    roundings,
    tap_sums,
    unit,
)
from convcalc.engine.engine import CALL, Done, Engine, OfExactness, Run, Work, not_dense, not_finite, pass_seconds
from convcalc.engine.threads import Scratch
from convcalc.engine.tile import Region, Tile
from convcalc.engine.tiling import block_bytes, steps, tile_size
from convcalc.limits import bytes_text
from convcalc.problem import Problem

INPUT, OUTPUT = "input", "output"
_PART = "part"

Passes = Callable[[Array, Array], None]
"""Reads a line of input and writes an output of several axes."""


class Place(NamedTuple):
    """A line of numbers from a given cell on."""

    line: str
    """``input``, or the name of a line of scratch."""
    offset: int = 0

    def shifted(self, cells: int) -> Place:
        """The place ``cells`` further on."""
        return Place(self.line, self.offset + cells)


class Pass(NamedTuple):
    """One operation on whole lines."""

    operation: Callable[..., Any]
    left: Place
    right: Place | float
    target: str
    """The line that is written, from its first cell; ``output`` in the last pass."""
    lost: int
    """By how many cells the line is shorter than the input."""


class Window(NamedTuple):
    """The part of a line that becomes output: some cells of each of its rows."""

    first: int
    """The line's cell under the first output cell."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In bytes."""

    def of(self, line: Array) -> Array:
        """The window of a line, as a view."""
        return strided(line[self.first :], self.shape, self.strides)

    def shifted(self, cells: int) -> Window:
        """The window ``cells`` further on."""
        return self._replace(first=self.first + cells)


class _Chain(NamedTuple):
    """The stages so far: their passes, and the place of their result."""

    name: str
    place: Place = Place(INPUT)
    lost: int = 0
    passes: tuple[Pass, ...] = ()

    def after(self, stage: Stage, spread: int) -> _Chain:
        """The chain with one more stage, a weighted sum of shifted lines; a mere shift takes no pass."""
        lost = self.lost + stage.offsets[-1] * spread
        if stage.weights == (1,):
            return self._replace(place=self.place.shifted(stage.offsets[0] * spread), lost=lost)
        line = f"{self.name} odd" if self.place.line == f"{self.name} even" else f"{self.name} even"
        passes = tuple(_passes(stage, spread, self.place, line, lost))
        return self._replace(place=Place(line), lost=lost, passes=self.passes + passes)


def _passes(stage: Stage, spread: int, source: Place, line: str, lost: int) -> Iterator[Pass]:
    """The passes of a stage: taps of equal magnitude are summed, then multiplied; taps of ±1 are only added."""
    for number, (weight, ((first, _), *others)) in enumerate(stage.groups):
        target = _PART if number else line
        value = source.shifted(first * spread)
        for offset, sign in others:
            yield Pass(np.add if sign > 0 else np.subtract, value, source.shifted(offset * spread), target, lost)
            value = Place(target)
        is_multiplied = abs(weight) != 1 or (not number and (weight != 1 or not others))
        if is_multiplied:
            yield Pass(np.multiply, value, weight, target, lost)
            value = Place(target)
        if number:
            yield Pass(np.add if is_multiplied or weight > 0 else np.subtract, Place(line), value, line, lost)


def passes_of(terms: Sequence[Term], spreads: Sequence[int]) -> tuple[Pass, ...]:
    """The passes of a sum of at most two terms; ``spreads``: cells of a line from tap to tap of each axis."""
    chains = []
    for number, term in enumerate(terms):
        chain = _Chain(str(number))
        for stages, spread in zip(term.axes, spreads, strict=True):
            for stage in stages:
                chain = chain.after(stage, spread)
        chains.append(chain)
    passes = tuple(each for chain in chains for each in chain.passes)
    if not chains:
        return (Pass(np.subtract, Place(INPUT), Place(INPUT), OUTPUT, 0),)
    if len(chains) == 2:
        return (*passes, Pass(np.add, chains[0].place, chains[1].place, OUTPUT, 0))
    place = chains[0].place
    if passes and place.offset == 0:  # the last pass can write the output itself
        return (*passes[:-1], passes[-1]._replace(target=OUTPUT))
    return (*passes, Pass(np.multiply, place, 1, OUTPUT, 0))


def bind(passes: Sequence[Pass], length: int, window: Window, scratch: Scratch, dtype: np.dtype[Any]) -> Passes:
    """A function that runs the passes on an input line of ``length`` cells, with its lines in ``scratch``."""
    names = {each.target for each in passes[:-1]}
    lines = {name: scratch.array(f"line {name}", (length,), dtype) for name in names}

    def operand(place: Place | float, cut: Callable[[Array, int], Array]) -> Callable[[Array], Any]:
        if not isinstance(place, Place):
            number = dtype.type(place)
            return lambda _: number
        if place.line == INPUT:
            return lambda line: cut(line, place.offset)
        fixed = cut(lines[place.line], place.offset)
        return lambda _: fixed

    inner = []
    for each in passes[:-1]:

        def whole(line: Array, offset: int, cells: int = length - each.lost) -> Array:
            return line[offset : offset + cells]

        target = lines[each.target][: length - each.lost]
        inner.append((each.operation, operand(each.left, whole), operand(each.right, whole), target))
    last = passes[-1]
    left, right = (
        operand(each, lambda line, offset: window.shifted(offset).of(line)) for each in (last.left, last.right)
    )

    def run(line: Array, output: Array) -> None:
        for operation, first, second, target in inner:
            operation(first(line), second(line), out=target)
        last.operation(left(line), right(line), out=output)

    return run


_LINE = 1 << 20
"""Bytes of a line of rows: long enough for another thread to run meanwhile."""
_MOST_FILTERS, _MOST_BYTES = 32, 1 << 16


def prepare(problem: Problem, arithmetic: Arithmetic) -> Run:  # noqa: ARG001 - the signature of every engine
    """The function that computes tiles; a kernel that is no sum of few products is added up tap by tap."""
    planes = problem.applied_weight[:, 0]
    each = problem.out_channels // problem.groups

    @cache
    def passes(number: int, spreads: tuple[int, ...]) -> tuple[Pass, ...]:
        terms = terms_of(planes[number])
        return passes_of(*((terms, spreads) if terms is not None else ([_all_taps(planes[number], spreads)], (1,))))

    def run(tile: Tile, output: Array, scratch: Scratch, done: Done) -> list[Region]:
        slabs = Slabs(tile, scratch)
        finite = True
        for place, number in enumerate(tile.region.filters):
            channels = range(number // each, number // each + 1)
            bound: dict[int, Passes] = {}
            for step in steps(tile.size[0], _LINE // max(1, slabs.row_bytes)):
                rows, target = slabs.under(step, channels)[0], output[0, place, step]
                if len(target) not in bound:
                    window = Window(slabs.first, target.shape, rows.strides)
                    bound[len(target)] = bind(passes(number, slabs.spreads), rows.size, window, scratch, rows.dtype)
                bound[len(target)](rows.reshape(-1), target)
                finite = finite and are_finite(target)  # an inf or nan that is read stays one in every sum
                done(output[:, place : place + 1, step], slice(number, number + 1))
        return [] if finite else [tile.region]

    return run


def _all_taps(plane: Array, spreads: Sequence[int]) -> Term:
    """The kernel plane, (*kernel_size), as one filter along the line."""
    taps = sorted((sum(map(mul, place, spreads)), plain(plane[place])) for place in zip(*plane.nonzero(), strict=True))
    return Term(((Stage(*zip(*((int(offset), weight) for offset, weight in taps), strict=True)),),))


def growth_of(plane: Array) -> float:
    """How many times the largest cell the sums on the way can become; plane: (*kernel_size)."""
    terms = terms_of(plane)
    return float(np.abs(plane).sum()) if terms is None else sum(term.growth for term in terms)


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
    """The error of the filter whose factors are largest relative to its weights: cancellation leaves their rounding.

    The error of a term: its roundings times the product of Σ|weight| of its stages, plus the difference between its
    factors' product and the kernel.
    """
    sums = tap_sums(problem.applied_weight).sum(axis=1)
    filters = zip(problem.applied_weight[:, 0], sums, strict=True)
    epilogue = roundings(EPILOGUE, arithmetic.dtype)
    return max(
        epilogue, *(_filter_loss(plane, arithmetic, float(total)) for plane, total in filters if total), epilogue
    )


def _filter_loss(plane: Array, arithmetic: Arithmetic, total: float) -> float:
    """The error as a share of ``total``, Σ|weight|, which may be so small that every error is lost in it."""
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
    prepare=prepare,
    loss=_loss,
    mixes=True,
)
