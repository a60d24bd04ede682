"""Tensors in a file beside the model, as PyTorch's exporter has them: what is read, and what is refused."""

from __future__ import annotations

import os
import re
import sys
import tracemalloc

import pytest

from convcalc.errors import FormatError
from onnx_models import FLOAT, helper, model_of, node, numbers, numpy_helper, onnx, read

WEIGHT = numbers(4, 3, 3, 3)
HINT = (
    "export it with its data inside: torch.onnx.export(…, external_data=False), or onnx.save(onnx.load(path), new_path)"
)


def external(location, shape=WEIGHT.shape, element=FLOAT, **more):
    """A tensor that says that its numbers are in another file."""
    proto = onnx.TensorProto(name="w", data_type=element, dims=shape, data_location=onnx.TensorProto.EXTERNAL)
    for key, value in {"location": location, **more}.items():
        proto.external_data.add(key=key, value=value)
    return proto


def model_with(tensor):
    return model_of([node("Conv", "x", "w", name="conv")], constants={"w": tensor})


@pytest.fixture
def folder(cli):
    """A folder with a file of weights behind 100 other bytes, and one that lies outside."""
    home = cli.folder / "home"
    (home / "below").mkdir(parents=True)
    for path in (home / "w.data", home / "below" / "w.data", cli.folder / "outside.data"):
        path.write_bytes(bytes(100) + WEIGHT.tobytes() + b"end")
    os.link(home / "w.data", home / "hard.data")
    (home / "w2.data").write_bytes((home / "w.data").read_bytes())
    (home / "w.data").unlink()
    (home / "w2.data").rename(home / "w.data")
    (home / "inside.data").symlink_to("w.data")
    (home / "link.data").symlink_to("../outside.data")
    (home / "away").symlink_to("..")
    os.mkfifo(home / "pipe.data")
    os.link(home / "hard.data", home / "hard2.data")
    return cli


def run(cli, tensor):
    (cli.folder / "home" / "m.onnx").write_bytes(model_with(tensor).SerializeToString())
    return cli.run("run", "home/m.onnx", "--input", "{random: [3, 8, 9]}", "--layer", "conv", "--format", "csv")


@pytest.mark.parametrize("location", ["w.data", "./w.data", "below/w.data", "inside.data"])
def test_weights_beside_the_model_are_read(folder, location):
    """Where they begin and end is as the model says, and the numbers are those of the same model in one file."""
    done = run(folder, external(location, offset="100", length="432"))
    assert (done.code, done.err) == (0, "")
    assert done.out == run(folder, numpy_helper.from_array(WEIGHT, "w")).out


def test_without_an_offset_and_a_length_the_file_is_the_tensor(folder):
    """As ONNX has it."""
    (folder.folder / "home" / "alone.data").write_bytes(WEIGHT.tobytes())
    assert run(folder, external("alone.data")).out == run(folder, numpy_helper.from_array(WEIGHT, "w")).out


REFUSED = {
    "out of the folder": ("../outside.data", {}, "in '../outside.data', which is no path within the model's folder"),
    "absolute": ("/etc/passwd", {}, "in '/etc/passwd', which is no path within the model's folder"),
    "drive": ("C:w.data", {}, "in 'C:w.data', which is no path within the model's folder"),
    "backslash": ("below\\w.data", {}, "which is no path within the model's folder"),
    "up and down": ("below/../../outside.data", {}, "which is no path within the model's folder"),
    "nothing": ("", {}, "in '', which is no path within the model's folder"),
    "control": ("\x1b]0;pwned\x07", {}, "in '\\x1b]0;pwned\\x07', which is not beside the model"),
    "no file": ("none.data", {}, "in 'none.data', which is not beside the model"),
    "link out": ("link.data", {}, "in 'link.data', a link out of the model's folder"),
    "folder out": ("away/outside.data", {}, "in 'away/outside.data', a link out of the model's folder"),
    "hard link": ("hard.data", {}, "in 'hard.data', which has several names (a hard link)"),
    "pipe": ("pipe.data", {}, "in 'pipe.data', which is no regular file"),
    "folder": ("below", {}, "in 'below', which is no regular file"),
    "beyond": ("w.data", {"offset": "104"}, "at bytes 104 to 536 of 'w.data', which has 535"),
    "far beyond": ("w.data", {"offset": str(2**62)}, "of 'w.data', which has 535"),
    "negative": ("w.data", {"offset": "-1"}, "at the offset '-1', which is no number of bytes"),
    "huge": ("w.data", {"offset": "9" * 30}, "which is no number of bytes"),
    "no number": ("w.data", {"length": "٣"}, "which is no number of bytes"),
    "short": ("w.data", {"length": "428"}, "in 'w.data', as 428 B: 4 × 3 × 3 × 3 values are 432 B"),
    "entry": ("w.data", {"secret": "1"}, "with an entry 'secret' that is not known"),
}


