"""Every operator of ONNX that a kind of layer does, with what it is called here (onnx.ai/onnx/operators).

Operators of ONNX that change nothing as they are used in a network that is computed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import NamedTuple

import numpy as np

from convcalc.arrays import in_floats
from convcalc.models import onnx_windows
from convcalc.models.onnx_input import CHANNELS_LAST, is_to_channels_first
from convcalc.models.onnx_node import NO_KIND, Flow, NotReadError, OnnxNode, Part
from convcalc.models.onnx_tensors import Constant, plain_constant, quoted
from convcalc.models.onnx_windows import average_pool, convolution, max_pool, transposed_convolution, upsampling

_SHORT = (1, 2, 3, 4, 5, 10, 16)  # TensorProto.DataType: float32, all that have 8 or 16 bits
_HELD_BY = {1: _SHORT, 11: (*_SHORT, 6, 11, 12)}
"""Types of floats, each with those whose every number it holds."""


def same(node: OnnxNode) -> Flow | Constant:
    """Identity: what it takes."""
    found = node.input(0)
    if found is None:
        raise NotReadError("its input is missing")
    return found


def transpose(node: OnnxNode) -> Flow | Constant:
    """Transpose: of a constant, or to the order that there is."""
    found, order = same(node), node.wholes("perm")
    axes = len(found.shape) + isinstance(found, Flow)
    order = list(reversed(range(axes))) if order is None else order
    if sorted(order) != list(range(axes)):
        raise NotReadError(f"its perm {order} is no order of {axes} axes")
    if isinstance(found, Constant):
        return found.changed(lambda values: values.transpose(order), tuple(found.shape[axis] for axis in order))
    if order == list(range(axes)):
        return found
    if is_to_channels_first(node.proto, axes):
        raise NotReadError(CHANNELS_LAST)
    raise NotReadError(f"it puts the axes in the order {order}, which is not read")


def cast(node: OnnxNode) -> Flow:
    """Cast: to a type of floats that holds what flows, which changes no number."""
    target, flow = node.whole("to", 0), node.flow
    if target not in _HELD_BY or node.element not in _HELD_BY[target]:
        raise NotReadError("it may change numbers: only a cast to float32 or float64 is read, of a type that it holds")
    return flow


def dropout(node: OnnxNode) -> Flow | Constant:
    """Dropout: nothing, but in training."""
    trains = node.optional(2, "training_mode")
    if (node.opset < 7 and not node.is_set("is_test")) or (trains and bool(trains.read().any())):
        raise NotReadError("it is in training mode")
    return same(node)


Read = Callable[[OnnxNode], Part | Flow | Constant]


class Operator(NamedTuple):
    """How an operator is read: as a layer, as what it takes where it changes nothing, or as a constant."""

    read: Read
    attributes: tuple[str, ...] = ()
    """Those that are understood; a node that has another one is not read."""


def read_node(node: OnnxNode) -> Part | Flow | Constant:
    """What a node stands for.

    Raises:
        NotReadError: no kind of layer does that.
        FormatError: a tensor of it is damaged.
    """
    if node.proto.domain not in ("", "ai.onnx") or node.operator not in OPERATORS:
        raise NotReadError(NO_KIND)
    operator = OPERATORS[node.operator]
    for name in node.names():
        if name not in operator.attributes:
            raise NotReadError(f"its attribute {quoted(name)} is not known")
    return operator.read(node)


def _of_kind(kind: str) -> Read:
    return lambda _: Part(kind, {})


def _reduced(kind: str) -> Read:
    """A reduction of all spatial axes and of no other, with or without keeping them as axes of one cell."""

    def read(node: OnnxNode) -> Part:
        _check_spatial(node, "reduces")
        return Part(kind, {}, then=None if node.is_set("keepdims", default=True) else Part("flatten", {}))

    return read


def _squeeze(node: OnnxNode) -> Part:
    """Squeeze: of all spatial axes, each of one cell."""
    _check_spatial(node, "leaves out")
    if prod(node.flow.shape[1:]) != 1:
        raise NotReadError(f"it leaves out axes of {_sizes(node.flow.shape[1:])} cells")
    return Part("flatten", {})


def _check_spatial(node: OnnxNode, does: str) -> None:
    """Refuse other axes than all spatial ones, which are an attribute, or from opset 13 or 18 on an input."""
    rank = len(node.flow.shape) - 1
    axes = node.wholes("axes") if node.has("axes") else node.wholes_of(1, "axes") if node.input(1) else None
    if not rank or sorted(axis % (rank + 2) for axis in axes or []) != list(range(2, rank + 2)):
        raise NotReadError(
            f"it {does} {'all axes' if axes is None else f'the axes {axes}'}, only the spatial ones are read"
        )


def _leaky_relu(node: OnnxNode) -> Part:
    return Part("leaky-relu", {"negative_slope": node.real("alpha", 0.01)})


def _batch_norm(node: OnnxNode) -> Part:
    if _trains(node):
        raise NotReadError("it is in training mode")
    if not node.is_set("spatial", default=True):
        raise NotReadError("it has statistics for each cell (spatial 0)")
    names = {"weight": "scale", "bias": "B", "running_mean": "mean", "running_var": "var"}
    values = {name: node.constant(place, said) for place, (name, said) in enumerate(names.items(), 1)}
    return Part("batch-norm", {"eps": node.real("epsilon", 1e-5)}, values)


def _trains(node: OnnxNode) -> bool:
    """Whether a batch norm takes its statistics from the batch.

    Up to opset 6 ``is_test`` says so, up to 13 an output beside the first, from 14 on ``training_mode``.
    """
    if node.opset < 7:
        return not node.is_set("is_test")
    return node.is_set("training_mode") or (node.opset < 14 and any(node.proto.output[1:]))


def _flatten(node: OnnxNode) -> Part | Flow:
    shape, axis = node.flow.shape, node.whole("axis", 1)
    if axis not in (1, -len(shape)):
        raise NotReadError(f"its axis is {axis}, only all axes of a sample are made one")
    return node.flow if len(shape) == 1 else Part("flatten", {})


def _reshape(node: OnnxNode) -> Part | Flow:
    wanted = node.wholes("shape") or [] if node.opset < 5 else node.wholes_of(1, "shape")
    shape = node.flow.shape
    batch, *rest = wanted or [None]
    keeps_batch = batch in (-1, node.batch or 1) or (batch == 0 and not node.is_set("allowzero"))
    rest_of = prod(shape) // max(1, prod(each for each in rest if each != -1))
    found = [rest_of if each == -1 else each for each in rest]
    if keeps_batch and wanted.count(-1) < 2 and found == list(shape):
        return node.flow
    if not keeps_batch or wanted.count(-1) > 1 or found != [prod(shape)]:
        raise NotReadError(f"it makes {wanted} of {_sizes(shape)}, only a flatten is read")
    return Part("flatten", {})


def _gemm(node: OnnxNode) -> Part:
    """Gemm: alpha × A × B + beta × C, where alpha and beta go into the weight and the bias."""
    if node.is_set("transA"):
        raise NotReadError("it transposes its input (transA)")
    weight = _linear_weight(node, transposed=node.is_set("transB"))
    alpha, beta = node.real("alpha", 1.0), node.real("beta", 1.0)
    features, bias = weight.shape[0], node.optional(2, "C")
    if bias and beta:
        if bias.shape not in ((), (1,), (1, 1), (features,), (1, features)):
            raise NotReadError(
                f"its C has the shape {list(bias.shape)}, not one number for each of {features} features"
            )
        spread = bias.changed(lambda values: np.resize(values, features), (features,))
        return _linear(weight, alpha, _scaled(spread, beta))
    return _linear(weight, alpha, None)


def _matmul(node: OnnxNode) -> Part:
    return _linear(_linear_weight(node, transposed=False), 1, None)


def _linear_weight(node: OnnxNode, *, transposed: bool) -> Constant:
    """The weight as PyTorch has it, (out_features, in_features)."""
    weight, shape = node.constant(1, "B"), node.flow.shape
    if len(weight.shape) != 2 or len(shape) != 1:
        raise NotReadError(
            f"it multiplies {_sizes(shape)} by {_sizes(weight.shape)}, only features by a matrix are read"
        )
    return weight if transposed else weight.changed(lambda values: np.ascontiguousarray(values.T), weight.shape[::-1])


def _linear(weight: Constant, alpha: float, bias: Constant | None) -> Part:
    values = {"weight": _scaled(weight, alpha)} | ({"bias": bias} if bias else {})
    return Part("linear", {"out_features": weight.shape[0], "bias": bias is not None}, values)


def _scaled(constant: Constant, factor: float) -> Constant:
    """The constant times a number, in float32 where it is that."""
    if factor == 1:
        return constant
    scaled = constant.changed(lambda values: values * factor, constant.shape)
    return replace(scaled, note=f"a Gemm's factor {factor} is multiplied into its numbers")


def _add(node: OnnxNode) -> Part:
    """Add: of two branches, or of a constant for each channel."""
    one, other = node.input(0), node.input(1)
    if isinstance(one, Flow) and isinstance(other, Flow):
        return Part("add", {})
    flow, constant = (one, other) if isinstance(one, Flow) else (other, one)
    if not isinstance(flow, Flow) or not isinstance(constant, Constant):
        raise NotReadError("it adds constants")
    return Part("bias", {}, {"bias": _by_channel(node, flow, constant)})


def _sub(node: OnnxNode) -> Part:
    """Sub: of a constant for each channel, such as the mean of what goes in."""
    if isinstance(node.input(1), Flow):
        raise NotReadError("it subtracts what is computed, only constants are read")
    constant = _by_channel(node, node.flow, node.constant(1, "B"))
    negated = constant.changed(
        lambda values: -(values if values.dtype.kind == "f" else in_floats(values)), constant.shape
    )
    return Part("bias", {}, {"bias": replace(negated, note="a Sub's constant is added with the other sign")})


def _by_channel(node: OnnxNode, flow: Flow, constant: Constant) -> Constant:
    """A constant that has one number for each channel of what flows."""
    channels, rank = flow.shape[0], len(flow.shape) - 1
    axis = node.whole("axis", rank) if node.is_set("broadcast") and node.opset < 7 else None
    shapes = [(channels,)] if axis == 1 else [(1,) * extra + (channels,) + (1,) * rank for extra in (0, 1)]
    if constant.shape not in shapes:
        raise NotReadError(
            f"its constant of {_sizes(constant.shape)} beside {_sizes(flow.shape)} is not one number for each channel"
        )
    return constant.changed(lambda values: values.reshape(-1), (channels,))


def _softmax(node: OnnxNode) -> Part:
    """Softmax: over all that follows the axis up to opset 12, over that axis alone from 13 on."""
    axes = len(node.flow.shape) + 1
    axis = node.whole("axis", -1 if node.opset >= 13 else 1)
    if axis % axes != 1 or (node.opset < 13 and axes > 2):
        raise NotReadError(f"its axis is {axis}, only a softmax over the channels is read")
    return Part("softmax", {})


def _constant(node: OnnxNode) -> Constant:
    for name, read in (
        ("value", node.tensor),
        ("value_float", lambda name: plain_constant(node.real(name, 0))),
        ("value_floats", lambda name: plain_constant(node.reals(name))),
        ("value_int", lambda name: plain_constant(node.whole(name, 0))),
        ("value_ints", lambda name: plain_constant(node.wholes(name))),
    ):
        if node.has(name):
            return read(name)
    raise NotReadError("it has no value")


def _sizes(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "one number"


_WINDOW = ("auto_pad", "dilations", "kernel_shape", "pads", "strides")
_CONSUMED = ("consumed_inputs",)  # a hint on memory of the first operators
_VALUES = ("value", "value_float", "value_floats", "value_int", "value_ints")
_NEAREST = ("mode", "scales", "height_scale", "width_scale", "nearest_mode", "coordinate_transformation_mode")
_NOT_NEAREST = ("cubic_coeff_a", "exclude_outside", "extrapolation_value")  # nothing of them concerns the nearest cell
_REDUCTION = ("axes", "keepdims", "noop_with_empty_axes")  # the last one says what no axes mean, which is not read
OPERATORS = {
    "Conv": Operator(convolution, (*_WINDOW, "group")),
    "ConvTranspose": Operator(transposed_convolution, (*_WINDOW, "group", "output_padding", "output_shape")),
    "MaxPool": Operator(max_pool, (*_WINDOW, "ceil_mode", "storage_order")),
    "AveragePool": Operator(average_pool, (*_WINDOW, "ceil_mode", "count_include_pad")),
    "GlobalMaxPool": Operator(_of_kind("global-max-pool")),
    "GlobalAveragePool": Operator(_of_kind("global-avg-pool")),
    "ReduceMax": Operator(_reduced("global-max-pool"), _REDUCTION),
    "ReduceMean": Operator(_reduced("global-avg-pool"), _REDUCTION),
    "Squeeze": Operator(_squeeze, ("axes",)),
    "Relu": Operator(_of_kind("relu"), _CONSUMED),
    "LeakyRelu": Operator(_leaky_relu, ("alpha", *_CONSUMED)),
    "Sigmoid": Operator(_of_kind("sigmoid"), _CONSUMED),
    "Tanh": Operator(_of_kind("tanh"), _CONSUMED),
    "BatchNormalization": Operator(
        _batch_norm, ("epsilon", "momentum", "training_mode", "is_test", "spatial", *_CONSUMED)
    ),
    "Flatten": Operator(_flatten, ("axis",)),
    "Reshape": Operator(_reshape, ("allowzero", "shape", *_CONSUMED)),
    "Gemm": Operator(_gemm, ("alpha", "beta", "transA", "transB", "broadcast")),
    "MatMul": Operator(_matmul),
    "Softmax": Operator(_softmax, ("axis",)),
    "Upsample": Operator(upsampling, ("mode", "scales", "height_scale", "width_scale")),
    "Resize": Operator(upsampling, (*_NEAREST, *_NOT_NEAREST, "axes", "antialias", "keep_aspect_ratio_policy")),
    "Add": Operator(_add, ("axis", "broadcast", *_CONSUMED)),
    "Sub": Operator(_sub, ("axis", "broadcast", *_CONSUMED)),
    "Transpose": Operator(transpose, ("perm",)),
    "Cast": Operator(cast, ("to", "saturate", "round_mode")),
    "Identity": Operator(same),
    "Dropout": Operator(dropout, ("ratio", "seed", "is_test", *_CONSUMED)),
    "Constant": Operator(_constant, _VALUES),
    "Shape": Operator(onnx_windows.shape, ("start", "end")),
    "Gather": Operator(onnx_windows.gather, ("axis",)),
    "Unsqueeze": Operator(onnx_windows.as_list, ("axes",)),
    "Concat": Operator(onnx_windows.concatenated, ("axis",)),
}
"""Every operator that is read."""
