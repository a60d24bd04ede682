"""From sums to output: scale, bias, and the one rounding that an exact result may need."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cases import retiled
from convcalc import build_problem, compute, conv, kernel, make_plan, trace
from convcalc.engine.epilogue import _pieces, divided
from convcalc.errors import DataError
from reference import reference_conv

NINTH, THIRD, HALF = Fraction(1, 9), Fraction(1, 3), Fraction(1, 2)


def objects(values: Any) -> Any:
    """Nested lists as an array of Python's exact numbers."""
    return np.array(values, dtype=object)


def exact_output(cells: Any, weight: Any, bias: Any = None, **options: Any) -> Any:
    """The output with ``dtype: exact``."""
    return compute(build_problem(cells, weight, bias, dtype="exact", **options)).output


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.float32, np.float64])
def test_box_gives_sixty(dtype: type) -> None:
    """The mean of nine cells that sum up to 540 is 60, not 59.999…, in every kind of numbers."""
    output = conv(np.full((1, 3, 3), 60, dtype), objects([[[[NINTH] * 3] * 3]]))
    assert output.tolist() == [[[60]]]
    assert output.dtype == (np.int64 if np.dtype(dtype).kind in "iu" else dtype)


def test_scale_is_split_off_each_filter_alone() -> None:
    """Every filter keeps the smallest denominator of its own weights."""
    problem = build_problem([[[1, 2]]], objects([[[THIRD, HALF]], [[2, 4]], [[Fraction(5, 7), 1]]]))
    assert problem.scale == (Fraction(1, 6), Fraction(1), Fraction(1, 7))
    assert problem.weight.tolist() == [[[2, 3]], [[2, 4]], [[5, 7]]]


def test_scale_asked_for_multiplies_with_the_scale_split_off() -> None:
    """A given scale and the denominators of the weights end in one scale."""
    problem = build_problem([[[6]]], objects([[[THIRD]]]), scale=[Fraction(5, 2)])
    assert problem.scale == (Fraction(5, 6),)
    assert compute(problem).output.tolist() == [[[5]]]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("digits", [1, 6, 12, 30])
def test_fractions_round_once(digits: int, seed: int) -> None:
    """A result that is no whole number is the float64 nearest to the exact fraction."""
    rng = np.random.default_rng([digits, seed])
    numbers = [[int(n) * 10 ** (digits - 1) + int(n) for n in row] for row in rng.integers(-9, 10, (3, 5)).tolist()]
    weight = [[[Fraction(int(a), int(b)) for a, b in rng.integers(1, 10**9, (2, 2)).tolist()]] * 3]
    output = conv(objects(numbers), objects(weight).reshape(1, 3, 2))
    wanted = reference_conv(objects([numbers]), objects(weight).reshape(1, 3, 2)).auto()
    np.testing.assert_array_equal(output[None], wanted)
    assert output.dtype == wanted.dtype


def test_rounding_twice_would_be_seen() -> None:
    """(2**53 + 1) / 3 is rounded from the exact quotient, not from a rounded numerator."""
    for numerator in (2**53 + 1, 2**54 + 5, 2**60 + 77, 2**70 + 1):
        for denominator in (3, 7, 10**6 + 3, 2**53 + 111):
            output = conv(objects([[numerator]]), objects([[[Fraction(1, denominator)]]]))
            exact = Fraction(numerator, denominator)
            assert output.tolist() == [[exact.numerator if exact.denominator == 1 else float(exact)]]


def test_one_fraction_makes_the_output_floats() -> None:
    """Where some cells are whole and some are not, ``auto`` gives float64 for all."""
    output = conv([[2, 3]], objects([[[HALF]]]))
    assert output.dtype == np.float64
    assert output.tolist() == [[1.0, 1.5]]


def test_dtype_exact_keeps_fractions() -> None:
    """``exact`` gives Python's fractions, equal to the reference's, of any denominator."""
    output = exact_output(objects([[[2, 3, THIRD]]]), objects([[[HALF]]]), NINTH)
    assert output.tolist() == [[[Fraction(10, 9), Fraction(29, 18), Fraction(5, 18)]]]
    assert {type(value) for value in output.flat} == {Fraction}


