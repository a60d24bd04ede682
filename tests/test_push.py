"""Derivatives of layers: in the numbers that were asked for, without lost digits, and with PyTorch's at the edges."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from conftest import CommandLine
from convcalc.arrays import total
from convcalc.context import Context
from convcalc.errors import ConvcalcError
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.layers.table import KINDS
from convcalc.layers.unfold import unfold
from convcalc.layers.uses import uses_of_network
from layer_cases import NUMBERS, REAL, Case, drawn, small_cases

EXACT = [kind for kind in KINDS if kind not in REAL]
WITH_WEIGHTS = ("conv", "pointwise", "depthwise", "transposed-conv", "linear", "bias", "batch-norm")


# Numbers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["whole", "exact"])
@pytest.mark.parametrize("case", small_cases(*EXACT), ids=str)
def test_exact_derivatives_are_exact(case: Case, kind: str) -> None:
    """With dtype exact no derivative is of floats, and it is linear in the tangent to the last digit."""
    layer, count = case.layer(), len(case.shapes)
    inputs, values = drawn(layer, NUMBERS[kind].draw, count)
    tangents = [NUMBERS["exact"].draw(np.random.default_rng(number), each.shape) for number, each in enumerate(inputs)]
    context = Context(dtype="exact")
    pushed = layer.push(inputs, values, tangents, context)
    assert pushed.dtype.kind in "iuO"
    assert not any(isinstance(each, float) for each in pushed.flat)
    thrice = layer.push(inputs, values, [each * 3 for each in tangents], context)
    assert thrice.tolist() == (pushed.astype(object) * 3).tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", small_cases(*KINDS), ids=str)
def test_derivatives_are_of_the_dtype_asked_for(case: Case, dtype: str) -> None:
    """Whole numbers and tangents become the floats that are asked for, in every kind."""
    layer = case.layer()
    inputs, values = drawn(layer, NUMBERS["whole"].draw, len(case.shapes))
    assert layer.push(inputs, values, inputs, Context(dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("kind", ["relu", "leaky-relu", "max-pool", "flatten", "bias"])
def test_derivatives_never_wrap_around(kind: str) -> None:
    """Tangents near the end of int64, on cells of any type, stay the numbers that they are."""
    arguments = {"leaky-relu": {"negative_slope": 3}, "max-pool": {"kernel_size": 1}}.get(kind, {})
    layer = KINDS[kind].make((1, 3), **arguments)
    tangent = np.array([[[2**62, -(2**62), 2**63 - 1]]])
    for cells in (np.array([[[1, 2, 3]]], dtype=np.uint64), np.array([[[1, 2, 3]]], dtype=np.int8)):
        pushed = layer.push([cells], {"bias": np.array([1])}, [tangent])
        assert pushed.reshape(-1).tolist() == [2**62, -(2**62), 2**63 - 1]
    if kind == "leaky-relu":
        pushed = layer.push([np.array([[[-1, -2, -3]]])], {}, [tangent])
        assert pushed.reshape(-1).tolist() == [3 * 2**62, -3 * 2**62, 3 * (2**63 - 1)]


@pytest.mark.parametrize(("slope", "tangent"), [(0.1, 1), (Fraction(1, 100), 0.5)])
def test_a_float_makes_a_float_array(slope: Any, tangent: Any) -> None:
    """Of the slope or of the tangent, on whole cells: never floats in an array of Python's numbers."""
    layer = KINDS["leaky-relu"].make((1, 2), negative_slope=slope)
    pushed = layer.push([np.array([[[-3, 3]]])], {}, [np.array([[[tangent, tangent]]])])
    assert pushed.dtype == np.float64
    np.testing.assert_allclose(pushed, [[[float(slope) * tangent, tangent]]], rtol=1e-15)


@pytest.mark.parametrize("engine", ["direct", "fft"])
def test_the_engine_asked_for_makes_the_derivative(engine: str) -> None:
    """Engine, precision, threads and limits reach the pushed convolution."""
    layer = KINDS["conv"].make((1, 9), out_channels=1, kernel_size=3)
    inputs, values = drawn(layer, NUMBERS["float64"].draw)
    plans: list[Any] = []
    layer.push(inputs, values, inputs, Context(engine=engine, planned=plans.append))
    assert [plan.engine for plan in plans] == [engine]


def test_limits_hold_for_derivatives() -> None:
    """A pushed upsample that is too large is refused as the layer itself is."""
    from convcalc.limits import Limits

    layer = KINDS["upsample"].make((1, 4), scale_factor=1000)
    cells = np.ones((1, 1, 4))
    with pytest.raises(ConvcalcError, match="this upsample"):
        layer.push([cells], {}, [cells], Context(own_limits=Limits(memory=1000)))


