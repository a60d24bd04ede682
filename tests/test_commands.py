"""What the commands do: which spelling means what, what beats what, and that large runs stay small."""

from __future__ import annotations

import json
import os
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from convcalc import ENGINES

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
KERNELS = sorted((ROOT / "kernels").glob("*.yaml"))
GRADIENT = np.outer(np.arange(1, 6), np.arange(10, 60, 10))


def exact(value):
    """Nested lists with every fraction as a fraction."""
    if isinstance(value, list):
        return [exact(each) for each in value]
    return Fraction(value) if isinstance(value, str) else value


class Commands:
    """Runs problems and reads their JSON."""

    def __init__(self, cli):
        self.cli = cli

    def document(self, *argv):
        done = self.cli.run(*argv, "--format", "json")
        assert (done.code, done.err) == (0, "")
        return json.loads(done.out)

    def problem(self, text, *argv):
        self.cli.write({"f.yaml": text})
        return self.document("run", "f.yaml", *argv)

    def output(self, text, *argv):
        return exact(self.problem(text, *argv)["output"])


@pytest.fixture
def commands(cli):
    """The command line with its JSON read."""
    return Commands(cli)


# --- the default, the file, the flags


def test_without_a_file_it_is_the_gradient(commands):
    """The default problem is the one of examples/gradient.yaml."""
    assert commands.document("run")["output"] == [[[[160] * 3, [240] * 3, [320] * 3]]]


OVERRIDES = [
    ("stride", "2", ("stride", [2, 2])),
    ("stride", "2,1", ("stride", [2, 1])),
    ("padding", "1", ("padding", [[1, 1], [1, 1]])),
    ("padding", "same", ("padding", [[1, 1], [1, 1]])),
    ("padding", "[[1,2],[0,3]]", ("padding", [[1, 2], [0, 3]])),
    ("dilation", "2", ("dilation", [2, 2])),
    ("boundary", "reflect", ("boundary", "reflect")),
    ("boundary", "7", ("boundary", "constant 7")),
    ("dtype", "float64", ("dtype", "float64")),
]


@pytest.mark.parametrize(("flag", "value", "expected"), OVERRIDES, ids=str)
def test_a_flag_beats_the_file(commands, flag, value, expected):
    """What the file says holds until a flag says otherwise."""
    text = "input: {arange: [7, 7]}\nkernel: sobel-x\nstride: 3\npadding: 4\ndilation: 1\nboundary: circular\n"
    key, wanted = expected
    assert commands.problem(text)[key] != wanted
    assert commands.problem(text, f"--{flag}", value)[key] == wanted


def test_switches_and_lists_beat_the_file_too(commands):
    """--kernel, --bias, --groups, --dims, --depthwise and --convolve replace the fields of the file."""
    text = "dims: 2\ninput: {arange: [2, 3, 3]}\nkernel: {ones: [2, 2]}\nbias: 1\n"
    assert commands.output(text) == [[[[53, 61], [77, 85]]]]
    assert commands.output(text, "--kernel", "[[1]]", "--bias", "100")[0][0][0] == [109, 111, 113]
    assert commands.output(text, "--depthwise")[0][0] == [[9, 13], [21, 25]]
    two = commands.output(text, "--groups", "2", "--kernel", "[[[[1]]],[[[2]]]]", "--bias", "0,1/2")
    assert [plane[0] for plane in two[0]] == [[0, 1, 2], [18.5, 20.5, 22.5]]
    assert commands.output(text, "--dims", "1", "--kernel", "[1, 0, -1]")[1] == [[1 - 6]]
    assert commands.output(text, "--kernel", "[[1, 0]]", "--convolve", "--bias", "0")[0][0][0] == [11, 13]


def test_several_kernels_give_several_channels(commands):
    """Each --kernel is one output channel, whatever way it is spelt."""
    found = commands.document(
        "run", "--kernel", "identity", "--kernel", "box:3", "--kernel", "[[0,0,0],[0,2,0],[0,0,0]]"
    )
    inner = GRADIENT[1:-1, 1:-1]
    assert found["output"] == [[inner.tolist(), inner.tolist(), (2 * inner).tolist()]]
    assert found["kernel"]["names"] == ["identity", "box:3"]


def test_flags_of_one_value_take_the_last(commands):
    """A flag given twice has its last value, as everywhere on the command line."""
    assert commands.document("run", "--stride", "3", "--stride", "2")["stride"] == [2, 2]


# --- the kernel library


def _kernel(number):
    return f"weights: [[{number}]]\n"


