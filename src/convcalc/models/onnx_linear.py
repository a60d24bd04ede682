"""Products with matrices and sums with constants: Gemm, MatMul, Add and Sub, of features or of channels.

Channels may come last in the model, and features may have been flattened so, see :class:`Layout`.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from convcalc.arrays import Array, in_floats
from convcalc.models.onnx_node import FIRST, Flow, NotReadError, OnnxNode, Part, on_last_axis
from convcalc.models.onnx_operands import is_learned, operands
from convcalc.models.onnx_tensors import Constant


def gemm(node: OnnxNode) -> Part:
    """Gemm: alpha × A × B + beta × C, where alpha and beta go into the weight and the bias."""
    if node.is_set("transA"):
        raise NotReadError("it transposes its input (transA)")
    if not node.flow.has_batch and len(node.flow.shape) == 2:
        return _gemm_of_rows(node)
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


def _gemm_of_rows(node: OnnxNode) -> Part:
    """Gemm of rows that are no samples: a convolution of one tap with their features as its channels."""
    one = node.flow
    plain = gemm(replace(node, inputs=(one._replace(shape=one.shape[1:], has_batch=True), *node.inputs[1:])))
    shape = (*plain.values["weight"].shape, 1)
    weight = plain.values["weight"].changed(lambda values: values[..., None], shape)
    arguments = {"out_channels": shape[0], "kernel_size": [1], "bias": "bias" in plain.values}
    return on_last_axis(Part("conv", arguments, {**plain.values, "weight": weight}), 2)


def matmul(node: OnnxNode) -> Part:
    """MatMul: of features; or of the last axis, which is a convolution of one tap with that as its channels.

    Of two computed inputs, or of a constant before the input, a product of matrices.
    """
    second = node.input(1)
    if isinstance(second, Flow) or (isinstance(second, Constant) and len(second.shape) != 2):
        return _product(node)
    flow = node.flow
    if len(flow.shape) == 1:
        return _linear(_linear_weight(node, transposed=False), 1, None)
    weight, channels = node.constant(1, "B"), flow.shape[0 if flow.layout.is_last else -1]
    if len(weight.shape) != 2 or weight.shape[0] != channels:
        raise NotReadError(f"it multiplies {sizes_text(node.flow.shape)} by {sizes_text(weight.shape)}")
    shape = (*weight.shape[::-1], *(1,) * (len(node.flow.shape) - 1))
    turned = weight.changed(lambda values: np.ascontiguousarray(values.T).reshape(shape), shape)
    arguments = {"out_channels": shape[0], "kernel_size": list(shape[2:]), "bias": False}
    if flow.layout.is_last:
        return Part("conv", arguments, {"weight": turned}, takes_bias=True)
    return on_last_axis(Part("conv", arguments, {"weight": turned}), len(flow.shape))


def _product(node: OnnxNode) -> Part:
    if any(len(each.shape) < 2 for each in node.inputs if isinstance(each, Flow | Constant)):
        raise NotReadError("it multiplies features by what is computed")
    arguments = {"has_weights": True} if any(is_learned(each) for each in node.inputs) else {}
    return Part("matmul", arguments, operands=operands(node, 2))


def _linear_weight(node: OnnxNode, *, transposed: bool) -> Constant:
    """The weight in PyTorch's order, (out_features, in_features), the features in our order."""
    weight, flow = node.constant(1, "B"), node.flow
    if len(weight.shape) != 2 or len(flow.shape) != 1:
        raise NotReadError(
            f"it multiplies {sizes_text(flow.shape)} by {sizes_text(weight.shape)}, only features by a matrix are read"
        )
    if not transposed:
        weight = weight.changed(lambda values: np.ascontiguousarray(values.T), weight.shape[::-1])
    if not flow.layout.flattened or weight.shape[1] != flow.shape[0]:
        return weight
    order = _order_of(flow.layout.flattened)
    return weight.changed(lambda values: values[:, order], weight.shape)


