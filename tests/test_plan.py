"""The plan: which engine is chosen and why, in which pieces, and what it says it will take."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from cases import CASES, KINDS, OBSTACLE, Case, Kind, kinds_of, obstacle_of, problem_of, retiled, takers, within
from convcalc import ENGINES, build_problem, compute, make_plan
from convcalc.engine import plan as planner
from convcalc.engine.engine import WORKSPACE
from convcalc.engine.tile import region_count, regions
from convcalc.errors import EngineError, FieldError, UnknownNameError

FILLED = [(case, kind) for case in CASES for kind in kinds_of(case) if not kind.needs_python]
FLOAT32 = next(kind for kind in KINDS if kind.name == "float32")


def drawn(cells: tuple[int, ...], weight: tuple[int, ...], dtype: str = "float32", **options: Any) -> Any:
    """A problem with normal numbers, whole ones from −99 to 99 for whole dtypes."""
    rng = np.random.default_rng([*cells, *weight])
    draw = rng.normal if np.dtype(dtype).kind == "f" else lambda size: rng.integers(-99, 100, size)
    return build_problem(draw(size=cells).astype(dtype), draw(size=weight).astype(dtype), **options)


PROBLEMS = {
    "channels": drawn((1, 64, 56, 56), (64, 64, 3, 3), padding=1),
    "channels-float64": drawn((1, 32, 40, 40), (32, 32, 3, 3), "float64", padding=1),
    "channels-int16": drawn((1, 16, 40, 40), (32, 16, 3, 3), "int16", padding=1),
    "batch": drawn((4, 16, 30, 30), (16, 16, 3, 3)),
    "image-3": drawn((1, 1, 200, 300), (1, 1, 3, 3), padding=1),
    "image-9": drawn((1, 1, 200, 300), (1, 1, 9, 9), padding="same", boundary="reflect"),
    "image-31": drawn((1, 1, 150, 131), (1, 1, 31, 31), padding="same"),
    "image-stride": drawn((1, 3, 224, 224), (32, 3, 7, 7), stride=2, padding=3),
    "image-int8": drawn((1, 1, 300, 200), (1, 1, 5, 5), "int16", padding=2),
    "pointwise": drawn((1, 128, 28, 28), (64, 128, 1, 1)),
    "depthwise": drawn((1, 64, 56, 56), (64, 1, 3, 3), groups=64, padding=1),
    "groups": drawn((1, 32, 28, 28), (64, 8, 3, 3), groups=4, padding=1),
    "signal": drawn((1, 1, 40_000), (1, 1, 201), padding="same"),
    "signal-channels": drawn((1, 32, 2000), (32, 32, 3), padding=1),
    "volume": drawn((1, 4, 20, 24, 28), (8, 4, 3, 3, 3), padding=1),
    "dilation": drawn((1, 16, 40, 40), (16, 16, 3, 3), dilation=2, padding="same"),
}
"""Problems that are worth weighing the engines."""

large = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)


def test_the_planner_gives_its_reasons() -> None:
    """The reason says whether there was a choice; a small problem is weighed only for who asks."""
    small = build_problem([[[1, 2, 3]]], [[[1, 1]]])
    rational = build_problem(np.array([[[Fraction(1, 2)]]], dtype=object), [[[1]]])
    python = build_problem(np.full((1, 1, 30_000), 10**30, dtype=object), [[[1, 1]]])
    assert (make_plan(small).engine, make_plan(small).reason) == ("gemm", "the problem is small")
    assert (make_plan(rational).engine, make_plan(rational).reason) == ("direct", "the problem is small")
    assert (make_plan(python).engine, make_plan(python).reason) == ("direct", "the only one that can")
    assert make_plan(PROBLEMS["channels"]).reason == "least estimated time"
    for problem in (small, rational, python):
        for name in takers(problem):
            assert make_plan(problem, name).reason == "asked for"
        assert [each.name for each in make_plan(problem, explain=True).candidates] == list(ENGINES)
        assert make_plan(problem, explain=True)._replace(candidates=()) == make_plan(problem)._replace(candidates=())
    assert make_plan(small).candidates == ()
    assert make_plan(small, "direct").candidates == ()


def test_candidates_say_why_not() -> None:
    """Every candidate has the obstacle of its engine and its work only where there is none."""
    rational = build_problem(np.array([[[Fraction(1, 2)]]], dtype=object), [[[1]]])
    candidates = {each.name: each for each in make_plan(rational, explain=True).candidates}
    assert candidates["direct"].obstacle is None
    assert candidates["gemm"].obstacle == OBSTACLE
    for problem in (rational, *PROBLEMS.values()):
        for each in make_plan(problem, explain=True).candidates:
            assert each.obstacle == obstacle_of(problem, each.name)
            assert (each.work is None) == bool(each.obstacle)
            assert (each.seconds == float("inf")) == bool(each.obstacle)
            assert (each.error is None) == bool(each.obstacle)
            assert each.obstacle or (each.error == 0) == problem.is_exact


@large
@pytest.mark.parametrize("precision", ["full", "fast"])
def test_the_planner_takes_the_least_estimated_time(problem: Any, precision: str) -> None:
    """Of the engines that can, are precise enough and have room, the cheapest is taken."""
    plan = make_plan(problem, precision=precision)
    allowed = {"full": (4, 256), "fast": (256, 4096)}[precision][problem.dtype == "float64"]
    able = [
        each
        for each in plan.candidates
        if each.work
        and each.work.tile_bytes + each.work.shared_bytes <= WORKSPACE
        and (problem.is_exact or each.times <= allowed)
    ]
    best = min(able, key=lambda each: each.seconds)
    assert plan.engine == best.name
    assert plan.error == best.error
    assert plan.seconds == pytest.approx(best.seconds / plan.threads)


def test_more_than_one_engine_is_chosen() -> None:
    """The estimates differ enough that several engines are the best at something."""
    assert len({make_plan(problem).engine for problem in PROBLEMS.values()}) >= 4


@pytest.mark.parametrize("case", [case for case in CASES if case.input[0]], ids=str)
def test_asked_for_or_not_the_plan_of_an_engine_is_the_same(case: Case) -> None:
    """Asking for an engine gives its candidate's work: tiles, seconds and multiplications."""
    problem = problem_of(case, FLOAT32)
    for candidate in make_plan(problem, explain=True).candidates:
        if candidate.work:
            plan = make_plan(problem, candidate.name, threads=1)
            work = candidate.work
            assert (plan.work.tile_filters, plan.tile_size) == (work.tile_filters, work.tile_size)
            assert (plan.seconds, plan.work.multiplications) == (work.seconds, work.multiplications)
            assert plan.workspace_bytes == work.tile_bytes + work.shared_bytes
            assert 0 < plan.seconds < 1
            assert isinstance(plan.work.multiplications, int)