def test_params_takes_padding_before_and_after(cli):
    """Pairs for each axis; a kernel that reaches over 19 cells is no fault where no input is spoken of."""
    argv = ["params", "--cin", "1", "--cout", "1", "-k", "3", "--dilation", "9", "--format", "json"]
    sized = json.loads(cli.run(*argv, "--padding", "[[1,2],[0,0]]", "--size", "20x19").out)
    assert sized["output_shape"] == [1, 5, 1]
    assert json.loads(cli.run(*argv, "--padding", "[[1,2],[0,0]]").out)["parameters"] == 10


def test_nearer_folders_hide_farther_ones(commands, monkeypatch):
    """--kernels comes before CONVCALC_KERNELS, that before the user's own folder, that before what is shipped."""
    cli = commands.cli
    cli.write({"near/box.yaml": _kernel(1), "far/box.yaml": _kernel(2), "home/convcalc/kernels/box.yaml": _kernel(3)})
    value = ["run", "--kernel", "box"]
    assert commands.document(*value)["kernel"]["shape"] == [1, 1, 3, 3]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(cli.folder / "home"))
    assert commands.document(*value)["kernel"]["weight"] == [[[[3]]]]
    monkeypatch.setenv("CONVCALC_KERNELS", "far")
    assert commands.document(*value)["kernel"]["weight"] == [[[[2]]]]
    assert commands.document(*value, "--kernels", "near")["kernel"]["weight"] == [[[[1]]]]
    monkeypatch.setenv("CONVCALC_KERNELS", os.pathsep.join(["near", "far"]))
    assert commands.document(*value)["kernel"]["weight"] == [[[[1]]]]
    assert commands.document("run", "--kernel", "sobel-x")["kernel"]["shape"] == [1, 1, 3, 3]


def test_own_kernels_are_listed_and_checked_with(commands):
    """The folders hold for every command that takes a kernel."""
    cli = commands.cli
    cli.write({"own/mine.yaml": "weights: [1, 1]\nscale: 1/2\naliases: [ours]\n"})
    cli.write({"f.yaml": "input: [2, 4]\nkernel: ours\nexpect: [3]\n"})
    listed = commands.document("kernels", "--kernels", "own")["kernels"]
    assert {"mine", "sobel-x"} <= {each["name"] for each in listed}
    assert cli.run("check", "f.yaml", "--kernels", "own").code == 0
    assert cli.run("check", "f.yaml").code == 1


SUMS = {"box": 1, "emboss": 1, "gaussian": 1, "identity": 1, "laplacian": 0, "sharpen": 1, "sobel-x": 0, "sobel-y": 0}


@pytest.mark.parametrize("name", SUMS)
def test_a_kernel_everybody_knows_is_shown(commands, name):
    """Its sum is the known one, its aliases find it too, and it says what it shows and where it comes from."""
    found = commands.document("kernels", name)
    assert found["name"] == name
    assert found["sum"] == SUMS[name]
    assert np.sum(found["weights"]) * Fraction(found["scale"]) == SUMS[name]
    assert all(found[key] for key in ("title", "family", "shows", "source"))
    for alias in found["aliases"]:
        assert commands.document("kernels", alias) == found
    weights = [[str(value) for value in row] for row in found["weights"]]
    page = commands.cli.run("kernels", name, "--format", "plain").out
    assert all(row in [line.split("|")[1].split() for line in page.splitlines() if "|" in line] for row in weights)


def test_every_shipped_kernel_is_listed_once(commands):
    """The list is the folder of kernel files, by family and name."""
    listed = commands.document("kernels")["kernels"]
    assert sorted(each["name"] for each in listed) == sorted(path.stem for path in KERNELS)
    assert listed == sorted(listed, key=lambda each: (each["family"], each["name"]))


NARROW = [("gaussian:3,1e-200", [0, 1, 0]), ("gaussian:4,1e-200", [0, 0.5, 0.5, 0]), ("gaussian:3,1e200", [1 / 3] * 3)]


@pytest.mark.parametrize(("kernel", "weights"), NARROW)
def test_the_narrowest_and_the_widest_gaussian(commands, kernel, weights):
    """Any sigma above 0 gives weights of sum 1, without a warning: an impulse at one end, a box at the other."""
    found = commands.document("kernels", f"{kernel},rank=1")
    np.testing.assert_allclose(np.array(found["weights"]) * float(Fraction(found["scale"])), weights, atol=1e-12)


# --- pairs of equivalent spellings

