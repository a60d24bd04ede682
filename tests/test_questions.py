"""Questions about one convolution: which numbers give a size, what an input cell reaches, which matrix it all is."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc import build_problem, compute
from convcalc.context import STANDARD
from convcalc.errors import GeometryError
from convcalc.geometry.axis import Axis, read_cells
from convcalc.geometry.boundary import Boundary
from convcalc.geometry.solutions import Given, Question, idle_cells, nearest, solutions
from convcalc.geometry.transposed import TransposedAxis
from convcalc.layers.network import network_of
from convcalc.layers.uses import uses_of
from convcalc.render.boxes import ASCII
from convcalc.render.plain import plain_lines
from convcalc.report.uses.adjoint import adjoint_report
from convcalc.tracing.adjoint import transposed
from convcalc.tracing.matrix import im2col_of, matrix_of
from reference import reference_conv
from test_tracing import adjoint


@pytest.fixture(scope="module")
def torch():
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch", reason="extra `oracle` is not installed")


def settings_of(axis):
    """Kernel, stride, padding, dilation and output padding of a solution."""
    return axis.kernel_size, axis.stride, axis.before, axis.after, axis.dilation, getattr(axis, "output_padding", 0)


# --- solve: which kernel, stride, padding and dilation


def torch_size(torch, size, taps, stride, padding, dilation, output_padding=None):
    """What PyTorch makes of these numbers: an output size, or None where it refuses."""
    cells, weight = torch.zeros(1, 1, size), torch.zeros(1, 1, taps)
    try:
        if output_padding is None:
            return torch.nn.functional.conv1d(cells, weight, None, stride, padding, dilation).shape[-1]
        made = torch.nn.functional.conv_transpose1d(
            cells, weight, None, stride, padding, output_padding, dilation=dilation
        )
    except RuntimeError:
        return None
    return made.shape[-1]


@pytest.mark.oracle
@pytest.mark.parametrize(("size", "wanted"), [(9, 5), (8, 4), (7, 7), (5, 7), (6, 2), (3, 9)])
def test_solve_finds_all_that_pytorch_computes(torch, size, wanted):
    """Of kernels to 5, strides to 3 and dilations to 2, those are found with which PyTorch gets the size."""
    tried = [
        (taps, stride, padding, dilation)
        for taps, stride, dilation in product(range(1, 6), range(1, 4), range(1, 3))
        if taps > 1 or dilation == 1
        for padding in range(dilation * (taps - 1) + 1)
    ]
    expected = {each for each in tried if torch_size(torch, size, *each) == wanted}
    found = solutions(Question(size, wanted))
    even = {(axis.kernel_size, axis.stride, axis.before, axis.dilation) for axis in found if axis.before == axis.after}
    assert even & set(tried) == expected
    assert len({settings_of(axis) for axis in found}) == len(found)


@pytest.mark.oracle
@pytest.mark.parametrize(("size", "wanted"), [(7, 14), (4, 9), (5, 5), (3, 2), (6, 13), (2, 2)])
def test_transposed_solutions_are_all_that_pytorch_computes(torch, size, wanted):
    """The same for a transposed convolution, with every output padding below the stride."""
    tried = [
        (taps, stride, padding, dilation, extra)
        for taps, stride, dilation in product(range(1, 6), range(1, 4), range(1, 3))
        if taps > 1 or dilation == 1
        for padding, extra in product(range(dilation * (taps - 1) + 1), range(stride))
    ]
    expected = {each for each in tried if torch_size(torch, size, *each) == wanted}
    found = {
        (axis.kernel_size, axis.stride, axis.before, axis.dilation, axis.output_padding)
        for axis in solutions(Question(size, wanted, is_transposed=True))
    }
    assert found & set(tried) == expected
    assert len(expected) > 3


@pytest.mark.oracle
@given(st.integers(1, 40), st.integers(1, 40), st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_solution_gives_the_size(torch, size, wanted, is_transposed):
    """PyTorch computes the wanted size from every solution, after padding by hand where it is not the same."""
    for axis in solutions(Question(size, wanted, is_transposed=is_transposed))[::7]:
        taps, stride, before, after, dilation, extra = settings_of(axis)
        if is_transposed:
            assert torch_size(torch, size, taps, stride, before, dilation, extra) == wanted
        else:
            assert torch_size(torch, size + before + after, taps, stride, 0, dilation) == wanted


SIMPLEST = [
    (Question(224, 112), [(2, 2, 0, 0, 1, 0), (3, 2, 1, 1, 1, 0), (4, 2, 1, 1, 1, 0)]),
    (Question(224, 112, Given(kernel_size=7)), [(7, 2, 3, 3, 1, 0), (7, 2, 6, 6, 2, 0)]),
    (Question(224, 224, Given(kernel_size=3)), [(3, 1, 1, 1, 1, 0), (3, 1, 2, 2, 2, 0)]),
    (Question(224, 14), [(16, 16, 0, 0, 1, 0)]),
    (Question(224, 1), [(224, 1, 0, 0, 1, 0)]),
    (Question(56, 28, Given(kernel_size=1)), [(1, 2, 0, 0, 1, 0)]),
    (Question(5, 5, Given(kernel_size=4, stride=1)), [(4, 1, 1, 2, 1, 0)]),
    (Question(227, 55, Given(kernel_size=11)), [(11, 4, 0, 0, 1, 0), (11, 4, 1, 1, 1, 0)]),
    (Question(7, 14, is_transposed=True), [(2, 2, 0, 0, 1, 0), (4, 2, 1, 1, 1, 0)]),
    (Question(7, 14, Given(kernel_size=3), is_transposed=True), [(3, 2, 1, 1, 1, 1)]),
    (Question(1, 4, is_transposed=True), [(4, 1, 0, 0, 1, 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("question", "first"), SIMPLEST, ids=[f"{row[0].size}-{row[0].wanted}" for row in SIMPLEST])
def test_the_simplest_comes_first(question, first):
    """The settings that people use come before those that nobody would."""
    assert [settings_of(axis) for axis in solutions(question)[: len(first)]] == first


NEAREST = [
    (10, 5, Given(kernel_size=3, stride=1, padding=(0, 0)), [4, 6]),  # dilation 1 to 4 gives 8, 6, 4 and 2
    (10, 9, Given(kernel_size=3, padding=(0, 0)), [8]),
    (3, 3, Given(kernel_size=9, padding=(0, 0)), []),
]


@pytest.mark.parametrize(("size", "wanted", "fixed", "near"), NEAREST, ids=[f"{row[0]}-{row[1]}" for row in NEAREST])
def test_the_nearest_sizes_are_those_beside(size, wanted, fixed, near):
    """Where nothing gives the size, the next smaller and the next larger one that is reached are told."""
    question = Question(size, wanted, fixed)
    assert solutions(question) == []
    assert [axis.output_size for axis in nearest(question)] == near


@pytest.mark.oracle
@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 4), st.integers(0, 3))
def test_a_transposed_axis_is_pytorchs(torch, size, taps, stride, dilation, padding, extra):
    """Output size, empty cells and refusals of a transposed axis are those of a transposed convolution of ones."""
    cells, weight = torch.ones(1, 1, size), torch.ones(1, 1, taps)
    try:
        made = torch.nn.functional.conv_transpose1d(cells, weight, None, stride, padding, extra, dilation=dilation)
    except RuntimeError:
        with pytest.raises(GeometryError):
            TransposedAxis(size, taps, stride, dilation, padding, padding, extra)
        return
    axis = TransposedAxis(size, taps, stride, dilation, padding, padding, extra)
    assert axis.output_size == made.shape[-1]
    assert idle_cells(axis) == int((made == 0).sum())


@given(
    st.integers(1, 30), st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(0, 9), st.integers(0, 9)
)
def test_idle_cells_are_those_that_are_never_read(size, taps, stride, dilation, before, after):
    """What is counted tap by tap is what is found by marking every cell that a window reads."""
    try:
        axis = Axis(size, taps, stride, dilation, before, after)
    except GeometryError:
        return
    assert idle_cells(axis) == size - read_cells(axis, Boundary())
    read = {cell for position in range(axis.output_size) for cell in axis.reads(position)}
    assert idle_cells(axis) == len(set(range(size)) - read)


def test_large_sizes_are_solved_at_once():
    """What is tried does not grow with the sizes."""
    assert settings_of(solutions(Question(10**6, 5 * 10**5))[0]) == (2, 2, 0, 0, 1, 0)
    assert settings_of(solutions(Question(10**6, 2))[0]) == (5 * 10**5, 5 * 10**5, 0, 0, 1, 0)
    assert settings_of(solutions(Question(10**6, 1))[0]) == (10**6, 1, 0, 0, 1, 0)


def test_axes_that_ask_alike_are_answered_once(cli):
    """Two axes with the same sizes have one table, different ones a table each and what solves both."""
    both = json.loads(cli.run("solve", "224x224", "112x112", "--format", "json").out)
    assert [answer["axes"] for answer in both["axes"]] == [[0, 1]]
    apart = cli.run("solve", "4x224x112", "4x112x56", "-k", "3").out
    assert [line for line in apart.splitlines() if "→" in line] == [
        "4×224×112 → 4×112×56 by a convolution",
        "depths: 4 → 4",
        "rows: 224 → 112",
        "columns: 112 → 56",
    ]
    assert "no solution is the same on all axes" in apart
    same = cli.run("solve", "224x112", "112x56", "-k", "3").out
    assert "the same on all axes, at its simplest: kernel 3, stride 2, padding 1, dilation 1\n" in same


def test_printed_arithmetic_of_solutions_holds(cli):
    """Every formula with its numbers put in comes to the size that stands behind it, in both kinds."""
    for command in (["solve", "30", "10"], ["solve", "7", "14", "--transposed"]):
        document = json.loads(cli.run(*command, "--format", "json").out)
        for solution in document["axes"][0]["solutions"]:
            for part in solution["arithmetic"].removeprefix("reach = ").split(", "):
                left, _, right = part.replace("⌊", "(").replace("⌋", ")").rpartition(" = ")
                assert eval(left.replace("×", "*").replace("−", "-").replace("/", "//")) == int(right)
            assert solution["arithmetic"].endswith(f"= {document['axes'][0]['wanted']}")


def test_solve_tells_the_rest_and_csv_has_it(cli):
    """The page shows as many as asked and counts the others; CSV has a row for each axis and solution."""
    page = cli.run("solve", "224x224", "112x112", "--most", "3").out
    rows = list(csv.DictReader(cli.run("solve", "224x224", "112x112", "--format", "csv").out.splitlines()))
    assert f"{len(rows) // 2 - 3} more solutions, shown with --most {len(rows) // 2}\n" in page
    assert [row["axis"] for row in rows] == ["0"] * (len(rows) // 2) + ["1"] * (len(rows) // 2)
    assert {row["output_size"] for row in rows} == {"112"}
    assert rows[0]["kernel_size"] == "2"


MISSING = "nothing that was tried turns 224 into 300; the nearest that is reached: 265 (a transposed convolution"


def test_solve_says_that_there_is_none(cli):
    """Where nothing reaches the size, a sentence says so, and how to come nearest."""
    page = cli.run("solve", "224", "300")
    assert page.code == 0
    assert MISSING in " ".join(page.out.split())


# --- uses: which output cells an input cell reaches


@st.composite
def convolutions(draw):
    """Small convolutions of one to three axes with every boundary, groups and numbers that are whole."""
    rank = draw(st.integers(1, 3))
    groups, span, filters = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    sizes = draw(st.lists(st.integers(1, 5), min_size=rank, max_size=rank))
    taps = draw(st.lists(st.integers(1, 3), min_size=rank, max_size=rank))
    numbers = np.random.default_rng(draw(st.integers(0, 99)))
    options = {
        "stride": draw(st.integers(1, 3)),
        "dilation": draw(st.integers(1, 2)),
        "padding": [[draw(st.integers(2, 5)), draw(st.integers(2, 4))] for _ in range(rank)],
        "boundary": draw(st.sampled_from(["zeros", 7, "reflect", "symmetric", "replicate", "circular"])),
        "flip": draw(st.booleans()),
        "groups": groups,
    }
    cells = numbers.integers(-9, 9, (draw(st.integers(1, 2)), groups * span, *sizes))
    return cells, numbers.integers(-9, 9, (groups * filters, span, *taps)), options


def spread_out(problem, uses):
    """The weights of the uses where they stand in the output, 0 elsewhere: (batch, out_channels, *output_size)."""
    whole = np.zeros(problem.output_shape, dtype=object)
    whole[np.ix_([uses.sample], *uses.places)] = uses.weights[None]
    return whole


@given(convolutions(), st.integers(0, 999))
@settings(max_examples=120, deadline=None)
def test_uses_are_what_a_change_of_the_cell_changes(drawn, number):
    """A cell larger by 1 changes the output, by the definition in loops, by its weights and nowhere else."""
    cells, weight, options = drawn
    place = np.unravel_index(number % cells.size, cells.shape)
    changed = cells.copy()
    changed[place] += 1
    difference = reference_conv(changed, weight, **options).exact() - reference_conv(cells, weight, **options).exact()
    problem = build_problem(cells, weight, **options)
    sample, channel, *position = map(int, place)
    uses = uses_of(problem, position, channel, sample)
    np.testing.assert_array_equal(spread_out(problem, uses), difference)
    assert uses.total == difference.sum()
    np.testing.assert_array_equal(uses.contributions, uses.weights * int(cells[place]))


@given(convolutions())
@settings(max_examples=60, deadline=None)
def test_contributions_of_all_cells_are_the_output(drawn):
    """What all input cells contribute adds up to the output, where nothing else is added."""
    cells, weight, options = drawn
    options["boundary"] = "zeros" if options["boundary"] == 7 else options["boundary"]
    problem = build_problem(cells, weight, **options)
    total = np.zeros(problem.output_shape, dtype=object)
    for sample, channel, *position in product(*map(range, cells.shape)):
        uses = uses_of(problem, position, channel, sample)
        total[np.ix_([sample], *uses.places)] += uses.contributions[None]
    np.testing.assert_array_equal(total, compute(problem).output)


@given(convolutions(), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_the_adjoint_holds_exactly(drawn, seed):
    """Both sides of the identity are the same whole number for every boundary, stride, dilation and group."""
    cells, weight, options = drawn
    checked = adjoint(build_problem(cells, weight, 3, **options), seed)
    assert checked.forward == checked.backward
    assert isinstance(checked.forward, int)
    assert (checked.holds, checked.is_linear, checked.rounding) == (True, False, 0)


TORCH_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


@pytest.mark.oracle
@pytest.mark.parametrize("boundary", TORCH_MODES)
@pytest.mark.parametrize(("stride", "dilation", "groups"), [(1, 1, 1), (2, 1, 2), (1, 2, 2), (3, 2, 1)])
def test_the_transposed_is_pytorchs_gradient(torch, boundary, stride, dilation, groups):
    """What the transposed convolution makes of z is PyTorch's gradient of the sum of conv(x) × z."""
    numbers = np.random.default_rng(5)
    cells, weight = numbers.integers(-9, 9, (2, 4, 6, 7)), numbers.integers(-9, 9, (6, 4 // groups, 3, 2))
    padding = [[2, 1], [3, 2]]
    options = {"stride": stride, "dilation": dilation, "groups": groups}
    problem = build_problem(cells, weight, padding=padding, boundary=boundary, **options)
    z = numbers.integers(-9, 9, problem.output_shape)
    x = torch.tensor(cells, dtype=torch.float64, requires_grad=True)
    padded = torch.nn.functional.pad(x, (3, 2, 2, 1), mode=TORCH_MODES[boundary])
    made = torch.nn.functional.conv2d(padded, torch.tensor(weight, dtype=torch.float64), **options)
    (made * torch.tensor(z)).sum().backward()
    np.testing.assert_array_equal(transposed(problem, z), x.grad.numpy())


@pytest.mark.oracle
@pytest.mark.parametrize(("stride", "padding", "extra"), [(1, 0, 0), (2, 1, 0), (2, 1, 1), (3, 0, 2)])
def test_the_transposed_is_pytorchs_layer(torch, stride, padding, extra):
    """It is PyTorch's transposed convolution of z, whose output has the size of the input."""
    numbers = np.random.default_rng(6)
    z, weight = numbers.integers(-9, 9, (1, 2, 4, 3)), numbers.integers(-9, 9, (2, 3, 3, 3))
    made = torch.nn.functional.conv_transpose2d(
        torch.tensor(z, dtype=torch.float64), torch.tensor(weight, dtype=torch.float64), None, stride, padding, extra
    ).numpy()
    problem = build_problem(np.zeros(made.shape, dtype=int), weight, stride=stride, padding=padding)
    np.testing.assert_array_equal(transposed(problem, z), made)
    sizes = [TransposedAxis(size, 3, stride, 1, padding, padding, extra).output_size for size in (4, 3)]
    assert [*made.shape[2:]] == sizes


def test_numbers_beyond_64_bits_and_fractions_have_an_exact_adjoint():
    """Sums that 64 bits do not hold, and scales such as 1/9, stay exact."""
    large = build_problem([[[2**62, 3, 2**61, 1]]], [[[5, 2**40]]], padding=3, boundary="replicate")
    assert adjoint(large).forward == adjoint(large).backward != 0
    third = build_problem([[[1, 2, 3, 4]]], [[[1, 1, 5]]], scale=[Fraction(1, 9)], padding=1)
    checked = adjoint(third, 3)
    assert checked.forward == checked.backward
    assert isinstance(checked.forward, Fraction)


def test_floats_have_an_adjoint_within_rounding(cli):
    """Float32 arrays are checked in float64, and a wrong transposed would be told."""
    numbers = np.random.default_rng(7)
    cells, weight = (numbers.normal(size=size).astype(np.float32) for size in ((1, 3, 9, 9), (4, 3, 3, 3)))
    checked = adjoint(build_problem(cells, weight, stride=2, padding=1))
    assert checked.holds
    assert 0 < checked.rounding < 1e-6
    assert not replace(checked, backward=checked.backward + 1e-6).holds


def test_a_sum_of_weights_that_floats_round_is_rounded_once():
    """0.1 ten times is 1."""
    problem = build_problem(np.ones((1, 1, 30)), np.full((1, 1, 10), 0.1))
    assert uses_of(problem, 15).total == 1.0


def test_uses_on_the_command_line(cli):
    """JSON and CSV have every weight and contribution; the sample and the channel are those asked for."""
    cli.write({"f.yaml": "dims: 2\ninput: {arange: [3, 4, 3, 3]}\nkernel: {arange: [2, 2, 2, 2]}\ngroups: 2\n"})
    argv = ["uses", "f.yaml", "--pos", "1,1", "--channel", "2", "--batch", "1"]
    document = json.loads(cli.run(*argv, "--format", "json").out)
    assert (document["value"], document["out_channels"], document["positions"]) == (36 + 22, [1], [[0, 1], [0, 1]])
    assert document["weights"] == [[[11, 10], [9, 8]]]
    rows = list(csv.DictReader(cli.run(*argv, "--format", "csv").out.splitlines()))
    assert [(row["position_0"], row["position_1"], row["weight"], row["contribution"]) for row in rows] == [
        (str(row), str(column), str(weight), str(58 * weight))
        for (row, column), weight in zip(product([0, 1], repeat=2), [11, 10, 9, 8], strict=True)
    ]
    assert {(row["batch"], row["in_channel"], row["cell_0"], row["channel"]) for row in rows} == {("1", "2", "1", "1")}


def test_a_cell_that_no_window_reads_is_told(cli):
    """A stride that leaps over the cell leaves it without a use."""
    done = cli.run("uses", "--kernel", "[[1]]", "--stride", "3", "--pos", "1,0")
    assert done.out.splitlines()[1] == "reaches 0 of 4 output cells: no window reads it"
    document = json.loads(cli.run("uses", "--kernel", "[[1]]", "--stride", "3", "--pos", "1,0", "--format", "json").out)
    assert (document["positions"], document["total_weight"]) == ([[], [0]], 0)


def test_inf_leaves_nothing_to_compare(cli):
    """Where inf comes in, the page says so instead of a verdict."""
    cli.write({"f.yaml": "input: [1, .inf, 2]\nkernel: [1, 2]\n"})
    done = cli.run("uses", "f.yaml", "--adjoint")
    assert done.code == 0
    assert "inf and nan leave nothing to compare" in done.out
    assert "contributions" in cli.run("uses", "f.yaml", "--pos", "1").out


def test_places_without_an_even_step_are_listed(cli):
    """Up to eight of them; of more the first seven and the last."""
    argv = ["uses", "--kernel", "box", "--padding", "4", "--boundary", "circular", "--stride", "2", "--pos", "0,0"]
    assert cli.run(*argv).out.splitlines()[1] == "reaches 9 of 36 output cells: rows 1, 2 and 4, columns 1, 2 and 4"
    cli.write({"f.yaml": "input: {ones: [3]}\nkernel: [1, 1]\npadding: 20\nboundary: circular\ndims: 1\n"})
    told = cli.run("uses", "f.yaml", "--pos", "0").out
    assert "reaches 28 of 42 output cells: cells 1, 2, 4, 5, 7, 8, 10, … and 41\n" in told


def test_channels_and_slices_that_are_not_shown_are_counted(cli):
    """Four output channels are shown, and four slices of each."""
    many = cli.run("uses", "--pos", "2,2", *(word for tap in range(6) for word in ("--kernel", f"[[{tap}]]"))).out
    assert many.count("contributions, output channel") == 4
    assert "\n2 more output channels not shown; --format csv has all\n" in many
    cli.write({"f.yaml": "input: {ones: [12, 1, 1]}\nkernel: {ones: [12, 1, 1]}\npadding: [11, 0, 0]\ndims: 3\n"})
    deep = cli.run("uses", "f.yaml", "--pos", "1,0,0").out
    assert deep.count("contributions, depth") == 4
    assert "\n8 more slices not shown\n" in deep


def test_a_transposed_that_is_no_adjoint_is_told():
    """Two numbers that differ are a verdict, beside the seed that they came from."""
    problem = build_problem([[[1, 2]]], [[[1]]])
    checked = replace(adjoint(problem, 5), forward=1, backward=2)
    page = plain_lines(adjoint_report(network_of(problem), checked).blocks, 80, ASCII)
    assert list(page)[-1] == "not equal (z: whole numbers from -9 to 9, drawn with seed 5)"


# --- matrix: the convolution as one


@given(convolutions())
@settings(max_examples=100, deadline=None)
def test_the_matrix_times_the_input_is_the_output(drawn):
    """Matrix × flattened input + offset is the definition's output, for every boundary, a constant and a bias too."""
    cells, weight, options = drawn
    bias = list(range(3, 3 + len(weight)))
    expected = reference_conv(cells, weight, bias, **options).exact()
    problem = build_problem(cells, weight, bias, **options)
    for sample in range(len(cells)):
        form = matrix_of(problem, STANDARD, sample)
        made = form.matrix @ form.other[:, 0] + form.offset
        np.testing.assert_array_equal(made, expected[sample].reshape(-1))
        np.testing.assert_array_equal(form.other[:, 0], cells[sample].reshape(-1))


@given(convolutions())
@settings(max_examples=100, deadline=None)
def test_the_kernel_times_the_windows_is_the_output(drawn):
    """im2col: kernel × matrix + offset is the definition's output, the same way."""
    cells, weight, options = drawn
    bias = list(range(3, 3 + len(weight)))
    expected = reference_conv(cells, weight, bias, **options).exact()
    problem = build_problem(cells, weight, bias, **options)
    for sample in range(len(cells)):
        form = im2col_of(problem, STANDARD, sample)
        made = (form.other @ form.matrix).reshape(-1) + form.offset
        np.testing.assert_array_equal(made, expected[sample].reshape(-1))


@pytest.mark.oracle
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (1, 2, 2), (3, 1, 2)])
def test_im2col_is_pytorchs_unfold(torch, stride, padding, dilation):
    """Rows and columns are in PyTorch's order."""
    numbers = np.random.default_rng(8)
    cells, weight = numbers.integers(-9, 9, (2, 3, 6, 7)), numbers.integers(-9, 9, (4, 3, 3, 2))
    problem = build_problem(cells, weight, stride=stride, padding=padding, dilation=dilation)
    unfolded = torch.nn.functional.unfold(
        torch.tensor(cells, dtype=torch.float64), (3, 2), dilation, padding, stride
    ).numpy()
    for sample in (0, 1):
        np.testing.assert_array_equal(im2col_of(problem, STANDARD, sample).matrix, unfolded[sample])


