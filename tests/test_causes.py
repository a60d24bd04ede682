"""Why a matrix from elsewhere differs: each change alone and together, told by the numbers, with flags that do it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.build import build_problem
from convcalc.causes.explanation import Explanation, explained
from convcalc.causes.hypotheses import Question
from convcalc.causes.peers import peers_giving
from convcalc.causes.probe import Probe
from convcalc.causes.reading import given_of
from convcalc.causes.search import search_causes
from convcalc.conventions.applied import computed
from convcalc.conventions.table import CONVENTIONS
from convcalc.errors import ConvcalcError

RANDOM = np.random.default_rng(5)
IMAGE = RANDOM.integers(0, 256, (9, 8))
KERNEL = np.array([[3, -1, 2], [0, 5, -4], [1, 2, -3]])
EVEN = np.array([[1, 2], [3, -4]])


def correlated(image, kernel, before=(0, 0), size=None, border="constant", stride=1, dilation=1):
    """Sums written out with two loops over the kernel: windows begin ``before`` cells outside."""
    reach = [dilation * (taps - 1) + 1 for taps in kernel.shape]
    counts = size or [cells - each + 1 for cells, each in zip(image.shape, reach, strict=True)]
    after = [
        (n - 1) * stride + each - cells - b
        for n, each, cells, b in zip(counts, reach, image.shape, before, strict=True)
    ]
    padded = np.pad(image, [(max(b, 0), max(a, 0)) for b, a in zip(before, after, strict=True)], mode=border)
    padded = padded[max(-before[0], 0) :, max(-before[1], 0) :]
    total = 0
    for row in range(kernel.shape[0]):
        for column in range(kernel.shape[1]):
            rows = slice(row * dilation, row * dilation + (counts[0] - 1) * stride + 1, stride)
            columns = slice(column * dilation, column * dilation + (counts[1] - 1) * stride + 1, stride)
            total = total + kernel[row, column] * padded[rows, columns]
    return total


def explanation(got, image=IMAGE, kernel=KERNEL, **settings) -> Explanation:
    """Of a matrix from an image and a kernel without channels, or arrays with them."""
    cells = image[None, None] if image.ndim == 2 else image[None]
    weight = kernel[None, None] if kernel.ndim == 2 else kernel
    problem = build_problem(cells, weight, **settings)
    question = Question(problem, given_of(np.asarray(got), problem))
    return explained(question, drawn)


def drawn(probe: Probe):
    """The numbers of an offered input."""
    return np.random.default_rng(probe.seed).integers(0, 255, probe.shape, endpoint=True)


def words(got, **settings) -> list[str]:
    """Of every exact cause."""
    return [each.words for each in explanation(got, **settings).causes]


SAME = {"before": (1, 1), "size": (9, 8)}
CASES = {
    "nothing differs": correlated(IMAGE, KERNEL),
    "the kernel is turned by 180°": correlated(IMAGE, KERNEL[::-1, ::-1]),
    "the kernel is transposed": correlated(IMAGE, KERNEL.T),
    "the kernel's rows are upside down": correlated(IMAGE, KERNEL[::-1]),
    "the kernel's columns are mirrored": correlated(IMAGE, KERNEL[:, ::-1]),
    "the input is transposed (rows and columns exchanged)": correlated(IMAGE.T, KERNEL),
    "the input is upside down": correlated(IMAGE[::-1], KERNEL),
    "the output is transposed (rows and columns exchanged)": correlated(IMAGE, KERNEL).T,
    "the padding is same": correlated(IMAGE, KERNEL, **SAME),
    "the padding is full": correlated(IMAGE, KERNEL, (2, 2), (11, 10)),
    "the padding is same, the border is reflect": correlated(IMAGE, KERNEL, **SAME, border="reflect"),
    "the padding is same, the border is circular": correlated(IMAGE, KERNEL, **SAME, border="wrap"),
    "the padding is same, the border is replicate": correlated(IMAGE, KERNEL, **SAME, border="edge"),
    "divided by the sum of the kernel": correlated(IMAGE, KERNEL) / 5,
    "divided by the sum of the kernel's magnitudes": correlated(IMAGE, KERNEL) / 21,
    "divided by 255": correlated(IMAGE, KERNEL) / 255,
    "multiplied by 65535": correlated(IMAGE, KERNEL) * 65535,
    "128 is added": correlated(IMAGE, KERNEL) + 128,
    "divided by 8, rounded down": correlated(IMAGE, KERNEL) // 8,
    "divided by 8, cut off towards zero": np.trunc(correlated(IMAGE, KERNEL) / 8),
    "divided by 8, rounded half to even": np.rint(correlated(IMAGE, KERNEL) / 8),
    "divided by 8, rounded half up": np.floor(correlated(IMAGE, KERNEL) / 8 + 0.5),
    "saturated to uint8": correlated(IMAGE, KERNEL).clip(0, 255),
    "wrapped round in uint8": correlated(IMAGE, KERNEL) % 256,
    "wrapped round in int16": (100 * correlated(IMAGE, KERNEL)).astype(np.int16),
    "the magnitude is taken": np.abs(correlated(IMAGE, KERNEL)),
    "negative numbers are 0": correlated(IMAGE, KERNEL).clip(0),
    "multiplied by 0.37, a factor that no convention has": correlated(IMAGE, KERNEL) * 0.37,
}


def test_one_changed_convention_is_told_in_words() -> None:
    """Each of them, computed by loops of the test's own, is the first cause, and the only one of so few changes."""
    for said, got in CASES.items():
        kernel = 100 * KERNEL if "int16" in said else KERNEL
        found = words(got, kernel=kernel)
        assert said in found, (said, found)
        assert len(found) <= 2, (said, found)


