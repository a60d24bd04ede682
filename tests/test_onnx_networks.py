"""Whole models: their layers, names and weights."""

import warnings

import numpy as np
import pytest

from convcalc.errors import FieldError
from convcalc.files.file_kind import open_file
from convcalc.models.onnx_reader import read_onnx
from convcalc.request.request import read_request
from convcalc.request.resolve import resolve
from onnx_models import (
    LIMITS,
    agree,
    helper,
    kinds,
    lenet,
    model_of,
    node,
    numbers,
    numpy_helper,
    onnx,
    output_of,
    read,
)


def test_lenet():
    """Its layers, names, shapes and parameters, and what it makes of an image."""
    network = agree(lenet(), 3)
    assert [stage.name for stage in network.stages] == [
        *("conv1", "Relu_1", "conv1-2", "conv2", "Relu_4", "conv2-2"),
        *("Flatten", "fc1", "Relu_8", "fc2", "Relu_10", "fc3"),
    ]
    assert network.parameters == 44_426
    assert network.title == "m.onnx"
    assert network.notes == ()
    assert [network.shape_of(number) for number in (-1, 0, 2, 5, 6, 11)] == [
        *((1, 28, 28), (6, 24, 24), (6, 12, 12), (16, 4, 4), (256,), (10,)),
    ]


def test_shapes_agree_with_shape_inference_at_every_layer():
    """Not only at the end."""
    model = lenet(1, 32)
    inferred = {
        each.name: tuple(axis.dim_value for axis in each.type.tensor_type.shape.dim)[1:]
        for each in onnx.shape_inference.infer_shapes(model).graph.value_info
    }
    network = read(model)
    for number, proto in enumerate(model.graph.node[:-1]):
        assert network.shape_of(number) == inferred[proto.output[0]]


def test_what_pytorch_exports_is_read(tmp_path):
    """A network written by PyTorch's own exporter makes the numbers that PyTorch makes."""
    torch = pytest.importorskip("torch")
    layers = torch.nn
    network = layers.Sequential(
        layers.Conv2d(3, 8, 3, padding=1, bias=False),
        layers.BatchNorm2d(8),
        layers.LeakyReLU(0.2),
        layers.AvgPool2d(3, 2, padding=1),
        layers.ConvTranspose2d(8, 4, 4, 2, 1),
        layers.MaxPool2d(3, 2, 1, ceil_mode=True),
        layers.Upsample(scale_factor=2, mode="nearest"),
        layers.Sigmoid(),
        layers.Dropout(0.5),
        layers.AdaptiveAvgPool2d(1),
        layers.Flatten(),
        layers.Linear(4, 5),
        layers.Softmax(dim=1),
    ).eval()
    cells = numbers(1, 3, 12, 14)
    path = tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further package is the older one
        torch.onnx.export(network, torch.from_numpy(cells), str(path), dynamo=False)
    ours = read_onnx(open_file(str(path), LIMITS), LIMITS)
    with torch.no_grad():
        wanted = network(torch.from_numpy(cells)).numpy()
    np.testing.assert_allclose(output_of(ours, cells), wanted, rtol=1e-4, atol=1e-5)


def test_weights_are_read_when_they_are_needed():
    """Shapes are there without a single number having been made of bytes; what is asked for is read."""
    weight = numbers(2, 3, 1, 1)
    network = read(model_of([node("Conv", "x", "w")], constants={"w": weight}))
    values = network.stages[0].values()
    np.testing.assert_array_equal(values["weight"], weight, strict=True)
    assert not values["weight"].flags.writeable


@pytest.mark.parametrize("kind", ["FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "INT8", "UINT8", "INT32", "INT64", "BOOL"])
@pytest.mark.parametrize("raw", [True, False])
def test_weights_of_every_type(kind, raw):
    """In bytes or in the fields that Protocol Buffers has for them; halves become float32, with a note."""
    values = [0, 1, 1] if kind in ("UINT8", "BOOL") else [-2, 0, 3]
    proto = helper.make_tensor("b", getattr(onnx.TensorProto, kind), [3], values)
    if raw:
        array = numpy_helper.to_array(proto)
        proto = onnx.TensorProto(name="b", data_type=proto.data_type, dims=[3], raw_data=array.tobytes())
    network = read(model_of([node("Add", "x", "b")], (1, 3), {"b": proto}))
    np.testing.assert_array_equal(network.stages[0].values()["bias"], values)
    half = {"FLOAT16": "float16", "BFLOAT16": "bfloat16"}.get(kind)
    assert network.notes == ((f"{half} is read as float32, in 1 tensor",) if half else ())


def test_names_are_made_unique_and_readable():
    """Those of PyTorch without repetition, numbers with the kind; control characters and spaces become a line."""
    names = ["/f/f.0/Relu", "/f/f.0/Relu", "a b\x1b[2J\u202e", "", "input", "Relu_7", "/Relu", "/3/Relu"]
    nodes = [
        node("Relu", "x" if number == 0 else f"v{number - 1}", name=name, to=f"v{number}")
        for number, name in enumerate(names)
    ]
    network = read(model_of(nodes))
    assert [stage.name for stage in network.stages] == [
        *("f.0", "f.0-2", "a_b_[2J_", "relu4", "input-2", "Relu_7", "Relu", "relu-3"),
    ]


def test_only_what_the_first_output_needs():
    """Other branches and outputs are left out, which notes tell."""
    nodes = [
        node("Relu", "x", to="a"),
        node("Tanh", "x", to="b"),
        node("Sigmoid", "a", to="c"),
        node("Tanh", "b", to="d"),
    ]
    network = read(model_of(nodes, outputs=["c", "d"]))
    assert kinds(network) == ["relu", "sigmoid"]
    assert [stage.inputs for stage in network.stages] == [(-1,), (0,)]
    assert network.notes == (
        "2 nodes left out that its output does not need",
        "of 2 outputs ('c', 'd') the first is read",
    )


def test_a_layer_whose_shape_alone_is_used_is_left_out():
    """Its node is needed for the shape of what it makes, its numbers are not."""
    nodes = [
        node("Relu", "x", to="r"),
        node("Shape", "r", to="s"),
        node("Gather", "s", "zero", to="n", axis=0),
        node("Unsqueeze", "n", "a", to="l"),
        node("Concat", "l", "rest", to="t", axis=0),
        node("Reshape", "x", "t", to="f"),
    ]
    constants = {"zero": np.array(0), "a": np.array([0]), "rest": np.array([-1])}
    network = read(model_of(nodes, (1, 3, 8, 9), constants))
    assert kinds(network) == ["flatten"]
    assert "1 layer left out that its output does not need" in network.notes


def test_the_input_of_a_model_is_found_in_its_file(tmp_path):
    """A model says of its input no more than the file does."""
    path = tmp_path / "m.onnx"
    path.write_bytes(model_of([node("Relu", "x")]).SerializeToString())
    found = resolve(read_request(str(path)))
    assert str(found.input_place()) == str(path)


def test_what_a_model_does_not_have_is_asked_for():
    """A layer that is changed to need a tensor more; and its arguments are those that a file would have."""
    from convcalc.request import model_change

    weights = model_change.ModelWeights({})
    assert (weights.shape("bias"), weights.stored("bias")) == (None, None)
    with pytest.raises(FieldError, match="the model has no bias for it") as caught:
        weights.read("bias", {"bias": (4,)})
    assert caught.value.hint == "give its numbers: --bias 0"
    assert model_change._node([True, (1, 2), False]) == ["true", ["1", "2"], "false"]
