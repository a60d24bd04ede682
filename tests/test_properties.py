"""What holds of every convolution, on problems that Hypothesis makes up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cases import retiled, takers
from convcalc import Trace, build_problem, compute, make_plan, traces
from reference import reference_conv

BOUNDARIES = ["zeros", "reflect", "symmetric", "replicate", "circular", 3, -100]
few = settings(max_examples=60, deadline=None, derandomize=True)
fewer = settings(max_examples=25, deadline=None, derandomize=True)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Arrays and options that fit together."""

    cells: Any
    """(batch, in_channels, *spatial)"""
    weight: Any
    """(out_channels, in_channels / groups, *kernel_size)"""
    options: dict[str, Any] = field(default_factory=dict)

    def output(self, **changes: Any) -> Any:
        """The output, some fields or options replaced."""
        return compute(self.problem(**changes)).output

    def problem(self, **changes: Any) -> Any:
        """The problem, some fields or options replaced."""
        cells, weight = changes.pop("cells", self.cells), changes.pop("weight", self.weight)
        return build_problem(cells, weight, **{**self.options, **changes})


def box_scaled(values: list[int]) -> list[Fraction]:
    """Integers as ninths."""
    return [Fraction(value, 9) for value in values]


NUMBERS: dict[str, Callable[[list[int]], list[Any]]] = {
    "integers": list,
    "large": lambda values: [value * 10**30 + 1 for value in values],
    "ninths": box_scaled,
    "floats": lambda values: [value / 7 for value in values],
}


@st.composite
def drawn(draw: st.DrawFn, kinds: tuple[str, ...] = ("integers",), rank: int | None = None, **fixed: Any) -> Drawn:
    """A small problem of 1 to 3 axes; the weights (and for floats the input) of one of ``kinds``.

    ``fixed``: options, and ``taps`` for the same number of taps on every axis.
    """
    rank = rank or draw(st.integers(1, 3))
    groups = fixed.get("groups") or draw(st.sampled_from([1, 1, 2, 3]))
    most = {1: 9, 2: 5, 3: 3}[rank]
    sizes = [draw(st.integers(1, most)) for _ in range(rank)]
    count = fixed.pop("taps", None)
    taps = [count or draw(st.integers(1, min(most, 4))) for _ in range(rank)]
    options: dict[str, Any] = {
        "stride": tuple(draw(st.integers(1, 3)) for _ in range(rank)),
        "dilation": tuple(draw(st.integers(1, 3)) for _ in range(rank)),
        "boundary": draw(st.sampled_from(BOUNDARIES)),
        "flip": draw(st.booleans()),
        "groups": groups,
    } | fixed
    pads = [[draw(st.integers(0, 3)), draw(st.integers(0, 3))] for _ in range(rank)]
    for pad, size, count, spread in zip(pads, sizes, taps, options["dilation"], strict=True):
        pad[1] += max(0, spread * (count - 1) + 1 - sum(pad) - size)
    options.setdefault("padding", pads)
    batch, per_group, filters = (draw(st.integers(1, 2)) for _ in range(3))
    kind = draw(st.sampled_from(kinds))
    cells = _filled(draw, (batch, per_group * groups, *sizes), "floats" if kind == "floats" else "integers")
    return Drawn(cells, _filled(draw, (filters * groups, per_group, *taps), kind), options)


def _filled(draw: st.DrawFn, shape: tuple[int, ...], kind: str) -> Any:
    count = int(np.prod(shape))
    values = draw(st.lists(st.integers(-50, 50), min_size=count, max_size=count))
    array = np.empty(count, dtype=np.float64 if kind == "floats" else object)
    array[:] = NUMBERS[kind](values)
    return array.reshape(shape)


def assert_same(actual: Any, wanted: Any) -> None:
    """Equal for exact numbers, within a few roundings for floats."""
    if np.float64 in (np.asarray(actual).dtype, np.asarray(wanted).dtype):
        np.testing.assert_allclose(np.asarray(actual, float), np.asarray(wanted, float), rtol=1e-12, atol=1e-9)
    else:
        np.testing.assert_array_equal(actual, wanted)


ALL = tuple(NUMBERS)


@few
@given(drawn(ALL))
def test_every_engine_is_the_reference(problem: Drawn) -> None:
    """Each engine that can take a made-up problem gives the reference's output; engines agree."""
    assert_all_are_the_reference(problem, at_least=1)