BASE = "input: {random: [7, 7], seed: 1}\ndims: 2\n"
LINE = "input: {random: [9], seed: 1}\n"
SAME = [
    (BASE, "kernel: 'gaussian:5,1.2'", "kernel: 'gaussian:size=5,sigma=1.2'"),
    (BASE, "kernel: 'gaussian:5,1.2'", "kernel: 'gaussian:sigma=1.2,size=5'"),
    (BASE, "kernel: 'gaussian:5,1.2'", "kernel: {name: gaussian, size: 5, sigma: 1.2}"),
    (BASE, "kernel: 'gaussian:5,1.2'", "kernel: 'gaussian:5x5,6/5'"),
    (BASE, "kernel: 'gauss:5'", "kernel: {name: gaussian, size: [5, 5]}"),
    (BASE, "kernel: gaussian", "kernel: 'gaussian:3'"),
    (BASE, "kernel: gaussian", "kernel: {weights: [[1, 2, 1], [2, 4, 2], [1, 2, 1]], scale: 1/16}"),
    (BASE, "kernel: box", "kernel: {ones: [3, 3], scale: 1/9}"),
    (BASE, "kernel: box", "kernel: [[1/9, 1/9, 1/9], [1/9, 1/9, 1/9], [1/9, 1/9, 1/9]]"),
    (BASE, "kernel: mean", "kernel: 'average:3x3'"),
    (BASE, "kernel: 'box:3x5'", "kernel: {ones: [3, 5], scale: 1/15}"),
    (LINE, "kernel: {name: 'box:3', scale: 1/2}", "kernel: {weights: [1, 1, 1], scale: 1/6}"),
    (BASE, "kernel: sobel-x", "kernel: [sobel-x]"),
    (BASE, "kernel: [identity, box]", "kernel: [identity, {name: box}]"),
    (BASE, "stride: 2", "stride: [2, 2]"),
    (BASE, "stride: 2x1", "stride: [2, 1]"),
    (BASE, "dilation: 2", "dilation: [2, 2]"),
    (BASE, "padding: 2", "padding: [2, 2]"),
    (BASE, "padding: 2", "padding: [[2, 2], [2, 2]]"),
    (BASE, "padding: [1, [0, 2]]", "padding: [[1, 1], [0, 2]]"),
    (BASE, "padding: valid", "padding: 0"),
    (BASE, "padding: same", "padding: 1"),
    (BASE, "padding: full", "padding: 2"),
    (BASE, "kernel: 'box:2'\npadding: same", "kernel: 'box:2'\npadding: [[0, 1], [0, 1]]"),
    (BASE, "kernel: 'box:2'\npadding: same-lower", "kernel: 'box:2'\npadding: [[1, 0], [1, 0]]"),
    (BASE, "padding: 1", "padding: 1\nboundary: zeros"),
    (BASE, "padding: 1", "padding: 1\nboundary: 0"),
    (BASE, "padding: 1\nboundary: 7", "padding: 1\nboundary: {constant: 7}"),
    (BASE, "padding: 1\nboundary: 1/2", "padding: 1\nboundary: {constant: 2/4}"),
    (BASE, "bias: 3", "bias: [3]"),
    (BASE, "bias: 1/2", "bias: 2/4"),
    (BASE, "flip: true", "flip: yes"),
    (BASE, "flip: false", "flip: off"),
    (BASE, "groups: 1", "depthwise: true"),
    (BASE, "groups: 1", "dtype: auto"),
    (LINE, "kernel: 'box:3'", "kernel: [1/3, 1/3, 1/3]"),
    (LINE, "kernel: [1, 2]\npadding: [[1, 2]]", "kernel: [[[1, 2]]]\npadding: [[1, 2]]"),
    (LINE, "kernel: [1, 2]", 'kernel: ["1", "2"]'),
    (LINE, "kernel: [1, 2]", "kernel:\n  - 1\n  - 2"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "one", "other"), SAME, ids=[f"{one} = {other}" for _, one, other in SAME])
def test_two_spellings_of_one_thing(commands, base, one, other):
    """Both give the same output, geometry and weights."""
    first, second = commands.problem(f"{base}{one}\n"), commands.problem(f"{base}{other}\n")
    for key in ("stride", "padding", "dilation", "groups", "boundary", "output_shape", "output"):
        if key in ("output",):
            np.testing.assert_allclose(*(np.array(exact(each[key]), float) for each in (first, second)), rtol=1e-12)
        else:
            assert first[key] == second[key], key


