"""Whole numbers about sliding a kernel: formulas against counting, words against their sources, errors word by word."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convcalc import Axis, Boundary, build_problem, conv
from convcalc.errors import ConvcalcError, FieldError, GeometryError, UnknownNameError
from convcalc.geometry.arguments import PaddingWord, axes_of, check_groups, padding_pairs, per_axis, word_padding
from convcalc.geometry.axis import read_cells, unread_cells
from convcalc.geometry.boundary import BoundaryMode, boundary_of
from convcalc.geometry.convolution import Counts
from reference import padded_places, padding_of, window_starts

NUMPY_MODES = {"replicate": "edge", "circular": "wrap", "reflect": "reflect", "symmetric": "symmetric"}


def axes() -> list[Axis]:
    """Every axis of small numbers on which the kernel fits."""
    made = []
    for size, taps, stride, dilation, before, after in product(
        (1, 2, 3, 5, 8), (1, 2, 3), (1, 2, 3, 5), (1, 2, 4), (0, 1, 4), (0, 2)
    ):
        if dilation * (taps - 1) + 1 <= before + size + after:
            made.append(Axis(size, taps, stride, dilation, before, after))
    return made


# One axis ----------------------------------------------------------------------------------------------------------


def test_axis_formulas_are_what_counting_gives() -> None:
    """Reach, padded size, output size, leftover and the cells read agree with windows that are written out."""
    for axis in axes():
        cells = list(range(-axis.before, axis.size + axis.after))
        starts = window_starts(len(cells), axis.reach, axis.stride)
        offsets = [tap * axis.dilation for tap in range(axis.kernel_size)]
        assert axis.reach == offsets[-1] + 1, axis
        assert axis.padded_size == len(cells), axis
        assert axis.output_size == len(starts), axis
        assert axis.leftover == len(cells) - (starts[-1] + axis.reach), axis
        for position, start in enumerate(starts):
            assert axis.start(position) == cells[start], axis
            assert list(axis.reads(position)) == [cells[start + offset] for offset in offsets], axis


def test_span_covers_what_its_positions_read() -> None:
    """A span goes from the first cell read to the last."""
    for axis in axes():
        for first in range(axis.output_size):
            for stop in range(first + 1, axis.output_size + 1):
                read = [cell for position in range(first, stop) for cell in axis.reads(position)]
                span = axis.span(range(first, stop))
                assert (span.start, span.stop) == (min(read), max(read) + 1), axis


def test_axis_takes_numbers_of_any_size() -> None:
    """Nothing here is a machine number."""
    axis = Axis(size=10**30, kernel_size=3, stride=10**10, before=10**40)
    assert axis.output_size == (10**40 + 10**30 - 3) // 10**10 + 1


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ({"size": 0, "kernel_size": 1}, "the input has no cells on axis 0"),
        ({"size": 1, "kernel_size": 0}, "the kernel has no taps on axis 0"),
        (
            {"size": 2, "kernel_size": 5},
            "the kernel does not fit on axis 0: it reaches over 5 cells, the padded input has 2 "
            "(pad with at least 3 more, or take a smaller kernel)",
        ),
        (
            {"size": 2, "kernel_size": 3, "dilation": 4, "before": 1, "after": 3, "number": 1},
            "the kernel does not fit on axis 1: it reaches over 4 × (3 − 1) + 1 = 9 cells, "
            "the padded input has 1 + 2 + 3 = 6 (pad with at least 3 more, or take a smaller kernel)",
        ),
    ],
)
def test_axis_refuses_what_does_not_fit(numbers: dict[str, int], text: str) -> None:
    """An axis on which the kernel does not fit cannot be made; the error has the formula with its numbers."""
    with pytest.raises(GeometryError) as error:
        Axis(**numbers)
    assert str(error.value) == text


def test_problem_names_the_axis_that_does_not_fit() -> None:
    """The error of a problem says which spatial axis it is."""
    with pytest.raises(GeometryError) as error:
        build_problem(np.ones((1, 1, 4, 2), int), np.ones((1, 1, 2, 3), int))
    assert error.value.message.startswith("the kernel does not fit on axis 1: it reaches over 3 cells")


# Words of padding --------------------------------------------------------------------------------------------------

SIZES = list(product(range(1, 12), range(1, 8), range(1, 5)))


@pytest.mark.parametrize("word", ["same", "same-lower"])
def test_same_is_the_formula_of_tensorflow_and_onnx(word: str) -> None:
    """The total is TensorFlow's; SAME puts the odd cell after as ONNX' SAME_UPPER, same-lower before as SAME_LOWER."""
    for size, reach, stride in SIZES:
        # https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
        total = max(reach - (size % stride or stride), 0)
        less, more = total // 2, ceil(total / 2)
        pair = word_padding(PaddingWord(word), size, reach, stride)
        assert pair == ((less, more) if word == "same" else (more, less)), (size, reach, stride)


@pytest.mark.parametrize("word", ["same", "same-lower"])
def test_same_keeps_the_size_and_is_the_least_padding(word: str) -> None:
    """The output has ⌈size / stride⌉ cells, and no smaller padding gives as many."""
    for size, reach, stride in SIZES:
        before, after = word_padding(PaddingWord(word), size, reach, stride)
        assert Axis(size, reach, stride, before=before, after=after).output_size == ceil(size / stride)
        assert (before, after) == padding_of(word, size, reach, stride, 1)


def test_full_and_valid() -> None:
    """``full`` gives size + reach − 1 output cells at stride 1, all touching the input; ``valid`` pads nothing."""
    for size, reach, stride in SIZES:
        assert word_padding(PaddingWord.VALID, size, reach, stride) == (0, 0)
        before, after = word_padding(PaddingWord.FULL, size, reach, stride)
        axis = Axis(size, reach, before=before, after=after)
        assert axis.output_size == size + reach - 1
        for position in (0, axis.output_size - 1):
            assert any(0 <= cell < size for cell in axis.reads(position))


@pytest.mark.parametrize(
    ("padding", "wanted"),
    [
        (2, ((2, 2), (2, 2))),
        (0, ((0, 0), (0, 0))),
        ([1, 2], ((1, 1), (2, 2))),
        ([[1, 2], [3, 4]], ((1, 2), (3, 4))),
        (((1, 2), 3), ((1, 2), (3, 3))),
        ("valid", ((0, 0), (0, 0))),
        ("same", ((1, 1), (1, 2))),
        ("same-lower", ((1, 1), (2, 1))),
        ("full", ((2, 2), (3, 3))),
    ],
)
def test_spellings_of_padding(padding: Any, wanted: Any) -> None:
    """A number, one for each axis, pairs, a mixture of these, and the four words."""
    assert padding_pairs(padding, [9, 9], [3, 4], [1, 1], [1, 1]) == wanted


def test_words_count_with_the_dilated_reach() -> None:
    """A dilated kernel is padded by what it reaches over, not by its taps."""
    assert padding_pairs("full", [9], [3], [1], [4]) == ((8, 8),)
    assert padding_pairs("same", [9], [3], [1], [4]) == ((4, 4),)


# Boundaries --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", NUMPY_MODES)
def test_boundary_source_is_numpy_pad(mode: str) -> None:
    """Every cell outside comes from where numpy.pad takes it, one cell and padding of many periods included."""
    boundary = boundary_of(mode)
    for size in (1, 2, 3, 4, 7):
        for before, after in ((0, 0), (1, 2), (size, size), (3 * size + 2, 5 * size + 1)):
            wanted = np.pad(np.arange(size), (before, after), mode=NUMPY_MODES[mode]).tolist()  # type: ignore[call-overload]
            assert list(boundary.sources(range(-before, size + after), size)) == wanted
            assert padded_places(size, before, after, mode) == wanted


def test_a_constant_boundary_has_no_source() -> None:
    """Cells outside come from nowhere, cells inside from themselves."""
    assert Boundary().sources(range(-2, 5), 3) == (None, None, 0, 1, 2, None, None)
    assert padded_places(3, 2, 2, "constant") == [None, None, 0, 1, 2, None, None]


@pytest.mark.parametrize("mode", NUMPY_MODES)
def test_boundary_far_outside_is_as_quick_as_near(mode: str) -> None:
    """A source is found by arithmetic, at any distance, inside the input."""
    assert boundary_of(mode).source(10**40, 7) in range(7)
    assert boundary_of(mode).source(-(10**40), 7) in range(7)


@pytest.mark.parametrize("word", ["zeros", "replicate", "reflect", "symmetric", "circular"])
def test_pictures_show_what_boundaries_do(word: str) -> None:
    """The README's picture of each boundary is drawn by the boundary itself."""
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    [picture] = re.findall(rf"^\| `{word}`[^|]*\| `([^`]*)` \|", readme, re.MULTILINE)
    outside = boundary_of(word).sources(range(-2, 6), 4)
    cells = ["0" if source is None else "abcd"[source] for source in outside]
    assert picture == " ".join([*cells[:2], "∣", *cells[2:6], "∣", *cells[6:]])


