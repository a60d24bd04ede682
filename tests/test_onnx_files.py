"""ONNX files: what is refused, in one sentence."""

import sys

import numpy as np
import pytest

from convcalc.errors import FieldError, FormatError, LimitError, MissingExtraError
from convcalc.files.file_kind import OpenedFile, open_file
from convcalc.files.number_notes import NumberNotes
from convcalc.files.tensor_file import read_tensor
from convcalc.limits import Limits
from convcalc.models.onnx_reader import read_onnx
from onnx_models import FLOAT, LIMITS, helper, lenet, model_of, node, numbers, numpy_helper, onnx, read


def lying(change):
    """A bias whose tensor has been changed."""
    proto = numpy_helper.from_array(numbers(3), "b")
    change(proto)
    return model_of([node("Add", "x", "b")], (1, 3), {"b": proto})


FAULTS = {
    "empty": (b"", "m.onnx: not a readable ONNX model (it has no graph)"),
    "short tensor": (
        lying(lambda proto: setattr(proto, "raw_data", b"\0" * 8)),
        "m.onnx: tensor 'b' is damaged: 3 values of float32 are 12 B, it holds 8 B",
    ),
    "huge tensor": (
        lying(lambda proto: proto.dims.extend([2**40, 2**40])),
        "m.onnx: tensor 'b' is damaged: 3 × 1099511627776 × 1099511627776 values of float32 are "
        "13,194,139,533,312.0 TiB, it holds 12 B",
    ),
    "negative size": (
        lying(lambda proto: proto.dims.__setitem__(0, -3)),
        "m.onnx: tensor 'b' has the shape [-3], or is stored in parts",
    ),
    "no input": (
        helper.make_model(helper.make_graph([], "g", [], [])),
        "m.onnx: the model has 0 inputs; a network here has one",
    ),
    "no tensor": (
        helper.make_model(helper.make_graph([], "g", [helper.make_tensor_sequence_value_info("x", FLOAT, (1, 3))], [])),
        "m.onnx: the input 'x' of the model is no tensor",
    ),
    "no batch": (model_of([node("Relu", "x")], (7,)), "m.onnx: the input 'x' of the model is 7, not a batch"),
    "no axes": (model_of([node("Relu", "x")], ()), "m.onnx: the input 'x' of the model is one number, not a batch"),
    "no layers": (
        model_of([node("Identity", "x")]),
        "m.onnx: no layer of the model can be read: its first output needs none",
    ),
    "another output": (
        model_of([node("Relu", "x"), node("Identity", "x", to="z")]),
        "m.onnx: no layer of the model can be read: its first output needs none",
    ),
}


@pytest.mark.parametrize(("model", "message"), FAULTS.values(), ids=FAULTS)
def test_models_that_cannot_be_read(model, message):
    """In one sentence, with the file."""
    with pytest.raises(FormatError) as caught:
        read(model)
    assert str(caught.value) == message


def test_weights_that_are_no_numbers():
    """Found when they are read: inf is told once with its place, or refused, and nan is refused."""
    bias = np.array([1, np.inf, 2], np.float32)
    model = model_of([node("Add", "x", "b", name="shift")], (1, 3), {"b": bias})
    source, findings = OpenedFile("m.onnx", "onnx", data=model.SerializeToString()), NumberNotes()
    notes, network = findings.notes, read_onnx(source, LIMITS, None, findings)
    assert notes == []
    network.stages[0].values()
    network.stages[0].values()
    assert notes == ["shift: bias: 1 value is not finite, the first (inf) at [1]"]
    with pytest.raises(FieldError) as caught:
        read_onnx(source, LIMITS, None, NumberNotes(strict_finite=True)).stages[0].values()
    assert str(caught.value) == f"{notes[0]} (leave --strict-finite out)"
    model = model_of([node("Add", "x", "b", name="shift")], (1, 3), {"b": np.array([1, np.nan, 2], np.float32)})
    with pytest.raises(FieldError, match=r"shift: bias: 1 value is nan, the first at \[1\]"):
        read(model).stages[0].values()


def test_numbers_beyond_their_type_are_refused():
    """Where a type of few bits is stored in a field of many."""
    proto = onnx.TensorProto(name="b", data_type=onnx.TensorProto.INT8, dims=[3], int32_data=[1, 300, 2])
    network = read(model_of([node("Add", "x", "b")], (1, 3), {"b": proto}))
    with pytest.raises(FormatError, match="tensor 'b' holds values beyond int8"):
        network.stages[0].values()