def test_dtype_exact_gives_integers_where_all_are_whole() -> None:
    """``exact`` gives int64 where everything is whole and fits, and Python's integers where it does not fit."""
    assert exact_output([[[4, 6]]], objects([[[HALF]]])).dtype == np.int64
    output = exact_output(objects([[[10**40]]]), objects([[[HALF]]]))
    assert output.tolist() == [[[5 * 10**39]]]
    assert type(output[0, 0, 0]) is int


@pytest.mark.parametrize("power", [18, 19, 40, 400])
def test_large_denominators(power: int) -> None:
    """Denominators beyond int64, and beyond float64, round to the nearest float."""
    tiny = Fraction(1, 10**power)
    output = conv([[1, 3]], objects([[[tiny]]]))
    assert output.tolist() == [[float(tiny), float(3 * tiny)]]
    assert exact_output([[[1, 3]]], objects([[[tiny]]])).tolist() == [[[tiny, 3 * tiny]]]


@pytest.mark.parametrize("power", [19, 40, 400])
def test_large_denominators_of_zero(power: int) -> None:
    """Zero over any denominator is zero, and a bias of any denominator may stand beside it."""
    tiny = Fraction(1, 10**power)
    assert conv([[0, 0]], objects([[[tiny]]])).tolist() == [[0, 0]]
    assert conv([[0]], [[[1]]], bias=tiny).tolist() == [[float(tiny)]]
    assert exact_output([[[0]]], [[[1]]], tiny).tolist() == [[[tiny]]]


@pytest.mark.parametrize("power", [19, 40])
def test_large_factors(power: int) -> None:
    """A scale beyond int64 makes Python's integers, and zeros stay zeros."""
    huge = Fraction(10**power)
    for cells, wanted in (([[[3, -1]]], [[[3 * 10**power, -(10**power)]]]), ([[[0, 0]]], [[[0, 0]]])):
        assert compute(build_problem(cells, [[[1]]], scale=[huge])).output.tolist() == wanted


@pytest.mark.parametrize(
    ("bias", "wanted"),
    [
        (0, [[3, 6]]),
        (5, [[8, 11]]),
        (-(10**30), [[3 - 10**30, 6 - 10**30]]),
        (2**63 - 4, [[2**63 - 1, 2**63 + 2]]),
        (HALF, [[3.5, 6.5]]),
        (Fraction(4, 2), [[5, 8]]),
        (THIRD, [[10 / 3, 19 / 3]]),
        (0.25, [[3.25, 6.25]]),
        (np.int8(127), [[130, 133]]),
        (np.float32(0.5), [[3.5, 6.5]]),
        (True, [[4, 7]]),
    ],
)
def test_bias_in_every_kind_of_numbers(bias: Any, wanted: Any) -> None:
    """A whole bias keeps whole numbers whole, a rational one rounds once, a float one makes floats."""
    output = conv([[1, 2]], [[[3]]], bias=bias)
    assert output.tolist() == wanted
    kind = float if isinstance(wanted[0][0], float) else int
    assert {type(value) for value in output.ravel().tolist()} == {kind}


def test_bias_for_each_channel() -> None:
    """Every output channel gets its own, fractions beside integers."""
    output = exact_output([[[1, 2]]], [[[3]], [[1]], [[1]]], objects([1, HALF, -2]))
    assert output.tolist() == [[[4, 7], [Fraction(3, 2), Fraction(5, 2)], [-1, 0]]]


def test_bias_comes_after_the_scale() -> None:
    """The bias is not scaled."""
    assert conv([[9]], objects([[[NINTH]]]), bias=1).tolist() == [[2]]
    assert conv([[9.0]], objects([[[NINTH]]]), bias=1).tolist() == [[2.0]]
    story = trace([[9]], objects([[[NINTH]]]), bias=1, position=(0,))
    assert (story.unscaled, story.scale, story.scaled, story.bias, story.total) == (9, NINTH, 1, 1, 2)


