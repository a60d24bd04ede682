"""``run`` on networks: the numbers of every layer, what is kept and what is let go, and what is saved."""

from __future__ import annotations

import gc
import json
import weakref
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convcalc
from conftest import CommandLine
from convcalc.context import Context
from convcalc.errors import LimitError
from convcalc.layers.network import Network
from convcalc.layers.stage import Stage
from test_network_trace import MANY, TWO, network_of

FIRST = [[[24, 27], [33, 36]], [[96, 108], [132, 144]]]


def test_the_two_layers_come_out(cli: CommandLine) -> None:
    """24 … 144, then 270 and 1080, in one command."""
    cli.write({"two.yaml": TWO})
    document = json.loads(cli.run("run", "two.yaml", "--keep", "--format", "json").out)
    assert document["schema"] == "convcalc.network-run/1"
    assert document["title"] == "Two layers of 2×2"
    assert document["input"] == {"source": "input", "shape": [1, 2, 3, 3]}
    first, second = document["layers"]
    assert first["output"] == [FIRST]
    assert (first["name"], first["kind"], first["output_shape"]) == ("first", "conv", [1, 2, 2, 2])
    assert (first["min"], first["max"], first["mean"]) == (24, 144, 75)
    assert (second["name"], second["output_shape"]) == ("second", [1, 2, 1, 1])
    assert document["output"] == [[[[270]], [[1080]]]]
    assert document["macs"] == 8 * 8 + 16


def test_without_keep_only_the_output_is_shown(cli: CommandLine) -> None:
    """Intermediate outputs are dropped; --keep shows each in turn."""
    cli.write({"two.yaml": TWO})
    page = cli.run("run", "two.yaml").out
    assert "first output" not in page
    assert "second output channel 1" in page
    kept = cli.run("run", "two.yaml", "--keep").out
    assert kept.index("first output channel 0") < kept.index("first output channel 1") < kept.index("second output")


