"""Layers turned round: against dense products, the identity that ties both ways, and PyTorch's gradients."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.context import Context
from convcalc.layers.adjoint import adjoint_of_network, at_cell, pulled
from convcalc.layers.derivative import Point
from convcalc.layers.linear_map import in_lossless_numbers, matrix_of_network
from convcalc.layers.network import INPUT, Network
from convcalc.layers.pull import pull
from convcalc.layers.stage import Stage
from convcalc.layers.table import KINDS
from convcalc.layers.uses import uses_of_network
from convcalc.tracing.adjoint import Adjoint
from layer_cases import NUMBERS, REAL, Case, drawn, small_cases
from random_networks import random_network

EXACT = Context(dtype="exact", engine="direct")
FLOATS = Context(dtype="float64", engine="direct")


def by_traces(layer: Any, at: Point, cells: Any) -> list[Any]:
    """The definition: every output cell gives each term of its trace the slope times what it holds."""
    spread = [np.zeros(each.shape, object) for each in at.inputs]
    for place in np.ndindex(cells.shape):
        step = layer.trace(at.inputs, at.values, place[1:], place[0], at.context)
        for term, slope in zip(step.terms, step.slopes, strict=True):
            if term.cell is not None:
                spread[term.source][(place[0], *term.cell)] += cells[place].item() * slope
    return spread


# One layer -----------------------------------------------------------------------------------------------------------


def finite_network(seed: int, kind: str) -> tuple[Network, Any]:
    """A network of any kinds with an input whose outputs are finite: no layer of it divides by 0."""
    for each in range(seed, seed + 10_000, 1000):
        network = random_network(each, NUMBERS[kind], [*KINDS], 5)
        cells = NUMBERS[kind].draw(np.random.default_rng(each), (2, *network.input_shape))
        with np.errstate(all="ignore"):
            if all(np.isfinite(output).all() for _, output in network.outputs(cells)):
                return network, cells
    raise AssertionError("ten networks in a row divide by 0")


@pytest.mark.parametrize("case", [case for case in small_cases(*KINDS) if case.kind not in REAL], ids=str)
def test_every_kind_is_turned_round_exactly(case: Case) -> None:
    """What each input gets is, to the last digit, what the traces of the output cells give it."""
    layer = case.layer()
    inputs, values = drawn(layer, NUMBERS["exact"].draw, len(case.shapes))
    at = Point(inputs, values, EXACT)
    cells = NUMBERS["whole"].draw(np.random.default_rng(1), (2, *layer.output_shape))
    found, wanted = pull(layer, at, cells), by_traces(layer, at, cells)
    assert [each.tolist() for each in found] == [each.tolist() for each in wanted]


@pytest.mark.parametrize("case", small_cases("max-pool", "add", "linear"), ids=str)
def test_a_kind_without_an_adjoint_of_its_own_has_that_of_its_traces(case: Case) -> None:
    """A new kind of layer needs none."""
    layer = case.layer()
    inputs, values = drawn(layer, NUMBERS["whole"].draw, len(case.shapes))
    cells = NUMBERS["whole"].draw(np.random.default_rng(1), (2, *layer.output_shape))
    at = Point(inputs, values, EXACT)
    found, wanted = pull.dispatch(object)(layer, at, cells), by_traces(layer, at, cells)
    assert [each.tolist() for each in found] == [each.tolist() for each in wanted]


@pytest.mark.parametrize("case", small_cases(*KINDS), ids=str)
def test_every_kind_is_turned_round_in_floats(case: Case) -> None:
    """Likewise within rounding."""
    layer = case.layer()
    inputs, values = drawn(layer, NUMBERS["float64"].draw, len(case.shapes))
    at = Point(inputs, values, FLOATS)
    cells = NUMBERS["float64"].draw(np.random.default_rng(1), (2, *layer.output_shape))
    for found, wanted in zip(pull(layer, at, cells), by_traces(layer, at, cells), strict=True):
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, wanted.astype(float), rtol=0, atol=1e-13)


# Chains --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_the_adjoint_of_a_chain_is_the_transposed_matrix(seed: int) -> None:
    """Random linear networks with branches that join: backwards they are the dense matrix transposed, exactly."""
    network = random_network(seed, NUMBERS["exact"])
    cells = NUMBERS["whole"].draw(np.random.default_rng(seed), (1, *network.input_shape))
    outputs = {INPUT: cells, **dict(network.outputs(cells, EXACT, range(len(network.stages))))}
    z = NUMBERS["whole"].draw(np.random.default_rng(seed), outputs[len(network.stages) - 1].shape)
    matrix = matrix_of_network(network, cells, EXACT).matrix.astype(object)
    assert pulled(network, outputs, z, EXACT).ravel().tolist() == (z.ravel().astype(object) @ matrix).tolist()


@pytest.mark.parametrize("kind", ["whole", "exact"])
@pytest.mark.parametrize("seed", range(25))
def test_both_ways_are_equal_for_exact_numbers(seed: int, kind: str) -> None:
    """Layers that are not linear too, linearised where the input is."""
    kinds = [name for name in KINDS if name not in (*REAL, "div")]
    network = random_network(seed, NUMBERS[kind], kinds, 5)
    cells = NUMBERS[kind].draw(np.random.default_rng(seed), (2, *network.input_shape))
    checked = adjoint_of_network(network, cells, seed)
    assert checked.forward == checked.backward
    assert (checked.holds, checked.rounding) == (True, 0)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(25))
def test_both_ways_are_equal_within_rounding(seed: int, kind: str) -> None:
    """In floats the bound holds, and is no more than a small share of what could come out."""
    network, cells = finite_network(seed, kind)
    checked = adjoint_of_network(network, cells, seed)
    assert checked.holds
    bent = [stage.name for stage in network.stages if not stage.layer.is_linear]
    assert list(checked.linearised) == bent


# One cell ------------------------------------------------------------------------------------------------------------


def at_some_cell(network: Network, cells: Any, seed: int, context: Context) -> tuple[tuple[int, ...], Adjoint, Any]:
    """(sample, *cell) drawn at random, what was checked, and what the adjoint has there."""
    rng = np.random.default_rng(seed)
    place = tuple(int(rng.integers(size)) for size in cells.shape)
    checked = adjoint_of_network(network, cells, seed, context, place)
    last = len(network.stages) - 1
    uses = in_lossless_numbers(lambda each: uses_of_network(network, cells, place[1:], last, each, place[0]), context)
    return place, checked, at_cell(checked, uses)


@pytest.mark.parametrize("seed", range(25))
def test_the_adjoint_at_a_cell_is_a_column_of_the_matrix(seed: int) -> None:
    """Of random linear networks: path weights × z is the cell's column times z, exactly, sample by sample."""
    network = random_network(seed, NUMBERS["exact"])
    cells = NUMBERS["exact"].draw(np.random.default_rng(seed), (2, *network.input_shape))
    place, checked, found = at_some_cell(network, cells, seed, Context())
    matrix = matrix_of_network(network, cells[:1], EXACT).matrix.astype(object)
    number = int(np.ravel_multi_index(place[1:], network.input_shape))
    assert found.total == found.value == checked.z[place[0]].ravel().astype(object) @ matrix[:, number]
    assert found.holds


