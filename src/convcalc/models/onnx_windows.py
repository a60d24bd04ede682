"""ONNX's operators of sliding windows: convolutions and pools, with ONNX's defaults and padding.

Also Upsample and Resize.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convcalc.geometry.axis import reach_of
from convcalc.geometry.interpolation import COORDINATES, ROUNDINGS
from convcalc.models.onnx_names import quoted
from convcalc.models.onnx_node import NotReadError, OnnxNode, Part
from convcalc.models.onnx_tensors import Constant

_WORDS = {"NOTSET": "", "VALID": "valid", "SAME_UPPER": "same", "SAME_LOWER": "same-lower"}


def convolution(node: OnnxNode) -> Part:
    """Conv: as PyTorch's, with a padding for each side (onnx.ai/onnx/operators, "Conv")."""
    weight, arguments = _weighted(node)
    return Part(
        "conv",
        {"out_channels": weight.shape[0], **arguments, "padding": _padding(node, len(node.flow.shape) - 1)},
        _values(node, weight),
    )


def transposed_convolution(node: OnnxNode) -> Part:
    """ConvTranspose: auto_pad and output_shape determine the padding (onnx.ai/onnx/operators, "ConvTranspose")."""
    weight, arguments = _weighted(node)
    extra = _each(node, "output_padding", len(node.flow.shape) - 1, 0)
    padding, extra = _cut(node, arguments, extra)
    sizes = {"out_channels": weight.shape[1] * arguments["groups"], "padding": padding, "output_padding": extra}
    return Part("transposed-conv", {**arguments, **sizes}, _values(node, weight))


def max_pool(node: OnnxNode) -> Part:
    """MaxPool: default stride 1, unlike PyTorch's (onnx.ai/onnx/operators, "MaxPool")."""
    if node.is_set("storage_order"):
        raise NotReadError("its storage_order is column by column")
    return Part("max-pool", _pool(node))


def average_pool(node: OnnxNode) -> Part:
    """AveragePool: by default the padding is not counted (onnx.ai/onnx/operators, "AveragePool")."""
    arguments = _pool(node)
    if any(each != 1 for each in arguments.pop("dilation")):
        raise NotReadError(f"its dilations are {node.wholes('dilations')}, an average pool has none")
    return Part("avg-pool", {**arguments, "count_include_pad": node.is_set("count_include_pad")})


def lp_pool(node: OnnxNode) -> Part:
    """LpPool: the p-norm of every window."""
    arguments = _pool(node)
    if any(each != 1 for each in arguments.pop("dilation")) or arguments.pop("ceil_mode", False):
        raise NotReadError("it has dilations, or counts windows that reach beyond its padding")
    return Part("lp-pool", {**arguments, "norm_type": node.whole("p", 2)})


def _weighted(node: OnnxNode) -> tuple[Constant, dict[str, Any]]:
    """The weight, and the arguments that both convolutions share."""
    weight, rank = node.constant(1, "weight"), len(node.flow.shape) - 1
    if rank < 1 or len(weight.shape) != rank + 2:
        raise NotReadError(f"its weight has the shape {list(weight.shape)}, its input {rank} spatial axes")
    taps = list(weight.shape[2:])
    if (said := node.wholes("kernel_shape")) not in (None, taps):
        raise NotReadError(f"its kernel_shape is {said}, its weight has {taps}")
    return weight, {
        "kernel_size": taps,
        "stride": _each(node, "strides", rank, 1),
        "dilation": _each(node, "dilations", rank, 1),
        "groups": node.whole("group", 1),
        "bias": node.input(2) is not None,
    }


def _values(node: OnnxNode, weight: Constant) -> dict[str, Constant]:
    bias = node.optional(2, "bias")
    return {"weight": weight} | ({"bias": bias} if bias else {})


def _pool(node: OnnxNode) -> dict[str, Any]:
    rank = len(node.flow.shape) - 1
    return {
        "kernel_size": node.wholes("kernel_shape") or [],
        "stride": _each(node, "strides", rank, 1),
        "padding": _padding(node, rank),
        "dilation": _each(node, "dilations", rank, 1),
        "ceil_mode": node.is_set("ceil_mode"),
    }


