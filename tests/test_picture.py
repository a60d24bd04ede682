"""Which value becomes which level, which level which colour, and what stands for the cells of an area."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from convcalc.errors import OutputError, UnknownNameError
from convcalc.picture.colours import DIVERGING, SEQUENTIAL, nearest_of_256
from convcalc.picture.mapping import RULES, map_values
from convcalc.picture.pixels import brightness, pixels
from convcalc.picture.reduction import area_extremes, area_means, fitting_size

FLOATS = arrays(np.float64, st.integers(1, 30), elements=st.floats(-1e6, 1e6).map(lambda value: round(value, 6)))
ANY_FLOATS = arrays(np.float64, st.integers(0, 30), elements=st.floats())


# Levels ------------------------------------------------------------------------------------------------------------

MAPPED = [
    ("clip", [-5, 0, 12.5, 255, 256, 1e9], [0, 0, 12, 255, 255, 255], (0, 255, False)),
    ("clip", [7, 8], [7, 8], (0, 255, False)),
    ("minmax", [10, 20, 30], [0, 128, 255], (10, 30, False)),
    ("minmax", [-30, -20, -10], [0, 128, 255], (-30, -10, False)),
    ("signed", [-10, 0, 5], [0, 128, 191], (-10, 10, True)),
    ("signed", [0, 5, 10], [128, 191, 255], (-10, 10, True)),
    ("auto", [0, 9], [0, 9], (0, 255, False)),
    ("auto", [0, 510], [0, 255], (0, 510, False)),
    ("auto", [-1, 300], [127, 255], (-300, 300, True)),
]


@pytest.mark.parametrize(("rule", "values", "levels", "ends"), MAPPED)
def test_each_rule_maps_as_it_says(rule, values, levels, ends):
    """Levels, the values of the first and the last of them, and whether 0 is in the middle."""
    mapped = map_values(np.array(values), rule)
    np.testing.assert_array_equal(mapped.levels, np.array(levels, np.uint8), strict=True)
    assert (mapped.low, mapped.high, mapped.is_diverging) == ends


NOTES = [
    ("clip", [0, 255], "values 0–255 kept, rounded"),
    ("clip", [-1, 300, 400], "values 0–255 kept, rounded; 1 value below 0 and 2 values above 255 cut off"),
    ("clip", [-1, -2, np.inf], "values 0–255 kept, rounded; 2 values below 0 cut off; 1 value not finite shown as 0"),
    ("minmax", [1, 2], "1…2 mapped to 0…255"),
    ("signed", [1, 2], "-2…2 mapped to 0…255, 0 is mid-grey"),
]


@pytest.mark.parametrize(("rule", "values", "stated"), NOTES)
def test_the_rule_is_said_in_words(rule, values, stated):
    """What was cut off or is not finite is counted."""
    assert map_values(np.array(values), rule).note == stated


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0, 2)])
def test_an_empty_array_has_no_levels(rule, shape):
    """Its shape is kept."""
    levels = map_values(np.zeros(shape), rule).levels
    assert (levels.shape, levels.dtype) == (shape, np.uint8)


@pytest.mark.parametrize(("rule", "level"), [("clip", 7), ("minmax", 0), ("signed", 255), ("auto", 7)])
def test_a_constant_array_has_one_level(rule, level):
    """No division by a range of 0."""
    assert set(map_values(np.full((2, 3), 7), rule).levels.flat) == {level}


def test_zeros_lie_in_the_middle_of_the_signed_levels():
    """An array of zeros has no reach to divide by."""
    assert map_values(np.zeros(3), "signed").levels.tolist() == [128] * 3


def test_what_is_not_finite_does_not_stretch_the_range():
    """Nan and inf are taken for 0, and the range is that of the others."""
    mapped = map_values(np.array([100, np.nan, 300, np.inf, -np.inf]), "minmax")
    assert (mapped.low, mapped.high, mapped.levels.tolist()) == (100, 300, [0, 0, 255, 0, 0])
    mapped = map_values(np.array([np.nan, np.nan]), "auto")
    assert (mapped.levels.tolist(), mapped.note) == (
        [0, 0],
        "values 0–255 kept, rounded; 2 values not finite shown as 0",
    )


def test_exact_numbers_are_mapped_as_floats_are():
    """Fractions and whole numbers beyond 64 bits; beyond the range of floats they are refused."""
    values = np.array([Fraction(-1, 3), Fraction(1, 3), 0, Fraction(1, 6)], dtype=object)
    assert map_values(values, "auto").levels.tolist() == [0, 255, 128, 191]
    assert map_values(np.array([0, 2**70, 2**69], dtype=object), "minmax").levels.tolist() == [0, 255, 128]
    with pytest.raises(OutputError, match=r"^values beyond the range of floats make no image"):
        map_values(np.array([10**400, 1], dtype=object), "minmax")


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int64, np.uint64, np.float32])
def test_the_kind_of_number_does_not_matter(dtype):
    """The extremes of a type neither wrap around nor lose their sign."""
    info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else np.finfo(dtype)
    values = np.array([info.min, 0, info.max], dtype)
    signed = map_values(values, "signed").levels.tolist()
    assert signed in ([[0, 128, 255], [0, 128, 254]] if info.min < 0 else [[128, 128, 255]])  # -128 has no 128
    assert map_values(values, "minmax").levels[[0, 2]].tolist() == [0, 255]


def test_the_whole_range_of_floats_is_mapped():
    """The difference of the ends is no float, their halves' is; and the smallest floats have a range as well."""
    big, tiny = np.finfo(float).max, 5e-324
    assert map_values(np.array([-big, 0, big]), "minmax").levels.tolist() == [0, 128, 255]
    assert map_values(np.array([0, tiny]), "minmax").levels.tolist() == [0, 255]
    assert map_values(np.array([-tiny, tiny]), "signed").levels.tolist() == [0, 255]