@few
@given(drawn(ALL, stride=1, taps=3))
def test_every_engine_for_three_taps_is_the_reference(problem: Drawn) -> None:
    """The same with the kernels that most engines take: three taps on every axis, at stride 1."""
    assert_all_are_the_reference(problem, at_least=1)


@few
@given(drawn(("floats",), stride=1), st.data())
def test_every_engine_for_products_of_rows_is_the_reference(problem: Drawn, data: st.DataObject) -> None:
    """The same with kernels that are one outer product of small numbers, or the sum of two, in each channel alone."""
    shape = problem.weight.shape[2:]
    number = st.integers(-3, 3)
    weight = np.zeros((problem.cells.shape[1], 1, *shape))
    for filters, _ in product(weight, range(data.draw(st.integers(1, 2)))):
        rows = [data.draw(st.lists(number, min_size=count, max_size=count)) for count in shape]
        filters[0] += reduce(np.multiply.outer, map(np.array, rows))
    options = {**problem.options, "groups": len(weight)}
    assert_all_are_the_reference(Drawn(problem.cells, weight, options), at_least=3)


def assert_all_are_the_reference(problem: Drawn, *, at_least: int) -> None:
    """Every engine that can take the problem gives the reference's output, and so many can."""
    wanted = reference_conv(problem.cells, problem.weight, **problem.options).auto()
    made = problem.problem()
    took = takers(made)
    assert len(took) >= at_least
    for name in took:
        assert_same(compute(made, make_plan(made, name)).output, wanted)


@few
@given(drawn(), st.integers(-9, 9), st.integers(-9, 9), st.randoms(use_true_random=False))
def test_linear_in_the_input(problem: Drawn, a: int, b: int, random: Any) -> None:
    """conv(a·x + b·y) = a·conv(x) + b·conv(y) where the boundary adds nothing of its own."""
    assume(isinstance(problem.options["boundary"], str))
    other = np.array([random.randint(-50, 50) for _ in problem.cells.flat]).reshape(problem.cells.shape)
    together = problem.output(cells=a * problem.cells + b * other)
    np.testing.assert_array_equal(together, a * problem.output() + b * problem.output(cells=other))


@few
@given(drawn(), st.integers(-9, 9), st.integers(-9, 9), st.randoms(use_true_random=False))
def test_linear_in_the_weight(problem: Drawn, a: int, b: int, random: Any) -> None:
    """conv(x, a·v + b·w) = a·conv(x, v) + b·conv(x, w), with any boundary."""
    other = np.array([random.randint(-50, 50) for _ in problem.weight.flat]).reshape(problem.weight.shape)
    together = problem.output(weight=a * problem.weight + b * other)
    np.testing.assert_array_equal(together, a * problem.output() + b * problem.output(weight=other))


@few
@given(drawn(ALL, groups=1, stride=1), st.data())
def test_delta_kernel_shifts(problem: Drawn, data: st.DataObject) -> None:
    """A kernel with a single 1 copies the input from under that tap; in the centre of ``same`` it is the identity."""
    assume(problem.options["boundary"] == "zeros" and not problem.options["flip"])
    kernel_size, sizes = problem.weight.shape[2:], problem.cells.shape[2:]
    tap = [data.draw(st.integers(0, count - 1)) for count in kernel_size]
    weight = np.zeros((1, 1, *kernel_size), dtype=int)
    weight[(0, 0, *tap)] = 1
    cells = problem.cells[:, :1]
    output = problem.output(cells=cells, weight=weight)
    padded = np.pad(cells, [(0, 0), (0, 0), *problem.options["padding"]])
    starts = [index * spread for index, spread in zip(tap, problem.options["dilation"], strict=True)]
    window = tuple(slice(start, start + n) for start, n in zip(starts, output.shape[2:], strict=True))
    assert_same(output, padded[(slice(None), slice(None), *window)])
    odd = np.zeros((1, 1, *(3,) * len(sizes)), dtype=int)
    odd[(0, 0, *(1,) * len(sizes))] = 1
    assert_same(problem.output(cells=cells, weight=odd, padding="same"), cells)


@few
@given(drawn(stride=1, boundary="circular"), st.integers(-4, 4))
def test_shift_of_a_circular_input_shifts_the_output(problem: Drawn, steps: int) -> None:
    """With a circular boundary and as many output as input cells, rolling the input rolls the output."""
    axes = tuple(range(2, problem.cells.ndim))
    rolled = np.roll(problem.cells, steps, axis=axes)
    wanted = np.roll(problem.output(padding="same"), steps, axis=axes)
    np.testing.assert_array_equal(problem.output(cells=rolled, padding="same"), wanted)


