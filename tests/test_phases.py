"""A transposed convolution by its phases against a pass for each tap, and against PyTorch."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from convcalc.context import STANDARD, Context
from convcalc.engine.algorithms.transposed_direct import scatter
from convcalc.layers.kinds import transposed
from convcalc.layers.kinds.transposed_phases import by_phases
from convcalc.layers.table import kind_of

CASES = [
    *product([(7,)], [(1,), (2,), (3,), (5,)], [(1,), (2,), (3,), (7,)], [1, 2]),
    *product([(4, 6)], [(1, 3), (4, 2), (3, 3)], [(1, 1), (2, 3), (3, 2)], [1, 2]),
    ((3, 2, 4), (2, 3, 1), (2, 1, 2), 2),
]


@pytest.mark.parametrize(("size", "kernel", "stride", "groups"), CASES)
def test_phases_write_what_taps_write(size, kernel, stride, groups):
    """Of every kernel and stride, also where a stride is larger than the kernel and some phases are empty."""
    numbers = np.random.default_rng(7)
    cells = numbers.normal(size=(2, 4, *size))
    weight = numbers.normal(size=(4, 3, *kernel))
    written = [(each - 1) * step + taps + 1 for each, step, taps in zip(size, stride, kernel, strict=True)]
    expected = scatter(cells, weight, size=written, stride=stride, dilation=[1] * len(size), groups=groups)
    found = by_phases(cells, weight, size=written, stride=stride, groups=groups, context=STANDARD)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert np.abs(expected).max() > 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_layers_agree_with_pytorch(dtype, monkeypatch):
    """By phases, which is made sure of; without them it would be another path."""
    torch = pytest.importorskip("torch")
    taken = []
    monkeypatch.setattr(
        "convcalc.layers.kinds.transposed_phases.by_phases",
        lambda *given, **named: taken.append(1) or by_phases(*given, **named),
    )
    numbers = np.random.default_rng(3)
    layer = kind_of("transposed-conv").make(
        (8, 20, 21), out_channels=12, kernel_size=[4, 3], stride=2, padding=1, output_padding=[0, 1], groups=2
    )
    cells = numbers.normal(size=(2, 8, 20, 21)).astype(dtype)
    values = {name: numbers.normal(size=shape).astype(dtype) for name, shape in layer.weight_shapes.items()}
    assert 2 * layer.work.macs > transposed._LARGE
    found = layer.compute([cells], values)
    expected = torch.nn.functional.conv_transpose2d(
        *map(torch.from_numpy, (cells, values["weight"], values["bias"])),
        stride=2, padding=1, output_padding=(0, 1), groups=2,
    ).numpy()  # fmt: skip
    assert (found.dtype, found.shape, taken) == (dtype, expected.shape, [1])
    np.testing.assert_allclose(found, expected, rtol=0, atol=np.abs(expected).max() * 40 * np.finfo(dtype).eps)


def test_infinite_weights_reach_what_they_write_alone():
    """Around the input stand no zeros that an infinite weight could meet."""
    layer = kind_of("transposed-conv").make((8, 30, 30), out_channels=8, kernel_size=3, stride=2, bias=False)
    weight = np.ones((8, 8, 3, 3), np.float32)
    weight[0, 0, 0, 0] = np.inf
    found = layer.compute([np.ones((1, 8, 30, 30), np.float32)], {"weight": weight})
    assert not np.isnan(found).any()
    assert np.isinf(found[0, 0]).sum() == 30 * 30


def test_the_engine_asked_for_is_taken():
    """The phases are convolutions like all others: another engine, other roundings."""
    numbers = np.random.default_rng(3)
    cells, weight = numbers.normal(size=(1, 8, 40, 40)), numbers.normal(size=(8, 8, 3, 3))
    of = {
        engine: by_phases(cells, weight, size=(81, 81), stride=(2, 2), groups=1, context=Context(engine=engine))
        for engine in ("gemm", "fft")
    }
    np.testing.assert_allclose(of["gemm"], of["fft"], rtol=0, atol=1e-11)
    assert (of["gemm"] != of["fft"]).any()
