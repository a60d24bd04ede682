"""Every case with every engine in every kind of numbers, against nested loops over Python's numbers."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from fractions import Fraction
from functools import cache
from itertools import product
from math import ceil
from typing import Any

import numpy as np
import pytest

from cases import (
    CASES,
    KINDS,
    OBSTACLE,
    Case,
    Kind,
    could_come_to,
    kinds_of,
    numbers,
    obstacle_of,
    problem_of,
    retiled,
    takers,
    within,
)
from convcalc import ENGINES, build_problem, compute, conv, make_plan
from convcalc.engine.bounds import EXACT_FLOAT32, EXACT_FLOAT64, INT64, PYTHON, sum_bound
from convcalc.engine.candidate import weigh
from convcalc.engine.compute import Cells
from convcalc.errors import (
    ConvcalcError,
    DataError,
    EngineError,
    FieldError,
    GeometryError,
    LimitError,
    UnknownNameError,
)
from convcalc.limits import Limits
from reference import Reference, reference_conv

BY_NAME = {case.name: case for case in CASES}
BY_KIND = {kind.name: kind for kind in KINDS}

FILLED = [(case, kind) for case in CASES for kind in kinds_of(case)]
"""Every case in every kind of numbers that it is computed in."""
TAKEN = [(case, kind, engine) for case, kind in FILLED for engine in takers(problem_of(case, kind))]
"""Those with every engine that takes them; the refusals are tested for themselves."""


def ids(rows: list[tuple[Any, ...]]) -> list[str]:
    """The names of the parts of each row."""
    return ["-".join(map(str, row)) for row in rows]


filled = pytest.mark.parametrize(("case", "kind"), FILLED, ids=ids(FILLED))
taken = pytest.mark.parametrize(("case", "kind", "engine"), TAKEN, ids=ids(TAKEN))


@cache
def expected(case: Case, kind: Kind) -> Reference:
    """The reference's output of a case in a kind of numbers, made once for all engines."""
    return reference_conv(*numbers(case, kind), **case.options)


@cache
def magnitude(case: Case, kind: Kind) -> Any:
    """The sum of the terms' absolute values in every output cell: what rounding errors are measured by.

    Floats in whole millionths, rounded up: the reference is three times as fast on whole numbers as on fractions.
    """
    fine = 1 << 20 if kind.epsilon else 1
    cells, weight = (np.abs(array.astype(object)) for array in numbers(case, kind))
    if kind.epsilon:
        cells, weight = (np.frompyfunc(ceil, 1, 1)(array * fine) for array in (cells, weight))
    options = dict(case.options)
    if not isinstance(options.get("boundary", ""), str):
        options["boundary"] = abs(options["boundary"]) * fine
    options["bias"] = (np.abs(np.asarray(options.get("bias", 0))) * fine * fine).tolist()
    return reference_conv(cells, weight, **options).rounded() / (fine * fine)


def expected_obstacle(engine: str, case: Case, kind: Kind) -> str | None:
    """Why the engine has to refuse: for direct and gemm said here, for the others what they say of themselves."""
    if engine == "direct":
        return None
    if engine == "gemm":
        beyond = kind.name in ("int64-range", "uint64-range") if not case.input[0] else kind.needs_python
        return OBSTACLE if ((case.is_rational and case.input[0]) or beyond) and not kind.epsilon else None
    return obstacle_of(problem_of(case, kind), engine)


def allowed_error(engine: str, case: Case, kind: Kind) -> Any:
    """What rounding may cost in each cell: of the cell's own terms, or what the engine says if it makes other sums."""
    problem = problem_of(case, kind)
    if ENGINES[engine].spread > 1 or engine == "separable":
        return make_plan(problem, engine).error * could_come_to(problem) + 1e-300
    terms = int(np.prod(case.weight[1:])) + 3
    return kind.epsilon * terms * magnitude(case, kind) + 1e-300


def conv_or_refusal(engine: str, cells: Any, weight: Any, **options: Any) -> Any:
    """The output; None where the engine has an obstacle, after an error that names it."""
    refusal = obstacle_of(build_problem(*batched(cells, weight), **options), engine)
    if refusal is None:
        return conv(cells, weight, engine=engine, **options)
    with pytest.raises(EngineError, match=re.escape(refusal)):
        conv(cells, weight, engine=engine, **options)
    return None