def test_a_run_ends_at_the_layer_asked_for(cli: CommandLine) -> None:
    """What lies above it is not computed, so it needs no weights."""
    cli.write({"half.yaml": f"{TWO}  - conv: {{name: third, out_channels: 2, kernel_size: 1}}\n"})
    done = cli.run("run", "half.yaml", "--layer", "first", "--format", "json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["output"] == [FIRST]
    assert [each["name"] for each in document["layers"]] == ["first"]
    refused = cli.run("run", "half.yaml")
    assert refused.code == 1
    assert "third: conv has no weights, only shapes" in refused.err


def test_outputs_are_let_go() -> None:
    """While a network runs no more outputs are held than the next layer takes."""
    network = network_of((1, 8, 8), [("relu", {})] * 5)
    seen: list[weakref.ref[Any]] = []
    for _, output in network.outputs(np.random.default_rng(1).normal(size=(1, 1, 8, 8))):
        seen.append(weakref.ref(output if output.base is None else output.base))
        del output
        gc.collect()
        assert sum(each() is not None for each in seen) <= 1


def test_an_output_that_is_needed_again_is_held() -> None:
    """A layer that an add takes later is there until then."""
    bare = network_of((1, 4), [("relu", {}), ("leaky-relu", {}), ("tanh", {})])
    from convcalc.layers.table import kind_of

    add = kind_of("add").make((1, 4), (1, 4))
    network = Network((1, 4), (*bare.stages, Stage("add", add, (2, 0))))
    cells = np.array([[[-2.0, -0.5, 0.0, 3.0]]])
    found = dict(network.outputs(cells))
    np.testing.assert_allclose(found[3], np.maximum(cells, 0) + np.tanh(np.maximum(cells, 0)))


@pytest.mark.parametrize(
    ("arguments", "names"),
    [([], ["output"]), (["--keep"], ["first", "second"]), (["--keep", "--layer", "first"], ["first"])],
)
def test_npz_holds_what_is_kept(cli: CommandLine, arguments: list[str], names: list[str]) -> None:
    """With --keep one array for each layer under its name, otherwise the output alone."""
    cli.write({"two.yaml": TWO})
    done = cli.run("run", "two.yaml", *arguments, "-o", "out.npz", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    with np.load(cli.folder / "out.npz") as saved:
        assert list(saved) == names
        if "first" in names:
            np.testing.assert_array_equal(saved["first"], FIRST)
        else:
            np.testing.assert_array_equal(saved["output"], [[[270]], [[1080]]])


def test_names_of_members_are_no_paths(cli: CommandLine) -> None:
    """A name with slashes leads nowhere."""
    cli.write({"evil.yaml": 'input: [[1, 2]]\ndims: 1\nlayers: [relu: {name: "../../tmp/x"}]\n'})
    done = cli.run("run", "evil.yaml", "--keep", "-o", "out.npz", "-q")
    assert done.code == 0, done.err
    with np.load(cli.folder / "out.npz") as saved:
        assert all("/" not in name and not name.startswith(".") for name in saved)


def test_names_of_members_differ_and_obey_nobody(cli: CommandLine) -> None:
    """Names that would be one in an archive, or hold what a terminal obeys, are members of their own."""
    names = ["a/b", "a.b", "a\\0b", "\\e[2J", "\\u202eabc", "..", "größe"]
    layers = "".join(f'  - relu: {{name: "{name}"}}\n' for name in names)
    cli.write({"odd.yaml": f"input: [[1, 2]]\ndims: 1\nlayers:\n{layers}"})
    done = cli.run("run", "odd.yaml", "--keep", "-o", "out.npz", "-q")
    assert (done.code, done.err) == (0, "")
    with np.load(cli.folder / "out.npz") as saved:
        assert list(saved) == ["a.b", "a.b-2", "a.b-3", "2J", "abc", "layer", "größe"]
        for array in saved.values():
            np.testing.assert_array_equal(array, [1, 2])


@pytest.mark.parametrize("suffix", ["npy", "csv", "png"])
def test_one_array_is_not_many(cli: CommandLine, suffix: str) -> None:
    """A file of one array cannot hold every layer, and nothing is computed or written."""
    cli.write({"two.yaml": TWO})
    done = cli.run("run", "two.yaml", "--keep", "-o", f"out.{suffix}")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"error: out.{suffix} holds one array, --keep has one for each layer\n"
        "hint: -o layers.npz, or without --keep the output alone\n"
    )
    assert list(cli.files()) == ["two.yaml"]


def test_npy_and_csv_hold_the_output(cli: CommandLine) -> None:
    """Without a batch of one, as `run` saves any output."""
    cli.write({"two.yaml": TWO})
    assert cli.run("run", "two.yaml", "--layer", "first", "-o", "out.npy", "-q").code == 0
    np.testing.assert_array_equal(np.load(cli.folder / "out.npy"), FIRST)
    assert cli.run("run", "two.yaml", "--layer", "first", "--format", "csv").out == "24,27\n33,36\n\n96,108\n132,144\n"


def test_a_picture_goes_in_and_comes_out(cli: CommandLine) -> None:
    """--input takes an image, -o writes one."""
    image = pytest.importorskip("PIL.Image")
    image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8) * 5).save(cli.folder / "in.png")
    cli.write({"net.yaml": "input: {shape: [1, 6, 8]}\nlayers:\n  - conv: {weight: [[0, 1], [1, 0]]}\n  - relu\n"})
    done = cli.run("run", "net.yaml", "--input", "in.png", "-o", "out.png")
    assert done.code == 0, done.err
    assert "in.png, 1×6×8, through 2 layers: relu1 gives 1×5×7." in done.out
    with image.open(cli.folder / "out.png") as picture:
        assert picture.size == (7, 5)