@few
@given(drawn(ALL))
def test_groups_are_separate_runs_side_by_side(problem: Drawn) -> None:
    """Every group alone, put side by side along the channels, is the whole."""
    groups = problem.options["groups"]
    parts = zip(np.split(problem.cells, groups, axis=1), np.split(problem.weight, groups), strict=True)
    runs = [problem.output(cells=cells, weight=weight, groups=1) for cells, weight in parts]
    assert_same(problem.output(), np.concatenate(runs, axis=1))


@few
@given(drawn(ALL))
def test_samples_are_separate_runs(problem: Drawn) -> None:
    """Every sample alone, put one behind the other, is the batch."""
    runs = [problem.output(cells=sample[None]) for sample in problem.cells]
    assert_same(problem.output(), np.concatenate(runs))


@few
@given(drawn(ALL))
def test_stride_takes_every_sth_cell(problem: Drawn) -> None:
    """Stride s gives every s-th output cell of stride 1."""
    every = tuple(slice(None, None, step) for step in problem.options["stride"])
    assert_same(problem.output(), problem.output(stride=1)[(slice(None), slice(None), *every)])


@few
@given(drawn(ALL))
def test_dilation_is_a_kernel_stuffed_with_zeros(problem: Drawn) -> None:
    """Dilation d gives what the kernel with d − 1 zeros between its taps gives."""
    spread = problem.options["dilation"]
    reach = [step * (count - 1) + 1 for step, count in zip(spread, problem.weight.shape[2:], strict=True)]
    stuffed = np.zeros((*problem.weight.shape[:2], *reach), dtype=problem.weight.dtype)
    stuffed[(slice(None), slice(None), *(slice(None, None, step) for step in spread))] = problem.weight
    assert_same(problem.output(), problem.output(weight=stuffed, dilation=1))


@few
@given(drawn(ALL))
def test_flip_twice_is_nothing(problem: Drawn) -> None:
    """A kernel turned by hand and turned again by ``flip`` is the kernel; a symmetric one does not mind."""
    axes = tuple(range(2, problem.weight.ndim))
    turned = np.flip(problem.weight, axis=axes)
    assert_same(problem.output(weight=turned, flip=not problem.options["flip"]), problem.output())
    symmetric = problem.weight + turned
    assert_same(problem.output(weight=symmetric, flip=True), problem.output(weight=symmetric, flip=False))


@few
@given(drawn(ALL, rank=2))
def test_transposed_arrays_give_the_transposed_output(problem: Drawn) -> None:
    """No axis is special: two axes swapped everywhere swap in the output."""
    swapped = {name: problem.options[name][::-1] for name in ("stride", "dilation", "padding")}
    cells, weight = problem.cells.swapaxes(2, 3), problem.weight.swapaxes(2, 3)
    assert_same(problem.output(cells=cells, weight=weight, **swapped), problem.output().swapaxes(2, 3))


@few
@given(drawn(ALL))
def test_padding_is_the_input_padded_by_numpy(problem: Drawn) -> None:
    """Padding first, by numpy.pad, and then convolving with none gives the same."""
    modes = {"zeros": "constant", "replicate": "edge", "circular": "wrap"}
    boundary = problem.options["boundary"]
    constant = {} if isinstance(boundary, str) else {"constant_values": boundary}
    mode = modes.get(boundary, boundary) if isinstance(boundary, str) else "constant"
    padded = np.pad(problem.cells, [(0, 0), (0, 0), *problem.options["padding"]], mode=mode, **constant)
    if padded.dtype == object:  # numpy.pad puts its own scalars between Python's
        padded = np.frompyfunc(int, 1, 1)(padded)
    assert_same(problem.output(), problem.output(cells=padded, padding=0, boundary="zeros"))


@few
@given(drawn(ALL), st.data())
def test_tiled_is_whole(problem: Drawn, data: st.DataObject) -> None:
    """Tiles of any size give the whole, with every engine that can take the problem, the border apart or not."""
    made = problem.problem()
    size = tuple(data.draw(st.integers(1, cells)) for cells in made.output_size)
    apart = data.draw(st.booleans())
    for name in takers(made):
        plan = make_plan(made, name)
        assert_same(compute(made, retiled(plan, size, border_apart=apart)).output, compute(made, plan).output)


