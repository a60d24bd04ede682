"""The gradients of every kind of layer: PyTorch's, those of the forward derivative, and the sums of their own terms."""

from __future__ import annotations

import warnings
from itertools import chain
from typing import Any

import numpy as np
import pytest

from convcalc.arrays import added, is_exact
from convcalc.context import Context
from convcalc.errors import ConvcalcError
from convcalc.layers.derivative import Point
from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.layer import Layer
from convcalc.layers.pull import pull
from convcalc.layers.table import KINDS
from layer_cases import NUMBERS, REAL, Case, cases, drawn, ranks, small_cases
from test_layers import TORCH, beyond_half, tensor

FLOATS, EXACT = Context(dtype="float64"), Context(dtype="exact")
MANY = {"transposed-conv": 61, "conv": 7, "max-pool": 17, "avg-pool": 7, "permute": 5, "depthwise": 7, "resize": 3}
"""Of kinds with long grids one case of so many."""


@pytest.fixture(scope="module")
def torch() -> Any:
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch", reason="extra `oracle` is not installed")


def made(case: Case, draw: Any) -> tuple[Layer, Point, Any] | None:
    """A layer, the point and a gradient of its output; None where the arguments are refused."""
    try:
        layer = case.layer()
    except ConvcalcError:
        return None
    inputs, values = drawn(layer, draw, len(case.shapes))
    cells = draw(np.random.default_rng(3), (2, *layer.output_shape))
    return layer, Point(inputs, values, FLOATS), cells


def autograd(torch: Any, case: Case, at: Point, cells: Any) -> tuple[list[Any], dict[str, Any]] | None:
    """PyTorch's gradients of the inputs and of the weights, in float64; None where it refuses."""
    inputs = [tensor(torch, each).requires_grad_() for each in at.inputs]
    values = {name: tensor(torch, each) for name, each in at.values.items()}
    learned = [each.requires_grad_() for name, each in values.items() if not name.startswith("running")]
    try:
        output = TORCH[case.kind](torch, inputs, values, case.arguments)
    except (RuntimeError, ValueError):
        return None
    found = torch.autograd.grad(output, [*inputs, *learned], tensor(torch, cells), allow_unused=True)
    zeros = [
        torch.zeros_like(each) if part is None else part for each, part in zip([*inputs, *learned], found, strict=True)
    ]
    names = [name for name in values if not name.startswith("running")]
    return [each.numpy() for each in zeros[: len(inputs)]], dict(
        zip(names, (each.numpy() for each in zeros[len(inputs) :]), strict=True)
    )


@pytest.mark.oracle
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("quantise", "requantise", "dequantise")])
def test_gradients_of_every_kind_are_those_of_autograd(torch: Any, kind: str) -> None:
    """Of inputs and weights over the grids of options, on every rank, for two samples."""
    compared, near = 0, 1e-7 if kind == "hard-sigmoid" else 1e-9  # its 1/6 is rounded to float32 in PyTorch
    for case in [*chain.from_iterable(cases(kind, rank) for rank in ranks(kind))][:: MANY.get(kind, 1)]:
        found = None if beyond_half(case) else made(case, NUMBERS["float64"].draw)
        if found is None:
            continue
        layer, at, cells = found
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of even kernels and lists of one number
            wanted = autograd(torch, case, at, cells)
        if wanted is None:
            continue
        compared += 1
        for mine, yours in zip(pull(layer, at, cells), wanted[0], strict=True):
            np.testing.assert_allclose(mine, yours, rtol=near, atol=1e-10, err_msg=str(case))
        for name, mine in layer.pull_weights(at, cells).items():
            assert mine.dtype == np.float64
            np.testing.assert_allclose(mine, wanted[1][name], rtol=near, atol=1e-10, err_msg=f"{case} {name}")
    assert compared


@pytest.mark.parametrize("numbers", ["exact", "float64"])
def test_a_weight_s_terms_sum_to_its_gradient(numbers: str) -> None:
    """Every number of every weight, to the last digit where numbers are exact."""
    counted = 0
    for case in small_cases(*KINDS):
        found = None if numbers == "exact" and case.kind in REAL else made(case, NUMBERS[numbers].draw)
        if found is None:
            continue
        layer, at, cells = found
        at = at._replace(context=EXACT if numbers == "exact" else FLOATS)
        for name, gradient in layer.pull_weights(at, cells).items():
            for place in np.ndindex(gradient.shape):
                terms = [*layer.weight_terms(at, cells, name, place)]
                total = added(term.product for term in terms)
                wanted = gradient[place]
                same = total == wanted if is_exact(gradient) else abs(total - wanted) <= 1e-12 * (1 + abs(total))
                assert same, f"{case} {name}{place}: {total} and {wanted}"
                counted += 1
                for term in terms:
                    if term.input is not None and not isinstance(layer, AveragePool):
                        assert term.factor == at.inputs[0][(term.sample, *term.input)], str(case)
    assert counted > 300


def test_a_weight_s_gradient_is_its_directional_derivative() -> None:
    """Exactly along a line: a layer is linear in each of its weights, so the difference of two outputs is the slope."""
    for case in small_cases("conv", "depthwise", "transposed-conv", "linear", "bias", "scale", "prelu"):
        found = made(case, NUMBERS["exact"].draw)
        assert found is not None
        layer, at, cells = found
        at = at._replace(context=EXACT)
        for name, gradient in layer.pull_weights(at, cells).items():
            step = NUMBERS["whole"].draw(np.random.default_rng(5), gradient.shape)
            moved = {**at.values, name: at.values[name].astype(object) + step}
            change = layer.compute(at.inputs, moved, EXACT).astype(object) - layer.compute(at.inputs, at.values, EXACT)
            assert added((change * cells).ravel().tolist()) == added(
                (gradient.astype(object) * step).ravel().tolist()
            ), case
