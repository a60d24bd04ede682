"""convcalc as a contender: what a caller of ``conv`` gets, and each engine by itself."""

from __future__ import annotations

from functools import partial

import numpy as np

from convcalc.api import conv
from convcalc.bench.contender import Call, Contender, float_arrays, no_obstacle
from convcalc.engine.bounds import sum_bound
from convcalc.engine.candidate import Precision, weigh
from convcalc.engine.compute import compute
from convcalc.engine.plan import make_plan
from convcalc.engine.table import ENGINES
from convcalc.problem import Problem

MOST_SECONDS = 10
"""Of one call; whoever would take longer does not take part."""


def too_long(seconds: float) -> str | None:
    """The obstacle of a contender whose call takes so long, or None."""
    return f"would take about {seconds:,.0f} s a call" if seconds > MOST_SECONDS else None


def _prepare_conv(problem: Problem, threads: int, *, precision: Precision) -> Call:
    """Everything that ``conv`` does, its checks and its plan included."""
    if problem.is_exact:
        scale = np.array(problem.scale, dtype=object).reshape(-1, *[1] * (problem.rank + 1))
        cells, weight = problem.input, problem.applied_weight
        weight = weight * scale if set(problem.scale) != {1} else weight
    else:
        cells, weight = float_arrays(problem)
    return partial(
        conv,
        cells,
        weight,
        list(problem.bias) if problem.has_bias else None,
        stride=problem.axes.strides,
        padding=problem.axes.pads,
        dilation=problem.axes.dilations,
        groups=problem.groups,
        boundary=problem.boundary,
        precision=precision.value,
        threads=threads,
    )


def _prepare_engine(problem: Problem, threads: int, *, engine: str) -> Call:
    plan = make_plan(problem, engine, threads=threads)
    return lambda: compute(problem, plan).output


def _engine_obstacle(problem: Problem, threads: int, *, engine: str) -> str | None:
    candidate = weigh(problem, ENGINES[engine], sum_bound(problem))
    return candidate.obstacle or too_long(make_plan(problem, engine, threads=threads).seconds)


CONV = {
    precision: Contender(
        "convcalc" if precision is Precision.FULL else f"convcalc-{precision}",
        partial(_prepare_conv, precision=precision),
        no_obstacle,
    )
    for precision in Precision
}
"""``conv`` at each precision."""

ENGINES_ALONE = tuple(
    Contender(name, partial(_prepare_engine, engine=name), partial(_engine_obstacle, engine=name)) for name in ENGINES
)
