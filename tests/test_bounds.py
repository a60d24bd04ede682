"""The bound that a plan prints holds for every cell: kernels and inputs made to break it, against exact sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, reduce
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import binomial, could_come_to, retiled, takers
from convcalc import ENGINES, build_problem, compute, make_plan
from convcalc.engine.bounds import agree, sum_bound
from convcalc.engine.candidate import Precision

ROOT = Path(__file__).parents[1]
DTYPES = ("float32", "float64")
DEEP = {"float32": 149, "float64": 1074}
"""Binary digits behind the point that hold every number of a type; their products need twice as many."""


def nearly_parallel(size: int) -> Any:
    """Rows whose whole numbers are nearly alike, and one that only cancelling multiples of them make."""
    rows = np.zeros((5, 5))
    rows[0, [0, 4]], rows[1, [0, 4]], rows[4, [0, 4]] = (size + 2, 1 - size), (size + 1, 2 - size), (-9, -12)
    return rows


def cancelling_factors(shape: tuple[int, ...]) -> Any:
    """Two large products of whole filters whose difference is small."""
    rng = np.random.default_rng(shape)
    rows, columns = rng.integers(1, 9, shape[0]) * 1000, rng.integers(1, 9, shape[1]) * 1000
    return (np.outer(rows, columns) - np.outer(rows + rng.integers(-1, 2, shape[0]), columns)).astype(float)


def decades(shape: tuple[int, ...], most: int) -> Any:
    """Numbers of either sign from 10^−most to 10^most, as many in every decade."""
    rng = np.random.default_rng([most, *shape])
    return rng.choice([-1, 1], shape) * 10.0 ** rng.uniform(-most, most, shape)


def alternating(shape: tuple[int, ...], size: float) -> Any:
    """Neighbours that cancel, and something small that is left."""
    signs = np.where(np.indices(shape).sum(axis=0) % 2, -size, size)
    return signs + np.random.default_rng(shape).uniform(size=shape)


def one(shape: tuple[int, ...], where: int, size: float) -> Any:
    """A single number, and zeros."""
    plane = np.zeros(shape)
    plane.flat[where] = size
    return plane


Planes = dict[str, Callable[[tuple[int, ...]], Any]]
KERNELS: Planes = {
    "normal": lambda shape: np.random.default_rng(shape).normal(size=shape),
    "box": lambda shape: np.full(shape, 0.1),
    "corner": lambda shape: one(shape, 0, 0.7),
    "far-corner": lambda shape: one(shape, -1, -0.7),
    "decades": lambda shape: decades(shape, 8),
    "cancelling": lambda shape: alternating(shape, 1e5),
    "binomial": lambda shape: reduce(np.multiply.outer, map(binomial, shape), 1 / 7),
}
SQUARES: Planes = {
    "nearly-parallel-1e3": lambda _: nearly_parallel(1000),
    "nearly-parallel-1e7": lambda _: nearly_parallel(10**7),
    "cancelling-factors": cancelling_factors,
}
"""Of 5 × 5 taps."""
CELLS: Planes = {
    "normal": lambda shape: np.random.default_rng(shape).normal(size=shape),
    "constant": lambda shape: np.full(shape, 0.1),
    "decades": lambda shape: decades(shape, 12),
    "cancelling": lambda shape: alternating(shape, 1e7),
    "one-huge": lambda shape: np.random.default_rng(shape).normal(size=shape) + one(shape, 77, 1e14),
    "halves": lambda shape: np.where(np.arange(shape[-1]) < shape[-1] // 2, 1e-9, 1e9) * np.ones(shape),
    "mostly-zero": lambda shape: one(shape, 55, 3e7) + one(shape, -3, 0.3),
}


def exactly(values: Any, digits: int) -> Any:
    """The floats times 2**digits as Python's integers."""
    return np.array([int(Fraction(float(value)) * 2**digits) for value in values.flat], object).reshape(values.shape)


def exact_sums(cells: Any, weight: Any, dtype: str) -> Any:
    """Σ x·w as Python's integers over 2**(2·DEEP) of one channel, (filter, *size), without padding."""
    cells, weight = exactly(cells[0, 0], DEEP[dtype]), exactly(weight[:, 0], DEEP[dtype])
    size = [extent - taps + 1 for extent, taps in zip(cells.shape, weight.shape[1:], strict=True)]
    sums = np.zeros((len(weight), *size), object)
    for taps in product(*map(range, weight.shape[1:])):
        window = cells[tuple(slice(tap, tap + count) for tap, count in zip(taps, size, strict=True))]
        sums += np.multiply.outer(weight[(slice(None), *taps)], window)
    return sums