FLAGS = [
    (["--stride", "2"], ["--stride", "2,2"]),
    (["--stride", "2"], ["--stride", "[2, 2]"]),
    (["--stride", "2x1"], ["--stride", "2,1"]),
    (["--padding", "1,0"], ["--padding", "[[1,1],[0,0]]"]),
    (["--boundary", "7", "--padding", "1"], ["--boundary", "{constant: 7}", "--padding", "1"]),
    (["--kernel", "gaussian:5,1.2"], ["--kernel", "{name: gaussian, size: 5, sigma: 1.2}"]),
    (["--kernel", "box:2"], ["--kernel", "{ones: [2, 2], scale: 1/4}"]),
    (["--kernel", "box:2"], ["--kernel=[[1/4, 1/4], [1/4, 1/4]]"]),
    (["--bias", "1/2"], ["--bias", "[1/2]"]),
    (["--bias=-3"], ["--bias", "[-3]"]),
    (["-q"], ["--quiet"]),
]


@pytest.mark.parametrize(("one", "other"), FLAGS, ids=str)
def test_two_spellings_of_one_flag(cli, one, other):
    """Both give the same output."""
    first, second = (cli.run("run", *each, "--format", "csv") for each in (one, other))
    assert first == second
    assert first.code == 0


PARAMS = [("3", "3x3"), ("3", "3,3"), ("3x5", "3,5")]


@pytest.mark.parametrize(("one", "other"), PARAMS)
def test_two_spellings_of_one_layer(cli, one, other):
    """Sizes by axis may be written with x or with commas."""
    first, second = (
        cli.run("params", "--cin", "2", "--cout", "3", "-k", each, "--size", "9", "--format", "json")
        for each in (one, other)
    )
    assert first == second
    assert first.code == 0


# --- which axes are spatial

READINGS = [
    ((9,), (3,), {}, [1, 1, 9], [1, 1, 3]),
    ((9, 9), (3, 3), {}, [1, 1, 9, 9], [1, 1, 3, 3]),
    ((3, 9), (3,), {}, [1, 3, 9], [1, 3, 3]),
    ((3, 9, 9), (3, 3), {}, [1, 3, 9, 9], [1, 3, 3, 3]),
    ((2, 3, 9, 9), (3, 3), {}, [2, 3, 9, 9], [1, 3, 3, 3]),
    ((3, 9, 9), (4, 3, 2, 2), {}, [1, 3, 9, 9], [4, 3, 2, 2]),
    ((2, 9), (4, 2, 3), {"dims": 1}, [1, 2, 9], [4, 2, 3]),
    ((2, 9), (4, 2, 3), {"dims": 2}, [1, 1, 2, 9], [4, 1, 2, 3]),
    ((4, 9, 9), (2, 2, 3, 3), {"groups": 2}, [1, 4, 9, 9], [2, 2, 3, 3]),
    ((3, 9, 9), (3, 1, 2, 2), {"depthwise": "true"}, [1, 3, 9, 9], [3, 1, 2, 2]),
    ((3, 9, 9), (3, 2, 2), {"dims": 2}, [1, 3, 9, 9], [1, 3, 2, 2]),
    ((3, 9, 9), (3, 2, 2), {"dims": 3}, [1, 1, 3, 9, 9], [1, 1, 3, 2, 2]),
    ((9, 9), (5, 3, 3), {"dims": 2}, [1, 1, 9, 9], [5, 1, 3, 3]),
    ((3, 9, 9), (5, 2, 2), {"dims": 2}, [1, 3, 9, 9], [5, 3, 2, 2]),
    ((3, 9, 9), (2, 2, 2), {"dims": 3}, [1, 1, 3, 9, 9], [1, 1, 2, 2, 2]),
    ((3, 9, 9), (2, 2, 2), {"dims": 2}, [1, 3, 9, 9], [2, 3, 2, 2]),
]


@pytest.mark.parametrize(("cells", "taps", "options", "input_shape", "weight_shape"), READINGS, ids=str)
def test_axes_are_read_the_only_way_that_fits(commands, cells, taps, options, input_shape, weight_shape):
    """Input and kernel of these shapes are read as those: batch, channels, cells and out, channels, taps."""
    lines = [f"input: {{ones: {list(cells)}}}", f"kernel: {{ones: {list(taps)}}}"]
    found = commands.problem("\n".join([*lines, *(f"{name}: {value}" for name, value in options.items())]) + "\n")
    assert found["input"]["shape"] == input_shape
    assert found["kernel"]["shape"] == weight_shape


