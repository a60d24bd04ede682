"""ONNX's Resize by every mode, every word for places and every rounding, as onnxruntime computes it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from convcalc.geometry.interpolation import COORDINATES, ROUNDINGS
from onnx_models import model_of, node, onnxruntimes, output_of, read

WAYS = [
    *({"mode": "nearest", "nearest_mode": rounding, "coordinate_transformation_mode": place}
      for rounding, place in product(ROUNDINGS, COORDINATES)),
    *({"mode": "linear", "coordinate_transformation_mode": place} for place in COORDINATES),
    *({"mode": "cubic", "coordinate_transformation_mode": place, "cubic_coeff_a": a, "exclude_outside": outside}
      for place, a, outside in product(COORDINATES, (-0.75, -0.5), (0, 1))),
]  # fmt: skip
SIZES = [(5, 7), (8, 12), (3, 4), (1, 6), (6, 1)]


@pytest.mark.oracle
@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way.values())))
def test_sizes_are_onnxruntimes(way):
    """Of planes to larger and smaller ones, and to a single row or column."""
    cells = np.random.default_rng(0).normal(size=(2, 3, 6, 6)).astype(np.float32)
    for height, width in SIZES:
        sizes = np.array([2, 3, height, width])
        model = model_of([node("Resize", "x", "", "", "s", **way)], (2, 3, 6, 6), {"s": sizes})
        network = read(model)
        assert network.cut is None, network.cut
        found, wanted = output_of(network, cells), onnxruntimes(model, cells)
        np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-5, err_msg=f"{height}×{width}")


@pytest.mark.oracle
@pytest.mark.parametrize("factors", [(2.0, 3.0), (1.5, 0.5), (0.6, 1.3)])
@pytest.mark.parametrize("way", [way for way in WAYS if "align_corners" not in way.values()],
                         ids=lambda way: "-".join(map(str, way.values())))  # fmt: skip
def test_factors_are_onnxruntimes(way, factors):
    """The places follow the factor, not the size that it is rounded down to; none lies just on a cell's border,
    where float32 would decide.
    """
    cells = np.random.default_rng(1).normal(size=(1, 2, 6, 5)).astype(np.float32)
    scales = np.array([1, 1, *factors], np.float32)
    model = model_of([node("Resize", "x", "", "s", **way)], (1, 2, 6, 5), {"s": scales})
    network = read(model)
    assert network.cut is None, network.cut
    np.testing.assert_allclose(output_of(network, cells), onnxruntimes(model, cells), rtol=2e-5, atol=2e-5)


@pytest.mark.oracle
def test_axes_may_be_some_in_any_order():
    """Sizes and scales of the named axes, the others as they are."""
    cells = np.random.default_rng(2).normal(size=(1, 2, 6, 5)).astype(np.float32)
    for last, given in (("", np.array([2.0, 1.5], np.float32)), ("sizes", np.array([4, 9]))):
        inputs = ("x", "", "s") if not last else ("x", "", "", "s")
        model = model_of([node("Resize", *inputs, mode="linear", axes=[3, 2])], (1, 2, 6, 5), {"s": given}, opset=18)
        np.testing.assert_allclose(output_of(read(model), cells), onnxruntimes(model, cells), rtol=2e-5, atol=2e-5)