@pytest.mark.oracle
def test_the_matrix_is_pytorchs_jacobian(torch):
    """Every number is a derivative of an output cell with respect to an input cell."""
    numbers = np.random.default_rng(9)
    cells, weight = numbers.normal(size=(1, 4, 4, 3)), numbers.normal(size=(2, 2, 2, 3))
    problem = build_problem(cells, weight, stride=(2, 1), padding=1, groups=2)
    layer = lambda x: torch.nn.functional.conv2d(x, torch.tensor(weight), stride=(2, 1), padding=1, groups=2)  # noqa: E731
    jacobian = torch.autograd.functional.jacobian(layer, torch.tensor(cells)).numpy()
    form = matrix_of(problem, STANDARD)
    np.testing.assert_array_equal(form.matrix, jacobian.reshape(form.matrix.shape))


FIFTEEN = "dims: 2\ninput: {arange: [3, 3]}\nkernel: [[1, 2], [3, 4]]\n"


def test_the_textbooks_matrix(cli):
    """arange(3, 3) with [[1, 2], [3, 4]] is the 4 × 9 matrix of the textbooks, printed, saved and labelled."""
    cli.write({"f.yaml": FIFTEEN})
    rows = "1,2,0,3,4,0,0,0,0\n0,1,2,0,3,4,0,0,0\n0,0,0,1,2,0,3,4,0\n0,0,0,0,1,2,0,3,4\n"
    assert cli.run("matrix", "f.yaml", "--format", "csv").out == rows
    assert cli.run("matrix", "f.yaml", "-o", "m.npz", "-q") == (0, "", "")
    with np.load(cli.folder / "m.npz") as archive:
        assert sorted(archive) == ["input", "matrix", "offset"]
        assert archive["matrix"].tolist() == [[int(each) for each in row.split(",")] for row in rows.split()]
        assert (archive["matrix"] @ archive["input"]).ravel().tolist() == [27, 37, 57, 67]
    document = json.loads(cli.run("matrix", "f.yaml", "--format", "json").out)
    assert document["rows"] == [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]
    assert document["columns"] == [[0, row, column] for row in range(3) for column in range(3)]
    page = cli.run("matrix", "f.yaml", "--format", "plain").out.splitlines()
    assert "      0,0  0,1  0,2  1,0  1,1  1,2  2,0  2,1  2,2" in page
    assert "1,0 |   0    0    0    1    2    0    3    4    0 |" in page


