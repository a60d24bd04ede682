"""Models as exporters write them by default: listed to their end, counted as by their makers, computed where possible.

They are made by tests/exported/export_torch.py and export_keras.py, with what these programs gave themselves.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from convcalc.context import STANDARD
from convcalc.layers.subnetwork import computable
from convcalc.request.request import read_request
from convcalc.request.resolve import resolve
from onnx_models import onnx

HERE = Path(__file__).parent / "exported"
TORCH = json.loads((HERE / "torch.json").read_text())
KERAS = {name: tuple(shape) for name, shape in json.loads((HERE / "keras.json").read_text()).items()}
COMPUTED = {"torch": {"resnet", "vgg"}, "keras": {"lenet", "transposed"}}
"""Those that are computed to their end at least."""


def network_of(path, shape=None):
    return resolve(read_request(str(path), STANDARD), STANDARD, input_text=shape)


def last(network, cells):
    *_, (_, found) = network.outputs(cells)
    return found


@pytest.mark.parametrize("name", TORCH)
def test_pytorch_by_default(name):
    """Every layer has a shape, the MACs are PyTorch's, and the output that of PyTorch."""
    network = network_of(HERE / f"torch-{name}.onnx")
    wanted = np.load(HERE / "torch.npz")[name]
    assert network.shape_of(len(network.stages) - 1) == wanted.shape[1:]
    assert all(stage.layer.output_shape for stage in network.stages)
    assert sum(stage.layer.work.macs for stage in network.stages) == TORCH[name]
    if name in COMPUTED["torch"] or network.cut is None:
        cells = np.random.default_rng(0).standard_normal((1, 3, 32, 32)).astype(np.float32)
        np.testing.assert_allclose(last(network, cells), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", KERAS)
def test_keras_by_default(name):
    """Channels that come last are turned, so are the features of a flatten; the output is that of Keras."""
    network = network_of(HERE / f"keras-{name}.onnx", "x".join(map(str, KERAS[name])))
    wanted = np.load(HERE / "keras.npz")[name]
    wanted = np.moveaxis(wanted, -1, 1)
    assert network.shape_of(len(network.stages) - 1) == wanted.shape[1:]
    assert any("channels come last in the model, first here" in note for note in network.notes)
    assert "transpose" not in {getattr(stage.layer, "operator", "").lower() for stage in network.stages}
    if name in COMPUTED["keras"] or network.cut is None:
        cells = np.random.default_rng(0).standard_normal((1, *KERAS[name])).astype(np.float32)
        found = last(network, np.moveaxis(cells, -1, 1))
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.parametrize("name", TORCH)
def test_what_is_computed_before_the_first_opaque_layer_is_right(name):
    """Against the reference evaluator, at the last layer that numbers reach, by its name in the model."""
    from onnx.reference import ReferenceEvaluator

    path = HERE / f"torch-{name}.onnx"
    network, model = network_of(path), onnx.load(path)
    number = max(computable(network.stages))
    if network.cut is None:
        return
    made = {node.name: node.output[0] for node in model.graph.node}
    if network.stages[number].name not in made:
        return
    inner = onnx.helper.make_tensor_value_info(made[network.stages[number].name], onnx.TensorProto.FLOAT, None)
    del model.graph.output[:]
    model.graph.output.append(inner)
    cells = np.random.default_rng(0).standard_normal((1, 3, 32, 32)).astype(np.float32)
    (wanted,) = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: cells})
    *_, (_, found) = network.outputs(cells, wanted=[number])
    np.testing.assert_allclose(found, wanted.reshape(found.shape), rtol=1e-4, atol=1e-4)


def test_no_model_tells_of_the_machine_that_made_it():
    """No doc strings, no metadata, no paths; and all of them are small."""
    for path in sorted(HERE.glob("*.onnx")):
        model = onnx.load(path, load_external_data=False)
        told = [model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer]
        told += [*model.graph.input, *model.graph.output, *model.functions]
        assert not any(each.doc_string for each in told), path.name
        assert not any(len(getattr(each, "metadata_props", ())) for each in told), path.name
        assert not re.search(rb"/(?:home|root|work|tmp|usr)/|site-packages", path.read_bytes()), path.name
        assert path.stat().st_size < 64 << 10
