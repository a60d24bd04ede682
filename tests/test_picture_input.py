"""Pictures that go into a network: their size, their channels, their levels, and the names of what comes out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from convcalc.picture.resizing import middle, resized
from onnx_models import model_of, node, numbers

MEANS, DEVIATIONS = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def ppm(cells):
    """A picture of (channels, height, width) as a binary PNM."""
    mark = b"P5" if len(cells) == 1 else b"P6"
    return b"%s %d %d 255\n" % (mark, cells.shape[2], cells.shape[1]) + np.moveaxis(cells, 0, -1).tobytes()


def levels(*shape):
    return np.random.default_rng(3).integers(0, 256, shape, np.uint8)


@pytest.fixture
def folder(cli):
    """Models that give their input back, and pictures in colour and in grey."""
    for name, shape in {"m": (1, 3, 6, 8), "grey": (1, 1, 6, 8), "open": ("N", 3, "h", "w")}.items():
        (cli.folder / f"{name}.onnx").write_bytes(
            model_of([node("LeakyRelu", "x", alpha=1.0)], shape).SerializeToString()
        )
    turn = [node("Transpose", "x", to="a", perm=[0, 3, 1, 2]), node("LeakyRelu", "a", alpha=1.0)]
    (cli.folder / "last.onnx").write_bytes(model_of(turn, (1, 6, 8, 3)).SerializeToString())
    (cli.folder / "colour.ppm").write_bytes(ppm(levels(3, 6, 8)))
    (cli.folder / "large.ppm").write_bytes(ppm(levels(3, 15, 11)))
    (cli.folder / "flat.pgm").write_bytes(ppm(levels(1, 6, 8)))
    return cli


def given(cli, model, picture, *flags):
    """What goes in, and the notes on it."""
    done = cli.run("run", f"{model}.onnx", "--input", picture, *flags, "--format", "json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    return np.array(
        document["output"]["values"] if isinstance(document["output"], dict) else document["output"]
    ), document["notes"]


def test_a_picture_of_the_right_size_goes_in_as_it_is(folder):
    """Which a note says, since networks are rarely trained on levels up to 255."""
    cells, notes = given(folder, "m", "colour.ppm")
    assert (cells.reshape(3, 6, 8) == levels(3, 6, 8)).all()
    assert notes == ["input: its levels go in as they are, 0 to 255; see --normalise"]


@pytest.mark.parametrize(
    ("rule", "wanted", "said"),
    [
        ("0..1", lambda x: x / 255, "x / 255, as normalise 0..1 says"),
        ("-1..1", lambda x: x / 127.5 - 1, "(x / 255 − 0.5) / 0.5, as normalise -1..1 says"),
        (
            "imagenet",
            lambda x: (x / 255 - MEANS[:, None, None]) / DEVIATIONS[:, None, None],
            "(x / 255 − [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225], as normalise imagenet says",
        ),
        ("0.5/0.25", lambda x: (x / 255 - 0.5) / 0.25, "(x / 255 − 0.5) / 0.25, as normalise 0.5/0.25 says"),
        (
            "0.1,0.2,0.3/1,2,4",
            lambda x: (x / 255 - np.array([0.1, 0.2, 0.3])[:, None, None]) / np.array([1, 2, 4])[:, None, None],
            "(x / 255 − [0.1, 0.2, 0.3]) / [1, 2, 4], as normalise 0.1,0.2,0.3/1,2,4 says",
        ),
    ],
)
def test_levels_become_numbers(folder, rule, wanted, said):
    """By each rule, channel by channel; the note is the formula."""
    cells, notes = given(folder, "m", "colour.ppm", "--normalise", rule)
    np.testing.assert_allclose(cells.reshape(3, 6, 8), wanted(levels(3, 6, 8).astype(float)), rtol=1e-6, atol=1e-6)
    assert notes == [f"input: {said}"]


def test_a_picture_of_another_size_is_brought_to_the_models(folder):
    """Without a word too, where only one size goes in; the note says from what to what."""
    cells, notes = given(folder, "m", "large.ppm", "--normalise", "0..1")
    wanted = np.rint(resized(levels(3, 15, 11), (6, 8))) / 255
    np.testing.assert_allclose(cells.reshape(3, 6, 8), wanted, atol=1e-6)
    assert notes[0] == "input: resized from 15×11 to 6×8, antialiased; the network takes no other size"


def test_one_size_is_the_middle_square(folder):
    """The shorter side becomes it, and what is beyond it on the longer one is left out on both sides."""
    cells, notes = given(folder, "open", "large.ppm", "--resize", "5")
    wanted = np.rint(middle(resized(levels(3, 15, 11), (7, 5)), (5, 5)))
    assert (cells.reshape(3, 5, 5) == wanted).all()
    assert notes[0] == "input: resized from 15×11 to 7×5, antialiased, of that the middle 5×5"
    cells, notes = given(folder, "open", "large.ppm", "--resize", "4x9")
    assert (cells.reshape(3, 4, 9) == np.rint(resized(levels(3, 15, 11), (4, 9)))).all()
    assert notes[0] == "input: resized from 15×11 to 4×9, antialiased"


def test_channels_become_the_models(folder):
    """Grey three times, or colours weighted as Pillow's L."""
    cells, notes = given(folder, "m", "flat.pgm")
    assert (cells.reshape(3, 6, 8) == levels(1, 6, 8)).all()
    assert notes[0] == "input: grey, the same in all 3 channels"
    cells, notes = given(folder, "grey", "colour.ppm")
    wanted = np.rint(np.tensordot([0.299, 0.587, 0.114], levels(3, 6, 8), axes=1))
    assert (cells.reshape(6, 8) == wanted).all()
    assert notes[0] == "input: its colours become grey: 0.299 R + 0.587 G + 0.114 B"


