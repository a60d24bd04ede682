"""Operators of ONNX that are functions of cells, join branches, place cells elsewhere or normalise them.

Axes of the model become axes of a sample with the channels first, see :meth:`OnnxNode.place_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from convcalc.models.onnx_linear import add, by_channel, sub
from convcalc.models.onnx_node import Flow, NotReadError, OnnxNode, Part, chain, on_last_axis
from convcalc.models.onnx_operands import beside, operands
from convcalc.models.onnx_tensors import Constant, plain_constant

_SIXTH = 1 / 6
_CLOSE = 1e-6  # a sixth in float32


def clip(node: OnnxNode) -> Part:
    """Clip: bounds as attributes up to opset 10, then as inputs; those of a ReLU6 by its name."""
    bounds: dict[str, Any] = {}
    for place, name in ((1, "min"), (2, "max")):
        if node.has(name):
            bounds[name] = shortest(node.real(name, 0.0))
        elif node.opset >= 11 and node.optional(place, name) is not None:
            bounds[name] = _number(node, place, name)
    return Part("relu6", {}) if bounds == {"min": 0, "max": 6} else Part("clip", bounds)


def _number(node: OnnxNode, place: int, name: str) -> int | float:
    """The one number of a constant."""
    constant = node.constant(place, name)
    if constant.shape not in ((), (1,)):
        raise NotReadError(f"its {name} has the shape {list(constant.shape)}, not that of one number")
    return shortest(constant.read().reshape(-1)[0])


def shortest(number: Any) -> int | float:
    """A float of the model in the fewest digits that give it; whole ones are whole."""
    real = float(str(number))
    return int(real) if real.is_integer() else real


def hard_sigmoid(node: OnnxNode) -> Part:
    """HardSigmoid: with the slope of a sixth that PyTorch has; ONNX's own default is a fifth."""
    alpha, beta = node.real("alpha", 0.2), node.real("beta", 0.5)
    if abs(alpha - _SIXTH) > _CLOSE or beta != 0.5:
        raise NotReadError(f"it is {alpha} x + {beta} between 0 and 1, only x / 6 + 1/2 is read")
    return Part("hard-sigmoid", {})


def elu(node: OnnxNode) -> Part:
    """Elu, with its alpha."""
    return Part("elu", {"alpha": shortest(node.real("alpha", 1.0))})


def gelu(node: OnnxNode) -> Part:
    """Gelu, exact or by tanh."""
    return Part("gelu", {"approximate": node.text("approximate", "none")})


def prelu(node: OnnxNode) -> Part:
    """PRelu: one slope, or one for each channel."""
    slope = node.constant(1, "slope")
    if all(each == 1 for each in slope.shape):
        weight = slope.changed(lambda values: values.reshape(-1), (1,))
        return Part("prelu", {"num_parameters": 1}, {"weight": weight})
    return Part("prelu", {}, {"weight": by_channel(node, node.flow, slope)})


def softmax(kind: str) -> Callable[[OnnxNode], Part]:
    """Softmax and LogSoftmax: over the axis and all after it up to opset 12, over that axis alone from 13 on."""

    def read(node: OnnxNode) -> Part:
        axis = node.whole("axis", -1 if node.opset >= 13 else 1)
        place = node.place_of(axis, node.flow)
        if place is None or node.flow.layout.flattened:
            raise NotReadError(f"its axis is {axis}, only axes of a sample are read")
        if node.opset < 13 and place != len(node.flow.shape) - 1:
            raise NotReadError(f"it is over the axes from {axis} on together, which opsets before 13 mean")
        return Part(kind, {"axis": place} if place else {})

    return read


def joined(kind: str) -> Callable[[OnnxNode], Part]:
    """Mul, Div, Add, Sub: of branches, of a branch and a constant for each channel or other cells, or one number."""

    def read(node: OnnxNode) -> Part:
        if len(node.flows) > 1:
            is_alike = (
                len({len(flow.shape) for flow in node.flows}) == 1 and len({f.has_batch for f in node.flows}) == 1
            )
            return Part(kind, {}) if is_alike else Part(kind, {}, operands=operands(node))
        place = 1 if isinstance(node.input(0), Flow) else 0
        constant = node.constant(place, "constant")
        if all(each == 1 for each in constant.shape) and len(constant.shape) <= node.flows[0].axes:
            return _by_number(node, kind, constant, is_first=not place)
        if not place and kind in ("sub", "div"):
            return Part(kind, {}, operands=operands(node))
        try:
            return _by_constant(node, kind, constant)
        except NotReadError:
            return Part(kind, {}, operands=operands(node))

    return read