@pytest.mark.parametrize(("case", "kind"), FILLED, ids=["-".join(map(str, row)) for row in FILLED])
def test_the_plan_counts_its_tiles(case: Case, kind: Kind) -> None:
    """``tile_count`` is the number of regions, which cover every output cell exactly once, whatever their size."""
    problem = problem_of(case, kind)
    for engine in takers(problem):
        plan = make_plan(problem, engine)
        made = list(regions(problem, plan.work.tile_filters, plan.tile_size, border_apart=plan.work.border_apart))
        assert len(made) == plan.tile_count
        assert_covers(problem, made)
    for size in ((2,) * problem.rank, (1,) * problem.rank, problem.output_size):
        for filters in (1, problem.out_channels):
            for apart in (False, True):
                made = list(regions(problem, filters, size, border_apart=apart))
                assert len(made) == region_count(problem, filters, size, border_apart=apart)
                assert_covers(problem, made)


def assert_covers(problem: Any, made: Any) -> None:
    """Every output cell lies in exactly one region, and no region is empty."""
    covered = np.zeros(problem.output_shape, int)
    for region in made:
        assert min(region.shape) > 0
        assert covered[region.cut].shape == region.shape
        covered[region.cut] += 1
    np.testing.assert_array_equal(covered, 1)


@large
def test_only_regions_apart_reach_into_the_padding(problem: Any) -> None:
    """With ``border_apart`` the windows of a region lie inside the input on all axes or it is a border."""
    inner = 0
    for region in regions(problem, problem.out_channels, problem.output_size, border_apart=True):
        spans = [axis.span(cells) for axis, cells in zip(problem.axes, region.spatial, strict=True)]
        inside = [span[0] >= 0 and span[-1] < size for span, size in zip(spans, problem.spatial_size, strict=True)]
        inner += all(inside)
    assert inner == problem.batch


