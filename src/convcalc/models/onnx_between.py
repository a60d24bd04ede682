"""onnxruntime's operators on quantised numbers that compute in real ones: out of their scale, and into another.

Sums, products, joins, averages and functions: each input less its zero point times its scale, then the operator, then
over the output's scale, its zero point added before it is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from convcalc.models.onnx_node import Flow, NotReadError, OnnxNode, Operand, Part, chain
from convcalc.models.onnx_quantised import dequantized_part, quantized_part
from convcalc.models.onnx_windows import average_pool

Read = Callable[[OnnxNode], Part]
_EACH = 3  # inputs of a number: itself, its scale, its zero point
_ADDED_FIRST = "add-then-round"


def _joined(kind: str) -> Read:
    """Of two inputs with a scale and a zero point each, those of the output behind them."""

    def read(node: OnnxNode) -> Part:
        made = Part(kind, {}, operands=_operands(node, (0, _EACH)))
        return chain([made, quantized_part(node, 2 * _EACH, rounding=_ADDED_FIRST)])

    return read


def _concat(node: OnnxNode) -> Part:
    """QLinearConcat: the output's scale and zero point, then each input with its own."""
    places = range(2, len(node.inputs), _EACH)
    flows = _operands(node, places)
    axis = node.place_of(node.whole("axis", 0), node.flow_at(2))
    if axis is None:
        raise NotReadError("it joins samples of a batch")
    return chain([Part("concat", {"axis": axis}, operands=flows), quantized_part(node, 0)])


def _operands(node: OnnxNode, places: Sequence[int]) -> tuple[Operand, ...]:
    flows = [node.input(place) for place in places]
    if any(not isinstance(each, Flow) for each in flows):
        raise NotReadError("one of its inputs is a constant")
    if len({len(each.shape) for each in flows if isinstance(each, Flow)}) > 1:
        raise NotReadError("its inputs have different numbers of axes")
    pairs = zip(places, flows, strict=True)
    return tuple(Operand(each, dequantized_part(node, place + 1)) for place, each in pairs if isinstance(each, Flow))


def _through(*parts: Part, rounding: str = "round-then-add") -> Read:
    """Of one input, its scale and zero point before those of the output."""

    def read(node: OnnxNode) -> Part:
        return chain([dequantized_part(node, 1), *parts, quantized_part(node, _EACH, rounding=rounding)])

    return read


def _leaky_relu(node: OnnxNode) -> Part:
    return _through(Part("leaky-relu", {"negative_slope": node.real("alpha", 0.01)}))(node)


def _average(node: OnnxNode) -> Part:
    _need_channels_first(node)
    pool = average_pool(replace(node, inputs=node.inputs[:1]))
    return _through(pool, rounding=_ADDED_FIRST)(node)


def _global_average(node: OnnxNode) -> Part:
    _need_channels_first(node)
    return _through(Part("global-avg-pool", {}))(node)


def _need_channels_first(node: OnnxNode) -> None:
    if node.is_set("channels_last"):
        raise NotReadError("the channels of its input come last")


_WINDOW = ("auto_pad", "dilations", "kernel_shape", "pads", "strides", "ceil_mode", "count_include_pad")
BETWEEN: dict[str, tuple[Read, tuple[str, ...]]] = {
    "com.microsoft.QLinearAdd": (_joined("add"), ()),
    "com.microsoft.QLinearMul": (_joined("mul"), ()),
    "com.microsoft.QLinearConcat": (_concat, ("axis",)),
    "com.microsoft.QLinearSigmoid": (_through(Part("sigmoid", {})), ()),
    "com.microsoft.QLinearLeakyRelu": (_leaky_relu, ("alpha",)),
    "com.microsoft.QLinearAveragePool": (_average, (*_WINDOW, "channels_last")),
    "com.microsoft.QLinearGlobalAveragePool": (_global_average, ("channels_last",)),
}
"""Operators by name, each with how it is read and its attributes."""