# Slopes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "factor"), [("sigmoid", 1), ("tanh", 2)])
def test_slopes_keep_their_digits(kind: str, factor: int) -> None:
    """At 30 and at -30 the same slope, to the last digits; far away 0, and no warning."""
    power = Decimal(-30 * factor).exp()  # the slope of tanh(x) is 4 times that of sigmoid(2x)
    wanted = float(factor**2 * power / (1 + power) ** 2)
    layer = KINDS[kind].make((1, 4))
    cells = np.array([[[30.0, -30.0, 1e4, -1e4]]])
    pushed = layer.push([cells], {}, [np.ones_like(cells)])[0, 0]
    np.testing.assert_allclose(pushed[:2], wanted, rtol=1e-14)
    assert pushed[0] == pushed[1]
    assert pushed[2:].tolist() == [0, 0]
    (slope,) = layer.trace([cells], {}, (0, 0)).slopes
    assert slope == pushed[0]


@pytest.mark.parametrize("kind", ["sigmoid", "tanh"])
def test_slopes_of_unsigned_cells(kind: str) -> None:
    """The slope at a cell of uint8 is that at the same float: no negative wraps around."""
    layer = KINDS[kind].make((1, 2))
    one = layer.push([np.array([[[3, 7]]], dtype=np.uint8)], {}, [np.ones((1, 1, 2))])
    other = layer.push([np.array([[[3.0, 7.0]]])], {}, [np.ones((1, 1, 2))])
    np.testing.assert_array_equal(one, other)


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize("kind", ["relu", "leaky-relu", "sigmoid", "tanh"])
def test_slopes_at_the_edges_are_torchs(kind: str) -> None:
    """At nan, 0 and infinity the slopes of traces and tangents are those of PyTorch."""
    torch = pytest.importorskip("torch")
    functions = {"relu": "relu", "leaky-relu": "leaky_relu", "sigmoid": "sigmoid", "tanh": "tanh"}
    cells = np.array([[[np.nan, 0.0, -0.0, np.inf, -np.inf, 5.0, -5.0] * 4]])  # long enough for vector instructions
    layer = KINDS[kind].make(cells.shape[1:])
    function = getattr(torch.nn.functional, functions[kind])
    given = (torch.from_numpy(cells),), (torch.ones(cells.shape, dtype=torch.float64),)
    _, wanted = torch.func.jvp(function, *given)
    pushed = layer.push([cells], {}, [np.ones_like(cells)])
    np.testing.assert_allclose(pushed, wanted.numpy(), rtol=1e-10, atol=1e-15)
    for place in range(7):
        np.testing.assert_array_equal(layer.trace([cells], {}, (0, place)).slopes, pushed[0, 0, place])


# One rule for dtypes -------------------------------------------------------------------------------------------------


def beside(name: str) -> bool:
    """Whether an array of a layer takes part without deciding the dtype."""
    return name != "weight"


@pytest.mark.parametrize("kind", WITH_WEIGHTS)
def test_input_and_weight_decide_the_dtype(kind: str) -> None:
    """A bias or running statistics of float64 do not widen float32, but make floats of whole numbers."""
    for case in small_cases(kind):
        layer = case.layer()
        inputs, values = drawn(layer, NUMBERS["float32"].draw)
        wide = {name: value.astype(np.float64) if beside(name) else value for name, value in values.items()}
        output = layer.compute(inputs, wide)
        assert output.dtype == np.float32, str(case)
        place = (0,) * len(layer.output_shape)
        assert np.float32(layer.trace(inputs, wide, place).total) == layer.trace(inputs, wide, place).total
        assert layer.push(inputs, wide, inputs).dtype == np.float32, str(case)
        if "weight" in values:
            widest = {name: value.astype(np.float64) for name, value in values.items()}
            assert layer.compute(inputs, widest).dtype == np.float64, str(case)
        whole_inputs, whole = drawn(layer, NUMBERS["whole"].draw)
        for dtype in (np.float32, np.float64):
            mixed = {name: value.astype(dtype) if beside(name) else value for name, value in whole.items()}
            if any(map(beside, mixed)):
                assert layer.compute(whole_inputs, mixed).dtype == np.float64, str(case)


# Sums ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ([Fraction(1, 3), Fraction(2, 3)], 1),
        ([Fraction(1, 3), 1], Fraction(4, 3)),
        ([1, 0.1], 1.1),
        ([2**70, 1], 2**70 + 1),
        ([1e308, 1e308], np.inf),
        ([np.inf, -np.inf], np.nan),
        ([], 0),
    ],
)
def test_totals(numbers: list[Any], wanted: Any) -> None:
    """Exact numbers are added exactly; as soon as there is one float, all are and the sum is rounded once."""
    array = np.empty(len(numbers), dtype=object)
    array[:] = numbers
    found = total(array)
    assert type(found) is type(wanted)
    np.testing.assert_equal(found, wanted)


THIRDS = "input: [[1, 2, 4, 8]]\ndims: 1\ndtype: {}\nlayers:\n  - conv: {{weight: [1/3, 1/3]}}\n  - avg-pool: 3\n"


