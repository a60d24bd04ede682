"""The arguments of a layer in words: with them, its weights and its inputs a reader can compute it by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Any

from convcalc.geometry.boundary import Boundary
from convcalc.geometry.interpolation import Taps
from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.kinds.quantised import RANGES, Quantise
from convcalc.layers.kinds.rearranged import Pad, Permute, Reshape, Slice
from convcalc.layers.kinds.reduction import Reduction
from convcalc.layers.kinds.resize import Resize
from convcalc.layers.layer import Layer
from convcalc.report.headline import settings_text
from convcalc.report.text import number_text
from convcalc.wording import axis_names, shape_text

_SAID = {
    "negative_slope": "slope {}",
    "least": "at least {}",
    "most": "at most {}",
    "approximate": "approximation {}",
    "alpha": "alpha {}",
    "beta": "beta {}",
    "eps": "eps {}",
    "divisor": "divided by {}",
    "axis": "axis {}",
    "dims": "over the last axes, {} of them",
    "norm": "norm {}",
    "groups": "{} groups",
    "factor": "factor {}",
    "mode": "order {}",
    "operator": "operator {}",
}
"""How fields of layers are said, by their names."""


def arguments_text(layer: Layer) -> str:
    """What a layer is told beside its weights; empty where it is told nothing.

    Examples: ``window 2×2, stride 2, no padding``, ``slope 0.01``, ``axis 0``.
    """
    return ", ".join([*_geometry(layer), *_own(layer), *_fields(layer)])


def _geometry(layer: Layer) -> Iterator[str]:
    """Window, stride, padding and dilation, as far as a layer has them."""
    settings = layer.settings
    if "kernel_size" in settings:
        yield f"{'window' if isinstance(layer, Pool) else 'kernel'} {shape_text(settings['kernel_size'])}"
        yield settings_text(settings["stride"], settings["padding"], _outside(layer), settings["dilation"])
        if settings.get("groups", 1) > 1:
            yield f"{settings['groups']} groups"
        if isinstance(layer, Convolution) and layer.geometry.flip:
            yield "the kernel turned by 180°"
    if any(settings.get("output_padding", ())):
        yield f"output padding {shape_text(settings['output_padding'])}"
    if "scale_factor" in settings:
        yield f"factor {shape_text(settings['scale_factor'])}"


def _outside(layer: Layer) -> Boundary | str:
    """What the padding holds, or what becomes of it."""
    if isinstance(layer, Convolution):
        return layer.geometry.boundary
    if isinstance(layer, AveragePool):
        return "zeros, counted" if layer.count_include_pad else "not counted"
    return "never the largest" if isinstance(layer, Pool) else "cut off"


def _own(layer: Layer) -> Iterator[str]:
    """What single kinds have."""
    match layer:
        case Reshape():
            yield f"to {shape_text(layer.shape)}"
        case Permute():
            yield f"axes in the order {', '.join(map(str, layer.axes))}"
        case Reduction():
            yield f"over axes {', '.join(map(str, layer.axes))}"
        case Quantise():
            low, high = RANGES[layer.dtype]
            yield f"{layer.dtype}, {low} to {high}, {layer.rounding}, half to even"
        case Slice():
            yield f"places {', '.join(map(str, layer.cells))}"
        case Pad():
            yield settings_text((1,) * len(layer.pads), layer.pads, layer.boundary, (1,)).partition(", ")[2]
        case Resize():
            names = axis_names(len(layer.axes))
            yield "; ".join(f"{name}s {_taps(axis)}" for name, axis in zip(names, layer.axes, strict=True))


def _taps(axis: Taps) -> str:
    """What each place of an axis is mixed from, such as ``0: 0, 1: 3/4 of 0 and 1/4 of 1``."""
    mixed = (_mix(cells, weights, axis.divisor) for cells, weights in zip(axis.cells, axis.weights, strict=True))
    return ", ".join(f"{place}: {text}" for place, text in enumerate(mixed))


def _mix(cells: Sequence[int], weights: Sequence[int], divisor: int) -> str:
    shares: dict[int, Fraction] = {}
    for cell, weight in zip(cells, weights, strict=True):
        if weight:
            shares[cell] = shares.get(cell, Fraction(0)) + Fraction(weight, divisor)
    return " and ".join(str(cell) if share == 1 else f"{share} of {cell}" for cell, share in shares.items())


def _fields(layer: Layer) -> Iterator[str]:
    """The fields that are said by their names, where they say something."""
    own = {each.name for each in fields(layer)}
    for name, words in _SAID.items():
        value: Any = getattr(layer, name) if name in own else None
        if value is None or (name == "groups" and "kernel_size" in layer.settings) or value == "none":
            continue
        yield words.format(value if isinstance(value, str | tuple) else number_text(value))
