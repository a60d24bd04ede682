"""PyTorch, SciPy and NumPy as second opinions."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from convcalc import Axis, conv
from convcalc.geometry.arguments import padding_pairs

oracle = pytest.mark.oracle
REASON = "extra `oracle` is not installed"


@pytest.fixture(scope="module")
def torch() -> Any:
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch", reason=REASON)


@pytest.fixture(scope="module")
def ndimage() -> Any:
    """scipy.ndimage, where it is installed."""
    return pytest.importorskip("scipy.ndimage", reason=REASON)


@pytest.fixture(scope="module")
def signal() -> Any:
    """scipy.signal, where it is installed."""
    return pytest.importorskip("scipy.signal", reason=REASON)


def integers(seed: Any, *shape: int, high: int = 99) -> Any:
    """Whole numbers from −high to high, as int64; small enough that float64 holds every sum exactly."""
    return np.random.default_rng(seed).integers(-high, high + 1, size=shape)


# PyTorch -----------------------------------------------------------------------------------------------------------

GRID = [
    (rank, groups, stride, dilation, padding)
    for rank, groups, stride, dilation, padding in product((1, 2, 3), (1, 2, 4), (1, 2, 3), (1, 2), (0, 1, 3))
]
SIZE = {1: (13,), 2: (9, 8), 3: (6, 7, 5)}
TAPS = {1: (4,), 2: (3, 2), 3: (2, 3, 1)}


def torch_conv(torch: Any, cells: Any, weight: Any, bias: Any = None, **options: Any) -> Any:
    """The output of conv1d to conv3d in float64."""
    function = getattr(torch.nn.functional, f"conv{cells.ndim - 2}d")
    as_tensor = lambda array: torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64))  # noqa: E731
    return function(as_tensor(cells), as_tensor(weight), None if bias is None else as_tensor(bias), **options).numpy()


@oracle
@pytest.mark.parametrize(("rank", "groups", "stride", "dilation", "padding"), GRID)
def test_torch_conv(torch: Any, rank: int, groups: int, stride: int, dilation: int, padding: int) -> None:
    """The grid of groups, stride, dilation and padding on 1, 2 and 3 axes; the seed is the row itself."""
    seed = [rank, groups, stride, dilation, padding]
    cells, weight = integers(seed, 2, 4, *SIZE[rank]), integers([*seed, 1], 8, 4 // groups, *TAPS[rank])
    bias = integers([*seed, 2], 8)
    options = {"groups": groups, "stride": stride, "dilation": dilation, "padding": padding}
    np.testing.assert_array_equal(
        conv(cells, weight, bias, **options), torch_conv(torch, cells, weight, bias, **options)
    )


@oracle
@pytest.mark.parametrize("seed", range(10))
def test_torch_conv_with_a_number_for_each_axis(torch: Any, seed: int) -> None:
    """Stride, dilation and padding differ from axis to axis."""
    rng = np.random.default_rng(seed)
    cells, weight = integers(seed, 1, 2, 9, 10, 11), integers([seed, 1], 3, 2, 2, 3, 2)
    options = {
        name: tuple(rng.integers(low, 4, 3).tolist()) for name, low in (("stride", 1), ("dilation", 1), ("padding", 0))
    }
    np.testing.assert_array_equal(conv(cells, weight, **options), torch_conv(torch, cells, weight, **options))


@oracle
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@pytest.mark.parametrize("taps", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_torch_same(torch: Any, taps: int, dilation: int) -> None:
    """The word ``same`` at stride 1, with even kernels too."""
    cells, weight = integers([taps, dilation], 1, 2, 9, 8), integers([taps, dilation, 1], 3, 2, taps, 3)
    options = {"padding": "same", "dilation": dilation}
    np.testing.assert_array_equal(conv(cells, weight, **options), torch_conv(torch, cells, weight, **options))


@oracle
@pytest.mark.parametrize("boundary", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("pads", [((1, 1), (2, 2)), ((0, 3), (2, 1)), ((4, 4), (4, 0))], ids=str)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_torch_padding_modes(torch: Any, rank: int, pads: Any, boundary: str) -> None:
    """PyTorch's modes of padding, by functional.pad, up to the size of the input."""
    pads = (*pads, (1, 2))[:rank]
    cells, weight = integers(rank, 1, 2, *(5, 6, 5)[:rank]), integers([rank, 1], 2, 2, *(2, 3, 2)[:rank])
    flat_pads = [cells for pair in reversed(pads) for cells in pair]
    padded = torch.nn.functional.pad(torch.from_numpy(cells.astype(float)), flat_pads, mode=boundary).numpy()
    wanted = torch_conv(torch, padded, weight, stride=2)
    np.testing.assert_array_equal(conv(cells, weight, padding=pads, boundary=boundary, stride=2), wanted)


