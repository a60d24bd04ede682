"""Questions: right answers against a reference that is no convcalc, mistakes diagnosed, spellings of answers."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from math import prod
from pathlib import Path
from random import Random

import numpy as np
import pytest

import convcalc
from convcalc import build_problem
from convcalc.errors import ConvcalcError, FieldError
from convcalc.layers.network import network_of
from convcalc.quiz.forms import Form, Given, is_same, read_answer
from convcalc.quiz.kinds import KINDS
from convcalc.quiz.marking import Verdict, mark
from convcalc.quiz.mistakes import MISTAKES
from convcalc.quiz.questions import Choice, draw
from convcalc.quiz.subjects import subjects_of
from reference import padded_places

PROBLEMS, BLOCKS = 1000, 100
MODES = ("constant", "reflect", "symmetric", "replicate", "circular")
WORDS = {"constant": "zeros"}


def random_problem(seed: int):
    """A small problem with any options, and its arrays and arguments for the reference."""
    chance = Random(seed)
    rank = chance.choice((1, 2, 2, 2, 3))
    groups = chance.choice((1, 1, 1, 2, 3))
    span, filters = chance.choice((1, 1, 2, 3)), chance.choice((1, 1, 2))
    taps = [chance.randint(1, 3) for _ in range(rank)]
    if chance.random() < 0.5:
        taps = [taps[0]] * rank
    dilation = [chance.choice((1, 1, 2)) for _ in range(rank)]
    sizes = [
        chance.randint((tap - 1) * step + 1, (tap - 1) * step + 5) for tap, step in zip(taps, dilation, strict=True)
    ]
    if chance.random() < 0.4:
        sizes = [max(sizes)] * rank
    arguments = {
        "stride": [chance.choice((1, 1, 2, 3)) for _ in range(rank)],
        "padding": [
            [chance.randint(0, 2), chance.randint(0, 2)] if chance.random() < 0.4 else [0, 0] for _ in range(rank)
        ],
        "dilation": dilation,
        "groups": groups,
        "mode": chance.choice(MODES),
        "flip": chance.random() < 0.4,
    }
    cells = numbers(chance, (chance.choice((1, 1, 2)), groups * span, *sizes))
    weight = numbers(chance, (groups * filters, span, *taps))
    if span > 1 and chance.random() < 0.3:
        weight[:] = weight[:, :1]
    bias = numbers(chance, (groups * filters,)).tolist() if chance.random() < 0.5 else None
    scale = [Fraction(chance.choice((1, 2, -1)), chance.choice((1, 1, 4))) for _ in range(groups * filters)]
    scale = scale if chance.random() < 0.3 else [Fraction(1)] * (groups * filters)
    if chance.random() < 0.15:
        cells = cells.astype(np.float64) / 8
        arguments["dtype"] = "float64"
    return cells, weight, bias, scale, arguments


def numbers(chance: Random, shape):
    """Small whole numbers."""
    return np.array([chance.randint(-9, 9) for _ in range(prod(shape))], dtype=np.int64).reshape(shape)


def built(cells, weight, bias, scale, arguments):
    """The same as a problem of convcalc."""
    given = {name: value for name, value in arguments.items() if name != "mode"}
    mode = arguments["mode"]
    return build_problem(cells, weight, bias, scale=scale, boundary=WORDS.get(mode, mode), **given)


@cache
def questions_of(seed: int):
    """Questions of all kinds about a random problem."""
    made = random_problem(seed)
    quiz = draw(subjects_of(network_of(built(*made))), Choice(12, seed=seed))
    return made, quiz.questions


# The reference -------------------------------------------------------------------------------------------------------


def reads(arguments, axis, position, taps):
    """The cells under the taps of one axis."""
    start = position * arguments["stride"][axis] - arguments["padding"][axis][0]
    return [start + tap * arguments["dilation"][axis] for tap in range(taps)]


def output_size(arguments, axis, size, taps):
    """Places of the kernel on one axis, counted one by one."""
    before, after = arguments["padding"][axis]
    places, position = 0, 0
    while reads(arguments, axis, position, taps)[-1] < size + after:
        places, position = places + 1, position + 1
    assert before >= 0
    return places


def cell(made, place, channel, sample):
    """An output cell by loops over Python's numbers; None where there is none."""
    cells, weight, bias, scale, arguments = made
    taps, sizes = weight.shape[2:], cells.shape[2:]
    for axis, at in enumerate(place):
        if at >= output_size(arguments, axis, sizes[axis], taps[axis]):
            return None
    first = channel // (weight.shape[0] // arguments["groups"]) * weight.shape[1]
    total = Fraction(0)
    for plane, *tap in product(range(weight.shape[1]), *map(range, taps)):
        where = []
        for axis, each in enumerate(tap):
            before, after = arguments["padding"][axis]
            padded = padded_places(sizes[axis], before, after, arguments["mode"])
            where.append(padded[reads(arguments, axis, place[axis], taps[axis])[each] + before])
        value = 0 if None in where else cells[(sample, first + plane, *where)].item()
        turned = [size - 1 - each for size, each in zip(taps, tap, strict=True)] if arguments["flip"] else tap
        total += Fraction(value) * int(weight[(channel, plane, *turned)])
    return total * scale[channel] + Fraction(bias[channel] if bias else 0)


