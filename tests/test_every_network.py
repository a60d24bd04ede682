"""Every command on every network: one convolution, one layer that is none, and several, in each format."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import convcalc
from conftest import CommandLine

INPUT = "title: One\ninput: {random: [2, 6, 6], low: -3, high: 3}\n"
ONE = INPUT + "kernel: {random: [3, 2, 3, 3], seed: 1}\nbias: [1, 2, 3]\n"
LAYER = INPUT + "layers:\n"
SAME = LAYER + "  - conv: {name: conv, weight: {random: [3, 2, 3, 3], seed: 1}, bias: [1, 2, 3]}\n"
FILES = {
    "one.yaml": ONE,
    "same.yaml": SAME,
    "pool.yaml": LAYER + "  - max-pool: 2\n",
    "many.yaml": SAME + "  - relu\n  - conv: {name: last, out_channels: 2, kernel_size: 2}\nweights: {random: 4}\n",
}
BATCH = ONE.replace("[2, 6, 6]", "[2, 2, 6, 6]") + "dims: 2\n"
COMMANDS = {
    "run": [],
    "run --keep": [],
    "run --show": [],
    "run --explain": [],
    "run --verify": [],
    "trace --pos 0,0": [],
    "trace --pos 0,0 --pos 1,1": [],
    "trace --pos 0,0 --depth 2": [],
    "trace --all --channel 0": [],
    "uses --pos 1,1": [],
    "gradient --loss mean": [],
    "trace --gradient input --pos 1,1": [],
    "summary": [],
}
FORMATS = ("table", "plain", "markdown", "latex", "json", "csv")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_every_network_in_every_format(
    cli: CommandLine, command: str, file: str, form: str
) -> None:
    """A page comes out, without a word of complaint; JSON is JSON that names its schema."""
    cli.write(FILES)
    name, *flags = command.split()
    done = cli.run(name, file, *flags, "--format", form)
    assert done.code == 0, done.err
    assert done.out
    if form == "json":
        assert json.loads(done.out)["schema"].startswith("convcalc.")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".svg", ".json", ".yaml", ".md", ".tex", ".txt"])
@pytest.mark.parametrize("file", FILES)
def test_a_run_of_every_network_is_saved_in_every_format(cli: CommandLine, file: str, suffix: str) -> None:
    """Something is written, and nothing else."""
    cli.write(FILES)
    done = cli.run("run", file, "-q", "-o", f"out{suffix}")
    assert (done.code, done.out) == (0, ""), done.err
    assert cli.files()[f"out{suffix}"]


@pytest.mark.parametrize("suffix", [".svg", ".json", ".yaml", ".csv", ".md", ".tex", ".txt"])
@pytest.mark.parametrize("where", ["one.yaml", "same.yaml", "pool.yaml", "many.yaml", "many.yaml --layer relu1"])
def test_a_trace_of_every_layer_is_saved_in_every_format(cli: CommandLine, where: str, suffix: str) -> None:
    """Of a convolution its window, of other layers their terms."""
    cli.write(FILES)
    done = cli.run("trace", *where.split(), "--pos", "1,1", "-q", "-o", f"out{suffix}")
    assert (done.code, done.out) == (0, ""), done.err
    assert cli.files()[f"out{suffix}"]


@pytest.mark.parametrize("command", ["run", "trace --pos 1,1", "trace --all", "uses --pos 2,2", "matrix", "summary"])
def test_a_convolution_is_told_alike_however_it_is_written(cli: CommandLine, command: str) -> None:
    """With a kernel or as the only layer: the same page, but for the name of its kernel."""
    cli.write(FILES)
    name, *flags = command.split()
    assert cli.run(name, "one.yaml", *flags) == cli.run(name, "same.yaml", *flags)


def output_of(path: str) -> Any:
    return convcalc.load(path).run().output


FLAGS: list[tuple[list[str], str]] = [
    (["--stride", "2"], "stride: 2"),
    (["--padding", "same", "--boundary", "reflect"], "padding: same, boundary: reflect"),
    (["--dilation", "2"], "dilation: 2"),
    (["--convolve"], "flip: true"),
    (["--bias", "7"], "bias: [7, 7, 7]"),
]


@pytest.mark.parametrize(("flags", "said"), FLAGS, ids=[said for _, said in FLAGS])
@pytest.mark.parametrize("file", ["one.yaml", "same.yaml", "many.yaml"])
def test_flags_change_the_layer_that_they_are_about(cli: CommandLine, file: str, flags: list[str], said: str) -> None:
    """What comes out is what comes out of a file that says so itself."""
    weight = "weight: {random: [3, 2, 3, 3], seed: 1}"
    bias = "" if "bias" in said else "bias: [1, 2, 3], "
    cli.write({**FILES, "said.yaml": LAYER + f"  - conv: {{name: conv, {bias}{said}, {weight}}}\n"})
    done = cli.run("run", file, "--layer", "conv", *flags, "-q", "-o", "out.npy")
    assert done.code == 0, done.err
    wanted = output_of(str(cli.folder / "said.yaml"))
    np.testing.assert_array_equal(np.load(cli.folder / "out.npy"), wanted[0])


def test_a_kernel_by_flag_brings_its_own_sizes(cli: CommandLine) -> None:
    """Sizes that the layer gives itself are those of the kernel that is gone."""
    layer = "  - conv: {out_channels: 4, kernel_size: 5, bias: false}\n  - relu\nweights: {random: 1}\n"
    cli.write({"net.yaml": LAYER + layer, "one.yaml": INPUT})
    network = ["net.yaml", "--layer", "conv1", "--kernel", "sobel-x", "--kernel", "box"]
    found = cli.run("run", *network, "-q", "-o", "a.npy"), cli.run("run", "one.yaml", *network[3:], "-q", "-o", "b.npy")
    assert [each.code for each in found] == [0, 0], found
    np.testing.assert_allclose(np.load(cli.folder / "a.npy"), np.load(cli.folder / "b.npy"))


REFUSED = [
    ("--stride 2", "--stride says what a single convolution is, many.yaml has layers"),
    ("--layer relu1 --stride 2", "--stride: relu1: relu has no stride"),
    ("--layer conv --stride 0", "--stride: conv: stride must be a whole number >= 1, got 0"),
    ("--layer conv --stride 4", "many.yaml:6:54: last: the kernel does not fit on axis 0"),
    ("--layer conv --kernel sobelx", "--kernel: conv: "),
]


@pytest.mark.parametrize(("flags", "message"), REFUSED, ids=[flags for flags, _ in REFUSED])
def test_a_change_that_does_not_fit_names_the_layer(cli: CommandLine, flags: str, message: str) -> None:
    """The flag itself, or the layer above where shapes do not meet any more."""
    cli.write(FILES)
    done = cli.run("run", "many.yaml", *flags.split())
    assert done.code in (1, 2)
    assert done.err.startswith(f"error: {message}")


def test_a_summary_shows_what_would_follow(cli: CommandLine) -> None:
    """What if the first layer had another stride: the shapes above follow, and a name that is none is told."""
    cli.write(FILES)
    document = json.loads(cli.run("summary", "many.yaml", "--layer", "conv", "--stride", "2", "--format", "json").out)
    assert [row["output_shape"][1:] for row in document["layers"]] == [[3, 2, 2], [3, 2, 2], [2, 1, 1]]
    done = cli.run("summary", "many.yaml", "--layer", "cnv", "--stride", "2")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: --layer: unknown layer 'cnv'")
    one = json.loads(cli.run("summary", "one.yaml", "--stride", "2", "--format", "json").out)
    assert one["layers"][0]["output_shape"][1:] == [3, 2, 2]


def test_the_input_of_any_network_is_replaced(cli: CommandLine) -> None:
    """By a file, numbers, or for a summary by a shape alone."""
    cli.write(FILES)
    for file in FILES:
        assert cli.run("run", file, "--input", "{ones: [2, 8, 8]}").code == 0
        assert cli.run("summary", file, "--input", "2x8x8").code == 0


def test_the_library_runs_and_explains_every_network(cli: CommandLine) -> None:
    """`load` gives the same object for all of them."""
    cli.write({**FILES, "batch.yaml": BATCH})
    for file in (*FILES, "batch.yaml"):
        network = convcalc.load(str(cli.folder / file))
        run = network.run(keep=True)
        last = len(network.stages) - 1
        assert run.output is run.kept[last]
        found = network.trace((1, 1), channel=1, batch=len(run.output) - 1)
        assert found.output == run.output[-1, 1, 1, 1]
        assert network.uses((1, 1)).number == last
        assert [row.name for row in network.summary()] == [stage.name for stage in network.stages]
    with pytest.raises(convcalc.ConvcalcError, match="position"):
        convcalc.load(str(cli.folder / "many.yaml")).trace((99, 0))


def test_uses_of_one_linear_layer_show_what_the_cell_adds(cli: CommandLine) -> None:
    """Whatever the network: weights and contributions for one linear layer, path weights alone for more."""
    cli.write(FILES)
    page = cli.run("uses", "many.yaml", "--pos", "1,1", "--layer", "conv").out
    assert page.count("contributions, conv channel") == 3
    assert "contributions" not in cli.run("uses", "many.yaml", "--pos", "1,1", "--layer", "relu1").out
    assert "contributions" in cli.run("uses", "one.yaml", "--pos", "1,1").out


KINDS = {
    "linear": ("linear1", "weights", "of 72 cells the 16 that contribute most are drawn", "bias"),
    "softmax": ("softmax1", "exp("),
    "max-pool: {kernel_size: 3, padding: 1, stride: 2}": ("max-pool1", "max("),
    "avg-pool: {kernel_size: 2}": ("avg-pool1", "Σ × 1/4"),
    "transposed-conv: {out_channels: 1, kernel_size: 2, weight: {ones: [2, 1, 2, 2]}}": ("transposed-conv1", "Σ"),
}


@pytest.mark.parametrize("layer", KINDS)
def test_the_figure_of_a_cell_shows_its_terms(cli: CommandLine, layer: str) -> None:
    """Values, and of a sum their weights and products; what they are put into, and what that is."""
    name, *wanted = KINDS[layer]
    features = {"linear": "  - flatten\n  - linear: 3\nweights: {random: 1}\n", "softmax": "  - flatten\n  - softmax\n"}
    cli.write({"net.yaml": LAYER + features.get(layer, f"  - {layer}\n")})
    where = ["--channel", "1"] if layer in features else ["--pos", "1,1"]
    assert cli.run("trace", "net.yaml", *where, "-q", "-o", "cell.svg").code == 0
    drawn = (cli.folder / "cell.svg").read_text(encoding="utf-8")
    for text in (name, "values", "total", "the engine&#x27;s output" if "&#x27;" in drawn else "output", *wanted):
        assert text in drawn, text


def test_every_feature_is_traced(cli: CommandLine) -> None:
    """--all goes through features as through cells, sample by sample."""
    batch = (
        INPUT.replace("[2, 6, 6]", "[2, 2, 6, 6]")
        + "dims: 2\nlayers:\n  - flatten\n  - linear: 3\nweights: {random: 1}\n"
    )
    cli.write({"net.yaml": batch})
    found = json.loads(cli.run("trace", "net.yaml", "--all", "--format", "json").out)["traces"]
    assert [(each["batch"], each["cell"]) for each in found] == [(n, [f]) for n in range(2) for f in range(3)]
    one = json.loads(cli.run("trace", "net.yaml", "--all", "--batch", "1", "--format", "json").out)["traces"]
    assert one == found[3:]


def test_a_layer_is_applied_to_each_channel_apart_by_a_flag(cli: CommandLine) -> None:
    """--depthwise is as many groups as channels, for a layer as for a problem."""
    layer = "  - conv: {weight: {ones: [2, 1, 3, 3]}, groups: 2, name: conv}\n"
    cli.write({"net.yaml": LAYER + layer.replace(", groups: 2", "") + "  - relu\n", "said.yaml": LAYER + layer})
    assert cli.run("run", "net.yaml", "--layer", "conv", "-q", "-o", "x.npy").code == 1
    assert cli.run("run", "net.yaml", "--layer", "conv", "--depthwise", "-q", "-o", "out.npy").code == 0
    np.testing.assert_array_equal(np.load(cli.folder / "out.npy"), output_of(str(cli.folder / "said.yaml"))[0])