NAMED = [((9,), "box", [1, 1, 3]), ((9, 9), "box", [1, 1, 3, 3]), ((3, 9, 9), "box:2x2", [1, 3, 2, 2])]


@pytest.mark.parametrize(("cells", "kernel", "weight_shape"), NAMED, ids=str)
def test_a_parametric_kernel_takes_the_rank_of_the_input(commands, cells, kernel, weight_shape):
    """Where its arguments leave the number of axes open."""
    found = commands.problem(f"input: {{ones: {list(cells)}}}\nkernel: '{kernel}'\n")
    assert found["kernel"]["shape"] == weight_shape


# --- inputs by a rule

GENERATED = [
    ("zeros: [2, 3]", np.zeros((2, 3))),
    ("zeros: 3", np.zeros(3)),
    ("ones: 2x3", np.ones((2, 3))),
    ("arange: [2, 3]", np.arange(6).reshape(2, 3)),
    ("impulse: [3, 4]", np.array([[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])),
    ("random: [2, 3]", np.random.default_rng(0).integers(0, 9, (2, 3), endpoint=True)),
    ("random: [4], seed: 7, low: -3, high: 3", np.random.default_rng(7).integers(-3, 3, 4, endpoint=True)),
    ("random: [3], low: 5, high: 5", np.full(3, 5)),
    ('zeros: [2, 3], set: {":, 1": 4, "0, 0": 7, "-1, -1": 1/2}', np.array([[7, 4, 0], [0, 4, 0.5]])),
    ('ones: [4], set: {"1:3": 0}', np.array([1, 0, 0, 1])),
    ('ones: [5], set: {"::2": -1}', np.array([-1, 1, -1, 1, -1])),
    ('zeros: [2, 2], set: {"1": 3}', np.array([[0, 0], [3, 3]])),
]


@pytest.mark.parametrize(("rule", "expected"), GENERATED, ids=[row[0] for row in GENERATED])
def test_a_rule_makes_its_numbers(commands, rule, expected):
    """Zeros, ones, counting, an impulse and random numbers, with single cells or slices set."""
    kernel = "1" if expected.ndim == 1 else "[1]"
    found = commands.output(f"dims: {expected.ndim}\ninput: {{{rule}}}\nkernel: [{kernel}]\n")
    np.testing.assert_array_equal(np.array(found, float)[0, 0], expected)


# --- how kernels are read

PLANES = [
    ("one filter with a plane for each channel", "kernel: [[[1]], [[10]]]", [[[20, 31]]]),
    ("one kernel on every channel", "kernel: [[1]]", [[[2, 4]]]),
    ("a list of kernels", "kernel: [[[1]], [[10]], [[100]]]", [[[2, 4]], [[20, 40]], [[200, 400]]]),
    ("a list of described kernels", "kernel: [{weights: [[1]]}, {weights: [[10]]}]", [[[2, 4]], [[20, 40]]]),
    ("the full weight", "kernel: [[[[1]], [[10]]], [[[0]], [[1]]]]", [[[20, 31]], [[2, 3]]]),
    ("depthwise, one kernel", "kernel: [[2]]\ndepthwise: true", [[[0, 2]], [[4, 6]]]),
    ("depthwise, its own for each", "kernel: [[[1]], [[10]]]\ndepthwise: true", [[[0, 1]], [[20, 30]]]),
    ("depthwise, two on each", "kernel: [{weights: [[1]]}, {weights: [[2]]}]\ndepthwise: true",
     [[[0, 1]], [[0, 2]], [[2, 3]], [[4, 6]]]),
    ("groups", "kernel: [[[[1]]], [[[10]]]]\ngroups: 2", [[[0, 1]], [[20, 30]]]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "output"), [row[1:] for row in PLANES], ids=[row[0] for row in PLANES])
def test_a_kernel_is_read_by_its_axes(commands, text, output):
    """With a plane for each channel it is a filter, with other numbers a list of kernels, with both the full weight."""
    assert commands.output(f"dims: 2\ninput: {{arange: [2, 1, 2]}}\n{text}\n") == [output]


def test_a_kernel_comes_from_any_file(commands):
    """A kernel file, JSON, a table and an array give the same kernel; paths are relative to the problem file."""
    rows = [[1, 2], [3, 4]]
    commands.cli.write({"k/k.yaml": f"weights: {rows}\n", "k/k.json": json.dumps(rows), "k/k.csv": "1,2\n3,4\n"})
    np.save(commands.cli.folder / "k" / "k.npy", np.array(rows))
    outputs = []
    for suffix in ("yaml", "json", "csv", "npy"):
        outputs.append(commands.document("run", "--kernel", f"k/k.{suffix}")["output"])
        commands.cli.write({"k/f.yaml": f"input: {GRADIENT.tolist()}\nkernel: k.{suffix}\n"})
        outputs.append(commands.document("run", "k/f.yaml")["output"])
        commands.cli.write({"k/f.yaml": f"input: {GRADIENT.tolist()}\nkernel: {{file: k.{suffix}}}\n"})
        if suffix != "yaml":
            outputs.append(commands.document("run", "k/f.yaml")["output"])
    assert all(each == outputs[0] for each in outputs)


FRACTIONS = [
    ("input", "input: [1/9, 2/9]\nkernel: [1, 1]", [Fraction(1, 3)]),
    ("kernel", "input: [3, 6]\nkernel: [1/9, 1/9]", [1]),
    ("scale", "input: [3, 6]\nkernel: {weights: [1, 1], scale: 1/9}", [1]),
    ("bias", "input: [1, 1]\nkernel: [1, 1]\nbias: 1/9", [Fraction(19, 9)]),
    ("a list of biases", "input: [1]\nkernel: [{weights: [1]}, {weights: [1]}]\nbias: [1/9, 2/9]", None),
    ("boundary", "input: [1]\nkernel: [1, 1]\npadding: [[1, 0]]\nboundary: 1/9", [Fraction(10, 9)]),
    ("set", "input: {zeros: [2], set: {'0': 1/9}}\nkernel: [1, 1]", [Fraction(1, 9)]),
]


@pytest.mark.parametrize(("text", "output"), [row[1:] for row in FRACTIONS], ids=[row[0] for row in FRACTIONS])
def test_a_fraction_stands_wherever_a_number_may(commands, text, output):
    """It is a ninth, not the float nearest to it."""
    found = commands.output(f"{text}\n", "--dtype", "exact")
    assert found == ([[[Fraction(10, 9)], [Fraction(11, 9)]]] if output is None else [[output]])


# --- expectations

EXPECTED = [
    ("an array", "[-2, -2]", 0),
    ("with its channel", "[[-2, -2]]", 0),
    ("with its batch", "[[[-2, -2]]]", 0),
    ("a mapping", '{"0": -2}', 0),
    ("a slice", '{":": -2}', 0),
    ("from the end", '{"-1": -2}', 0),
    ("fractions", '{":": -4/2}', 0),
    ("a rule", '{zeros: [2], set: {":": -2}}', 0),
    ("another number", "[-2, 3]", 1),
    ("another number in a mapping", '{"0": -2, "1": 3}', 1),
    ("nearly", "[-2, -2.0000001]", 1),
    ("another shape", "[-2, -2, -2]", 1),
    ("a row for a column", "[[-2], [-2]]", 1),
    ("outside", '{"2": -2}', 1),
    ("nan", '{"0": nan}', 1),
    ("beyond floats", f'{{"0": {10**400}}}', 1),
]


@pytest.mark.parametrize(("expect", "code"), [row[1:] for row in EXPECTED], ids=[row[0] for row in EXPECTED])
def test_an_expectation_is_met_or_not(cli, expect, code):
    """Arrays with or without leading axes of one, mappings from places and rules; whole numbers must be equal."""
    cli.write({"f.yaml": f"input: [1, 2, 3, 4]\nkernel: [1, 0, -1]\nexpect: {expect}\n"})
    done = cli.run("check", "f.yaml")
    assert (done.code, done.err) == (code, "")
    assert done.out.splitlines()[-1] == f"{1 - code} of 1 file ok"


TOLERANCES = [
    ("float64", "[1000.1, 1]", "[1000.1000005, 1]", 0),
    ("float64", "[1000.1, 1]", "[1000.100002, 1]", 1),
    ("float64", "[1000.1, 1]", "[1000.1, 1.0000005]", 0),
    ("float32", "[1000, 1]", "[1000.005, 1]", 0),
    ("float32", "[1000, 1]", "[1000.02, 1]", 1),
    ("float64", "[nan, 1.5]", "[nan, 1.5]", 0),
    ("float64", "[.inf, 1.5]", "[.inf, 1.5]", 0),
    ("float64", "[.inf, 1.5]", "[-.inf, 1.5]", 1),
    ("float64", f"[1.5, {10**300}]", f'{{"0": {10**400}}}', 1),
]


@pytest.mark.parametrize(("dtype", "cells", "expect", "code"), TOLERANCES, ids=lambda value: str(value)[:20])
def test_floats_may_differ_by_rounding(cli, dtype, cells, expect, code):
    """By a billionth of the largest output, or a hundred-thousandth for float32."""
    cli.write({"f.yaml": f"input: {cells}\nkernel: [1]\ndtype: {dtype}\nexpect: {expect}\n"})
    assert cli.run("check", "f.yaml").code == code


def test_a_check_goes_on_after_a_bad_file(cli):
    """Every file has its verdict, and the exit code is 1 if any is not ok."""
    cli.write({"bad.yaml": "input: [1, two]\n", "good.yaml": "input: [1]\nkernel: [1]\nexpect: [1]\n"})
    done = cli.run("check", "bad.yaml", "missing.yaml", "good.yaml", "--format", "csv")
    assert done.code == 1
    assert [line.split(",")[1] for line in done.out.splitlines()[1:]] == ["error", "error", "ok"]
    assert cli.run("check", "good.yaml").code == 0
    assert cli.run("check", "bad.yaml", "-q") == (1, "", "error: bad.yaml:1:12: expected a number, got 'two'\n")


def test_every_example_holds(cli, monkeypatch):
    """Each example file passes its own check."""
    pytest.importorskip("PIL")
    monkeypatch.chdir(ROOT)
    done = cli.run("check", *map(str, EXAMPLES))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == f"{len(EXAMPLES)} of {len(EXAMPLES)} files ok"


def test_a_photograph_becomes_a_picture(cli):
    """The edges of the photograph are a map of 510 by 510, with the rule of its colours on standard error."""
    image = pytest.importorskip("PIL.Image")
    done = cli.run("run", str(ROOT / "examples" / "photograph.yaml"), "-o", "edges.png")
    assert (done.code, done.err) == (0, "wrote edges.png: -860…860 from blue to orange, 0 is white\n")
    with image.open(cli.folder / "edges.png") as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "P", (510, 510))