def expected(made, question):  # noqa: PLR0911 - a case for each kind
    """The right answer to a question, by counting and loops."""
    cells, weight, bias, _, arguments = made
    spot, taps, sizes = question.asked.spot, weight.shape[2:], cells.shape[2:]
    rank = len(taps)
    outputs = [output_size(arguments, axis, sizes[axis], taps[axis]) for axis in range(rank)]
    match question.kind.name:
        case "slice":
            return [reads(arguments, axis, spot.place[axis], taps[axis]) for axis in range(rank)]
        case "parameters":
            return weight.size + (len(weight) if bias is not None else 0)
        case "shape":
            return (len(weight), *outputs)
        case "planes":
            return weight.shape[1]
        case "flipped":
            return arguments["flip"]
        case "shared":
            one, other = spot.planes
            return weight[spot.channel, one].tolist() == weight[spot.channel, other].tolist()
        case "cell":
            return cell(made, spot.place, spot.channel, spot.sample)
        case "uses":
            return [using(made, axis, spot.place[axis], outputs[axis]) for axis in range(rank)]
        case "macs":
            return weight.size * prod(outputs)
        case "stride":
            return [n for n in range(1, 40) if sized(made, spot.axis, n) == spot.target]
    raise AssertionError(question.kind.name)


def using(made, axis, wanted, outputs):
    """The output places on an axis that read an input cell."""
    cells, weight, _, _, arguments = made
    before, after = arguments["padding"][axis]
    padded = padded_places(cells.shape[2 + axis], before, after, arguments["mode"])
    found = (reads(arguments, axis, position, weight.shape[2 + axis]) for position in range(outputs))
    return [position for position, each in enumerate(found) if wanted in [padded[at + before] for at in each]]


def sized(made, axis, stride):
    """The output size of an axis at another stride."""
    cells, weight, _, _, arguments = made
    changed = arguments | {"stride": [stride] * len(arguments["stride"])}
    return output_size(changed, axis, cells.shape[2 + axis], weight.shape[2 + axis])


def written(form, value, chance: Random) -> str:
    """An answer in one of the spellings that people use."""
    if isinstance(value, range):
        value = chance.choice(value)
    match form:
        case Form.SLICES:
            return written_slices(value, chance)
        case Form.SHAPE:
            sign = chance.choice(("x", "×", ", ", " x ", " × ", "*", " "))
            text = sign.join(map(str, value))
            return chance.choice(("{}", "({})", "[{}]")).format(text)
        case Form.TRUTH:
            return chance.choice(("yes", "Yes", "y", "true", "True.") if value else ("no", "NO", "n", "false"))
        case Form.COUNT:
            return chance.choice((str(value), f"{value:,}", f" {value} ", f"{value:_}"))
    if isinstance(value, float):
        return chance.choice((repr(value), f"{value:.12g}"))
    text = str(value)
    minus = text.replace("-", "−")
    return chance.choice((text, f" {text} ", minus, f"= {text}"))