@pytest.mark.parametrize("seed", range(40))
def test_the_adjoint_at_a_cell_is_a_quotient_of_differences(seed: int) -> None:
    """Of layers with corners: what a very small change of the cell makes of <A x, z>, in exact fractions."""
    network = random_network(seed, NUMBERS["exact"], [name for name in KINDS if name not in (*REAL, "div")], 5)
    cells = NUMBERS["exact"].draw(np.random.default_rng(seed), (2, *network.input_shape))
    place, checked, found = at_some_cell(network, cells, seed, Context())

    def dot(change: Fraction) -> Any:
        moved = cells.astype(object)
        moved[place] += change
        made = [*network.outputs(moved, EXACT)][-1][1]
        return (made.astype(object) * checked.z.astype(object)).sum()

    step = Fraction(1, 10**12)
    ahead, back = (dot(step) - dot(Fraction(0))) / step, (dot(Fraction(0)) - dot(-step)) / step
    assert found.total == found.value
    assert found.holds
    if ahead == back and cells[place]:  # elsewhere the cell stands upon a corner
        assert found.value == ahead


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(15))
def test_the_adjoint_at_a_cell_holds_within_rounding(seed: int, kind: str) -> None:
    """In floats the bound holds at the cell too, and a thousandth more is told."""
    network, cells = finite_network(seed, kind)
    _, checked, found = at_some_cell(network, cells, seed, Context())
    assert found.holds
    assert not checked.alike(found.total, found.value + 1e-3)


