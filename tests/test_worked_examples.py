"""The numbers of books and courses, through the public calls."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from convcalc import Axis, conv, trace
from convcalc.geometry.axis import read_cells, unread_cells
from convcalc.geometry.boundary import Boundary
from convcalc.geometry.convolution import Counts

SOBEL_X_TURNED = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
SOBEL_Y_TURNED = [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]
ONES = [[1] * 3] * 3
TABLE = [
    [10, 20, 30, 40, 50],
    [20, 40, 60, 80, 100],
    [30, 60, 90, 120, 150],
    [40, 80, 120, 160, 200],
    [50, 100, 150, 200, 250],
]
SOBEL_X = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
CROP = [[40, 60, 80], [60, 90, 120], [80, 120, 160]]


def line(value: int, *, row: int | None = None, column: int | None = None) -> Any:
    """5×5 zeros with one row or one column of a value."""
    plane = np.zeros((5, 5), dtype=int)
    plane[row if row is not None else slice(None), column if column is not None else slice(None)] = value
    return plane


def centre(value: Any) -> list[list[Any]]:
    """3×3 zeros with one value in the centre."""
    return [[0, 0, 0], [0, value, 0], [0, 0, 0]]


def exact(values: Any) -> Any:
    """Nested lists as an array of Python's exact numbers."""
    return np.array(values, dtype=object)


def plane(cells: Any, kernel: Any, **options: Any) -> list[list[Any]]:
    """The output of one channel and one filter, as nested lists."""
    return conv([cells], [[kernel]], **options)[0].tolist()  # type: ignore[no-any-return]


def rows(*values: int) -> list[list[int]]:
    """Three rows of three equal values each."""
    return [[value] * 3 for value in values]


def test_s1_a_vertical_line_under_three_filters() -> None:
    """The vertical edge filter answers −4, 0, 4 in every row, the horizontal one nothing, the box 3."""
    output = conv([line(1, column=2)], [[SOBEL_X_TURNED], [SOBEL_Y_TURNED], [ONES]])
    assert output.tolist() == [[[-4, 0, 4]] * 3, rows(0, 0, 0), rows(3, 3, 3)]


def test_s2_a_horizontal_line_under_three_filters() -> None:
    """The horizontal edge filter answers in rows of −4, 0, 4."""
    output = conv([line(1, row=2)], [[SOBEL_X_TURNED], [SOBEL_Y_TURNED], [ONES]])
    assert output.tolist() == [rows(0, 0, 0), rows(-4, 0, 4), rows(3, 3, 3)]


def test_s3_two_channels_one_filter() -> None:
    """Both channels add to the row of −4."""
    output = conv([line(-2, row=2), line(1, row=2)], [[centre(1), centre(-2)]])
    assert output.tolist() == [rows(0, -4, 0)]


def test_s4_two_channels_three_filters() -> None:
    """A mean, a difference and two edges of a plane of ones and a single cell."""
    dot = np.zeros((5, 5), dtype=int)
    dot[2, 2] = 1
    half = Fraction(1, 2)
    output = conv(
        [np.ones((5, 5), dtype=int), dot],
        exact([[centre(half), centre(half)], [centre(1), centre(-1)], [SOBEL_X_TURNED, SOBEL_Y_TURNED]]),
    )
    assert output[0].tolist() == [[0.5, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 0.5]]
    assert output[1].tolist() == [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    assert output[2].tolist() == [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]


def test_s5_a_sum_of_one_channel_convolutions() -> None:
    """The channels of S3 one by one, added, are S3."""
    first = conv([line(-2, row=2)], [[centre(1)]])
    second = conv([line(1, row=2)], [[centre(-2)]])
    np.testing.assert_array_equal(first + second, [rows(0, -4, 0)])


def test_s6_sobel_x_and_its_products() -> None:
    """Rows of 160, 240, 320, and the nine products of the first cell."""
    assert plane(TABLE, SOBEL_X) == rows(160, 240, 320)
    story = trace([TABLE], [[SOBEL_X]], position=(0, 0))
    assert story.channels[0].products.tolist() == [[-10, 0, 30], [-40, 0, 120], [-30, 0, 90]]
    assert story.total == 160
    assert trace([TABLE], [[SOBEL_X]], position=(1, 1)).reads == (range(1, 4), range(1, 4))


@pytest.mark.parametrize(
    ("kernel", "wanted"),
    [
        (centre(1), CROP),
        ([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], [[160, 240, 320]] * 3),
        (exact([[Fraction(1, 9)] * 3] * 3), CROP),
        (exact([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) * Fraction(1, 16), CROP),
        ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], CROP),
        ([[0, 1, 0], [1, -4, 1], [0, 1, 0]], rows(0, 0, 0)),
        ([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], [[280, 360, 440], [360, 450, 540], [440, 540, 640]]),
    ],
    ids=["identity", "sobel-y", "box", "gaussian", "sharpen", "laplacian", "emboss"],
)
def test_s7_named_kernels(kernel: Any, wanted: Any) -> None:
    """Every kernel of the calculator on the same table, in whole numbers (60, never 59.999…)."""
    output = conv([TABLE], exact([[kernel]]))
    assert output[0].tolist() == wanted
    assert output.dtype == np.int64