# --- plans

LAYER = "dims: 2\ninput: {random: [8, 40, 40]}\nkernel: {random: [16, 8, 3, 3], seed: 1}\npadding: same\n"
PLANNED = [
    ("whole numbers", LAYER, []),
    ("float32", LAYER, ["--dtype", "float32"]),
    ("fast", LAYER, ["--dtype", "float32", "--precision", "fast", "--threads", "2"]),
    ("asked for", LAYER, ["--engine", "direct", "--threads", "1"]),
    ("fractions", "input: [1/2, 1/3, 1/4]\nkernel: [1, 2]\n", ["--dtype", "exact"]),
    ("no batch", "dims: 1\ninput: {ones: [3, 2, 9]}\nkernel: {ones: [4, 2, 3]}\n", []),
]


@pytest.mark.parametrize(("text", "argv"), [row[1:] for row in PLANNED], ids=[row[0] for row in PLANNED])
def test_a_run_is_computed_as_planned(commands, text, argv):
    """`plan` says what `run --explain` does; a run that explains nothing says the beginning of it."""
    told = commands.problem(text, *argv)
    explained = commands.document("run", "f.yaml", "--explain", *argv)
    planned = commands.document("plan", "f.yaml", *argv)
    assert planned["plan"] == explained["plan"]
    assert planned["output_shape"] == explained["output_shape"] == told["output_shape"]
    assert told["plan"].items() <= planned["plan"].items()
    assert told["output"] == explained["output"]