def test_fractions_of_a_matrix_are_kept_or_told(cli):
    """CSV has the fractions themselves, .npy their floats, and says so."""
    argv = ["matrix", "--kernel", "box:5"]
    assert cli.run(*argv, "--format", "csv").out == ",".join(["1/25"] * 25) + "\n"
    assert cli.run(*argv, "-o", "m.npy", "-q") == (0, "", "")
    assert np.load(cli.folder / "m.npy").tolist() == [[1 / 25] * 25]
    told = cli.run(*argv, "--im2col", "-o", "m.npz")
    assert told.err == "wrote m.npz: fractions as float64, each rounded once\n"


def test_labels_keep_a_row_that_is_the_only_one(cli):
    """Only a channel that is the only one is left out of the labels, not a row."""
    cli.write({"f.yaml": "dims: 2\ninput: [[1, 2, 3]]\nkernel: [[1, 1]]\n"})
    page = cli.run("matrix", "f.yaml", "--im2col", "--format", "plain").out
    assert "      0,0  0,1\n" in page.partition("matrix 2×2")[2]


def test_numbers_beyond_floats_are_shown_without_a_pattern(cli):
    """Whole numbers that no float holds are in the table; there is no heat map of them."""
    cli.write({"f.yaml": f"input: [1, 2]\nkernel: [{10**400}]\n"})
    done = cli.run("matrix", "f.yaml")
    assert done.code == 0
    assert "pattern" not in done.out


