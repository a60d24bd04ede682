"""The number beside a trace is the run's own, and one rule says whether the two agree, in networks too."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest

from cases import takers
from convcalc import ENGINES, build_problem, compute, make_plan
from convcalc.engine import compute as computing
from convcalc.engine.compute import Cells
from convcalc.tracing.explanation import Explanation
from convcalc.tracing.trace import trace_at

SINGLE = "input: {file: x.npy}\nkernel: {file: k.npy}\n"
NETWORK = """\
input: {shape: [1, 300, 300]}
layers:
  - conv: {out_channels: 1, kernel_size: 25, bias: false, weight: w.npy}
"""


def saved(values: Any) -> bytes:
    """An array as an NPY file."""
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


@pytest.mark.parametrize("engine", ["auto", "fft", "band", "gemm"])
def test_run_trace_and_network_have_one_number(cli: Any, engine: str) -> None:
    """Noise with one cell of 1e7 under a large kernel: run, trace and a network of one layer give the same number."""
    rng = np.random.default_rng(0)
    cells, kernel = rng.normal(size=(300, 300)).astype(np.float32), rng.normal(size=(25, 25)).astype(np.float32)
    cells[100, 200] = 1e7
    cli.write({"x.npy": saved(cells), "k.npy": saved(kernel), "w.npy": saved(kernel[None, None])})
    cli.write({"single.yaml": SINGLE, "network.yaml": NETWORK})
    assert cli.run("run", "single.yaml", "--engine", engine, "-q", "-o", "y.npy").code == 0
    output = np.load(io.BytesIO(cli.files()["y.npy"])).squeeze()
    for row, column in ((10, 10), (90, 190), (0, 275)):
        place = ("--pos", f"{row},{column}", "--engine", engine)
        single = cli.run("trace", "single.yaml", *place)
        assert "the engine's output" in single.out
        assert "differs" not in single.out
        traced = json.loads(cli.run("trace", "single.yaml", *place, "--format", "json").out)
        assert np.float32(traced["output"]) == output[row, column]
        network = cli.run("trace", "network.yaml", "--input", "x.npy", *place)
        assert network.out.splitlines()[-1] == single.out.splitlines()[-1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_rule_for_traces_and_steps(dtype: str) -> None:
    """What is off by less than the plan's bound agrees, by more does not; as a trace and as a layer's step alike."""
    rng = np.random.default_rng(4)
    cells, weight = rng.normal(size=(1, 3, 40, 40)).astype(dtype), rng.normal(size=(2, 3, 3, 3)).astype(dtype)
    problem = build_problem(cells, weight, bias=[0.5, -2.0], padding=1)
    for engine in takers(problem):
        plan = make_plan(problem, engine)
        output = compute(problem, plan).output
        trace = trace_at(problem, (7, 9), 1, lost=plan.error)
        step = Explanation((1, 7, 9), tuple(trace.terms), trace.total, bias=trace.bias, lost=plan.error)
        value = float(output[0, 1, 7, 9])
        assert step.could == pytest.approx(trace.could, rel=1e-12)
        unit = float(np.finfo(dtype).eps) / 2
        for factor, wanted in ((0.0, True), (0.9, True), (1.1, False), (-1.1, False), (1e6, False)):
            shifted = trace.total + factor * (plan.error + 4 * unit) * trace.could
            assert trace.agrees(shifted) == wanted, (engine, factor)
            assert step.agrees(shifted, output.dtype) == wanted, (engine, factor)
        assert trace.agrees(value)


def test_what_is_not_finite_agrees_only_where_it_may() -> None:
    """Inf is no rounding of a number, unless the sum may overflow on its way; nan is nan."""
    small = build_problem(np.ones((1, 1, 3), np.float32), np.ones((1, 1, 3), np.float32))
    large = build_problem(np.full((1, 1, 3), 3e38, np.float32), np.array([[[1, 1, -1]]], np.float32))
    largest = build_problem(np.full((1, 1, 3), 1.7e308), np.array([[[1.0, 1.0, -1.0]]]))
    assert trace_at(largest, 0).agrees(np.inf)
    infinite = build_problem(np.array([[[np.inf, 1.0, 2.0]]]), np.ones((1, 1, 3)))
    assert trace_at(infinite, 0).agrees(np.inf)
    assert not trace_at(infinite, 0).agrees(-np.inf)
    none = build_problem(np.array([[[np.nan, 1, 2]]], np.float32), np.ones((1, 1, 3), np.float32))
    assert not trace_at(small, 0).agrees(np.inf)
    assert trace_at(large, 0).agrees(np.inf)
    assert trace_at(none, 0).agrees(np.nan)
    assert not trace_at(none, 0).agrees(3.0)


def test_exact_numbers_agree_only_with_themselves() -> None:
    """Where nothing is rounded the next number is a difference."""
    problem = build_problem([[[1, 2, 3]]], [[[10**9, 1, 1]]])
    trace = trace_at(problem, 0, lost=make_plan(problem).error)
    assert trace.agrees(10**9 + 5)
    assert not trace.agrees(10**9 + 6)
    assert not trace.agrees(float(10**9 + 6))
    huge = build_problem(np.array([[[10**400, 1, 1]]], dtype=object), [[[1, 1, 1]]])
    assert trace_at(huge, 0, lost=0.0).agrees(10**400 + 2)
    assert not trace_at(huge, 0, lost=0.0).agrees(10**400 + 1)
    assert trace_at(problem, 0, lost=0.0).agrees(float(10**9 + 5))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ["winograd-2", "winograd-4", "fft", "band", "separable", "taps", "gemm"])
def test_cells_are_the_runs_bit_by_bit(engine: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells asked for one at a time are the run's to the last bit, and no tile is computed twice for them."""
    rng = np.random.default_rng(8)
    weight = np.ones((2, 1, 3, 3)) if engine == "separable" else rng.normal(size=(2, 1, 3, 3))
    cells = rng.normal(size=(2, 2, 400, 200))
    cells[1, 0, 200, 100] = 1e9
    problem = build_problem(cells.astype(dtype), weight.astype(dtype), padding=1, groups=2, bias=0.25)
    plan = make_plan(problem, engine)
    output = compute(problem, plan).output
    tiles: list[Any] = []
    row = ENGINES[engine]

    def prepare(*arguments: Any) -> Any:
        run = row.prepare(*arguments)
        return lambda tile, *rest: tiles.append(tile.region) or run(tile, *rest)

    monkeypatch.setattr(computing, "ENGINES", {**ENGINES, engine: row._replace(prepare=prepare)})
    one_by_one = Cells(problem, plan)
    for sample, channel, *place in [(0, 0, 0, 0), (1, 1, 399, 199), (1, 0, 200, 100), (1, 0, 190, 90), (0, 0, 0, 1)]:
        assert one_by_one.at(sample, channel, place) == output[(sample, channel, *place)]
    assert len(tiles) == len(set(tiles)) <= plan.tile_count