def test_pictures_may_share_a_scale():
    """``low`` and ``high`` stand for the extremes of all; what lies beyond is cut off and counted."""
    mapped = map_values(np.array([0, 50, 100]), "minmax", low=0, high=200)
    assert (mapped.levels.tolist(), mapped.low, mapped.high) == ([0, 64, 128], 0, 200)
    assert map_values(np.array([1, 2]), "auto", low=-4, high=2).levels.tolist() == [159, 191]
    mapped = map_values(np.array([0, 5, 10]), "minmax", low=5, high=6)
    assert mapped.levels.tolist() == [0, 0, 255]
    assert mapped.note == "5…6 mapped to 0…255; 1 value below 5 and 1 value above 6 cut off"


def test_an_unknown_rule_has_its_nearest_names():
    """As every unknown name."""
    with pytest.raises(UnknownNameError, match=r"unknown map 'minmaks'") as caught:
        map_values(np.zeros(2), "minmaks")
    assert caught.value.hint == "did you mean minmax?"


@given(FLOATS, st.sampled_from(RULES))
def test_levels_are_what_numpy_interpolates(values, rule):
    """An independent reference: between the ends the level is linear, beyond them it stays."""
    mapped = map_values(values, rule)
    if mapped.low < mapped.high:
        exact = np.interp(values, [mapped.low, mapped.high], [0, 255])
        assert np.abs(mapped.levels - exact).max() <= 0.5 + 1e-6


@given(ANY_FLOATS, st.sampled_from(RULES))
def test_levels_keep_the_order_of_values(values, rule):
    """A larger value never has a lower level, whatever else is in the array; nothing warns or raises."""
    levels = map_values(values, rule).levels
    finite = np.isfinite(values)
    order = np.argsort(values[finite], kind="stable")
    assert (np.diff(levels[finite][order].astype(int)) >= 0).all()


@given(FLOATS)
def test_signed_levels_mirror_the_sign(values):
    """The negative array has the mirrored levels, but for half a level's rounding."""
    levels, mirrored = (map_values(each, "signed").levels.astype(int) for each in (values, -values))
    assert (np.abs(levels + mirrored - 255) <= 1).all()