def assert_bounded(problem: Any, engine: str, wanted: Any) -> None:
    """Every cell is off by no more than the plan says; ``wanted``: integers over 2**(2·DEEP).

    Numbers too small to be normal are rounded to multiples of the smallest, once for each of the roundings.
    """
    plan, info = make_plan(problem, engine), np.finfo(problem.dtype.value)
    output, could = compute(problem, plan).output[0], could_come_to(problem)[0]
    least = plan.error / info.eps * 2 * float(info.smallest_subnormal)
    for place in np.ndindex(output.shape):
        if could[place] < info.max / 2:
            off = abs(Fraction(float(output[place])) - Fraction(wanted[place], 1 << 2 * DEEP[problem.dtype.value]))
            assert off <= Fraction(plan.error * could[place] + least), (engine, place, output[place], float(off))


def rows() -> Iterator[tuple[str, str, tuple[int, ...], tuple[int, ...]]]:
    """The name of a kernel and of an input, and their sizes."""
    for shape, taps in (
        ((21, 22), (3, 3)),
        ((24, 23), (5, 5)),
        ((150,), (3,)),
        ((160,), (31,)),
        ((9, 8, 10), (3, 3, 3)),
    ):
        yield from ((kernel, cells, shape, taps) for kernel, cells in product(KERNELS, CELLS))
        yield from ((kernel, cells, shape, taps) for kernel, cells in product(SQUARES, CELLS) if taps == (5, 5))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("kernel", "cells", "shape", "taps"), list(rows()), ids=lambda part: str(part).replace(" ", "")
)
def test_every_engine_keeps_its_bound(
    kernel: str, cells: str, shape: tuple[int, ...], taps: tuple[int, ...], dtype: str
) -> None:
    """Adversarial kernels on adversarial inputs: no cell of any engine is off by more than its plan says."""
    weight = (KERNELS | SQUARES)[kernel](taps)[None, None].astype(dtype)
    values = CELLS[cells](shape)[None, None].astype(dtype)
    problem, wanted = build_problem(values, weight), exact_sums(values, weight, dtype)
    for engine in takers(problem):
        assert_bounded(problem, engine, wanted)


SCALES = {"float32": (-44, -38, -30, -8, 8, 20, 30, 37), "float64": (-322, -307, -290, -100, 100, 200, 290, 305)}


