"""``run --verify``: what is computed again, what is said of it, and what happens where it differs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cases import CASES, KINDS, kinds_of, numbers, problem_of, takers
from conftest import CommandLine
from convcalc import build_problem, compute, make_plan
from convcalc.context import Context
from convcalc.engine.bounds import unit
from convcalc.errors import DisagreementError, LimitError
from convcalc.layers.stage import verify_layer
from convcalc.layers.table import KINDS as LAYERS
from convcalc.limits import Limits
from convcalc.tracing import verification
from convcalc.tracing.verification import MOST_TRACES, other_plan, sampled, verify
from layer_cases import NUMBERS, drawn, small_cases

TOOK = r", which took [\d.]+ \S+ more$"
NETWORK = """
input: {random: [2, 8, 8], seed: 1}
layers:
  - conv: {name: first, out_channels: 4, kernel_size: 3, padding: 1, weights: {random: 3}}
  - relu
  - max-pool: 2
  - flatten
  - linear: {out_features: 3, weights: {random: 4}}
"""


# What is said -----------------------------------------------------------------------------------------------------


def test_the_page_says_what_was_compared(cli: CommandLine) -> None:
    """One more sentence, and the rest of the page as it is without."""
    verified, plain = cli.run("run", "--verify"), cli.run("run")
    assert verified.code == 0
    assert verified.out.startswith(plain.out)
    assert re.fullmatch(
        rf"verified: 9 cells by engine direct and 9 traces agree{TOOK}\n", verified.out[len(plain.out) :]
    )


def test_json_says_what_was_compared(cli: CommandLine) -> None:
    """Under one key, which is not there where nothing was verified."""
    found = json.loads(cli.run("run", "--verify", "--format", "json").out)["verified"]
    assert found.pop("seconds") > 0
    assert found == {"engine": "direct", "cells": 9, "traces": 9}
    assert "verified" not in json.loads(cli.run("run", "--format", "json").out)


def test_a_network_is_verified_layer_by_layer(cli: CommandLine) -> None:
    """Convolutions by another engine, cells of every layer by their traces; the page adds them up."""
    cli.write({"net.yaml": NETWORK})
    done = cli.run("run", "net.yaml", "--verify")
    assert done.code == 0, done.err
    words = " ".join(done.out.split())
    assert re.search(rf"verified: 256 cells of 1 layer by another engine and 67 traces agree{TOOK}", words)
    layers = json.loads(cli.run("run", "net.yaml", "--verify", "--format", "json").out)["layers"]
    counts = [(each["verified"]["cells"], each["verified"]["traces"]) for each in layers]
    assert counts == [(256, 16), (0, 16), (0, 16), (0, 16), (0, 3)]
    assert "verified" not in json.loads(cli.run("run", "net.yaml", "--format", "json").out)["layers"][0]


def test_a_quiet_run_is_verified_and_saved(cli: CommandLine) -> None:
    """With -q nothing is said, and the file is written after."""
    done = cli.run("run", "--verify", "-q", "-o", "out.npy")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert np.load(cli.folder / "out.npy").shape == (3, 3)


# Where it differs ---------------------------------------------------------------------------------------------------


def test_another_engine_computes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is named, not the one that computed before."""
    plans: list[Any] = []
    right = verification.compute
    monkeypatch.setattr(
        verification, "compute", lambda problem, plan, **how: plans.append(plan) or right(problem, plan, **how)
    )
    problem = build_problem(np.arange(64).reshape(1, 1, 8, 8), np.ones((1, 1, 3, 3), int))
    plan = make_plan(problem)
    found = verify(problem, compute(problem, plan).output, plan)
    assert [each.engine for each in plans] == [found.engine] != [plan.engine]


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other engine is off by one in its last cell."""
    right = verification.compute

    def off(*args: Any, **how: Any) -> Any:
        result = right(*args, **how)
        output = result.output.copy()
        output.flat[-1] += 1
        return replace(result, output=output)

    monkeypatch.setattr(verification, "compute", off)


@pytest.mark.usefixtures("wrong")
@pytest.mark.parametrize("flags", [(), ("-q",), ("--format", "json")], ids=["page", "quiet", "json"])
def test_a_cell_that_differs_is_an_error_with_both_numbers(cli: CommandLine, flags: tuple[str, ...]) -> None:
    """Exit code 1, nothing printed, nothing written, the old file as it was."""
    cli.write({"old.npy": b"old"})
    for target in ("new.npy", "old.npy"):
        done = cli.run("run", "--verify", *flags, "-o", target, "--force")
        assert (done.code, done.out) == (1, "")
        assert done.err == (
            "error: output[0, 0, 2, 2] is 320 by engine gemm, and 321 by engine direct\n"
            "hint: one of them is wrong, which is a fault of convcalc: please report it with its input\n"
        )
        assert cli.files() == {"old.npy": b"old"}


@pytest.mark.usefixtures("wrong")
def test_a_layer_that_differs_is_named(cli: CommandLine) -> None:
    """With the place in the file."""
    cli.write({"net.yaml": NETWORK})
    done = cli.run("run", "net.yaml", "--verify", "-q", "-o", "out.npy")
    assert done.code == 1
    assert re.match(r"error: net\.yaml:4:\d+: first: output\[0, 3, 7, 7\] is \S+ by engine gemm, and ", done.err)
    assert list(cli.files()) == ["net.yaml"]


def test_a_trace_that_differs_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the total of the trace."""
    problem = build_problem([[[1, 2, 3]]], [[[1, 1]]])
    right = verification.trace_at
    monkeypatch.setattr(verification, "trace_at", lambda *args, **context: replace(right(*args, **context), total=4))
    with pytest.raises(DisagreementError, match=r"^output\[0, 0, 0\] is 3 by engine gemm, and 4 by its trace \("):
        verify(problem, compute(problem).output, make_plan(problem))