# --- bad requests of the three commands

# fmt: off
MESSAGES = [
    ("a size of 0", "solve 0 5", 2, "error: FROM: size must be a whole number >= 1, got 0\n"),
    ("a size in words", "solve 5 five", 2, "error: TO: size must be a whole number >= 1, got 'five'\n"),
    ("sizes of other ranks", "solve 5x5 4x4x4", 2, "error: FROM: size has 2 entries for 3 spatial axes\n"),
    ("a size beyond reason", "solve 10000000 5", 3, "error: FROM: size is at most 1,000,000 here, got 10000000\n"),
    ("a stride beyond reason", "solve 5 5 --stride 10000000", 3,
     "error: --stride: stride is at most 1,000,000 here, got 10000000\n"),
    ("a kernel beyond reason", "solve 5 5 -k 20000", 3,
     "error: --kernel-size: kernel-size is at most 10,000 here, got 20000\n"),
    ("a kernel of 0", "solve 5 5 -k 0", 2, "error: --kernel-size: kernel-size must be a whole number >= 1, got 0\n"),
    ("a negative padding", "solve 5 5 --padding=-1", 2,
     "error: --padding: padding must be a whole number >= 0, got -1\n"),
    ("an unknown padding", "solve 5 5 --padding sane", 2,
     "error: --padding: unknown padding 'sane'\nhint: did you mean same?\n"),
    ("a word of padding when transposed", "solve 5 5 --padding same --transposed", 2,
     "error: --padding: a transposed convolution's padding is a number\nhint: leave it free\n"),
    ("output padding without transposed", "solve 5 5 --output-padding 1", 2,
     "error: --output-padding goes with --transposed\nhint: add --transposed, or leave it out\n"),
    ("no solutions wanted", "solve 5 5 --most 0", 2, "error: --most: most must be a whole number >= 1, got 0\n"),
    ("uses without a position", "uses", 2,
     "error: uses needs a position\nhint: --pos 1,1 for row 1, column 1, or --adjoint\n"),
    ("a position outside the input", "uses --pos 9,9", 2,
     "error: --pos: position (9, 9) lies outside the input, which is 5×5\n"
     "hint: positions count from 0: the last one is (4, 4)\n"),
    ("a negative position", "uses --pos=-1,0", 2, "error: --pos: position must be a whole number >= 0, got -1\n"),
    ("a position in words", "uses --pos middle", 2,
     "error: --pos: position 'middle' is not a list of whole numbers\nhint: --pos 1,1\n"),
    ("a position of another rank", "uses --pos 1", 2,
     "error: --pos: a position needs one number for each of 2 spatial axes, got 1\nhint: the input is 5×5\n"),
    ("an input channel that is not there", "uses --pos 1,1 --channel 1", 2,
     "error: --channel: there is no channel 1: the input has 1, counted from 0\n"),
    ("a sample that is not there", "uses --pos 1,1 --batch 1", 2,
     "error: --batch: there is no batch 1: the input has 1, counted from 0\n"),
    ("a negative seed", "uses --adjoint --seed=-1", 2, "error: --seed: seed must be a whole number >= 0, got -1\n"),
    ("uses as a picture", "uses --pos 1,1 -o out.png", 1,
     "error: nothing is saved here as '.png'\nhint: one of: .json, .yaml, .csv, .txt, .md, .tex, .html, .pdf\n"),
    ("a matrix that is too large", "matrix large.yaml", 3,
     "error: the matrix has 9,604 × 10,000 = 96,040,000 numbers, at most 10,000,000 are made\n"
     "hint: take a smaller input, or raise it with --limit values=96040000\n"),
    ("windows that are too many", "matrix large.yaml --im2col --limit values=20k", 3,
     "error: the matrix has 9 × 9,604 = 86,436 numbers, at most 20,000 are made\n"
     "hint: take a smaller input, or raise it with --limit values=86436\n"),
    ("a matrix beyond memory", "matrix large.yaml --limit values=1G --limit memory=1GiB", 3,
     "error: this matrix needs 2.1 GiB of memory, 1.0 GiB may be used\n"
     "hint: raise it with --limit memory=3GiB if the machine has it\n"),
    ("a matrix as a picture", "matrix -o out.png", 1,
     "error: nothing is saved here as '.png'\n"
     "hint: one of: .npz, .npy, .csv, .json, .yaml, .txt, .md, .tex, .html, .pdf\n"),
    ("a matrix of a sample that is not there", "matrix --batch 1", 2,
     "error: --batch: there is no batch 1: the input has 1, counted from 0\n"),
    ("solve without a size", "solve 5", 2,
     "error: Missing argument 'TO'.\nhint: convcalc solve -h shows what it takes\n"),
]
# fmt: on