@pytest.mark.parametrize(
    ("cells", "weight", "bias", "dtype"),
    [
        ("float32", "float32", None, "float32"),
        ("float16", "float16", None, "float32"),
        ("float32", "float16", 1, "float32"),
        ("float32", "int64", 0.5, "float32"),
        ("int8", "float32", HALF, "float32"),
        ("float32", "float64", None, "float64"),
        ("int8", "float64", None, "float64"),
        ("int8", "int8", 0.5, "float64"),
        ("uint64", "bool", None, "int64"),
        ("int8", "int8", HALF, "float64"),
    ],
)
def test_dtype_of_the_output(cells: str, weight: str, bias: Any, dtype: str) -> None:
    """float32 stays float32 beside integers and lone numbers; float64 wins; integers give int64."""
    output = conv(np.ones((1, 3), cells), np.ones((1, 1, 2), weight), bias=bias)
    assert output.dtype == dtype
    np.testing.assert_array_equal(output, 2 + float(bias or 0))


@pytest.mark.parametrize("word", ["float32", "float64"])
def test_float_dtype_on_fractions(word: str) -> None:
    """A float dtype computes rational weights as whole ones and divides at the end: the box is 60 here too."""
    weight = objects([[[[NINTH] * 3] * 3]])
    output = compute(build_problem(np.full((1, 1, 3, 3), 60), weight, dtype=word)).output
    assert output.dtype == word
    assert output.tolist() == [[[[60.0]]]]


@pytest.mark.parametrize("power", [10, 40, 300])
def test_fractions_of_wide_range_on_floats(power: int) -> None:
    """1 and 10**−power beside each other are no reason for inf, nan or an exception: the sum is 1."""
    weight = objects([[[1, Fraction(1, 10**power)]]])
    for dtype in (np.float32, np.float64):
        np.testing.assert_allclose(conv(np.ones((1, 2), dtype), weight), [[1.0]], rtol=1e-6)


def test_numbers_too_large_for_floats_are_refused() -> None:
    """What float64 cannot hold is refused in convcalc's words wherever it stands, or computed exactly."""
    huge = 10**400
    with pytest.raises(DataError) as error:
        conv(objects([[huge]]), objects([[[HALF]]]), bias=THIRD)
    assert str(error.value) == "a result is too large for float64 (--dtype exact keeps fractions)"
    with pytest.raises(DataError) as error:
        conv(objects([[huge]]), [[[0.5]]])
    assert str(error.value) == "a number is too large for floats (dtype exact has no limit)"
    assert conv(objects([[huge]]), [[[2]]]).tolist() == [[2 * huge]]


@pytest.mark.parametrize(
    "options",
    [{"bias": 10**400}, {"boundary": 10**400, "padding": 1}, {"bias": -Fraction(10**400, 3)}],
    ids=["bias", "boundary", "bias-fraction"],
)
def test_lone_numbers_too_large_for_floats_are_refused(options: dict[str, Any]) -> None:
    """A bias or a boundary that float64 cannot hold is refused in convcalc's words beside floats."""
    with pytest.raises(DataError):
        conv([[1.0]], [[[1.0]]], **options)


def test_dtype_exact_refuses_floats() -> None:
    """Floats are not exact numbers, as input, weight, bias or boundary."""
    for cells, weight, options in (
        ([[[0.5]]], [[[1]]], {}),
        ([[[1]]], [[[0.5]]], {}),
        ([[[1]]], [[[1]]], {"bias": 0.5}),
        ([[[1]]], [[[1]]], {"boundary": 0.5, "padding": 1}),
    ):
        with pytest.raises(DataError) as error:
            build_problem(cells, weight, dtype="exact", **options)
        assert error.value.message == "dtype exact computes in whole and rational numbers, and there are floats"


def test_unknown_dtype_lists_the_known_ones() -> None:
    """A dtype that is none is refused with all that are."""
    with pytest.raises(DataError) as error:
        build_problem([[[1]]], [[[1]]], dtype="int8")
    assert str(error.value) == "unknown dtype 'int8' (one of: auto, exact, float32, float64)"


def test_zero_samples_finish_too() -> None:
    """An empty batch keeps its shape through every finish."""
    for weight in (objects([[[HALF]]]), [[[1]]], [[[0.5]]]):
        for dtype in ("auto", "float64"):
            problem = build_problem(np.zeros((0, 1, 3), int), weight, THIRD, dtype=dtype)
            assert compute(problem).output.shape == (0, 1, 3)


