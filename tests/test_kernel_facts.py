"""The facts of kernels: against independent references, by properties, and as the pages and files that tell them."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import permutations
from math import fsum, prod
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.context import Context
from convcalc.errors import FieldError
from convcalc.kernels import factors
from convcalc.kernels.factors import multiplied, products_of, separation_of
from convcalc.kernels.kernel import Kernel, Namesake
from convcalc.kernels.lint import Rule, whole_weights
from convcalc.kernels.properties import Parity, properties_of, symmetry_of
from convcalc.kernels.related import relation_of
from convcalc.kernels.response import FREQUENCIES, PLANE_FREQUENCIES, Band, response_of
from convcalc.kernels.selection import selected
from convcalc.render.boxes import ROUNDED
from convcalc.render.plain import plain_lines
from convcalc.report.kernel.namesakes import namesake_blocks, relation_text
from convcalc.request.kernel_library import Library

SHIPPED = sorted((Path(__file__).parents[1] / "kernels").glob("*.yaml"))
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
LAPLACIAN = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
TAPS = st.lists(st.integers(-9, 9), min_size=1, max_size=5).filter(any)
SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
WHOLE = SHAPES.flatmap(
    lambda shape: st.lists(st.integers(-9, 9), min_size=prod(shape), max_size=prod(shape)).map(
        lambda values: np.array(values).reshape(shape)
    )
)
SCALES = st.fractions(-4, 4, max_denominator=16).filter(bool)


def facts(weights, scale=1):
    """The facts of weights × scale."""
    return properties_of(Kernel("k", np.asarray(weights), Fraction(scale)))


def unfolded(weights, axis):
    """The matrix whose rows are the slices along an axis."""
    return np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)


def rank_by_hand(matrix):
    """The rank of a whole matrix by elimination in fractions."""
    rows = [[Fraction(int(value)) for value in row] for row in matrix]
    rank = 0
    for column in range(len(rows[0])):
        pivot = next((number for number in range(rank, len(rows)) if rows[number][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for row in rows[rank + 1 :]:
            share = row[column] / rows[rank][column]
            row[:] = [value - share * other for value, other in zip(row, rows[rank], strict=True)]
        rank += 1
    return rank


# --- factors and ranks


@given(st.lists(TAPS, min_size=1, max_size=3), st.sampled_from([1, -1, 6]))
def test_an_outer_product_has_rank_1_and_comes_apart_exactly(taps, constant):
    """Whole filters multiplied are found to be separable, into whole filters whose product is the very kernel."""
    kernel = reduce(np.multiply.outer, map(np.array, taps)) * constant
    found = separation_of(kernel)
    assert found.ranks == (1,) * kernel.ndim
    assert found.is_exact
    assert found.is_separable
    assert all(type(value) is int for each in found.factors for value in each)
    np.testing.assert_array_equal(multiplied(found.factors), kernel)
    assert found.multiplications == sum(kernel.shape)


@given(WHOLE)
def test_whole_ranks_are_those_of_elimination_and_of_numpy(kernel):
    """By every axis the rank is that of the unfolding, by fractions and by NumPy; rank 1 and separable are the same."""
    found = separation_of(kernel)
    matrices = [unfolded(kernel, axis) for axis in range(kernel.ndim)]
    assert list(found.ranks) == [rank_by_hand(matrix) for matrix in matrices]
    assert list(found.ranks) == [np.linalg.matrix_rank(matrix) for matrix in matrices]
    assert found.is_separable == (set(found.ranks) == {1})


@given(st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_the_rank_of_a_sum_of_products(rank, seed):
    """Wide products of whole matrices have the rank that NumPy finds, exactly and, as floats, by singular values."""
    random = np.random.default_rng(seed)
    kernel = random.integers(-9, 10, (7, rank)) @ random.integers(-9, 10, (rank, 9))
    expected = (np.linalg.matrix_rank(kernel),) * 2
    assert separation_of(kernel).ranks == expected
    as_floats = separation_of(kernel / 7)
    assert (as_floats.ranks, as_floats.is_exact) == (expected, not kernel.any())


def test_huge_whole_numbers_are_eliminated_exactly():
    """A digit beyond the floats decides about the rank."""
    kernel = np.array([[10**30, 10**30], [10**30, 10**30 + 1]], dtype=object)
    assert separation_of(kernel).ranks == (2, 2)
    kernel[1, 1] -= 1
    assert separation_of(kernel).factors == ((10**30, 10**30), (1, 1))


def test_large_matrices_are_taken_by_singular_values():
    """Beyond a hundred rows the rank of whole numbers is that of their singular values, and said not to be exact."""
    random = np.random.default_rng(1)
    kernel = random.integers(-9, 10, (120, 3)) @ random.integers(-9, 10, (3, 120))
    found = separation_of(kernel)
    assert (found.ranks, found.is_exact) == ((3, 3), False)


@given(st.lists(st.lists(st.floats(0.01, 9), min_size=1, max_size=5), min_size=1, max_size=3))
def test_float_factors_multiply_back(taps):
    """The product of float filters comes apart into filters of sum 1, the rest with the first, up to rounding."""
    kernel = reduce(np.multiply.outer, map(np.array, taps))
    found = separation_of(kernel)
    assert found.ranks == (1,) * kernel.ndim
    assert not found.is_exact
    np.testing.assert_allclose(multiplied(found.factors), kernel, rtol=1e-11)
    assert [sum(each) for each in found.factors[1:]] == pytest.approx([1] * (kernel.ndim - 1))


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (SOBEL, ((1, 2, 1), (-1, 0, 1))),
        (SOBEL.T, ((-1, 0, 1), (1, 2, 1))),
        (-SOBEL, ((1, 2, 1), (1, 0, -1))),
        ([[-1, -1], [-1, -1]], ((-1, -1), (1, 1))),
        ([[2, 4], [4, 8]], ((2, 4), (1, 2))),
        ([[1, -1], [-1, 1]], ((1, -1), (1, -1))),
        ([[[2, -2]], [[4, -4]], [[2, -2]]], ((1, 2, 1), (1,), (2, -2))),
        (SOBEL / 8, ((0.25, 0.5, 0.25), (-0.5, 0, 0.5))),
        (LAPLACIAN, None),
        ([[0, 0], [0, 0]], None),
    ],
)
def test_factors_are_as_they_are_written(kernel, expected):
    """Smoothing filters are positive, floats of sum 1; what is over goes with the derivative, else with the first."""
    assert separation_of(np.array(kernel)).factors == expected


@given(WHOLE.filter(lambda kernel: kernel.ndim > 1))
def test_two_products_add_up_to_the_kernel(kernel):
    """Where a whole kernel is a sum of up to two whole products, they add up to it."""
    found = products_of(kernel.astype(object), 2)
    if found is None:
        assert max(separation_of(kernel).ranks) > 1
        return
    assert len(found) <= 2
    np.testing.assert_array_equal(sum(map(multiplied, found)) if found else 0 * kernel, kernel)


# --- sum, range, centre


@given(WHOLE, SCALES)
def test_the_sum_is_exact(kernel, scale):
    """The sum is that of the fractions, and its words follow from it."""
    total = sum((int(value) * scale for value in kernel.flat), Fraction())
    found = facts(kernel, scale)
    assert found.sum == total
    assert type(found.sum) is (int if total.denominator == 1 else Fraction)
    assert (found.is_zero_sum, found.is_normalised) == (total == 0, total == 1)


def test_sums_of_floats_are_rounded_once():
    """Floats are added up without losing digits, and 0 and 1 are told up to rounding."""
    tenths = [0.1] * 10
    assert facts(tenths).sum == fsum(tenths) == 1
    assert facts(tenths).is_normalised
    assert facts([0.1, 0.2, -0.3]).is_zero_sum
    assert facts([0.1, 0.2, -0.3]).sum == 0
    assert facts([0.1, 0.2, -0.3001]).sum == pytest.approx(-1e-4)
    assert not facts([0.1, 0.2, -0.3001]).is_zero_sum
    assert not facts([0.1] * 9 + [0.1001]).is_normalised


@given(WHOLE, SCALES, st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_the_output_range_is_reached_and_never_left(kernel, scale, seed):
    """The engine gets to both ends with the inputs that are told, and stays between them with any others."""
    low, high = facts(kernel, scale).output_range

    def output(cells):
        return convcalc.conv(cells[None], kernel[None, None]).item() * scale

    sign = 1 if scale > 0 else -1
    bright = np.where(kernel * sign > 0, 255, 0)
    assert output(bright) == high
    assert output(np.where(kernel * sign < 0, 255, 0)) == low
    assert low <= output(np.random.default_rng(seed).integers(0, 256, kernel.shape)) <= high


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_the_anchor_is_the_tap_on_the_output_cell(size):
    """With padding same an impulse meets the anchor's weight where it stands, with same-lower the next one if even."""
    weights = np.arange(1, size + 1)
    found = facts(weights)
    impulse = np.zeros((1, 9), dtype=int)
    impulse[0, 4] = 1
    for word, anchor in (("same", found.anchor[0]), ("same-lower", size // 2)):
        assert convcalc.conv(impulse, weights[None, None], padding=word)[0, 4] == weights[anchor]
    assert found.centre == (Fraction(size - 1, 2),)


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("size", [2, 3, 4])
def test_others_have_the_centre_where_the_page_says(size):
    """PyTorch puts it as same does, SciPy and OpenCV as same-lower does."""
    weights = np.arange(1.0, size + 1)
    impulse = np.zeros(9)
    impulse[4] = 1
    ndimage = pytest.importorskip("scipy.ndimage")
    assert ndimage.correlate1d(impulse, weights, mode="constant")[4] == weights[size // 2]
    torch = pytest.importorskip("torch")
    arguments = (torch.from_numpy(each)[None, None] for each in (impulse, weights))
    assert torch.nn.functional.conv1d(*arguments, padding="same")[0, 0, 4] == weights[facts(weights).anchor[0]]
    cv2 = pytest.importorskip("cv2")
    assert cv2.filter2D(impulse[None], -1, weights[None], borderType=cv2.BORDER_CONSTANT)[0, 4] == weights[size // 2]


def test_the_centroid_balances_the_magnitudes():
    """Signs do not matter to where the weights lie; no weights lie nowhere."""
    assert facts([[0, 0, 3], [0, 0, -1]]).centroid == (0.25, 2)
    assert facts([0, 0]).centroid is None


# --- symmetry


@given(WHOLE)
def test_symmetry_by_comparing_cell_by_cell(kernel):
    """Each parity is that of the definition, cell by cell."""
    found = symmetry_of(kernel)

    def parity(moved_shape, source):
        if moved_shape != kernel.shape:
            return Parity.NONE
        places = list(np.ndindex(kernel.shape))
        for expected, sign in ((Parity.EVEN, 1), (Parity.ODD, -1)):
            if all(kernel[place] == sign * kernel[source(place)] for place in places):
                return expected
        return Parity.NONE

    def mirrored(place, *axes):
        return tuple(kernel.shape[a] - 1 - p if a in axes else p for a, p in enumerate(place))

    def swapped(place, first, second):
        listed = list(place)
        listed[first], listed[second] = listed[second], listed[first]
        return tuple(listed)

    every = range(kernel.ndim)
    assert list(found.flips) == [parity(kernel.shape, lambda place, axis=axis: mirrored(place, axis)) for axis in every]
    assert found.point == parity(kernel.shape, lambda place: mirrored(place, *every))
    assert len(found.planes) == kernel.ndim * (kernel.ndim - 1) // 2
    for plane in found.planes:
        a, b = plane.axes
        shape = swapped(kernel.shape, a, b)
        assert plane.transpose == parity(shape, lambda place, a=a, b=b: swapped(place, a, b))
        assert plane.antitranspose == parity(shape, lambda place, a=a, b=b: mirrored(swapped(place, a, b), a, b))
        assert plane.quarter_turn == parity(shape, lambda place, a=a, b=b: mirrored(swapped(place, a, b), b))


@given(WHOLE.filter(lambda kernel: kernel.any()))
@settings(deadline=None)
def test_point_symmetry_is_what_makes_convolution_and_correlation_agree(kernel):
    """An impulse through the engine, turned and not, tells the same as the symmetry about the point."""
    impulse = np.zeros((1, *(2 * size - 1 for size in kernel.shape)), dtype=int)
    impulse[(0, *(size - 1 for size in kernel.shape))] = 1
    plain, turned = (convcalc.conv(impulse, kernel[None, None], flip=flip) for flip in (False, True))
    expected = Parity.EVEN if (plain == turned).all() else Parity.ODD if (plain == -turned).all() else Parity.NONE
    assert symmetry_of(kernel).point == expected


def test_a_pinwheel_turns_without_a_mirror():
    """What a quarter turn negates need not be the negative of any mirror image."""
    [plane] = symmetry_of(np.array([[1, 2, -1], [-2, 0, -2], [-1, 2, 1]])).planes
    assert plane == ((0, 1), Parity.NONE, Parity.NONE, Parity.ODD)


def test_floats_are_symmetric_up_to_rounding():
    """A share of 1e-14 is rounding, one of 1e-6 is not."""
    assert symmetry_of(np.array([1, 2, 1 + 1e-14])).flips == (Parity.EVEN,)
    assert symmetry_of(np.array([1, 2, 1 + 1e-6])).flips == (Parity.NONE,)


# --- frequency response


def gain_by_definition(values, point):
    """|Σ value · exp(−2πi f·x)|, term by term."""
    return abs(
        sum(
            value * np.exp(-2j * np.pi * sum(f * x for f, x in zip(point, place, strict=True)))
            for place, value in np.ndenumerate(values)
        )
    )


@given(WHOLE.filter(lambda kernel: kernel.any()))
@settings(deadline=None, max_examples=50)
def test_gains_are_those_of_the_transform(kernel):
    """Curves and planes are |DFT| of the kernel padded with zeros, and no frequency of it has more than the peak."""
    found = response_of(kernel)
    grid = np.abs(np.fft.fftn(kernel, [96] * kernel.ndim, range(kernel.ndim)))
    assert gain_by_definition(kernel, found.peak) == pytest.approx(grid.max(), rel=1e-9)
    atol = 1e-10 * grid.max()
    for axis, curve in enumerate(found.curves):
        points = [(*curve.through[:axis], f, *curve.through[axis + 1 :]) for f in FREQUENCIES[::8]]
        np.testing.assert_allclose(curve.gain[::8], [gain_by_definition(kernel, p) for p in points], atol=atol)
    places = np.rint(PLANE_FREQUENCIES * 96).astype(int)
    for plane in found.planes:
        cut = tuple(slice(None) if axis in plane.axes else 0 for axis in range(kernel.ndim))
        np.testing.assert_allclose(plane.gain, grid[cut][np.ix_(places, places)], atol=atol)


@pytest.mark.oracle
@pytest.mark.parametrize("taps", [[1, 2, 1], [-1, 0, 1], [1, 1, 1, 1], [1, -4, 6, -4, 1], [0.1, 0.7, -0.3]])
def test_curves_are_those_of_scipy(taps):
    """In 1-D the curve is the magnitude of scipy.signal.freqz."""
    signal = pytest.importorskip("scipy.signal")
    _, expected = signal.freqz(taps, worN=2 * np.pi * FREQUENCIES)
    np.testing.assert_allclose(response_of(np.array(taps)).curves[0].gain, np.abs(expected), atol=1e-12)


@pytest.mark.parametrize("frequency", [0, 1 / 8, 1 / 4, 3 / 8, 1 / 2])
@pytest.mark.parametrize("taps", [[1, 2, 1], [-1, 0, 1], [1, 1, 1, 1, 1]])
def test_a_wave_through_the_engine_has_the_gain(taps, frequency):
    """A wave that goes round comes out as the same wave, as many times as high as the curve says."""
    cells = 2 * np.pi * frequency * np.arange(64)
    weight, around = np.array([[taps]]), {"padding": "same", "boundary": "circular"}
    parts = [convcalc.conv(wave(cells)[None], weight, **around)[0] for wave in (np.cos, np.sin)]
    gain = np.hypot(*parts)
    curve = response_of(np.array(taps)).curves[0]
    np.testing.assert_allclose(gain, curve.gain[np.flatnonzero(frequency == FREQUENCIES)[0]], atol=1e-12)


BANDS = [
    ("smoothing", [1, 2, 1], Band.LOW_PASS),
    ("a long mean", [1] * 9, Band.LOW_PASS),
    ("a difference of neighbours", [1, -1], Band.HIGH_PASS),
    ("a second difference", [1, -2, 1], Band.HIGH_PASS),
    ("a central difference", [-1, 0, 1], Band.BAND_PASS),
    ("what forgets waves of 4 cells", [1, 0, 1], Band.BAND_STOP),
    ("sharpening", [-1, 3, -1], Band.HIGH_BOOST),
    ("a shift", [0, 0, 1], Band.ALL_PASS),
    ("nothing", [0, 0, 0], Band.NOTHING),
]


@pytest.mark.parametrize(("taps", "band"), [row[1:] for row in BANDS], ids=[row[0] for row in BANDS])
def test_bands_have_the_names_of_the_field(taps, band):
    """Known filters are called what textbooks call them."""
    assert response_of(np.array(taps)).curves[0].band is band


def test_half_the_power_of_known_filters():
    """The cutoff of 1 2 1 over 4 is that of its closed form cos²(πf)."""
    curve = response_of(np.array([1, 2, 1]) / 4).curves[0]
    assert curve.cutoff == pytest.approx(np.arccos(2**-0.25) / np.pi, abs=1e-9)
    assert curve.edges == (curve.cutoff,)


def test_narrow_bands_have_their_edges_and_extremes():
    """Of a notch of 501 taps and a band, as SciPy's response on a far finer grid has them."""
    signal = pytest.importorskip("scipy.signal")
    for name, band in (("bandstop:48,52", Band.BAND_STOP), ("bandpass:45,55", Band.BAND_PASS)):
        taps = Library.standard().find(f"{name},rate=1000,taps=501").values.astype(float)
        frequencies, answer = signal.freqz(taps, worN=1 << 20, include_nyquist=True)
        gain, frequencies = np.abs(answer), frequencies / (2 * np.pi)
        curve = response_of(taps).curves[0]
        crossings = np.flatnonzero(np.diff(gain > gain.max() / 2**0.5))
        assert curve.band is band
        np.testing.assert_allclose(curve.edges, frequencies[crossings], atol=2e-6)
        np.testing.assert_allclose(curve.peak[0], gain.max(), rtol=1e-6)
        np.testing.assert_allclose(curve.least[0], gain.min(), atol=2e-5)  # the grid is as fine as that


def test_what_nearly_stops_flat_signals_is_no_boost():
    """A high-pass of many taps lets a thousandth of a flat input through."""
    taps = Library.standard().find("highpass:5,rate=1000,taps=501").values.astype(float)
    curve = response_of(taps).curves[0]
    assert 0 < curve.at_zero < 0.01
    assert curve.band is Band.HIGH_PASS


def test_a_curve_goes_through_the_peak_where_zero_shows_nothing():
    """Along Sobel's edges the curve is that of waves across them, and is the smoothing of 1 2 1."""
    down, across = response_of(SOBEL).curves
    assert (down.through, down.band) == ((0, 0.25), Band.LOW_PASS)
    np.testing.assert_allclose(down.gain, 2 * response_of(np.array([1, 2, 1])).curves[0].gain, atol=1e-12)
    assert (across.through, across.band) == ((0, 0), Band.BAND_PASS)


def test_rounding_is_no_gain():
    """What comes to nothing is 0, not 1e-16."""
    assert [curve.at_half for curve in response_of(SOBEL).curves] == [0, 0]
    assert response_of(np.array([0.1, 0.2, -0.3])).curves[0].at_zero == 0


def test_equal_curves_are_told_once():
    """A kernel that is the same along both axes has one curve, Sobel has two."""
    assert [axes for axes, _ in response_of(LAPLACIAN).distinct] == [(0, 1)]
    assert [axes for axes, _ in response_of(SOBEL).distinct] == [(0,), (1,)]


# --- what cannot be known


@pytest.mark.parametrize("weights", [[1, np.nan], [[np.inf, 0], [0, 1]], [np.inf, -np.inf], [1e308, 1e308]])
def test_weights_that_are_not_finite_have_few_facts(weights):
    """There is a sum, and a centre; nothing else is made up."""
    found = facts(weights)
    assert not found.is_finite
    assert (found.symmetry, found.separation, found.response, found.centroid) == (None, None, None, None)
    assert not (found.is_zero_sum or found.is_normalised)


def test_very_large_kernels_have_few_facts():
    """What would take long is left out; sum, range and centre are still told."""
    found = facts(np.ones((1001, 1001), dtype=int), Fraction(1, 1001**2))
    assert (found.symmetry, found.separation, found.response) == (None, None, None)
    assert (found.sum, found.output_range, found.centre) == (1, (0, 255), (500, 500))


def test_facts_beyond_three_axes(cli):
    """A kernel of four axes has no frequency response, and all the rest."""
    page = cli.run("kernels", "box:size=2,rank=4", "--format", "plain")
    assert (page.code, page.err) == (0, "")
    assert "multilinear rank 1×1×1×1" in page.out
    assert "frequency response" not in page.out


# --- kernels that are others


@given(WHOLE.filter(lambda kernel: kernel.any()), SCALES, st.randoms())
def test_a_relation_makes_the_kernel(kernel, factor, random):
    """However a kernel is turned, mirrored and scaled, a way is found back, and going it gives the kernel."""
    axes = random.choice(list(permutations(range(kernel.ndim))))
    flips = tuple(axis for axis in range(kernel.ndim) if random.random() < 0.5)
    made = np.asarray(np.flip(np.transpose(kernel, axes), flips).astype(object) * factor, dtype=object)
    found = relation_of(made, kernel)
    assert found is not None
    np.testing.assert_array_equal(
        np.flip(np.transpose(kernel, found.axes), found.flipped).astype(object) * found.factor, made
    )


def test_the_nearest_relation_is_told():
    """Nothing moved before anything moved: minus Sobel is not called a mirror image."""
    assert relation_text(relation_of(-SOBEL, SOBEL), "s", 2) == "-1 × s"
    assert relation_text(relation_of(SOBEL, SOBEL), "s", 2) == "the same as s"
    assert relation_of(SOBEL, LAPLACIAN) is None
    assert relation_of(SOBEL, SOBEL[:2]) is None
    assert relation_of(0 * SOBEL, SOBEL) is None
    assert relation_text(relation_of(SOBEL / 8 + 1e-9, SOBEL), "s", 2) == "0.125 × s"
    assert relation_of(SOBEL / 8 + 1e-4, SOBEL) is None
    assert relation_of(SOBEL * (1 + 1e-9), SOBEL).factor == 1


CORNER = np.array([[1, 2, 0], [3, 0, 0], [0, 0, 5]])


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (np.rot90(CORNER), "turned by 90° to the left"),
        (np.rot90(CORNER, -1), "turned by 90° to the right"),
        (np.rot90(CORNER, 2), "turned by 180°"),
        (np.fliplr(CORNER), "mirrored from left to right"),
        (np.flipud(CORNER), "mirrored from top to bottom"),
        (CORNER.T, "transposed"),
        (np.rot90(CORNER, 2).T, "mirrored at the antidiagonal"),
    ],
)
def test_the_eight_ways_to_put_a_square_have_names(made, told):
    """Each motion is called what NumPy's function of that name does."""
    assert relation_text(relation_of(made, CORNER), "it", 2) == f"it {told}"


# --- the page


def document(cli, *argv):
    """The JSON document of a command that succeeds."""
    done = cli.run(*argv, "--format", "json")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out, parse_constant=pytest.fail)


KERNELS = [path.stem for path in SHIPPED]
MADE = ["gaussian:5,1.2", "box:2x3", "box:size=4,rank=1", "gaussian:size=3,rank=3"]


@pytest.mark.parametrize("name", KERNELS + MADE)
@pytest.mark.parametrize("columns", [20, 60, 80, 120, 200])
def test_pages_fit_and_tell_what_the_document_has(cli, monkeypatch, name, columns):
    """At any width the page of a kernel fits, and says its sum, its symmetry and its rank as the JSON does."""
    monkeypatch.setenv("COLUMNS", str(columns))
    done = cli.run("kernels", name, "--format", "plain")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= columns
    found = document(cli, "kernels", name)
    if columns == 20:
        return  # words are broken there
    words = " ".join(done.out.split())
    assert (", zero-sum: flat" in words) == found["zero_sum"]
    assert (", normalised: flat" in words) == found["normalised"]
    if found["symmetry"]:
        assert ("convolution and cross-correlation agree" in words) == (found["symmetry"]["point"] == "even")
    if found["ranks"] and len(found["ranks"]) == 2:
        assert f"matrix rank {found['ranks'][0]}" in words
    if found["factors"]:
        np.testing.assert_allclose(
            reduce(np.multiply.outer, map(np.array, found["factors"])), np.array(found["weights"], float), atol=1e-12
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gaussian:301", "gaussian:1001", "box:1001"])
def test_the_largest_kernels_have_a_page(cli, name):
    """Numbers of hundreds of digits are told by their size, and break no page."""
    done = cli.run("kernels", name)
    assert (done.code, done.err) == (0, "")
    assert "normalised: flat areas keep their value" in " ".join(done.out.split())
    assert "range      0 to 255 for inputs from 0 to 255" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_csv_has_the_numbers_of_the_document(cli):
    """The rows of the CSV are the facts of the JSON, number by number."""
    rows = [line.split(",") for line in cli.run("kernels", "laplacian", "--format", "csv").out.splitlines()]
    found = document(cli, "kernels", "laplacian")
    named = {row[0]: row[-1] for row in rows}
    assert rows[0] == ["fact", "axis_0", "axis_1", "value"]
    assert [int(row[-1]) for row in rows if row[0] == "weight"] == np.ravel(found["weights"]).tolist()
    assert [named["least_output"], named["largest_output"]] == [str(each) for each in found["output_range"]]
    assert [named["sum"], named["zero_sum"], named["normalised"]] == ["0", "1", "0"]
    assert [named["rank_0"], named["flip_1"], named["transpose_0_1"]] == ["2", "even", "even"]
    gains = [float(row[-1]) for row in rows if row[0] == "gain"]
    curves, [plane] = found["response"]["curves"], found["response"]["planes"]
    assert gains == [*np.ravel([curve["gain"] for curve in curves]), *np.ravel(plane["gain"])]
    at_corner = [float(row[-1]) for row in rows if row[:3] == ["gain", "0.5", "0.5"]]
    assert at_corner == [8]


def test_csv_says_where_a_gain_is(cli):
    """Down along Sobel's edges the gains are those of waves of a quarter across them, across them those of no other."""
    rows = [line.split(",") for line in cli.run("kernels", "sobel-x", "--format", "csv").out.splitlines()]
    gains = [tuple(map(float, row[1:3])) for row in rows if row[0] == "gain"]
    count = len(FREQUENCIES)
    assert gains[:count] == [(frequency, 0.25) for frequency in FREQUENCIES]
    assert gains[count : 2 * count] == [(0, frequency) for frequency in FREQUENCIES]


def test_the_chart_is_as_high_as_the_gain(cli):
    """In every column of a chart the bar is as high as the gain of its frequency, in eighths of a row."""
    page = cli.run("kernels", "box:size=5,rank=1").out.splitlines()
    rows = [line.split("│")[1][1:-1] for line in page if "│" in line][-4:]
    heights = [sum(" ▁▂▃▄▅▆▇█".index(row[column]) for row in rows) for column in range(17)]
    [curve] = document(cli, "kernels", "box:size=5,rank=1")["response"]["curves"]
    assert heights == [round(32 * gain) for gain in curve["gain"][::6]]
    assert heights[0] == 32
    assert 0 < heights[-1] < 8


def test_names_in_a_kernel_file_are_shown_and_never_obeyed(cli):
    """Terminal codes and markup from a file are text on the page and in the findings."""
    cli.write(
        {"k.yaml": 'weights: [1, 1]\nname: "\\e[2J[/red]"\ntitle: "\\x9b31m"\nshows: ":smile:"\nsource: "\\u202eabc"\n'}
    )
    for form in ("table", "plain"):
        done = cli.run("kernels", "lint", "k.yaml", "--format", form)
        assert done.code == 0
        assert not set(done.out) & {"\x1b", "\x9b", "\u202e"}
        assert r"\x1b[2J[/red]" in done.out
        assert ":smile:" in done.out


def test_formulas_in_a_kernel_file_are_text_in_csv(cli):
    """Names and sources that a table calculator would run have an apostrophe in front."""
    cli.write({"own/k.yaml": "weights: [1, 1]\ntitle: \"=cmd|'/c calc'!A1\"\nsource: '@SUM(A1)'\n"})
    out = cli.run("kernels", "k", "--kernels", "own", "--format", "csv").out
    assert "title,,'=cmd|'/c calc'!A1" in out
    assert "source,,'@SUM(A1)" in out


# --- namesakes


def namesakes_page(*namesakes):
    """The lines about Sobel's namesakes."""
    kernel = replace(Library.standard().find("sobel-x"), namesakes=namesakes)
    return list(plain_lines(tuple(namesake_blocks(kernel)), 80, ROUNDED))


def test_namesakes_stand_side_by_side_with_their_differences_marked():
    """Weights that differ bear a star, a line tells how each library differs, and those that agree need no grid."""
    page = namesakes_page(
        Namesake("opencv", SOBEL, Fraction(1), "cv2.Sobel"),
        Namesake("scikit-image", -SOBEL, Fraction(1, 4), "sobel_v"),
        Namesake("matlab", -SOBEL.T, Fraction(1), "fspecial"),
    )
    assert page == [
        "sobel-x elsewhere",
        "",
        "here           @scikit-image, × 1/4   @matlab",
        "╭──────────╮   ╭─────────────╮        ╭───────────────╮",
        "│ -1  0  1 │   │ 1*  0   -1* │        │  1*   2*   1  │",
        "│ -2  0  2 │   │ 2*  0   -2* │        │  0*   0    0* │",
        "│ -1  0  1 │   │ 1*  0   -1* │        │ -1   -2*  -1* │",
        "╰──────────╯   ╰─────────────╯        ╰───────────────╯",
        "",
        "* another weight than here",
        "@opencv        the same as sobel-x; cv2.Sobel",
        "@scikit-image  -1/4 × sobel-x; sobel_v",
        "@matlab        -1 × sobel-x transposed; fspecial",
    ]


def test_nothing_is_marked_where_the_numbers_agree():
    """Other weights with another scale that come to the same have no star, nor has what differs by its scale alone."""
    page = namesakes_page(
        Namesake("halves", SOBEL * 2, Fraction(1, 2), ""), Namesake("quarter", SOBEL, Fraction(1, 4), "")
    )
    assert "*" not in "".join(page)
    assert ["@quarter, × 1/4" in "".join(page), "@halves, × 1/2" in "".join(page)] == [True, False]
    assert page[-2:] == ["@halves   the same as sobel-x", "@quarter  1/4 × sobel-x"]


def test_namesakes_of_another_size_are_just_shown():
    """Where no cell has a counterpart none is marked."""
    page = namesakes_page(Namesake("roberts", np.array([[0, 1], [-1, 0]]), Fraction(1), ""))
    assert "*" not in "".join(page)
    assert page[-1] == "@roberts  other numbers"


def test_namesakes_are_in_the_document():
    """JSON and CSV have the weights and scales of namesakes."""
    from convcalc.report.kernel.report import kernel_report

    kernel = replace(Library.standard().find("sobel-x"), namesakes=(Namesake("a", SOBEL.T, Fraction(1, 4), "=b"),))
    report = kernel_report(kernel)
    assert report.data()["namesakes"] == [
        {"name": "sobel-x@a", "weights": SOBEL.T.tolist(), "scale": "1/4", "source": "=b"}
    ]
    rows = [tuple(row) for row in report.rows()]
    assert [row[-1] for row in rows if row[0] == "weight@a"] == SOBEL.T.ravel().tolist()
    assert ("scale@a", "", "", Fraction(1, 4)) in rows


# --- the list


def names(cli, *argv):
    """The names that a list has, in order."""
    return [each["name"] for each in document(cli, "kernels", *argv)["kernels"]]


OWN = {
    "own/one.yaml": "weights: [1, 2]\nfamily: Edge\ntitle: A ZIGZAG line\naliases: [uno]\n",
    "own/three.yaml": "weights: [[[1]]]\nfamily: cubes\nshows: Nothing of note, like uno.\n",
}


def test_lists_are_sorted_by_family(cli):
    """Families stand together, in whatever case they are written, each sorted by name."""
    cli.write(OWN)
    found = document(cli, "kernels", "--kernels", "own")["kernels"]
    keys = [(each["family"].casefold(), each["name"]) for each in found]
    assert keys == sorted(keys)
    assert {"one", "laplacian", "three"} <= {name for _, name in keys}


SELECTIONS = [
    (("--family", "CUBES"), ["three"]),
    (("--family", "Edge", "--search", "zigzag"), ["one"]),
    (("--search", "uno"), ["three", "one"]),
    (("--search", "Line zig"), ["one"]),
    (("--search", "uno zig"), ["one"]),
    (("--search", "none such"), []),
    (("--rank", "3", "--family", "cubes"), ["three"]),
    (("--rank", "1", "--search", "uno"), ["one"]),
    (("--rank", "2", "--search", "uno"), []),
]


@pytest.mark.parametrize(("argv", "expected"), SELECTIONS)
def test_what_is_asked_for_is_listed(cli, argv, expected):
    """Family, words and rank select, in any case, words among names, aliases, titles and what is shown."""
    cli.write(OWN)
    assert names(cli, "--kernels", "own", *argv) == expected


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_parametric_kernels_are_listed_at_the_rank_asked_for(cli, rank):
    """A list by rank has weights of that many axes only, the box among them."""
    listed = document(cli, "kernels", "--rank", str(rank))["kernels"]
    assert {np.ndim(each["weights"]) for each in listed} == {rank}
    assert "box" in {each["name"] for each in listed}


def test_kernels_that_cannot_be_of_a_rank_are_left_out():
    """A builder that refuses a number of axes is no reason to list nothing."""

    class Flat(Kernel):
        """A kernel of two axes and no others."""

        def at_rank(self, rank):
            raise FieldError(f"this is for 2 axes, got {rank}")

    flat, cube = Flat("flat", SOBEL), Kernel("cube", np.ones((1, 1, 1), dtype=int))
    assert selected([flat, cube], rank=3) == [cube]


def test_a_list_of_nothing_says_so(cli):
    """No match is no error, and the page says where to look."""
    done = cli.run("kernels", "--search", "none such")
    assert (done.code, done.out, done.err) == (0, "no kernel is like that; `convcalc kernels` lists all\n", "")


# --- lint

SOURCED = "source: me\n"
LINTED = [
    ("nothing to say", "weights: [-1, 2, 5, 2, -1]\nscale: 1/7\n" + SOURCED, []),
    ("no source", "weights: [-1, 2, 5, 2, -1]\nscale: 1/7\n", [Rule.NO_SOURCE]),
    ("another name", "weights: [-1, 2, 5, 2, -1]\nname: you\n" + SOURCED, [Rule.NAME]),
    ("an even size", "weights: [-3, 5, 5, -3]\n" + SOURCED, [Rule.EVEN_SIZE]),
    ("an axis of even size", "weights: [[1, 0, 3], [-2, 0, 7]]\n" + SOURCED, [Rule.EVEN_SIZE]),
    ("no scale of sum 0", "weights: [-1, 3, -4, 3, -1]\nscale: 0\n" + SOURCED, [Rule.ZERO_SCALE]),
    ("no scale", "weights: [-1, 2, 5, 2, -1]\nscale: 0\n" + SOURCED, [Rule.ZERO_SCALE]),
    ("all zero", "weights: [0, 0, 0]\n" + SOURCED, [Rule.ALL_ZERO]),
    ("not finite", "weights: [0, nan, 0]\n" + SOURCED, [Rule.NOT_FINITE]),
    ("a blur without a scale", "weights: [1, 5, 1]\n" + SOURCED, [Rule.NOT_NORMALISED]),
    ("a blur of minus signs", "weights: [-1, -5, -1]\nscale: -1/8\n" + SOURCED, [Rule.NOT_NORMALISED]),
    ("a blur", "weights: [1, 5, 1]\nscale: 1/7\n" + SOURCED, []),
    ("a sum of nearly 1", "weights: [0.1667, 0.6667, 0.1667]\n" + SOURCED, [Rule.SUM_NEARLY]),
    ("a sum of nearly 0", "weights: [-0.3333, 0.6667, -0.3333]\n" + SOURCED, [Rule.SUM_NEARLY]),
    ("decimals for quarters", "weights: [-0.25, 2.75, -0.25]\n" + SOURCED, [Rule.WHOLE_WEIGHTS]),
    ("off to a side", "weights: [0, 0, -1, 0, 5]\n" + SOURCED, [Rule.OFF_CENTRE]),
    ("known", "weights: [[0, 2, 0], [2, -8, 2], [0, 2, 0]]\n" + SOURCED, [Rule.DUPLICATE]),
    ("known and turned", "weights: [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]\n" + SOURCED, [Rule.DUPLICATE, Rule.SEPARABLE]),
    ("made to measure", "weights: [1, 4, 6, 4, 1]\nscale: 1/16\n" + SOURCED, [Rule.DUPLICATE]),
    ("separable", "weights: [[-1, 3, -1], [-2, 6, -2], [-1, 3, -1]]\nscale: 1/4\n" + SOURCED, [Rule.SEPARABLE]),
]


@pytest.mark.parametrize(("text", "rules"), [row[1:] for row in LINTED], ids=[row[0] for row in LINTED])
def test_what_lint_finds(cli, text, rules):
    """Each file has the findings of its row and no others, warnings are no failure, and the page tells each of them."""
    cli.write({"me.yaml": text})
    [found] = document(cli, "kernels", "lint", "me.yaml")["files"]
    assert [each["rule"] for each in found["findings"]] == rules
    assert [each["is_hint"] for each in found["findings"]] == [rule.is_hint for rule in rules]
    page = " ".join(cli.run("kernels", "lint", "me.yaml").out.split())
    assert all(f"{each['text']}; {each['hint']}".removesuffix("; ") in page for each in found["findings"])
    assert (found["verdict"] == "ok") == (not any(not rule.is_hint for rule in rules))


def test_every_rule_is_found_somewhere():
    """The table above leaves no rule out."""
    assert {rule for row in LINTED for rule in row[2]} == set(Rule)


DUPLICATES = [
    ("[[1, 1], [1, 1]]", "1/4", "the same as box:2"),
    ("[[1, 1, 1], [1, 1, 1]]", "1/6", "the same as box:2x3"),
    ("[1, 1, 1]", "1/3", "the same as box:size=3,rank=1"),
    ("[[1, 2, 1], [2, 4, 2], [1, 2, 1]]", "1", "16 × gaussian"),
    ("[[1, 0, -1], [2, 0, -2], [1, 0, -1]]", "1/4", "-1/4 × sobel-x"),
    ("[[-1, -2, -1], [0, 0, 0], [1, 2, 1]]", "1", "the same as sobel-y"),
    ("[[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]]", "1", "the same as gaussian"),
]


@pytest.mark.parametrize(("weights", "scale", "told"), DUPLICATES)
def test_a_copy_is_recognised(cli, monkeypatch, weights, scale, told):
    """The kernel of a library that it is comes with the factor, and parametric ones with their arguments."""
    few = ("box", "gaussian", "sobel-x", "sobel-y")
    cli.write({f"few/{path.name}": path.read_bytes() for path in SHIPPED if path.stem in few})
    monkeypatch.setattr("convcalc.request.kernel_library.shipped", lambda _: cli.folder / "few")
    cli.write({"me.yaml": f"weights: {weights}\nscale: {scale}\n{SOURCED}"})
    [found] = document(cli, "kernels", "lint", "me.yaml")["files"]
    texts = [each["text"] for each in found["findings"] if each["rule"] == "duplicate"]
    assert texts == [f"it is {told}, which the library has"]


@pytest.mark.parametrize("name", ["box", "gaussian", "laplacian", "roberts-x", "sobel-x"])
def test_a_file_of_the_library_is_no_copy_of_itself(cli, name):
    """Neither of its own kernel nor of the namesakes that stand in it."""
    path = next(path for path in SHIPPED if path.stem == name)
    cli.write({f"{name}.yaml": path.read_bytes()})
    [found] = document(cli, "kernels", "lint", f"{name}.yaml")["files"]
    assert [each["text"] for each in found["findings"] if name in each["text"]] == []


def test_a_namesake_is_recognised(cli):
    """What another library has under a name is no news either."""
    from convcalc.request import kernel_lint as lint

    class Small(Library):
        """A library of one kernel with a namesake."""

        def kernels(self):
            yield Kernel("k", np.array([1, 7, 3]), namesakes=(Namesake("there", np.array([5, 9, 2]), Fraction(1), ""),))

    cli.write({"me.yaml": f"weights: [10, 18, 4]\nscale: 1/2\n{SOURCED}"})
    linted = lint.lint_file("me.yaml", Context(library=Small(())))
    [found] = [each for each in linted.findings if each.rule is Rule.DUPLICATE]
    assert (found.value.name, found.value.relation.factor) == ("k@there", 1)


WHOLE_WEIGHTS = [
    ([0.25, 0.5, 0.25], [1, 2, 1], Fraction(1, 4)),
    ([0.1, 0.2, -0.3], [1, 2, -3], Fraction(1, 10)),
    ([1 / 3, 1 / 3, 2 / 3], [1, 1, 2], Fraction(1, 3)),
    ([0.15, 0.1], [3, 2], Fraction(1, 20)),
    ([1.0, 2.0], [1, 2], Fraction(1)),
    ([0.3333, 0.3333], [1, 1], Fraction(3333, 10000)),
]


@pytest.mark.parametrize(("floats", "whole", "scale"), WHOLE_WEIGHTS)
def test_decimals_are_recognised_as_whole_numbers(floats, whole, scale):
    """Floats that are multiples of one number come with it as a fraction."""
    found = whole_weights(np.array(floats))
    assert (found.weights.tolist(), found.scale) == (whole, scale)


def test_other_floats_are_no_whole_numbers():
    """Samples of a bell curve are floats for good."""
    assert whole_weights(np.exp(-(np.arange(-2, 3) ** 2) / 2.88)) is None
    assert whole_weights(np.array([1, 1e-9])) is None


ODD = [
    "[1e308, 1e308, 1e308]",
    f"[[{'9' * 400}, 2, 3]]",
    "[1e-320, 2e-320, 1]",
    "[1e-320, 3e-320, 1e-320]",
    "[[[[[1, 2]]]]]",
    "[[0.1, 0.2, 0.3]]",
    "[.inf, -.inf]",
    "[[[1]], [[2]], [[1]]]",
]


@pytest.mark.parametrize("form", ["table", "plain", "json", "csv"])
@pytest.mark.parametrize("weights", ODD)
def test_odd_weights_are_no_obstacle(cli, weights, form):
    """Numbers at the ends of the floats and beyond, and more axes than have names, are told without any noise."""
    cli.write({"me.yaml": f"weights: {weights}\nscale: 1/3\n"})
    done = cli.run("kernels", "lint", "me.yaml", "--format", form)
    assert (done.code, done.err) == (0, "")
    assert done.out


def test_the_factor_that_normalises_a_blur_is_told(cli):
    """Multiplying the scale as told makes the sum 1, in whichever way the weights are written."""
    for weights, scale, factor in (
        ("[1, 5, 1]", "1", "1/7"),
        ("[1/3, 1/2, 1/3]", "2", "3/7"),
        ("[0.3, 0.7]", "2", "1/2"),
    ):
        cli.write({"me.yaml": f"weights: {weights}\nscale: {scale}\n"})
        [found] = document(cli, "kernels", "lint", "me.yaml")["files"]
        hints = [each["hint"] for each in found["findings"] if each["rule"] == "not-normalised"]
        assert hints == [f"multiply its scale by {factor}"]


def test_lint_goes_on_after_a_bad_file(cli):
    """Every file is looked over, the bad ones are told with their place, and the exit code is 1."""
    cli.write({"bad.yaml": "weights: [1, x]\n", "good.yaml": LINTED[0][1], "warned.yaml": "weights: [1, -1, 3]\n"})
    done = cli.run("kernels", "lint", "bad.yaml", "good.yaml", "nothing.yaml", "warned.yaml", "--format", "csv")
    assert done.code == 1
    assert [line.split(",")[:2] for line in done.out.splitlines()[1:]] == [
        ["bad.yaml", "bad"],
        ["good.yaml", "ok"],
        ["nothing.yaml", "bad"],
        ["warned.yaml", "1 warning"],
    ]
    assert done.err == (
        "error: bad.yaml:1:14: expected a number, got 'x'\n  weights: [1, x]\n               ^\n"
        "error: no such file: nothing.yaml\n"
    )
    assert cli.run("kernels", "lint", "good.yaml", "warned.yaml", "-q") == (0, "", "")


def test_a_limit_is_told_by_its_own_exit_code(cli):
    """A file beyond a limit ends with 3, as everywhere."""
    cli.write({"deep.yaml": "weights: [[[[[[[[[1]]]]]]]]]\n"})
    done = cli.run("kernels", "lint", "deep.yaml")
    assert done.code == 3
    assert done.err.startswith("error: deep.yaml:1:")


def test_lint_reads_standard_input(cli, monkeypatch):
    """A dash is standard input, which has no name to compare."""
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINTED[0][1].encode())))
    [found] = document(cli, "kernels", "lint", "-")["files"]
    assert (found["file"], found["verdict"]) == ("-", "ok")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_kernels_pass_lint(cli, path):
    """No file of the library has a warning but of a kinship, a size, a place or a length that its maker meant."""
    cli.write({path.name: path.read_bytes()})
    [found] = document(cli, "kernels", "lint", path.name)["files"]
    meant = {Rule.DUPLICATE, Rule.SEPARABLE, Rule.EVEN_SIZE, Rule.OFF_CENTRE, Rule.NOT_NORMALISED}
    assert [each for each in found["findings"] if each["rule"] not in meant] == []


def test_weights_of_nothing_but_zeros_stand_for_no_whole_ones() -> None:
    """There is no scale that could be kept apart."""
    assert whole_weights(np.zeros((3, 3))) is None


def test_a_kernel_of_fixed_weights_takes_no_parameters() -> None:
    """Only one with a builder does."""
    library = Library.standard()
    assert library.find("sobel-x").parameters == ()
    assert "sigma" in library.find("gaussian").parameters


def test_parallel_rows_are_no_basis():
    """No two of them make a third one; a row of theirs is made by the first alone."""
    row = np.array([1, 2], dtype=object)
    assert factors._coefficients([row, 3 * row], np.array([1, 3], dtype=object)) is None