def test_large_arrays_are_mapped_piece_by_piece_alike():
    """No seam between the pieces, also of an array that lies crosswise in memory."""
    values = np.arange(300 * 500).reshape(300, 500)
    expected = np.rint(values / values.max() * 255).astype(np.uint8)
    np.testing.assert_array_equal(map_values(values, "minmax").levels, expected, strict=True)
    np.testing.assert_array_equal(map_values(values.T, "minmax").levels, expected.T, strict=True)


# Colours -----------------------------------------------------------------------------------------------------------


def lightness(colour):
    """CIE 1976 L* of an sRGB colour, from 0 to 100 (IEC 61966-2-1 and CIE 15)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    luminance = float(np.dot((0.2126, 0.7152, 0.0722), linear))
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


@pytest.mark.parametrize("scale", [SEQUENTIAL, DIVERGING])
def test_a_scale_has_256_different_colours(scale):
    """Every level has one, of three bytes, and neighbours are near each other."""
    assert len(scale) == 256
    assert len(set(scale)) >= 250  # rounding makes a few neighbours equal
    parts = np.array(scale)
    assert parts.min() >= 0
    assert parts.max() <= 255
    assert np.abs(np.diff(parts, axis=0)).max() <= 6


def test_sequential_lightness_rises_evenly():
    """Read in grey it keeps its order, in steps that are nearly equal."""
    steps = np.diff([lightness(colour) for colour in SEQUENTIAL])
    assert steps.min() >= 0
    assert steps.max() < 3 * steps.mean()
    assert lightness(SEQUENTIAL[-1]) - lightness(SEQUENTIAL[0]) > 70


def test_sequential_ends_are_those_of_viridis():
    """The first, the middle and the last colour of the published table, at most a step beside."""
    for level, published in ((0, (68, 1, 84)), (128, (33, 145, 140)), (255, (253, 231, 37))):
        assert np.abs(np.subtract(SEQUENTIAL[level], published)).max() <= 1


def test_diverging_brightens_on_both_sides_alike():
    """The middle is the darkest and without hue; equally far from it both arms are about equally light."""
    light = np.array([lightness(colour) for colour in DIVERGING])
    assert (np.diff(light[128:]) > -0.05).all()  # but for the rounding to bytes
    assert (np.diff(light[:128]) < 0.05).all()
    assert np.abs(light - light[::-1]).max() < 8
    assert np.ptp(DIVERGING[127]) <= 4
    assert np.ptp(DIVERGING[128]) <= 4


def test_diverging_tells_the_sign_by_hue():
    """Below the middle blue leads, above it red, for every level but those next to the middle."""
    for level in range(256):
        red, _, blue = DIVERGING[level]
        assert (blue > red) if level < 126 else (red > blue) if level > 129 else True


@pytest.mark.parametrize("background", [(0, 0, 0), (255, 255, 255)], ids=["dark", "light"])
def test_the_neutral_colour_is_neither_background(background):
    """Zeros are seen on a dark and on a light terminal."""
    assert abs(lightness(DIVERGING[128]) - lightness(background)) > 25


def xterm():
    """The 240 colours that xterm computes, by number."""
    cube = (0, 95, 135, 175, 215, 255)
    table = {16 + 36 * r + 6 * g + b: (cube[r], cube[g], cube[b]) for r in range(6) for g in range(6) for b in range(6)}
    return table | {232 + step: (8 + 10 * step,) * 3 for step in range(24)}


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_the_nearest_of_256_is_near(colour):
    """At most a grey step beside the best that a search of all 240 finds."""
    distance = {number: np.subtract(each, colour) ** 2 for number, each in xterm().items()}
    distance = {number: int(each.sum()) for number, each in distance.items()}
    assert distance[nearest_of_256(colour)] <= min(distance.values()) + 3 * 10**2


def test_colours_that_a_terminal_has_are_their_own_nearest():
    """Each of the 240 colours finds itself."""
    for colour in xterm().values():
        assert xterm()[nearest_of_256(colour)] == colour


@pytest.mark.parametrize(("half", "leads"), [(range(100), 2), (range(156, 256), 0)])
def test_the_sign_keeps_its_hue_in_256_colours(half, leads):
    """Blue stays bluish and orange never turns to purple."""
    for level in half:
        colour = xterm()[nearest_of_256(DIVERGING[level])]
        assert colour[leads] == max(colour)
        assert leads or colour[2] <= colour[1]


def test_pixels_are_colours_or_grey():
    """Three channels are red, green and blue, one is all of them; green is the brightest."""
    channels = [np.array([[level]], np.uint8) for level in (255, 0, 10)]
    assert pixels(channels).tolist() == [[[255, 0, 10]]]
    assert pixels(channels[:1]).tolist() == [[[255, 255, 255]]]
    assert brightness(np.array([[[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)).tolist() == [
        [255, 76, 149, 29]
    ]


# Reduction ---------------------------------------------------------------------------------------------------------


@given(st.tuples(*[st.integers(1, 5000)] * 2), st.tuples(*[st.integers(1, 200)] * 2))
def test_a_fitting_size_fits(size, most):
    """Never more than there is room for or cells to show, never none; what fits is not changed."""
    found = fitting_size(size, most)
    assert all(1 <= each <= min(room, cells) for each, room, cells in zip(found, most, size, strict=True))
    if all(cells <= room for cells, room in zip(size, most, strict=True)):
        assert found == size


def test_cells_stay_square_unless_nothing_would_be_left():
    """A photograph keeps its proportions, a ribbon some of its width."""
    assert fitting_size((300, 450), (100, 80)) == (53, 80)
    assert fitting_size((20, 8000), (100, 80)) == (8, 80)
    assert fitting_size((1, 8000), (100, 80)) == (1, 80)


SIZES = st.tuples(*[st.integers(1, 12)] * 2)
MATRICES = SIZES.flatmap(lambda size: arrays(np.float64, size, elements=st.floats(-100, 100) | st.just(np.nan)))


def areas(values, size):
    """Each area's place with its finite values, cut out one by one."""
    rows, columns = (
        [len(axis) * k // parts for k in range(parts + 1)] for axis, parts in zip((values, values.T), size, strict=True)
    )
    for r in range(size[0]):
        for c in range(size[1]):
            area = values[rows[r] : rows[r + 1], columns[c] : columns[c + 1]]
            yield (r, c), area[np.isfinite(area)]


@given(MATRICES, SIZES)
def test_areas_are_reduced_as_one_by_one(values, size):
    """Means and extremes are those of each area's finite values; an area without one is nan."""
    size = tuple(min(pair) for pair in zip(size, values.shape, strict=True))
    means, peaks = area_means(values, size), area_extremes(values, size)
    for place, area in areas(values, size):
        if not area.size:
            assert np.isnan([means[place], peaks[place]]).all()
            continue
        np.testing.assert_allclose(means[place], area.mean(), atol=1e-12)
        assert peaks[place] in area
        assert abs(peaks[place]) == np.abs(area).max()


@pytest.mark.parametrize("reduce", [area_means, area_extremes])
def test_reduction_neither_overflows_nor_wraps(reduce):
    """Sums of large floats and of large whole numbers stay what they are, and so does the least whole number."""
    big = np.full((6, 6), 1.7e308)
    np.testing.assert_allclose(reduce(big, (2, 3)), 1.7e308)
    whole = np.full((4, 4), 2**62)
    np.testing.assert_allclose(reduce(whole, (2, 2)).astype(float), 2.0**62)
    assert reduce(np.full((2, 2), -(2**63)), (1, 1))[0, 0] == -(2.0**63)
    assert area_extremes(np.array([[-(2**63), 5]]), (1, 1)).tolist() == [[-(2.0**63)]]
    assert area_extremes(np.array([[50, 100]], np.uint8), (1, 1)).tolist() == [[100]]
    assert reduce(np.full((2, 2), 200, np.uint8), (1, 1))[0, 0] == 200


def test_peaks_keep_what_means_cancel():
    """Neighbours of opposite sign add up to nothing, the stronger one is seen."""
    values = np.tile([-3, 2], (2, 4))
    np.testing.assert_array_equal(area_extremes(values, (1, 4)), [[-3] * 4])
    np.testing.assert_array_equal(area_means(values, (1, 4)), [[-0.5] * 4])