def _order_of(shape: tuple[int, ...]) -> Array:
    """Which feature that was flattened channels last each feature is that is flattened channels first."""
    return np.moveaxis(np.arange(prod(shape)).reshape(*shape[1:], shape[0]), -1, 0).reshape(-1)


def _linear(weight: Constant, alpha: float, bias: Constant | None) -> Part:
    values = {"weight": _scaled(weight, alpha)} | ({"bias": bias} if bias else {})
    arguments = {"out_features": weight.shape[0], "bias": bias is not None}
    return Part("linear", arguments, values, layout=FIRST, takes_bias=True)


def _scaled(constant: Constant, factor: float) -> Constant:
    """The constant times a number, in float32 if it is float32."""
    if factor == 1:
        return constant
    scaled = constant.changed(lambda values: values * factor, constant.shape)
    return replace(scaled, note=f"a Gemm's factor {factor} is multiplied into its numbers")


def add(node: OnnxNode) -> Part:
    """Add: of two branches, or of a constant for each channel."""
    one, other = node.input(0), node.input(1)
    if isinstance(one, Flow) and isinstance(other, Flow):
        return Part("add", {})
    flow, constant = (one, other) if isinstance(one, Flow) else (other, one)
    if not isinstance(flow, Flow) or not isinstance(constant, Constant):
        raise NotReadError("it adds constants")
    return Part("bias", {}, {"bias": by_channel(node, flow, constant)})


def sub(node: OnnxNode) -> Part:
    """Sub: of a constant for each channel, such as the mean of the input."""
    if isinstance(node.input(1), Flow):
        raise NotReadError("it subtracts what is computed, only constants are read")
    constant = by_channel(node, node.flow, node.constant(1, "B"))
    negated = constant.changed(
        lambda values: -(values if values.dtype.kind == "f" else in_floats(values)), constant.shape
    )
    return Part("bias", {}, {"bias": replace(negated, note="a Sub's constant is added with the other sign")})


def batch_norm(node: OnnxNode) -> Part:
    """BatchNormalization, in inference."""
    if _trains(node):
        raise NotReadError("it is in training mode")
    if not node.is_set("spatial", default=True):
        raise NotReadError("it has statistics for each cell (spatial 0)")
    names = {"weight": "scale", "bias": "B", "running_mean": "mean", "running_var": "var"}
    values = {name: node.constant(place, said) for place, (name, said) in enumerate(names.items(), 1)}
    return Part("batch-norm", {"eps": node.real("epsilon", 1e-5)}, values)


def _trains(node: OnnxNode) -> bool:
    """Whether a batch norm takes its statistics from the batch.

    Up to opset 6 ``is_test`` states it, up to 13 outputs besides the first, from 14 on ``training_mode``.
    """
    if node.opset < 7:
        return not node.is_set("is_test")
    return node.is_set("training_mode") or (node.opset < 14 and any(node.proto.output[1:]))


def by_channel(node: OnnxNode, flow: Flow, constant: Constant) -> Constant:
    """A constant of one number for each channel of the input."""
    channels, rank = flow.shape[0], len(flow.shape) - 1
    axis = node.whole("axis", rank) if node.is_set("broadcast") and node.opset < 7 else None
    if constant.unread:
        raise NotReadError(f"its constant is {constant.unread}")
    if flow.layout.is_last:
        shapes = [(1,) * extra + (channels,) for extra in range(rank + 2)]
    else:
        shapes = [(channels,)] if axis == 1 else [(1,) * extra + (channels,) + (1,) * rank for extra in (0, 1)]
    if constant.shape not in shapes:
        raise NotReadError(
            f"its constant of {sizes_text(constant.shape)} beside {sizes_text(flow.shape)} "
            "is not one number for each channel"
        )
    order = _order_of(flow.layout.flattened) if flow.layout.flattened else slice(None)
    return constant.changed(lambda values: values.reshape(-1)[order], (channels,))


def sizes_text(shape: tuple[int, ...]) -> str:
    """A shape in a reason."""
    return " × ".join(map(str, shape)) or "one number"
