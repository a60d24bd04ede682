"""Linear layers and chains of them as one matrix: against what they compute, PyTorch's Jacobians and exact messages."""

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
from convcalc.errors import ConvcalcError
from convcalc.layers.linear_map import matrix_of_network
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.layers.subnetwork import longest_linear, subnetwork
from convcalc.layers.table import KINDS
from layer_cases import LINEAR, NUMBERS, Case, Numbers, drawn, small_cases
from random_networks import random_network

LINEAR_KINDS = (*LINEAR, "batch-norm")
TOLERANCE = {"float32": 1e-5, "float64": 1e-13}
CASES = [case for case in small_cases(*LINEAR_KINDS) if len(set(case.shapes)) == 1]


def alone(case: Case, numbers: Numbers) -> tuple[Network, Any]:
    """A network of one layer, and an input of one sample; an add takes the same output twice."""
    layer = case.layer()
    (cells, *_), values = drawn(layer, numbers.draw, len(case.shapes))
    inputs = (INPUT,) * len(case.shapes)
    return Network(layer.input_shape, (Stage("only", layer, inputs, lambda: values),)), cells[:1]


def by_matrix(network: Network, cells: Any, context: Context) -> Any:
    """Matrix × input + offset, in Python's numbers where all are exact."""
    form = matrix_of_network(network, cells, context)
    assert form.matrix.shape == (len(form.rows), len(form.columns))
    assert all(len(label) == len(network.input_shape) for label in form.columns)
    matrix, given, offset = form.matrix, form.other[:, 0], form.offset
    kind = float if given.dtype.kind == "f" else object
    matrix, given, offset = (each.astype(kind) for each in (matrix, given, offset))
    return matrix.dot(given) + offset


def computed(network: Network, cells: Any, context: Context) -> Any:
    """The output of the last layer, flat."""
    return [*network.outputs(cells, context)][-1][1].reshape(-1)


# Against what is computed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["whole", "exact"])
@pytest.mark.parametrize("case", [case for case in CASES if case.kind != "batch-norm"], ids=str)
def test_a_matrix_does_what_its_layer_does_exactly(case: Case, kind: str) -> None:
    """Every linear kind, to the last digit: matrix × input + offset is the layer's output in fractions."""
    network, cells = alone(case, NUMBERS[kind])
    wanted = computed(network, cells, Context(dtype="exact"))
    for dtype in ("auto", "exact"):  # a layer may round at auto, the matrix does not
        assert by_matrix(network, cells, Context(dtype=dtype)).tolist() == wanted.tolist()


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_matrix_does_what_its_layer_does_in_floats(case: Case, kind: str) -> None:
    """Within rounding, and of float64 whatever floats the layer has."""
    network, cells = alone(case, NUMBERS[kind])
    wanted = computed(network, cells, Context())
    np.testing.assert_allclose(
        by_matrix(network, cells, Context()), wanted, rtol=0, atol=1e-5 if kind == "float32" else 1e-13
    )


@pytest.mark.parametrize("case", [case for case in CASES if not KINDS[case.kind].joins], ids=str)
def test_every_number_of_a_matrix_is_the_slope_of_a_trace(case: Case) -> None:
    """Row by row the slopes of the traced cell at the cells that its terms name, and 0 everywhere else."""
    network, cells = alone(case, NUMBERS["float64"])
    (stage,) = network.stages
    form = matrix_of_network(network, cells)
    wanted = np.zeros(form.matrix.shape)
    for row, cell in enumerate(form.rows):
        step = stage.layer.trace([cells], stage.values(), cell)
        for term, slope in zip(step.terms, step.slopes, strict=True):
            if term.cell is not None:
                wanted[row, form.columns.index(term.cell)] += slope
    np.testing.assert_allclose(form.matrix.astype(float), wanted, rtol=1e-12, atol=1e-12)
    assert ((form.matrix == 0) == (wanted == 0)).all()