def written_slices(value, chance: Random) -> str:
    """Slices of Python, or in words, or one cell after the other."""
    way = chance.choice(("python", "python", "words", "named", "cells", "call"))
    if way == "python":
        parts = [
            f"{each[0]}:{each[-1] + 1}{f':{each.step}' if len(each) > 1 and each.step > 1 else ''}" for each in value
        ]
        return chance.choice(("{}", "[{}]", "I[{}]", "x [ {} ]")).format(", ".join(parts))
    if way == "call":
        return ", ".join(f"slice({each[0]}, {each[-1] + 1}, {each.step})" for each in value)
    to = chance.choice((" to ", "..", " - ", "–", " through "))
    words = [f"{each[0]}{to}{each[-1]}" + (f" in steps of {each.step}" if each.step > 1 else "") for each in value]
    if way == "words":
        return ", ".join(words)
    if way == "cells":
        return "; ".join(", ".join(map(str, each)) for each in value)
    names = {1: ["cells"], 2: ["rows", "columns"], 3: ["depths", "rows", "columns"]}[len(value)]
    said = [f"{name} {text}" for name, text in zip(names, words, strict=True)]
    if chance.random() < 0.3:
        said.reverse()
    return ", ".join(said)


# Right answers -------------------------------------------------------------------------------------------------------


def is_expected(right, wanted) -> bool:
    """Whether an answer is that of the reference."""
    if isinstance(right, range):
        return [*right] == [n for n in wanted if n <= right[-1]] and len(wanted) >= len(right)
    if isinstance(wanted, list):
        return [[*each] for each in right] == wanted
    return float(right) == float(wanted) if isinstance(right, float) else right == wanted