def test_channels_that_come_last(folder):
    """A picture is channels first by itself, an array may be as the model has it, or channels first."""
    wanted = levels(3, 6, 8)
    assert (given(folder, "last", "colour.ppm")[0].reshape(3, 6, 8) == wanted).all()
    np.save(folder.folder / "own.npy", np.moveaxis(wanted, 0, -1).astype(float))
    np.save(folder.folder / "batch.npy", np.moveaxis(wanted, 0, -1).astype(float)[None])
    np.save(folder.folder / "first.npy", wanted.astype(float))
    for name in ("own.npy", "batch.npy", "first.npy"):
        assert (given(folder, "last", name)[0].reshape(3, 6, 8) == wanted).all()
    for shape in ("6x8x3", "1x6x8x3", "3x6x8", "1x3x6x8"):
        document = json.loads(folder.run("summary", "last.onnx", "--input", shape, "--format", "json").out)
        assert document["input_shape"] == [1, 3, 6, 8]


def test_fields_of_a_file(folder):
    """As the flags, which replace them."""
    text = "input: {file: large.ppm}\nresize: 6x8\nnormalise: 0..1\nlayers: [leaky-relu: {negative_slope: 1}]\n"
    folder.write({"f.yaml": text})
    found = json.loads(folder.run("run", "f.yaml", "--format", "json").out)
    assert found["notes"][-1] == "input: x / 255, as normalise 0..1 says"
    assert found["input"]["shape"] == [1, 3, 6, 8]
    changed = json.loads(folder.run("run", "f.yaml", "--normalise", "-1..1", "--format", "json").out)
    assert changed["notes"][-1] == "input: (x / 255 − 0.5) / 0.5, as normalise -1..1 says"


RULES = (
    "hint: imagenet, 0..1, -1..1, or MEAN/STD of levels from 0 to 1, such as 0.5/0.25 or 0.48,0.45,0.41/0.23,0.22,0.22"
)
REFUSED = {
    "rule": (["--normalise", "best"], f"error: --normalise: normalise is 'best'\n{RULES}\n"),
    "zero": (["--normalise", "0/0"], f"error: --normalise: normalise divides by 0\n{RULES}\n"),
    "channels": (
        ["--normalise", "1,2/1"],
        f"error: --normalise: normalise 1,2/1 has 2 means, the input 3 channels\n{RULES}\n",
    ),
    "sizes": (
        ["--resize", "1x2x3"],
        "error: --resize: resize takes one or two sizes, got 3\n"
        "hint: 224: the shorter side, and the middle square of it; 224x320: height and width, stretched\n",
    ),
    "size": (["--resize", "0"], "error: --resize: a size of resize must be a whole number >= 1, got 0\n"),
    "other size": (
        ["--resize", "7"],
        "error: --input: the input 'x' of the model is 1 × 3 × 6 × 8, got 3 × 7 × 7\n"
        "hint: give 3x6x8, with or without the batch before it\n",
    ),
}


