"""Plans of networks: those that a run carries out, the memory that it takes, and what is said of them."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from typing import Any

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.context import Context
from convcalc.engine.bounds import lost_by
from convcalc.engine.plan import Plan
from convcalc.errors import LimitError
from convcalc.layers.kinds import transposed
from convcalc.layers.network import INPUT, Network
from convcalc.layers.network_plan import plan_of_network
from convcalc.layers.stage import Stage
from convcalc.layers.table import KINDS
from convcalc.limits import Limits
from layer_cases import NUMBERS, drawn
from random_networks import random_network

CONVOLUTIONS = (
    "conv",
    "conv",
    "pointwise",
    "depthwise",
    "transposed-conv",
    "relu",
    "max-pool",
    "avg-pool",
    "upsample",
    "add",
    "bias",
)
GREAT = np.int64(2**40)


def chain(shape: tuple[int, ...], *layers: tuple[str, dict[str, Any]], draw: Any = NUMBERS["float32"].draw) -> Network:
    """Layers one upon the other, with numbers."""
    stages: list[Stage] = []
    for number, (kind, arguments) in enumerate(layers):
        inputs = arguments.pop("inputs", (number - 1,))
        below = [shape if each == INPUT else stages[each].layer.output_shape for each in inputs]
        layer = KINDS[kind].make(*(below if KINDS[kind].joins else below[:1]), **arguments)
        _, values = drawn(layer, draw)
        stages.append(Stage(f"{kind}{number}", layer, inputs, lambda values=values: values))
    return Network(shape, tuple(stages))


# The plans that a run carries out ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("seed", range(12))
def test_the_plans_are_those_of_a_run(seed: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is told of every convolution, whether its input was computed or stood in for.

    Of every other network the transposed ones are made by their phases, though they are small.
    """
    if seed % 2:
        monkeypatch.setattr(transposed, "_LARGE", 0)
    numbers = NUMBERS[kind]
    network = random_network(seed, numbers, CONVOLUTIONS, 6)
    cells = numbers.draw(np.random.default_rng(seed), (2, *network.input_shape))
    carried: list[Plan] = []
    context = Context(numbers.dtype, threads=2, planned=carried.append)
    list(network.outputs(cells, context))
    needed = network.needed(len(network.stages) - 1)
    names = [network.stages[number].name for number in needed]
    rows = plan_of_network(network, cells, context).convolutions
    found = [step.plan for each, method in rows if each.name in names for step in method.steps]
    assert found == carried


def test_whole_numbers_that_grow_are_planned_as_they_are() -> None:
    """Beyond 53 and 63 bits in later layers: what the engines of a run hold the sums in."""
    kernel = {"out_channels": 1, "kernel_size": 2, "bias": False}
    network = chain((1, 9), *(("conv", dict(kernel)) for _ in range(3)), draw=lambda _, shape: np.full(shape, GREAT))
    cells = np.full((1, 1, 9), 3)
    carried: list[Plan] = []
    list(network.outputs(cells, Context(planned=carried.append)))
    found = [method.arithmetic for _, method in plan_of_network(network, cells).convolutions]
    assert found == [plan.arithmetic.words for plan in carried]
    assert found[0] != found[-1] == "Python's exact numbers, of any size"


# Memory --------------------------------------------------------------------------------------------------------------


def test_memory_is_what_a_run_takes() -> None:
    """The highest point, but for weights and input, which are there before, and an engine's workspace, which stays."""
    conv = {"out_channels": 16, "kernel_size": 3, "padding": 1}
    network = chain(
        (16, 192, 192), ("conv", dict(conv)), ("relu", {}), ("conv", dict(conv)), ("max-pool", {"kernel_size": 2})
    )
    cells = NUMBERS["float32"].draw(np.random.default_rng(0), (1, 16, 192, 192))
    context = Context(threads=1)
    for _ in range(2):  # what the first run loads and keeps is not counted
        tracemalloc.start()
        for _ in network.outputs(cells, context):
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    highest = plan_of_network(network, cells, context).highest
    assert highest.workspace_bytes > 0
    told = highest.memory_bytes - highest.workspace_bytes - highest.weight_bytes - cells.nbytes
    assert 0.95 * peak < told <= peak