@pytest.mark.parametrize("seed", range(60))
def test_a_matrix_does_what_a_chain_does(seed: int) -> None:
    """Random chains of linear layers, with branches that join: exactly for fractions."""
    network = random_network(seed, NUMBERS["exact"])
    cells = NUMBERS["exact"].draw(np.random.default_rng(seed), (1, *network.input_shape))
    context = Context(dtype="exact")
    assert by_matrix(network, cells, context).tolist() == computed(network, cells, context).tolist()


@pytest.mark.parametrize("seed", range(30))
def test_a_matrix_of_a_chain_is_the_product_of_its_layers(seed: int) -> None:
    """A chain without branches: the matrices of its layers multiplied, and the offsets carried on."""
    network = random_network(seed, NUMBERS["exact"], [kind for kind in LINEAR if not KINDS[kind].joins])
    context, cells = (
        Context(dtype="exact"),
        NUMBERS["whole"].draw(np.random.default_rng(seed), (1, *network.input_shape)),
    )
    matrix, offset = None, 0
    for stage in network.stages:
        part = subnetwork(network, stage.name).network
        form = matrix_of_network(part, np.zeros((1, *part.input_shape), np.int64), context)
        own = form.matrix.astype(object)
        matrix = own if matrix is None else own.dot(matrix)
        offset = own.dot(offset) + form.offset if np.ndim(offset) else form.offset
    whole = matrix_of_network(network, cells, context)
    assert whole.matrix.tolist() == matrix.tolist()
    assert whole.offset.tolist() == offset.tolist()


def test_many_columns_are_made_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few at a time, the matrix is the same."""
    network = random_network(3, NUMBERS["whole"])
    cells = np.zeros((1, *network.input_shape), np.int64)
    whole = matrix_of_network(network, cells)
    monkeypatch.setattr("convcalc.layers.linear_map._PIECE", 1)
    pieces = matrix_of_network(network, cells)
    assert whole.matrix.tolist() == pieces.matrix.tolist()


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(8))
def test_a_matrix_is_pytorchs_jacobian(seed: int) -> None:
    """Convolution, batch norm, average pool, transposed convolution, upsample, flatten and linear in one chain."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(seed)
    stride, groups = 1 + seed % 2, 1 + seed % 2
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, stride=stride, padding=1, groups=groups),
        torch.nn.BatchNorm2d(4),
        torch.nn.AvgPool2d(2, stride=1, padding=1, count_include_pad=bool(seed % 3)),
        torch.nn.ConvTranspose2d(4, 2, 2, stride=2, groups=groups),
        torch.nn.Upsample(scale_factor=2),
        torch.nn.Flatten(),
    ).double()
    torch.nn.init.normal_(model[1].running_mean)
    torch.nn.init.uniform_(model[1].running_var, 0.5, 2)
    model.eval()
    arguments: list[tuple[str, dict[str, Any]]] = [
        ("conv", {"out_channels": 4, "kernel_size": 3, "stride": stride, "padding": 1, "groups": groups}),
        ("batch-norm", {}),
        ("avg-pool", {"kernel_size": 2, "stride": 1, "padding": 1, "count_include_pad": bool(seed % 3)}),
        ("transposed-conv", {"out_channels": 2, "kernel_size": 2, "stride": 2, "groups": groups}),
        ("upsample", {"scale_factor": 2}),
        ("flatten", {}),
    ]
    shape: tuple[int, ...] = (2, 4, 3)
    stages = []
    for number, ((kind, given), module) in enumerate(zip(arguments, model, strict=True)):
        layer = KINDS[kind].make(shape, **given)
        state = {name: each.numpy() for name, each in module.state_dict().items() if each.ndim}
        stages.append(Stage(kind, layer, (number - 1,), lambda state=state: state))
        shape = layer.output_shape
    cells = torch.randn(1, 2, 4, 3, dtype=torch.float64)
    form = matrix_of_network(Network((2, 4, 3), tuple(stages)), cells.numpy())
    jacobian = torch.autograd.functional.jacobian(model, cells)
    np.testing.assert_allclose(form.matrix, jacobian.reshape(form.matrix.shape).numpy(), rtol=1e-12, atol=1e-14)
    made = form.matrix @ form.other[:, 0] + form.offset
    np.testing.assert_allclose(made, model(cells).detach().numpy().ravel(), rtol=1e-12, atol=1e-13)


