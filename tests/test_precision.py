"""How far every engine is from the exact numbers: what it declares, what is allowed, and where nothing rounds."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import product
from math import ldexp
from typing import Any, NamedTuple

import numpy as np
import pytest

from cases import binomial, could_come_to, obstacle_of, takers
from convcalc import ENGINES, build_problem, compute, conv, make_plan
from convcalc.engine.bounds import sum_bound
from convcalc.errors import EngineError

DIGITS = {"float32": 24, "float64": 50}
"""Binary digits behind the point of the numbers drawn: whole multiples of 2**−24 and 2**−50, which the floats hold."""
SEEDS = 3
"""How often each shape is drawn anew."""
FULL = {"float32": 4, "float64": 256}
"""How many times as much as the definition an engine may lose, where all windows hold alike, to be taken unasked."""
FAST = {"float32": 256, "float64": 4096}
"""How many times if digits may be lost."""


# Errors against exact sums -----------------------------------------------------------------------------------------


class Drawn(NamedTuple):
    """Normal numbers as whole multiples of a power of two, and how they are convolved."""

    cells: Any
    """(1, in_channels, *spatial), int64."""
    weight: Any
    options: dict[str, Any]

    def problem(self, dtype: str) -> Any:
        """The problem in floats, which hold these numbers exactly."""
        arrays = [np.ldexp(each.astype(dtype), -DIGITS[dtype]) for each in (self.cells, self.weight)]
        for array, whole in zip(arrays, (self.cells, self.weight), strict=True):
            assert array.dtype == dtype
            np.testing.assert_array_equal(np.ldexp(array.astype(np.float64), DIGITS[dtype]).astype(np.int64), whole)
        return build_problem(*arrays, **self.options)


SHAPES: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "channels-64": ((1, 64, 28, 28), (6, 64, 3, 3), {"padding": 1}),
    "channels-128": ((1, 128, 14, 15), (6, 128, 3, 3), {"padding": 1}),
    "channels-512": ((1, 512, 7, 8), (4, 512, 3, 3), {"padding": 1}),
    "pointwise-128": ((1, 128, 28, 28), (6, 128, 1, 1), {}),
    "depthwise": ((1, 6, 56, 56), (6, 1, 3, 3), {"padding": 1, "groups": 6}),
    "image-3": ((1, 1, 150, 131), (2, 1, 3, 3), {"padding": 1}),
    "image-9": ((1, 1, 150, 131), (1, 1, 9, 9), {"padding": 4}),
    "image-31": ((1, 1, 90, 83), (1, 1, 31, 31), {"padding": 15}),
    "binomial-9": ((1, 1, 150, 131), (1, 1, 9, 9), {"padding": 4}),
    "sobel": ((1, 1, 150, 131), (1, 1, 3, 3), {"padding": 1}),
    "signal": ((1, 8, 3000), (6, 8, 3), {"padding": 1}),
    "signal-201": ((1, 1, 5000), (1, 1, 201), {"padding": 100}),
    "volume": ((1, 8, 9, 10, 11), (4, 8, 3, 3, 3), {"padding": 1}),
}
KERNELS = {"binomial-9": np.outer(binomial(9), binomial(9)), "sobel": np.outer([1, 2, 1], [-1, 0, 1])}


def drawn(shape: str, dtype: str, seed: int = 0) -> Drawn:
    """The numbers of a shape; its name is a part of the seed."""
    cells, weight, options = SHAPES[shape]
    rng = np.random.default_rng([seed, *shape.encode()])
    one = 1 << DIGITS[dtype]
    # first rounded to the type, so that numbers above 1 have no more digits than it holds
    floats = [rng.normal(size=size).astype(dtype).astype(np.float64) for size in (cells, weight)]
    whole = [np.rint(each * one).astype(np.int64) for each in floats]
    if shape in KERNELS:
        whole[1] = KERNELS[shape][None, None] * (one >> 10)
    return Drawn(*whole, options)


def sums(cells: Any, weight: Any, options: dict[str, Any]) -> Any:
    """Σ x·w as int64 at zero padding, tap by tap; (1, out_channels, *spatial)."""
    pad = options.get("padding", 0)
    padded = np.pad(cells[0], [(0, 0), *[(pad, pad)] * (cells.ndim - 2)])
    size = [extent - taps + 1 for extent, taps in zip(padded.shape[1:], weight.shape[2:], strict=True)]
    output = np.zeros((len(weight), *size), np.int64)
    for taps in product(*map(range, weight.shape[2:])):
        window = padded[(slice(None), *(slice(tap, tap + count) for tap, count in zip(taps, size, strict=True)))]
        factors = weight[(slice(None), slice(None), *taps)]
        if options.get("groups", 1) > 1:
            output += window * factors.reshape(-1, *(1,) * len(size))
        else:
            for channel in range(len(window)):
                output += np.multiply.outer(factors[:, channel], window[channel])
    return output[None]


@cache
def exact(shape: str, dtype: str, seed: int = 0) -> Any:
    """The output in Python's integers, to be divided by 2**(2 · digits); float64's numbers in two halves each.

    The halves are of 26 binary digits, such that int64 holds every sum of their products.
    """
    cells, weight, options = drawn(shape, dtype, seed)
    if dtype == "float32":
        return sums(cells, weight, options).astype(object)
    (x_high, x_low), (w_high, w_low) = ((each >> 26, each & ((1 << 26) - 1)) for each in (cells, weight))
    high = sums(x_high, w_high, options).astype(object)
    middle = sums(x_high, w_low, options).astype(object) + sums(x_low, w_high, options).astype(object)
    return (high << 52) + (middle << 26) + sums(x_low, w_low, options).astype(object)


@cache
def measured_error(engine: str, shape: str, dtype: str) -> float | None:
    """The largest error of several draws as a share of what the cell could come to; None: the engine cannot."""
    errors = []
    for seed in range(SEEDS):
        problem = drawn(shape, dtype, seed).problem(dtype)
        if obstacle_of(problem, engine):
            return None
        output = compute(problem, make_plan(problem, engine)).output
        assert output.dtype == dtype
        errors.append(error_of(output, exact(shape, dtype, seed), 2 * DIGITS[dtype], could_come_to(problem)))
    return max(errors)


def error_of(output: Any, wanted: Any, digits: int, could: Any) -> float:
    """The largest difference to whole numbers over 2**digits, each as a share of what its cell could come to."""
    assert output.shape == wanted.shape
    # shifted until it is whole, a float is exact as a Python integer
    got = [int(ldexp(float(value), digits + 20)) for value in output.flat]
    off = (abs(value - (cell << 20)) for value, cell in zip(got, wanted.flat, strict=True))
    return max(ldexp(float(each), -digits - 20) / most for each, most in zip(off, could.flat, strict=True))


@pytest.mark.parametrize("dtype", DIGITS)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_engine_errs_more_than_it_says(shape: str, dtype: str) -> None:
    """The error against exact sums is at most what the plan says, of every cell, with every engine that can."""
    problem = drawn(shape, dtype).problem(dtype)
    bounds = {name: make_plan(problem, name).error for name in takers(problem)}
    assert len(bounds) >= 2
    errors = {name: measured_error(name, shape, dtype) for name in bounds}
    assert {name: error for name, error in errors.items() if error > bounds[name]} == {}


@pytest.mark.parametrize("dtype", DIGITS)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_taken_unasked_errs_hardly_more_than_the_definition(shape: str, dtype: str) -> None:
    """Bounds are for the worst numbers; on random ones full precision loses few digits more than gemm."""
    problem = drawn(shape, dtype).problem(dtype)
    error, most = measured_error(make_plan(problem).engine, shape, dtype), {"float32": 4, "float64": 64}[dtype]
    assert error <= most * max(measured_error("gemm", shape, dtype), np.finfo(dtype).eps / 8)


def test_an_error_would_be_seen() -> None:
    """The measure is sharp: numbers rounded once err by half a unit, and one cell that is off is off by that."""
    for dtype, digits in DIGITS.items():
        wanted, could = exact("image-3", dtype), could_come_to(drawn("image-3", dtype).problem(dtype))
        rounded = np.array([value / 2 ** (2 * digits) for value in wanted.flat]).reshape(wanted.shape).astype(dtype)
        assert 0 < error_of(rounded, wanted, 2 * digits, could) <= np.finfo(dtype).eps / 2
        rounded[0, 1, 7, 7] += could[0, 1, 7, 7] / 1000
        assert error_of(rounded, wanted, 2 * digits, could) == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("dtype", DIGITS)
@pytest.mark.parametrize("shape", SHAPES)
def test_plans_tell_their_error(shape: str, dtype: str) -> None:
    """The plan's error is its engine's; unless asked to, no plan loses many times what the definition loses."""
    problem = drawn(shape, dtype).problem(dtype)
    arithmetic = make_plan(problem).arithmetic
    losses = {name: ENGINES[name].loss(problem, arithmetic) for name in takers(problem)}
    for name, loss in losses.items():
        assert make_plan(problem, name).error == loss * ENGINES[name].spread
    for precision, allowed in (("full", FULL[dtype]), ("fast", FAST[dtype])):
        plan = make_plan(problem, precision=precision, explain=True)
        assert plan.error == losses[plan.engine] * ENGINES[plan.engine].spread
        assert losses[plan.engine] <= allowed * losses["direct"]
        for each in plan.candidates:
            assert (each.error is None) == (each.name not in losses)
            assert each.error is None or each.times == pytest.approx(losses[each.name] / losses["direct"])


def test_fast_is_for_engines_that_full_leaves_out() -> None:
    """Many channels are computed with fewer multiplications where a digit may be lost, and only there."""
    problem = build_problem(np.ones((1, 128, 56, 56), np.float32), np.ones((128, 128, 3, 3), np.float32), padding=1)
    full, fast = (make_plan(problem, precision=precision) for precision in ("full", "fast"))
    assert full.error < fast.error
    assert fast.seconds < full.seconds
    assert fast.work.multiplications < full.work.multiplications
    cells, weight = problem.input[:, :, :20, :20] * 1.5, problem.weight[:4]
    for precision in ("full", "fast"):
        plan = make_plan(build_problem(cells, weight), precision=precision)
        output = compute(build_problem(cells, weight), plan).output
        np.testing.assert_array_equal(conv(cells, weight, precision=precision), output)


# Where nothing rounds ----------------------------------------------------------------------------------------------

PLANES: dict[str, Any] = {
    "tap": np.array([[3]]),
    "row": np.array([[1, -2, 3]]),
    "square": np.array([[1, 0, -2], [3, 1, 1], [-1, 2, 5]]),
    "sobel": np.outer([1, 2, 1], [-1, 0, 1]),
    "binomial": np.outer(binomial(5), binomial(5)),
    "laplacian": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "random-9": np.random.default_rng(9).integers(-9, 10, (9, 9)),
    "box-7": np.ones((7, 7), int),
}
"""Whole kernels that between them every exact engine takes."""


def whole_sums(cells: Any, weight: Any) -> Any:
    """Σ x·w in Python's integers, without padding; cells: (1, channels, rows, columns), weight likewise."""
    cells, weight = cells.astype(object), weight.astype(object)
    rows, columns = (cells.shape[axis] - weight.shape[axis] + 1 for axis in (2, 3))
    output = np.zeros((len(weight), rows, columns), object)
    for row, column in np.ndindex(*weight.shape[2:]):
        window = cells[0, :, row : row + rows, column : column + columns]
        for number, channel in np.ndindex(*weight.shape[:2]):
            output[number] = output[number] + window[channel] * int(weight[number, channel, row, column])
    return output[None]