@pytest.mark.parametrize(("flags", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(folder, flags, message):
    """Word by word."""
    done = folder.run("run", "m.onnx", "--input", "large.ppm", *flags)
    assert done.out == ""
    assert done.err == message


def test_a_single_convolution_takes_no_such_field(folder):
    """Its input is what the file says."""
    done = folder.run("run", "--resize", "3")
    assert done.err == "error: --resize: resize is of the input of a network or a model\nhint: leave it out\n"


@pytest.mark.parametrize(
    ("size", "target"), [((50, 70), (20, 33)), ((20, 30), (41, 57)), ((7, 5), (3, 9)), ((1, 1), (4, 2))]
)
def test_resizing_is_that_of_pytorch(size, target):
    """Its interpolate, bilinear and antialiased, on random levels."""
    torch = pytest.importorskip("torch")
    cells = np.random.default_rng(1).uniform(0, 255, (3, *size))
    wanted = torch.nn.functional.interpolate(torch.tensor(cells)[None], target, mode="bilinear", antialias=True)
    np.testing.assert_allclose(resized(cells, target), wanted[0].numpy(), atol=1e-9)


@pytest.fixture
def classes(folder):
    """A model of six features, and their names."""
    weight = numbers(6, 4)
    model = model_of([node("Gemm", "x", "w", transB=1)], ("N", 4), {"w": weight})
    (folder.folder / "c.onnx").write_bytes(model.SerializeToString())
    (folder.folder / "names.txt").write_text("cat\ndog\nbird\nship\ncar\nfrog <b>\n\n", encoding="utf-8")
    return folder, weight


def test_the_top_five_by_their_names(classes):
    """The largest first, with the softmax of all; in JSON too."""
    cli, weight = classes
    cells = np.array([[1.0, -2, 0.5, 3], [0, 0, 0, 0]])
    np.save(cli.folder / "x.npy", cells)
    done = cli.run("run", "c.onnx", "--input", "x.npy", "--labels", "names.txt", "--format", "json")
    found = json.loads(done.out)["classes"]
    values = cells @ weight.T.astype(float)
    shares = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    names = ["cat", "dog", "bird", "ship", "car", "frog <b>"]
    for sample in (0, 1):
        rows = [each for each in found if each["sample"] == sample]
        order = np.argsort(-values[sample], kind="stable")[:5]
        assert [each["number"] for each in rows] == [*order]
        assert [each["name"] for each in rows] == [names[each] for each in order]
        np.testing.assert_allclose([each["share"] for each in rows], shares[sample][order], rtol=1e-5)
    shown = cli.run("run", "c.onnx", "--input", "x.npy", "--labels", "names.txt").out
    assert "share" in shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a\nb\n",
            "there are 2 names, the output has 6 features\nhint: one name a line, in the order of the classes\n",
        ),
        ("\n", "file is empty\nhint: one name a line\n"),
        ("\x1b[31m\n", "control character '\\x1b' in a text file\n  \\x1b[31m\n  ^\n"),
        ("x" * 999, "line 1 has 999 characters, a name of a class has at most 200\nhint: one name a line\n"),
    ],
)
def test_names_that_are_none(classes, text, message):
    """As many as there are features, one a line."""
    cli, _ = classes
    (cli.folder / "l.txt").write_text(text, encoding="utf-8")
    done = cli.run("run", "c.onnx", "--input", "{ones: [4]}", "--labels", "l.txt")
    assert done.out == ""
    assert done.err.endswith(message)


def test_names_need_features(folder):
    """An output with places has no classes."""
    (folder.folder / "l.txt").write_text("a\n", encoding="utf-8")
    done = folder.run("run", "m.onnx", "--input", "colour.ppm", "--labels", "l.txt")
    assert done.err == "error: --labels: the output is 3×6×8, not one number for each class\nhint: leave it out\n"