@few
@given(drawn(ALL, stride=1, taps=3), st.data())
def test_tiled_is_whole_for_three_taps(problem: Drawn, data: st.DataObject) -> None:
    """The same with the kernels that most engines take."""
    made = problem.problem()
    size = tuple(data.draw(st.integers(1, cells)) for cells in made.output_size)
    apart = data.draw(st.booleans())
    for name in takers(made):
        plan = make_plan(made, name)
        assert_same(compute(made, retiled(plan, size, border_apart=apart)).output, compute(made, plan).output)


# The trace ---------------------------------------------------------------------------------------------------------


def _every_trace(problem: Any) -> list[Trace]:
    return list(traces(problem))


@fewer
@given(drawn(ALL), st.sampled_from([None, 5, Fraction(1, 3)]))
def test_trace_total_is_the_output(problem: Drawn, bias: Any) -> None:
    """Every trace ends in the number that stands in the output: exactly for exact problems, closely for floats."""
    made = problem.problem(bias=bias)
    output = compute(made).output
    places = list(product(range(made.batch), range(made.out_channels), *map(range, made.output_size)))
    stories = _every_trace(made)
    assert [(story.sample, story.channel, *story.position) for story in stories] == places
    totals = np.array([float(story.total) if made.dtype != "auto" else story.total for story in stories], dtype=object)
    wanted = np.array([output[place].item() if output.dtype != object else output[place] for place in places], object)
    if made.is_exact:
        np.testing.assert_array_equal(totals, wanted)
    else:
        np.testing.assert_allclose(totals.astype(float), wanted.astype(float), rtol=1e-12, atol=1e-10)


@fewer
@given(drawn(ALL))
def test_traces_count_the_macs(problem: Drawn) -> None:
    """The terms of all traces together are the multiply-accumulate operations of the problem."""
    made = problem.problem()
    assert sum(len(story.terms) for story in _every_trace(made)) == made.macs


@fewer
@given(drawn(("integers", "large", "ninths")), st.sampled_from([None, -4, Fraction(1, 7)]))
def test_books_of_a_trace_balance(problem: Drawn, bias: Any) -> None:
    """Window × weight = products, their sum a subtotal, the subtotals × scale + bias = total, with nothing lost."""
    made = problem.problem(bias=bias, dtype="exact")
    for story in _every_trace(made):
        for channel in story.channels:
            np.testing.assert_array_equal(channel.window * channel.weight, channel.products)
            assert sum(channel.products.flat) == channel.subtotal
        assert sum(channel.subtotal for channel in story.channels) == story.unscaled
        assert story.unscaled * story.scale == story.scaled
        assert story.scaled + story.bias == story.total


@fewer
@given(drawn(("floats",)), st.sampled_from([None, 0.5]))
def test_books_of_a_float_trace_balance_closely(problem: Drawn, bias: Any) -> None:
    """For floats the same sums hold within rounding."""
    for story in _every_trace(problem.problem(bias=bias)):
        for channel in story.channels:
            np.testing.assert_array_equal(channel.window * channel.weight, channel.products)
            np.testing.assert_allclose(channel.products.sum(), channel.subtotal, rtol=0, atol=1e-10)
        subtotals = sum(channel.subtotal for channel in story.channels)
        np.testing.assert_allclose(subtotals * float(story.scale) + story.bias, story.total, rtol=0, atol=1e-9)


@fewer
@given(drawn())
def test_trace_names_the_cells_that_it_shows(problem: Drawn) -> None:
    """The source of a tap is the cell in the window; where there is none, or another place, the tap is padded."""
    made = problem.problem()
    for story in _every_trace(made):
        for channel, taps in product(story.channels, product(*map(range, made.kernel_size))):
            source = story.source(taps)
            read = tuple(cells[tap] for cells, tap in zip(story.reads, taps, strict=True))
            cell = made.boundary.value if source is None else made.input[(story.sample, channel.channel, *source)]
            assert channel.window[taps] == cell
            assert bool(story.padded[taps]) == (source != read)
            assert (
                channel.weight[taps]
                == made.applied_weight[(story.channel, channel.channel - story.channels[0].channel, *taps)]
            )
        assert [channel.channel for channel in story.channels] == list(made.group_channels(story.channel))