def extremes(largest: int, low: int, shape: tuple[int, ...]) -> Any:
    """Cells that are mostly the largest or the smallest, with some odd ones in between."""
    rng = np.random.default_rng(shape)
    values = np.empty(shape, object)
    choices = [largest, largest, low, largest - 1, 1 if low >= 0 else -1, 0]
    for place in np.ndindex(shape):
        values[place] = choices[rng.integers(len(choices))]
    return values


@pytest.mark.parametrize("beyond", [-1, 0, 1], ids=["below", "at", "above"])
@pytest.mark.parametrize("bits", [24, 53, 63])
@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("channels", [1, 3])
def test_whole_sums_are_exact_at_every_limit(channels: int, plane: str, bits: int, beyond: int) -> None:
    """Just below, at and above 2**24, 2**53 and 2**63 every engine gives the whole numbers, or says it cannot."""
    weight = np.broadcast_to(PLANES[plane], (2, channels, *PLANES[plane].shape))
    weight = weight * np.array([1, -1])[:, None, None, None]
    steepest = int(np.abs(weight[0]).sum())
    largest = (2**bits + beyond * steepest) // steepest
    cells = extremes(largest, -largest, (1, channels, 13, 11))
    cells[0, :, :9, :9] = np.where(np.resize(PLANES[plane], (9, 9)) < 0, -largest, largest)  # the largest sum there is
    check_exact(cells, weight, groups=1)


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "uint32", "int64", "uint64"])
def test_the_whole_range_of_a_type_is_exact(dtype: str, plane: str, channels: int) -> None:
    """Cells from a type's smallest to its largest make exact sums in every engine, depthwise too."""
    info = np.iinfo(dtype)
    cells = extremes(int(info.max), int(info.min), (1, channels, 13, 11)).astype(dtype)
    weight = np.broadcast_to(PLANES[plane], (channels, 1, *PLANES[plane].shape))
    check_exact(cells, weight, groups=channels)