def test_engines_are_told_and_chosen(cli: CommandLine) -> None:
    """--explain adds each convolution's engine, and --engine chooses it for all."""
    cli.write({"many.yaml": MANY})
    page = cli.run("run", "many.yaml", "--explain", "--engine", "direct").out
    assert [line.split("│")[-2].strip() for line in page.splitlines() if " conv " in line] == ["direct", "direct"]
    assert "engine" not in cli.run("run", "many.yaml").out
    told: list[Any] = []
    network = network_of((1, 4, 4), [("conv", {"out_channels": 1, "kernel_size": 2}), ("relu", {})])
    list(network.outputs(np.ones((1, 1, 4, 4)), Context(engine="taps", planned=told.append)))
    assert [plan.engine for plan in told] == ["taps"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_dtype_is_that_of_every_layer(cli: CommandLine, dtype: str) -> None:
    """The input is converted first, so that layers before a convolution have it too."""
    cli.write({"net.yaml": "input: [[1, -2, 3]]\ndims: 1\nlayers:\n  - relu\n  - conv: {weight: [1, 2]}\n"})
    done = cli.run("run", "net.yaml", "--dtype", dtype, "--keep", "-o", "out.npz", "-q")
    assert done.code == 0, done.err
    with np.load(cli.folder / "out.npz") as saved:
        assert {array.dtype.name for array in saved.values()} == {dtype}


def test_what_is_not_finite_is_said(cli: CommandLine) -> None:
    """The first layer with inf or nan is named."""
    cli.write({"net.yaml": "input: [[1, .inf, 3, 4]]\ndims: 1\nlayers:\n  - relu\n  - conv: {weight: [1, -1]}\n"})
    done = cli.run("run", "net.yaml")
    assert "note: 1 cell of relu1 is not finite (inf or nan)" in done.out
    assert done.code == 0


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("run two.yaml --kernel sobel-x", 2,
         "error: --kernel says what a single convolution is, two.yaml has layers\n"
         "hint: name the layer that it is about with --layer\n"),
        ("run two.yaml --engine fast", 2, "error: --engine: unknown engine 'fast'\n"),
        ("run two.yaml --threads 0", 2, "error: --threads: threads must be a whole number >= 1, got 0\n"),
        ("run two.yaml --layer thrid", 2, "error: --layer: unknown layer 'thrid'\nhint: one of: first, second\n"),
        ("run two.yaml -o out.bmp", 1, "error: nothing is saved here as '.bmp'\n"),
        ("run two.yaml --input 2x3x3", 1, "error: two.yaml has the shape of an input, not its numbers\n"),
        ("run one.yaml --keep -o a.npy", 1, "error: a.npy holds one array, --keep has one for each layer\n"),
        ("run one.yaml --input x.png", 2, "error: --input: no such file: x.png\n"),
    ],
)  # fmt: skip
def test_messages(cli: CommandLine, command: str, code: int, message: str) -> None:
    """One error with a hint; nothing is written."""
    cli.write({"two.yaml": TWO, "one.yaml": "input: [1, 2, 3]\nkernel: [1, -1]\n"})
    done = cli.run(*command.split())
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(message)


