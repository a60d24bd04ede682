"""Questions about one convolution: which numbers give a size, what an input cell reaches, which matrix it all is."""

from __future__ import annotations

import csv
import json
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.errors import GeometryError
from convcalc.geometry.coverage import empty_cells
from convcalc.geometry.solutions import Given, Question, nearest, solutions
from convcalc.geometry.transposed import TransposedAxis

torch = pytest.importorskip("torch")


def settings_of(axis):
    """Kernel, stride, padding, dilation and output padding of a solution."""
    return axis.kernel_size, axis.stride, axis.before, axis.after, axis.dilation, getattr(axis, "output_padding", 0)


# --- solve: which kernel, stride, padding and dilation


def torch_size(size, taps, stride, padding, dilation, output_padding=None):
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


@pytest.mark.parametrize(("size", "wanted"), [(9, 5), (8, 4), (7, 7), (5, 7), (6, 2), (3, 9)])
def test_solve_finds_all_that_pytorch_computes(size, wanted):
    """Of kernels to 5, strides to 3 and dilations to 2, those are found with which PyTorch gets the size."""
    tried = [
        (taps, stride, padding, dilation)
        for taps, stride, dilation in product(range(1, 6), range(1, 4), range(1, 3))
        if taps > 1 or dilation == 1
        for padding in range(dilation * (taps - 1) + 1)
    ]
    expected = {each for each in tried if torch_size(size, *each) == wanted}
    found = solutions(Question(size, wanted))
    even = {(axis.kernel_size, axis.stride, axis.before, axis.dilation) for axis in found if axis.before == axis.after}
    assert even & set(tried) == expected
    assert len({settings_of(axis) for axis in found}) == len(found)


@pytest.mark.parametrize(("size", "wanted"), [(7, 14), (4, 9), (5, 5), (3, 2), (6, 13)])
def test_transposed_solutions_are_all_that_pytorch_computes(size, wanted):
    """The same for a transposed convolution, with every output padding below the stride."""
    tried = [
        (taps, stride, padding, dilation, extra)
        for taps, stride, dilation in product(range(1, 6), range(1, 4), range(1, 3))
        if taps > 1 or dilation == 1
        for padding, extra in product(range(dilation * (taps - 1) + 1), range(stride))
    ]
    expected = {each for each in tried if torch_size(size, *each) == wanted}
    found = {
        (axis.kernel_size, axis.stride, axis.before, axis.dilation, axis.output_padding)
        for axis in solutions(Question(size, wanted, is_transposed=True))
    }
    assert found & set(tried) == expected
    assert len(expected) > 3


@given(st.integers(1, 40), st.integers(1, 40), st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_solution_gives_the_size(size, wanted, is_transposed):
    """PyTorch computes the wanted size from every solution, after padding by hand where it is not the same."""
    for axis in solutions(Question(size, wanted, is_transposed=is_transposed))[::7]:
        taps, stride, before, after, dilation, extra = settings_of(axis)
        if is_transposed:
            assert torch_size(size, taps, stride, before, dilation, extra) == wanted
        else:
            assert torch_size(size + before + after, taps, stride, 0, dilation) == wanted


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


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 4), st.integers(0, 3))
def test_a_transposed_axis_is_pytorchs(size, taps, stride, dilation, padding, extra):
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
    assert empty_cells(axis) == int((made == 0).sum())


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


# --- bad requests of the three commands

# fmt: off
MESSAGES = [
    ("a size of 0", "solve 0 5", 2, "error: FROM: size must be a whole number >= 1, got 0\n"),
    ("a size in words", "solve 5 five", 2, "error: TO: size must be a whole number >= 1, got 'five'\n"),
    ("sizes of other ranks", "solve 5x5 4x4x4", 2, "error: FROM: size has 2 entries for 3 spatial axes\n"),
    ("a size beyond reason", "solve 10000000 5", 3, "error: FROM: size is at most 1,000,000 here, got 10000000\n"),
    ("a stride beyond reason", "solve 5 5 --stride 10000000", 3,
     "error: --stride: stride is at most 1,000,000 here, got 10000000\n"),
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
    ("solve without a size", "solve 5", 2,
     "error: Missing argument 'TO'.\nhint: convcalc solve -h shows what it takes\n"),
]
# fmt: on


@pytest.mark.parametrize(
    ("command", "code", "message"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES]
)
def test_bad_requests_are_told(cli, command, code, message):
    """Each bad request has its exact message and exit code, prints nothing and writes nothing."""
    before = cli.files()
    assert cli.run(*command.split()) == (code, "", message)
    assert cli.files() == before