# Parts of a network --------------------------------------------------------------------------------------------------

RESIDUAL = """
input: {arange: [1, 3, 3]}
layers:
  - conv: {name: a, weight: [[[[2]]]], bias: [1]}
  - conv: {name: b, weight: [[[[3]]]], bias: [0]}
  - add: a
  - relu
  - avg-pool: {kernel_size: 3, name: mean}
  - batch-norm: {name: bn, weight: [2], bias: [1], running_mean: [0], running_var: [1], eps: 0}
"""


@pytest.mark.parametrize(
    ("span", "names", "source"),
    [
        (None, ["a", "b", "add1", "relu1", "mean", "bn"], INPUT),
        ("..", ["a", "b", "add1", "relu1", "mean", "bn"], INPUT),
        ("b", ["b"], 0),
        ("b..add1", ["b", "add1"], 0),
        ("..add1", ["a", "b", "add1"], INPUT),
        ("mean..", ["mean", "bn"], 3),
        ("add1..add1", None, None),
    ],
)
def test_layers_by_name(cli: CommandLine, span: str | None, names: list[str] | None, source: int | None) -> None:
    """One name, two, or one of the two, which stand for the first or the last layer."""
    from network_files import network

    found = network(cli, RESIDUAL)
    if names is None:
        with pytest.raises(ConvcalcError, match=r"add1 starts from several outputs: a, b \(--layer b..add1 starts"):
            subnetwork(found, span)
        return
    part = subnetwork(found, span)
    assert ([stage.name for stage in part.network.stages], part.source) == (names, source)


def test_a_name_with_dots_is_a_name(cli: CommandLine) -> None:
    """Where a layer is called so, it is meant."""
    from network_files import network

    text = "input: {shape: [1, 4, 4]}\nlayers:\n  - relu: {name: a}\n  - relu: {name: a..b}\n  - relu: {name: b}\n"
    part = subnetwork(network(cli, text), "a..b")
    assert [stage.name for stage in part.network.stages] == ["a..b"]


@pytest.mark.parametrize("seed", range(40))
def test_the_layers_that_a_hint_names_have_a_matrix(seed: int) -> None:
    """Whatever branches there are, the run that is named is linear and follows from one output."""
    network = random_network(seed, NUMBERS["whole"], (*LINEAR, "add", "add", "relu"), 9)
    named = longest_linear(network)
    if not named:
        assert not any(stage.layer.is_linear for stage in network.stages)
        return
    part = subnetwork(network, named).network
    assert all(stage.layer.is_linear for stage in part.stages)
    assert matrix_of_network(part, np.zeros((1, *part.input_shape), np.int64)).matrix.size


