"""How the numbers that go into a model are read: its own rank decides, for every command."""

from __future__ import annotations

import json

import numpy as np
import pytest

from onnx_models import helper, model_of, node, numbers

WEIGHT = np.array([[[1, 0, -1]], [[0, 2, 0]]], np.float32).reshape(1, 2, 3)
LINE = model_of([node("Conv", "x", "w", name="c")], (1, 2, 6), {"w": WEIGHT})
CELLS = np.array([[1, 4, 9, 16, 25, 36], [1, 2, 3, 4, 5, 6]], np.float32)
WANTED = [4 - 8, 6 - 12, 8 - 16, 10 - 20]
"""By hand: 2 × the cell in the middle below, and above the cell before less the cell behind."""


@pytest.fixture
def line(cli):
    """A model of one axis, and its input with the batch and without."""
    (cli.folder / "m.onnx").write_bytes(LINE.SerializeToString())
    np.save(cli.folder / "batch.npy", CELLS[None])
    np.save(cli.folder / "one.npy", CELLS)
    np.save(cli.folder / "two.npy", np.stack([CELLS, CELLS + 1]))
    return cli


@pytest.mark.parametrize("name", ["batch.npy", "one.npy"])
def test_a_line_is_run_with_the_batch_and_without(line, name):
    """Both are the same sample, and nothing has to say that there is one spatial axis."""
    wanted = [float(CELLS[0, at] - CELLS[0, at + 2] + 2 * CELLS[1, at + 1]) for at in range(4)]
    done = line.run("run", "m.onnx", "--input", name, "--format", "csv")
    assert (done.code, done.err) == (0, "")
    assert [float(each) for each in done.out.split(",")] == wanted


def test_several_samples_of_a_line(line):
    """The first axis of three is the batch."""
    document = json.loads(line.run("run", "m.onnx", "--input", "two.npy", "--format", "json").out)
    assert document["input"]["shape"] == [2, 2, 6]
    assert document["output_shape"] == [2, 1, 4]


@pytest.mark.parametrize("given", ["batch.npy", "one.npy", "[[1,4,9,16,25,36],[1,2,3,4,5,6]]", "{ones: [2, 6]}"])
@pytest.mark.parametrize(
    "command", [["summary"], ["run", "-q"], ["trace", "--pos", "1"], ["uses", "--pos", "1"], ["matrix", "--layer", "c"]]
)
def test_every_command_reads_the_input_alike(line, command, given):
    """Whether it is a file, numbers or a rule."""
    done = line.run(command[0], "m.onnx", *command[1:], "--input", given)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("shape", ["2x6", "1x2x6"])
def test_a_shape_may_have_the_batch_too(line, shape):
    """As the model itself writes it."""
    document = json.loads(line.run("summary", "m.onnx", "--input", shape, "--format", "json").out)
    assert document["input_shape"] == [1, 2, 6]
    assert document["layers"][0]["output_shape"] == [1, 1, 4]


REFUSED = {
    "another shape": (["--input", "3x6"], "the input 'x' of the model is 1 × 2 × 6, got 3 × 6", "give 2x6, with or"),
    "two samples": (
        ["--input", "2x2x6"],
        "the input 'x' of the model is 1 × 2 × 6, got 2 × 2 × 6",
        "give 2x6, with or",
    ),
    "numbers": (["--input", "{ones: [5]}"], "the input 'x' of the model is 1 × 2 × 6, got 1 × 5", "give 2x6, with or"),
}


@pytest.mark.parametrize(("flags", "error", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_told_with_the_way_out(line, flags, error, hint):
    """Never a shape beside itself: what is told differs, and the hint is the model's own shape."""
    done = line.run("summary", "m.onnx", *flags)
    assert done.code == 2
    assert done.err.startswith(f"error: --input: {error}\nhint: {hint}")


def test_dims_must_be_those_of_the_model(line):
    """They cannot be chosen."""
    assert line.run("run", "m.onnx", "--input", "one.npy", "--dims", "1", "-q").code == 0
    done = line.run("run", "m.onnx", "--input", "one.npy", "--dims", "2", "-q")
    assert done.code == 2
    assert done.err.startswith("error: --dims: dims is 2, the input of the model is 1 × 2 × 6: it has 1 spatial axis\n")


def test_the_hint_is_the_networks_own_shape(line):
    """It can be typed as it stands."""
    done = line.run("run", "m.onnx")
    hint = "--input x.npy, or --input '{random: [2, 6]}'"
    assert done.err == f"error: m.onnx has the shape of an input, not its numbers\nhint: {hint}\n"
    assert line.run("run", "m.onnx", "-q", "--input", "{random: [2, 6]}").code == 0


DECLARED = "input: {shape: [2, 5]}\nlayers: [max-pool: 2]\n"


@pytest.mark.parametrize("name", ["x.npy", "batch.npy"])
def test_the_shape_that_a_file_gives_decides_for_other_numbers(cli, name):
    """A shape of channels and one axis is one axis for summary, run, trace and uses alike."""
    cli.write({"f.yaml": DECLARED})
    cells = np.arange(10.0).reshape(2, 5)
    np.save(cli.folder / name, cells if name == "x.npy" else cells[None])
    for flags in ([], ["--input", name]):
        layer = json.loads(cli.run("summary", "f.yaml", *flags, "--format", "json").out)["layers"][0]
        assert (layer["output_shape"], layer["kernel_size"]) == ([1, 2, 2], [2])
    assert cli.run("run", "f.yaml", "--input", name, "--format", "csv").out == "1.0,3.0\n6.0,8.0\n"
    assert "max-pool1[1; 0] = 6" in cli.run("trace", "f.yaml", "--input", name, "--pos", "0", "--channel", "1").out
    assert "input[1; 1] = 6" in cli.run("uses", "f.yaml", "--input", name, "--pos", "1", "--channel", "1").out


def test_dims_still_decide_before_the_file(cli):
    """Whoever says how many spatial axes there are is asked first."""
    cli.write({"f.yaml": DECLARED})
    np.save(cli.folder / "x.npy", np.arange(10.0).reshape(2, 5))
    assert cli.run("run", "f.yaml", "--input", "x.npy", "--dims", "2", "--format", "csv").out == "6.0,8.0\n"


def test_a_cast_to_a_type_that_holds_all_and_a_mean_that_is_subtracted(cli):
    """What often stands before the first layer: neither ends the network, and the numbers are the reference's."""
    from onnx_models import agree, kinds

    cast = helper.make_node("Cast", ["x"], ["a"], to=1)
    mean = {"m": numbers(1, 3, 1, 1), "w": numbers(4, 3, 3, 3)}
    network = agree(model_of([cast, node("Sub", "a", "m", to="b"), node("Conv", "b", "w")], constants=mean))
    assert kinds(network) == ["bias", "conv"]
    assert network.notes[-1] == "a Sub's constant is added with the other sign, in 1 tensor"
    order = node("Transpose", "v", to="w", perm=[3, 2, 0, 1])
    agree(model_of([order, node("Conv", "x", "w")], constants={"v": numbers(3, 3, 4, 3).transpose(0, 1, 3, 2)}))