@pytest.mark.parametrize("kind", LAYERS)
def test_a_wrong_cell_of_any_kind_of_layer_is_found(kind: str) -> None:
    """Each kind's own output is verified, and one with a wrong number is not."""
    case = small_cases(kind)[0]
    layer = case.layer()
    inputs, values = drawn(layer, NUMBERS["float64"].draw, len(case.shapes), batch=1)
    plans: list[Any] = []
    context = Context(planned=plans.append)
    output = layer.compute(inputs, values, context)
    assert verify_layer(layer, inputs, values, output, context, plans[0] if plans else None).traces
    off = output.copy()
    off.flat[0] += 1
    with pytest.raises(DisagreementError, match=r"^output\[0(, 0)+\] is "):
        verify_layer(layer, inputs, values, off, context, plans[0] if plans else None)


# What is compared ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_engine_is_verified_by_another_kind(case: Any) -> None:
    """Every case by every engine in whole numbers and floats agrees with an engine that is not of its family."""
    for kind in (each for each in kinds_of(case) if each.name in ("uint8", "float32", "float64")):
        problem = problem_of(case, kind)
        for name in takers(problem):
            plan = make_plan(problem, name)
            found = verify(problem, compute(problem, plan).output, plan)
            assert found.engine.partition("-")[0] != name.partition("-")[0]
            assert found.cells in (0, int(np.prod(problem.output_shape)))


def test_numbers_of_python_have_traces_alone() -> None:
    """Where but one engine can compute them, nothing else is said to have."""
    problem = build_problem(np.array([[[10**40, 1]]], dtype=object), [[[10**40]]])
    assert other_plan(problem, make_plan(problem)) is None
    found = verify(problem, compute(problem).output, make_plan(problem))
    assert (found.engine, found.cells, found.traces) == ("", 0, 2)


