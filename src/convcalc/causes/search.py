"""The search: sizes prune placements, cells inside prune kernels, cells at the edges borders, all cells decide.

Hypotheses are tried by how many changes they have; a sample of the cells is measured for each, so that combinations
cost a product of small matrices. Factors, offsets and types are read off the numbers (:mod:`convcalc.causes.finishes`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import prod
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, is_exact, unwarned
from convcalc.causes.bench import Bench, Measured
from convcalc.causes.borders import MIXED, RULES, Border, EdgeRule
from convcalc.causes.finishes import Finish, Line, Sample, factors_of, finishes_of, lines_of
from convcalc.causes.hypotheses import MOST_CHANGES, Found, Hypothesis, Question
from convcalc.causes.sums import edges_of, every_sum

_MOST_TELLING = 2048
"""Cells of a matrix from which roundings and the ends of types are told, before all decide."""
_MOST_FITS = 400
"""Hypotheses of a level that are looked at closer."""
_MOST_FOUND = 64
"""Causes after which no more are looked for: the matrix tells too little."""
_MOST_UNNAMED = 2
"""Changes before a factor or an offset that no convention has."""


class Searched(NamedTuple):
    """What gives every cell of a matrix."""

    found: tuple[Found, ...]
    """Those of the fewest changes; empty where nothing does."""
    others: tuple[Found, ...] = ()
    """Where nothing need be changed: the single changes after which nothing differs either."""


def search_causes(question: Question) -> Searched:
    """What gives every cell of a matrix, of the fewest changes; factors that no convention has come last."""
    with unwarned():
        bench = Bench(question, RULES)
        found = _searched(question, bench, MOST_CHANGES, unnamed=False)
        if found and not found[0].rank[0]:
            singles = [each for each in _level(question, bench, 1, unnamed=False) if each.rank[:2] == (1, 0)]
            return Searched(tuple(found), tuple(singles))
        if not found:
            found = _searched(question, Bench(question, MIXED), MOST_CHANGES, unnamed=False)
        return Searched(tuple(found or _searched(question, bench, _MOST_UNNAMED, unnamed=True)))


def _searched(question: Question, bench: Bench, most: int, *, unnamed: bool) -> list[Found]:
    best: list[Found] = []
    for level in range(most + 1):
        for found in _level(question, bench, level, unnamed=unnamed):
            if not best or found.rank < best[0].rank:
                best = [found]
            elif found.rank == best[0].rank:
                best.append(found)
            if len(best) == _MOST_FOUND:
                return best
        if best and best[0].rank[0] <= level:
            break
    return best


def _level(question: Question, bench: Bench, level: int, *, unnamed: bool) -> Iterator[Found]:
    """Everything exact with so many changes before the border and the finish."""
    fits = bench.fitting(question.views, level)
    for measured, number, hypothesis in islice(fits, _MOST_FITS):
        yield from confirmed(question, bench, measured, number, hypothesis, unnamed=unnamed)


def confirmed(
    question: Question, bench: Bench, measured: Measured, number: int, hypothesis: Hypothesis, *, unnamed: bool
) -> Iterator[Found]:
    """The borders and finishes with which a hypothesis gives every cell."""
    for note, slack in question.slacks.items():
        sample, lines = sampled_lines(question, measured, number, slack, unnamed=unnamed)
        exact = [
            found
            for border in _borders(bench, measured, number, sample, lines)
            for found in _exact(question, hypothesis._replace(border=border), lines, note, slack)
        ]
        if exact:
            yield from exact
            return


def sampled_lines(
    question: Question, measured: Measured, number: int, slack: float, *, unnamed: bool
) -> tuple[Sample, list[Line]]:
    """A sample with the lines from its sums to its cells."""
    cells, mix = measured.cells, measured.view.mix
    whole = measured.view.given.is_whole
    sample = Sample(measured.sums[number], cells.values, cells.free, slack, question.tie, whole).known
    taps = prod(measured.kernels.weights.shape[-mix.rank :])
    return sample, lines_of(sample, mix, factors_of(mix, taps), unnamed=unnamed)


def _borders(bench: Bench, measured: Measured, number: int, sample: Sample, lines: list[Line]) -> Iterator[Border]:
    """The borders that a sample of the edges allows."""
    placement, view = measured.placement, measured.view
    edges = bench.sampler(view).edges(placement) if measured.cells.is_inside else None
    if not lines:
        return
    if edges is None:
        yield measured.border
        return
    for border in bench.borders:
        if border.rule is not EdgeRule.EXTENDED:
            yield border
            continue
        stage = bench.stage(view, border, [placement])
        sums = stage.sums(measured.kernel(number), placement, edges.positions)[0]
        if finishes_of(sample.with_more(sums, edges.values, edges.free), lines):
            yield border


def _exact(question: Question, hypothesis: Hypothesis, lines: list[Line], note: str, slack: float) -> Iterator[Found]:
    """The finishes that give every cell of the whole matrix."""
    view = hypothesis.view
    sums = every_sum(view.mix, hypothesis.kernel, hypothesis.placement, hypothesis.border)
    for finish in finishes_of(_telling(question, hypothesis, sums, slack), lines):
        if agreeing(question, hypothesis, sums, finish, slack).all():
            yield Found(hypothesis, finish, note)


def _telling(question: Question, hypothesis: Hypothesis, sums: Array, slack: float) -> Sample:
    """Cells from everywhere, with those of the least and the largest sums, where the ends of a type show."""
    given = hypothesis.view.given
    edges = edges_of(hypothesis.view.mix, hypothesis.placement, hypothesis.border, sums.shape)
    usable = given.known if edges is None else given.known & ~edges[0]
    places = np.flatnonzero(usable.all(1).ravel())  # of (batch, *spatial)
    last, cells, free = (
        np.moveaxis(each, 1, -1).reshape(-1, each.shape[1])
        for each in (sums.astype(np.float64), given.floats, given.known & ~given.clipped)
    )
    if len(places) > _MOST_TELLING:
        totals = last[places]
        ends = [places[totals.argmin(0)], places[totals.argmax(0)]]
        places = np.concatenate([places[:: len(places) // _MOST_TELLING], *ends])
    return Sample(last[places], cells[places], free[places], slack, question.tie, given.is_whole)


def agreeing(question: Question, hypothesis: Hypothesis, sums: Array, finish: Finish, slack: float) -> Array:
    """Which cells (batch, channels, *spatial) of the view's matrix a finish of the sums gives."""
    given = hypothesis.view.given.cells
    edges = edges_of(hypothesis.view.mix, hypothesis.placement, hypothesis.border, sums.shape)
    if edges is None and finish.is_plain and is_exact(sums) and is_exact(given) and not finish.offset.value.any():
        return np.asarray(sums == given)
    last, cells = (np.moveaxis(each, 1, -1).astype(np.float64) for each in (sums, given))
    same = finish.agrees(last, cells, slack, question.tie)
    same = np.moveaxis(same | (np.isnan(last) & np.isnan(cells)), -1, 1)
    if edges is not None:
        marks, values = edges
        is_nan = np.isnan(values) & np.isnan(given) if hypothesis.border.rule is EdgeRule.NAN else False
        same = np.where(marks, (values == given) | is_nan, same)
    return np.asarray(same)
