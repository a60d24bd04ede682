"""Traces, uses and matrices of small convolutions, cell by cell beside loops over lists that are written out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import isinf, isnan, prod
from typing import Any

import numpy as np
import pytest

from convcalc import Problem, build_problem, compute
from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError, GeometryError, LimitError
from convcalc.geometry.reached_positions import images, reached
from convcalc.layers.adjoint import adjoint_of_network
from convcalc.layers.network import network_of
from convcalc.layers.uses import uses_of
from convcalc.limits import Limits
from convcalc.tracing.adjoint import Adjoint, transposed
from convcalc.tracing.matrix import im2col_of, matrix_of
from convcalc.tracing.places import check_cell, check_place
from convcalc.tracing.trace import group_slices, readers, scaled, surroundings, trace_at, traces
from reference import padded_places

THIRD, HALF = Fraction(1, 3), Fraction(1, 2)
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {"shape": (1, 1, 6), "kernel": (1, 1, 3)},
    "padded": {"shape": (1, 1, 4, 3), "kernel": (1, 1, 2, 3), "padding": ((1, 2), (2, 1)), "bias": [7]},
    "constant": {"shape": (1, 2, 3, 4), "kernel": (2, 2, 2, 2), "padding": 2, "boundary": 5, "stride": (2, 1)},
    "reflect": {"shape": (2, 2, 4, 4), "kernel": (4, 1, 3, 2), "padding": 2, "boundary": "reflect", "groups": 2},
    "circular": {"shape": (1, 1, 5), "kernel": (2, 1, 3), "padding": 3, "boundary": "circular", "dilation": 2},
    "symmetric": {"shape": (1, 1, 2, 3), "kernel": (1, 1, 3, 3), "padding": 3, "boundary": "symmetric", "stride": 3},
    "replicate": {"shape": (1, 3, 4), "kernel": (2, 3, 2), "padding": (3,), "boundary": "replicate", "flip": True},
    "scaled": {
        "shape": (2, 4, 5),
        "kernel": (4, 2, 2),
        "groups": 2,
        "scale": [THIRD, 2, HALF, 1],
        "bias": [1, 2, 3, 4],
    },
    "cube": {"shape": (1, 1, 2, 3, 2), "kernel": (1, 1, 2, 2, 1), "padding": 1, "boundary": -2, "dilation": (1, 2, 1)},
    "leaps": {"shape": (1, 2, 9, 8), "kernel": (1, 2, 1, 2), "stride": 4},
}
KINDS = ("int64", "float32", "float64")


def made(name: str, kind: str = "int64") -> Problem:
    """The problem of a row, with small whole numbers, the same ones each time."""
    options = dict(OPTIONS[name])
    rng = np.random.default_rng([*name.encode()])
    cells, weight = (rng.integers(-9, 10, options.pop(each)).astype(kind) for each in ("shape", "kernel"))
    return build_problem(cells, weight, options.pop("bias", None), **options)


def places_of(problem: Problem) -> list[list[list[int | None]]]:
    """For each axis and output position the source of every tap, by padded axes that are written out."""
    found = []
    for axis in problem.axes:
        places = padded_places(axis.size, axis.before, axis.after, problem.boundary.mode.value)
        taps = [tap * axis.dilation for tap in range(axis.kernel_size)]
        found.append([[places[place * axis.stride + tap] for tap in taps] for place in range(axis.output_size)])
    return found


def terms(problem: Problem, sample: int, out: int, position: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    """Every term of an output cell: (input channel, tap, cell or None, value, weight)."""
    sources = [axis[place] for axis, place in zip(places_of(problem), position, strict=True)]
    span = problem.weight.shape[1]
    first = out // (problem.out_channels // problem.groups) * span
    for channel, *tap in product(range(span), *map(range, problem.kernel_size)):
        cell = [axis[each] for axis, each in zip(sources, tap, strict=True)]
        turned = [count - 1 - each for count, each in zip(problem.kernel_size, tap, strict=True)]
        weight = problem.weight[(out, channel, *(turned if problem.flip else tap))].item()
        place = None if None in cell else (first + channel, *cell)
        value = problem.boundary.value if place is None else problem.input[(sample, *place)].item()
        yield first + channel, tuple(tap), place, value, weight


def all_cells(problem: Problem) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """(sample, output channel, position) of every output cell, the last number running fastest."""
    for sample, out, *position in product(*map(range, problem.output_shape)):
        yield sample, out, tuple(position)


rows = pytest.mark.parametrize("name", OPTIONS)


@pytest.mark.parametrize("kind", KINDS)
@rows
def test_a_trace_has_every_term_of_its_cell(name: str, kind: str) -> None:
    """Cells, weights, products, subtotals, sums and counts of every output cell, and where each value is from."""
    problem = made(name, kind)
    told = list(traces(problem))
    assert [(each.sample, each.channel, each.position) for each in told] == list(all_cells(problem))
    for trace in told:
        where = f"{name} in {kind}, cell {trace.sample}, {trace.channel}, {trace.position}"
        wanted = list(terms(problem, trace.sample, trace.channel, trace.position))
        sums: dict[int, Any] = {}
        by_channel = {each.channel: each for each in trace.channels}
        for channel, tap, place, value, weight in wanted:
            found = by_channel[channel]
            assert (found.window[tap], found.weight[tap], found.products[tap]) == (value, weight, value * weight), where
            assert trace.source(tap) == (None if place is None else place[1:]), where
            reads = [axis[each] for axis, each in zip(trace.reads, tap, strict=True)]
            assert trace.padded[tap] == (place is None or list(place[1:]) != reads), where
            sums[channel] = sums.get(channel, 0) + value * weight
        assert {channel: each.subtotal for channel, each in by_channel.items()} == sums, where
        named = [(place, value, weight, ", ".join(map(str, tap)), 0) for _, tap, place, value, weight in wanted]
        assert [(each.cell, each.value, each.weight, each.label, each.source) for each in trace.terms] == named, where
        total, scale = sum(sums.values()), Fraction(problem.scale[trace.channel])
        assert (len(trace.terms), trace.unscaled, trace.scale) == (len(wanted), total, scale), where
        assert trace.scaled == pytest.approx(float(total * scale)), where
        assert trace.bias == problem.bias[trace.channel], where
        exact = Fraction(total) * scale + Fraction(problem.bias[trace.channel])
        once = exact if exact.denominator == 1 else float(exact)  # rounded once
        assert trace.total == (once if kind == "int64" else pytest.approx(float(exact), rel=1e-6)), where
        most = sum(abs(weight) for *_, weight in wanted) * max(abs(value) for *_, value, _ in wanted)
        assert trace.could == pytest.approx(float(most * abs(scale) + abs(problem.bias[trace.channel]))), where


@rows
def test_traces_of_one_channel_and_sample(name: str) -> None:
    """Those that are asked for, in the same order, with what the engine may have lost."""
    problem = made(name)
    sample, out = problem.batch - 1, problem.out_channels - 1
    found = [(each.sample, each.channel, each.position, each.lost) for each in traces(problem, out, sample, lost=0.5)]
    cells = [cell for cell in all_cells(problem) if cell[:2] == (sample, out)]
    assert found == [(*cell, 0.5) for cell in cells]
    assert trace_at(problem, cells[0][2]).lost is None
    assert (trace_at(problem, cells[0][2]).channel, trace_at(problem, cells[0][2]).sample) == (0, 0)


def test_sums_that_are_scaled_stay_what_they_are() -> None:
    """A whole sum is scaled to an exact fraction, a float to a float, however large."""
    exact = trace_at(build_problem([[[1, 2]]], [[[1, 1]]], scale=[THIRD]), 0)
    assert (exact.scaled, type(exact.scaled)) == (1, int)
    floats = trace_at(build_problem([[[1.0, 3.0]]], [[[1.0, 1.0]]], scale=[THIRD]), 0)
    assert (floats.scaled, type(floats.scaled)) == (4 / 3, float)
    infinite = trace_at(build_problem([[[np.inf, 3.0]]], [[[0.0, 1.0]]]), 0)
    assert isnan(infinite.total)
    assert isinf(trace_at(build_problem([[[np.inf, 3.0]]], [[[1.0, 1.0]]]), 0).could)


@pytest.mark.parametrize("kind", KINDS)
@rows
def test_uses_are_the_terms_that_read_the_cell(name: str, kind: str) -> None:
    """Positions, taps, weights and contributions of every input cell, beside the terms of all output cells."""
    problem = made(name, kind)
    read: dict[tuple[int, ...], dict[tuple[int, ...], Any]] = {}
    for sample, out, position in all_cells(problem):
        for _, _, place, _, weight in terms(problem, sample, out, position):
            if place is not None:
                cell = read.setdefault((sample, *place), {})
                cell[(out, *position)] = cell.get((out, *position), 0) + weight
    for sample, channel, *cell in product(*map(range, problem.input.shape)):
        uses, where = uses_of(problem, cell, channel, sample), f"{name} in {kind}, input {sample}, {channel}, {cell}"
        wanted = read.get((sample, channel, *cell), {})
        value = problem.input[(sample, channel, *cell)].item()
        assert (uses.sample, uses.cell, uses.value) == (sample, (channel, *cell), value), where
        places = list(product(*uses.places))
        assert set(wanted) <= set(places), where
        for place, weight, part in zip(places, uses.weights.flat, uses.contributions.flat, strict=True):
            exact = wanted[place] * problem.scale[place[0]]
            assert weight == (exact if kind == "int64" else pytest.approx(float(exact))), f"{where} in {place}"
            assert part == weight * value, f"{where} in {place}"
        assert uses.count == len(places) == uses.weights.size
        assert uses.total == pytest.approx(float(sum(uses.weights.flat)))
        sources = [
            padded_places(axis.size, axis.before, axis.after, problem.boundary.mode.value) for axis in problem.axes
        ]
        copies = [
            tuple(index - axis.before for index, source in enumerate(places) if source == each)
            for axis, places, each in zip(problem.axes, sources, cell, strict=True)
        ]
        axes = [(*each, problem.boundary) for each in zip(problem.axes, cell, strict=True)]
        assert [images(axis, boundary, each) for axis, each, boundary in axes] == copies, where
        by_tap = places_of(problem)
        for number, each in enumerate(cell):
            axis, _, boundary = axes[number]
            assert list(uses.places[number + 1]) == list(reached(axis, boundary, each)), where
            assert reached(axis, boundary, each) == {
                place: tuple(tap for tap, source in enumerate(line) if source == each)
                for place, line in enumerate(by_tap[number])
                if each in line
            }, where


@pytest.mark.parametrize("kind", KINDS)
@rows
def test_matrices_make_the_output(name: str, kind: str) -> None:
    """Left × right + offset is the output, each row and column is labelled, and each number is a scaled weight."""
    problem = made(name, kind)
    output = compute(problem).output
    for sample in range(problem.batch):
        flat, wanted = problem.input[sample].reshape(-1, 1), output[sample].astype(float).reshape(-1)
        form = matrix_of(problem, STANDARD, sample)
        assert not form.is_im2col
        np.testing.assert_array_equal(form.other, flat)
        np.testing.assert_allclose((form.matrix @ form.other)[:, 0].astype(float) + form.offset.astype(float), wanted)
        assert list(form.rows) == [(out, *place) for _, out, place in all_cells(problem)][: len(wanted)]
        assert list(form.columns) == list(product(*map(range, problem.input.shape[1:])))
        columns = im2col_of(problem, STANDARD, sample)
        assert columns.is_im2col
        made_of = (columns.other @ columns.matrix).astype(float).reshape(-1) + columns.offset.astype(float)
        np.testing.assert_allclose(made_of, wanted)
        assert list(columns.rows) == list(product(range(problem.in_channels), *map(range, problem.kernel_size)))
        assert list(columns.columns) == list(product(*map(range, problem.output_size)))
        for each in (form.matrix, form.offset, columns.matrix, columns.other, columns.offset):
            assert not each.flags.writeable
            assert each.dtype in ((object, np.int64) if kind == "int64" else (np.float64,))
        for number, (out, *place) in enumerate(form.rows[:40]):
            numbers: dict[tuple[int, ...], Any] = {}
            for _, _, cell, _, weight in terms(problem, sample, out, tuple(place)):
                if cell is not None:
                    numbers[cell] = numbers.get(cell, 0) + weight * problem.scale[out]
            row = dict(zip(form.columns, form.matrix[number], strict=True))
            assert row == pytest.approx({**dict.fromkeys(form.columns, 0), **numbers}), f"{name}, {out}, {place}"


def test_whole_matrices_are_of_whole_numbers() -> None:
    """Numbers that fit are packed into 64 bits, fractions stay what they are."""
    assert matrix_of(made("padded"), STANDARD).matrix.dtype == np.int64
    fractions = matrix_of(made("scaled"), STANDARD)
    assert {type(each) for each in fractions.matrix.flat} == {int, Fraction}


@pytest.mark.parametrize(("make", "size"), [(matrix_of, (4, 6)), (im2col_of, (3, 4))])
def test_a_matrix_of_too_many_numbers_is_refused(make: Any, size: tuple[int, int]) -> None:
    """At most so many numbers as the limit says, and so much memory: one more is told with what it takes."""
    problem = made("plain")
    make(problem, Context(own_limits=Limits(values=prod(size))))
    with pytest.raises(LimitError) as error:
        make(problem, Context(own_limits=Limits(values=prod(size) - 1)))
    text = f"the matrix has {size[0]} × {size[1]} = {prod(size)} numbers, at most {prod(size) - 1} are made"
    assert error.value.message == text
    assert error.value.hint == f"take a smaller input, or raise it with --limit values={prod(size)}"
    needed = 24 * prod(size)
    make(problem, Context(own_limits=Limits(memory=needed)))
    with pytest.raises(LimitError, match="this matrix needs"):
        make(problem, Context(own_limits=Limits(memory=needed - 1)))
    wide = build_problem(np.ones((1, 1, 3), int), np.ones((40, 1, 3), int))  # im2col's kernel is the larger one
    with pytest.raises(LimitError, match="40 × 3 = 120"):
        (im2col_of if make is im2col_of else matrix_of)(wide, Context(own_limits=Limits(values=119)))
    for sample in (-1, 1):
        with pytest.raises((GeometryError, FieldError)):
            make(problem, STANDARD, sample)


@rows
def test_groups_are_counted_off(name: str) -> None:
    """Each output channel reads the input channels of its group, and only those."""
    problem = made(name)
    outs, ins = problem.out_channels // problem.groups, problem.in_channels // problem.groups
    slices = list(group_slices(problem))
    assert slices == [
        (slice(group * outs, (group + 1) * outs), slice(group * ins, (group + 1) * ins))
        for group in range(problem.groups)
    ]
    for channel in range(problem.in_channels):
        group = channel // ins
        assert readers(problem, channel) == range(group * outs, (group + 1) * outs)


def test_scales_are_those_of_their_channels() -> None:
    """In exact numbers and in floats, of all output channels and of some."""
    problem, floats = made("scaled"), made("scaled", "float64")
    ones = np.ones((4, 2, 1), dtype=object)
    assert scaled(problem, ones)[:, 0, 0].tolist() == [THIRD, 2, HALF, 1]
    assert scaled(problem, ones[1:3], slice(1, 3))[:, 1, 0].tolist() == [2, HALF]
    assert scaled(floats, np.ones((4, 1)))[:, 0].tolist() == [1 / 3, 2, 0.5, 1]
    for kind in (np.float32, np.float64):
        assert scaled(floats, np.ones((4, 1), kind)).dtype == kind


PLACES = [
    ({"position": (1,)}, "a position needs one number for each of 2 spatial axes, got 1", "the output is 4×5", "pos"),
    ({"position": 3}, "a position needs one number for each of 2 spatial axes, got 1", "the output is 4×5", "pos"),
    (
        {"position": (4, 0)},
        "position (4, 0) lies outside the output, which is 4×5",
        "positions count from 0: the last one is (3, 4)",
        "pos",
    ),
    ({"channel": 3}, "there is no channel 3: the output has 3, counted from 0", "", "channel"),
    ({"sample": 2}, "there is no batch 2: the output has 2, counted from 0", "", "batch"),
    ({"position": (0, -1)}, "position must be a whole number >= 0, got -1", "", "pos"),
    ({"position": (0, 1.5)}, "position must be a whole number >= 0, got 1.5", "", "pos"),
    ({"channel": -1}, "channel must be a whole number >= 0, got -1", "", "channel"),
    ({"sample": True}, "batch must be a whole number >= 0, got True", "", "batch"),
]


@pytest.mark.parametrize(("told", "message", "hint", "field"), PLACES, ids=[row[1][:40] for row in PLACES])
def test_places_where_no_cell_is(told: dict[str, Any], message: str, hint: str, field: str) -> None:
    """What is asked for, what there is, and the last one that there is."""
    with pytest.raises((GeometryError, FieldError)) as error:
        check_place("output", (2, 3, 4, 5), **{"position": (0, 0), "channel": 0, "sample": 0, **told})
    assert (error.value.message, error.value.hint, error.value.field) == (message, hint, (field,))


def test_places_are_given_as_numbers_lists_and_arrays() -> None:
    """One number stands for the only axis."""
    assert check_place("input", (2, 3, 4, 5), (3, 4), 2, 1) == (3, 4)
    assert check_place("input", (1, 1, 4), 3, 0, 0) == (3,)
    assert check_place("input", (1, 1, 4, 2), np.array([3, 1]), 0, 0) == (3, 1)
    assert check_place("input", (1, 1, 4), np.int64(2), 0, 0) == (2,)


def adjoint(problem: Problem, seed: int = 0) -> Adjoint:
    """Both sides of the identity of one convolution."""
    return adjoint_of_network(network_of(problem), problem.input, seed, Context(problem.dtype.value))


def magnitude(problem: Problem) -> Problem:
    """The same with every weight and scale positive."""
    scale = tuple(abs(each) for each in problem.scale)
    return dataclasses.replace(problem, weight=np.abs(problem.weight), scale=scale)


@pytest.mark.parametrize("kind", KINDS)
@rows
def test_the_transposed_scatters_every_term(name: str, kind: str) -> None:
    """Each output cell adds its weights, scaled, to the cells that its taps read; both sides of the identity agree."""
    problem = made(name, kind)
    z = np.arange(1, prod(problem.output_shape) + 1).reshape(problem.output_shape)
    wanted = np.zeros(problem.input.shape, dtype=object)
    for sample, out, position in all_cells(problem):
        for _, _, place, _, weight in terms(problem, sample, out, position):
            if place is not None:
                wanted[(sample, *place)] += weight * problem.scale[out] * int(z[(sample, out, *position)])
    made_of = transposed(problem, z)
    np.testing.assert_allclose(made_of.astype(float), wanted.astype(float))
    assert made_of.dtype in ((object, np.int64) if kind == "int64" else (np.float64,))
    for seed in (0, 1):
        checked = adjoint(problem, seed)
        assert checked.seed == seed
        assert checked.holds
        assert checked.is_linear == (not any(problem.bias) and not problem.boundary.value)
    linear = compute(dataclasses.replace(made(name, kind), bias=(0,) * problem.out_channels)).output
    drawn = np.random.default_rng(1).integers(-9, 9, linear.shape, endpoint=True)
    if not problem.boundary.value:
        assert checked.forward == pytest.approx(float((linear * drawn).sum()))
    assert checked.backward == pytest.approx(float((problem.input * transposed(problem, drawn)).sum()))
    if kind == "int64":
        assert checked.rounding == 0
    else:
        magnitudes = np.abs(problem.input) * transposed(magnitude(problem), np.abs(drawn))
        count = problem.weight.size + sum(axis.before + axis.after for axis in problem.axes)
        assert checked.rounding == pytest.approx(count * 2.0**-52 * float(magnitudes.sum()))


def test_an_adjoint_holds_within_its_rounding_and_no_farther() -> None:
    """Both sides; exact numbers are equal or not, and what is not finite is told."""
    nothing = np.zeros(0)
    close = Adjoint(0, 1.0, 1.5, 0.5, is_linear=True, z=nothing, spread=nothing)
    assert close.holds
    assert dataclasses.replace(close, backward=0.5).holds
    assert not dataclasses.replace(close, backward=1.75).holds
    exact = dataclasses.replace(close, forward=10**400, backward=10**400, rounding=0.0)
    assert exact.holds
    assert exact.is_finite
    assert not dataclasses.replace(exact, forward=10**400 + 1).holds
    for value in (float("inf"), float("nan")):
        assert not dataclasses.replace(close, forward=value).is_finite
        assert not dataclasses.replace(close, backward=value).is_finite
    assert close.is_finite


def test_an_adjoint_of_floats_is_taken_in_float64() -> None:
    """Float32 arrays lose nothing on the way, and what comes out is a float."""
    rng = np.random.default_rng(1)
    cells, weight = rng.normal(size=(1, 1, 50)).astype(np.float32), rng.normal(size=(1, 1, 9)).astype(np.float32)
    found, wide = (
        adjoint(build_problem(cells.astype(kind), weight.astype(kind)), 3) for kind in ("float32", "float64")
    )
    assert (found.forward, found.backward) == (wide.forward, wide.backward)
    assert {type(each) for each in (found.forward, found.backward)} == {float}
    assert transposed(made("padded"), np.ones(made("padded").output_shape, int)).dtype == np.int64


def test_uses_have_defaults_and_say_what_they_look_at() -> None:
    """The first channel of the first sample; a place that is not there is one of the input; inf × 0 is nan."""
    problem = made("reflect")
    uses = uses_of(problem, (0, 1))
    assert (uses.cell, uses.sample) == ((0, 0, 1), 0)
    with pytest.raises(GeometryError) as error:
        uses_of(problem, (4, 0))
    assert error.value.message == "position (4, 0) lies outside the input, which is 4×4"
    infinite = uses_of(build_problem([[[np.inf, 1.0]]], [[[0.0]]]), 0)
    assert isnan(infinite.contributions[0, 0])


def test_sums_of_an_adjoint_may_outgrow_64_bits() -> None:
    """What many output cells write into one input cell, and cells of the padding add to it, stays exact."""
    large = build_problem([[[1, 2]]], [[[2**61, 2**61]]], padding=1, boundary="replicate")
    z = np.array([[[3, 3, 3]]])
    assert transposed(large, z).tolist() == [[[9 * 2**61, 9 * 2**61]]]
    edge = build_problem([[[1]]], [[[1, 1, 1]]], padding=1, boundary="replicate")
    assert transposed(edge, np.array([[[2**62]]])).tolist() == [[[3 * 2**62]]]


@rows
def test_surroundings_show_the_input_and_what_stands_beside_it(name: str) -> None:
    """Of short axes all cells and what the window reads beside them; which are padding, and which the window reads."""
    problem = made(name)
    for trace in list(traces(problem))[::3]:
        for channel in problem.group_channels(trace.channel):
            found = surroundings(trace, channel)
            for cell in product(*map(range, found.values.shape)):
                index = [cells[each] for cells, each in zip(found.ranges, cell, strict=True)]
                sources = [
                    problem.boundary.source(each, axis.size) for each, axis in zip(index, problem.axes, strict=True)
                ]
                outside = None in sources
                value = problem.boundary.value if outside else problem.input[(trace.sample, channel, *sources)]
                assert found.values[cell] == value
                assert found.padded[cell] == (sources != index)
                assert found.read[cell] == all(each in read for each, read in zip(index, trace.reads, strict=True))
            for number, (cells, read, axis) in enumerate(zip(found.ranges, trace.reads, problem.axes, strict=True)):
                whole = range(min(0, read[0]), max(axis.size - 1, read[-1]) + 1)
                assert cells == (read if number < problem.rank - 2 else whole), name


@pytest.mark.parametrize(
    ("size", "position", "wanted"),
    [
        (12, 5, range(12)),
        (13, 0, range(5)),
        (13, 5, range(3, 10)),
        (13, 10, range(8, 13)),
        (13, 1, range(6)),
        (13, 9, range(7, 13)),
    ],
)
def test_a_long_axis_is_cut_around_the_window(size: int, position: int, wanted: range) -> None:
    """Of more than 12 cells the window's and two on each side, as far as there are any."""
    problem = build_problem(np.arange(size).reshape(1, 1, size), np.ones((1, 1, 3), int))
    assert surroundings(trace_at(problem, position), 0).ranges == (wanted,)


def test_a_feature_is_named_by_its_number() -> None:
    """Arrays of features have no channels beside them."""
    assert check_cell("output", (2, 5), 4, 0, 1) == (4,)
    with pytest.raises(GeometryError, match="5"):
        check_cell("output", (2, 5), 5, 0, 0)