def batched(cells: Any, weight: Any) -> tuple[Any, Any]:
    """Input and weight as :func:`build_problem` wants them, a batch axis added where there is none."""
    arrays = [np.asarray(array) for array in (cells, weight)]
    return (arrays[0] if arrays[0].ndim == arrays[1].ndim else arrays[0][None]), arrays[1]


def test_names_of_cases_are_unique() -> None:
    """Every case can be told from its name."""
    assert len(BY_NAME) == len(CASES)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_has_cases(engine: str) -> None:
    """No engine gets past the table by refusing it: each takes several cases, in both floats."""
    if engine == "fused":
        pytest.skip("it is switched off here, and has the whole table in a module of its own")
    for kind in ("float32", "float64"):
        assert sum(engine == name and kind == str(number) for _, number, name in TAKEN) >= 5


@filled
def test_engines_refuse_with_their_reason(case: Case, kind: Kind) -> None:
    """An engine that cannot take a problem raises an error that says why; direct takes all, gemm all but Python's."""
    problem = problem_of(case, kind)
    for engine in ENGINES:
        refusal = expected_obstacle(engine, case, kind)
        assert ((case, kind, engine) in set(TAKEN)) == (refusal is None)
        if refusal:
            with pytest.raises(EngineError, match=re.escape(refusal)):
                make_plan(problem, engine)


@taken
def test_engine_agrees_with_the_reference(case: Case, kind: Kind, engine: str) -> None:
    """An engine gives the reference's numbers, exactly for exact kinds."""
    output = conv(*numbers(case, kind), engine=engine, **case.options)
    assert output.shape == expected(case, kind).shape
    if kind.epsilon:
        assert output.dtype == (np.float64 if kind.name == "float64" else np.float32)
        difference = np.abs(output - expected(case, kind).rounded())
        np.testing.assert_array_less(difference, allowed_error(engine, case, kind))
    else:
        wanted = expected(case, kind).auto()
        np.testing.assert_array_equal(output, wanted)
        assert output.dtype == wanted.dtype
        assert output.dtype != object or {type(value) for value in output.flat} <= {int}


@taken
def test_tiles_give_the_whole(case: Case, kind: Kind, engine: str) -> None:
    """One output cell a tile, or two on the last axis, or all of one group of filters, gives what the plan gives."""
    problem = problem_of(case, kind)
    plan = make_plan(problem, engine)
    whole = compute(problem, plan).output
    group = problem.out_channels // problem.groups
    for size, filters in (
        ((1,) * problem.rank, plan.work.tile_filters),
        ((1,) * (problem.rank - 1) + (2,), problem.out_channels),
        (problem.output_size, group),
    ):
        tiled = compute(problem, retiled(plan, size, tile_filters=filters)).output
        assert tiled.dtype == whole.dtype
        if kind.epsilon:
            np.testing.assert_array_less(np.abs(tiled - whole), 2 * allowed_error(engine, case, kind))
        else:
            np.testing.assert_array_equal(tiled, whole)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_cell_alone_is_the_cell_of_the_output(case: Case) -> None:
    """``Cells`` gives the very bits that the whole output has in a cell, with every engine."""
    for kind in (BY_KIND["uint8"], BY_KIND["float32"], BY_KIND["float64"]):
        problem = problem_of(case, kind)
        places = [(0, [0] * problem.rank), (problem.batch - 1, [n - 1 for n in problem.output_size])]
        for engine in takers(problem):
            plan = make_plan(problem, engine)
            output = compute(problem, plan).output
            for sample, position in places if problem.batch else ():
                cells = Cells(problem, plan)
                for channel in range(problem.out_channels):
                    alone = cells.at(sample, channel, position)
                    assert alone == output[(sample, channel, *position)]