@pytest.mark.parametrize(
    ("command", "code", "message"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES]
)
def test_bad_requests_are_told(cli, command, code, message):
    """Each bad request has its exact message and exit code, prints nothing and writes nothing."""
    cli.write({"large.yaml": "dims: 2\ninput: {ones: [100, 100]}\nkernel: sobel-x\n"})
    before = cli.files()
    assert cli.run(*command.split()) == (code, "", message)
    assert cli.files() == before


def test_the_kernel_beside_im2col_counts_against_the_limit(cli):
    """A small input with many groups makes a kernel matrix that is mostly zeros, and larger than all else."""
    cli.write({"wide.yaml": "dims: 2\ninput: {ones: [90, 1, 1]}\nkernel: [[1]]\ndepthwise: true\n"})
    done = cli.run("matrix", "wide.yaml", "--im2col", "--limit", "values=5000")
    assert done.code == 3
    assert done.err.startswith("error: the matrix has 90 × 90 = 8,100 numbers, at most 5,000 are made\n")


def test_padding_by_a_word_is_what_the_word_makes_of_each_kernel(cli):
    """``same`` at stride 2 pads one cell after, and at stride 1 both sides."""
    found = json.loads(cli.run("solve", "224", "112", "-k", "3", "--padding", "same", "--format", "json").out)
    assert found["axes"][0]["solutions"][0]["padding"] == [0, 1]


TEXTBOOK = {
    (5, 3): (3, 1, 0),
    (6, 4): (3, 1, 0),
    (32, 28): (5, 1, 0),
    (28, 28): (1, 1, 0),
    (28, 14): (2, 2, 0),
    (227, 55): (11, 4, 0),
}


@pytest.mark.parametrize(("sizes", "first"), TEXTBOOK.items())
def test_the_answer_of_textbooks_comes_first(sizes, first):
    """Without padding where a kernel of an odd size, or one as wide as its stride, needs none."""
    axis = solutions(Question(*sizes))[0]
    assert (axis.kernel_size, axis.stride, axis.before) == first