def test_three_changes_together_are_told() -> None:
    """Turned, with another border and cut off: from the numbers alone."""
    got = correlated(IMAGE, KERNEL[::-1, ::-1], **SAME, border="reflect").clip(0, 255)
    said = "the kernel is turned by 180°, the padding is same, the border is reflect, saturated to uint8"
    assert words(got) == [said]
    later = correlated(IMAGE, EVEN, (0, 0), (9, 8), border="symmetric")
    assert "the padding is same, the border is symmetric" in words(later, kernel=EVEN)
    earlier = correlated(IMAGE, EVEN, (1, 1), (9, 8), border="symmetric")
    assert "the padding is same-lower, the border is symmetric" in words(earlier, kernel=EVEN)


def test_strides_and_dilations_that_are_lost() -> None:
    """The size says it."""
    assert words(correlated(IMAGE, KERNEL), stride=2) == ["the stride is 1"]
    assert words(correlated(IMAGE, KERNEL), dilation=2) == ["the dilation is lost"]
    upper = correlated(IMAGE[:8], KERNEL, (0, 0), (4, 4), stride=2)
    assert words(upper, image=IMAGE[:8], stride=2, padding=1) == ["the padding is same"]
    strided = correlated(IMAGE, KERNEL, (1, 1), (5, 4), stride=2)  # 9 rows, 8 columns
    assert words(strided) == ["the stride is 2, the padding is same-lower"]


def test_channels() -> None:
    """In another order, apart, averaged, one alone; biases that are missing."""
    image, kernel = RANDOM.integers(0, 256, (3, 7, 6)), RANDOM.integers(-4, 5, (1, 3, 2, 2))
    planes = np.stack([correlated(each, weights) for each, weights in zip(image, kernel[0], strict=True)])
    swapped = sum(correlated(each, weights) for each, weights in zip(image[::-1], kernel[0], strict=True))
    both = {"image": image, "kernel": kernel}
    assert words(swapped, **both) == ["the input's channels are BGR instead of RGB"]
    assert words(planes, **both) == ["each channel is convolved apart"]
    assert words(planes.transpose(1, 2, 0), **both) == ["each channel is convolved apart"]
    assert "the channels are averaged instead of summed" in words(planes.sum(0) / 3, **both)
    assert words(planes[1], **both) == ["only channel 1 of the input is taken"]
    assert words(planes.sum(0), **both, bias=7) == ["the bias is missing"]
    apart = {"image": image, "kernel": np.stack([KERNEL[:2, :2][None]] * 3), "groups": 3}
    each = np.stack([correlated(plane, KERNEL[:2, :2]) for plane in image])
    assert words(each[::-1], **apart)[0].endswith("channels are BGR instead of RGB")
    assert words(each.sum(0), **apart) == ["the channels are summed"]


def test_narrow_floats_and_printed_digits() -> None:
    """Sums in float16 are told as such; numbers with few decimals are compared to those."""
    exact = correlated(IMAGE / 7, KERNEL)
    half = explanation(exact.astype(np.float16), image=IMAGE / 7)
    assert half.agrees
    assert half.found[0].note == "float16"
    printed = explanation(np.round(exact[::-1] / 5, 3), image=IMAGE / 7)
    assert printed.question.given.decimals == 3
    assert [each.words for each in printed.causes] == ["divided by the sum of the kernel, the output is upside down"]