@pytest.mark.parametrize(
    ("word", "boundary", "text"),
    [
        ("zeros", Boundary(), "zeros"),
        ("reflect", Boundary(BoundaryMode.REFLECT), "reflect"),
        (0, Boundary(), "zeros"),
        (-3, Boundary(value=-3), "constant -3"),
        (Fraction(1, 3), Boundary(value=Fraction(1, 3)), "constant 1/3"),
        (Boundary(BoundaryMode.CIRCULAR), Boundary(BoundaryMode.CIRCULAR), "circular"),
    ],
)
def test_spellings_of_boundaries(word: Any, boundary: Boundary, text: str) -> None:
    """A word, a number, or a boundary itself; and how each is called."""
    assert boundary_of(word) == boundary
    assert str(boundary_of(word)) == text


# Coverage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["zeros", *NUMPY_MODES])
def test_read_cells_are_those_that_windows_touch(word: str) -> None:
    """Every input cell that a window touches, through the boundary too, is counted, and no other."""
    boundary = boundary_of(word)
    for axis in axes():
        places = padded_places(axis.size, axis.before, axis.after, "constant" if word == "zeros" else word)
        starts = window_starts(len(places), axis.reach, axis.stride)
        touched = {places[start + tap * axis.dilation] for start in starts for tap in range(axis.kernel_size)}
        assert read_cells(axis, boundary) == len(touched - {None}), axis