@pytest.mark.parametrize(("location", "more", "told"), REFUSED.values(), ids=REFUSED)
def test_other_files_are_not_read(folder, location, more, told):
    """One line with the tensor, and the way out; a pipe is not waited for, and nothing outside is opened."""
    opened = []
    sys.addaudithook(lambda event, details: opened.append(str(details[0])) if event == "open" else None)
    done = run(folder, external(location, **more))
    assert (done.code, done.out) == (1, "")
    error, hint = done.err.splitlines()
    assert "the model keeps tensor 'w' " in error
    assert told in error
    assert hint.endswith(HINT)
    assert not [each for each in opened if "outside" in each or "passwd" in each or each.endswith("pwned\x07")]


def test_lying_sizes_are_told_before_the_file_is_looked_at():
    """A shape of 2^63 numbers in a file of a few bytes."""
    for shape in ([2**62, 2], [1] * 9, [-1, 3]):
        with pytest.raises(FormatError, match="tensor 'w' "):
            read(model_with(external("w.data", shape, length="432")))


def test_summary_needs_no_weights(folder):
    """Nor the file that they are in: it need not be there."""
    path = folder.folder / "home" / "m.onnx"
    path.write_bytes(model_with(external("none.data", offset="100", length="432")).SerializeToString())
    done = folder.run("summary", "home/m.onnx", "--format", "plain")
    assert (done.code, done.err) == (0, "")
    assert "108" in done.out


def test_a_model_from_a_pipe_has_no_folder():
    """Its tensors must be inside."""
    with pytest.raises(FormatError, match=r"'w' in 'w\.data', and the model itself comes from no file"):
        read(model_with(external("w.data")))


def test_what_hides_in_a_node_is_checked_too():
    """The tensor of a Constant node."""
    constant = helper.make_node("Constant", [], ["w"], value=external("../w.data"), name="hidden")
    model = model_of([constant, node("Conv", "x", "w")])
    told = (
        "node 1 'hidden' (Constant): the model keeps tensor 'w' in '../w.data', and the model itself comes from no file"
    )
    with pytest.raises(FormatError, match=re.escape(told)):
        read(model)


@pytest.mark.parametrize("element", [onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE, onnx.TensorProto.BFLOAT16])
def test_other_types_of_numbers_are_read(folder, element):
    """As they are from the model itself."""
    cells = helper.make_tensor("w", element, WEIGHT.shape, WEIGHT.reshape(-1), raw=False)
    raw = numpy_helper.from_array(numpy_helper.to_array(cells), "w").raw_data
    (folder.folder / "home" / "typed.data").write_bytes(raw)
    assert run(folder, external("typed.data", element=element)).out == run(folder, cells).out


def test_no_more_is_loaded_than_what_is_read(folder):
    """Of a file of many mebibytes with one tensor at its end, within a limit that is far below it."""
    with (folder.folder / "home" / "sparse.data").open("wb") as stream:
        stream.seek(1 << 28)
        stream.write(WEIGHT.tobytes())
    tracemalloc.start()
    assert run(folder, external("sparse.data", offset=str(1 << 28))).code == 0
    assert tracemalloc.get_traced_memory()[1] < 1 << 26
    tracemalloc.stop()
