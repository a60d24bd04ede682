"""Quantised numbers: by the formula, in traces as on paper, and as onnxruntime computes them, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convcalc.context import Context
from convcalc.errors import ConvcalcError
from convcalc.layers.kinds.quantised import RANGES
from convcalc.layers.table import kind_of
from onnx_models import helper, model_of, node, numpy_helper, onnx, onnxruntimes, output_of, read

TIES = np.array([[0.5, 1.5, 2.5, -0.5, -1.5, 0.4, 3e9, -3e9]])


def made(kind: str, cells: Any, *, dtype: str = "auto", **told: Any) -> Any:
    """The output of a layer on features, with the scale 1 and the zero point that are told."""
    factor, zero = told.pop("factor", 1.0), told.pop("zero", 0)
    layer = kind_of(kind).make(cells.shape[1:], num_parameters=1, **told)
    name = "multiplier" if kind == "requantise" else "scale"
    return layer.compute([cells], {name: np.array([factor]), "zero_point": np.array([zero])}, Context(dtype=dtype))


def test_halves_go_to_the_even_number_before_the_zero_point_is_added_or_after():
    """The two orders that programs have; numbers beyond the type are cut off, none wraps around."""
    assert made("quantise", TIES, zero=3, dtype="auto").tolist() == [[3, 5, 5, 3, 1, 3, 255, 0]]
    other = made("quantise", TIES, zero=3, rounding="add-then-round")
    assert other.tolist() == [[4, 4, 6, 2, 2, 3, 255, 0]]


@pytest.mark.parametrize("name", RANGES)
def test_every_type_is_cut_off_at_its_ends(name):
    """Before the numbers are converted."""
    layer = kind_of("quantise").make((3,), dtype=name, num_parameters=1)
    cells = np.array([[1e30, -1e30, np.nan]])
    found = layer.compute([cells], {"scale": np.array([1.0]), "zero_point": np.array([1])})
    low, high = RANGES[name]
    assert found.tolist() == [[high, low, 1]]


def test_there_and_back_is_off_by_half_a_step_at_most():
    """Within the range of the type; each channel has its own scale."""
    rng = np.random.default_rng(0)
    cells, scale = rng.uniform(-3, 3, size=(2, 3, 4, 5)).astype(np.float32), np.array([0.05, 0.1, 0.2], np.float32)
    values = {"scale": scale, "zero_point": np.array([100, 120, 140])}
    whole = kind_of("quantise").make((3, 4, 5)).compute([cells], values)
    back = kind_of("dequantise").make((3, 4, 5)).compute([whole], values)
    assert (whole.dtype, back.dtype) == (np.int64, np.float32)
    assert (np.abs(back - cells) <= 0.5001 * scale.reshape(3, 1, 1)).all()


FILE = """input: [[[0.3, 1.2], [-2.5, 100]]]
layers:
  - quantise: {scale: 0.5, zero_point: 3}
  - conv: {weight: [[[[1, -2]]]]}
  - requantise: {multiplier: 0.25, zero_point: 1, dtype: int8}
  - dequantise: {scale: 2, zero_point: 1}