@pytest.mark.parametrize("dtype", ["exact", "float64", "float32"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.epsilon and kind.name != "uint64-range"], ids=str)
def test_dtype_asked_for_is_the_dtype_given(kind: Kind, dtype: str) -> None:
    """``exact`` keeps integers and fractions as they are; a float dtype gives that dtype, near the reference."""
    case = BY_NAME["groups-3-2d"]
    output = compute(problem_of(case, kind, dtype=dtype)).output
    if dtype == "exact":
        np.testing.assert_array_equal(output.astype(object), expected(case, kind).exact())
        return
    assert output.dtype == dtype
    terms = int(np.prod(case.weight[1:])) + 3
    tolerance = np.finfo(dtype).eps * terms * magnitude(case, kind) + 1e-300
    np.testing.assert_array_less(np.abs(output.astype(np.float64) - expected(case, kind).rounded()), tolerance)


# Where sums leave a number type ------------------------------------------------------------------------------------

BORDERS = [
    ("int8", np.array([100, 100], np.int8), np.array([1, 1], np.int8), 200),
    ("int8-lowest", np.array([-128, -128], np.int8), np.array([-128, -128], np.int8), 32768),
    ("uint8", np.array([255, 255], np.uint8), np.array([255, 255], np.uint8), 130050),
    ("uint8-difference", np.array([0, 1], np.uint8), np.array([1, -1], np.int8), -1),
    ("float32-below", [2**24 - 2, 1], [1, 1], 2**24 - 1),
    ("float32-at", [2**24, 1], [1, 1], 2**24 + 1),
    ("float32-negative", [-(2**24), -1], [1, 1], -(2**24) - 1),
    ("float32-cancels", [2**24, 1, -(2**24)], [1, 1, 1], 1),
    ("float32-product", [2**12 + 1, 0], [2**12 + 1, 1], 2**24 + 2**13 + 1),
    ("float64-below", [2**53 - 2, 1], [1, 1], 2**53 - 1),
    ("float64-at", [2**53, 1], [1, 1], 2**53 + 1),
    ("float64-cancels", [2**53, 1, -(2**53)], [1, 1, 1], 1),
    ("float64-product", [94906267], [94906267], 94906267**2),
    ("int64-below", [2**62, 2**62 - 2], [1, 1], 2**63 - 2),
    ("int64-highest", [2**62, 2**62 - 1], [1, 1], 2**63 - 1),
    ("int64-over", [2**63 - 1, 1], [1, 1], 2**63),
    ("int64-under", [-(2**63), -1], [1, 1], -(2**63) - 1),
    ("int64-cancels", [2**63 - 1, 2**63 - 1], [3, -3], 0),
    ("int64-weights", [1, 1], [2**63 - 1, 2**63 - 1], 2**64 - 2),
    ("int64-lowest-twice", [-(2**63)], [-(2**63)], 2**126),
    ("uint64", np.array([2**64 - 1, 2**64 - 1], np.uint64), np.array([1, 1], np.uint64), 2**65 - 2),
    ("uint64-and-signed", np.array([2**64 - 1, 0], np.uint64), np.array([-1, 1]), 1 - 2**64),
    ("python", np.array([10**50, 1], dtype=object), np.array([10**50, 1], dtype=object), 10**100 + 1),
]


def bordered(array: Any) -> Any:
    """The numbers as a first column, a second one of zeros beside it; (1, 1, n, 2)."""
    column = np.asarray(array).reshape(1, 1, -1, 1)
    return np.concatenate([column, np.zeros_like(column)], axis=-1)


ARRANGEMENTS = {
    "row": lambda array: np.asarray(array).reshape(1, 1, -1),
    "column": lambda array: np.asarray(array).reshape(1, 1, -1, 1),
    "channels": lambda array: np.asarray(array).reshape(1, -1, 1),
    "planes": lambda array: np.asarray(array).reshape(1, -1, 1, 1),
    "square": bordered,
}


