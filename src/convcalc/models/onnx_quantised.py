"""ONNX's operators on quantised numbers: to and from them, and convolutions and products of them in whole numbers.

A convolution of quantised numbers is the steps that it has on paper: the input less its zero point, products with the
weights less theirs, their sum, and of QLinearConv that times input scale × weight scale / output scale, rounded, plus
the output's zero point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from convcalc.arrays import Array, read_only
from convcalc.layers.kinds.quantised import RANGES
from convcalc.models.onnx_linear import gemm, matmul
from convcalc.models.onnx_node import NotReadError, OnnxNode, Part, chain
from convcalc.models.onnx_tensors import Constant
from convcalc.models.onnx_windows import convolution

_TYPES = {2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 21: "uint4", 22: "int4"}
"""Types of quantised numbers by ``TensorProto.DataType``."""


def quantize(node: OnnxNode) -> Part:
    """QuantizeLinear: rounded half to even, then its zero point added (onnxruntime)."""
    zero = node.optional(2, "zero point")
    element = zero.element if zero else node.whole("output_dtype", 0) or 2
    arguments = {"dtype": _type(element), "rounding": node.text("rounding", "round-then-add")}
    return _affine(node, Part("quantise", arguments), node.constant(1, "scale"), zero)


def dequantize(node: OnnxNode) -> Part:
    """DequantizeLinear: less its zero point, times its scale."""
    return _affine(node, Part("dequantise", {}), node.constant(1, "scale"), node.optional(2, "zero point"))


def dequantized_part(node: OnnxNode, place: int) -> Part:
    """The layer out of the scale and the zero point at two places of a node, one for all channels each."""
    values = _single(node, place)
    return Part("dequantise", {"num_parameters": 1}, values)


def quantized_part(node: OnnxNode, place: int, *, rounding: str = "round-then-add") -> Part:
    """The layer into the scale and the zero point at two places of a node."""
    zero = node.constant(place + 1, "zero point")
    arguments = {"dtype": _type(zero.element), "rounding": rounding, "num_parameters": 1}
    return Part("quantise", arguments, _single(node, place))


def _single(node: OnnxNode, place: int) -> dict[str, Constant]:
    found = {"scale": _row(node.constant(place, "scale")), "zero_point": _row(node.constant(place + 1, "zero point"))}
    if any(each.shape != (1,) for each in found.values()):
        raise NotReadError("it has a scale for each channel")
    return found


def q_linear_conv(node: OnnxNode) -> Part:
    """QLinearConv: whole sums, requantised."""
    _need(node, 8)
    weight = _less_zero(node.constant(3, "weight"), node.constant(5, "weight's zero point"), by_rows=True)
    plain = replace(node, inputs=(node.flow, weight, node.input(8)))
    return chain([*_shift(node, 2), convolution(plain), _requantise(node)])


def q_linear_matmul(node: OnnxNode) -> Part:
    """QLinearMatMul: whole sums of products with a constant matrix, requantised."""
    _need(node, 8)
    weight = _less_zero(node.constant(3, "B"), node.constant(5, "zero point of B"))
    product = matmul(replace(node, inputs=(node.flow, weight)))
    return _last(_shift(node, 2), product._replace(takes_bias=False), _requantise(node))


def q_gemm(node: OnnxNode) -> Part:
    """QGemm of onnxruntime: whole sums of products with a constant matrix and a whole bias, requantised."""
    _need(node, 6)
    columns = not node.is_set("transB")
    weight = _less_zero(node.constant(3, "B"), node.constant(5, "zero point of B"), by_rows=not columns)
    plain = replace(node, inputs=(node.flow, weight, node.input(6)))
    return _last(_shift(node, 2), gemm(plain)._replace(takes_bias=False), _requantise(node, (1, 4, 7), 8))


def is_least(zero: Constant) -> bool:
    """Whether a zero point is the least number of its type, so that cutting off is a ReLU."""
    return zero.element in _TYPES and bool((zero.read() == RANGES[_TYPES[zero.element]][0]).all())


def conv_integer(node: OnnxNode) -> Part:
    """ConvInteger: the whole sums."""
    weight = _less_zero(node.constant(1, "weight"), node.optional(3, "weight's zero point"), by_rows=True)
    return chain([*_shift(node, 2), convolution(replace(node, inputs=(node.flow, weight)))])


def matmul_integer(node: OnnxNode) -> Part:
    """MatMulInteger: the whole sums of products with a constant matrix."""
    weight = _less_zero(node.constant(1, "B"), node.optional(3, "zero point of B"))
    return _last(_shift(node, 2), matmul(replace(node, inputs=(node.flow, weight))))


def dequantized(node: OnnxNode, values: Array, scale: Array, zero: Array | None = None) -> Array:
    """DequantizeLinear of constants."""
    if scale.ndim > 1 or node.is_set("block_size"):
        raise ValueError("scales of blocks are not read")
    shape = [1] * values.ndim
    if scale.size > 1:
        shape[node.whole("axis", 1)] = -1
    whole = values.astype(np.int64) - (0 if zero is None else zero.astype(np.int64).reshape(shape))
    return np.asarray(whole.astype(np.float32) * scale.astype(np.float32).reshape(shape))


def _affine(node: OnnxNode, part: Part, scale: Constant, zero: Constant | None) -> Part:
    """The layer with its scale and zero point, of all or of each channel."""
    if node.is_set("block_size") or len(scale.shape) > 1:
        raise NotReadError("it has a scale for each block")
    count = scale.shape[0] if scale.shape else 1
    if count > 1 and node.place_of(node.whole("axis", 1), node.flow) != 0:
        raise NotReadError(f"it has a scale for each place on axis {node.whole('axis', 1)}, not for each channel")
    values = {"scale": _row(scale), "zero_point": _row(zero) if zero else _zeros(count)}
    return part._replace(arguments={**part.arguments, "num_parameters": count}, values=values)


def _requantise(node: OnnxNode, places: Sequence[int] = (1, 4, 6), zero_at: int = 7) -> Part:
    """The layer behind whole sums, by the inputs that are the scales and the output's zero point."""
    scales = [node.constant(place, f"scale {place + 1}") for place in places]
    zero = node.constant(zero_at, "output's zero point")
    count = max(_row(each).shape[0] for each in (*scales, zero))

    def multiplier() -> Array:
        """In float32, in the order in which onnxruntime computes it."""
        given, weight, made = (each.read().reshape(-1).astype(np.float32) for each in scales)
        return read_only(np.resize(given * weight / made, count))

    values = {
        "multiplier": Constant((count,), multiplier),
        "zero_point": _row(zero).changed(lambda values: np.resize(values, count), (count,)),
    }
    return Part("requantise", {"dtype": _type(zero.element), "num_parameters": count}, values)


