"""What each input channel contributes to an output: numbers, pages, figures and animations."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest

from convcalc.build import build_problem
from convcalc.context import Context
from convcalc.errors import GeometryError
from convcalc.limits import Limits
from convcalc.report.arrays.figure import PanelKind, Sign
from convcalc.report.run.figure import run_figure
from convcalc.tracing.contributions import MOST_CHANNELS, contributions_of
from reference import reference_conv

CONTEXT = Context(own_limits=Limits())
SETTINGS = [
    {},
    {"stride": 2, "padding": 1, "flip": True},
    {"padding": 2, "boundary": "reflect", "dilation": 2},
    {"padding": [[0, 1], [2, 0]], "boundary": 7},
    {"groups": 2, "bias": [1, -2, 3, 4]},
    {"scale": [Fraction(1, 9)] * 4, "bias": [1, 0, 0, -1]},
]


def arrays_of(settings, dtype=np.int64):
    """Input and weight for these settings."""
    rng = np.random.default_rng(1)
    cells = rng.integers(-9, 10, (2, 4, 6, 5)).astype(dtype)
    return cells, rng.integers(-5, 6, (4, 4 // settings.get("groups", 1), 3, 2)).astype(dtype)


def made(cells, weight, bias=None, **settings):
    """The output by nested loops."""
    return reference_conv(cells.tolist(), weight.tolist(), bias, **settings).rounded()


@pytest.mark.parametrize("settings", SETTINGS)
def test_each_part_is_the_convolution_of_its_channel(settings):
    """Of that channel alone, by nested loops; scaled, and without the bias."""
    cells, weight = arrays_of(settings)
    found = contributions_of(build_problem(cells, weight, **settings), CONTEXT)
    assert (len(found.parts), found.hidden) == (weight.shape[1], 0)
    rest = {key: value for key, value in settings.items() if key not in ("groups", "bias", "scale")}
    for part, values in enumerate(found.parts):
        for number in range(4):
            channel = found.channel(number, part)
            scale = settings.get("scale", [Fraction(1)] * 4)[number : number + 1]
            planes = cells[:, channel : channel + 1], weight[number : number + 1, part : part + 1]
            assert np.allclose(values[:, number], made(*planes, scale=scale, **rest)[:, 0], rtol=1e-12)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_the_parts_and_the_bias_are_the_output(settings, dtype):
    """The output of all channels at once."""
    cells, weight = arrays_of(settings, dtype)
    problem = build_problem(cells, weight, **settings)
    found = contributions_of(problem, CONTEXT)
    bias = np.array([float(each) for each in problem.bias]).reshape(-1, 1, 1)
    assert np.allclose(sum(found.parts) + bias, made(cells, weight, **settings), rtol=1e-12, atol=1e-12)


def test_many_channels_are_not_all_computed():
    """The first ones are, and how many others there are is known."""
    problem = build_problem(np.ones((1, 20, 3, 3), int), np.ones((1, 20, 2, 2), int))
    found = contributions_of(problem, CONTEXT)
    assert (len(found.parts), found.hidden) == (MOST_CHANNELS, 20 - MOST_CHANNELS)


@pytest.mark.parametrize("shape", [(1, 1, 3, 3), (1, 2, 3, 3)])
def test_one_channel_has_nothing_to_add(shape):
    """A single input channel, or each apart."""
    problem = build_problem(np.ones(shape, int), np.ones((shape[1], 1, 2, 2), int), groups=shape[1])
    with pytest.raises(GeometryError, match="there is nothing to add"):
        contributions_of(problem, CONTEXT)


TWO = """title: Two
input: [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
kernel: [[[[1, 0]], [[0, 2]]], [[[1, 1]], [[-1, 0]]]]
bias: [0, 10]
"""


def test_a_page_shows_the_steps(cli):
    """A line for each channel, and one for the sum, as numbers; of each output channel."""
    cli.write({"two.yaml": TWO})
    page = cli.run("run", "two.yaml", "--maps", "channels").out
    for words in ("output channel 0", "output channel 1", "⋆", "from channel 0", "from channel 1"):
        assert words in page
    assert page.count("input channel 0") == page.count("input channel 1") == 2
    assert "0 │ 3 │          +   0 │ -5 │         +   │ 10 │   =   0 │  8 │" in page
    document = json.loads(cli.run("run", "two.yaml", "--maps", "channels", "--format", "json").out)
    assert [(each["output_channel"], each["input_channel"], each["output"]) for each in document["contributions"]] == [
        (0, 0, [[[1], [3]]]), (0, 1, [[[12], [16]]]), (1, 0, [[[3], [7]]]), (1, 1, [[[-5], [-7]]]),
    ]  # fmt: skip
    assert document["output"] == [[[[13], [19]], [[8], [10]]]]


def test_a_large_output_is_drawn(cli):
    """As heat maps, side by side with the input."""
    cli.write({"f.yaml": "input: {arange: [2, 40, 40]}\nkernel: {ones: [1, 2, 3, 3]}\ndims: 2\n"})
    page = cli.run("run", "f.yaml", "--maps", "channels").out
    assert page.count("from channel 1") == 2
    assert "…" not in page


def test_the_figure_has_the_steps():
    """Each channel with its kernel and its map, then the sum; maps and output in one scale of colours."""
    cells = np.array([[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]])
    problem = build_problem(cells, np.array([[[[1, 0]], [[0, 2]]]]), [3])
    found = contributions_of(problem, CONTEXT)
    output = sum(found.parts) + 3
    figure = run_figure(problem, output, found)
    texts = [[item.text if isinstance(item, Sign) else item.caption for item in row] for row in figure.rows[:-1]]
    assert texts == [
        ["input channel 0", "⋆", "kernel on channel 0", "=", "from channel 0"],
        ["input channel 1", "⋆", "kernel on channel 1", "=", "from channel 1"],
        ["from channel 0", "+", "from channel 1", "+", "bias", "=", "output 2×1"],
    ]
    first, *_, whole = (item for item in figure.rows[2] if not isinstance(item, Sign))
    assert [row[0].text for row in first.cells] == ["1", "3"]
    assert [row[0].text for row in whole.cells] == ["16", "22"]
    assert first.cells[0][0].level == 0
    assert whole.cells[1][0].level == 255
    assert {item.kind for item in (first, whole)} == {PanelKind.OUTPUT}


def test_a_figure_without_them_adds_no_kernels():
    """The planes of a kernel stand side by side, each on its channel, with no sign between that adds them."""
    problem = build_problem(np.ones((1, 2, 3, 3), int), np.ones((1, 2, 2, 2), int))
    figure = run_figure(problem, np.full((1, 1, 2, 2), 8))
    signs = [item.text for row in figure.rows for item in row if isinstance(item, Sign)]
    assert signs == ["→"]


def test_the_svg_is_written(cli):
    """With the maps as text."""
    cli.write({"two.yaml": TWO})
    assert cli.run("run", "two.yaml", "--maps", "channels", "-q", "-o", "a.svg") == (0, "", "")
    text = "".join(ElementTree.parse(cli.folder / "a.svg").getroot().itertext())
    assert text.count("from") == text.count("⋆") * 2 == 8


@pytest.mark.parametrize("step", [0, 1])
def test_an_animation_fills_the_maps(cli, step):
    """Each channel's map has the cells of the steps so far, and they add up to the output's."""
    cli.write({"two.yaml": TWO})
    arguments = ["animate", "two.yaml", "--maps", "channels", "--channel", "1", "--count", str(step + 1)]
    last = cli.run(*arguments).out.split("of 2: ")[step + 1]
    maps = last[last.index("from channel 0") :].splitlines()[3:5]
    numbers = [re.findall(r"-?\d+|·", line) for line in maps]
    assert numbers[0] == ["0", "3", "0", "-5", "10", "0", "8"]
    assert numbers[1] == [["1", "·", "1", "·", "1", "·"], ["1", "7", "1", "-7", "1", "10"]][step]
    for suffix in (".svg", ".gif"):
        assert cli.run(*arguments, "-q", "-o", f"a{suffix}") == (0, "", "")


LAYERS = """
input: {arange: [2, 4, 4]}
weights: {random: 1}
layers:
  - conv: {out_channels: 3, kernel_size: 2}
  - conv: {out_channels: 2, kernel_size: 2, padding: 1, bias: [1, -2]}
  - relu
"""


@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_a_layer_of_a_network_is_taken_apart(cli, layer):
    """Of each output channel the parts and the bias are the output; a figure of them is drawn too."""
    cli.write({"m.yaml": LAYERS})
    argv = ["run", "m.yaml", "--layer", layer, "--maps", "channels"]
    data = json.loads(cli.run(*argv, "--format", "json").out)
    output = np.array(data["output"])[0]
    bias = {"conv1": None, "conv2": [1, -2]}[layer]
    for number, plane in enumerate(output):
        parts = [each for each in data["contributions"] if each["output_channel"] == number]
        assert [each["input_channel"] for each in parts] == [*range({"conv1": 2, "conv2": 3}[layer])]
        rest = plane - sum(np.array(each["output"])[0] for each in parts)
        assert np.ptp(rest) < 1e-5
        assert bias is None or rest.flat[0] == pytest.approx(bias[number], abs=1e-5)
    page = cli.run(*argv).out
    assert page.count("from channel 1") == 2 * len(output)
    assert cli.run(*argv, "-q", "-o", "a.svg") == (0, "", "")
    assert cli.files()["a.svg"].count(b">from") == len(output) * 2 * {"conv1": 2, "conv2": 3}[layer]


REFUSED = [
    (["run", "--maps", "chanels"], 2, "error: --maps: unknown kind of maps 'chanels'\nhint: did you mean channels?\n"),
    (["animate", "--maps", "rows"], 2, "error: --maps: unknown kind of maps 'rows'\nhint: one of: channels\n"),
    (["run", "--maps", "channels"], 2,
     "error: --maps: each output channel reads one input channel, so there is nothing to add\n"
     "hint: a kernel over several input channels has such maps\n"),
    (["run", "n.yaml", "--maps", "channels"], 2,
     "error: --maps is of a convolution, relu2 is relu\nhint: leave it out\n"),
    (["run", "m.yaml", "--maps", "channels"], 2,
     "error: --maps is of a convolution, relu1 is relu\nhint: --layer conv1 or conv2 ends at one\n"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code", "message"), REFUSED)
def test_what_is_refused(cli, words, code, message):
    """Another word, a problem without several channels, a network."""
    cli.write({"n.yaml": "input: [[1, 2, 3]]\ndims: 1\nlayers:\n  - relu\n  - relu\n", "m.yaml": LAYERS})
    assert cli.run(*words) == (code, "", message)
