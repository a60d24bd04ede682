"""A thousand random problems and networks a run; ``run.py`` beside this file runs as many as there is time for."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from convcalc.layers.table import KINDS
from differential.adversaries import ADVERSARIES
from differential.exact import answer
from differential.judge import answer_of
from differential.layer_reference import REFERENCE
from differential.networks import any_network
from differential.problems import DRAWN, LAYOUTS, any_problem
from differential.stream import drawn_problem, installed_peers, network_verdict, problem_verdict
from reference import reference_conv

SEED = 20
CHUNK = 20
PROBLEMS, NETWORKS = 800, 200


@pytest.mark.parametrize("first", range(0, PROBLEMS, CHUNK))
def test_problems_are_exact_arithmetic(first: int) -> None:
    """Every engine, tile and thread, the traces, the uses and one property of each problem."""
    faults = [fault for number in range(first, first + CHUNK) for fault in problem_verdict(SEED, number).faults]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("first", range(0, NETWORKS, CHUNK))
def test_networks_are_exact_arithmetic(first: int) -> None:
    """Every layer on what the layers below it made, its trace, and a cell unfolded down to the input."""
    faults = [fault for number in range(first, first + CHUNK) for fault in network_verdict(SEED, number).faults]
    assert not faults, "\n".join(faults)


@pytest.mark.oracle
@pytest.mark.parametrize("peer", ["torch", "scipy"])
def test_problems_beside_peers(peer: str) -> None:
    """The same numbers as PyTorch and SciPy in float64."""
    pytest.importorskip(peer, reason="extra `oracle` is not installed")
    from differential.peers import beside_peers

    cases = [drawn_problem(SEED, number)[0] for number in range(100)]
    faults = [
        f"problem {number} of seed {SEED}: {fault}\n    {case}"
        for number, case in enumerate(cases)
        for fault in beside_peers(case, peer)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.oracle
def test_networks_beside_pytorch() -> None:
    """The same numbers layer by layer as PyTorch's in float64."""
    pytest.importorskip("torch", reason="extra `oracle` is not installed")
    faults = [fault for number in range(100) for fault in network_verdict(SEED, number, ("torch",)).faults]
    assert not faults, "\n".join(faults)


# What is drawn -----------------------------------------------------------------------------------------------------


def drawn(seed: int, number: int) -> Any:
    """A generator of random numbers."""
    return np.random.default_rng([seed, number])


def test_the_answer_is_the_reference() -> None:
    """The fast exact answer is that of nested loops, on problems small enough for them."""
    tried = 0
    for number in range(300):
        case = any_problem(drawn(1, number))
        if case.problem().macs > 600:
            continue
        options = {name: value for name, value in case.options.items() if name != "dtype"}
        wanted = reference_conv(case.cells, case.weight, case.bias, scale=case.scale, **options)
        np.testing.assert_array_equal(answer_of(case).exact, wanted.exact(), str(case))
        tried += 1
    assert tried >= 30


def test_the_answer_knows_what_is_not_finite() -> None:
    """inf, -inf and nan where a window reads them, and zero times infinity."""
    cells = np.array([[[1.0, np.inf, 2.0, -np.inf, np.nan, 0.0]]])
    found = answer(cells, np.array([[[1.0, 0.0]]]), stride=[1], padding=0, dilation=[1])
    np.testing.assert_array_equal(found.special, [[[np.nan, np.inf, np.nan, np.nan, np.nan]]])


def test_every_kind_of_number_layout_and_option_is_drawn() -> None:
    """A thousand problems hold all dtypes, boundaries and words, every adversary, and networks all kinds of layers."""
    cases = [drawn_problem(SEED, number)[0] for number in range(PROBLEMS)]
    assert {case.cells.dtype.name for case in cases} >= set(DRAWN) - {"fractions"}
    assert {case.kind for case in cases} == {"any", *ADVERSARIES}
    assert {case.cells.ndim - 2 for case in cases} == {1, 2, 3}
    assert {case.options["dtype"] for case in cases} == {"auto", "exact", "float32", "float64"}
    words = {str(case.options["padding"]) for case in cases}
    assert words >= {"valid", "same", "same-lower", "full", "0", "1"}
    borders = {str(case.options["boundary"]) for case in cases}
    assert borders >= {"zeros", "reflect", "symmetric", "replicate", "circular", "7"}
    assert (
        len({(case.cells.flags.c_contiguous, case.cells.flags.writeable, case.cells.dtype.isnative) for case in cases})
        >= 4
    )
    assert len(LAYOUTS) >= 7
    assert {
        kind for number in range(NETWORKS) for kind in any_network(np.random.default_rng([SEED, number, 1])).kinds
    } == set(REFERENCE)
    assert set(REFERENCE) < set(KINDS)


def test_a_subject_is_its_seed_and_number() -> None:
    """The same numbers come again; another number gives another problem."""
    (one, _), (again, _), (other, _) = drawn_problem(3, 7), drawn_problem(3, 7), drawn_problem(3, 8)
    assert str(one) == str(again) != str(other)
    np.testing.assert_array_equal(one.cells, again.cells)


def test_a_planted_fault_is_found_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is off by one in one cell is named with the cell, the case and both numbers."""
    from dataclasses import replace

    from differential import judge

    whole = judge.compute

    def off(problem: Any, plan: Any, **how: Any) -> Any:
        result = whole(problem, plan, **how)
        if plan.engine != "direct" or not result.output.size:
            return result
        output = result.output.copy()
        output.flat[-1] += 1
        return replace(result, output=output)

    monkeypatch.setattr(judge, "compute", off)
    first = next(fault for number in range(20) for fault in problem_verdict(SEED, number).faults)
    where = rf"problem \d+ of seed {SEED}: engine direct, precision full: cell \[[\d, ]+\]"
    told = rf"{where} is \S+, must be .+\n +[a-z ]+: input "
    assert re.match(told, first)


def test_peers_are_those_installed() -> None:
    """Nothing is imported to find them."""
    assert set(installed_peers()) <= {"torch", "scipy"}