MESSAGES = [
    ("the whole of a network that is not linear", "matrix f.yaml", 2,
     "error: relu1 (relu) is not linear, so no matrix does what the layers do\nhint: --layer a..add1 is linear\n"),
    ("a layer that is not linear", "matrix f.yaml --layer relu1", 2,
     "error: relu1 (relu) is not linear, so no matrix does what the layers do\n"
     "hint: uses --pos shows what it does at one input\n"),
    ("layers the wrong way round", "matrix f.yaml --layer mean..b", 2,
     "error: --layer: b does not depend on mean\nhint: name the first layer, then the last\n"),
    ("a sum of two outputs", "matrix f.yaml --layer add1", 2,
     "error: --layer: add1 starts from several outputs: a, b\nhint: --layer b..add1 starts from one\n"),
    ("an unknown first layer", "matrix f.yaml --layer means..bn", 2,
     "error: --layer: unknown layer 'means'\nhint: did you mean mean?\n"),
    ("an unknown last layer", "matrix f.yaml --layer mean..bm", 2,
     "error: --layer: unknown layer 'bm'\nhint: did you mean b?\n"),
    ("im2col of a chain", "matrix f.yaml --layer a..add1 --im2col", 2,
     "error: im2col is of one convolution, and a..add1 is none\nhint: --layer with one of: a, b\n"),
    ("a sample that is not there", "matrix f.yaml --layer mean --batch 1", 2,
     "error: there is no sample 1: the input has 1 sample, counted from 0\nhint: --batch 0\n"),
    ("numbers beyond the limit", "matrix f.yaml --layer a..add1 --limit values=80", 3,
     "error: the matrix has 9 × 9 = 81 numbers, at most 80 are made\n"
     "hint: take a smaller input, or raise it with --limit values=81\n"),
    ("exact numbers of a batch norm", "matrix f.yaml --layer bn --dtype exact", 1, None),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "code", "message"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
def test_what_has_no_matrix_is_refused(cli: CommandLine, argv: str, code: int, message: str | None) -> None:
    """Each refusal names the layer and says what to do, and prints nothing."""
    cli.write({"f.yaml": RESIDUAL})
    done = cli.run(*argv.split())
    assert (done.code, done.out) == (code, "")
    assert message is None or done.err == message


def test_a_weight_that_is_not_finite_is_refused(cli: CommandLine) -> None:
    """0 × inf would spread over whole rows."""
    cli.write({"f.yaml": "input: [[1, 2]]\nlayers:\n  - linear: {weight: [[1, .inf]]}\n  - bias: {bias: [0]}\n"})
    done = cli.run("matrix", "f.yaml")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: the matrix would hold inf or nan")


# What is shown and saved ---------------------------------------------------------------------------------------------


def test_a_page_of_a_chain(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Title, layers, order of rows and columns, numbers and offset."""
    cli.write({"f.yaml": RESIDUAL})
    monkeypatch.setenv("COLUMNS", "100")
    lines = cli.run("matrix", "f.yaml", "--layer", "mean..", "--format", "plain").out.splitlines()
    assert lines[:3] == [
        "output = matrix (1×9) × flattened input (9×1) + offset",
        "mean (avg-pool) and bn (batch-norm) as one: 1×3×3 become 1×1×1.",
        "rows are output cells, by row and column; columns are input cells, by row and column",
    ]
    assert lines[4] == "matrix 1×9"
    assert lines[7].strip(" |").split()[-9:] == ["0.222222"] * 9


def test_a_chain_is_saved_with_what_it_is_multiplied_with(cli: CommandLine) -> None:
    """In an archive matrix, input and offset: what the layers below make of the input goes in."""
    cli.write({"f.yaml": RESIDUAL})
    assert cli.run("matrix", "f.yaml", "--layer", "b..add1", "-o", "m.npz", "-q").code == 0
    with np.load(cli.folder / "m.npz") as saved:
        arrays = dict(saved)
    assert arrays["matrix"].tolist() == (4 * np.eye(9, dtype=int)).tolist()
    assert arrays["input"].ravel().tolist() == [2 * each + 1 for each in range(9)]
    assert not arrays["offset"].any()


def test_a_matrix_is_exact_where_its_numbers_are(cli: CommandLine) -> None:
    """Thirds and halves stay fractions in JSON and CSV, though the layers themselves round at dtype auto."""
    text = "input: [[1, 2, 3, 4]]\ndims: 1\nlayers:\n  - conv: {weight: [1/3, 1/3]}\n  - avg-pool: {kernel_size: 3}\n"
    cli.write({"f.yaml": text})
    document = json.loads(cli.run("matrix", "f.yaml", "--format", "json").out)
    assert document["matrix"] == [["1/9", "2/9", "2/9", "1/9"]]
    assert document["layers"] == ["conv1", "avg-pool1"]
    rows = list(csv.reader(io.StringIO(cli.run("matrix", "f.yaml", "--format", "csv").out)))
    assert [list(map(Fraction, row)) for row in rows] == [[Fraction(n, 9) for n in (1, 2, 2, 1)]]