@pytest.mark.parametrize(("dtype", "scale"), [(dtype, scale) for dtype in DTYPES for scale in SCALES[dtype]])
def test_bounds_hold_at_every_scale(dtype: str, scale: int) -> None:
    """Inputs and kernels from subnormal numbers to the largest, apart from each other and together."""
    rng = np.random.default_rng(abs(scale))
    for taps, far in product(((3, 3), (5, 5)), (0.0, 0.5, 1.0)):
        values = rng.normal(size=(1, 1, 14, 13)) * 10.0 ** (scale * far)
        weight = rng.normal(size=(2, 1, *taps)) * 10.0 ** (scale * (1 - far))
        values[..., :7] *= 1e-6
        values, weight = values.astype(dtype), weight.astype(dtype)
        problem, wanted = build_problem(values, weight), exact_sums(values, weight, dtype)
        for engine in takers(problem):
            assert_bounded(problem, engine, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_long_sums_of_equal_terms_stay_within_the_bound(dtype: str) -> None:
    """Terms that are all alike are rounded the same way again and again: no random numbers err as much."""
    values, weight = np.full((1, 1, 31, 32), 0.1, dtype), np.full((1, 1, 29, 29), 1 / 841, dtype)
    problem, wanted = build_problem(values, weight), exact_sums(values, weight, dtype)
    for engine in takers(problem):
        assert_bounded(problem, engine, wanted)
    worst = float(
        abs(
            Fraction(float(compute(problem, make_plan(problem, "direct")).output.flat[0]))
            * (1 << 2 * DEEP[dtype])
            / int(wanted.flat[0])
            - 1
        )
    )
    assert worst > make_plan(problem, "direct").error / 20  # so the bound of the definition is no exaggeration


# The planner -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1000, 10**5, 10**6, 10**7])
def test_factors_that_cancel_are_not_taken(size: int, dtype: str) -> None:
    """Nearly parallel rows on the photograph: the plan takes an engine that is right, and says why not separable."""
    image = pytest.importorskip("PIL.Image")
    with image.open(ROOT / "examples" / "camera.png") as opened:
        photograph = np.asarray(opened.convert("L"))[None, None]
    weight = nearly_parallel(size)[None, None]
    wanted = compute(build_problem(photograph, weight.astype(np.int64))).output
    problem = build_problem(photograph.astype(dtype), weight.astype(dtype))
    plan = make_plan(problem, explain=True)
    separable = next(each for each in plan.candidates if each.name == "separable")
    assert plan.engine != "separable"
    assert separable.error > 1000 * plan.error
    output = compute(problem, plan).output.astype(np.float64)
    assert np.abs(output - wanted).max() <= {"float32": 1e-6, "float64": 2e-15}[dtype] * np.abs(wanted).max()
    assert (np.abs(output - wanted) <= plan.error * could_come_to(problem)).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kernel", [*KERNELS, *SQUARES])
def test_full_precision_keeps_its_promise(kernel: str, dtype: str) -> None:
    """What is taken without asking is off by at most so many times what the definition may be off."""
    weight = (KERNELS | SQUARES)[kernel]((5, 5))[None, None].astype(dtype)
    problem = build_problem(np.random.default_rng(3).normal(size=(1, 1, 90, 90)).astype(dtype), weight)
    for precision, most in (("full", {"float32": 4, "float64": 256}), ("fast", {"float32": 256, "float64": 4096})):
        plan = make_plan(problem, precision=precision, explain=True)
        definition = next(each for each in plan.candidates if each.name == "direct")
        chosen = next(each for each in plan.candidates if each.name == plan.engine)
        assert chosen.times <= most[dtype] == Precision(precision).allowed(plan.arithmetic)
        assert plan.error == pytest.approx(chosen.times * definition.error * ENGINES[plan.engine].spread)


def test_separable_says_what_its_factors_grow_by() -> None:
    """Σ|factor products| of [[a, b], [c, d]]-like whole kernels against Σ|weight|, by hand."""
    harmless, cancelling = np.outer([1, 2, 1], [1, 0, -1]), nearly_parallel(1000)
    errors = []
    for plane in (harmless, cancelling):
        problem = build_problem(np.ones((1, 1, 200, 200)), plane[None, None].astype(float))
        errors.append({each.name: each for each in make_plan(problem, explain=True).candidates}["separable"].times)
    # the last row is 20,994 times the first less 21,004 times the second, over coefficients 334, 333 and 1001, 998
    growth = ((3 + 20994) * (334 + 333) + (1 + 7000) * (1001 + 998)) / np.abs(cancelling).sum()
    assert errors[0] < 3
    assert growth / 2 < errors[1] < 2 * growth


# Neighbours --------------------------------------------------------------------------------------------------------

MIXING = [name for name, engine in ENGINES.items() if engine.spread > 1]
WINDOWS = {"fft": (9, 9), **{f"winograd-{outputs}": (3, 3) for outputs in (2, 3, 4)}}


@cache
def untouched(dtype: str, engine: str, boundary: str) -> Any:
    """A problem without a huge cell, its output, its plan and what every cell could come to."""
    taps = WINDOWS.get(engine, (5, 5))
    rng = np.random.default_rng(taps)
    weight = rng.normal(size=(2, 2, *taps)) if engine != "separable" else np.ones((2, 1, *taps))
    groups = 2 // weight.shape[1]
    cells = rng.normal(size=(1, 2, 90, 70))
    cells[:, :, 40:70, 30:60] *= 1e-5
    options = {"padding": "same", "groups": groups, "boundary": boundary}
    problem = build_problem(cells.astype(dtype), weight.astype(dtype), **options)
    return problem, compute(problem, make_plan(problem, engine)).output, options


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("engine", [name for name in ENGINES if name not in ("pointwise", "fused")])
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_huge_cell_changes_only_those_that_read_it(engine: str, dtype: str, data: st.DataObject) -> None:
    """One cell times 10^k, k to 38 or 300: the others keep their bits, or stay within the bound of their own window."""
    boundary = data.draw(st.sampled_from(["zeros", "reflect", "circular"]))
    problem, before, options = untouched(dtype, engine, boundary)
    row, column = data.draw(st.integers(0, 89)), data.draw(st.integers(0, 69))
    power = data.draw(st.integers(0, {"float32": 38, "float64": 300}[dtype]))
    cells = problem.input.astype(np.float64)
    cells[0, 0, row, column] = 10.0**power if power < 38 else np.copysign(3.4, cells[0, 0, row, column]) * 10.0**power
    changed = build_problem(cells.astype(dtype), problem.weight, **options)
    plan = make_plan(changed, engine)
    after = compute(changed, plan).output
    marked = build_problem((problem.input != changed.input).astype(int), np.ones_like(problem.weight, int), **options)
    apart = compute(marked).output == 0
    differ = np.abs(after.astype(np.float64) - before)[apart]
    assert (differ <= 2 * plan.error * could_come_to(problem)[apart]).all()
    if not ENGINES[engine].mixes:  # the others leave a tile whose sums overflow to gemm
        assert not differ.any()


@pytest.mark.parametrize("engine", MIXING)
def test_windows_of_zeros_are_zero(engine: str) -> None:
    """Where a window holds nothing the output is 0, whatever its neighbours hold."""
    cells = np.zeros((1, 3, 100, 90), np.float32)
    cells[:, :, :20] = np.random.default_rng(1).normal(size=(3, 20, 90))
    weight = np.random.default_rng(2).normal(size=(2, 3, *WINDOWS[engine])).astype(np.float32)
    problem = build_problem(cells, weight)
    assert not compute(problem, make_plan(problem, engine)).output[:, :, 20:].any()


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("engine", [name for name in MIXING if name != "fft"])
def test_what_a_transform_reads_beyond_its_tile_is_looked_at(engine: str, dilation: int, value: float) -> None:
    """Tiles that are no multiple of a transform's outputs gather cells that none of their windows reads."""
    cells = np.random.default_rng(1).normal(size=(1, 2, 19, 23)).astype(np.float32)
    weight = np.random.default_rng(2).normal(size=(2, 2, 3, 3)).astype(np.float32)
    options: dict[str, Any] = {"padding": ((4, 3), (0, 9)), "dilation": dilation}
    clean, changed = build_problem(cells, weight, **options), cells.copy()
    changed[0, 1, 9, 11] = value
    problem = build_problem(changed, weight, **options)
    marked = build_problem((changed != cells).astype(int), np.ones((2, 2, 3, 3), int), **options)
    apart = compute(marked).output == 0
    plan = make_plan(problem, engine)
    for size in ((1, 1), (1, 23), (3, 2), (5, 7), (2, 1)):
        output = compute(problem, retiled(plan, size)).output
        wanted = compute(clean, make_plan(clean, "gemm")).output
        assert (np.abs(output - wanted)[apart] <= 2 * plan.error * could_come_to(clean)[apart]).all()


@pytest.mark.parametrize("engine", MIXING)
def test_only_doubtful_pieces_are_computed_anew(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A huge cell costs the pieces around it, not the image; without one nothing is computed twice."""
    anew: list[int] = []
    from convcalc.engine import compute as computing

    gemm = ENGINES["gemm"]

    def prepare(*arguments: Any) -> Any:
        run = gemm.prepare(*arguments)

        def counted(tile: Any, *rest: Any) -> Any:
            anew.append(int(np.prod(tile.region.shape)))
            return run(tile, *rest)

        return counted

    monkeypatch.setattr(computing, "ENGINES", {**ENGINES, "gemm": gemm._replace(prepare=prepare)})
    cells = np.random.default_rng(1).normal(size=(1, 4, 700, 900)).astype(np.float32)
    weight = np.random.default_rng(2).normal(size=(4, 4, *WINDOWS[engine])).astype(np.float32)
    problem = build_problem(cells, weight, padding="same")
    compute(problem, make_plan(problem, engine))
    assert anew == []
    cells[0, 2, 100, 100] = -3.4e38
    problem = build_problem(cells, weight, padding="same")
    compute(problem, make_plan(problem, engine))
    assert 0 < sum(anew) < (0.5 if engine == "fft" else 0.02) * problem.macs / problem.counts.weights_per_filter


@pytest.mark.parametrize(
    ("total", "output", "could", "scale", "wanted"),
    [
        (math.inf, 1.0, 1e39, 1, True),
        (math.inf, 1.0, 1.0, 1, False),
        (1e37, math.inf, 1e37, Fraction(1, 1000), True),
        (1e37, math.inf, 1e37, 1, False),
        (math.nan, math.nan, 1.0, 1, True),
        (math.nan, 1.0, 1.0, 1, False),
        (math.inf, 1.0, math.inf, 1, False),
    ],
)
def test_what_is_not_finite_agrees_where_a_sum_may_overflow(
    total: float, output: float, could: float, scale: Any, wanted: bool
) -> None:
    """In one order of its terms it may, and in another not; before a small scale sums are larger."""
    assert agree(total, output, could, 1e-6, np.dtype("float32"), scale) is wanted


def test_what_is_exact_agrees_with_itself_alone() -> None:
    """An engine that loses nothing has no room for another number."""
    assert not agree(1.0, np.nextafter(1.0, 2), 1.0, 0.0, np.dtype("float64"))
    assert agree(1.0, 1.0, 1.0, 0.0, np.dtype("float64"))


def test_sums_of_python_numbers_have_a_bound() -> None:
    """Whole weights that are Python's own are added as they are."""
    weight = np.array([[[[3, -4]]]], dtype=object)
    assert sum_bound(build_problem(np.array([[[[5, 2, 1]]]]), weight)) == 5 * 7 + 1
    assert sum_bound(build_problem(np.array([[[[5, 2, 1]]]]), weight * 2**62)) == 5 * 7 * 2**62 + 1
