"""Operators of ONNX on constants: exporters compute the shape of a flatten from the shape of what flows."""

from __future__ import annotations

import numpy as np

from convcalc.arrays import Array
from convcalc.models.onnx_node import LONGEST_LIST, NO_KIND, Flow, NotReadError, OnnxNode
from convcalc.models.onnx_tensors import Constant, plain_constant


def shape(node: OnnxNode) -> Constant:
    """Shape: batch, channels and spatial sizes; a batch that is left open is one sample."""
    if node.has("start") or node.has("end"):
        raise NotReadError("it is of some axes only")
    found = node.input(0)
    return plain_constant([node.batch or 1, *found.shape] if isinstance(found, Flow) else list(_numbers(node, 0).shape))


def gather(node: OnnxNode) -> Constant:
    """Gather: entries of a list by their numbers."""
    values, places = _numbers(node, 0), _numbers(node, 1)
    if (
        node.whole("axis", 0) != 0
        or values.ndim != 1
        or not all(-len(values) <= each < len(values) for each in places.flat)
    ):
        raise NotReadError("it gathers no entries of a list")
    return plain_constant(values[places])


def concatenated(node: OnnxNode) -> Constant:
    """Concat: lists one after the other."""
    parts = [_numbers(node, place) for place in range(len(node.inputs))]
    if not parts or node.whole("axis", 0) not in (0, -1) or any(part.ndim != 1 for part in parts):
        raise NotReadError("it joins no lists")
    return plain_constant(np.concatenate(parts))


def as_list(node: OnnxNode) -> Constant:
    """Unsqueeze: a number as a list of one."""
    axes = node.wholes("axes") if node.opset < 13 else node.wholes_of(1, "axes")
    if axes not in ([0], [-1]) or _numbers(node, 0).ndim:
        raise NotReadError("it makes no list of a number")
    return plain_constant(_numbers(node, 0).reshape(1))


def _numbers(node: OnnxNode, place: int) -> Array:
    """The few whole numbers of a constant."""
    if isinstance(node.input(place), Flow):
        raise NotReadError(NO_KIND)
    found = node.constant(place, f"input {place + 1}")
    values = found.read() if np.prod(found.shape, dtype=object) <= LONGEST_LIST else None
    if values is None or values.dtype.kind not in "iu":
        raise NotReadError("it does not compute a shape")
    return values