def _shift(node: OnnxNode, place: int) -> list[Part]:
    """The layer that takes off the input's zero point; none where that is 0 or not given."""
    zero = node.optional(place, "input's zero point")
    if zero is None:
        return []
    if _row(zero).shape != (1,):
        raise NotReadError("its input has a zero point for each row")
    number = int(zero.read().reshape(-1)[0])
    channels = node.flow.shape[0]
    negated = Constant((channels,), lambda: read_only(np.full(channels, -number)), stored=zero.stored)
    return [Part("bias", {"is_learned": False}, {"bias": negated})] if number else []


def _less_zero(weight: Constant, zero: Constant | None, *, by_rows: bool = False) -> Constant:
    """A weight as whole numbers less its zero point, one for all, for each row, or for each column."""
    if zero is None:
        return weight.changed(lambda values: values.astype(np.int64), weight.shape)
    count = _row(zero).shape[0]
    places = weight.shape[0] if by_rows else weight.shape[-1]
    if count not in (1, places):
        raise NotReadError(f"its weight has {count} zero points for {places} channels")
    shape = (-1, *(1,) * (len(weight.shape) - 1)) if by_rows else (-1,)
    return weight.changed(
        lambda values: values.astype(np.int64) - zero.read().astype(np.int64).reshape(shape), weight.shape
    )


def _last(before: Sequence[Part], product: Part, behind: Part | None = None) -> Part:
    """A product with what goes before it, and behind it what has one number for all channels, or its own channels."""
    parts = [*before]
    each: Part | None = product
    while each:
        parts.append(each._replace(then=None))
        each = each.then
    if behind:
        if product.then and behind.arguments["num_parameters"] > 1:
            raise NotReadError("it has a scale for each column of a product over the last axis")
        parts.append(behind)
    return chain(parts)


def _need(node: OnnxNode, count: int) -> None:
    if any(node.input(place) is None for place in range(count)):
        raise NotReadError(f"it has not all of its {count} first inputs")


def _row(constant: Constant) -> Constant:
    """One number or a list as a list."""
    if len(constant.shape) > 1:
        raise NotReadError(f"a scale or zero point has the shape {list(constant.shape)}")
    return constant if constant.shape else constant.changed(lambda values: values.reshape(1), (1,))


def _zeros(count: int) -> Constant:
    return Constant((count,), lambda: read_only(np.zeros(count, np.int64)))


def _type(element: int) -> str:
    if element not in _TYPES:
        raise NotReadError(f"its numbers are of type {element}, read are {', '.join(_TYPES.values())}")
    return _TYPES[element]