def check_exact(cells: Any, weight: Any, groups: int) -> None:
    """Every engine gives the sums in Python's integers or refuses; direct never refuses, gemm only beyond int64."""
    problem = build_problem(cells, weight, groups=groups)
    span = cells.shape[1] // groups
    wanted = np.concatenate(
        [whole_sums(cells[:, at * span :][:, :span], part) for at, part in enumerate(np.split(weight, groups))], axis=1
    )
    for engine in ENGINES:
        obstacle = obstacle_of(problem, engine)
        if obstacle:
            assert engine != "direct"
            assert engine != "gemm" or sum_bound(problem) >= 2**63
            with pytest.raises(EngineError, match=re.escape(obstacle)):
                make_plan(problem, engine)
            continue
        plan = make_plan(problem, engine)
        assert plan.error == 0
        output = compute(problem, plan).output
        np.testing.assert_array_equal(output.astype(object), wanted, err_msg=engine)
        assert output.dtype.kind in "iO"


def test_an_engine_without_exact_numbers_refuses_whole_ones() -> None:
    """Whoever has no arithmetic for whole numbers says so, and is not chosen for them."""
    cells, weight = np.ones((1, 4, 40, 40), int), np.ones((8, 4, 3, 3), int)
    problem = build_problem(cells, weight)
    rounding = [name for name, engine in ENGINES.items() if not engine.arithmetics]
    assert rounding
    for engine in rounding:
        assert obstacle_of(problem, engine) == "its transforms round, and this problem is exact"
        assert not ENGINES[engine].arithmetics
    for precision in ("full", "fast"):
        assert make_plan(problem, precision=precision).engine not in rounding
        assert make_plan(problem, precision=precision).error == 0