@pytest.mark.parametrize("boundary", ["zeros", "reflect", "symmetric", "replicate", "circular", -7])
def test_what_a_window_could_hold_is_that_of_its_own_cells(boundary: Any) -> None:
    """The largest of every window, in every group, beside loops over what the traces read."""
    rng = np.random.default_rng(5)
    problem = build_problem(
        rng.normal(size=(2, 4, 5, 6)), rng.normal(size=(4, 2, 2, 3)), groups=2, stride=2, dilation=(1, 2), padding=2,
        boundary=boundary,
    )  # fmt: skip
    found = np.stack([verification.largest_in_windows(problem, sample) for sample in problem.input])
    for place in np.ndindex(2, 4, *problem.output_size):
        windows = [each.window for each in verification.trace_at(problem, place[2:], place[1], place[0]).channels]
        assert found[(place[0], place[1] // 2, *place[2:])] == max(np.abs(window).max() for window in windows)


def test_a_small_cell_beside_a_huge_one_is_held_to_its_own_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is far below the largest output is still found, where the cell's own window holds little."""
    cells = np.ones((1, 1, 40), np.float32)
    cells[0, 0, 0] = 1e30
    problem = build_problem(cells, np.ones((1, 1, 3), np.float32))
    plan = make_plan(problem)
    output = compute(problem, plan).output.copy()
    verify(problem, output, plan)
    output[0, 0, 20] += np.float32(1e-4)
    monkeypatch.setattr(verification, "sampled", lambda *_: iter(()))
    with pytest.raises(DisagreementError, match=r"output\[0, 0, 20\] is 3\.000"):
        verify(problem, output, plan)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_is_compared(value: float) -> None:
    """Cells that read inf or nan are the same in both, and not let pass as near."""
    cells = np.ones((1, 1, 9))
    cells[0, 0, 4] = value
    problem = build_problem(cells, np.ones((1, 1, 2)))
    plan = make_plan(problem)
    output = compute(problem, plan).output.copy()
    verify(problem, output, plan)
    output[0, 0, 4] = 1
    with pytest.raises(DisagreementError):
        verify(problem, output, plan)


def test_sums_that_overflow_on_their_way_may_differ() -> None:
    """Finite cells whose products are too large are inf in one order of adding up and nan in another."""
    problem = build_problem(np.full((1, 1, 9), 1e200), np.array([[[1e200, -1e200, 1e200]]]))
    plan = make_plan(problem)
    output = compute(problem, plan).output.copy()
    output[0, 0, :3] = [np.inf, -np.inf, np.nan]
    assert verification._beyond(problem, output, np.full_like(output, np.nan), plan.error) is None


def test_sampled_places_are_all_or_a_few_and_always_the_same() -> None:
    """All of a small output; of a large one as many as may be, fewer where each costs more."""
    assert list(sampled((1, 2, 2), 1)) == [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)]
    places = list(sampled((2, 3, 100, 100), 9))
    assert len(set(places)) == MOST_TRACES
    assert places == list(sampled((2, 3, 100, 100), 9))
    assert all(0 <= index < size for place in places for index, size in zip(place, (2, 3, 100, 100), strict=True))
    assert len(list(sampled((100,), 1 << 20))) == 2
    assert list(sampled((0, 3), 1)) == []


def test_kinds_of_numbers_are_known() -> None:
    """The names above are those of the table, with numbers for each."""
    assert {"uint8", "float32", "float64"} <= {kind.name for kind in KINDS}
    assert numbers(CASES[0], kinds_of(CASES[0])[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_float_may_be_off_by_what_both_engines_may_lose(dtype: str) -> None:
    """By that share of Σ|weight| × window × |scale| + |bias| and four roundings, and not by a thirtieth more."""
    cells = np.array([[[4, -4]]], dtype)
    problem = build_problem(cells, np.array([[[2, 2]]], dtype), [1], scale=[Fraction(1, 8)])
    assert problem.scale == (Fraction(1, 8),)
    could, lost = 4 * (2 + 2) / 8 + 1, 60 * unit(cells.dtype)
    most = could * (lost + 4 * unit(cells.dtype))
    right = np.zeros((1, 1, 1), dtype)  # where floats lie close together
    for share in (0.97, -0.97):
        assert verification._beyond(problem, right, right + cells.dtype.type(share * most), lost) is None
    for share in (1.03, -1.03):
        assert verification._beyond(problem, right, right + cells.dtype.type(share * most), lost) == (0, 0, 0)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_by_one_engine_alone_is_found(value: float, place: int) -> None:
    """Whichever of them it is; a window that reads nothing of the kind cannot give it."""
    problem = build_problem(np.ones((1, 1, 3)), np.ones((1, 1, 2)))
    outputs = [np.full((1, 1, 2), 2.0), np.full((1, 1, 2), 2.0)]
    outputs[place][0, 0, 1] = value
    assert verification._beyond(problem, outputs[0], outputs[1], 1e-15) == (0, 0, 1)


def test_computing_again_may_need_too_much_memory() -> None:
    """It is looked at before anything is allocated, and said what for."""
    problem = build_problem(np.ones((1, 1, 200, 200)), np.ones((1, 1, 3, 3)))
    plan = make_plan(problem)
    output = compute(problem, plan).output
    other = other_plan(problem, plan)
    assert other
    needed = 2 * output.nbytes + other.memory_bytes
    with pytest.raises(LimitError, match=r"^verifying this convolution "):
        verify(problem, output, plan, Context(own_limits=Limits(memory=needed - 1)))