def test_what_is_only_near_is_told_with_its_pattern() -> None:
    """The cells that differ, and what they have in common."""
    plain = correlated(IMAGE, KERNEL, **SAME)
    wrong = plain.copy()
    wrong[3] += 1
    patterns = {
        "only row 3 differs, each by +1": wrong,
        "only the outermost cells of the border differ, all of them 77 there": np.pad(
            plain[1:-1, 1:-1], 1, constant_values=77
        ),
        "a single cell differs, all of them nan": np.where(np.arange(72).reshape(9, 8) == 30, np.nan, plain),
    }
    for pattern, got in patterns.items():
        near = explanation(got, padding="same").near
        assert near is not None
        assert near.pattern == pattern
        assert not near.cause.changes
    assert explanation(RANDOM.integers(0, 256, (40, 40))).near is None
    assert explanation([[20]], image=IMAGE[:1], kernel=KERNEL[:1]).question.given.cells.shape == (1, 1, 1, 1)


def test_an_input_that_cannot_tell_is_answered_by_one_that_can() -> None:
    """A flat image: all the same. The offered one gives another result for each."""
    flat = np.full((9, 8), 10)
    found = explanation(correlated(flat, KERNEL), image=flat)
    assert found.agrees
    others = [each.cause.words for each in found.others]
    assert "the kernel is turned by 180°" in others
    assert "the kernel is transposed" in others
    assert found.probe is not None
    offered = np.random.default_rng(found.probe.seed).integers(0, 256, found.probe.shape)[0]
    assert (correlated(offered, KERNEL) != correlated(offered, KERNEL[::-1, ::-1])).any()
    symmetric = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    assert explanation(correlated(IMAGE, symmetric), kernel=symmetric).others == ()


PROBLEM = "input: {input}\nkernel: {kernel}\n"


def written(cli: CommandLine, image=IMAGE, kernel=KERNEL, more="") -> None:
    """The problem as a file."""
    cli.write({"p.yaml": PROBLEM.format(input=image.tolist(), kernel=kernel.tolist()) + more})


def test_the_flags_of_a_cause_make_convcalc_do_it(cli: CommandLine) -> None:
    """Every cause that flags reach, computed anew with them, is the matrix."""
    number = 0
    for before, more in (((0, 0), ""), ((1, 0), "flip: true"), ((0, 1), ""), ((1, 1), "flip: true")):
        written(cli, kernel=EVEN, more=more)
        for border in ("constant", "reflect", "wrap"):
            for kernel in (EVEN, EVEN[::-1, ::-1], EVEN[::-1] / 2):
                got = correlated(IMAGE, kernel, before, (9, 8), border)
                np.save(cli.folder / "got.npy", got)
                done = cli.run("explain", "p.yaml", "--got", "got.npy", "--format", "json")
                for cause in json.loads(done.out)["causes"]:
                    if all(change["flags"] for change in cause["changes"]):
                        flags = [part for flag in cause["flags"] for part in shlex.split(flag)]
                        made = cli.run("run", "p.yaml", *flags, "--format", "csv").out
                        assert np.array_equal(np.loadtxt(made.splitlines(), delimiter=","), got), cause
                        number += 1
    assert number >= 36


def test_a_page_names_the_cause_and_the_flags(cli: CommandLine) -> None:
    """From a file, from numbers, and from standard input."""
    written(cli)
    turned = correlated(IMAGE, KERNEL[::-1, ::-1])
    np.savetxt(cli.folder / "got.csv", turned, delimiter=",", fmt="%d")
    argv = [sys.executable, "-m", "convcalc", "explain", str(cli.folder / "p.yaml")]
    with (cli.folder / "got.csv").open() as stream:
        piped = subprocess.run(argv, stdin=stream, capture_output=True, text=True, encoding="utf-8", check=True)
    for page in (
        cli.run("explain", "p.yaml", "--got", "got.csv").out,
        cli.run("explain", "p.yaml", "--got", json.dumps(turned.tolist())).out,
        piped.stdout,
    ):
        assert "Exactly what comes out with 1 change:\n• the kernel is turned by 180°\n  --convolve\n" in page
    nothing = cli.run("explain", "p.yaml", "--got", "[[1, 2], [3, 4]]")
    assert nothing.code == 1
    assert "No combination of known conventions gives exactly this." in nothing.out


