"""The verdict on a problem: every engine, tile and number of threads beside the exact answer, traces beside the run."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from cases import retiled
from convcalc import ENGINES, Plan, Problem, Result, compute, conv, make_plan, trace_at, traces
from convcalc.engine.compute import Cells
from convcalc.errors import EngineError
from convcalc.layers.uses import uses_of
from convcalc.tracing.adjoint import transposed
from differential.exact import Answer, answer
from differential.problems import Case, Rng, choice

FEW_TERMS = 3000
"""MACs up to which every cell is traced."""


class Fault(NamedTuple):
    """One cell that is not what it must be."""

    what: str
    """Who made it, such as "engine fft"."""
    place: tuple[int, ...]
    got: Any
    wanted: Any
    allowed: Any = 0

    def __str__(self) -> str:
        within = f" within {self.allowed:.3g}" if self.allowed else ""
        return f"{self.what}: cell {list(self.place)} is {self.got!r}, must be {self.wanted!r}{within}"


def answer_of(case: Case) -> Answer:
    """The exact answer of a case."""
    options = {name: value for name, value in case.options.items() if name != "dtype"}
    return answer(case.cells, case.weight, case.bias, scale=case.scale, **options)


def allowed(problem: Problem, plan: Plan, right: Answer) -> Any:
    """How far floats may be off in each cell by what the plan says: (batch, out_channels, *spatial).

    A share of what the cell could come to: Σ|weight| times the largest magnitude in its own window, times |scale|, plus
    |bias|. Below the normal numbers each rounding may lose a whole smallest one.
    """
    info = np.finfo(problem.dtype.value)
    column = (1, -1, *(1,) * problem.rank)
    scale, bias = (np.abs(np.array(list(map(float, each)))).reshape(column) for each in (right.scale, right.bias))
    roundings = plan.error / float(info.eps)
    with np.errstate(over="ignore", invalid="ignore"):
        could = right.reach * scale + bias
        return plan.error * could + 2 * roundings * float(info.smallest_subnormal) * np.maximum(1, scale)


def differing(what: str, output: Any, problem: Problem, plan: Plan, right: Answer) -> Iterator[Fault]:
    """The first cell of an output that is not the exact answer: the same number, or for floats within the bound."""
    if output.shape != right.shape:
        yield Fault(f"{what}: the shape", (), output.shape, right.shape)
    elif problem.is_exact:
        yield from _unequal(what, output, right, fractions=problem.dtype == "exact")
    else:
        if output.dtype != problem.dtype.value:
            yield Fault(f"{what}: the dtype", (), output.dtype, problem.dtype.value)
        yield from _far(what, output, problem, plan, right)


def _unequal(what: str, output: Any, right: Answer, *, fractions: bool) -> Iterator[Fault]:
    exact = right.exact
    if not fractions and any(value.denominator != 1 for value in exact.flat):
        if output.dtype != np.float64:
            yield Fault(f"{what}: the dtype", (), output.dtype, "float64")
        exact = right.rounded
    wrong = np.argwhere(np.asarray(output != exact, dtype=bool))
    for place in wrong[:1]:
        yield Fault(what, tuple(map(int, place)), output[tuple(place)], exact[tuple(place)])


def _far(what: str, output: Any, problem: Problem, plan: Plan, right: Answer) -> Iterator[Fault]:
    """Cells that overflow on the way, as the definition may, can be anything; cells that read inf or nan are IEEE's."""
    most, bound = float(np.finfo(output.dtype).max), allowed(problem, plan, right)
    with np.errstate(all="ignore"):
        difference = np.abs(output.astype(float) - right.rounded)
        wrong = ~(difference <= bound + np.finfo(float).eps * np.abs(right.rounded))
        wrong &= on_the_way(problem, right) < most
        special = right.special
        wrong = np.where(special == 0, wrong, (output != special) & ~(np.isnan(output) & np.isnan(special)))
    for place in map(tuple, np.argwhere(wrong)[:1].tolist()):
        wanted = right.rounded[place] if special[place] == 0 else special[place]
        yield Fault(what, place, float(output[place]), float(wanted), float(bound[place]))


def on_the_way(problem: Problem, right: Answer) -> Any:
    """The largest number that may be met on the way to a cell: rational weights are whole ones times a scale."""
    column = (1, -1, *(1,) * problem.rank)
    given, made = (np.array(list(map(float, each))).reshape(column) for each in (right.scale, problem.scale))
    numerators = [max(1.0, abs(float(each.numerator))) for each in problem.scale]  # divided only then
    bias = np.array([abs(float(each)) for each in right.bias]).reshape(column)
    with np.errstate(over="ignore"):
        sums = right.magnitude * np.abs(given / made)
        return np.maximum(sums, right.magnitude) * np.array(numerators).reshape(column) * 1.01 + bias