def _by_number(node: OnnxNode, kind: str, constant: Constant, *, is_first: bool) -> Part:
    """With one number; a ``Sub`` from it is the input with the other sign plus the number."""
    single, arguments = constant.changed(lambda values: values.reshape(-1), (1,)), {"num_parameters": 1}
    if not constant.shape:
        arguments |= {"is_learned": False}
    if is_first and kind == "div":
        return Part("div", {}, operands=operands(node))
    if is_first and kind == "sub":
        return chain([negated(), Part("bias", arguments, {"bias": single})])
    change = {"sub": _negative, "div": _reciprocal}.get(kind)
    given = _noted(single, change, kind) if change else single
    if kind in ("add", "sub"):
        return Part("bias", arguments, {"bias": given})
    return Part("scale", arguments, {"weight": given})


def negated(_: OnnxNode | None = None) -> Part:
    """Neg: times -1."""
    return Part("scale", {"num_parameters": 1, "is_learned": False}, {"weight": plain_constant([-1])})


def _by_constant(node: OnnxNode, kind: str, constant: Constant) -> Part:
    flow = node.flow_at(0) if isinstance(node.input(0), Flow) else node.flow_at(1)
    if not flow.has_batch:
        raise NotReadError("the first axis of its input is not the batch")
    size = flow.shape[-1]
    if len(flow.shape) > 1 and not (flow.layout.is_last or flow.layout.flattened) and _is_of_last(constant, size):
        row = constant.changed(lambda values: values.reshape(-1), (size,))
        return on_last_axis(_of_each(kind, row), len(flow.shape))
    if kind in ("add", "sub"):
        return add(node) if kind == "add" else sub(node)
    return _of_each(kind, by_channel(node, flow, constant))


def _is_of_last(constant: Constant, size: int) -> bool:
    """Whether it has a number for each cell of the last axis, and for no other axis."""
    return bool(constant.shape) and constant.shape[-1] == size and all(each == 1 for each in constant.shape[:-1])


def _of_each(kind: str, numbers: Constant) -> Part:
    """The layer that adds or multiplies a number for each channel."""
    change = {"sub": _negative, "div": _reciprocal}.get(kind)
    given = _noted(numbers, change, kind) if change else numbers
    return Part("bias", {}, {"bias": given}) if kind in ("add", "sub") else Part("scale", {}, {"weight": given})


def _noted(constant: Constant, change: Callable[[Any], Any], kind: str) -> Constant:
    told = "added with the other sign" if kind == "sub" else "multiplied as its reciprocal"
    return replace(constant.changed(change, constant.shape), note=f"a {kind.capitalize()}'s constant is {told}")


def _negative(values: Any) -> Any:
    return -values.astype(np.result_type(values, np.float32))


def _reciprocal(values: Any) -> Any:
    with np.errstate(all="ignore"):
        return 1 / values.astype(np.result_type(values, np.float32))


def concat(node: OnnxNode) -> Part:
    """Concat of branches, on any axis of a sample."""
    place = node.place_of(node.whole("axis", 0), node.flows[0])
    if place is None:
        raise NotReadError("it joins samples of a batch")
    arguments = {"axis": place} if place else {}
    return Part("concat", arguments, operands=beside(node) if len(node.flows) < len(node.inputs) else ())


def sliced(node: OnnxNode) -> Part | Flow:
    """Slice: one layer for each axis that is cut."""
    starts, ends, axes, steps = (
        node.wholes(name) if node.opset < 10 else _optional_wholes(node, place, name)
        for place, name in ((1, "starts"), (2, "ends"), (3, "axes"), (4, "steps"))
    )
    if starts is None or ends is None or len(starts) != len(ends):
        raise NotReadError("its starts and ends are no lists of one length")
    parts = []
    for axis, start, stop, step in zip(
        axes or range(len(starts)), starts, ends, steps or [1] * len(starts), strict=True
    ):
        place = node.place_of(axis, node.flow)
        if place is None:
            raise NotReadError("it takes some samples of a batch")
        cells = range(node.flow.shape[place])[slice(start, stop, step)]
        if cells != range(node.flow.shape[place]):
            parts.append(_part_of_axis(place, cells))
    return chain(parts) if parts else node.flow


def _optional_wholes(node: OnnxNode, place: int, name: str) -> list[int] | None:
    return None if node.input(place) is None else node.wholes_of(place, name)


def _part_of_axis(axis: int, cells: range) -> Part:
    if not cells:
        raise NotReadError("nothing is left of an axis")
    stop = cells.stop if cells.stop >= 0 else None
    return Part("slice", {"axis": axis, "start": cells.start, "stop": stop, "step": cells.step})