# Numbers that are none, and very large ones ------------------------------------------------------------------------

TAPS: dict[str, Any] = {
    "tap": np.array([[2.0]]),
    "square": np.array([[1.0, -2.0, 0.5], [0.25, 3.0, 1.0], [-1.0, 1.5, 2.0]]),
    "zeros": np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]),
    "sobel": np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0]),
    "binomial": np.outer(binomial(5), binomial(5)) / 256,
    "random-9": np.random.default_rng(9).normal(size=(9, 9)),
    "row-3": np.array([[1.0, 0.0, -1.0]]),
}
ODD = {
    "inf": [np.inf],
    "minus-inf": [-np.inf],
    "nan": [np.nan],
    "inf-and-minus-inf": [np.inf, -np.inf],
    "all": [np.inf, -np.inf, np.nan, 1e30],
    "large": [1e30, -1e30],
    "beyond": [3e38, 3e38, 3e38, 3e38],
    "small": [1e-30, -1e-38, 1e-45],
}
"""Odd numbers for float32; the large ones are squared and the like for float64."""


def definition(problem: Any) -> Any:
    """The output by the definition."""
    return compute(problem, make_plan(problem, "direct")).output


def may_overflow(problem: Any) -> Any:
    """Where the terms are finite and their absolute values add up to more than the type holds.

    A sum overflows on the way there, or does not, by the order of its terms; every order is the definition's.
    """
    small = 2.0**-60
    value = problem.boundary.value
    sizes = definition(
        replace(
            problem,
            input=np.abs(problem.input) * problem.input.dtype.type(small),
            weight=np.abs(problem.weight),
            geometry=replace(problem.geometry, boundary=replace(problem.boundary, value=abs(value) * small)),
        )
    )
    return np.isfinite(sizes) & (sizes > 0.999 * float(np.finfo(problem.input.dtype).max) * small)


