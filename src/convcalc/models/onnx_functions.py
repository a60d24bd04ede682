"""Operators of ONNX that are elementary functions or chains of them, and those that repeat cells: Gather and Expand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from convcalc.layers.kinds.elementary import SELU_ALPHA, SELU_SCALE
from convcalc.models.onnx_kinds import negated, shortest
from convcalc.models.onnx_node import FIRST, Flow, NotReadError, OnnxNode, Part, chain

Read = Callable[[OnnxNode], Part | Flow]
_CLOSE = 1e-6
_MOST_TAKEN = 4096  # indices of a Gather, which a layer keeps


def _of(kind: str) -> Read:
    return lambda _: Part(kind, {})


def _power(node: OnnxNode) -> Part | Flow:
    """Pow by one number."""
    exponent = node.constant(1, "exponent")
    if prod(exponent.shape) != 1 or len(exponent.shape) > node.flow.axes:
        raise NotReadError(f"its exponent has the shape {list(exponent.shape)}, not that of one number")
    number = shortest(exponent.read().reshape(-1)[0])
    if number == 1:
        return node.flow
    return Part("sqrt", {}) if number == 0.5 else Part("pow", {"exponent": number})


def _selu(node: OnnxNode) -> Part:
    if abs(node.real("alpha", SELU_ALPHA) - SELU_ALPHA) + abs(node.real("gamma", SELU_SCALE) - SELU_SCALE) > _CLOSE:
        raise NotReadError("its alpha and gamma are not those of SELU")
    return Part("selu", {})


def _bounded(bound: str) -> Read:
    """Max or Min of one input and a number."""

    def read(node: OnnxNode) -> Part:
        numbers = [each for each in node.inputs if not isinstance(each, Flow)]
        if len(node.flows) != 1 or len(numbers) != 1 or numbers[0] is None or prod(numbers[0].shape) != 1:
            raise NotReadError("only one input and one number are read")
        place = 1 - list(node.inputs).index(node.flows[0])
        constant = node.constant(place, "bound")
        if len(constant.shape) > node.flows[0].axes:
            raise NotReadError("its bound has more axes than its input")
        return Part("clip", {bound: shortest(constant.read().reshape(-1)[0])})

    return read


def _normed(*kinds: tuple[str, dict[str, int]], root: bool = False) -> Read:
    """A sum over axes of powers or magnitudes, perhaps its root."""

    def read(node: OnnxNode) -> Part:
        flow = node.flow
        given = node.wholes("axes") if node.has("axes") else node.wholes_of(1, "axes") if node.input(1) else None
        places = [node.place_of(axis, flow) for axis in given or range(flow.axes)]
        found = sorted(place for place in places if place is not None)
        if len(found) < len(places) or len({*found}) < len(found) or flow.layout != FIRST:
            raise NotReadError("it reduces samples of a batch, or its channels come last")
        parts = [Part(kind, arguments) for kind, arguments in kinds]
        parts += [Part("reduce-sum", {"axes": found}), *([Part("sqrt", {})] if root else [])]
        if not node.is_set("keepdims", default=True):
            parts.append(without(flow, found))
        return chain(parts)

    return read


def without(flow: Flow, places: Sequence[int | None]) -> Part:
    """The layer that leaves out axes of one cell."""
    left = [size for axis, size in enumerate(flow.shape) if axis not in places]
    if flow.has_batch and ({*places} == {*range(1, len(flow.shape))} or len(left) == 1):
        return Part("flatten", {})
    if not left or flow.layout != FIRST:
        raise NotReadError("it leaves nothing, or its channels come last")
    return Part("reshape", {"shape": left})


def gather(node: OnnxNode) -> Part | Flow:
    """Gather of an axis by constant indices: one cell, whose axis is left out, some, or a table of some."""
    flow, indices = node.flow, node.constant(1, "indices")
    place = node.place_of(node.whole("axis", 0), flow)
    if place is None or prod(indices.shape) > _MOST_TAKEN or flow.layout != FIRST or not prod(indices.shape):
        raise NotReadError("it takes samples of a batch, too many cells, or of channels that come last")
    size = flow.shape[place]
    numbers = [int(each) for each in indices.read().reshape(-1)]
    if any(not -size <= each < size for each in numbers):
        raise NotReadError(f"it takes cells beyond {size}")
    taken = _taken(place, [each % size for each in numbers], size)
    if len(indices.shape) == 1:
        return chain(taken) if taken else flow
    shape = [*flow.shape[:place], *indices.shape, *flow.shape[place + 1 :]]
    if not shape:
        raise NotReadError("it leaves a single number")
    flat = flow.has_batch and len(shape) == 1
    return chain([*taken, Part("flatten", {}) if flat else Part("reshape", {"shape": shape})])


def _taken(place: int, numbers: Sequence[int], size: int) -> list[Part]:
    """A slice where the cells stand in a row, otherwise the chosen ones."""
    if list(numbers) == list(range(size)):
        return []
    first, step = numbers[0], numbers[1] - numbers[0] if len(numbers) > 1 else 1
    row = list(range(first, first + step * len(numbers), step)) if step > 0 else []
    if row == list(numbers):
        return [Part("slice", {"axis": place, "start": first, "stop": numbers[-1] + 1, "step": step})]
    return [Part("take", {"axis": place, "indices": list(numbers)})]


def expand(node: OnnxNode) -> Part | Flow:
    """Expand: axes of one cell repeated, axes of one cell put before the others."""
    flow, wanted = node.flow, [int(each) for each in node.wholes_of(1, "shape")]
    own = flow.model_shape(node.batch or 1)
    if len(wanted) > len(own) and flow.has_batch:
        raise NotReadError("it puts axes before the batch")
    full = (1,) * (len(wanted) - len(own)) + own
    wanted = [1] * (len(own) - len(wanted)) + wanted
    try:
        sizes = list(np.broadcast_shapes(full, tuple(wanted)))
    except ValueError:
        raise NotReadError(f"it makes {wanted} of {list(own)}") from None
    if flow.has_batch and sizes[0] != own[0]:
        raise NotReadError("it repeats samples")
    before = [Part("reshape", {"shape": list(full)})] if len(full) > len(own) else []
    if tuple(sizes) == full:
        return chain(before) if before else flow
    return chain([*before, Part("expand", {"shape": sizes[1:] if flow.has_batch else sizes})])


_REDUCED = ("axes", "keepdims", "noop_with_empty_axes")
_SQUARES = ("pow", {"exponent": 2})
FUNCTIONS: dict[str, tuple[Read, tuple[str, ...]]] = {
    **{name: (_of(name.lower()), ("consumed_inputs",)) for name in ("Abs", "Sign", "Sqrt", "Exp", "Log", "Erf")},
    "Neg": (negated, ("consumed_inputs",)),
    "Reciprocal": (lambda _: Part("pow", {"exponent": -1}), ("consumed_inputs",)),
    "Pow": (_power, ("axis", "broadcast")),
    "Selu": (_selu, ("alpha", "gamma", "consumed_inputs")),
    "Celu": (lambda node: Part("celu", {"alpha": shortest(node.real("alpha", 1.0))}), ("alpha",)),
    "Max": (_bounded("min"), ("consumed_inputs",)),
    "Min": (_bounded("max"), ("consumed_inputs",)),
    "ReduceL1": (_normed(("abs", {})), _REDUCED),
    "ReduceL2": (_normed(_SQUARES, root=True), _REDUCED),
    "ReduceSumSquare": (_normed(_SQUARES), _REDUCED),
}
"""Operators by name, each with how it is read and its attributes."""
