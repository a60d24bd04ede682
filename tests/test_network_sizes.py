"""Networks of sizes beyond every machine: shapes and counts in whole numbers, memory planned before it is taken."""

from __future__ import annotations

import json

import numpy as np
import pytest

from convcalc.layers.table import KINDS

HUGE = "9" * 60


@pytest.mark.parametrize("layers", ["flatten, linear: 10", "flatten, softmax", "relu, global-max-pool", "batch-norm"])
def test_shapes_beyond_machine_words_are_summed_up(cli, layers):
    """No length of a range is asked for: every figure is a whole number of Python's."""
    cli.write({"f.yaml": f"input: {{shape: [3, {HUGE}]}}\nlayers: [{layers}]\n"})
    done = cli.run("summary", "f.yaml", "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["input_shape"] == [1, 3, int(HUGE)]


WEIGHT = """input: {ones: [1, 6, 6]}
weights: {random: 0}
layers:
  - conv: {out_channels: 1, kernel_size: 2000, padding: 1000}
"""


@pytest.mark.parametrize(
    ("limit", "what"),
    [("30MiB", "its weight needs 30.5 MiB"), ("70MiB", "this convolution needs 91.6 MiB")],
    ids=["weight", "convolution"],
)
def test_generated_weights_are_planned(cli, limit, what):
    """A short file that asks for many numbers is refused before they are drawn, or before they are convolved with."""
    cli.write({"f.yaml": WEIGHT})
    done = cli.run("run", "f.yaml", "-q", "--limit", f"memory={limit}")
    assert done.code == 3
    assert f"conv1: {what} of memory, {float(limit[:-3]):.1f} MiB may be used" in done.err


def test_a_pool_much_longer_than_its_input():
    """Only the taps that read a cell are gone through, not 10^21 of them."""
    taps = 10**21
    layer = KINDS["max-pool"].make((1, 3), kernel_size=taps, padding=taps - 1)
    np.testing.assert_array_equal(layer.compute([np.array([[[4, 9, 2]]])], {}), [[[4, 9]]])
    layer = KINDS["avg-pool"].make((1, 3), kernel_size=taps, padding=taps - 1, count_include_pad=False)
    np.testing.assert_array_equal(layer.compute([np.array([[[4, 9, 2]]])], {}), [[[4, 5.5]]])
