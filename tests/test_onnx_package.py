"""The models that come with the package onnx: what is read of them makes the numbers that they say."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from convcalc.context import Context
from convcalc.errors import ConvcalcError
from convcalc.models.onnx_nodes import OPERATORS
from convcalc.request.request import read_request
from convcalc.request.resolve import resolve
from onnx_models import LIMITS, numpy_helper, onnx

DATA = Path(onnx.__file__).parent / "backend/test/data"
MODELS = sorted(DATA.glob("*/*/model.onnx"))
ON_LINES = ("Conv1d", "MaxPool1d", "BatchNorm1d", "Linear", "Softmax", "LeakyReLU")
"""What stands in the names of the models of one axis, or of features, whose operators are all read."""
CLOSE = {"rtol": 1e-4, "atol": 1e-4}  # some of the package's outputs are written with four decimals


def verdict(model: Any, arrays: list[Any], wanted: Any, folder: Path) -> str:
    """Of a model on its first input, the others made constants: right, wrong, or refused."""
    held = {each.name for each in model.graph.initializer}
    names = [each.name for each in model.graph.input if each.name not in held]
    if not names or len(arrays) < len(names) or not arrays[0].size:
        return "no array"
    model.graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in list(zip(names, arrays, strict=False))[1:])
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    np.save(folder / "x.npy", arrays[0])
    try:
        context = Context(own_limits=LIMITS)
        request = read_request(str(folder / "m.onnx"), context)
        network = resolve(request, context, input_text=str(folder / "x.npy"))
        if network.cut:
            return "refused"
        *_, (_, output) = network.outputs(network.input(), context)
    except ConvcalcError:
        return "refused"
    same = output.size == wanted.size and np.allclose(output.reshape(wanted.shape), wanted, equal_nan=True, **CLOSE)
    return "right" if same else "wrong"


def stored(path: Path, kind: str) -> list[Any]:
    """The arrays beside a model."""
    files = sorted((path.parent / "test_data_set_0").glob(f"{kind}_*.pb"))
    return [numpy_helper.to_array(onnx.load_tensor(str(each))) for each in files]


def test_models_of_the_package(tmp_path):
    """None is wrong; those of one axis are right, never refused with their own shape."""
    found = {}
    for path in MODELS:
        inputs, outputs = stored(path, "input"), stored(path, "output")
        found[path.parent.name] = verdict(onnx.load(str(path)), inputs, outputs[0], tmp_path)
    assert [name for name, each in found.items() if each == "wrong"] == []
    lines = {name: each for name, each in found.items() if any(f"test_{part}" in name for part in ON_LINES)}
    assert {name for name, each in lines.items() if each != "right"} == set()
    assert Counter(found.values())["right"] >= 64


def test_node_cases_of_the_package(tmp_path):
    """Those of operators that are read, each by itself: none is wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cases' own arithmetic
        from onnx.backend.test.case.node import collect_testcases

        cases = [each for each in collect_testcases(None) if {n.op_type for n in each.model.graph.node} <= {*OPERATORS}]
    found = {}
    for each in cases:
        inputs, outputs = each.data_sets[0]
        if all(isinstance(array, np.ndarray) and array.dtype.kind in "fiu" for array in inputs):
            found[each.name] = verdict(each.model, list(inputs), outputs[0], tmp_path)
    assert [name for name, each in found.items() if each == "wrong"] == []
    assert Counter(found.values())["right"] >= 150