def test_the_bound_at_a_cell_does_not_depend_on_the_input() -> None:
    """Where the input is 0 both sides of the identity are, and path weights are rounded all the same."""
    network = random_network(1, NUMBERS["float64"], ["conv", "avg-pool", "upsample"])
    _, checked, found = at_some_cell(network, np.zeros((1, *network.input_shape)), 1, FLOATS)
    assert checked.forward == checked.backward == 0
    assert found.holds
    assert 0 < checked.rounding < 1e-9


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(6))
def test_a_network_backwards_is_pytorchs_gradient(seed: int) -> None:
    """Convolution, batch norm, leaky ReLU, max pool, upsample, average pool, transposed convolution, tanh, softmax."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding=1, stride=1 + seed % 2),
        torch.nn.BatchNorm2d(4),
        torch.nn.LeakyReLU(0.25),
        torch.nn.MaxPool2d(2, stride=1, padding=1),
        torch.nn.Upsample(scale_factor=2),
        torch.nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False),
        torch.nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2),
        torch.nn.Tanh(),
        torch.nn.Softmax(dim=1),
    ).double()
    model.eval()
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("conv", {"out_channels": 4, "kernel_size": 3, "padding": 1, "stride": 1 + seed % 2}),
        ("batch-norm", {}),
        ("leaky-relu", {"negative_slope": 0.25}),
        ("max-pool", {"kernel_size": 2, "stride": 1, "padding": 1}),
        ("upsample", {"scale_factor": 2}),
        ("avg-pool", {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
        ("transposed-conv",
         {"out_channels": 2, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1, "groups": 2}),
        ("tanh", {}),
        ("softmax", {}),
    ]  # fmt: skip
    shape: tuple[int, ...] = (2, 6, 5)
    stages = []
    for number, ((kind, given), module) in enumerate(zip(kinds, model, strict=True)):
        layer = KINDS[kind].make(shape, **given)
        state = {name: each.numpy() for name, each in module.state_dict().items() if each.ndim}
        stages.append(Stage(kind, layer, (number - 1,), lambda state=state: state))
        shape = layer.output_shape
    network = Network((2, 6, 5), tuple(stages))
    cells = torch.randn(2, 2, 6, 5, dtype=torch.float64, requires_grad=True)
    made = model(cells)
    z = torch.randn_like(made)
    made.backward(z)
    held = cells.detach().numpy()
    outputs = {INPUT: held, **dict(network.outputs(held, FLOATS, range(len(stages))))}
    np.testing.assert_allclose(outputs[len(stages) - 1], made.detach().numpy(), rtol=1e-12, atol=1e-14)
    found = pulled(network, outputs, z.numpy(), FLOATS)
    np.testing.assert_allclose(found, cells.grad.numpy(), rtol=1e-10, atol=1e-13)


# On the command line -------------------------------------------------------------------------------------------------

CHAIN = """
input: {arange: [1, 4, 4]}
layers:
  - conv: {weight: [[[[1, 2], [0, -1]]]], bias: [3]}
  - avg-pool: {kernel_size: 2, stride: 1}
  - flatten
  - linear: {weight: [[1, 1/2, 0, -1], [0, 1, 2, 3]], bias: [1/3, 2]}
  - relu
"""


def test_a_page_of_linear_layers(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both numbers, that they are equal, and that biases are left out."""
    monkeypatch.setenv("COLUMNS", "100")
    cli.write({"f.yaml": CHAIN})
    done = cli.run("uses", "f.yaml", "--adjoint", "--layer", "avg-pool1..linear1")
    assert done.out.splitlines() == [
        "avg-pool1 (avg-pool), flatten1 (flatten) and linear1 (linear) as one: 1×3×3 become 2 features.",
        "",
        "<A x, z>       = 377/2",
        "<x, A^T z>     = 377/2",
        "equal: the layers, each turned round, are the adjoint (z: whole numbers from -9 to 9, drawn with",
        "seed 0)",
        "note: bias and boundary are taken as 0: only the linear part has an adjoint",
    ]