@pytest.mark.parametrize("engine", ["auto", *ENGINES])
@pytest.mark.parametrize(("cells", "weight", "total"), [row[1:] for row in BORDERS], ids=[row[0] for row in BORDERS])
def test_sums_at_the_border_of_a_number_type_are_exact(cells: Any, weight: Any, total: int, engine: str) -> None:
    """A sum that its inputs' type, float32, float64 or int64 could not hold comes out exact, or is refused.

    Whether its terms lie beside each other, below each other, in channels, or in a kernel of rank 1.
    """
    for arrange in ARRANGEMENTS.values():
        problem = build_problem(arrange(cells), arrange(weight))
        if engine != "auto" and obstacle_of(problem, engine):
            assert engine != "direct"
            assert engine != "gemm" or sum_bound(problem) >= 2**63
            with pytest.raises(EngineError, match=re.escape(obstacle_of(problem, engine) or "")):
                make_plan(problem, engine)
            continue
        output = compute(problem, make_plan(problem, engine)).output
        assert [int(value) for value in output.flat] == [total]
        assert output.dtype == (np.int64 if -(2**63) < total < 2**63 else object)


def test_the_lowest_int64_is_an_int64() -> None:
    """−2**63 fits into int64, so that is what it comes back as."""
    output = conv(np.array([[-(2**63)]]), [[[1]]])
    assert [int(value) for value in output.flat] == [-(2**63)]
    assert output.dtype == np.int64


@pytest.mark.parametrize(
    ("largest", "arithmetic"),
    [
        (2**24 - 2, EXACT_FLOAT32),
        (2**24 - 1, EXACT_FLOAT64),
        (2**53 - 2, EXACT_FLOAT64),
        (2**53 - 1, INT64),
        (2**63 - 2, INT64),
        (2**63 - 1, PYTHON),
    ],
)
def test_gemm_sums_in_the_narrowest_numbers_that_are_exact(largest: int, arithmetic: Any) -> None:
    """The number type changes at its limit, not one sooner or later than the bound of the sums (largest + 1)."""
    problem = build_problem([[[largest]]], [[[1]]])
    assert weigh(problem, ENGINES["gemm"], sum_bound(problem)).arithmetic is arithmetic


@pytest.mark.parametrize("engine", ENGINES)
def test_the_boundary_counts_in_the_bound_of_the_sums(engine: str) -> None:
    """A constant beside which the input is small still makes exact sums."""
    output = conv_or_refusal(engine, [[1]], [[[1, 1, 1]]], padding=1, boundary=2**53)
    assert output is None or output.tolist() == [[2**54 + 1]]
    output = conv_or_refusal(engine, [[1]], [[[1]]], padding=1, boundary=2**53 + 1)
    assert output is None or output.tolist() == [[2**53 + 1, 1, 2**53 + 1]]


def test_a_boundary_beyond_int64_is_exact() -> None:
    """A constant of any size fits around small integers, and around uint64."""
    for dtype in (np.int8, np.uint64, np.int64):
        output = conv(np.array([[1]], dtype), [[[1, 1]]], padding=1, boundary=-(10**30))
        assert output.tolist() == [[1 - 10**30, 1 - 10**30]]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("weight", [2**62 + 1, 10**40, 10**400], ids=["62-bit", "40-digit", "400-digit"])
@pytest.mark.parametrize("shape", [(1, 1, 2), (0, 1, 2)], ids=["zeros", "zero-batch"])
def test_huge_weights_on_zeros_are_zero(shape: tuple[int, ...], weight: int, engine: str) -> None:
    """Where every input cell is zero the sums are zero, however large the weights, or the engine says it cannot."""
    weights = np.array([[[weight]]], dtype=object)
    output = conv_or_refusal(engine, np.zeros(shape, int), weights)
    assert engine != "direct" or output is not None
    assert engine != "gemm" or (output is None) == (weight >= 2**63)
    if output is not None:
        np.testing.assert_array_equal(output, np.zeros(shape, int))


@pytest.mark.parametrize("where", ["input", "weight", "bias"])
def test_lists_of_large_whole_numbers_stay_exact(where: str) -> None:
    """A list that NumPy would make float64 of, 2**63 beside −1, stays whole numbers."""
    mixed = [2**63, -1]
    output = {
        "input": lambda: conv([mixed], [[[1]]])[0],
        "weight": lambda: conv([[1]], [[[weight]] for weight in mixed])[:, 0],
        "bias": lambda: conv([[0]], [[[1]], [[1]]], bias=mixed)[:, 0],
    }[where]()
    assert output.tolist() == mixed
    assert all(isinstance(value, int) for value in output.tolist())


