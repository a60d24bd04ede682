"""ONNX models for tests, and the reference evaluator as an oracle for what is made of them."""

import itertools

import numpy as np
import pytest

from convcalc.files.file_kind import OpenedFile
from convcalc.limits import Limits
from convcalc.models.onnx_reader import read_onnx

onnx = pytest.importorskip("onnx")
helper, numpy_helper, FLOAT = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT

LIMITS = Limits()
GENERATOR = np.random.default_rng(5)


def numbers(*shape):
    """Numbers of about one."""
    return GENERATOR.standard_normal(shape).astype(np.float32)


def node(operator, *inputs, name="", to="y", domain="", **attributes):
    return helper.make_node(operator, list(inputs), [to], name, domain=domain, **attributes)


def model_of(nodes, shape=(1, 3, 8, 9), constants=None, opset=17, output=None, title="g", outputs=None):
    """A model with the input x; its output is that of the last node."""
    names = outputs or [output or nodes[-1].output[0]]
    graph = helper.make_graph(
        nodes,
        title,
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info(each, FLOAT, None) for each in names],
        [
            each if isinstance(each, onnx.TensorProto) else numpy_helper.from_array(np.asarray(each), name)
            for name, each in (constants or {}).items()
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def read(model, input_shape=None, limits=LIMITS):
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return read_onnx(OpenedFile("m.onnx", "onnx", data=data), limits, input_shape)


def output_of(network, cells):
    """The output of the last layer."""
    *_, (_, found) = network.outputs(cells)
    return found


def onnxruntimes(model, cells):
    """What onnxruntime makes of a model, with its optimisations; skips where it is not installed."""
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.log_severity_level = 3
    model.ir_version = 9
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": cells})[0]


def reference(model, cells):
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(model).run(None, {"x": cells})[0]


def agree(model, batch=2):
    """The network of a model makes what the reference evaluator makes, in the shape that ONNX infers."""
    network = read(model)
    cells = numbers(batch, *network.input_shape)
    wanted = reference(model, cells)
    assert network.shape_of(len(network.stages) - 1) == wanted.shape[1:]
    np.testing.assert_allclose(output_of(network, cells), wanted, rtol=2e-5, atol=2e-5)
    inferred = onnx.shape_inference.infer_shapes(model).graph.output[0].type.tensor_type.shape.dim
    if inferred and all(axis.HasField("dim_value") for axis in inferred):
        assert network.shape_of(len(network.stages) - 1) == tuple(axis.dim_value for axis in inferred)[1:]
    return network


def kinds(network):
    return [stage.layer.kind for stage in network.stages]


def grid(**options):
    """Every choice of options, None left out."""
    for choice in itertools.product(*options.values()):
        yield {name: value for name, value in zip(options, choice, strict=True) if value is not None}


def named(attributes):
    return ",".join(f"{name}={value}" for name, value in attributes.items()).replace(" ", "") or "plain"


def lenet(batch="N", size=28):
    """LeNet as PyTorch exports it."""
    flat = 16 * ((size - 4) // 2 - 4) ** 2 // 4
    shapes = {"conv1": (6, 1, 5, 5), "conv2": (16, 6, 5, 5), "fc1": (120, flat), "fc2": (84, 120), "fc3": (10, 84)}
    constants = {f"{name}.weight": numbers(*shape) / 8 for name, shape in shapes.items()}
    constants |= {f"{name}.bias": numbers(shape[0]) for name, shape in shapes.items()}
    nodes, flow = [], "x"
    for name in shapes:
        operator = "Conv" if name.startswith("conv") else "Gemm"
        weights = (f"{name}.weight", f"{name}.bias")
        said = {"kernel_shape": [5, 5], "pads": [0] * 4, "strides": [1, 1]} if operator == "Conv" else {"transB": 1}
        if name == "fc1":
            nodes.append(node("Flatten", flow, name="/Flatten", to="flat", axis=1))
            flow = "flat"
        nodes.append(node(operator, flow, *weights, name=f"/{name}/{operator}", to=f"{name}_out", **said))
        flow = f"{name}_out"
        if name != "fc3":
            nodes.append(node("Relu", flow, name=f"/Relu_{len(nodes)}", to=f"{name}_relu"))
            flow = f"{name}_relu"
        if operator == "Conv":
            nodes.append(
                node("MaxPool", flow, name=f"/{name}/MaxPool", to=f"{name}_pool", kernel_shape=[2, 2], strides=[2, 2])
            )
            flow = f"{name}_pool"
    return model_of(nodes, (batch, 1, size, size), constants, title="main_graph")