"""


def test_a_trace_tells_it_as_on_paper(cli):
    """Numbers over their scale, the whole sum, and an exact half with what both orders of rounding make of it."""
    cli.write({"f.yaml": FILE})
    page = " ".join(cli.run("trace", "f.yaml", "--pos", "0,0", "--depth", "4", "--format", "plain").out.split())
    for said in (
        "(-1 - 1) × 2",
        "round(-6 × 0.25 = -1.5) + 1, in -128 to 127;",
        "half to even: rounded first -1, added first 0",
        "-2×5 + 1×4",
        "round(1.2 / 0.5 = 2.4) + 3, in 0 to",
        "the steps of all 5 cells equal the engines' outputs",
    ):
        assert said in page, said
    uses = cli.run("uses", "f.yaml", "--pos", "0,0")
    assert uses.code == 0, uses.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("quantise: {dtype: float8}", "unknown type of quantised numbers 'float8'"),
        ("quantise: {rounding: up}", "unknown order of rounding 'up'"),
        ("quantise: {num_parameters: 2, scale: 1, zero_point: 0}", "num_parameters must be 1 or 3"),
        ("quantise: {scale: [1, 2], zero_point: 0}", "scale has shape 2, the layer needs 3"),
        ("dequantise: {scale: 1}", "it has no zero_point"),
    ],
)
def test_what_does_not_fit_is_refused(cli, line, message):
    """With its place in the file."""
    cli.write({"f.yaml": f"input: {{ones: [3, 2, 2]}}\nlayers:\n  - {line}\n"})
    done = cli.run("run", "f.yaml")
    assert (done.code, message in done.err) == (1, True), done.err
    assert "f.yaml:3" in done.err


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"zero": 0.5}, "zero_point must be a whole number from 0 to 255"),
        ({"zero": 300}, "zero_point must be a whole number from 0 to 255"),
        ({"factor": 0.0}, "scale must be above 0"),
        ({"factor": -1.0}, "scale must be above 0"),
        ({"factor": np.inf}, "scale must be above 0"),
    ],
)
def test_numbers_that_quantise_nothing_are_refused(told, message):
    """Instead of cutting a fraction off, or giving one number everywhere."""
    with pytest.raises(ConvcalcError, match=message):
        made("quantise", TIES, **told)


def test_zero_points_are_no_parameters():
    """The layer that takes a zero point off has numbers, but none that is learned."""
    constants = scales(np.random.default_rng(0), UINT8, INT8, 5, each=False)
    constants |= {"w": np.ones((5, 3, 3, 3), INT8), "xz": np.array(7, UINT8)}
    names = ("q", "xs", "xz", "w", "ws", "wz", "ys", "yz")
    nodes = [node("QuantizeLinear", "x", "xs", "xz", to="q"), node("QLinearConv", *names)]
    network = read(model_of(nodes, (1, 3, 6, 6), constants))
    assert [stage.layer.kind for stage in network.stages] == ["quantise", "bias", "conv", "requantise"]
    assert network.parameters == 5 * 3 * 3 * 3


def test_exact_numbers_are_refused():
    """A scale is a float, so the results are none of fractions."""
    with pytest.raises(ConvcalcError, match="quantise makes numbers that are no fractions"):
        made("quantise", TIES, dtype="exact")


# ONNX --------------------------------------------------------------------------------------------------------------

UINT8, INT8 = np.uint8, np.int8
TYPES = [(UINT8, UINT8), (UINT8, INT8), (INT8, INT8)]


def weights(rng: Any, kind: Any, shape: tuple[int, ...]) -> Any:
    """Whole weights; signed ones of seven bits, since onnxruntime's sums of products with eight saturate where the
    processor has no VNNI.
    """
    return rng.integers(*((-63, 64) if kind is INT8 else (0, 256)), size=shape).astype(kind)


def scales(rng: Any, activation: Any, weight: Any, channels: int, *, each: bool) -> dict[str, Any]:
    """Scales and zero points of input, weight and output."""
    shape = (channels,) if each else ()
    limits = np.iinfo(activation)
    zero = lambda: np.array(rng.integers(limits.min, limits.max), activation)  # noqa: E731
    found = {
        "xs": rng.uniform(0.01, 0.1), "xz": zero(), "ws": rng.uniform(0.001, 0.01, shape),
        "wz": np.zeros(shape, weight) if weight is INT8 else np.array(rng.integers(100, 156), weight),
        "ys": rng.uniform(0.01, 0.1), "yz": zero(),
    }  # fmt: skip
    return {name: np.asarray(value, None if name.endswith("z") else np.float32) for name, value in found.items()}


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(30))
def test_a_quantised_convolution_is_onnxruntimes_to_the_bit(seed):
    """Of every pair of types, with scales of the whole weight or of each channel, padding, strides and groups."""
    rng = np.random.default_rng(seed)
    activation, kind = TYPES[seed % 3]
    groups, cin, cout = (1, 3, 5) if seed % 2 else (2, 4, 6)
    constants = scales(rng, activation, kind, cout, each=kind is INT8 and seed % 4 > 1)
    constants["w"] = weights(rng, kind, (cout, cin // groups, 3, 3))
    constants["b"] = rng.integers(-3000, 3000, cout).astype(np.int32)
    names = ("q", "xs", "xz", "w", "ws", "wz", "ys", "yz", *(("b",) if seed % 5 else ()))
    nodes = [
        node("QuantizeLinear", "x", "xs", "xz", to="q"),
        node("QLinearConv", *names, to="c", pads=[1, 0, 1, 1], strides=[1 + seed % 2] * 2, group=groups),
        node("DequantizeLinear", "c", "ys", "yz"),
    ]
    model = model_of(nodes, (2, cin, 8, 9), constants)
    cells = (3 * rng.normal(size=(2, cin, 8, 9))).astype(np.float32)
    found = output_of(read(model), cells)
    wanted = onnxruntimes(model, cells)
    assert found.dtype == wanted.dtype == np.float32
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.oracle
@pytest.mark.parametrize("operator", ["QLinearMatMul", "MatMulInteger", "ConvInteger"])
@pytest.mark.parametrize("seed", range(6))
def test_quantised_products_are_onnxruntimes_to_the_bit(operator, seed):
    """The whole sums, requantised or as they are."""
    rng = np.random.default_rng(seed)
    activation, kind = TYPES[seed % 2 * 2] if operator != "ConvInteger" else TYPES[0]
    shape = (2, 3, 6, 5) if operator == "ConvInteger" else (4, 7)
    constants = scales(rng, activation, kind, 5, each=False)
    constants["w"] = weights(rng, kind, (5, 3, 2, 3) if operator == "ConvInteger" else (7, 5))
    quantise = node("QuantizeLinear", "x", "xs", "xz", to="q")
    if operator == "QLinearMatMul":
        behind = [
            node(operator, "q", "xs", "xz", "w", "ws", "wz", "ys", "yz", to="c"),
            node("DequantizeLinear", "c", "ys", "yz"),
        ]
        model = model_of([quantise, *behind], shape, constants)
    else:
        model = model_of([quantise, node(operator, "q", "w", "xz", "wz")], shape, constants)
        model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.INT32
    cells = (3 * rng.normal(size=shape)).astype(np.float32)
    found, wanted = output_of(read(model), cells), onnxruntimes(model, cells)
    assert found.dtype.kind == wanted.dtype.kind
    np.testing.assert_array_equal(found, wanted)


def between(rng: Any, operator: str, *, relu: bool) -> Any:
    """A layer between DequantizeLinear and QuantizeLinear, as onnxruntime's quantiser writes it."""
    channels = 5
    shape, size, axis = {
        "Conv": ((2, 3, 7, 6), (channels, 3, 3, 3), 0),
        "Gemm": ((4, 6), (channels, 6), 0),
        "MatMul": ((4, 6), (6, channels), 1),
    }[operator]
    constants = scales(rng, UINT8, INT8, channels, each=operator != "Gemm")
    constants |= {"w": weights(rng, INT8, size), "yz": np.array(0 if relu else 97, UINT8)}
    constants["b"] = rng.integers(-900, 900, channels).astype(np.int32)
    constants["bs"] = np.asarray(constants["xs"] * constants["ws"], np.float32)
    constants["bz"] = np.zeros(constants["bs"].shape, np.int32)
    takes_bias = operator != "MatMul"
    nodes = [
        node("QuantizeLinear", "x", "xs", "xz", to="q"),
        node("DequantizeLinear", "q", "xs", "xz", to="d"),
        node("DequantizeLinear", "w", "ws", "wz", to="dw", **({"axis": axis} if constants["ws"].ndim else {})),
        *([node("DequantizeLinear", "b", "bs", "bz", to="db", **({"axis": 0} if constants["bs"].ndim else {}))]
          if takes_bias else []),
        node(operator, "d", "dw", *(("db",) if takes_bias else ()), to="c",
             **({"transB": 1} if operator == "Gemm" else {})),
        *([node("Relu", "c", to="r")] if relu else []),
        node("QuantizeLinear", "r" if relu else "c", "ys", "yz", to="p"),
        node("DequantizeLinear", "p", "ys", "yz"),
    ]  # fmt: skip
    return model_of(nodes, shape, constants), shape