@pytest.mark.parametrize(("text", "argv"), [row[1:] for row in PLANNED], ids=[row[0] for row in PLANNED])
def test_every_engine_has_its_verdict(commands, text, argv):
    """Each engine is weighed once, one is chosen, and those that cannot say why."""
    commands.cli.write({"f.yaml": text})
    plan = commands.document("plan", "f.yaml", *argv)["plan"]
    verdicts = {each["engine"]: each["verdict"] for each in plan["engines"]}
    assert [*verdicts] == [*ENGINES]
    assert [name for name, verdict in verdicts.items() if verdict == "chosen"] == [plan["engine"]]
    assert plan["obstacles"] == {each["engine"]: each["verdict"] for each in plan["engines"] if each["seconds"] is None}
    chosen = next(each for each in plan["engines"] if each["engine"] == plan["engine"])
    assert (chosen["error"], chosen["multiplications"]) == (plan["error"], plan["multiplications"])
    rows = commands.cli.run("plan", "f.yaml", *argv, "--format", "csv").out.splitlines()
    assert rows[0].split(",") == [*chosen]
    assert [row.partition(",")[0] for row in rows[1:]] == [*ENGINES]


def test_a_plan_counts_the_multiplications_saved(cli, monkeypatch):
    """What is printed beside the definition's count is their ratio."""
    monkeypatch.setenv("COLUMNS", "999")
    cli.write({"f.yaml": "dims: 2\ninput: {ones: [64, 50, 50]}\nkernel: {ones: [64, 64, 3, 3]}\n"})
    page = cli.run("plan", "f.yaml", "--dtype", "float32", "--engine", "winograd-2", "--format", "plain").out
    done, ratio, defined = re.search(r"([0-9,]+), ([0-9.]+)× fewer than the definition's ([0-9,]+)", page).groups()
    assert int(defined.replace(",", "")) == 48 * 48 * 64 * 64 * 9
    assert float(ratio) == pytest.approx(int(defined.replace(",", "")) / int(done.replace(",", "")), rel=0.01)