def test_a_failing_expectation_says_the_likely_cause(cli: CommandLine) -> None:
    """In one line, with the flag; also where a run finds it."""
    turned = correlated(IMAGE, KERNEL[::-1, ::-1]).tolist()
    written(cli, more=f"expect: {turned}\n")
    line = "as if the kernel is turned by 180°: --convolve"
    done = cli.run("check", "p.yaml", "--format", "plain")
    assert done.code == 1
    assert f"p.yaml: {line}\n" in done.out
    assert line in " ".join(cli.run("run", "p.yaml", "--format", "plain").out.split())
    assert json.loads(cli.run("check", "p.yaml", "--format", "json").out)["files"][0]["likely_cause"] == line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "there is no matrix to explain\nhint: --got other.npy, or the numbers on standard input"),
        ("--got number.npy", "--got: the matrix is a single number, the output 1×1×"),
        ("--got [[[[[1]]],[[[2]]]]]", "--got: the matrix has 2 samples, the input 1"),
        ("--got [[nan,nan]]", "--got: every cell of the matrix is nan: there is nothing to compare"),
        ("--got nowhere.npy", "nowhere.npy"),
    ],
)
def test_what_cannot_be_explained_is_refused(cli: CommandLine, arguments: str, message: str) -> None:
    """With what is needed instead."""
    written(cli)
    np.save(cli.folder / "number.npy", np.array(3))
    done = cli.run("explain", "p.yaml", *arguments.split())
    assert done.code in (1, 2)
    assert message in done.err


def test_a_convolution_of_a_network_is_explained(cli: CommandLine) -> None:
    """The layer that is named, on what the layers before it give; any other kind is refused."""
    cli.write(
        {
            "n.yaml": (
                f"input: {IMAGE[None].tolist()}\nlayers:\n  - relu\n"
                f"  - conv: {{name: c, weight: {KERNEL[None, None].tolist()}, bias: false}}\n  - relu: {{name: last}}\n"
            )
        }
    )
    np.save(cli.folder / "got.npy", correlated(IMAGE, KERNEL[::-1, ::-1]))
    done = cli.run("explain", "n.yaml", "--layer", "c", "--got", "got.npy")
    assert "• the kernel is turned by 180°" in done.out, done.err
    refused = cli.run("explain", "n.yaml", "--got", "got.npy")
    assert "explain takes a convolution, last is relu\nhint: --layer c" in refused.err


def test_the_functions_that_give_a_matrix_are_named(cli: CommandLine) -> None:
    """SciPy's own numbers name SciPy's function; sums that only a function's own rules give are explained by it."""
    ndimage = pytest.importorskip("scipy.ndimage")
    written(cli, kernel=EVEN)
    np.save(cli.folder / "got.npy", ndimage.convolve(IMAGE, EVEN))
    data = json.loads(cli.run("explain", "p.yaml", "--got", "got.npy", "--format", "json").out)
    assert "scipy.ndimage.convolve" in data["peers"]
    assert "scipy.ndimage.correlate" not in data["peers"]
    assert "so does  scipy.ndimage.convolve" in cli.run("explain", "p.yaml", "--got", "got.npy").out


def test_the_flag_that_computes_as_a_function_is_named_and_does_it(cli: CommandLine) -> None:
    """Where no flag does a change; not where the file itself says where windows stand."""
    got = correlated(IMAGE, KERNEL, (1, 1), IMAGE.shape, "reflect").clip(0, 255)
    np.save(cli.folder / "got.npy", got)
    written(cli)
    flags = json.loads(cli.run("explain", "p.yaml", "--got", "got.npy", "--format", "json").out)["like"]
    assert flags == ["--like cv2.filter2D"]
    page = " ".join(cli.run("explain", "p.yaml", "--got", "got.npy").out.split())
    assert f"no flag for: saturated to uint8; the same numbers: {flags[0]}" in page
    assert page.count(flags[0]) == 2
    made = cli.run("run", "p.yaml", *shlex.split(flags[0]), "-o", "made.npy")
    assert made.code == 0, made.err
    assert np.array_equal(np.load(cli.folder / "made.npy").squeeze(), got)
    written(cli, more="padding: 1\n")
    assert "--like" not in cli.run("explain", "p.yaml", "--got", "got.npy").out


def test_the_cause_of_a_difference_between_two_programs_is_found() -> None:
    """Of every function by whose convention random problems are computed: its numbers alone tell the changes.

    What is found gives every cell, by its construction; so what is counted is that something is found.
    """
    random, found, number = np.random.default_rng(11), 0, 0
    for convention in CONVENTIONS.values():
        image, kernel = random.integers(0, 256, (9, 10)), random.integers(-3, 8, (3, 3))
        problem = build_problem(image[None, None], kernel[None, None])
        try:
            made = computed(problem, convention)
        except ConvcalcError:
            continue  # it takes no such kernel
        question = Question(problem, given_of(made, problem))
        number += 1
        found += bool(search_causes(question).found or peers_giving(question))
    assert number > 30
    assert found == number