@pytest.mark.parametrize("largest", [0, 10**12], ids=["phases", "scatter"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_memory_of_a_transposed_convolution(largest: int, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written and what is made of it, by the engines and by the loop: never less than a run takes."""
    monkeypatch.setattr(transposed, "_LARGE", largest)
    up = {"out_channels": 8, "kernel_size": 4, "stride": 2, "padding": 1}
    network = chain((8, 96, 96), ("transposed-conv", up), draw=lambda _, shape: np.ones(shape, dtype))
    cells = np.ones((1, 8, 96, 96), dtype)
    context = Context(threads=1)
    for _ in range(2):  # what the first run loads and keeps is not counted
        tracemalloc.start()
        for _ in network.outputs(cells, context):
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    (row,) = plan_of_network(network, cells, context).layers
    told = row.memory_bytes - cells.nbytes - row.weight_bytes
    assert 0.7 * told < peak < 1.02 * told


REASONS = [
    ({"kernel_size": 3, "stride": 2}, (8, 24, 24), "float32", "4 phases: least estimated time"),
    ({"kernel_size": 3, "stride": 2}, (8, 4, 4), "float32", "the layer is small"),
    ({"kernel_size": 3, "stride": 2, "dilation": 2}, (8, 24, 24), "float32", "its kernel is dilated"),
    ({"kernel_size": 3, "stride": 2}, (8, 24, 24), "int64", "exact numbers"),
]


@pytest.mark.parametrize(("arguments", "shape", "dtype", "reason"), REASONS)
def test_why_a_transposed_convolution_is_computed_so(
    arguments: dict[str, Any], shape: tuple[int, ...], dtype: str, reason: str
) -> None:
    """A run tells the engines of the phases, and none of a loop; the bound is that of a trace."""
    drawing = np.random.default_rng(0)
    network = chain(
        shape,
        ("transposed-conv", {"out_channels": 8, **arguments}),
        draw=lambda _, shape: drawing.integers(-9, 10, shape).astype(dtype),
    )
    cells = drawing.integers(-9, 10, (2, *shape)).astype(dtype)
    carried: list[Plan] = []
    context = Context(planned=carried.append)
    list(network.outputs(cells, context))
    ((_, method),) = plan_of_network(network, cells, context).convolutions
    assert method.reason == reason
    assert [step.plan for step in method.steps] == carried
    assert method.engines == (tuple(dict.fromkeys(plan.engine for plan in carried)) or ("scatter",))
    stage = network.stages[0]
    reasons = [stage.layer.tracer([cells], stage.values())((0, *cell)) for cell in np.ndindex(6, 6)]
    most = max(lost_by(each.lost, len(each.terms), np.dtype(dtype)) for each in reasons)
    assert method.error == most


def test_an_infinite_weight_is_a_reason() -> None:
    """It would meet the zeros that stand around the input of a phase."""
    up = {"out_channels": 8, "kernel_size": 3, "stride": 2}
    network = chain((8, 24, 24), ("transposed-conv", up), draw=lambda _, shape: np.full(shape, np.inf, np.float32))
    ((_, method),) = plan_of_network(network, None).convolutions
    assert (method.reason, method.steps) == ("a weight is inf or nan", ())


def test_the_long_form_of_phases(cli: CommandLine) -> None:
    """JSON has the plan of each phase with every engine that was weighed, CSV a row for each, or one of the loop."""
    layer = "transposed-conv: {out_channels: 8, kernel_size: 3, stride: 2, name: up}"
    cli.write({"f.yaml": f"input: {{shape: [8, 24, 24]}}\nlayers:\n  - {layer}\nweights: {{random: 1}}\n"})
    document = json.loads(cli.run("plan", "f.yaml", "--layer", "up", "--format", "json").out)
    assert (document["schema"], len(document["phases"])) == ("convcalc.layer-plan/1", 4)
    assert document["seconds"] == pytest.approx(sum(each["seconds"] for each in document["phases"]))
    assert all(len(each["engines"]) == 11 for each in document["phases"])
    rows = list(csv.DictReader(io.StringIO(cli.run("plan", "f.yaml", "--layer", "up", "--format", "csv").out)))
    assert [row["engine"] for row in rows] == [each["engine"] for each in document["phases"]]
    page = ("plan", "f.yaml", "--input", "8x4x4", "--layer", "up", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(cli.run(*page).out))
    assert (row["phase"], row["engine"], row["reason"]) == ("", "scatter", "the layer is small")


def test_weights_count_and_what_a_later_layer_takes() -> None:
    """A residual connection holds its block's input; weights are those of the layer that runs."""
    network = chain(
        (1, 4, 4),
        ("conv", {"out_channels": 1, "kernel_size": 1}),
        ("conv", {"out_channels": 1, "kernel_size": 3, "padding": 1}),
        ("relu", {}),
        ("add", {"inputs": (0, 2)}),
        ("flatten", {}),
        ("linear", {"out_features": 50}),
    )
    rows = plan_of_network(network, None).layers
    cells = 4 * 16  # bytes of every array but the last
    assert [row.held_bytes // cells for row in rows] == [1, 2, 3, 3, 2, 2]
    assert [row.weight_bytes for row in rows] == [8, 40, 0, 0, 0, 4 * (50 * 16 + 50)]
    assert [row.output_bytes for row in rows] == [*[cells] * 5, 200]
    highest = plan_of_network(network, None).highest
    assert (highest.name, highest.memory_bytes) == ("linear5", 2 * cells + 200 + 3400)


@pytest.mark.parametrize("cells", [None, np.broadcast_to(np.uint8(7), (1, 3, 2000, 2000))], ids=["shape", "pixels"])
def test_nothing_is_computed_in_floats(monkeypatch: pytest.MonkeyPatch, cells: Any) -> None:
    """However large the network is: no layer runs, and weights of layers without a plan are not read."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("a layer was computed")

    monkeypatch.setattr(Stage, "compute", refuse)
    network = chain((3, 2000, 2000), ("conv", {"out_channels": 64, "kernel_size": 3}), ("relu", {}), ("flatten", {}))
    linear = KINDS["linear"].make((64 * 1998 * 1998,), out_features=1)
    network = Network(network.input_shape, (*network.stages, Stage("last", linear, (2,), refuse)))
    assert plan_of_network(network, cells).highest.name == "last"


HUGE = [
    ("an input", (3, 4 * 10**9, 4 * 10**9), ("relu", {}), "the input would take 174,622,982.7 TiB"),
    ("an axis", (1, 1, 10**25), ("relu", {}), "the input would take 36,379,788,070,917.1 TiB"),
    ("an output", (1, 2, 2), ("upsample", {"scale_factor": 10**11}), "upsample0: its output would take 145,519"),
    ("weights", (1, 2, 2), ("pointwise", {"out_channels": 10**21}), "pointwise0: its weight needs"),
]


@pytest.mark.parametrize(("shape", "layer", "message"), [row[1:] for row in HUGE], ids=[row[0] for row in HUGE])
def test_what_no_array_can_hold_has_no_plan(shape: Any, layer: Any, message: str) -> None:
    """It is said before NumPy is asked for an array of that size."""
    kind, arguments = layer
    stage = Stage(f"{kind}0", KINDS[kind].make(shape, **arguments), (INPUT,), None, place=lambda *_: None)
    with pytest.raises(LimitError, match=f"^{message}"):
        plan_of_network(Network(shape, (stage,)), None)


# On the command line -------------------------------------------------------------------------------------------------

BARE = """
title: Bare
input: {shape: [3, 32, 32]}
layers:
  - conv: {out_channels: 8, kernel_size: 3, padding: 1, name: first}
  - relu
  - conv: {out_channels: 8, kernel_size: 3, padding: 1, name: second}
  - flatten
  - linear: {out_features: 100}
"""


def test_a_page(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of shapes alone too: a row for each convolution, the total, and where memory is highest."""
    monkeypatch.setenv("COLUMNS", "100")
    cli.write({"f.yaml": BARE})
    lines = cli.run("plan", "f.yaml", "--threads", "1", "--format", "plain").out.splitlines()
    assert lines[:3] == [
        "Bare",
        "input 3×32×32, 5 layers",
        "note: 2 convolutions without weights: these are planned with numbers drawn at random",
    ]
    cells = [[cell for cell in line.split("  ") if cell] for line in lines[4:]]
    rows = {row[0]: [each.strip() for each in row[1:]] for row in cells if len(row) > 1}
    assert rows["layer"] == ["output", "engine", "why", "arithmetic", "error", "time", "memory"]
    assert [rows[name][0] for name in ("first", "second")] == ["8×32×32", "8×32×32"]
    assert [rows[name][2:4] for name in ("first", "second")] == [["least estimated time", "float32"]] * 2
    assert "for 2 convolutions; 819,200 MACs of linear layers come on top" in "\n".join(lines)
    memory = next(line for line in lines if line.startswith("memory  ")).split(": ")
    assert memory[0].endswith("at its highest, at linear1")
    assert memory[1].startswith("input and outputs that are still needed 44.0 KiB, its")


def test_the_long_form_is_that_of_one_convolution(cli: CommandLine) -> None:
    """--layer shows what plan shows of the same convolution in a file of its own."""
    text = "input: {random: [1, 4, 12, 12], seed: 1}\n"
    weight = "{random: [6, 4, 3, 3], seed: 2}"
    cli.write({
        "one.yaml": f"{text}dims: 2\nkernel: {weight}\ntitle: only\n",
        "net.yaml": f"{text}dims: 2\nlayers:\n  - conv: {{weight: {weight}, bias: false, name: only}}\n  - relu\n",
    })  # fmt: skip
    one, net = (cli.run("plan", *each) for each in (("one.yaml",), ("net.yaml", "--layer", "only")))
    assert (one.code, one.err) == (0, "")
    assert (net.code, net.out) == (0, one.out)


def test_numbers_for_other_programs(cli: CommandLine) -> None:
    """JSON and CSV have a row for each layer, and say the same."""
    cli.write({"f.yaml": BARE})
    document = json.loads(cli.run("plan", "f.yaml", "--format", "json").out)
    assert document["schema"] == "convcalc.network-plan/1"
    assert document["input_shape"] == [1, 3, 32, 32]
    rows = list(csv.DictReader(io.StringIO(cli.run("plan", "f.yaml", "--format", "csv").out)))
    assert [row["name"] for row in rows] == [each["name"] for each in document["layers"]]
    for row, each in zip(rows, document["layers"], strict=True):
        assert row == {name: "" if value is None else str(value) for name, value in each.items()}
    highest = max(document["layers"], key=lambda each: each["memory_bytes"])
    assert (document["highest"], document["memory_bytes"]) == (highest["name"], highest["memory_bytes"])
    assert document["seconds"] == pytest.approx(sum(each["seconds"] or 0 for each in document["layers"]))


MESSAGES = [
    ("a layer that is no convolution", "plan f.yaml --layer relu1", 2,
     "error: relu1 (relu) is no convolution, so no engine is chosen for it\nhint: one of: first, second\n"),
    ("a layer that is not there", "plan f.yaml --layer third", 2,
     "error: --layer: unknown layer 'third'\nhint: one of: first, flatten1, linear1, relu1, second\n"),
    ("a layer of a single convolution", "plan --layer first", 2, None),
    ("an engine that cannot", "plan f.yaml --engine pointwise", 1,
     "error: f.yaml:5:11: first: engine pointwise cannot take this problem: the kernel has more than one tap\n"
     "    - conv: {out_channels: 8, kernel_size: 3, padding: 1, name: first}\n"
     "            ^\n"
     "hint: --engine auto\n"),
    ("a stride for a network", "plan f.yaml --stride 2", 2, None),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "code", "message"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
def test_what_has_no_plan_is_refused(cli: CommandLine, argv: str, code: int, message: str | None) -> None:
    """Each refusal names the layer and says what to do, and prints nothing."""
    cli.write({"f.yaml": BARE})
    done = cli.run(*argv.split())
    assert (done.code, done.out) == (code, "")
    assert message is None or done.err == message


def test_what_a_limit_would_refuse_is_a_note(cli: CommandLine) -> None:
    """The plan is shown, and says that a run is not possible."""
    cli.write({"f.yaml": BARE})
    page = cli.run("plan", "f.yaml", "--limit", "memory=100KiB", "--format", "json")
    assert page.code == 0
    assert json.loads(page.out)["notes"][-1].startswith("this network needs ")
    assert Limits(memory=1).refusal(1, "this") == ""