def test_a_network_is_that_of_pytorch(cli: CommandLine) -> None:
    """Convolution, ReLU, max-pool, flatten and linear from a file with weights: PyTorch's numbers, layer by layer."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(2, 3, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(3 * 4 * 4, 5),
    )
    cells = torch.randn(2, 2, 8, 8)
    np.savez(cli.folder / "weights.npz", **{name: each.detach().numpy() for name, each in network.state_dict().items()})
    np.save(cli.folder / "in.npy", cells.numpy())
    cli.write(
        {
            "net.yaml": (
                "input: {file: in.npy}\nweights: {file: weights.npz}\nlayers:\n"
                '  - conv: {name: "0", out_channels: 3, kernel_size: 3, padding: 1}\n'
                '  - relu: {name: "1"}\n  - max-pool: {name: "2", kernel_size: 2}\n  - flatten: {name: "3"}\n'
                '  - linear: {name: "4", out_features: 5}\n'
            )
        }
    )
    done = cli.run("run", "net.yaml", "--keep", "-o", "out.npz", "-q")
    assert done.code == 0, done.err
    with np.load(cli.folder / "out.npz") as saved, torch.no_grad():
        for number, layer in enumerate(network):
            cells = layer(cells)
            np.testing.assert_allclose(saved[str(number)], cells.numpy(), rtol=2e-5, atol=2e-6)


def test_a_bar_shows_the_share_of_all_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a long run moves a bar on by each tile's and each layer's MACs; a short or a quiet one has none."""
    from contextlib import ExitStack, contextmanager

    from convcalc.cli import progress

    moves: list[Any] = []

    @contextmanager
    def drawn(total: int) -> Any:
        moves.append(("of", total))
        yield lambda work, _: moves.append(work) if work else None

    monkeypatch.setattr(progress, "_drawn", drawn)
    for work, quiet in (({0: 2 * 10**10, 3: 10**10}, False), ({0: 5}, False), ({0: 10**12}, True)):
        with ExitStack() as shown:
            bar = progress.Bar(work, shown, is_watched=not quiet)
            for number in work:
                for tile in range(2 * (number == 0)):
                    bar.tile(tile + 1, 2)
                bar.layer(number)
    assert moves == [("of", 3 * 10**10), 10**10, 10**10, 10**10]


@pytest.mark.parametrize("command", [["run"], ["trace", "--pos", "1,1"], ["uses", "--pos", "1,1"]])
def test_a_single_convolution_loads_no_readers_of_layers(command: list[str]) -> None:
    """What only several layers need is not loaded where there is one convolution."""
    from test_architecture import loaded

    start = f"import sys\nsys.argv = ['convcalc', *{command!r}]\nfrom convcalc.cli.app import run_app\nrun_app()"
    readers = ("request.layer_list", "request.layer_reader", "request.weights", "models.onnx_reader")
    ours = tuple(f"convcalc.{name}" for name in (*readers, "layers.table"))
    assert all(map(find_spec, ours))
    assert set(ours) & set(loaded(start, *ours).split()) == set()


@pytest.mark.parametrize("kind", ["relu", "sigmoid", "softmax", "bias: {bias: 1}", "avg-pool: 1", "batch-norm"])
def test_outputs_beyond_memory_are_refused_before_they_are_made(cli: CommandLine, kind: str) -> None:
    """Every kind of layer says so, with its place, though its input is there already."""
    cli.write({"large.yaml": f"input: {{zeros: [1, 1500, 1500]}}\nlayers:\n  - {kind}\nweights: {{random: 0}}\n"})
    done = cli.run("run", "large.yaml", "-q", "--limit", "memory=48MiB")
    assert (done.code, done.out) == (3, "")
    name = kind.partition(":")[0]
    first, *_ = done.err.splitlines()
    assert first.startswith("error: large.yaml:3:")
    assert first.endswith(f": {name}1: its output needs 51.5 MiB of memory, 48.0 MiB may be used")
    assert done.err.endswith("hint: raise it with --limit memory=52MiB if the machine has it\n")


def test_limits_of_the_environment_hold_without_a_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is loaded, run and convolved is bounded by what the environment says at that time."""
    path = tmp_path / "f.yaml"
    path.write_text("input: [1, 2, 3]\nkernel: [1, 1]\n", encoding="utf-8")
    network = convcalc.load(path)
    assert network.run().output.tolist() == [[[3, 5]]]
    monkeypatch.setenv("CONVCALC_LIMITS", "memory=1")
    with pytest.raises(LimitError, match="1 B may be used"):
        network.run()
    with pytest.raises(LimitError, match="1 B may be used"):
        convcalc.conv(np.zeros((1, 5000, 5000)), np.ones((1, 1, 3, 3)))
    monkeypatch.setenv("CONVCALC_LIMITS", "values=1")
    with pytest.raises(LimitError, match="more than 1 values"):
        convcalc.load(path)