@oracle
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-4), (np.float64, 1e-12)], ids=["float32", "float64"])
def test_torch_on_floats(torch: Any, dtype: Any, tolerance: float) -> None:
    """Floats agree closely and keep their type."""
    rng = np.random.default_rng(7)
    cells, weight = rng.normal(size=(2, 8, 12, 11)).astype(dtype), rng.normal(size=(4, 8, 3, 3)).astype(dtype)
    output = conv(cells, weight, padding=1, stride=2)
    assert output.dtype == dtype
    np.testing.assert_allclose(output, torch_conv(torch, cells, weight, padding=1, stride=2), rtol=0, atol=tolerance)


# SciPy -------------------------------------------------------------------------------------------------------------

NDIMAGE_MODES = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "mirror": "reflect",
    "nearest": "replicate",
    "wrap": "circular",
    "grid-wrap": "circular",
    "grid-constant": "zeros",
    "constant": "zeros",
}
NDIMAGE_TAPS = [(3,), (4,), (1,), (3, 3), (2, 3), (4, 2), (5, 1), (3, 2, 3)]


@oracle
@pytest.mark.parametrize("taps", NDIMAGE_TAPS, ids=str)
@pytest.mark.parametrize("mode", NDIMAGE_MODES)
def test_scipy_ndimage(ndimage: Any, mode: str, taps: tuple[int, ...]) -> None:
    """SciPy's correlate centres an even kernel on its later middle (same-lower), convolve on its earlier (same)."""
    seed = list(taps)
    cells, kernel = integers(seed, *(6, 5, 7)[: len(taps)]), integers([*seed, 1], *taps)
    for function, padding, flip in ((ndimage.correlate, "same-lower", False), (ndimage.convolve, "same", True)):
        output = conv(cells[None], kernel[None, None], padding=padding, boundary=NDIMAGE_MODES[mode], flip=flip)
        np.testing.assert_array_equal(output[0], function(cells, kernel, mode=mode))


@oracle
@pytest.mark.parametrize("value", [7, -300])
def test_scipy_ndimage_constant(ndimage: Any, value: int) -> None:
    """A constant other than zero is ndimage's cval."""
    cells, kernel = integers(1, 5, 6), integers(2, 3, 3)
    wanted = ndimage.correlate(cells, kernel, mode="constant", cval=value)
    np.testing.assert_array_equal(conv(cells[None], kernel[None, None], padding="same", boundary=value)[0], wanted)


@oracle
@pytest.mark.parametrize("taps", [(3,), (4,), (3, 3), (2, 4), (5, 1), (2, 3, 2)], ids=str)
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_scipy_signal(signal: Any, mode: str, taps: tuple[int, ...]) -> None:
    """Convolve and correlate of scipy.signal; its ``same`` centres on the later middle (same-lower)."""
    seed = list(taps)
    cells, kernel = integers(seed, *(6, 7, 5)[: len(taps)]), integers([*seed, 1], *taps)
    for function, flip in ((signal.correlate, False), (signal.convolve, True)):
        padding = "same-lower" if mode == "same" else mode
        output = conv(cells[None], kernel[None, None], padding=padding, flip=flip)
        np.testing.assert_array_equal(output[0], function(cells, kernel, mode=mode, method="direct"))