@pytest.mark.parametrize("block", range(BLOCKS))
def test_right_answers_mistakes_and_others(block):
    """Of 1,000 random problems: right is what loops and counting give, in any spelling; a mistake's answer is told to
    be that mistake's; an answer that is neither is wrong, and no mistake is made up for it.
    """
    for seed in range(block * PROBLEMS // BLOCKS, (block + 1) * PROBLEMS // BLOCKS):
        made, questions = questions_of(seed)
        chance = Random(seed)
        for question in questions:
            assert is_expected(question.right, expected(made, question)), (seed, question.text, question.right)
            right_is_right(question, chance, seed)
            mistakes_are_diagnosed(question, chance, seed)
            nothing_is_made_up(question, chance, seed)


def right_is_right(question, chance: Random, seed: int) -> None:
    """The right answer is accepted."""
    text = written(question.kind.form, question.right, chance)
    assert mark(question, text).verdict is Verdict.RIGHT, (seed, question.text, question.right, text)


def mistakes_are_diagnosed(question, chance: Random, seed: int) -> None:
    """Each is told, with all others that give the same."""
    for wrong in question.wrong:
        text = written(question.kind.form, wrong.value, chance)
        marked = mark(question, text)
        assert marked.verdict is Verdict.MISTAKE, (seed, question.text, question.right, wrong, text)
        assert set(wrong.words) <= set(marked.mistakes), (seed, question.text, wrong, text)


def nothing_is_made_up(question, chance: Random, seed: int) -> None:
    """Other answers are wrong without a mistake."""
    for _ in range(4):
        given = other_answer(question, chance)
        known = [question.right, *(wrong.value for wrong in question.wrong)]
        if any(is_same(each, given, question.slack) for each in known):
            continue
        text = written(question.kind.form, given.value, chance)
        marked = mark(question, text)
        assert marked.verdict is Verdict.UNKNOWN, (seed, question.text, text, marked)
        assert marked.mistakes == ()


def other_answer(question, chance: Random) -> Given:
    """Any answer of the form of a question."""
    right = question.right
    match question.kind.form:
        case Form.SLICES:
            starts = [each[0] + chance.randint(-3, 3) for each in right]
            return Given(tuple(range(start, start + chance.randint(1, 6)) for start in starts))
        case Form.SHAPE:
            return Given(tuple(max(1, each + chance.randint(-2, 3)) for each in right))
        case Form.TRUTH:
            return Given(right)
        case Form.COUNT:
            return Given(chance.randint(1, 500))
    return Given(chance.randint(-300, 300))


@pytest.mark.slow
def test_every_kind_and_every_mistake_is_met():
    """The first 200 problems have questions of every kind about one convolution, and all mistakes of the table."""
    kinds, words = set(), set()
    for seed in range(200):
        for question in questions_of(seed)[1]:
            kinds.add(question.kind.name)
            words.update(each for wrong in question.wrong for each in wrong.words)
    assert kinds == {name for name, kind in KINDS.items() if not kind.of_layers} - {"field"}
    assert words >= {
        "the kernel turned by 180°", "the kernel not turned", "the padding forgotten", "the padding read as zeros",
        "rows and columns exchanged", "rows and columns of the kernel exchanged", "the stride ignored",
        "the dilation ignored", "the bias forgotten", "the scale of the kernel forgotten", "the channels not summed",
        "one filter taken for all", "the groups ignored", "off by one at the end of a slice",
    }  # fmt: skip
    assert {name for kind in KINDS.values() for name in kind.mistakes} == set(MISTAKES)


# Mistakes against the reference --------------------------------------------------------------------------------------


def mistaken(made, name, spot):  # noqa: C901, PLR0912 - a case for each mistake
    """The cell that a mistake gives, by the loops of the reference on arrays that are changed by hand."""
    cells, weight, bias, scale, arguments = made
    rank, place = weight.ndim - 2, spot.place
    match name:
        case "the kernel turned by 180°" | "the kernel not turned":
            arguments = arguments | {"flip": not arguments["flip"]}
        case "the padding forgotten":
            arguments = arguments | {"padding": [[0, 0]] * rank}
        case "the padding read as zeros":
            arguments = arguments | {"mode": "constant"}
        case "rows and columns exchanged":
            place = (*place[:-2], place[-1], place[-2])
        case "rows and columns of the kernel exchanged":
            weight = weight.swapaxes(-1, -2)
        case "the stride ignored":
            arguments = arguments | {"stride": [1] * rank}
        case "the dilation ignored":
            arguments = arguments | {"dilation": [1] * rank}
        case "the bias forgotten":
            bias = None
        case "the scale of the kernel forgotten":
            scale = [Fraction(1)] * len(scale)
        case "off by one at the end of a slice":
            weight = weight.copy()
            for axis in range(2, weight.ndim):
                if weight.shape[axis] > 1:
                    np.moveaxis(weight, axis, 0)[0 if arguments["flip"] else -1] = 0
        case "the channels not summed":
            alone = [np.zeros_like(weight) for _ in range(weight.shape[1])]
            for plane, kept in enumerate(alone):
                kept[:, plane] = weight[:, plane]
            return [cell((cells, kept, bias, scale, arguments), place, spot.channel, spot.sample) for kept in alone]
        case "one filter taken for all":
            found = []
            for number in range(len(weight)):
                one = weight.copy()
                one[spot.channel] = weight[number]
                scales, biases = list(scale), list(bias or [0] * len(weight))
                scales[spot.channel], biases[spot.channel] = scale[number], biases[number]
                found.append(cell((cells, one, biases, scales, arguments), place, spot.channel, spot.sample))
            return found
    return [cell((cells, weight, bias, scale, arguments), place, spot.channel, spot.sample)]


@pytest.mark.slow
def test_the_numbers_of_mistakes_are_those_of_the_reference():
    """What a mistake gives for a cell is computed: the same by loops on arrays with that mistake, in 300 problems."""
    seen = set()
    for seed in range(300):
        made, questions = questions_of(seed)
        for question in (each for each in questions if each.kind.name == "cell"):
            for wrong in question.wrong:
                for words in wrong.words:
                    wanted = [float(each) for each in mistaken(made, words, question.asked.spot) if each is not None]
                    assert float(wrong.value) in wanted, (seed, question.text, words, wrong.value, wanted)
                    seen.add(words)
    assert len(seen) == 13


# Answers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("1:4, 0:3", [range(1, 4), range(3)]),
        ("[1:4, 0:3]", [range(1, 4), range(3)]),
        ("I[1:4,:3]", [range(1, 4), range(3)]),
        ("1:4,0:3,", [range(1, 4), range(3)]),
        ("rows 1 to 3, columns 0 to 2", [range(1, 4), range(3)]),
        ("columns 0 to 2 and rows 1 to 3", [range(1, 4), range(3)]),
        ("Rows: 1-3; cols: 0-2", [range(1, 4), range(3)]),
        ("rows 1, 2, 3, columns 0, 1, 2", [range(1, 4), range(3)]),
        ("row 1, column -1", [range(1, 2), range(-1, 0)]),
        ("-1:2, -1 to 1", [range(-1, 2), range(-1, 2)]),
        ("-1–1, −2..0", [range(-1, 2), range(-2, 1)]),
        ("slice(1, 4), slice(0, 3)", [range(1, 4), range(3)]),
        ("0:5:2, 0 to 4 in steps of 2", [range(0, 5, 2), range(0, 5, 2)]),
        ("[0, 2, 4], [1, 3]", [range(0, 5, 2), range(1, 4, 2)]),
        ("1:4 x 0:3", [range(1, 4), range(3)]),
        ("(1:4), (0:3)", [range(1, 4), range(3)]),
    ],
)
def test_slices_in_several_spellings(text, ranges):
    """As in Python, in words, by name in any order, and one by one."""
    assert list(read_answer(Form.SLICES, text, 2).value) == ranges


