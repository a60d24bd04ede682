"""What random problems have found once, each as small as it gets."""

from __future__ import annotations

from fractions import Fraction
from math import exp
from typing import Any

import numpy as np
import pytest

from cases import retiled
from convcalc import build_problem, compute, make_plan, trace_at
from convcalc.context import Context
from convcalc.engine import bounds
from convcalc.layers.table import KINDS
from convcalc.tracing.verification import _beyond

WINOGRAD = ("winograd-2", "winograd-3", "winograd-4")


@pytest.mark.parametrize("engine", WINOGRAD)
@pytest.mark.parametrize("padding", [3, [[0, 4], [3, 3]]], ids=str)
def test_a_tile_that_lies_in_the_padding_alone(engine: str, padding: Any) -> None:
    """It reads no cell of the input."""
    problem = build_problem(np.ones((1, 2, 3, 4)), np.ones((1, 2, 3, 3)), padding=padding)
    output = compute(problem, retiled(make_plan(problem, engine), (1, 1))).output
    np.testing.assert_allclose(output, compute(problem, make_plan(problem, "direct")).output, rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", WINOGRAD)
@pytest.mark.parametrize("value", [1e30, np.nan])
@pytest.mark.parametrize("size", [1, 2, 5, 7])
def test_tiles_that_hang_over_read_beyond_their_region(engine: str, value: float, size: int) -> None:
    """A transform of whole tiles meets cells of the next region: they spoil none that does not read them."""
    cells = np.ones((1, 1, 40))
    cells[0, 0, 23] = value
    problem = build_problem(cells, np.array([[[1.0, 2.0, 3.0]]]))
    output = compute(problem, retiled(make_plan(problem, engine), (size,))).output
    apart = np.arange(38)
    clean = (apart < 21) | (apart > 23)
    np.testing.assert_allclose(output[0, 0, clean], 6, rtol=1e-13)


@pytest.mark.parametrize("engine", WINOGRAD)
def test_tiles_that_hang_over_the_output_read_what_the_boundary_makes(engine: str) -> None:
    """Beyond the last window a mirrored border has cells too, which no window reads."""
    cells = np.zeros((1, 1, 8, 5))
    cells[0, 0, 5, 0] = 1e-7
    problem = build_problem(cells, np.full((1, 1, 3, 3), 0.7), dilation=(3, 2), boundary="reflect")
    output = compute(problem, make_plan(problem, engine)).output
    assert not output.any()


def test_a_kernel_of_zeros_or_least_numbers_still_rounds() -> None:
    """What separable says that it loses has the roundings of the bias at least."""
    for weight in (0.0, 5e-324):
        problem = build_problem(np.ones((1, 1, 9)), np.full((1, 1, 2), weight), bias=[0.1])
        assert make_plan(problem, "separable").error > 0


def test_whole_weights_beyond_floats_are_weighed_by_every_engine() -> None:
    """Their factors are looked for among rounded ones."""
    weight = np.array([[[[2**60 + 1, 2**61], [3, 2**62 - 1]]]])
    problem = build_problem(np.arange(9).reshape(1, 1, 3, 3), weight)
    assert make_plan(problem, explain=True).candidates


@pytest.mark.parametrize("totals", [(np.nan, -np.inf), (np.inf, np.nan), (np.inf, -np.inf), (np.inf, 1e308)])
def test_sums_that_overflow_agree_with_any_order(totals: tuple[float, float]) -> None:
    """Finite numbers whose sums are beyond all floats: inf and nan come from the order alone."""
    problem = build_problem(np.full((1, 1, 3), 1e200), np.array([[[1e200, -1e200, 1e200]]]))
    trace = trace_at(problem, [0])
    assert bounds.agree(*totals, trace.could, 1e-15, np.dtype(float))
    given = build_problem(np.full((1, 1, 1), np.inf), np.array([[[1.0]]]))
    assert not bounds.agree(*totals, trace_at(given, [0]).could, 1e-15, np.dtype(float))


def test_a_trace_beyond_float32_says_nothing(recwarn: pytest.WarningsRecorder) -> None:
    """NumPy's own warning of the cast is none of the caller's."""
    problem = build_problem(np.full((1, 1, 1), 1e38, np.float32), np.full((1, 1, 1), 1e5, np.float32))
    assert trace_at(problem, [0]).total == np.inf
    assert not recwarn.list


def test_a_batch_norm_that_cancels_agrees_with_its_trace() -> None:
    """Where mean and bias leave little, their own roundings are much."""
    layer = KINDS["batch-norm"].make((1, 50))
    rng = np.random.default_rng(3)
    cells = rng.normal(size=(1, 1, 50)) * 1e-3 + 1e3
    values = {
        "weight": np.array([7.3]), "bias": np.array([-1e-3]), "running_mean": np.array([1e3]),
        "running_var": np.array([0.37]),
    }  # fmt: skip
    output = layer.compute([cells], values)
    for place in range(50):
        step = layer.trace([cells], values, (0, place))
        assert step.agrees(output[0, 0, place], output.dtype)


@pytest.mark.parametrize("kind", ["flatten", "upsample"])
def test_fractions_that_pass_through_agree_with_their_trace(kind: str) -> None:
    """The output keeps them where dtype auto says nothing of floats; the trace comes to the nearest one."""
    told = {"scale_factor": 2} if kind == "upsample" else {}
    layer = KINDS[kind].make((1, 2), **told)
    cells = np.array([[[Fraction(-14, 5), Fraction(1, 3)]]], dtype=object)
    output = layer.compute([cells], {}, Context())
    for place in np.ndindex(output.shape[1:]):
        assert layer.trace([cells], {}, place).agrees(output[(0, *place)], output.dtype)


def test_sums_that_overflow_before_their_scale_agree_with_what_they_came_to() -> None:
    """Whole weights with a scale make sums that are larger than what the cell could come to."""
    weight, scale, infinite = np.ones((1, 1, 3), np.float32), [Fraction(1, 4)], np.float32(np.inf)
    for largest, agrees in ((2e38, True), (2e36, False)):
        cells = np.array([[[largest, largest, -largest]]], np.float32)
        problem = build_problem(cells, weight, scale=scale)
        trace = trace_at(problem, (0,))
        assert trace.total == pytest.approx(largest / 4)
        assert trace.could < float(np.finfo(np.float32).max)
        assert trace.agrees(infinite, np.float32) is agrees
        plan = make_plan(problem)
        output = compute(problem, plan).output
        place = _beyond(problem, np.full_like(output, np.inf), np.full_like(output, largest / 4), plan.error)
        assert (place is None) is agrees


def test_a_sigmoid_keeps_the_least_floats() -> None:
    """Far below 0 it is a float that is smaller than the normal ones, not 0; far above 0 it is 1."""
    layer = KINDS["sigmoid"].make((1, 4))
    cells = np.array([[[-97.32, -1.5, 0, 97.32]]], np.float32)
    wanted = np.array([[[1 / (1 + exp(97.32)), 1 / (1 + exp(1.5)), 0.5, 1]]])
    least = float(np.finfo(np.float32).smallest_subnormal)
    np.testing.assert_allclose(layer.compute([cells], {}).astype(float), wanted, rtol=3e-7, atol=4 * least)
    assert layer.compute([cells], {})[0, 0, 0] > 0
    assert not np.isnan(layer.compute([np.array([[[-np.inf, np.inf]]])], {})).any()
