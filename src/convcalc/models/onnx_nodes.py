"""The supported operators of ONNX, each with its kind of layer (onnx.ai/onnx/operators).

Also operators that are the identity in inference, and the Transposes between channels last and channels first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

from convcalc.models import onnx_kinds as kinds
from convcalc.models import onnx_quantised as quantised
from convcalc.models.onnx_between import BETWEEN
from convcalc.models.onnx_functions import FUNCTIONS, expand, gather, without
from convcalc.models.onnx_input import to_channels_first, to_channels_last
from convcalc.models.onnx_kinds import permuted
from convcalc.models.onnx_linear import batch_norm, gemm, matmul, sizes_text
from convcalc.models.onnx_names import quoted, word
from convcalc.models.onnx_node import FIRST, LAST, NO_KIND, Flow, Layout, NotReadError, OnnxNode, Part
from convcalc.models.onnx_tensors import Constant, plain_constant
from convcalc.models.onnx_windows import (
    average_pool,
    convolution,
    lp_pool,
    max_pool,
    transposed_convolution,
    upsampling,
)

_SHORT = (1, 2, 3, 4, 5, 10, 16)  # TensorProto.DataType: float32, all that have 8 or 16 bits
_HELD_BY = {1: _SHORT, 11: (*_SHORT, 6, 11, 12)}
"""Types of floats, each with those that it represents exactly."""


def same(node: OnnxNode) -> Flow | Constant:
    """Identity: its input."""
    found = node.input(0)
    if found is None:
        raise NotReadError("its input is missing")
    return found


def transpose(node: OnnxNode) -> Part | Flow:
    """Transpose: between channels last and channels first, which changes nothing here; or a permutation."""
    flow, order = node.flow, node.wholes("perm")
    axes = flow.axes
    order = list(reversed(range(axes))) if order is None else order
    if sorted(order) != list(range(axes)):
        raise NotReadError(f"its perm {order} is no order of {axes} axes")
    if order == list(range(axes)):
        return flow
    wanted = to_channels_first(axes) if flow.layout.is_last else to_channels_last(axes)
    if axes < 3 or order != wanted or not flow.has_batch:
        return permuted(node, order)
    return flow._replace(layout=FIRST if flow.layout.is_last else LAST)


def cast(node: OnnxNode) -> Flow:
    """Cast: to a type of floats that represents its input exactly."""
    target, flow = node.whole("to", 0), node.flow
    if target not in _HELD_BY or flow.element not in _HELD_BY[target]:
        raise NotReadError("it may change numbers: only a cast to float32 or float64 is read, of a type that it holds")
    return flow._replace(element=target)


def dropout(node: OnnxNode) -> Flow | Constant:
    """Dropout: the identity, except in training."""
    trains = node.optional(2, "training_mode")
    if (node.opset < 7 and not node.is_set("is_test")) or (trains and bool(trains.read().any())):
        raise NotReadError("it is in training mode")
    return same(node)


Read = Callable[[OnnxNode], Part | Flow | Constant]


class Operator(NamedTuple):
    """How an operator is read: as a layer, as its input where it is the identity, or as a constant."""

    read: Read
    attributes: tuple[str, ...] = ()
    """The supported attributes; a node with another one is not read."""
    any_layout: bool = False
    """Whether it is read of an input whose channels come last in the model too, see :class:`Layout`: it treats all
    axes alike, or asks for the layout."""


def read_node(node: OnnxNode) -> Part | Flow | Constant:
    """The layer, tensor or constant of a node.

    Raises:
        NotReadError: it is no supported kind of layer.
        FormatError: a tensor of it is damaged.
    """
    domain = "" if node.proto.domain in ("", "ai.onnx") else f"{word(node.proto.domain)}."
    operator = OPERATORS.get(domain + node.operator)
    if operator is None:
        raise NotReadError(NO_KIND)
    for name in node.names():
        if name not in operator.attributes:
            raise NotReadError(f"its attribute {quoted(name)} is not known")
    _check_flows(node.flows, operator.any_layout, any_axes=domain + node.operator in ANY_AXES)
    return operator.read(node)


def _check_flows(flows: Sequence[Flow], any_layout: bool, *, any_axes: bool) -> None:
    """Refuse inputs that a layer cannot have: layers know one sample, with the channels first."""
    for flow in flows:
        if not flow.is_known:
            raise NotReadError("the shape of its input is unknown")
        if not flow.shape or not (flow.has_batch or any_axes):
            raise NotReadError("the first axis of its input is not the batch")
        if flow.layout != FIRST and not any_layout:
            raise NotReadError("the channels of its input come last")
    if len({flow.layout for flow in flows}) > 1:
        raise NotReadError("the channels come last in some of its inputs, first in others")


def _of_kind(kind: str) -> Read:
    return lambda _: Part(kind, {})


def _reduced(kind: str, of_all: str = "") -> Read:
    """A reduction of axes of a sample, kept as axes of one cell or not; ``of_all``: the kind over the spatial ones."""

    def read(node: OnnxNode) -> Part | Flow:
        flow = node.flow
        given = node.wholes("axes") if node.has("axes") else node.wholes_of(1, "axes") if node.input(1) else None
        places = [node.place_of(axis, flow) for axis in given or []]
        if not places or None in places or len({*places}) < len(places):
            axes = "all axes" if given is None else f"the axes {given}"
            raise NotReadError(f"it reduces {axes}, only axes of a sample are read")
        is_spatial = bool(of_all) and flow.has_batch and {*places} == {*range(1, len(flow.shape))}
        arguments = {} if is_spatial else {"axes": sorted(place for place in places if place is not None)}
        then = None if node.is_set("keepdims", default=True) else without(flow, places)
        return Part(of_all if is_spatial else kind, arguments, then=then)

    return read


def _squeeze(node: OnnxNode) -> Part | Flow:
    """Squeeze: axes of one cell left out."""
    first, sizes = int(node.flow.has_batch), node.flow.layout.order(node.flow.shape)
    places = _axes_of(node, node.flow.axes)
    left = [size for axis, size in enumerate(sizes, first) if axis not in places]
    cells = tuple(sizes[axis - first] for axis in sorted(places) if axis >= first)
    if any(size != 1 for size in cells):
        raise NotReadError(f"it leaves out axes of {sizes_text(cells)} cells")
    return _in_shape(node, places, left)


def _unsqueeze(node: OnnxNode) -> Part | Flow:
    """Unsqueeze: new axes of one cell."""
    sizes = [*node.flow.layout.order(node.flow.shape)]
    count = len(node.wholes("axes") or []) if node.has("axes") else prod(node.constant(1, "axes").shape)
    places = _axes_of(node, node.flow.axes + count)
    for axis in sorted(places):
        sizes.insert(axis - node.flow.has_batch, 1)
    return _in_shape(node, places, sizes)


def _axes_of(node: OnnxNode, axes: int) -> set[int]:
    """The axes that a node names, of so many with the batch."""
    given = node.wholes("axes") if node.has("axes") else node.wholes_of(1, "axes") if node.input(1) else None
    if given is None or any(not -axes <= axis < axes for axis in given):
        raise NotReadError(f"its axes are {given}")
    return {axis % axes for axis in given}


def _in_shape(node: OnnxNode, places: set[int], sizes: Sequence[int]) -> Part | Flow:
    if not sizes or (0 in places and node.flow.has_batch):
        raise NotReadError("it changes the axis of the batch")
    if not node.flow.has_batch:
        return Part("reshape", {"shape": list(sizes)})
    if len(sizes) == 1:
        return _flat(node.flow)
    if node.flow.layout != FIRST:
        raise NotReadError("the channels of its input come last")
    return Part("reshape", {"shape": list(sizes)})


def _leaky_relu(node: OnnxNode) -> Part:
    return Part("leaky-relu", {"negative_slope": node.real("alpha", 0.01)})


def _flatten(node: OnnxNode) -> Part | Flow:
    shape, axis = node.flow.shape, node.whole("axis", 1)
    if axis not in (1, -len(shape)):
        raise NotReadError(f"its axis is {axis}, only all axes of a sample are made one")
    return _flat(node.flow)


def _flat(flow: Flow) -> Part | Flow:
    """All axes as one; of channels last the order of the features in the model is kept in mind."""
    if len(flow.shape) == 1:
        return flow
    is_turned = flow.layout.is_last and flow.shape[0] > 1 and prod(flow.shape[1:]) > 1
    return Part("flatten", {}, layout=Layout(flattened=flow.shape) if is_turned else FIRST)


def _reshape(node: OnnxNode) -> Part | Flow:
    wanted = node.wholes("shape") or [] if node.opset < 5 else node.wholes_of(1, "shape")
    shape = node.flow.layout.order(node.flow.shape)
    if not node.flow.has_batch:
        return _reshape_all(node, shape, wanted)
    batch, *rest = wanted or [None]
    copies = not node.is_set("allowzero")
    keeps_batch = batch in (-1, node.batch or 1) or (batch == 0 and copies)
    rest = [shape[place] if each == 0 and copies and place < len(shape) else each for place, each in enumerate(rest)]
    rest_of = prod(shape) // max(1, prod(each for each in rest if each != -1))
    found = [rest_of if each == -1 else each for each in rest]
    if keeps_batch and wanted.count(-1) < 2:
        if found == list(shape):
            return node.flow
        other = FIRST if node.flow.layout.is_last else LAST
        if node.flow.shape[0] == 1 and len(shape) > 1 and found == list(other.order(node.flow.shape)):
            return node.flow._replace(layout=other)  # tf2onnx moves a single channel so
    if not keeps_batch or wanted.count(-1) > 1 or prod(found) != prod(shape) or not found:
        raise NotReadError(f"it makes {wanted} of {sizes_text(shape)}, only axes of a sample are read")
    if len(found) == 1:
        return _flat(node.flow)
    if node.flow.layout != FIRST:
        raise NotReadError(f"it makes {wanted} of {sizes_text(shape)}, whose channels come last")
    return Part("reshape", {"shape": found})


def _reshape_all(node: OnnxNode, shape: Sequence[int], wanted: Sequence[int]) -> Part | Flow:
    """Of a tensor without a batch: all its axes."""
    copies = not node.is_set("allowzero")
    sizes = [shape[place] if each == 0 and copies and place < len(shape) else each for place, each in enumerate(wanted)]
    rest = prod(shape) // max(1, prod(each for each in sizes if each != -1))
    found = [rest if each == -1 else each for each in sizes]
    if not found or sizes.count(-1) > 1 or min(found) < 1 or prod(found) != prod(shape):
        raise NotReadError(f"it makes {list(wanted)} of {sizes_text(tuple(shape))}")
    return node.flow if found == list(shape) else Part("reshape", {"shape": found})


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


_WINDOW = ("auto_pad", "dilations", "kernel_shape", "pads", "strides")
_CONSUMED = ("consumed_inputs",)  # a hint on memory of the first operators
_VALUES = ("value", "value_float", "value_floats", "value_int", "value_ints")
_NEAREST = ("mode", "scales", "height_scale", "width_scale", "nearest_mode", "coordinate_transformation_mode")
_NOT_NEAREST = ("cubic_coeff_a", "exclude_outside", "extrapolation_value")  # irrelevant to the mode nearest
_REDUCTION = ("axes", "keepdims", "noop_with_empty_axes")  # the last one concerns empty axes, which are not read
NORMS = {"LpPool": (lp_pool, (*_WINDOW, "ceil_mode", "p"))}
OPERATORS = {
    "Conv": Operator(convolution, (*_WINDOW, "group")),
    "ConvTranspose": Operator(transposed_convolution, (*_WINDOW, "group", "output_padding", "output_shape")),
    "MaxPool": Operator(max_pool, (*_WINDOW, "ceil_mode", "storage_order")),
    "AveragePool": Operator(average_pool, (*_WINDOW, "ceil_mode", "count_include_pad")),
    "GlobalMaxPool": Operator(_of_kind("global-max-pool")),
    "GlobalAveragePool": Operator(_of_kind("global-avg-pool")),
    "ReduceMax": Operator(_reduced("reduce-max", "global-max-pool"), _REDUCTION, any_layout=True),
    "ReduceMean": Operator(_reduced("reduce-mean", "global-avg-pool"), _REDUCTION, any_layout=True),
    "ReduceSum": Operator(_reduced("reduce-sum"), _REDUCTION, any_layout=True),
    "Squeeze": Operator(_squeeze, ("axes",), any_layout=True),
    "Unsqueeze": Operator(_unsqueeze, ("axes",), any_layout=True),
    "Relu": Operator(_of_kind("relu"), _CONSUMED, any_layout=True),
    "LeakyRelu": Operator(_leaky_relu, ("alpha", *_CONSUMED), any_layout=True),
    "Sigmoid": Operator(_of_kind("sigmoid"), _CONSUMED, any_layout=True),
    "Tanh": Operator(_of_kind("tanh"), _CONSUMED, any_layout=True),
    "BatchNormalization": Operator(
        batch_norm, ("epsilon", "momentum", "training_mode", "is_test", "spatial", *_CONSUMED)
    ),
    "Flatten": Operator(_flatten, ("axis",), any_layout=True),
    "Reshape": Operator(_reshape, ("allowzero", "shape", *_CONSUMED), any_layout=True),
    "QuantizeLinear": Operator(
        quantised.quantize, ("axis", "output_dtype", "saturate", "block_size", "rounding"), any_layout=True
    ),
    "DequantizeLinear": Operator(quantised.dequantize, ("axis", "output_dtype", "block_size"), any_layout=True),
    "QLinearConv": Operator(quantised.q_linear_conv, (*_WINDOW, "group")),
    "ConvInteger": Operator(quantised.conv_integer, (*_WINDOW, "group")),
    "QLinearMatMul": Operator(quantised.q_linear_matmul),
    "com.microsoft.QGemm": Operator(quantised.q_gemm, ("alpha", "beta", "transA", "transB")),
    "MatMulInteger": Operator(quantised.matmul_integer),
    **{name: Operator(read, names) for name, (read, names) in {**BETWEEN, **NORMS}.items()},
    "Gemm": Operator(gemm, ("alpha", "beta", "transA", "transB", "broadcast"), any_layout=True),
    "MatMul": Operator(matmul, any_layout=True),
    "Softmax": Operator(kinds.softmax("softmax"), ("axis",), any_layout=True),
    "LogSoftmax": Operator(kinds.softmax("log-softmax"), ("axis",), any_layout=True),
    "Clip": Operator(kinds.clip, ("min", "max", *_CONSUMED), any_layout=True),
    "HardSigmoid": Operator(kinds.hard_sigmoid, ("alpha", "beta", *_CONSUMED), any_layout=True),
    "HardSwish": Operator(_of_kind("hard-swish"), any_layout=True),
    "Elu": Operator(kinds.elu, ("alpha", *_CONSUMED), any_layout=True),
    "Gelu": Operator(kinds.gelu, ("approximate",), any_layout=True),
    "Softplus": Operator(_of_kind("softplus"), any_layout=True),
    "Mish": Operator(_of_kind("mish"), any_layout=True),
    "PRelu": Operator(kinds.prelu, _CONSUMED),
    "Mul": Operator(kinds.joined("mul"), ("axis", "broadcast", *_CONSUMED), any_layout=True),
    "Div": Operator(kinds.joined("div"), ("axis", "broadcast", *_CONSUMED), any_layout=True),
    "Sum": Operator(_of_kind("add"), _CONSUMED, any_layout=True),
    "Concat": Operator(kinds.concat, ("axis",), any_layout=True),
    "Slice": Operator(kinds.sliced, ("axes", "starts", "ends"), any_layout=True),
    "Split": Operator(lambda node: kinds.split(node, 0), ("axis", "split", "num_outputs"), any_layout=True),
    "Pad": Operator(kinds.padded, ("mode", "pads", "paddings", "value"), any_layout=True),
    "DepthToSpace": Operator(kinds.pixels("pixel-shuffle", "upscale_factor", "DCR"), ("blocksize", "mode")),
    "SpaceToDepth": Operator(kinds.pixels("pixel-unshuffle", "downscale_factor", "DCR"), ("blocksize",)),
    "LayerNormalization": Operator(
        kinds.over_last_axes("layer-norm"), ("axis", "epsilon", "stash_type"), any_layout=True
    ),
    "RMSNormalization": Operator(kinds.over_last_axes("rms-norm"), ("axis", "epsilon", "stash_type"), any_layout=True),
    "InstanceNormalization": Operator(kinds.by_channels("instance-norm"), ("epsilon", *_CONSUMED)),
    "GroupNormalization": Operator(kinds.by_channels("group-norm"), ("epsilon", "num_groups", "stash_type")),
    "Upsample": Operator(upsampling, ("mode", "scales", "height_scale", "width_scale")),
    "Resize": Operator(upsampling, (*_NEAREST, *_NOT_NEAREST, "axes", "antialias", "keep_aspect_ratio_policy")),
    "Add": Operator(kinds.joined("add"), ("axis", "broadcast", *_CONSUMED), any_layout=True),
    "Sub": Operator(kinds.joined("sub"), ("axis", "broadcast", *_CONSUMED), any_layout=True),
    "Transpose": Operator(transpose, ("perm",), any_layout=True),
    "Cast": Operator(cast, ("to", "saturate", "round_mode"), any_layout=True),
    "Identity": Operator(same, any_layout=True),
    "Dropout": Operator(dropout, ("ratio", "seed", "is_test", *_CONSUMED), any_layout=True),
    "Constant": Operator(_constant, _VALUES),
    **{name: Operator(read, names, any_layout=True) for name, (read, names) in FUNCTIONS.items()},
    "Gather": Operator(gather, ("axis",), any_layout=True),
    "Expand": Operator(expand),
}
"""Every operator that is read."""
_WINDOWED = (
    *("Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool", "BatchNormalization"),
    *("Flatten", "QuantizeLinear", "DequantizeLinear", "QLinearConv", "ConvInteger", "QLinearMatMul", "MatMulInteger"),
    *("com.microsoft.QGemm", *BETWEEN, *NORMS, "PRelu", "Pad", "DepthToSpace", "SpaceToDepth", "InstanceNormalization"),
    *("GroupNormalization", "Upsample", "Resize"),
)
ANY_AXES = frozenset(OPERATORS) - {*_WINDOWED}
"""Operators that treat the batch as any other axis, so that they are read of tensors without one."""