def _each(node: OnnxNode, name: str, rank: int, default: int) -> list[int]:
    """One number for each spatial axis."""
    numbers = node.wholes(name) or [default] * rank
    if len(numbers) != rank:
        raise NotReadError(f"its {name} are {numbers}, {rank} numbers are needed")
    return numbers


def _padding(node: OnnxNode, rank: int) -> Any:
    """The word of auto_pad, or (before, after) for each axis."""
    word = _word(node)
    return word if word else _pairs(node, rank)


def _word(node: OnnxNode) -> str:
    said = node.text("auto_pad", "NOTSET")
    if said not in _WORDS:
        raise NotReadError(f"its auto_pad is {quoted(said)}, none of {', '.join(_WORDS)}")
    if said != "NOTSET" and any(node.wholes("pads") or []):
        raise NotReadError(f"it has both pads and the auto_pad {said}")
    return _WORDS[said]


def _pairs(node: OnnxNode, rank: int) -> list[list[int]]:
    """Pairs from ONNX's list, which has all paddings before first, then all after."""
    pads = node.wholes("pads") or [0] * (2 * rank)
    if len(pads) != 2 * rank:
        raise NotReadError(f"its pads are {pads}, {2 * rank} numbers are needed")
    return [list(pair) for pair in zip(pads[:rank], pads[rank:], strict=True)]


def _cut_off(pads: list[list[int]], extra: list[int]) -> tuple[list[list[int]], list[int]]:
    """A negative padding at the end, as tf2onnx writes it for kernels smaller than the stride, is cells added there."""
    extra = [more - min(0, after) for more, (_, after) in zip(extra, pads, strict=True)]
    return [[before, max(0, after)] for before, after in pads], extra