@large
def test_tiles_stay_within_the_workspace(problem: Any) -> None:
    """What a plan takes beside input and output stays below 64 MiB; its memory is all three together."""
    for engine in takers(problem):
        for threads in (1, 2, 8):
            plan = make_plan(problem, engine, threads=threads)
            assert 0 <= plan.workspace_bytes <= WORKSPACE
            assert 1 <= plan.threads <= min(threads, plan.tile_count)
            item = 8 if problem.is_exact else plan.arithmetic.itemsize
            assert plan.memory_bytes == (
                problem.input.nbytes + plan.workspace_bytes + item * int(np.prod(problem.output_shape))
            )


HUGE: list[tuple[Any, Any, dict[str, Any]]] = [
    ((1, 1, 20_000, 20_000), (1, 1, 3, 3), {"padding": 1}),
    ((1, 1, 20_000, 20_000), (1, 1, 31, 31), {"padding": 15, "boundary": "circular"}),
    ((1, 3, 9_000, 9_000), (64, 3, 7, 7), {"stride": 2}),
    ((1, 512, 1024, 1024), (512, 512, 3, 3), {"padding": 1}),
    ((1, 2048, 64, 64), (2048, 2048, 3, 3), {"padding": 1}),
    ((1, 1024, 256, 256), (1024, 1, 3, 3), {"padding": 1, "groups": 1024}),
    ((1, 1, 10**9), (1, 1, 1001), {}),
    ((64, 3, 2000, 2000), (8, 3, 5, 5), {}),
    ((1, 8, 500, 500, 500), (8, 8, 3, 3, 3), {"padding": 1}),
    ((1, 1, 3, 10**8), (1, 1, 3, 3), {"padding": 1}),
    ((1, 1, 10**8, 3), (1, 1, 5, 5), {"padding": 2, "boundary": "reflect"}),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize(("cells", "weight", "options"), HUGE, ids=[str(row[:2]) for row in HUGE])
def test_a_plan_for_a_huge_problem_takes_little(cells: Any, weight: Any, options: Any, dtype: Any) -> None:
    """However large the input, it is cut into tiles of at most 64 MiB beside each other, and planned in no time."""
    problem = build_problem(np.broadcast_to(dtype(1), cells), np.broadcast_to(dtype(1), weight), **options)
    with within(3):
        plan = make_plan(problem)
    assert plan.workspace_bytes <= WORKSPACE
    assert plan.tile_count > 1


def test_threads_are_as_many_as_asked_for_and_useful() -> None:
    """A small problem takes one thread; a large one as many as asked for, but no more than it has tiles."""
    assert make_plan(build_problem([[[1, 2]]], [[[1]]]), threads=8).threads == 1
    for engine in takers(PROBLEMS["channels"]):
        plans = [make_plan(PROBLEMS["channels"], engine, threads=count) for count in (1, 2, 3)]
        assert [plan.threads for plan in plans] == [min(count, plans[0].tile_count) for count in (1, 2, 3)]
        assert plans[0].tile_count > 1
        assert len({(plan.tile_size, plan.work.tile_filters) for plan in plans}) == 1
        np.testing.assert_allclose([plan.seconds * plan.threads for plan in plans], plans[0].seconds, rtol=1e-12)


@pytest.mark.parametrize("threads", [0, -1, 1.5, "two", True])
def test_threads_that_are_no_count_are_refused(threads: Any) -> None:
    """The number of threads is a whole number from 1."""
    with pytest.raises(FieldError, match="threads must be a whole number >= 1"):
        make_plan(PROBLEMS["channels"], threads=threads)


def test_unknown_precision_lists_the_known_ones() -> None:
    """A precision that is none is refused with both that are."""
    with pytest.raises(UnknownNameError) as error:
        make_plan(PROBLEMS["channels"], precision="exact")
    assert str(error.value) == "unknown precision 'exact' (one of: fast, full)"
    assert error.value.field == ("precision",)


@large
def test_an_engine_that_cannot_is_never_taken(problem: Any) -> None:
    """Asking for an engine with an obstacle is an error that names both."""
    for engine in ENGINES:
        obstacle = obstacle_of(problem, engine)
        if obstacle:
            with pytest.raises(EngineError) as error:
                make_plan(problem, engine)
            assert error.value.message == f"engine {engine} cannot take this problem: {obstacle}"
            assert obstacle[-1] not in ".!"
            assert obstacle[0].islower()


@pytest.mark.parametrize("engine", ENGINES)
def test_progress_is_told_after_every_tile(engine: str) -> None:
    """The callback gets the tiles done, counting from 1, and the tiles in all; the result keeps its plan."""
    for taps in ((1, 1), (3, 3), (2, 2)):
        problem = build_problem(np.arange(70.0).reshape(2, 1, 5, 7), np.ones((1, 1, *taps)))
        if obstacle_of(problem, engine):
            continue
        count = region_count(problem, 1, (2, 3))
        plan = retiled(make_plan(problem, engine, threads=1), (2, 3), tile_count=count, border_apart=False)
        calls: list[tuple[int, int]] = []
        result = compute(problem, plan, progress=lambda done, total: calls.append((done, total)))  # noqa: B023
        assert calls == [(done, count) for done in range(1, count + 1)]
        assert result.plan is plan


def variants() -> dict[str, Any]:
    """Problems of one geometry whose numbers alone decide which engines can take them."""
    cells, ones = np.random.default_rng(1).normal(size=(1, 1, 150, 150)), np.ones((1, 1, 3, 3))
    random, infinite, huge = np.random.default_rng(2).normal(size=(1, 1, 3, 3)), ones.copy(), ones * 1e20
    infinite[0, 0, 1, 1] = np.inf
    whole = np.arange(22_500).reshape(1, 1, 150, 150)
    return {
        "box": build_problem(cells, ones, padding=1),
        "random": build_problem(cells, random, padding=1),
        "infinite": build_problem(cells, infinite, padding=1),
        "huge": build_problem(cells, huge, padding=1),
        "boundary": build_problem(cells, random, padding=1, boundary=7.5),
        "boundary-among-larger-cells": build_problem(cells * 10, random, padding=1, boundary=7.5),
        "infinite-boundary": build_problem(cells, ones, padding=1, boundary=np.inf),
        "flip": build_problem(cells, random, padding=1, flip=True),
        "whole": build_problem(whole, ones.astype(int), padding=1),
        "whole-random": build_problem(whole, np.arange(9).reshape(1, 1, 3, 3) ** 2, padding=1),
        "whole-large": build_problem(whole * 2**30, ones.astype(int), padding=1),
        "whole-huge": build_problem(whole * 2**47, ones.astype(int), padding=1),
        "whole-large-boundary": build_problem(whole, ones.astype(int), padding=1, boundary=2**60),
        "rational-boundary": build_problem(whole, ones.astype(int), padding=1, boundary=Fraction(1, 2)),
        "exact": build_problem(whole, ones.astype(int), padding=1, dtype="exact"),
        "channels": build_problem(np.ones((1, 2, 150, 150)), np.ones((2, 2, 3, 3)), padding=1),
        "channels-infinite": build_problem(np.ones((1, 2, 150, 150)), np.full((2, 2, 3, 3), np.inf), padding=1),
        "float32": build_problem(cells.astype(np.float32), random.astype(np.float32), padding=1),
        "float32-box": build_problem(cells.astype(np.float32), ones.astype(np.float32), padding=1),
    }


def outcome(problem: Any, engine: str) -> Any:
    """The plan, or what is said instead."""
    try:
        return make_plan(problem, engine, threads=1)
    except EngineError as error:
        return str(error)


@pytest.mark.parametrize("engine", ["auto", *ENGINES])
def test_a_plan_is_that_of_its_own_numbers(engine: str) -> None:
    """Whatever was planned before it, a problem gets the plan that it gets alone."""
    made = variants()
    alone = {}
    for name, problem in made.items():
        planner._PLANS.clear()
        alone[name] = outcome(problem, engine)
    for first, second in permutations(made, 2):
        planner._PLANS.clear()
        assert outcome(made[first], engine) == alone[first]
        assert outcome(made[second], engine) == alone[second], (first, second)
    assert engine != "auto" or len({(plan.engine, plan.arithmetic) for plan in alone.values()}) >= 6


def test_a_plan_is_a_value() -> None:
    """The same problem gives the same plan twice, and a plan can be compared and printed."""
    for problem in PROBLEMS.values():
        assert make_plan(problem) == make_plan(problem)
        assert make_plan(problem).engine in repr(make_plan(problem))