@pytest.mark.parametrize(
    "text", ["3x3x8", "3×3×8", "(3, 3, 8)", "[3,3,8]", "3 3 8", "torch.Size([3, 3, 8])", "3 by 3 by 8", "3 * 3 * 8"]
)
def test_shapes_in_several_spellings(text):
    """With any sign between, in any brackets."""
    assert read_answer(Form.SHAPE, text, 2).value == (3, 3, 8)


@pytest.mark.parametrize(
    ("text", "value"),
    [("73,856", 73856), ("73 856", 73856), ("73856", 73856), ("73'856", 73856), ("73856.0", 73856), ("64*9+1", 577)],
)
def test_counts_in_several_spellings(text, value):
    """With what parts thousands, and as a sum that is worked out."""
    assert read_answer(Form.COUNT, text, 2).value == value


@pytest.mark.parametrize(
    ("right", "text", "verdict"),
    [
        (Fraction(1, 9), "1/9", True),
        (Fraction(1, 9), "2/18", True),
        (Fraction(1, 9), "0.111", True),
        (Fraction(1, 9), "0.11", False),
        (Fraction(1, 9), "0.112", False),
        (Fraction(1, 8), "0.125", True),
        (Fraction(1, 8), ".125", True),
        (Fraction(5, 2), "2.5", True),
        (160, "160.0", True),
        (160, "1.6e2", True),
        (160, "159.9", False),
        (160, "160.004", False),
        (-3, "−3", True),
        (1 / 3, "0.333333", True),
        (1 / 3, "1/3", True),
        (0.1 + 0.2, "0.3", True),
        (2 / 3, "0.667", True),
        (2 / 3, "0.66", False),
        (range(2, 4), "3", True),
        (range(2, 4), "4", False),
    ],
)
def test_numbers_that_are_the_same(right, text, verdict):
    """Fractions exactly, or rounded to 3 digits or more; whole numbers exactly; floats within rounding."""
    form = Form.COUNT if isinstance(right, range) else Form.NUMBER
    assert is_same(right, read_answer(form, text, 2)) is verdict