RED = [[255, 200, 150, 100], [220, 180, 140, 80], [180, 140, 100, 60], [140, 100, 60, 40]]
GREEN = [[100, 120, 140, 160], [80, 100, 120, 140], [60, 80, 100, 120], [40, 60, 80, 100]]
BLUE = [[50, 80, 110, 140], [70, 100, 130, 160], [90, 120, 150, 180], [110, 140, 170, 200]]


def test_s8_three_colours() -> None:
    """The three channel sums of the first cell are 345, 0 and 0."""
    weight = [[SOBEL_X_TURNED, [[0, 1, 0], [1, -4, 1], [0, 1, 0]], [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]]]
    assert conv([RED, GREEN, BLUE], weight).tolist() == [[[345, 380], [320, 320]]]
    story = trace([RED, GREEN, BLUE], weight, position=(0, 0))
    assert [channel.subtotal for channel in story.channels] == [345, 0, 0]


def test_s9_three_colours_two_by_two() -> None:
    """60 = 5 + 13 + 42."""
    cells = np.arange(1, 13).reshape(3, 2, 2)
    weight = [[[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 1], [1, 1]]]]
    assert conv(cells, weight).tolist() == [[[60]]]
    assert [channel.subtotal for channel in trace(cells, weight, position=(0, 0)).channels] == [5, 13, 42]


def test_s10_counts_of_two_layers() -> None:
    """1,792 = 1,728 + 64 and 73,856 parameters."""
    first = Counts(3, 64, (3, 3))
    assert (first.weights, first.biases, first.parameters) == (1728, 64, 1792)
    assert Counts(64, 128, (3, 3)).parameters == 73856


def test_s11_counts_and_shape_of_56_filters() -> None:
    """80 weights a filter, 280 kernels, 4,480 weights, output 56×6×6."""
    counts = Counts(5, 56, (4, 4), has_bias=False)
    assert (counts.weights_per_filter, counts.kernels, counts.parameters) == (80, 280, 4480)
    assert conv(np.ones((5, 9, 9), int), np.ones((56, 5, 4, 4), int)).shape == (56, 6, 6)


def test_s12_four_layers_of_same_size() -> None:
    """10,104 parameters in all, and every output is 28×28."""
    layers = [(3, 32, 5), (32, 17, 3), (17, 13, 3), (13, 7, 3)]
    counts = [Counts(a, b, (size, size), has_bias=False).parameters for a, b, size in layers]
    assert counts == [2400, 4896, 1989, 819]
    assert sum(counts) == 10104
    cells = np.ones((3, 28, 28), int)
    for channels, filters, size in layers:
        cells = conv(cells, np.ones((filters, channels, size, size), np.int8), padding="same")
        assert cells.shape == (filters, 28, 28)


def test_s13_two_layers() -> None:
    """[[24,27],[33,36]] and [[96,108],[132,144]], then 270 and 1080."""
    weight = np.empty((2, 2, 2, 2), dtype=object)
    for place, value in {(0, 0): Fraction(1, 4), (0, 1): Fraction(1, 2), (1, 0): 1, (1, 1): 2}.items():
        weight[place] = value
    layer = conv(np.arange(18).reshape(2, 3, 3), weight)
    assert layer.tolist() == [[[24, 27], [33, 36]], [[96, 108], [132, 144]]]
    assert conv(layer, weight).tolist() == [[[270]], [[1080]]]


