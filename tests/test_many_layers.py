"""Networks of many layers: what it takes to read and to list them grows with their number, not with its square."""

from __future__ import annotations

import sys
import zipfile

import numpy as np
import pytest

from convcalc.files.number_notes import NumberNotes
from convcalc.report.network.summary import summary_report
from convcalc.request.request import read_request
from convcalc.request.resolve import resolve

FEW, MANY = 50, 800


def written(count) -> str:
    """A file of so many layers, each of which takes another one by its name too."""
    blocks = "".join(
        f"  - conv: {{out_channels: 3, kernel_size: 3, padding: 1, name: c{number}}}\n  - add: c{number}\n"
        for number in range(count // 2)
    )
    return f"input: {{shape: [3, 8, 8]}}\nweights: {{random: 0}}\nlayers:\n{blocks}"


def archived(cli, count) -> str:
    """A file of so many layers, what they are told by an archive of weights."""
    names = [f"conv{number}" for number in range(1, count + 1)]
    weights = {f"{name}.weight": np.ones((3, 3, 1, 1), np.float32) for name in names}
    np.savez(cli.folder / "w.npz", **weights, **{f"{name}.bias": np.ones(3, np.float32) for name in names})
    return f"input: {{ones: [3, 8, 8]}}\nweights: {{file: w.npz}}\nlayers: [{', '.join(['conv'] * count)}]\n"


def model(count) -> bytes:
    """A model of so many layers, all of one name."""
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    nodes = [helper.make_node("Relu", [f"x{number}"], [f"x{number + 1}"], "same") for number in range(count)]
    ends = [helper.make_tensor_value_info(name, 1, [1, 3, 8, 8]) for name in ("x0", f"x{count}")]
    return helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:])).SerializeToString()


def explanations_of(function) -> int:
    """How many lines of Python are carried out."""
    count = 0

    def counted(_frame, event, _argument):
        nonlocal count
        count += event == "line"
        return counted

    before = sys.gettrace()  # that of a coverage tool
    sys.settrace(counted)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


def listed(path):
    """Reads a network and makes all that a summary can say of it."""
    report = summary_report(resolve(read_request(path)))
    assert report.blocks
    assert report.data()
    assert list(report.rows())


@pytest.mark.parametrize("kind", ["written", "archived", "model"])
def test_reading_and_listing_grow_with_the_layers(cli, kind):
    """Sixteen times the layers take at most eighteen times the steps."""
    steps = {}
    for count in (FEW, FEW, MANY):  # the first time modules are loaded
        content = {"written": written, "archived": lambda many: archived(cli, many), "model": model}[kind](count)
        name = "f.onnx" if kind == "model" else "f.yaml"
        cli.write({name: content})
        steps[count] = explanations_of(lambda name=name: listed(name))
    assert steps[FEW] > 20 * FEW
    assert steps[MANY] < 18 * steps[FEW]


def test_an_archive_of_weights_is_opened_once(cli, monkeypatch):
    """Its directory is read once for the shapes and the numbers of all layers, and its file closed in the end."""
    opened = []

    class Counted(zipfile.ZipFile):
        def __init__(self, stream, *rest):
            opened.append(stream)
            super().__init__(stream, *rest)

    cli.write({"f.yaml": archived(cli, 5)})
    monkeypatch.setattr(zipfile, "ZipFile", Counted)
    found = resolve(read_request("f.yaml"))
    assert [stage.values()["bias"].tolist() for stage in found.stages] == [[1, 1, 1]] * 5
    assert [stream.closed for stream in opened] == [False]
    del found
    import gc

    gc.collect()
    assert [stream.closed for stream in opened] == [True]


def test_a_note_stands_once_however_often_a_layer_is_read():
    """The same note of another layer is another one."""
    findings, values = NumberNotes(), np.ones(2)
    for layer in ("a", "b", "a"):
        findings.look_through(layer, "bias", values, ["float16 is read as float32", "bias: kept"])
    assert findings.notes == [
        f"{layer}: bias: {note}" for layer in ("a", "b") for note in ("float16 is read as float32", "kept")
    ]