def _cut(node: OnnxNode, arguments: dict[str, Any], extra: list[int]) -> tuple[list[list[int]], list[int]]:
    """(before, after) to cut off on each axis of a transposed convolution, and the cells added at the end.

    Where an ``output_shape`` is larger than the windows reach, the rest is empty and at the end, as in onnxruntime.
    """
    size, word = node.flow.shape[1:], _word(node)
    rank, wanted = len(size), node.wholes("output_shape")
    is_same = word in ("same", "same-lower")
    if wanted is None and not is_same:
        return _cut_off(_pairs(node, rank), extra)
    if wanted is None:
        wanted = [cells * stride for cells, stride in zip(size, arguments["stride"], strict=True)]
    if len(wanted) != rank:
        raise NotReadError(f"its output_shape is {wanted}, {rank} numbers are needed")
    columns = zip(
        size, *(arguments[each] for each in ("kernel_size", "stride", "dilation")), extra, wanted, strict=True
    )
    totals = [s * (n - 1) + more + reach_of(k, d) - out for n, k, s, d, more, out in columns]
    extra = [more + max(0, -total) for more, total in zip(extra, totals, strict=True)]
    most = map(max, arguments["stride"], arguments["dilation"])
    if min(totals) < 0 and (is_same or any(more >= each for more, each in zip(extra, most, strict=True))):
        raise NotReadError(f"its output_shape is {wanted}, more than its windows reach")
    halves = [[max(0, total) // 2, max(0, total) - max(0, total) // 2] for total in totals]
    return [pair if word == "same" else pair[::-1] for pair in halves], extra


def upsampling(node: OnnxNode) -> Part:
    """Upsample and Resize: cells repeated by whole factors are an upsample, anything else is a resize."""
    mode, factors = node.text("mode", "nearest"), _factors(node)
    if mode not in ("nearest", "linear", "cubic"):
        raise NotReadError(f"its mode is {quoted(mode)}, only nearest, linear and cubic are read")
    if len(factors) != len(node.flow.shape) + 1 or factors[:2] != [1, 1] or not all(each > 0 for each in factors):
        raise NotReadError(f"it scales by {factors}, only spatial axes are read")
    if node.is_set("antialias") or node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise NotReadError("it has antialias or keep_aspect_ratio_policy")
    if mode == "nearest" and not any(each % 1 for each in factors) and _repeats(node):
        return Part("upsample", {"scale_factor": [int(factor) for factor in factors[2:]]})
    return _interpolated(node, mode, factors[2:])


def _interpolated(node: OnnxNode, mode: str, factors: Sequence[float]) -> Part:
    """By ONNX's own words for where places lie, and which cell is the nearest."""
    place = _place_of(node)
    if place not in COORDINATES:
        raise NotReadError(f"its places are by {quoted(place)}, read are {', '.join(COORDINATES)}")
    made = [cells * float(str(np.float32(f))) for cells, f in zip(node.flow.shape[1:], factors, strict=True)]
    if place == "align_corners" and not _has_sizes(node) and any(each % 1 for each in made):
        # the coordinates of ONNX follow the size before it is rounded down, PyTorch's the size after
        raise NotReadError("it aligns corners by factors that make no whole number of cells")
    arguments: dict[str, Any] = {"mode": mode, "coordinates": place}
    if mode == "nearest":
        arguments["rounding"] = _rounding(node)
    if mode == "cubic":
        arguments |= {
            "cubic_coefficient": node.real("cubic_coeff_a", -0.75),
            "exclude_outside": node.is_set("exclude_outside"),
        }
    return _resize(node, factors, arguments)


def _rounding(node: OnnxNode) -> str:
    if node.operator == "Upsample" or node.opset < 11:
        return "floor"
    said = node.text("nearest_mode", "round_prefer_floor")
    if said not in ROUNDINGS:
        raise NotReadError(f"its nearest_mode is {quoted(said)}, none of {', '.join(ROUNDINGS)}")
    return said


def _place_of(node: OnnxNode) -> str:
    default = "asymmetric" if node.operator == "Upsample" or node.opset < 11 else "half_pixel"
    return node.text("coordinate_transformation_mode", default)


def _resize(node: OnnxNode, factors: Sequence[float], arguments: dict[str, Any]) -> Part:
    """By the sizes where they are given, else by the factors, of which a float32 is what its fewest digits say."""
    if _has_sizes(node):
        return Part("resize", {"size": _sizes(node)[2:], **arguments})
    return Part("resize", {"scale_factor": [float(str(np.float32(each))) for each in factors], **arguments})


def _has_sizes(node: OnnxNode) -> bool:
    return node.opset >= 11 and node.input(3) is not None


def _repeats(node: OnnxNode) -> bool:
    """Whether the nearest cell by whole factors is each cell as often as its factor."""
    place = _place_of(node)
    if place == "asymmetric":
        return _rounding(node) == "floor"
    is_half = place in ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric")
    return is_half and _rounding(node) in ("round_prefer_floor", "round_prefer_ceil")


def _factors(node: OnnxNode) -> list[float]:
    """The factor of each axis, batch and channels first."""
    if node.opset < 7:
        return [1, 1, node.real("height_scale", 0), node.real("width_scale", 0)]
    if node.opset < 9:
        return node.reals("scales") or []
    if not _has_sizes(node):
        return _on_axes(node, node.wholes_of(1 if node.opset < 11 else 2, "scales"), [1] * (len(node.flow.shape) + 1))
    before = node.flow.model_shape(node.batch or 1)
    return [after / cells for after, cells in zip(_sizes(node), before, strict=True)]


def _sizes(node: OnnxNode) -> list[int]:
    """The size of each axis, where sizes are given."""
    return _on_axes(node, node.wholes_of(3, "sizes"), list(node.flow.model_shape(node.batch or 1)))


def _on_axes(node: OnnxNode, given: list[Any], rest: list[Any]) -> list[Any]:
    """What is given for some axes, or for all, and the rest for the others."""
    axes = node.wholes("axes")
    places = list(range(len(rest))) if axes is None else [axis % len(rest) for axis in axes]
    if len(given) != len(places):
        raise NotReadError(f"its sizes or scales are {given}, {len(places)} numbers are needed")
    found = list(rest)
    for place, each in zip(places, given, strict=True):
        found[place] = each
    return found