@pytest.mark.oracle
@pytest.mark.parametrize("operator", ["Conv", "Gemm", "MatMul"])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_what_stands_between_is_computed_in_whole_numbers(operator, relu, seed):
    """As onnxruntime does it, whose results are those of the one operator on whole numbers."""
    rng = np.random.default_rng(seed)
    model, shape = between(rng, operator, relu=relu)
    cells = (2 * rng.normal(size=shape)).astype(np.float32)
    network = read(model)
    kinds = [stage.layer.kind for stage in network.stages]
    assert kinds[-2:] == ["requantise", "dequantise"]
    assert "relu" not in kinds
    assert network.notes[-1] == (
        "1 layer between DequantizeLinear and QuantizeLinear computed in whole numbers, as onnxruntime does"
    )
    np.testing.assert_array_equal(output_of(network, cells), onnxruntimes(model, cells))


@pytest.mark.oracle
@pytest.mark.parametrize("operator", ["Add", "AveragePool"])
@pytest.mark.parametrize("seed", range(6))
def test_sums_and_means_between_are_rounded_as_onnxruntime_rounds_them(operator, seed):
    """On halves beside odd zero points the zero point is added first."""
    rng = np.random.default_rng(seed)
    zero = np.array(2 * rng.integers(20, 100) + 1, UINT8)
    constants = {"s": np.float32(0.25), "z": zero, "ys": np.float32(0.5), "yz": zero}
    there = [node("QuantizeLinear", "x", "s", "z", to="q"), node("DequantizeLinear", "q", "s", "z", to="d")]
    if operator == "Add":
        middle = [
            node("Relu", "x", to="r"), node("QuantizeLinear", "r", "s", "z", to="q2"),
            node("DequantizeLinear", "q2", "s", "z", to="d2"), node("Add", "d", "d2", to="m"),
        ]  # fmt: skip
    else:
        middle = [node("AveragePool", "d", to="m", kernel_shape=[1, 2], strides=[1, 2])]
    behind = [node("QuantizeLinear", "m", "ys", "yz", to="p"), node("DequantizeLinear", "p", "ys", "yz")]
    model = model_of([*there, *middle, *behind], (2, 3, 4, 8), constants)
    cells = (10 * rng.normal(size=(2, 3, 4, 8))).astype(np.float32)
    np.testing.assert_array_equal(output_of(read(model), cells), onnxruntimes(model, cells))


