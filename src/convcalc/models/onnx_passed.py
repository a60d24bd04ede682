"""Operators of ONNX that change nothing as they are used in a network that is computed."""

from __future__ import annotations

from convcalc.models.onnx_input import CHANNELS_LAST, is_to_channels_first
from convcalc.models.onnx_node import Flow, NotReadError, OnnxNode
from convcalc.models.onnx_tensors import Constant

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