@oracle
@pytest.mark.parametrize(
    ("boundary", "ours"), [("fill", "zeros"), ("wrap", "circular"), ("symm", "symmetric")], ids=["fill", "wrap", "symm"]
)
def test_scipy_signal_2d(signal: Any, boundary: str, ours: str) -> None:
    """SciPy's convolve2d and correlate2d with their own names for boundaries."""
    cells, kernel = integers(3, 6, 7), integers(4, 3, 5)
    for function, flip in ((signal.correlate2d, False), (signal.convolve2d, True)):
        for mode in ("same", "full"):
            output = conv(cells[None], kernel[None, None], padding=mode, boundary=ours, flip=flip)
            np.testing.assert_array_equal(output[0], function(cells, kernel, mode=mode, boundary=boundary))


# NumPy -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taps", range(1, 8))
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_numpy_convolve_and_correlate(mode: str, taps: int) -> None:
    """numpy.convolve and numpy.correlate; their ``same`` centres on the later middle (same-lower)."""
    cells, kernel = integers([taps], 9), integers([taps, 1], taps)
    padding = "same-lower" if mode == "same" else mode
    for function, flip in ((np.correlate, False), (np.convolve, True)):
        output = conv([cells], [[kernel]], padding=padding, flip=flip)
        np.testing.assert_array_equal(output[0], function(cells, kernel, mode=mode))


@pytest.mark.parametrize("seed", range(8))
def test_numpy_polynomials(seed: int) -> None:
    """Full convolution multiplies polynomials: exactly, with coefficients of any size."""
    first, second = ([int(n) * 10**25 + 7 for n in integers([seed, part], 5)] for part in (0, 1))
    output = conv(np.array([first], dtype=object), np.array([[second]], dtype=object), padding="full", flip=True)
    at = 10**3
    value = lambda numbers: sum(n * at**power for power, n in enumerate(numbers))  # noqa: E731
    assert value(output[0].tolist()) == value(first) * value(second)


@pytest.mark.parametrize(
    ("boundary", "mode"),
    [
        ("reflect", "reflect"),
        ("symmetric", "symmetric"),
        ("replicate", "edge"),
        ("circular", "wrap"),
        ("zeros", "constant"),
    ],
)
@pytest.mark.parametrize("pads", [((1, 2), (0, 3)), ((9, 14), (11, 7))], ids=["small", "periodic"])
def test_numpy_pad(pads: Any, boundary: str, mode: Any) -> None:
    """A kernel of one cell shows the padded input itself."""
    cells = integers(1, 4, 3)
    output = conv(cells[None], [[[[1]]]], padding=pads, boundary=boundary)
    np.testing.assert_array_equal(output[0], np.pad(cells, pads, mode=mode))


@pytest.mark.parametrize("seed", range(5))
def test_numpy_sliding_windows(seed: int) -> None:
    """The windows of NumPy, multiplied and summed by einsum."""
    cells, weight = integers(seed, 2, 3, 8, 9), integers([seed, 1], 4, 3, 3, 2)
    windows = np.lib.stride_tricks.sliding_window_view(cells, (3, 2), axis=(2, 3))
    np.testing.assert_array_equal(conv(cells, weight), np.einsum("bchwij,ocij->bohw", windows, weight))


@oracle
def test_output_sizes_are_pytorchs(torch: Any) -> None:
    """The shape of every row of the grid is what the axes say."""
    for rank, groups, stride, dilation, padding in GRID:
        made = [Axis(n, k, stride, dilation, padding, padding) for n, k in zip(SIZE[rank], TAPS[rank], strict=True)]
        cells, weight = np.zeros((1, 4, *SIZE[rank])), np.zeros((4, 4 // groups, *TAPS[rank]))
        options = {"groups": groups, "stride": stride, "dilation": dilation, "padding": padding}
        assert torch_conv(torch, cells, weight, **options).shape[2:] == tuple(axis.output_size for axis in made)


@oracle
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
def test_same_is_pytorchs_padding(torch: Any) -> None:
    """The numbers behind ``same`` are those of PyTorch's own layer."""
    for taps, dilation in product(range(1, 8), range(1, 4)):
        layer = torch.nn.Conv1d(1, 1, taps, padding="same", dilation=dilation)
        pairs = padding_pairs("same", [20], [taps], [1], [dilation])
        assert pairs == (tuple(layer._reversed_padding_repeated_twice),)