def faults_of(case: Case, rng: Rng) -> Iterator[Fault]:
    """Everything about a case that is not as it must be."""
    right, problem = answer_of(case), case.problem()
    runs = {}
    for name in ("auto", *ENGINES):
        for precision in ("full", "fast") if name == "auto" else ("full",):
            try:
                plan = make_plan(problem, name, precision=precision)
            except EngineError:
                continue
            found = compute(problem, plan)
            what = f"engine {name}, precision {precision}"
            yield from differing(what, found.output, problem, plan, right)
            yield from _finite(what, found.is_finite, found.output)
            runs[name] = found
            if name != "auto" and rng.random() < 0.3:
                yield from _tiled(what, problem, plan, right, rng)
    yield from _threaded(problem, rng)
    if case.scale is None and case.options["dtype"] == "auto":
        yield from _called(case, runs["auto"].output)
    for run in (runs["auto"], choice(rng, *runs.values())):
        yield from _traced(problem, right, run, rng)
    if problem.input.size and right.special.any() == 0:
        yield from _used(problem, rng)


def _finite(what: str, is_finite: bool, output: Any) -> Iterator[Fault]:
    if is_finite and output.dtype.kind == "f" and not np.isfinite(output).all():
        place = tuple(map(int, np.argwhere(~np.isfinite(output))[0]))
        yield Fault(f"{what} is surely finite", place, float(output[place]), "a finite number")


def _tiled(what: str, problem: Problem, plan: Plan, right: Answer, rng: Rng) -> Iterator[Fault]:
    """Tiles of another size are the same problem."""
    size = tuple(int(rng.integers(1, cells + 1)) for cells in problem.output_size)
    other = retiled(plan, size, border_apart=bool(rng.random() < 0.5))
    output = compute(problem, other._replace(threads=int(rng.integers(1, 3)))).output
    yield from differing(f"{what}, tiles of {size}", output, problem, plan, right)


def _called(case: Case, output: Any) -> Iterator[Fault]:
    """``conv`` makes the same bits of the arrays as they are, and of a lone sample without the batch axis."""
    options = {name: value for name, value in case.options.items() if name != "dtype"}
    cells, wanted = (case.cells[0], output[0]) if len(case.cells) == 1 else (case.cells, output)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the output is too large for its floats", RuntimeWarning)
        made = conv(cells, case.weight, case.bias, **options)
    if made.dtype != wanted.dtype or made.shape != wanted.shape:
        yield Fault("conv: dtype and shape", (), (made.dtype, made.shape), (wanted.dtype, wanted.shape))
    else:
        yield from _other_bits("conv", made, wanted)


def _other_bits(what: str, made: Any, wanted: Any) -> Iterator[Fault]:
    """The first cell that is not the same number; nan is nan."""
    differ = np.asarray((made != wanted) & ~((made != made) & (wanted != wanted)), bool)  # noqa: PLR0124
    for place in map(tuple, np.argwhere(differ)[:1].tolist()):
        yield Fault(what, place, made[place], wanted[place])


def _threaded(problem: Problem, rng: Rng) -> Iterator[Fault]:
    """One thread and two make the same bits."""
    plan = make_plan(problem, choice(rng, "auto", "direct"))
    one, two = (compute(problem, plan._replace(threads=count)).output for count in (1, 2))
    yield from _other_bits(f"engine {plan.engine}, two threads", two, one)


def _traced(problem: Problem, right: Answer, run: Result, rng: Rng) -> Iterator[Fault]:
    """Traces of a few cells come to the exact answer and agree with the run; together they count the MACs."""
    cells = Cells(problem, run.plan)
    for place in _some_places(right.shape, rng):
        trace = trace_at(problem, place[2:], place[1], place[0], lost=run.plan.error)
        value = run.output[place]
        if not trace.agrees(value):
            yield Fault(f"trace: disagrees with engine {run.plan.engine}", place, trace.total, value)
        if problem.dtype == "exact" and trace.total != right.at(place):
            yield Fault("trace", place, trace.total, right.at(place))
        alone = cells.at(place[0], place[1], place[2:])
        if alone != value and not (alone != alone and value != value):  # noqa: PLR0124 - nan alone does
            yield Fault(f"one cell alone by engine {run.plan.engine}", place, alone, value)
    if problem.macs <= FEW_TERMS:
        terms = sum(len(each.terms) for each in traces(problem))
        if terms != problem.macs:
            yield Fault("MACs", (), problem.macs, terms)


def _some_places(shape: tuple[int, ...], rng: Rng) -> list[tuple[int, ...]]:
    """All cells of a very small output, or a few."""
    if np.prod(shape) <= 4:
        return [*product(*map(range, shape))]
    return [tuple(int(rng.integers(size)) for size in shape) for _ in range(3)]


def _used(problem: Problem, rng: Rng) -> Iterator[Fault]:
    """What a cell reaches is what the transposed convolution of ones brings back to it."""
    if not problem.output_size or 0 in problem.output_shape:
        return
    place = tuple(int(rng.integers(size)) for size in problem.input.shape)
    uses = uses_of(problem, place[2:], place[1], place[0])
    back = transposed(problem, np.ones(problem.output_shape, dtype=np.int64))[place]
    if problem.is_exact:
        if uses.total != back:
            yield Fault("uses: total weight", place, uses.total, back)
        return
    terms = problem.counts.weights * max(1, uses.count)
    with np.errstate(all="ignore"):
        size = float(np.abs(uses.weights).max(initial=0)) + float(np.abs(problem.weight.astype(float)).max(initial=0))
        bound = terms * float(np.finfo(float).eps) * size * max(1.0, *(abs(float(each)) for each in problem.scale))
    if np.isfinite(bound) and not abs(float(uses.total) - float(back)) <= bound:
        yield Fault("uses: total weight", place, float(uses.total), float(back), bound)