@pytest.mark.parametrize("span", [(), ("--layer", "relu1"), ("--layer", "linear1..")])
def test_layers_that_are_not_linear_are_named(cli: CommandLine, span: tuple[str, ...]) -> None:
    """They count by their slopes at this input."""
    cli.write({"f.yaml": CHAIN})
    argv = ("uses", "f.yaml", "--adjoint", *span)
    assert "note: relu1 is not linear: A has the slopes at this input\n" in cli.run(*argv).out
    told = json.loads(cli.run(*argv, "--format", "json").out)
    assert (told["adjoint"]["linearised"], told["adjoint"]["holds"]) == (["relu1"], True)
    assert told["adjoint"]["a_x_z"] == told["adjoint"]["x_a_t_z"]
    rows = list(csv.reader(io.StringIO(cli.run(*argv, "--format", "csv").out)))
    assert rows[0] == ["seed", "a_x_z", "x_a_t_z", "holds", "is_linear"]
    assert rows[1][1:] == [str(told["adjoint"]["a_x_z"])] * 2 + ["True", "False"]


def test_a_cell_of_the_adjoint_adds_up(cli: CommandLine) -> None:
    """Weights, z and products of every cell that is reached, in JSON and CSV; their sum is what the page tells."""
    cli.write({"f.yaml": CHAIN})
    argv = ("uses", "f.yaml", "--pos", "1,2", "--adjoint")
    told = json.loads(cli.run(*argv, "--format", "json").out)["adjoint"]
    assert (told["equal"], told["weights_z"]) == (True, told["a_t_z"])
    rows = list(csv.DictReader(io.StringIO(cli.run(*argv, "--format", "csv").out)))
    assert [Fraction(row["product"]) for row in rows] == [Fraction(row["weight"]) * int(row["z"]) for row in rows]
    assert sum(Fraction(row["product"]) for row in rows) == Fraction(told["a_t_z"]) != 0
    page = cli.run(*argv).out
    assert f"equals A^T z at input[0; 1,2], {told['a_t_z']}\n" in page
    assert "note: relu1 is not linear: A has the slopes at this input\n" in page


def test_a_cell_that_reaches_nothing_has_no_adjoint_to_tell(cli: CommandLine) -> None:
    """Both are 0, and nothing is drawn."""
    cli.write({"f.yaml": "input: {arange: [1, 4, 4]}\nlayers: [conv: {weight: [[[[1]]]], stride: 2}, flatten]\n"})
    argv = ("uses", "f.yaml", "--pos", "1,1", "--adjoint")
    page = cli.run(*argv).out
    assert "reaches no cell of flatten1: no window reads it\n" in page
    assert "path weights" not in page
    told = json.loads(cli.run(*argv, "--format", "json").out)["adjoint"]
    assert (told["z"], told["weights_z"], told["a_t_z"], told["equal"]) == (None, 0, 0, True)


def test_a_cell_where_the_adjoint_is_none_is_told(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer turned round wrongly leaves another number than the path weights."""
    monkeypatch.setattr("convcalc.layers.adjoint.pull", lambda _, at, cells: [at.inputs[0] + cells.sum()])
    cli.write({"f.yaml": CHAIN})
    done = cli.run("uses", "f.yaml", "--adjoint", "--pos", "1,1", "--layer", "avg-pool1..flatten1")
    assert "differs from A^T z at conv1[0; 1,1]" in done.out


def test_a_feature_has_its_adjoint(cli: CommandLine) -> None:
    """A cell of features is named by its number alone."""
    cli.write({"f.yaml": CHAIN})
    done = cli.run("uses", "f.yaml", "--adjoint", "--channel", "3", "--layer", "linear1..")
    assert "equals A^T z at flatten1[3]" in done.out


def test_an_adjoint_that_is_none_is_told(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer turned round wrongly leaves two numbers that differ."""
    monkeypatch.setattr("convcalc.layers.adjoint.pull", lambda _, at, cells: [at.inputs[0] + cells.sum()])
    cli.write({"f.yaml": CHAIN})
    done = cli.run("uses", "f.yaml", "--adjoint", "--layer", "avg-pool1")
    assert "not equal (z: whole numbers" in done.out


def test_memory_is_asked_for_first(cli: CommandLine) -> None:
    """All outputs are kept for the way back."""
    cli.write({"f.yaml": "input: {ones: [1, 60, 60]}\nlayers: [upsample: 2, relu]\n"})
    done = cli.run("uses", "f.yaml", "--adjoint", "--limit", "memory=500KiB")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error: a network with its adjoint needs 759.4 KiB of memory, 500.0 KiB may be used\n")
