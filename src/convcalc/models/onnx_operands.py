"""Inputs of nodes that a layer takes otherwise than the model has them: their order of axes, their batch, their rank.

Layers know one sample with its channels first. A model made for one sample may treat its batch as any other axis; then
that axis, of one cell, is one of the sample's here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from convcalc.models.onnx_node import FIRST, Flow, NotReadError, OnnxNode, Operand, Part, chain
from convcalc.models.onnx_tensors import FLOATS, Constant


def in_own_order(flow: Flow) -> Part | None:
    """The layers that put a flow's axes in the model's own order; None where they stand so."""
    if flow.layout.flattened and len(flow.shape) == 1:
        channels, *size = flow.layout.flattened
        turned = Part("permute", {"axes": [*range(1, len(size) + 1), 0]})
        return chain([Part("reshape", {"shape": [channels, *size]}), turned, Part("flatten", {}, layout=FIRST)])
    if not flow.layout.is_last or len(flow.shape) < 2:
        return None
    return Part("permute", {"axes": [*range(1, len(flow.shape)), 0]}, layout=FIRST)


def with_batch_as_axis(flow: Flow) -> Part | None:
    """The layers that make the batch of one sample the first axis of the sample; None where it is."""
    if not flow.has_batch:
        return None
    there, shape = in_own_order(flow), [1, *flow.layout.order(flow.shape)]
    reshaped = Part("reshape", {"shape": shape}, layout=FIRST)
    return reshaped if there is None else chain([*_parts(there), reshaped])


def _parts(part: Part) -> list[Part]:
    found: list[Part] = []
    each: Part | None = part
    while each:
        found.append(each._replace(then=None))
        each = each.then
    return found


def operands(node: OnnxNode, least: int = 1) -> tuple[Operand, ...]:
    """All inputs of a node with as many axes, at least ``least`` of a sample, as broadcasting aligns them.

    Raises:
        NotReadError: they cannot be aligned for each sample by itself.
    """
    sources = [_given(each) for each in node.inputs]
    has_batch = _same_batch(node.flows)
    inner = [_within(each, node) if isinstance(each, Constant) and has_batch else each for each in sources]
    count = max(least, *(len(each.shape) for each in inner))
    if has_batch and any(len(flow.shape) < count for flow in node.flows) and node.batch != 1:
        raise NotReadError("its inputs have different numbers of axes")
    return tuple(_of_axes(each, count) for each in inner)


def beside(node: OnnxNode) -> tuple[Operand, ...]:
    """All inputs of a node that joins them on an axis; of constants their one sample.

    Raises:
        NotReadError: a constant has no sample.
    """
    has_batch = _same_batch(node.flows)
    found = []
    for each in map(_given, node.inputs):
        if isinstance(each, Constant) and has_batch:
            if len(each.shape) != node.flows[0].axes or each.shape[0] != 1:
                raise NotReadError(f"it joins a constant of {list(each.shape)} to branches")
            found.append(_of_axes(each, len(each.shape) - 1))
        else:
            found.append(Operand(each))
    return tuple(found)


def is_learned(each: Flow | Constant | None) -> bool:
    """Whether it is a tensor of the model that counts as parameters: of more than one float."""
    return isinstance(each, Constant) and bool(each.stored) and each.element in FLOATS and prod(each.shape) > 1


def _given(each: Flow | Constant | None) -> Flow | Constant:
    if each is None:
        raise NotReadError("an input is missing")
    if isinstance(each, Constant) and each.unread:
        raise NotReadError(f"its constant is {each.unread}")
    return each


def _same_batch(flows: Sequence[Flow]) -> bool:
    if any(flow.layout != FIRST for flow in flows):
        raise NotReadError("the channels of its input come last")
    if len({flow.has_batch for flow in flows}) > 1:
        raise NotReadError("the first axis of one of its inputs is not the batch")
    return flows[0].has_batch


def _within(constant: Constant, node: OnnxNode) -> Constant:
    """A constant without the batch, of which it must have one sample."""
    most = max(len(flow.shape) for flow in node.flows)
    shape = constant.shape
    while len(shape) > most and shape[0] == 1:
        shape = shape[1:]
    if len(shape) > most:
        raise NotReadError(f"its constant has the shape {list(constant.shape)}, more axes than a sample")
    return constant.changed(lambda values: values.reshape(shape), shape)


def _of_axes(source: Flow | Constant, count: int) -> Operand:
    """With axes of one cell before its own."""
    if len(source.shape) == count:
        return Operand(source)
    shape = (1,) * (count - len(source.shape)) + source.shape[max(0, len(source.shape) - count) :]
    if isinstance(source, Flow):
        return Operand(source, Part("reshape", {"shape": list(shape)}))
    return Operand(source.changed(lambda values: values.reshape(shape), shape))