def test_s14_three_sensors() -> None:
    """One filter on each of three channels, summed."""
    assert conv([[1, 2, 3, 2, 4], [2, 3, 4, 1, 2], [3, 4, 5, 1, 2]], [[[1, 0, -1]] * 3]).tolist() == [[-6, 5, 4]]


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (3, 5), (7, 2)])
def test_s15_channels_times_channels(inputs: int, outputs: int) -> None:
    """N×M kernels; a 1×1 kernel is a weighted sum over the channels at each position."""
    assert Counts(inputs, outputs, (3, 3)).kernels == inputs * outputs
    cells = np.arange(inputs * 6).reshape(inputs, 2, 3)
    weight = np.arange(outputs * inputs).reshape(outputs, inputs)
    np.testing.assert_array_equal(conv(cells, weight[:, :, None, None]), np.tensordot(weight, cells, 1))


def test_s16_one_axis() -> None:
    """[1, 2, 3, 4] under [1, 0, −1]."""
    assert conv([[1, 2, 3, 4]], [[[1, 0, -1]]]).tolist() == [[-2, -2]]


def test_s17_two_channels_three_filters_of_two_by_two() -> None:
    """Three outputs of 3×3."""
    cells = [[[1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15], [4, 8, 12, 16]], [[n] * 4 for n in (1, 2, 3, 4)]]
    weight = [
        [[[1, 0], [0, 1]], [[1, 1], [1, 1]]],
        [[[0, 1], [1, 0]], [[0, 0], [0, 1]]],
        [[[1, 1], [1, 1]], [[-1, -1], [-1, -1]]],
    ]
    assert conv(cells, weight).tolist() == [
        [[13, 21, 29], [19, 27, 35], [25, 33, 41]],
        [[9, 17, 25], [12, 20, 28], [15, 23, 31]],
        [[8, 24, 40]] * 3,
    ]


def test_s18_one_by_one() -> None:
    """Two channels mixed into three."""
    cells = [[[1, 2], [3, 4]], [[10, 20], [30, 40]]]
    weight = np.array([[1, 0], [0, 1], [1, -1]]).reshape(3, 2, 1, 1)
    assert conv(cells, weight).tolist() == [*cells, [[-9, -18], [-27, -36]]]


def test_public_1_d2l_cross_correlation() -> None:
    """Plain, with padding 1, and with padding 1 and stride (3, 2)."""
    cells, kernel = np.arange(9).reshape(3, 3), [[0, 1], [2, 3]]
    assert plane(cells, kernel) == [[19, 25], [37, 43]]
    assert plane(cells, kernel, padding=1) == [[0, 3, 8, 4], [9, 19, 25, 10], [21, 37, 43, 16], [6, 7, 8, 0]]
    assert plane(cells, kernel, padding=1, stride=(3, 2)) == [[0, 8], [6, 8]]


def test_public_2_d2l_channels() -> None:
    """Two channels into one, then into three."""
    cells = np.stack([np.arange(9).reshape(3, 3), np.arange(9).reshape(3, 3) + 1])
    kernel = np.array([[[0, 1], [2, 3]], [[1, 2], [3, 4]]])
    assert conv(cells, [kernel]).tolist() == [[[56, 72], [104, 120]]]
    assert conv(cells, np.stack([kernel, kernel + 1, kernel + 2])).tolist() == [
        [[56, 72], [104, 120]],
        [[76, 100], [148, 172]],
        [[96, 128], [192, 224]],
    ]


def test_public_3_d2l_edge_detector() -> None:
    """One at the first edge, minus one at the second."""
    cells = np.ones((6, 8), dtype=int)
    cells[:, 2:6] = 0
    assert plane(cells, [[1, -1]]) == [[0, 1, 0, 0, 0, -1, 0]] * 6