@pytest.mark.parametrize("word", ["zeros", "circular"])
def test_unread_cells_of_two_axes(word: str) -> None:
    """The cells that no window touches, counted one by one on a plane."""
    some = axes()[::97]
    for rows, columns in product(some, some):
        sources = [
            {boundary_of(word).source(cell, axis.size) for n in range(axis.output_size) for cell in axis.reads(n)}
            for axis in (rows, columns)
        ]
        read = set(product(*sources))
        unread = [place for place in product(range(rows.size), range(columns.size)) if place not in read]
        assert unread_cells((rows, columns), boundary_of(word)) == len(unread), (rows, columns)


# Counts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ins", "outs", "kernel", "groups"),
    [(1, 1, (1,), 1), (3, 4, (2, 3), 1), (6, 4, (3,), 2), (4, 8, (1, 2, 3), 4), (5, 5, (7, 7), 5)],
)
def test_counts_are_what_an_array_of_weights_has(ins: int, outs: int, kernel: tuple[int, ...], groups: int) -> None:
    """Weights, kernels and MACs follow from the shape of the weights."""
    weight = np.empty((outs, ins // groups, *kernel))
    counts = Counts(ins, outs, kernel, groups)
    assert counts.channels_per_group == weight.shape[1]
    assert counts.weights == weight.size
    assert counts.weights_per_filter == weight[0].size
    assert counts.kernels == weight.shape[0] * weight.shape[1]
    assert counts.biases == outs
    assert counts.parameters == weight.size + outs
    assert Counts(ins, outs, kernel, groups, has_bias=False).parameters == weight.size
    assert counts.macs((3, 5), batch=2) == 2 * 3 * 5 * weight.size


def test_counts_refuse_groups_that_do_not_divide() -> None:
    """Counts check their groups like a problem does."""
    with pytest.raises(GeometryError, match="groups 2 does not divide out_channels 3"):
        Counts(4, 3, (1,), 2)


# Arguments ---------------------------------------------------------------------------------------------------------

CELLS, WEIGHT = np.ones((1, 4, 5, 5), int), np.ones((6, 4, 3, 3), int)


def number_message(name: str, least: int, shown: str) -> str:
    """The sentence about a value that is no whole number in range."""
    return f"{name} must be a whole number >= {least}, got {shown}"


def axis_messages(name: str, least: int) -> list[tuple[dict[str, Any], str, tuple[str | int, ...]]]:
    """Bad values of an argument that takes one number for each axis."""
    bad: list[tuple[Any, str]] = [
        (least - 1, str(least - 1)),
        (-7, "-7"),
        (1.5, "1.5"),
        (2.0, "2.0"),
        (True, "True"),
        (None, "None"),
        (float("nan"), "nan"),
        (Fraction(3, 2), "3/2"),
        (np.float64(2), "2.0"),
    ]
    if name != "padding":  # text is looked up among the words there
        bad += [("2", "'2'"), ("", "''")]
    whole = [({name: value}, number_message(name, least, shown), (name,)) for value, shown in bad]
    entries = [({name: (1, value)}, number_message(name, least, shown), (name, 1)) for value, shown in bad]
    return [*whole, *entries, ({name: [1, 2, 3]}, f"{name} has 3 entries for 2 spatial axes", (name,))]


MESSAGES: list[tuple[dict[str, Any], str, tuple[str | int, ...]]] = [
    *axis_messages("stride", 1),
    *axis_messages("dilation", 1),
    *axis_messages("padding", 0),
    ({"stride": []}, "stride has 0 entries for 2 spatial axes", ("stride",)),
    ({"padding": [[1, -2], 0]}, number_message("padding", 0, "-2"), ("padding", 0, 1)),
    ({"padding": [0, [1, 2, 3]]}, "padding of one axis is [before, after], got 3 numbers", ("padding", 1)),
    ({"padding": [0, []]}, "padding of one axis is [before, after], got 0 numbers", ("padding", 1)),
    ({"padding": "smae"}, "unknown padding 'smae' (did you mean same?)", ("padding",)),
    ({"padding": "Same"}, "unknown padding 'Same' (did you mean same?)", ("padding",)),
    ({"padding": "2"}, "unknown padding '2' (one of: full, same, same-lower, valid)", ("padding",)),
    ({"groups": 0}, number_message("groups", 1, "0"), ("groups",)),
    ({"groups": -1}, number_message("groups", 1, "-1"), ("groups",)),
    ({"groups": 1.0}, number_message("groups", 1, "1.0"), ("groups",)),
    ({"groups": True}, number_message("groups", 1, "True"), ("groups",)),
    ({"groups": None}, number_message("groups", 1, "None"), ("groups",)),
    ({"groups": "2"}, number_message("groups", 1, "'2'"), ("groups",)),
    (
        {"groups": 3},
        "groups 3 does not divide in_channels 4 (groups must divide both in_channels 4 and out_channels 6)",
        ("groups",),
    ),
    (
        {"groups": 4},
        "groups 4 does not divide out_channels 6 (groups must divide both in_channels 4 and out_channels 6)",
        ("groups",),
    ),
    (
        {"groups": 2},
        "the kernel spans 4 channels in each of 2 groups, the input has 4 channels "
        "(a filter needs one plane for each of 2 channels)",
        ("kernel",),
    ),
    (
        {"dilation": 3},
        "the kernel does not fit on axis 0: it reaches over 3 × (3 − 1) + 1 = 7 cells, the padded input has 5 "
        "(pad with at least 2 more, or take a smaller kernel)",
        ("kernel",),
    ),
    (
        {"bias": [1, 2]},
        "bias has shape 2 for 6 output channels (bias is one number, or one for each output channel)",
        ("bias",),
    ),
    (
        {"bias": [[1] * 6]},
        "bias has shape 1×6 for 6 output channels (bias is one number, or one for each output channel)",
        ("bias",),
    ),
    ({"boundary": "nearest"}, "boundary 'nearest' is another library's name (here it is replicate)", ("boundary",)),
    ({"boundary": "edge"}, "boundary 'edge' is another library's name (here it is replicate)", ("boundary",)),
    ({"boundary": "wrap"}, "boundary 'wrap' is another library's name (here it is circular)", ("boundary",)),
    ({"boundary": "mirror"}, "boundary 'mirror' is another library's name (here it is reflect)", ("boundary",)),
    (
        {"boundary": "sideways"},
        "unknown boundary 'sideways' "
        "(one of: zeros, reflect, symmetric, replicate, circular, or a number for a constant)",
        ("boundary",),
    ),
]


@pytest.mark.parametrize(("options", "text", "field"), MESSAGES, ids=[str(row[0]) for row in MESSAGES])
def test_messages_of_arguments(options: dict[str, Any], text: str, field: tuple[str | int, ...]) -> None:
    """A bad argument is refused in these words and with this field path."""
    with pytest.raises(ConvcalcError) as error:
        conv(CELLS, WEIGHT, **options)
    assert str(error.value) == text
    assert error.value.field == field
    assert error.value.exit_code == 1


def test_padding_of_one_axis_hints_at_the_pair() -> None:
    """Two numbers on one axis are probably a pair, and the hint shows how to write one."""
    with pytest.raises(FieldError) as error:
        conv([[1, 2, 3]], [[[1]]], padding=[1, 2])
    assert str(error.value) == "padding has 2 entries for 1 spatial axis (write [[before, after]] for one axis)"


@pytest.mark.parametrize(
    ("cells", "weight", "text"),
    [
        ((1, 2, 3), (1, 1, 3, 3, 3), "input has 3 axes and weight has 5"),
        ((1, 1, 3, 3, 3), (1, 1, 3), "input has 5 axes and weight has 3"),
        ((1, 3, 5), (2, 2, 3), "the kernel spans 2 channels, the input has 3 channels"),
        ((1, 1, 5), (2, 3, 3), "the kernel spans 3 channels, the input has 1 channel"),
        ((1, 0, 5), (2, 0, 3), "the input has no channels"),
        ((1, 1, 5), (0, 1, 3), "the kernel has no channels"),
        ((1, 1, 0), (1, 1, 3), "the input has no cells on axis 0"),
        ((1, 1, 5, 5), (1, 1, 3, 0), "the kernel has no taps on axis 1"),
    ],
)
def test_messages_of_shapes(cells: tuple[int, ...], weight: tuple[int, ...], text: str) -> None:
    """Shapes that do not fit together are refused in these words."""
    with pytest.raises(GeometryError) as error:
        conv(np.ones(cells, int), np.ones(weight, int))
    assert error.value.message == text


@pytest.mark.parametrize("number", [np.int8, np.int64, np.uint8, np.uint64, np.int32])
def test_numpy_integers_are_whole_numbers(number: Callable[[int], Any]) -> None:
    """NumPy's integers mean what Python's mean and become Python's."""
    for value in (per_axis("stride", number(2), 1, 1)[0], check_groups(4, 4, number(2))):
        assert value == 2
        assert type(value) is int
    ((before, after),) = padding_pairs([[number(1), number(2)]], [3], [1], [1], [1])
    assert [type(before), type(after)] == [int, int]
    plain = conv(CELLS, WEIGHT[:, :2], stride=2, padding=((1, 2), 3), dilation=2, groups=2)
    turned = conv(
        CELLS,
        WEIGHT[:, :2],
        stride=number(2),
        padding=((number(1), number(2)), number(3)),
        dilation=(number(2), 2),
        groups=number(2),
    )
    np.testing.assert_array_equal(turned, plain)


@pytest.mark.parametrize("name", ["stride", "dilation", "padding"])
def test_arrays_of_integers_are_one_for_each_axis(name: str) -> None:
    """An integer array means what the list of its numbers means."""
    np.testing.assert_array_equal(
        conv(CELLS, WEIGHT, **{name: np.array([2, 1])}), conv(CELLS, WEIGHT, **{name: [2, 1]})
    )


@pytest.mark.parametrize("name", ["stride", "dilation", "padding", "groups"])
def test_numbers_too_long_to_print_are_refused_all_the_same(name: str) -> None:
    """A negative number of more digits than Python prints is a bad argument like every other."""
    with pytest.raises(FieldError):
        conv(CELLS, WEIGHT, **{name: -(10**5000)})


def test_axes_known_from_before_let_nothing_pass() -> None:
    """The same arguments give the same axes; 1.0 and True are refused although they equal the 1 of a moment ago."""
    known = axes_of([5, 6], [3, 2], stride=1, padding=1, dilation=1)
    assert axes_of((5, 6), (3, 2), stride=1, padding=1, dilation=1) is known
    assert axes_of([5, 6], [3, 2], stride=[1, 1], padding=[[1, 1], 1], dilation=np.array([1, 1])) == known
    assert (known.sizes, known.kernel_sizes, known.output_sizes) == ((5, 6), (3, 2), (5, 7))
    for name in ("stride", "padding", "dilation"):
        for number in (1.0, True, "1", Fraction(1)):
            with pytest.raises((FieldError, UnknownNameError)):
                axes_of([5, 6], [3, 2], **{"stride": 1, "padding": 1, "dilation": 1, name: number})


def test_unknown_names_get_the_nearest() -> None:
    """The hint of an unknown name is the nearest known one, or all of them."""
    assert UnknownNameError("padding", "ful", ["full", "same"]).hint == "did you mean full?"
    assert UnknownNameError("padding", "xyz", ["same", "full"]).hint == "one of: full, same"