def check_definition(problem: Any) -> int:
    """Every engine has inf and nan where the definition has them, and elsewhere numbers near it; how many took it."""
    wanted, sure = definition(problem), ~may_overflow(problem)
    finite = np.isfinite(wanted)
    with np.errstate(all="ignore"):
        could = could_come_to(problem)
    took = takers(problem)
    for engine in took:
        output = compute(problem, make_plan(problem, engine)).output
        np.testing.assert_array_equal(np.isfinite(output)[sure], finite[sure], err_msg=engine)
        np.testing.assert_array_equal(output[sure & ~finite], wanted[sure & ~finite], err_msg=engine)
        both = finite & np.isfinite(output)
        difference = np.abs(output[both].astype(np.float64) / 4 - wanted[both].astype(np.float64) / 4)
        error = sum(make_plan(problem, name).error for name in (engine, "direct"))
        least = error / np.finfo(output.dtype).eps * 2 * float(np.finfo(output.dtype).smallest_subnormal)
        assert (difference <= error * could[both] / 4 + least).all(), engine
    return len(took)


@pytest.mark.parametrize("boundary", ["zeros", "circular", 2.5])
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("taps", TAPS)
@pytest.mark.parametrize("dtype", DIGITS)
def test_odd_numbers_in_the_input_are_the_definitions(dtype: str, taps: str, odd: str, boundary: Any) -> None:
    """Infinities, nan and huge cells, near each other, at the border and far away, under zero taps too."""
    for channels, groups, filters in ((1, 1, 1), (3, 1, 2), (3, 3, 3)):
        cells = np.random.default_rng(3).normal(size=(2, channels, 23, 19))
        values = ODD[odd] if dtype == "float32" else [value * abs(value) ** 7 for value in ODD[odd]]
        for place, value in zip(
            ((0, 0, 11, 9), (0, 0, 11, 10), (0, 0, 0, 0), (0, channels - 1, 22, 7)), values, strict=False
        ):
            cells[place] = value
        with np.errstate(over="ignore"):
            cells = cells.astype(dtype)
        weight = np.broadcast_to(TAPS[taps], (filters, channels // groups, *TAPS[taps].shape)).astype(dtype)
        assert check_definition(build_problem(cells, weight, padding="same", groups=groups, boundary=boundary)) >= 2


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e30, 1e14])
@pytest.mark.parametrize("where", ["kernel", "boundary"])
@pytest.mark.parametrize("taps", TAPS)
@pytest.mark.parametrize("dtype", DIGITS)
def test_odd_numbers_in_kernel_and_boundary_are_the_definitions(
    dtype: str, taps: str, where: str, value: float
) -> None:
    """An infinite, undefined or huge weight or boundary constant is met only by the cells that it belongs to."""
    cells = np.random.default_rng(4).normal(size=(1, 2, 13, 11)).astype(dtype)
    cells[0, 0, 3, 3] = 0
    weight = np.broadcast_to(TAPS[taps], (3, 2, *TAPS[taps].shape)).astype(dtype)
    if where == "kernel":
        weight[1, 0, -1, 0] = value
    boundary = value if where == "boundary" else "zeros"
    assert check_definition(build_problem(cells, weight, padding="same", boundary=boundary)) >= 2


@pytest.mark.parametrize("dtype", DIGITS)
@pytest.mark.parametrize("taps", TAPS)
def test_large_and_small_numbers_beside_each_other(dtype: str, taps: str) -> None:
    """From the smallest normal number to the root of the largest, output by output scale, no engine overflows."""
    info = np.finfo(dtype)
    weight = np.broadcast_to(TAPS[taps], (2, 1, *TAPS[taps].shape)).astype(dtype)
    for scale in (float(info.tiny) * 1e4, 1e-15, 1.0, 1e15, float(info.max) ** 0.5, float(info.max) / 1e4):
        cells = (np.random.default_rng(5).normal(size=(1, 1, 23, 29)) * scale).astype(dtype)
        assert check_definition(build_problem(cells, weight, padding="same")) >= 2


def test_the_bound_of_sums_is_that_of_the_magnitudes() -> None:
    """Of small numbers held as Python's too."""
    weight = np.array([[[1, -2]], [[3, 4]]])
    for numbers in (weight, weight.astype(object)):
        assert sum_bound(build_problem([[[5, -6, 1]]], numbers)) == 6 * (3 + 4) + 1