def test_uses_tells_exact_weights(cli: CommandLine) -> None:
    """Thirds of thirds: 2/9 and not 0.222222 where exact numbers are asked for."""
    cli.write({"exact.yaml": THIRDS.format("exact"), "auto.yaml": THIRDS.format("auto")})
    page = cli.run("uses", "exact.yaml", "--pos", "1").out
    assert "adds 2/9 to avg-pool1 as a whole" in page
    assert "0.22" not in page
    document = json.loads(cli.run("uses", "auto.yaml", "--pos", "1", "--format", "json").out)
    assert document["weights"] == [[pytest.approx(2 / 9, rel=1e-15)]]


def test_uses_tells_float_slopes(cli: CommandLine) -> None:
    """A slope of 0.1 on whole cells: 0.1, and no binary fraction."""
    cli.write({"leaky.yaml": "input: [[-3, 2]]\ndims: 1\nlayers:\n  - leaky-relu: 0.1\n"})
    page = cli.run("uses", "leaky.yaml", "--pos", "0").out
    assert "a cell larger by 1 adds 0.1 to leaky-relu1 as a whole" in page
    assert "/" not in page


# IndexMap -------------------------------------------------------------------------------------------------------------


def test_paths_read_weights_once() -> None:
    """Computing a layer and pushing a tangent through it read its weights once together."""
    layer = KINDS["conv"].make((1, 4), out_channels=1, kernel_size=2)
    reads: list[int] = []

    def read() -> Any:
        reads.append(1)
        return {"weight": np.array([[[1, 2]]]), "bias": np.array([0])}

    network = Network((1, 4), (Stage("first", layer, (INPUT,), read),))
    (found,) = uses_of_network(network, np.arange(4).reshape(1, 1, 4), (0, 1), 0).steps
    assert found.weights.tolist() == [[2, 1]]
    assert reads == [1]


def test_an_error_of_a_derivative_names_its_layer() -> None:
    """As one of its output does."""
    stage = Stage("act", KINDS["sigmoid"].make((1, 2)), (INPUT,))
    cells = np.ones((1, 1, 2), dtype=np.int64)
    with pytest.raises(ConvcalcError, match=r"^act: sigmoid makes numbers that are no fractions"):
        stage.push([cells], [cells], Context(dtype="exact"))


def test_outputs_are_let_go_once_nobody_needs_them() -> None:
    """A layer that is taken twice is held until both have had it, one that nobody takes not at all."""
    make = KINDS["relu"].make((1, 2))
    double = KINDS["add"].make((1, 2), (1, 2))
    stages = [
        Stage("a", make, (INPUT,)),
        Stage("b", make, (0,)),
        Stage("c", double, (0, 1)),
        Stage("d", double, (2, 2)),
    ]
    network = Network((1, 2), tuple(stages))
    found = network.carried(1, lambda _, inputs: sum(inputs), [3])
    assert list(found) == [(0, 1), (1, 1), (2, 2), (3, 4)]


def test_a_long_chain_is_carried_in_linear_time() -> None:
    """Each layer looks at its own inputs alone."""
    looked: list[int] = []

    class Counted(tuple[int, ...]):
        """Inputs that notice who goes through them."""

        def __iter__(self) -> Any:
            looked.append(1)
            return super().__iter__()

    make = KINDS["relu"].make((1, 2))
    stages = tuple(Stage(str(number), make, Counted((number - 1,))) for number in range(200))
    list(Network((1, 2), stages).carried(0, lambda _, inputs: inputs[0]))
    assert len(looked) <= 6 * 200


def test_a_tree_prepares_each_layer_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many cells of a convolution and of a linear layer a tree has, both are one problem."""
    from convcalc import build

    made: list[int] = []
    make = build._problem

    def counting(*arguments: Any, **options: Any) -> Any:
        made.append(1)
        return make(*arguments, **options)

    stages, shape = [], (2, 3, 3)
    for number, (kind, arguments) in enumerate(
        [("conv", {"out_channels": 2, "kernel_size": 2}), ("flatten", {}), ("linear", {"out_features": 5})]
    ):
        layer = KINDS[kind].make(shape, **arguments)
        _, values = drawn(layer, NUMBERS["whole"].draw)
        stages.append(Stage(kind, layer, (number - 1,), lambda values=values: values))
        shape = layer.output_shape
    network = Network((2, 3, 3), tuple(stages))
    cells = NUMBERS["whole"].draw(np.random.default_rng(0), (1, 2, 3, 3))
    outputs = dict(network.outputs(cells, wanted=[0, 1, 2])) | {INPUT: cells}
    monkeypatch.setattr(build, "_problem", counting)
    root = unfold(network, outputs, 2, (3,), 9)
    assert len([branch for branch in root.branches if branch.node]) == 8
    assert len(made) == 2
