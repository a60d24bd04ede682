"""Nodes that no kind computes as opaque layers: which of their constants are weights, and their MACs from shapes."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from convcalc.layers.kinds.opaque import Opaque
from convcalc.layers.layer import Shape, Work
from convcalc.models.onnx_node import Flow, NotReadError, OnnxNode
from convcalc.models.onnx_tensors import FLOATS, Constant

_BOTH, _ONE = {1: "weight", 2: "bias"}, {1: "weight"}
_CELLS = {1: "weight_ih", 2: "weight_hh", 3: "bias"}
_WEIGHTS = {
    **dict.fromkeys(("Conv", "ConvTranspose", "Gemm", "FusedConv", "BatchNormalization"), _BOTH),
    **dict.fromkeys(("LayerNormalization", "InstanceNormalization", "GroupNormalization"), _BOTH),
    **dict.fromkeys(("RMSNormalization", "PRelu", "ConvInteger", "MatMulInteger"), _ONE),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _CELLS),
    "QLinearConv": {3: "weight", 8: "bias"},
    "QLinearMatMul": {3: "weight"},
    "Gather": {0: "weight"},
}
"""Operators with learned inputs at known places, of any type of numbers; other operators are asked for theirs."""
_NO_WEIGHTS = ("Clip", "Resize", "Upsample", "Pad", "QuantizeLinear", "DequantizeLinear", "Where", "TopK", "OneHot")
_POINTWISE = {
    "Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh", "BatchNormalization", "BitwiseAnd",
    "Cast", "CastLike", "Ceil", "Celu", "Clip", "Concat", "Cos", "Cosh", "DequantizeLinear", "Div", "Dropout", "Elu",
    "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity",
    "IsInf", "IsNaN", "LRN", "LeakyRelu", "Less", "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod", "Mul",
    "Neg", "Not", "Or", "PRelu", "Pow", "QuantizeLinear", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid",
    "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Split", "Sqrt", "Sub", "Sum", "Swish", "Tan", "Tanh",
    "ThresholdedRelu", "Where", "Xor",
}  # fmt: skip
_OVER_AXES = ("ArgMax", "ArgMin", "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum")
"""Pointwise where they leave the spatial axes as they are, which their output's size tells."""
_OVER_ONE_AXIS = ("Softmax", "LogSoftmax", "Hardmax", "LayerNormalization", "RMSNormalization")
"""Pointwise where that axis is the channels."""


class OpaqueNode(NamedTuple):
    """An opaque layer, and the model's tensors that are its weights."""

    layer: Opaque
    stored: dict[str, str]


def opaque_node(node: OnnxNode, operator: str, reason: str, output: Flow) -> OpaqueNode:
    """The layer of a node with what is known of it; ``operator``: its name for tables."""
    weights = list(_weights(node))
    flows = node.flows
    layer = Opaque(
        flows[0].shape if flows else (),
        operator,
        reason,
        output.shape if output.is_known else None,
        tuple((name, constant.shape) for name, constant in weights),
        *_told(node, output),
    )
    return OpaqueNode(layer, {name: each.stored for name, each in weights if each.stored})


def _weights(node: OnnxNode) -> Iterator[tuple[str, Constant]]:
    """The learned weights: at their operator's places, else each stored tensor of more than one float."""
    places = _WEIGHTS.get(node.operator, {})
    for place, each in enumerate(node.inputs):
        if not isinstance(each, Constant) or not each.stored or (places and place not in places):
            continue
        if places:
            yield places[place], each
        elif node.operator not in _NO_WEIGHTS and each.element in FLOATS and prod(each.shape) > 1:
            yield ("weight" if node.operator == "MatMul" else f"input{place + 1}"), each


def _told(node: OnnxNode, output: Flow) -> tuple[Work, bool]:
    """The products, and whether it is pointwise; of a node whose attributes are none nothing is told."""
    try:
        return _work(node, output), _is_pointwise(node)
    except NotReadError:
        return Work(), False


def _work(node: OnnxNode, output: Flow) -> Work:
    """Products with a weight: of convolutions, and of linear layers on any axes; others count none."""
    place = {"QLinearConv": 3, "QLinearMatMul": 3}.get(node.operator, 1)
    weight, flow = node.input(place), node.input(0)
    if node.operator in ("MatMul", "Gemm") and isinstance(flow, Constant):
        weight, flow = flow, weight  # the weight stands before the input
    if not output.is_known or weight is None or not isinstance(flow, Flow) or not flow.is_known:
        return Work()
    cells, sizes = prod(output.shape), weight.shape
    bias = cells if node.input({"QLinearConv": 8}.get(node.operator, 2)) is not None else 0
    if isinstance(weight, Flow):
        sizes = weight.model_shape(1)
    if node.operator in ("Conv", "ConvInteger", "QLinearConv", "FusedConv"):
        return Work(cells * prod(sizes[1:]), bias)
    if node.operator == "ConvTranspose":
        by_output = cells * prod(sizes[2:]) * (flow.shape[0] // max(1, node.whole("group", 1)))
        return Work(prod(flow.shape) * prod(sizes[1:]), bias, by_output)
    if node.operator in ("MatMul", "Gemm", "MatMulInteger", "QLinearMatMul") and isinstance(weight, Constant):
        return Work(cells * _shared_axis(node, sizes), bias if node.operator == "Gemm" else 0)
    return Work()


def _shared_axis(node: OnnxNode, sizes: Shape) -> int:
    """The cells of the axis that a product of matrices sums over."""
    if not sizes:
        return 0
    is_before = isinstance(node.input(0), Constant)
    is_turned = node.operator == "Gemm" and node.is_set("transA" if is_before else "transB")
    return sizes[-1 if is_before != is_turned or len(sizes) < 2 else -2]


def _is_pointwise(node: OnnxNode) -> bool:
    if node.operator in _OVER_ONE_AXIS:
        flow = node.input(0)
        axes = len(flow.shape) + 1 if isinstance(flow, Flow) else 0
        axis = node.whole("axis", -1)
        is_one = -axes <= axis < axes and (node.operator.endswith("ax") or axis % axes == axes - 1)
        return is_one and isinstance(flow, Flow) and node.place_of(axis, flow) == 0
    return node.operator in _POINTWISE or node.operator in _OVER_AXES


def further_output(node: OnnxNode, operator: str, reason: str, output: Flow) -> OpaqueNode:
    """The layer of an output besides the first of a node whose first one is computed: it has no weights of its own."""
    shape = output.shape if output.is_known else None
    return OpaqueNode(Opaque(node.flows[0].shape if node.flows else (), operator, reason, shape), {})