def test_a_plan_costs_nothing(cli, measured):
    """A problem that would take years and exabytes is planned at once; the limit that refuses its run is a note."""
    cli.write({"f.yaml": "dims: 2\ninput: [[1.5]]\nkernel: {ones: [9, 1, 99, 99]}\npadding: 100000000\n"})
    cost = measured("plan", "f.yaml", "--format", "csv", soon=2)
    assert (cost.code, cost.seconds < 2, cost.megabytes < 200) == (0, True, True)
    note = (cli.folder / "err").read_text()
    assert note.startswith("note: this convolution needs ")
    refused = cli.run("run", "f.yaml", "--format", "csv")
    assert refused.code == 3
    assert refused.err.startswith(f"error: {note.removeprefix('note: ').partition(' of memory')[0]}")


def test_precision_fast_may_choose_another_engine(commands):
    """Refused is what may lose more than 4 times what the definition may, or 256 times with fast, which takes more."""
    commands.cli.write({"f.yaml": LAYER})
    taken = {}
    for precision, factor in (("full", 4), ("fast", 256)):
        plan = commands.document("plan", "f.yaml", "--dtype", "float32", "--precision", precision)["plan"]
        errors = {each["engine"]: each["error"] for each in plan["engines"] if each["seconds"] is not None}
        verdict = f"too imprecise for precision {precision}"
        refused = {each["engine"] for each in plan["engines"] if each["verdict"] == verdict}
        assert all(errors[engine] > factor * errors["direct"] for engine in refused)
        assert plan["engine"] in errors.keys() - refused
        taken[precision] = errors.keys() - refused
    assert taken["full"] < taken["fast"]


# --- traces of everything


def test_all_traces_are_those_of_each_cell(cli):
    """--all gives every cell of every sample and channel in order, each as --pos gives it."""
    cli.write({"f.yaml": "dims: 1\ninput: {arange: [2, 2, 4]}\nkernel: {arange: [2, 2, 3]}\n"})
    documents = json.loads(cli.run("trace", "f.yaml", "--all", "--format", "json").out)["traces"]
    places = [(each["batch"], each["channel"], each["position"]) for each in documents]
    assert places == [(b, c, [p]) for b in range(2) for c in range(2) for p in range(2)]
    for each in documents:
        argv = ["--batch", str(each["batch"]), "--channel", str(each["channel"]), "--pos", str(each["position"][0])]
        alone = json.loads(cli.run("trace", "f.yaml", *argv, "--format", "json").out)
        assert {key: value for key, value in alone.items() if key != "schema"} == each
    some = json.loads(cli.run("trace", "f.yaml", "--all", "--channel", "1", "--batch", "0", "--format", "json").out)
    assert [each for each in documents if (each["batch"], each["channel"]) == (0, 1)] == some["traces"]


@pytest.mark.parametrize(("form", "side"), [("plain", 102), ("json", 102), ("csv", 102), ("table", 52)])
def test_thousands_of_traces_stream(cli, measured, form, side):
    """Many times as many traces take no more memory, and a thousand a second are written."""
    costs = []
    for cells in (12, side):
        cli.write({"f.yaml": f"input: {{random: [{cells}, {cells}]}}\nkernel: sobel-x\n"})
        costs.append(measured("trace", "f.yaml", "--all", "--format", form, soon=15))
    few, many = costs
    assert (few.code, many.code) == (0, 0)
    assert (cli.folder / "out").stat().st_size > (side - 2) ** 2 * 200
    assert many.megabytes - few.megabytes < 20
    assert many.seconds < 15