# Refusals ----------------------------------------------------------------------------------------------------------

REFUSALS = [
    ("stride", {"stride": 0}, FieldError, "stride must be a whole number >= 1, got 0"),
    ("dilation", {"dilation": -1}, FieldError, "dilation must be a whole number >= 1, got -1"),
    ("padding", {"padding": 1.5}, FieldError, "padding must be a whole number >= 0, got 1.5"),
    ("groups", {"groups": 3}, GeometryError, "groups 3 does not divide in_channels 2"),
    ("boundary", {"boundary": "wrap"}, FieldError, "boundary 'wrap' is another library's name"),
    ("bias", {"bias": [1, 2]}, FieldError, "bias has shape 2 for 3 output channels"),
    ("fit", {"dilation": 3}, GeometryError, "the kernel does not fit on axis 0"),
]


@pytest.mark.parametrize("engine", ["auto", *ENGINES])
@pytest.mark.parametrize(("options", "kind", "text"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_engines_agree_on_refusals(options: dict[str, Any], kind: type[Exception], text: str, engine: str) -> None:
    """A bad request is refused with the same error whichever engine was asked for."""
    with pytest.raises(kind) as error:
        conv(np.ones((1, 2, 4), int), np.ones((3, 2, 3), int), engine=engine, **options)
    assert error.value.message.startswith(text)  # type: ignore[attr-defined]


def test_unknown_engine_lists_the_known_ones() -> None:
    """A name that is no engine is refused with the names of all engines."""
    with pytest.raises(UnknownNameError) as error:
        conv([[1]], [[[1]]], engine="xyz")
    assert str(error.value) == f"unknown engine 'xyz' (one of: {', '.join(sorted(['auto', *ENGINES]))})"


def test_engine_with_an_obstacle_says_which() -> None:
    """Asking for an engine that cannot take the problem names the engine, the obstacle and the way out."""
    problem = build_problem(np.array([[[Fraction(1, 2)]]], dtype=object), [[[1]]])
    with pytest.raises(EngineError) as error:
        make_plan(problem, "gemm")
    assert str(error.value) == f"engine gemm cannot take this problem: {OBSTACLE} (--dtype float64, or --engine auto)"
    assert error.value.field == ("engine",)
    assert error.value.exit_code == 1


@pytest.mark.parametrize("name", [name for name in ENGINES if name not in ("direct", "winograd-4", "fused")])
def test_an_engine_that_exactness_keeps_away_takes_the_problem_in_floats(name: str) -> None:
    """Where the hint offers --dtype float64, the engine takes the problem so; of a problem of its own it offers it."""
    picture = (np.arange(30).reshape(5, 6) * 2**60).astype(object)
    offered = 0
    for values, weights in ((picture, np.ones((3, 3), int)), (picture, [[3]]), (picture, np.ones((1, 7), int))):
        problem, floats = (
            build_problem(values[None, None], np.array(weights)[None, None], padding="same", dtype=dtype)
            for dtype in ("auto", "float64")
        )
        try:
            make_plan(problem, name)
        except EngineError as error:
            if "float64" in error.hint:
                assert make_plan(floats, name).engine == name
                offered += 1
    assert offered


# The arrays --------------------------------------------------------------------------------------------------------

LAYOUTS = {
    "fortran": np.asfortranarray,
    "reversed": lambda array: array[..., ::-1].copy()[..., ::-1],
    "every-other": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "transposed": lambda array: array.swapaxes(1, -1).copy().swapaxes(1, -1),
    "big-endian": lambda array: array.astype(array.dtype.newbyteorder(">")),
    "little-endian": lambda array: array.astype(array.dtype.newbyteorder("<")),
    "broadcast": lambda array: np.broadcast_to(array[:1], array.shape),
    "slice-of-larger": lambda array: np.pad(array, 3, constant_values=7)[(slice(3, -3),) * array.ndim],
    "reversed-samples-and-channels": lambda array: array[::-1, ::-1].copy()[::-1, ::-1],
    "unaligned": lambda array: np.frombuffer(b"-" + array.tobytes(), array.dtype, offset=1).reshape(array.shape),
}


def laid_out(dtype: str, taps: tuple[int, int], groups: int) -> tuple[Any, Any]:
    """Two equal samples of small whole numbers and a kernel, of rank 1 where every filter reads one channel."""
    rng = np.random.default_rng([*taps, groups])
    cells = np.repeat(rng.integers(0, 50, (1, 3, 11, 8)), 2, axis=0)
    weight = rng.integers(0, 9, (3, 3 // groups, *taps))
    if groups > 1:
        weight = weight[..., :1] * weight[..., :1, :]
    return cells.astype(dtype), weight.astype(dtype)


SHAPES = [((1, 1), 1), ((3, 2), 1), ((3, 3), 1), ((7, 7), 1), ((3, 3), 3), ((5, 4), 3)]
"""Taps and groups that between them every engine takes."""


def test_every_engine_takes_some_layout() -> None:
    """No engine is left out by what the next test convolves, but ``fused``, which has a module of tests."""
    problems = [build_problem(*laid_out("float32", *shape), groups=shape[1]) for shape in SHAPES]
    assert {engine for problem in problems for engine in takers(problem)} == set(ENGINES) - {"fused"}


@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "uint64", "float32", "float64"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_changes_nothing(layout: str, dtype: str, padding: int) -> None:
    """Strides, order and byte order of the arrays make no difference to any engine, and read-only ones are taken."""
    for taps, groups in SHAPES:
        cells, weight = laid_out(dtype, taps, groups)
        turned, turned_weight = LAYOUTS[layout](cells), LAYOUTS["fortran" if layout == "broadcast" else layout](weight)
        turned.flags.writeable = turned_weight.flags.writeable = False
        options = {"padding": padding, "groups": groups}
        for engine in takers(build_problem(cells, weight, **options)):
            plain = conv(cells, weight, engine=engine, **options)
            output = conv(turned, turned_weight, engine=engine, **options)
            np.testing.assert_array_equal(output, plain, err_msg=engine)
            assert output.dtype == plain.dtype
            assert output.dtype.isnative


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(
    "name", ["pointwise", "constant-300", "everything", "flip-2d", "padding-1", "sobel-x", "box-1d"]
)
def test_inputs_are_never_written_to(name: str, kind: Kind) -> None:
    """Neither array is changed by any engine, and both stay writeable for their owner."""
    case = BY_NAME[name]
    cells, weight = numbers(case, kind)
    before = cells.copy(), weight.copy()
    for engine in ENGINES:
        conv_or_refusal(engine, cells, weight, **case.options)
        np.testing.assert_array_equal(cells, before[0])
        np.testing.assert_array_equal(weight, before[1])
        assert cells.flags.writeable
        assert weight.flags.writeable


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_results_are_read_only(kind: Kind) -> None:
    """A result cannot be written to; what conv returns belongs to whoever called it."""
    result = compute(problem_of(BY_NAME["batch"], kind))
    with pytest.raises(ValueError, match="read-only"):
        result.output[0, 0, 0] = 1
    output = conv(*numbers(BY_NAME["batch"], kind), **BY_NAME["batch"].options)
    output[0, 0, 0] = 1
    assert np.all(output[0, 0, 0] == 1)


@pytest.mark.parametrize(
    ("cells", "weight"),
    [
        ("int64", "int64"),
        ("int64", "float64"),
        ("fraction", "float64"),
        ("fraction", "fraction"),
        ("python", "float32"),
        ("float64", "fraction"),
        ("bool", "float16"),
    ],
)
def test_the_arrays_of_a_problem_are_read_only(cells: str, weight: str) -> None:
    """Input and weight in a problem cannot be written through it, whatever they were converted from."""
    kinds = {kind.name: kind for kind in KINDS}
    case = BY_NAME["batch"]
    problem = build_problem(numbers(case, kinds[cells])[0], numbers(case, kinds[weight])[1])
    assert not problem.input.flags.writeable
    assert not problem.weight.flags.writeable


def test_input_without_a_batch_gives_output_without_one() -> None:
    """Where the input has one axis fewer than the weight, so has the output."""
    assert conv(np.ones((1, 4, 4)), np.ones((2, 1, 3, 3))).shape == (2, 2, 2)
    assert conv(np.ones((1, 1, 4, 4)), np.ones((2, 1, 3, 3))).shape == (1, 2, 2, 2)


# Memory and time ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["auto", *ENGINES])
@pytest.mark.parametrize(
    ("rank", "padding"), [(1, 10**12), (2, 10**12), (1, 10**18), (3, 10**30)], ids=["1d", "2d", "1d-18", "3d-30"]
)
def test_too_much_padding_is_refused_at_once(rank: int, padding: int, engine: str) -> None:
    """More memory than there is is refused before anything is allocated, within a second, by whoever takes it."""
    for dtype, taps in product(("int64", "float64"), (1, 2, 3)):
        arrays = np.ones((1, 1, *(3,) * rank), dtype), np.ones((1, 1, *(taps,) * rank), dtype)
        with within(1):
            if engine == "auto" or not obstacle_of(build_problem(*arrays, padding=padding), engine):
                with pytest.raises(LimitError, match=r"this convolution needs .*iB of memory, .* may be used") as error:
                    conv(*arrays, padding=padding, engine=engine)
                assert error.value.exit_code == 3


@pytest.mark.parametrize("digits", [200, 320, 1000])
def test_absurd_padding_is_refused_too(digits: int) -> None:
    """Numbers that no float can hold are refused in the same way."""
    for cells in (1, 0.5):
        with within(1), pytest.raises(ConvcalcError):
            conv([[cells]], [[[1, 1]]], padding=10**digits)


@pytest.mark.parametrize(
    "call",
    [
        "conv([[1, 2]], [[[1, 1]]], padding=10**8, stride=10**8)",
        "conv([[1, 2]], [[[1, 1]]], padding='same', dilation=10**8)",
        "conv([[1, 2]], [[[1, 1]]], padding='full', dilation=10**8, boundary='reflect')",
        "conv([[1, 2]], [[[1, 1]]], padding=10**12, stride=10**12)",
        "conv([[1, 2]], [[[1, 1]]], padding=10**12)",
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process, and its limit, as Linux has them")
def test_memory_is_planned_for_gaps_too(call: str) -> None:
    """Far strides and dilations over padding are computed in little memory or refused; never run out of it."""
    program = f"""
        import resource
        from convcalc import conv
        from convcalc.errors import LimitError
        conv([[1]], [[[1]]])
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (96 << 20),) * 2)
        try:
            print(*{call}.shape)
        except LimitError as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_the_limit_is_the_callers() -> None:
    """A limit given to ``compute`` holds; the error names it and the way to raise it."""
    problem = build_problem(np.zeros((1, 1, 4_000_000), np.uint8), [[[1, 1]]])
    with pytest.raises(LimitError) as error:
        compute(problem, limits=Limits(memory=1 << 20))
    assert "1.0 MiB may be used" in str(error.value)
    assert "--limit memory=" in error.value.hint


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("step", [2**31, 2**62, 2**70])
def test_steps_beyond_machine_integers_work(step: int, engine: str) -> None:
    """A stride or a one-tap dilation of any size reads the first window, as the definition says."""
    for number, kind in product((1, 2), (int, float)):
        cells = np.array([[3, 5, 7]], kind)
        weight = np.array([[[1, 10][:number]]], kind)
        for output, wanted in (
            (conv_or_refusal(engine, cells, weight, stride=step), [[[3], [53]][number - 1]]),
            (conv_or_refusal(engine, cells, weight[..., :1] * 2, dilation=step), [[6, 10, 14]]),
        ):
            if output is None:
                assert engine not in ("direct", "gemm")
            else:
                np.testing.assert_allclose(output, wanted, rtol=1e-14)


# Numbers that are none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_infinities_and_nan_come_through_without_a_warning(engine: str) -> None:
    """∞ × 0 and ∞ − ∞ are nan, as IEEE 754 has them, and nothing is said on stderr."""
    inf, nan = np.inf, np.nan
    for cells, weight, wanted in (
        ([inf, -inf, nan, 1.0], [[1.0, 1.0], [0.0, 1.0]], [[nan, nan, nan], [nan, nan, nan]]),
        ([inf, 1.0, 2.0, 3.0, 4.0], [[1.0, 1.0, 1.0], [0.0, 1.0, 1.0]], [[inf, 6.0, 9.0], [nan, 5.0, 7.0]]),
        ([inf, 1.0, nan, -inf], [[2.0], [0.0]], [[inf, 2.0, nan, -inf], [nan, 0.0, nan, nan]]),
    ):
        output = conv_or_refusal(engine, [cells], [[row] for row in weight])
        assert output is not None or engine not in ("direct", "gemm")
        if output is not None:
            np.testing.assert_array_equal(output, wanted)


@pytest.mark.parametrize("engine", ENGINES)
def test_float32_overflows_to_infinity_with_a_warning(engine: str) -> None:
    """A sum beyond float32 is infinite, as IEEE 754 has it, but not silently."""
    for shape, taps in (((1, 2), (2,)), ((1, 3), (3,)), ((2, 1), (1,)), ((1, 3, 3), (3, 3))):
        cells, weight = np.full(shape, 3e38, np.float32), np.ones((1, shape[0], *taps), np.float32)
        if obstacle_of(build_problem(cells[None], weight), engine):
            continue
        with pytest.warns(RuntimeWarning, match="^the output is too large for its floats: it holds inf or nan$"):
            output = conv(cells, weight, engine=engine)
        np.testing.assert_array_equal(output.ravel(), [np.inf])


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1 + 2j]]),
        np.array([["1"]]),
        np.array([["2020-01-01"]], dtype="datetime64[D]"),
        np.array([[1.5, None]], dtype=object),
        np.array([[True, 2]], dtype=object),
        np.zeros((1, 1), dtype=[("a", int)]),
        np.zeros((1, 1), dtype="V4"),
    ],
    ids=["complex", "text", "date", "none", "bool-object", "record", "void"],
)
def test_arrays_of_other_things_are_refused(array: Any) -> None:
    """What is not a whole, rational or real number is refused with a convcalc error, as input and as weight."""
    for cells, weight in ((array, [[[1]]]), ([[1]], array[None])):
        with pytest.raises(ConvcalcError, match="the array holds"):
            conv(cells, weight)


@pytest.mark.parametrize(
    "boundary",
    [np.int64(5), np.int8(-100), np.uint8(200), np.float32(0.5), np.float64(0.5), 0.5, 2, Fraction(1, 2)],
    ids=["int64", "int8", "uint8", "float32", "float64", "float", "int", "fraction"],
)
def test_numbers_of_numpy_are_boundaries_too(boundary: Any) -> None:
    """A constant boundary means its value, whichever kind of number it is written in."""
    output = conv([[1]], [[[3, 1]]], padding=((1, 0),), boundary=boundary)
    assert output.tolist() == [[1 + 3 * float(boundary)]]


@pytest.mark.parametrize("boundary", [None, [1], 1j, object()], ids=["none", "list", "complex", "object"])
def test_a_boundary_that_is_no_number_is_refused(boundary: Any) -> None:
    """A constant boundary is a number; anything else is refused with a convcalc error."""
    with pytest.raises(ConvcalcError, match="boundary"):
        conv([[1]], [[[1, 1]]], padding=1, boundary=boundary)


@pytest.mark.parametrize("engine", ENGINES)
def test_ragged_lists_are_refused(engine: str) -> None:
    """Rows of different length are refused with a convcalc error."""
    with pytest.raises(ConvcalcError):
        conv([[1, 2], [3]], [[[1]]], engine=engine)


def test_a_masked_array_is_refused() -> None:
    """Cells without a value are not computed with as if they had one."""
    with pytest.raises(DataError, match=r"^a masked array has cells without a value"):
        conv(np.ma.masked_array([[1, 2]], mask=[[0, 1]]), [[[1]]])