def split(node: OnnxNode, output: int) -> Part:
    """Split: one of its outputs, as a slice."""
    place = node.place_of(node.whole("axis", 0), node.flow)
    if place is None:
        raise NotReadError("it takes samples of a batch apart")
    size, count = node.flow.shape[place], len(node.proto.output)
    sizes = node.wholes("split") if node.has("split") else _optional_wholes(node, 1, "split")
    each = -(-size // count)
    sizes = sizes or [min(each, size - each * number) for number in range(count)]
    if len(sizes) != count or sum(sizes) != size:
        raise NotReadError(f"its parts {sizes} are not {size} cells in {count} outputs")
    start = sum(sizes[:output])
    return _part_of_axis(place, range(start, start + sizes[output]))


_MODES = {"constant": None, "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def padded(node: OnnxNode) -> Part | Flow:
    """Pad: of the spatial axes, with a constant or by the cells inside."""
    mode, axes = node.text("mode", "constant"), len(node.flow.shape) + 1
    pads = node.wholes("pads") or node.wholes("paddings") if node.opset < 11 else node.wholes_of(1, "pads")
    chosen = _optional_wholes(node, 3, "axes") if node.opset >= 18 else None
    places = [node.place_of(axis, node.flow) for axis in chosen or range(axes)]
    if mode not in _MODES or pads is None or len(pads) != 2 * len(places):
        raise NotReadError(f"its mode is {mode}, its pads are {pads}")
    found: dict[int | None, tuple[int, int]] = {}
    for number, place in enumerate(places):
        found[place] = (pads[number], pads[number + len(places)])
    if any(found.get(each, (0, 0)) != (0, 0) for each in (None, 0)):
        raise NotReadError("it pads the batch or the channels")
    pairs = [found.get(axis, (0, 0)) for axis in range(1, axes - 1)]
    if not any(map(any, pairs)):
        return node.flow
    return Part("pad", {"padding": pairs, "boundary": _MODES[mode] or _value_of_pad(node)})


def _value_of_pad(node: OnnxNode) -> int | float:
    if node.opset < 11:
        return shortest(node.real("value", 0.0))
    return 0 if node.input(2) is None else _number(node, 2, "constant_value")


def pixels(kind: str, argument: str, default: str) -> Callable[[OnnxNode], Part]:
    """DepthToSpace and SpaceToDepth, of two spatial axes."""

    def read(node: OnnxNode) -> Part:
        if len(node.flow.shape) != 3:
            raise NotReadError("its input has not two spatial axes")
        return Part(kind, {argument: node.whole("blocksize", 1), "mode": node.text("mode", default)})

    return read


def permuted(node: OnnxNode, order: Sequence[int]) -> Part:
    """Transpose of the axes of a sample."""
    if node.flow.layout.is_last or node.flow.layout.flattened or (node.flow.has_batch and order[0] != 0):
        raise NotReadError(f"it puts the axes in the order {list(order)}, which is not read")
    if not node.flow.has_batch:
        return Part("permute", {"axes": list(order)})
    return Part("permute", {"axes": [each - 1 for each in order[1:]]})


def over_last_axes(kind: str) -> Callable[[OnnxNode], Part]:
    """LayerNormalization and RMSNormalization: over the last axes of the model."""

    def read(node: OnnxNode) -> Part:
        flow, axis = node.flow, node.whole("axis", -1)
        axes = flow.axes
        dims = -axis if axis < 0 else axes - axis
        if not 1 <= dims <= len(flow.shape) or flow.layout.flattened:
            raise NotReadError(f"its axis is {axis}, only axes of a sample are read")
        shape = flow.layout.order(flow.shape)[len(flow.shape) - dims :]
        names = ("weight", "bias") if kind == "layer-norm" else ("weight",)
        values = {name: _of_shape(node, place, name, shape) for place, name in enumerate(names, 1)}
        made = Part(kind, {"dims": dims, "eps": node.real("epsilon", 1e-5)}, values)
        if not flow.layout.is_last:
            return made
        turned = list(range(1, axes - 1))
        there, back = Part("permute", {"axes": [*turned, 0]}), Part("permute", {"axes": [axes - 2, *range(axes - 2)]})
        return chain([there, made, back])

    return read


def _of_shape(node: OnnxNode, place: int, name: str, shape: tuple[int, ...]) -> Constant:
    """A constant of these sizes; a bias that is omitted is 0."""
    if place == 2 and node.input(place) is None:
        return Constant(shape, lambda: np.zeros(shape, np.float32))
    constant = node.constant(place, name)
    sizes = constant.shape[len(constant.shape) - len(shape) :]
    if sizes != shape or any(each != 1 for each in constant.shape[: len(constant.shape) - len(shape)]):
        raise NotReadError(f"its {name} has the shape {list(constant.shape)}, {list(shape)} is needed")
    return constant.changed(lambda values: values.reshape(shape), shape)


def by_channels(kind: str) -> Callable[[OnnxNode], Part]:
    """InstanceNormalization and GroupNormalization, with a scale and a bias for each channel."""

    def read(node: OnnxNode) -> Part:
        if node.flow.layout.is_last:
            raise NotReadError("the channels of its input come last")
        values = {name: node.constant(place, name) for place, name in ((1, "weight"), (2, "bias"))}
        channels = (node.flow.shape[0],)
        if any(each.shape != channels for each in values.values()):
            raise NotReadError(f"its scale and bias are not one number for each of {channels[0]} channels")
        arguments: dict[str, Any] = {"eps": node.real("epsilon", 1e-5), "affine": True}
        if kind == "group-norm":
            arguments["num_groups"] = node.whole("num_groups", 1)
        return Part(kind, arguments, values)

    return read