def test_trace_of_a_mixed_output_is_in_the_outputs_numbers() -> None:
    """Where a fraction elsewhere makes the output floats, the whole total rounds to the float there."""
    cells, weight = objects([[10**17 + 1, HALF]]), [[[1]]]
    total = trace(cells, weight, position=(0,)).total
    assert total == 10**17 + 1
    assert float(total) == conv(cells, weight)[0, 0].item()


# In tiles, in place --------------------------------------------------------------------------------------------------

WEIGHTS = {
    "whole": [[[3, -1]], [[2, 5]]],
    "ninths": objects([[[NINTH, NINTH]], [[2 * NINTH, NINTH]]]),
    "thirds-and-halves": objects([[[THIRD, 2 * THIRD]], [[HALF, HALF]]]),
    "one-filter-rational": objects([[[THIRD, 1]], [[2, 7]]]),
    "large-denominator": objects([[[Fraction(1, 2**61 - 1), Fraction(5, 2**61 - 1)]], [[1, 1]]]),
    "large-numerator": objects([[[2**40, THIRD]], [[1, 1]]]),
}
BIASES: dict[str, Any] = {
    "none": None,
    "whole": [5, -7],
    "rational": objects([HALF, -THIRD]),
    "huge": objects([2**62, 1]),
}


@pytest.mark.parametrize("dtype", ["auto", "exact", "float32", "float64"])
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("multiple", [1, 6, 18, 10**12], ids=["any", "sixes", "eighteens", "large"])
def test_tiles_finish_as_the_reference(weight: str, bias: str, multiple: int, dtype: str) -> None:
    """Scale and bias of every kind, tile by tile and over several samples, give what the reference rounds once."""
    cells = np.random.default_rng(multiple).integers(-9, 10, (3, 1, 7)) * multiple
    weights, biases = np.asarray(WEIGHTS[weight]), BIASES[bias]
    problem = build_problem(cells, weights, biases, dtype=dtype)
    output = compute(problem, retiled(make_plan(problem), (2,), tile_filters=1)).output
    reference = reference_conv(cells, weights, None if biases is None else list(biases))
    if dtype == "exact":
        np.testing.assert_array_equal(output.astype(object), reference.exact())
    elif dtype == "auto":
        np.testing.assert_array_equal(output, reference.auto())
        assert output.dtype == reference.auto().dtype
    else:
        assert output.dtype == dtype
        terms = reference_conv(abs(cells), abs(weights), None if biases is None else [abs(each) for each in biases])
        allowed = 8 * np.finfo(dtype).eps * terms.rounded()
        np.testing.assert_array_less(np.abs(output - reference.rounded()), allowed + 1e-300)