def test_a_size_that_is_left_open_is_asked_for():
    """The batch may be open, the rest is given with --input, and it must not be what the model forbids."""
    model = model_of([node("Relu", "x")], ("N", 3, "height", None))
    with pytest.raises(FieldError) as caught:
        read(model)
    assert str(caught.value) == (
        "m.onnx: the input 'x' of the model is 'N' × 3 × 'height' × '?': its size is open "
        "(give it, channels first: --input 3x224x224)"
    )
    assert read(model, (3, 5, 6)).input_shape == (3, 5, 6)
    for wrong in ((4, 5, 6), (3, 5)):
        with pytest.raises(FieldError) as caught:
            read(model, wrong)
        assert str(caught.value) == (
            f"the input 'x' of the model is 'N' × 3 × 'height' × '?', got {' × '.join(map(str, wrong))} "
            "(give channels and spatial sizes, with or without the batch before them)"
        )
    shapeless = model_of([node("Relu", "x")], None)
    assert read(shapeless, (3, 5)).input_shape == (3, 5)
    with pytest.raises(FieldError, match="the input 'x' of the model is any shape: its size is open"):
        read(shapeless)


def test_a_model_is_a_network(tmp_path):
    """By itself, with the size or the file that --input gives; the flag is named where that does not fit."""
    from convcalc.request.request import read_request
    from convcalc.request.resolve import resolve

    path = tmp_path / "m.onnx"
    path.write_bytes(lenet().SerializeToString())
    request = read_request(str(path))
    assert resolve(request).parameters == 44_426
    with pytest.raises(FieldError) as caught:
        resolve(request, input_text="1x32x32")
    assert str(caught.value).startswith("--input: the input 'x' of the model is 'N' × 1 × 28 × 28, got 1 × 32 × 32")
    assert caught.value.exit_code == 2
    np.save(tmp_path / "x.npy", np.ones((28, 28), np.float32))
    found = resolve(request, input_text=str(tmp_path / "x.npy"))
    assert found.input().shape == (1, 1, 28, 28)


def test_memory_and_size_are_limited(tmp_path):
    """Before anything is read."""
    model = lenet()
    with pytest.raises(LimitError, match=r"m\.onnx: the model needs 52\d\.\d KiB of memory, 97\.7 KiB may be used"):
        read(model, limits=Limits(memory=100_000))
    path = tmp_path / "m.onnx"
    with path.open("wb") as stream:
        stream.write(model.SerializeToString())
        stream.truncate(1 << 31)
    with pytest.raises(LimitError) as caught:
        read_onnx(open_file(str(path), LIMITS), LIMITS)
    assert str(caught.value) == f"{path}: a model of 2.0 GiB, an ONNX file has less than 2.0 GiB"


def test_the_extra_is_named(monkeypatch):
    """Without the package onnx."""
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError) as caught:
        read(b"")
    assert str(caught.value) == (
        "reading ONNX models needs the optional extra 'onnx' (install it: pip install 'convcalc[onnx]')"
    )


def test_the_kind_is_told_by_the_content(tmp_path):
    """Whatever the file is called; a model is no array, and text called so is text."""
    path = tmp_path / "model.bin"
    path.write_bytes(lenet().SerializeToString())
    assert open_file(str(path), LIMITS).kind == "onnx"
    with pytest.raises(FormatError) as caught:
        read_tensor(str(path), LIMITS)
    assert str(caught.value) == f"{path}: an ONNX model holds a network, not an array"
    path = path.rename(tmp_path / "model.onnx")
    path.write_bytes(b"\0" + path.read_bytes())
    with pytest.raises(FormatError, match="not a readable ONNX model"):
        read_onnx(open_file(str(path), LIMITS), LIMITS)


def test_names_that_are_no_text_are_shown_by_their_bytes():
    """Those of the model, of nodes, operators, tensors and what flows."""
    longest = "n" * 60
    model = model_of([node("Relu", "x", name=longest), node("LRN", "y", name="other", to="z")], title="title")
    data = model.SerializeToString()
    for each in (longest.encode(), b"other", b"LRN", b"title"):
        data = data.replace(each, b"\xff" + each[1:])
    network = read(data)
    assert (network.stages[0].name, network.title) == ("\\xff" + longest[1:], "m.onnx")
    assert str(network.cut) == "stops at node 2 '\\\\xffther' (\\xffRN): no kind of layer does that"
