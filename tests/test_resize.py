"""Resizes and reductions beyond the grids: factors as PyTorch takes them, sizes that are refused, exact means."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from convcalc.context import Context
from convcalc.errors import FieldError, UnknownNameError
from convcalc.layers.table import kind_of


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(60))
def test_factors_are_pytorchs(seed: int) -> None:
    """Any factor, also of an axis whose size stays or is just doubled, where PyTorch leaves the factor."""
    torch: Any = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    size = tuple(int(each) for each in rng.integers(2, 7, 2))
    factors = [float(each) for each in np.round(rng.uniform(0.5, 3, 2), 3)]
    if seed % 3 == 0:
        factors[seed % 2] = float(rng.choice([1.1, 1.05]))
    mode = ("nearest", "linear", "cubic", "nearest-exact")[seed % 4]
    cells = rng.normal(size=(2, 3, *size))
    found = kind_of("resize").make((3, *size), scale_factor=factors, mode=mode).compute([cells], {})
    named = {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode)
    wanted = torch.nn.functional.interpolate(torch.from_numpy(cells), scale_factor=tuple(factors), mode=named)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-5, atol=1e-5)


def test_a_cell_that_stands_outside_several_times_is_read_once() -> None:
    """So a trace and the output agree where it is inf."""
    layer = kind_of("resize").make((1, 3), size=5, mode="cubic")
    cells = [np.array([[[4.0, 1.0, np.inf]]])]
    output = layer.compute(cells, {})[0, 0]
    assert [layer.trace(cells, {}, (0, place)).total for place in range(5)] == output.tolist()


def test_a_size_beyond_reason_is_refused_at_once() -> None:
    """Its places would be found one by one."""
    with pytest.raises(FieldError, match="an axis of 300,000,000 cells is longer than a resize makes"):
        kind_of("resize").make((1, 3), size=300_000_000)
    with pytest.raises(UnknownNameError, match="unknown coordinates 'middle'"):
        kind_of("resize").make((1, 3), size=4, coordinates="middle")


def test_a_mean_is_divided_once() -> None:
    """Of whole numbers that no float holds, and of fractions; of none of several axes it is the same twice."""
    layer = kind_of("reduce-mean").make((1, 2, 2), axes=[2])
    cells = np.array([[[[9007199254740993, 2], [4, Fraction(1, 3)]]]], object)
    assert layer.compute([cells], {}, Context(dtype="exact"))[0].tolist() == [
        [[Fraction(9007199254740995, 2)], [Fraction(13, 6)]]
    ]
    assert layer.compute([cells], {})[0, 0, :, 0].tolist() == [9007199254740995 / 2, 13 / 6]


@pytest.mark.parametrize("axes", [3, (0, 0), (), -1, "rows"])
def test_axes_that_are_none_are_refused(axes: Any) -> None:
    """With those that there are."""
    with pytest.raises(FieldError, match="axes"):
        kind_of("reduce-sum").make((2, 3, 4), axes=axes)