@pytest.mark.parametrize(
    "size", [(1 << 16,), ((1 << 16) + 1,), (3, 1 << 16), (257, 263), (1, 70_000), (70_001, 1)], ids=str
)
@pytest.mark.parametrize("kind", ["whole", "rational", "last-rational"])
def test_large_outputs_are_divided_in_pieces(size: tuple[int, ...], kind: str) -> None:
    """Where sums are divided in the output's own memory, a piece at a time, no cell is left out or divided twice."""
    sums = np.random.default_rng(len(size)).integers(-(10**6), 10**6, (2, 1, *size)) * (1 if kind == "rational" else 9)
    if kind == "last-rational":
        sums[(-1,) * sums.ndim] = 4
    problem = build_problem(sums, objects([[NINTH], [Fraction(2, 3)]]).reshape(2, 1, *(1,) * len(size)))
    output = compute(problem).output
    np.testing.assert_array_equal(output[:, 0], sums[:, 0] // 9 if kind == "whole" else sums[:, 0] / 9)
    np.testing.assert_array_equal(output[:, 1], sums[:, 0] * 2 // 3 if kind == "whole" else sums[:, 0] * 2 / 3)
    assert output.dtype == (np.int64 if kind == "whole" else np.float64)


@pytest.mark.parametrize("digits", [52, 53, 54, 62, 63], ids=lambda digits: f"2**{digits}")
def test_sums_at_the_limits_of_division_round_once(digits: int) -> None:
    """Numerators below, at and above what float64 holds are divided exactly and rounded once."""
    numbers = [2**digits - 1, 2**digits, -(2**digits) + 3, 1, 0]
    for denominator in (3, 7, 9, 2**53 - 1, 2**53, 2**53 + 1, 10**18):
        exact = [Fraction(number, denominator) for number in numbers]
        output = conv(objects([numbers]), objects([[[Fraction(1, denominator)]]]))
        assert output.tolist() == [[float(each) for each in exact]]


def test_arrays_of_results_belong_to_whoever_called() -> None:
    """What conv returns is writeable memory of its own, in place or not, with fractions or without."""
    for cells, weight in (
        ([[1, 2, 3]], objects([[[THIRD]]])),
        ([[3, 6, 9]], objects([[[THIRD]]])),
        ([[1, 2, 3]], [[[4]]]),
        ([[1.0, 2.0, 3.0]], objects([[[THIRD]]])),
    ):
        output = conv(cells, weight)
        before = output.copy()
        output += 1
        np.testing.assert_array_equal(output, before + 1)
        np.testing.assert_array_equal(conv(cells, weight), before)
        assert output.flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [99, 999])
def test_a_kernel_beyond_floats_is_scaled_before_it_is_rounded(dtype, size):
    """A binomial kernel whose whole weights no float holds keeps a flat image as it is."""
    flat = np.full((1, 1, 4, 4), 7, dtype)
    binomial = kernel(f"gaussian:{size}")
    problem = build_problem(
        flat, binomial.weights[None, None], scale=(binomial.scale,), padding=size // 2, boundary="replicate"
    )
    output = compute(problem).output
    assert output.dtype == dtype
    np.testing.assert_allclose(output, flat, rtol=200 * np.finfo(dtype).eps)


@pytest.mark.parametrize("largest", [7, 2**53 - 1, 2**53, 2**60, 2**70])
def test_quotients_are_whole_fractions_or_floats(largest: int) -> None:
    """Whole where all are; otherwise fractions where they are kept, else floats rounded once, of any size."""
    kind = np.int64 if largest < 2**63 else object
    numerators, two = np.array([[[largest, 3]]], dtype=kind), np.array([[[2]]], dtype=kind)
    exact = [Fraction(largest, 2), Fraction(3, 2)]
    kept, floats = (divided(numerators, two, keep=keep) for keep in (True, False))
    assert kept[0, 0].tolist() == exact
    assert floats[0, 0].tolist() == [float(each) for each in exact]
    assert floats.dtype == np.float64
    whole = divided(numerators * 2, two, keep=False)
    assert whole[0, 0].tolist() == [largest, 3]
    assert all(type(each) is int for each in whole[0, 0].tolist())


@pytest.mark.parametrize("size", [(7,), (200_000,), (5, 1 << 15), (3, 2, 1 << 15), (9, 1 << 17), (4, 0)])
def test_pieces_are_slabs_of_about_65536_cells(size: tuple[int, ...]) -> None:
    """One after the other they are the whole first axis; none is larger, but for a single row."""
    slabs = [range(*piece.indices(size[0])) for (piece,) in _pieces(size)]
    assert [row for slab in slabs for row in slab] == list(range(size[0]))
    cells = int(np.prod(size[1:]))
    assert all(len(slab) == max(1, (1 << 16) // max(1, cells)) for slab in slabs[:-1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [Fraction(10**400), Fraction(10**400, 3)])
def test_a_scale_beyond_floats_is_refused(dtype: str, scale: Fraction) -> None:
    """In floats; exactly it is no trouble."""
    problem = build_problem(np.ones((1, 1, 3)), np.ones((1, 1, 1)), scale=[scale], dtype=dtype)
    with pytest.raises(DataError, match=r"^a scale is too large for floats \(dtype exact has no limit\)$"):
        compute(problem)
    exact = build_problem(np.ones((1, 1, 3), int), np.ones((1, 1, 1), int), scale=[scale], dtype="exact")
    assert compute(exact).output.tolist() == [[[scale] * 3]]