def test_what_is_not_all_quantised_is_computed_in_floats():
    """A layer whose output goes elsewhere too, or whose weight is of floats, stays what it is."""
    rng = np.random.default_rng(0)
    model, shape = between(rng, "Conv", relu=False)
    conv = next(each for each in model.graph.node if each.op_type == "Conv")
    model.graph.initializer.append(numpy_helper.from_array(rng.normal(size=(5, 3, 3, 3)).astype(np.float32), "float"))
    conv.input[1] = "float"
    network = read(model)
    assert [stage.layer.kind for stage in network.stages] == [
        *("quantise", "dequantise", "conv", "quantise", "dequantise")
    ]
    cells = rng.normal(size=shape).astype(np.float32)
    assert np.isfinite(output_of(network, cells)).all()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ws": np.ones((5, 1), np.float32)}, "a scale or zero point has the shape [5, 1]"),
        ({"wz": np.zeros(4, INT8)}, "its weight has 4 zero points for 5 channels"),
        ({"xz": np.zeros(3, UINT8)}, "its input has a zero point for each row"),
        ({"yz": np.array(0, np.int32)}, "its numbers are of type 6, read are uint8, int8"),
    ],
)
def test_what_is_not_read_of_a_quantised_convolution_says_why(changes, reason):
    """It becomes an opaque layer, and the rest of the model is listed."""
    constants = scales(np.random.default_rng(0), UINT8, INT8, 5, each=False)
    constants |= {"w": np.ones((5, 3, 3, 3), INT8), **changes}
    names = ("q", "xs", "xz", "w", "ws", "wz", "ys", "yz")
    given = {"z": np.array(0, UINT8), **constants}
    nodes = [node("QuantizeLinear", "x", "xs", "z", to="q"), node("QLinearConv", *names)]
    network = read(model_of(nodes, (1, 3, 6, 6), given))
    assert network.cut
    assert reason in network.cut.reason


def test_the_models_above_are_valid():
    """For onnx's own checker, apart from what tests change."""
    model, _ = between(np.random.default_rng(0), "Conv", relu=True)
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, (2, 5, 5, 4)))
    onnx.checker.check_model(model)