def test_public_4_dumoulin_visin() -> None:
    """The figures of the guide to convolution arithmetic."""
    cells = [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
    kernel = [[0, 1, 2], [2, 2, 0], [0, 1, 2]]
    assert plane(cells, kernel) == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    assert plane(cells, kernel, padding=1, stride=2) == [[6, 17, 3], [8, 17, 13], [6, 4, 4]]


def test_public_5_cs231n_stride() -> None:
    """Strides 1 and 2, and stride 3, which does not fit: one input cell is never read."""
    cells, kernel = [[1, 2, -1, 1, -3]], [[[1, 0, -1]]]
    assert conv(cells, kernel, padding=1).tolist() == [[-2, 2, 1, 2, 1]]
    assert conv(cells, kernel, padding=1, stride=2).tolist() == [[-2, 1, 1]]
    axis = Axis(size=5, kernel_size=3, stride=3, before=1, after=1)
    assert (axis.output_size, axis.leftover) == (2, 1)
    assert conv(cells, kernel, padding=1, stride=3).tolist() == [[-2, 2]]
    # the second window reads cells 2 to 4, so what the stride leaves over here is padding
    assert unread_cells((axis,), Boundary()) == 0
    unpadded = Axis(size=6, kernel_size=3, stride=2)
    assert (read_cells(unpadded, Boundary()), unread_cells((unpadded,), Boundary())) == (5, 1)


def test_public_6_alexnet() -> None:
    """227 cells become 55; 34,848 weights and 96 biases."""
    assert Axis(size=227, kernel_size=11, stride=4).output_size == 55
    counts = Counts(3, 96, (11, 11))
    assert (counts.weights, counts.biases) == (34848, 96)


@pytest.mark.parametrize(
    ("padding", "flip", "wanted"),
    [
        ("full", True, [0, 1, 2.5, 4, 1.5]),
        ("same", True, [1, 2.5, 4]),
        ("valid", True, [2.5]),
        ("full", False, [0.5, 2, 3.5, 3, 0]),
    ],
)
def test_public_7_numpy(padding: str, flip: bool, wanted: list[float]) -> None:
    """The examples of numpy.convolve and numpy.correlate."""
    assert conv([[1, 2, 3]], [[[0, 1, 0.5]]], padding=padding, flip=flip).tolist() == [wanted]


def test_public_8_flip() -> None:
    """Correlation and convolution of the same arrays."""
    cells, kernel = np.arange(10).reshape(5, 2), [[1], [2]]
    assert plane(cells, kernel) == [[4, 7], [10, 13], [16, 19], [22, 25]]
    assert plane(cells, kernel, flip=True) == [[2, 5], [8, 11], [14, 17], [20, 23]]


def test_public_9_scipy_ndimage() -> None:
    """True convolution of the same size with zeros outside."""
    cells = [[1, 2, 0, 0], [5, 3, 0, 4], [0, 0, 0, 7], [9, 3, 0, 0]]
    wanted = [[11, 10, 7, 4], [10, 3, 11, 11], [15, 12, 14, 7], [12, 3, 7, 0]]
    assert plane(cells, [[1, 1, 1], [1, 1, 0], [1, 0, 0]], padding="same", flip=True) == wanted


@pytest.mark.parametrize(
    ("sizes", "axes", "wanted"),
    [
        ((50,), [{"kernel_size": 3, "stride": 2}], (24,)),
        ((50, 100), [{"kernel_size": 3, "stride": 2, "pad": 4}, {"kernel_size": 5, "pad": 2}], (28, 100)),
        (
            (50, 100),
            [{"kernel_size": 3, "stride": 2, "pad": 4, "dilation": 3}, {"kernel_size": 5, "pad": 2}],
            (26, 100),
        ),
        (
            (10, 50, 100),
            [{"kernel_size": 3, "stride": 2, "pad": 4}, {"kernel_size": 5, "pad": 2}, {"kernel_size": 2}],
            (8, 50, 99),
        ),
    ],
    ids=["conv1d", "conv2d", "conv2d-dilated", "conv3d"],
)
def test_public_13_pytorch_shapes(sizes: tuple[int, ...], axes: list[dict[str, int]], wanted: tuple[int, ...]) -> None:
    """The shapes in PyTorch's documentation."""
    made = [
        Axis(
            size=size,
            before=(pad := {**axis}.pop("pad", 0)),
            after=pad,
            **{k: v for k, v in axis.items() if k != "pad"},
        )
        for size, axis in zip(sizes, axes, strict=True)
    ]
    assert tuple(axis.output_size for axis in made) == wanted
