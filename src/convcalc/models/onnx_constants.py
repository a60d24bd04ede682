"""Nodes on constants alone, with which exporters compute shapes, or reorder weights.

What is small is computed at once, since shapes depend on it; large tensors when a layer's numbers are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from convcalc.arrays import Array, read_only
from convcalc.errors import DataError, FormatError
from convcalc.models.onnx_node import Flow, NotReadError, OnnxNode
from convcalc.models.onnx_quantised import dequantized
from convcalc.models.onnx_tensors import MOST_AXES, Constant, plain_constant, unread

_SMALL = 1024  # numbers that are computed at once
Compute = Callable[..., Array]


def folded(node: OnnxNode, shape: tuple[int, ...] | None, element: int) -> Constant:
    """The constant that a node makes of constants; ``shape`` and ``element``: of its output, where ONNX infers them.

    Raises:
        NotReadError: neither its numbers nor their shape can be told.
    """
    constants = [each for each in node.inputs if isinstance(each, Constant)]
    unknown = next((each.unread for each in constants if each.unread), "")
    work = None if unknown else _work_of(node)
    if work is not None and all(prod(each.shape) <= _SMALL for each in constants):
        try:
            return _at_once(node, work, shape, element)
        except _FAULTS:
            work = None
    if shape is None:
        raise NotReadError("it computes a constant that is not read")
    stored = max(constants, key=lambda each: prod(each.shape), default=None)
    if work is None or node.operator not in _LAZY or prod(shape) > sum(prod(each.shape) for each in constants):
        found = unread(shape, element, unknown or f"computed by {node.operator}, which is not read")
    else:
        found = Constant(shape, lambda: _later(node, work, shape), element=element)
    return found.named(stored)


_FAULTS = (ValueError, IndexError, TypeError, KeyError, OverflowError, MemoryError, ZeroDivisionError, DataError)


def _at_once(node: OnnxNode, work: Compute, shape: tuple[int, ...] | None, element: int) -> Constant:
    if shape is not None and prod(shape) > _SMALL:
        raise ValueError("too large to be computed at once")
    found = _computed(node, work)
    if found.size > _SMALL:
        raise ValueError("too large to be computed at once")
    stored = max((each for each in node.inputs if isinstance(each, Constant)), key=lambda each: prod(each.shape))
    kept = Constant(found.shape, lambda: read_only(found), element=element or (1 if found.dtype.kind == "f" else 7))
    return kept.named(stored)


def _later(node: OnnxNode, work: Compute, shape: tuple[int, ...]) -> Array:
    try:
        found = _computed(node, work)
    except _FAULTS as error:
        raise FormatError(f"a constant cannot be computed by {node.operator}: {error}") from None
    if found.shape != shape:
        raise FormatError(f"a constant of {node.operator} has the shape {list(found.shape)}, not {list(shape)}")
    return read_only(found)


@np.errstate(all="ignore")
def _computed(node: OnnxNode, work: Compute) -> Array:
    given = [None if each is None else each.read() for each in node.inputs if not isinstance(each, Flow)]
    needed = given[:1] if node.operator in _WITH_OPTIONAL else given
    if any(each is None for each in needed):
        raise ValueError("an input is omitted")
    return np.asarray(work(node, *given))


_WITH_OPTIONAL = (
    "Squeeze",
    "Unsqueeze",
    "Reshape",
    "Slice",
    "ReduceProd",
    "ReduceMean",
    "ReduceSum",
    "DequantizeLinear",
)
"""Operators whose inputs behind the first may be omitted."""


def _work_of(node: OnnxNode) -> Compute | None:
    return _WORKS.get(node.operator) if node.proto.domain in ("", "ai.onnx") else None


def shape_of(node: OnnxNode) -> Constant:
    """Shape: the sizes of a tensor, or of some of its axes; an unknown batch is one sample.

    Raises:
        NotReadError: they are unknown.
    """
    found = node.input(0)
    if found is None or (isinstance(found, Flow) and not found.is_known):
        raise NotReadError("the shape of its input is unknown")
    sizes = found.model_shape(node.batch or 1) if isinstance(found, Flow) else found.shape
    if node.operator == "Size":
        return plain_constant(prod(sizes))
    return plain_constant(list(sizes[node.whole("start", 0) : node.whole("end", MOST_AXES * 8)]))


def _axes(node: OnnxNode, given: Any) -> list[int]:
    """Axes, an attribute up to opset 12 and an input from 13 on."""
    if given is not None:
        return [int(each) for each in np.asarray(given).reshape(-1)]
    return node.wholes("axes") or []


def _unsqueeze(node: OnnxNode, values: Array, axes: Any = None) -> Array:
    return np.expand_dims(values, tuple(_axes(node, axes)))


def _squeeze(node: OnnxNode, values: Array, axes: Any = None) -> Array:
    return np.squeeze(values, tuple(_axes(node, axes)) or None)


def _reshape(node: OnnxNode, values: Array, shape: Any = None) -> Array:
    wanted = [int(each) for each in (node.wholes("shape") or [] if shape is None else shape)]
    if not node.is_set("allowzero"):
        wanted = [values.shape[place] if size == 0 else size for place, size in enumerate(wanted)]
    return values.reshape(wanted)


def _slice(
    node: OnnxNode, values: Array, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None
) -> Array:
    starts, ends = (node.wholes("starts"), node.wholes("ends")) if starts is None else (starts, ends)
    count = len(starts)
    places = node.wholes("axes") if axes is None else axes
    cut = [slice(None)] * values.ndim
    for axis, first, last, step in zip(
        range(count) if places is None else places, starts, ends, [1] * count if steps is None else steps, strict=True
    ):
        cut[int(axis)] = slice(int(first), None if step < 0 and last < -values.shape[axis] else int(last), int(step))
    return values[tuple(cut)]


def _cast(node: OnnxNode, values: Array, *_: Any) -> Array:
    target = node.whole("to", 0)
    dtype = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.uint8, 11: np.float64}[target]
    return np.not_equal(values, 0).astype(np.uint8) if target == 9 else values.astype(dtype)


def _divide(_: OnnxNode, one: Array, other: Array) -> Array:
    """Whole numbers are cut off towards zero."""
    if one.dtype.kind == "f":
        return one / other
    quotient = np.abs(one) // np.abs(other)
    return np.where((one < 0) != (other < 0), -quotient, quotient)


def _filled(node: OnnxNode, shape: Array) -> Array:
    value = node.tensor("value").read().reshape(-1)[0] if node.has("value") else np.float32(0)
    _check_cells([int(each) for each in shape])
    return np.full([int(each) for each in shape], value)


def _spread(_: OnnxNode, values: Array, shape: Array) -> Array:
    sizes = np.broadcast_shapes(values.shape, tuple(int(each) for each in shape))
    _check_cells(sizes)
    return np.broadcast_to(values, sizes)


def _range(_: OnnxNode, start: Array, end: Array, step: Array) -> Array:
    _check_cells([int(abs((float(end) - float(start)) / float(step))) + 1])
    return np.asarray(np.arange(start.item(), end.item(), step.item()), start.dtype)


def _check_cells(sizes: Sequence[int]) -> None:
    if prod(sizes) > _SMALL:
        raise ValueError("too large to be computed at once")


def _product(node: OnnxNode, values: Array, axes: Any = None) -> Array:
    places = tuple(_axes(node, axes)) or None
    return np.asarray(np.prod(values, axis=places, keepdims=node.is_set("keepdims", default=True)))


def _reduced(function: Compute, node: OnnxNode, values: Array, axes: Any) -> Array:
    places = tuple(_axes(node, axes)) or None
    return np.asarray(function(values, axis=places, keepdims=node.is_set("keepdims", default=True)))


_WORKS: dict[str, Compute] = {
    "Identity": lambda _, values: values,
    "Transpose": lambda node, values: np.transpose(values, node.wholes("perm")),
    "Reshape": _reshape,
    "Flatten": lambda node, values: values.reshape(prod(values.shape[: node.whole("axis", 1)]), -1),
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Slice": _slice,
    "Gather": lambda node, values, places: np.take(values, places, axis=node.whole("axis", 0)),
    "Concat": lambda node, *parts: np.concatenate(parts, axis=node.whole("axis", 0)),
    "Cast": _cast,
    "Add": lambda _, one, other: one + other,
    "Sub": lambda _, one, other: one - other,
    "Mul": lambda _, one, other: one * other,
    "Div": _divide,
    "Mod": lambda _, one, other: np.mod(one, other),
    "Min": lambda _, *parts: np.minimum.reduce(parts),
    "Max": lambda _, *parts: np.maximum.reduce(parts),
    "Neg": lambda _, values: -values,
    "Sqrt": lambda _, values: np.sqrt(values),
    "Pow": lambda _, one, other: np.power(one, other),
    "Exp": lambda _, values: np.exp(values),
    "Reciprocal": lambda _, values: 1 / values,
    "ReduceMean": lambda node, values, axes=None: _reduced(np.mean, node, values, axes),
    "ReduceSum": lambda node, values, axes=None: _reduced(np.sum, node, values, axes),
    "Floor": lambda _, values: np.floor(values),
    "Ceil": lambda _, values: np.ceil(values),
    "Equal": lambda _, one, other: np.equal(one, other).astype(np.uint8),
    "Greater": lambda _, one, other: np.greater(one, other).astype(np.uint8),
    "Less": lambda _, one, other: np.less(one, other).astype(np.uint8),
    "Not": lambda _, values: np.equal(values, 0).astype(np.uint8),
    "And": lambda _, one, other: np.logical_and(one, other).astype(np.uint8),
    "Or": lambda _, one, other: np.logical_or(one, other).astype(np.uint8),
    "Where": lambda _, which, one, other: np.asarray(np.where(which, one, other)),
    "ReduceProd": _product,
    "DequantizeLinear": dequantized,
    "ConstantOfShape": _filled,
    "Expand": _spread,
    "Range": _range,
}
"""What is computed of constants."""
_LAZY = (
    "Identity",
    "Transpose",
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Slice",
    "Cast",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Sqrt",
    "ReduceMean",
    "ReduceSum",
    "DequantizeLinear",
)
"""Of large tensors, with no more numbers than those have."""
