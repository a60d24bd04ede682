"""Upsample and Resize of ONNX, where they repeat every cell a whole number of times."""

from __future__ import annotations

from convcalc.models.onnx_node import NotReadError, OnnxNode, Part
from convcalc.models.onnx_tensors import quoted


def upsampling(node: OnnxNode) -> Part:
    """Upsample, and Resize where it does the same: nearest, by whole factors."""
    if node.text("mode", "nearest") != "nearest":
        raise NotReadError(f"its mode is {quoted(node.text('mode', ''))}, only nearest is read")
    _check_nearest(node)
    factors = _factors(node)
    if len(factors) != len(node.flow.shape) + 1 or factors[:2] != [1, 1] or any(f < 1 or f % 1 for f in factors):
        raise NotReadError(f"it scales by {factors}, only whole factors of spatial axes are read")
    return Part("upsample", {"scale_factor": [int(factor) for factor in factors[2:]]})


def _check_nearest(node: OnnxNode) -> None:
    """Refuse roundings with which a cell would not be repeated as often as the factor says."""
    if node.operator == "Upsample" or node.opset < 11:
        return
    place = node.text("coordinate_transformation_mode", "half_pixel")
    rounding = node.text("nearest_mode", "round_prefer_floor")
    roundings = {
        "asymmetric": ("floor",),
        **dict.fromkeys(
            ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric"), ("round_prefer_floor", "round_prefer_ceil")
        ),
    }
    if rounding not in roundings.get(place, ()):
        raise NotReadError(f"it takes the nearest cell by {place} and {rounding}")
    if node.has("axes") or node.is_set("antialias") or node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise NotReadError("it has axes, antialias or keep_aspect_ratio_policy")


def _factors(node: OnnxNode) -> list[float]:
    """How many times larger each axis becomes, batch and channels first."""
    if node.opset < 7:
        return [1, 1, node.real("height_scale", 0), node.real("width_scale", 0)]
    if node.opset < 9:
        return node.reals("scales") or []
    scales, sizes = (1, None) if node.opset < 11 else (2, 3)
    if sizes is None or node.input(sizes) is None:
        return node.wholes_of(scales, "scales")
    wanted, shape = node.wholes_of(sizes, "sizes"), node.flow.shape
    if len(wanted) != len(shape) + 1:
        raise NotReadError(f"its sizes are {wanted}, {len(shape) + 1} numbers are needed")
    return [wanted[0] / (node.batch or 1), *(out / cells for out, cells in zip(wanted[1:], shape, strict=True))]