@pytest.mark.parametrize(
    ("form", "text", "message", "hint"),
    [
        (Form.NUMBER, "two", "expected a number, got 'two'", "240, -1/9"),
        (Form.NUMBER, "nan", "expected a number, got 'nan'", "240, -1/9"),
        (Form.NUMBER, "1,5", "expected a number, got '1,5'", "write 1.5"),
        (Form.NUMBER, "1/0", "division by zero", "240, -1/9"),
        (Form.NUMBER, "9" * 501, "an answer of 501 characters", "240, -1/9"),
        (Form.COUNT, "2.5", "expected a whole number, got '2.5'", "1792"),
        (Form.SHAPE, "large", "expected a shape, got 'large'", "3x3"),
        (Form.SHAPE, "3", "expected a shape of 3 numbers", "3x3"),
        (Form.SHAPE, "-1x3x3", "expected a shape, got '-1x3x3'", "3x3"),
        (Form.SLICES, "1:4", "expected 2 slices, one for each axis, got 1", "1:4"),
        (Form.SLICES, "4:1, 0:3", "the slice '4:1' is empty", "the first cell comes before"),
        (Form.SLICES, "1:4:0, 0:3", "expected a step of at least 1", "1:4"),
        (Form.SLICES, "rows 1 to 3", "expected slices of row, column", "1:4"),
        (Form.SLICES, "rows 1 to 3, rows 1 to 3", "expected slices of row, column", "1:4"),
        (Form.SLICES, "0, 1, 4; 1:2", "cells that are not evenly spaced", "1:4"),
        (Form.SLICES, "the middle", "expected 2 slices", "1:4"),
        (Form.SLICES, "a:b, c:d", "expected slices, got", "1:4"),
        (Form.TRUTH, "perhaps", "expected yes or no, got 'perhaps'", "yes or no"),
    ],
)
def test_what_is_no_answer(form, text, message, hint):
    """It is said what was expected, and how an answer is written."""
    with pytest.raises(FieldError) as caught:
        read_answer(form, text, 2)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("form", list(Form))
def test_no_text_breaks_a_reader(form):
    """Random texts of the signs that answers have are read, or refused in words of ours."""
    chance = Random(5)
    signs = [
        "1",
        "0",
        "23",
        "-",
        ":",
        ",",
        " ",
        "(",
        ")",
        "[",
        "]",
        "x",
        "×",
        "to",
        "rows",
        "columns",
        ".",
        "/",
        ";",
        "e",
        "=",
        "−",
        "999999999999999999",
        "slice(",
        "steps of",
        "\t",
        "é",
    ]
    for _ in range(3000):
        text = "".join(chance.choice(signs) for _ in range(chance.randint(1, 12)))
        try:
            read_answer(form, text, 2)
        except ConvcalcError as error:
            assert error.message


# Drawing -------------------------------------------------------------------------------------------------------------


def gradient():
    """The built-in example."""
    return convcalc.load(Path(__file__).parents[1] / "examples" / "gradient.yaml")


def test_the_documents_questions():
    """The slice at (1, 1) of the 5×5 gradient, and the parameters of a layer from 64 to 128 channels."""
    quiz = draw(subjects_of(gradient()), Choice(9, ["slice"]))
    (asked,) = [each for each in quiz.questions if each.asked.spot.place == (1, 1)]
    assert asked.text == "At output row 1, column 1, which slice of the input does the 3×3 kernel cover?"
    assert mark(asked, "1:4, 1:4").verdict is Verdict.RIGHT
    assert mark(asked, "1:3, 1:3").mistakes == ("off by one at the end of a slice",)
    layer = convcalc.build_problem(np.zeros((1, 64, 5, 5)), np.zeros((128, 64, 3, 3)), np.zeros(128))
    (count,) = draw(subjects_of(network_of(layer)), Choice(1, ["parameters"])).questions
    assert mark(count, "73,856").verdict is Verdict.RIGHT
    assert mark(count, "73728").mistakes == ("the bias forgotten",)
    assert mark(count, "1,280").mistakes == ("the channels not summed",)
    assert mark(count, "577").mistakes == ("one filter taken for all",)


def test_a_seed_draws_the_same_and_another_others():
    """Also in another process: the drawing depends on nothing but the seed."""
    subjects = subjects_of(network_of(built(*random_problem(3))))
    assert draw(subjects, Choice(12, seed=1)).mark == draw(subjects, Choice(12, seed=1)).mark
    assert draw(subjects, Choice(12, seed=1)).mark != draw(subjects, Choice(12, seed=2)).mark
    questions = draw(subjects, Choice(12, seed=1)).questions
    assert [each.kind.level for each in questions] == sorted(each.kind.level for each in questions)
    assert [each.number for each in questions] == list(range(1, 13))
    assert len({each.text for each in questions}) == len(questions)
