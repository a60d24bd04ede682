"""A network as the page's script takes it: names, arguments and numbers, in a document of plain JSON."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, is_exact
from convcalc.errors import ConvcalcError
from convcalc.layers.kinds.activation import LeakyReLU
from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.batch_norm import BatchNorm
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.magnitude import Magnitude
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.layer import Layer
from convcalc.layers.network import Network
from convcalc.layers.stage import Stage
from convcalc.numerals import Number, exact_text, nearest_float
from convcalc.problem import DType, Problem
from convcalc.report.number_data import number_data
from convcalc.wording import safe_text

if TYPE_CHECKING:
    from convcalc.kernels.kernel import Kernel

_SAFE = 1 << 53  # JavaScript's numbers hold whole ones up to it
_FEW = 256  # numbers; more of them are smaller as bytes, and read faster
_WIDTHS = ("uint8", "int8", "uint16", "int16", "uint32", "int32")


class Picked(NamedTuple):
    """The cell that the page opens with."""

    layer: int
    cell: tuple[int, ...]
    """(channel, *position), or (feature,)."""


def page_data(network: Network, sample: Array, picked: Picked, kernels: Iterable[Kernel] = ()) -> dict[str, Any]:
    """The network with its numbers; ``sample``: (*input_shape). ``kernels``: those that may take a kernel's place.

    Raises:
        ConvcalcError: the weights of a layer cannot be read.
    """
    name, is_image = (network.tensor.name, network.tensor.is_image) if network.tensor else ("input", False)
    rank = len(network.input_shape) - 1
    return {
        "title": safe_text(network.title),
        "dtype": network.dtype,
        "input": {
            "name": safe_text(PurePath(name).name or name),
            "is_image": is_image,
            "numbers": numbers_data(input_of(network, sample)),
        },
        "layers": [layer_data(stage) for stage in network.stages],
        "kernels": [*_kernels_data(kernels, rank)],
        "picked": {"layer": picked.layer, "cell": list(picked.cell)},
    }


def numbers_data(values: Array) -> dict[str, Any]:
    """An array: its shape and all its numbers; many of them as bytes, low byte first, in base64."""
    kind = "whole" if is_exact(values) else values.dtype.name
    shape = list(values.shape)
    width = _width(values) if values.size > _FEW else None
    if width is not None:
        packed = np.ascontiguousarray(values, np.dtype(width).newbyteorder("<"))
        return {"shape": shape, "type": kind, "as": width, "base64": b64encode(packed.tobytes()).decode("ascii")}
    return {"shape": shape, "type": kind, "values": [*map(scalar_data, values.reshape(-1).tolist())]}


def _width(values: Array) -> str | None:
    """The narrowest of the page's types that holds an array; None: none does."""
    if values.dtype.kind == "f":
        return values.dtype.name
    if values.dtype == object:
        return None
    low, high = int(values.min()), int(values.max())
    return next((name for name in _WIDTHS if np.iinfo(name).min <= low and high <= np.iinfo(name).max), None)


def scalar_data(number: Number) -> Any:
    """A number for JSON, as a text where JavaScript would not hold it: beyond 2^53, a fraction, nan and inf."""
    if isinstance(number, int) and abs(number) >= _SAFE:
        return exact_text(number)
    return number_data(number)


def _word(number: Number) -> str:
    """A lone number as a text, which tells a float from a whole number."""
    return repr(number) if isinstance(number, float) else exact_text(number)


def layer_data(stage: Stage) -> dict[str, Any]:
    """A layer: its name and kind, what it takes, its arguments and its numbers.

    Raises:
        ConvcalcError: its weights cannot be read.
    """
    values = _values_of(stage)
    return {
        "name": safe_text(stage.name),
        "kind": stage.layer.kind,
        "inputs": list(stage.inputs),
        "kernel": _kernel_names(stage),
        **dict(_arguments(stage.layer)),
        **_boundary(stage),
        **({"scale": [*map(_word, values["scale"])]} if "scale" in values else {}),
        "numbers": {name: numbers_data(_alike(each)) for name, each in values.items() if name != "scale"},
    }


def _values_of(stage: Stage) -> Mapping[str, Any]:
    """The numbers of its weights; of a convolution as a problem those that were checked with its input."""
    problem = stage.problem
    if problem is None:
        return stage.values()
    bias = {"bias": np.array(problem.bias, object)} if problem.has_bias else {}
    return {"weight": _narrow(problem.weight, problem), "scale": problem.scale, **bias}


def input_of(network: Network, sample: Array) -> Array:
    """A sample, (*input_shape), in the floats that the network computes in, if it is a convolution in floats."""
    problem = network.stages[0].problem
    return sample if problem is None else _narrow(sample, problem)


def _narrow(values: Array, problem: Problem) -> Array:
    """What was a fraction and became float64, as the float32 that is computed with: the script sees types of arrays."""
    is_wider = problem.dtype is DType.FLOAT32 and values.dtype == np.float64
    return values.astype(np.float32) if is_wider else values


def _kernel_names(stage: Stage) -> str:
    """What the kernels of a convolution are called."""
    names = stage.problem.labels.kernels if stage.problem else ()
    return safe_text(", ".join(dict.fromkeys(filter(None, names))))


def _alike(values: Array) -> Array:
    """Python's numbers as floats where there is a float among them."""
    if values.dtype == object and any(isinstance(each, float) for each in values.flat):
        return np.array([nearest_float(each) for each in values.flat]).reshape(values.shape)
    return values


def _boundary(stage: Stage) -> Mapping[str, Any]:
    """What lies outside the input of a convolution; zeros are an exact 0 where the arrays say that these are floats."""
    if not isinstance(stage.layer, Convolution):
        return {}
    boundary, problem = stage.layer.geometry.boundary, stage.problem
    is_real = problem is not None and "f" in (problem.input.dtype.kind, problem.weight.dtype.kind)
    word = "0" if is_real and repr(boundary.value) == "0.0" else _word(boundary.value)
    return {"boundary": {"mode": boundary.mode.value, "value": word}}


def _arguments(layer: Layer) -> Iterator[tuple[str, Any]]:
    """What the layer's kind takes, beside its numbers."""
    yield from layer.settings.items()
    if isinstance(layer, Convolution):
        yield "flip", layer.geometry.flip
    if isinstance(layer, Pool):
        yield "ceil_mode", any(axis.after != after for axis, (_, after) in zip(layer.axes, layer.pads, strict=True))
        yield "output_size", layer.axes.output_sizes
    if isinstance(layer, AveragePool):
        yield "count_include_pad", layer.count_include_pad
        yield "divisor", layer.divisor
    if isinstance(layer, LeakyReLU):
        yield "negative_slope", _word(layer.negative_slope)
    if isinstance(layer, Magnitude):
        yield "norm", layer.norm
    if isinstance(layer, BatchNorm):
        yield "eps", nearest_float(layer.eps)


def _kernels_data(kernels: Iterable[Kernel], rank: int) -> Iterator[list[Any]]:
    """Of each kernel for so many axes: name, title, family, shape and type of the weights, these, and the scale."""
    for kernel in kernels:
        if kernel.rank not in (None, rank):
            continue
        try:
            made = kernel.at_rank(rank)
        except ConvcalcError:  # its arguments are for other axes
            continue
        weights = numbers_data(made.weights)
        if "values" in weights:  # the list is not for kernels of hundreds of taps
            texts = (safe_text(each) for each in (made.name, made.title, made.family))
            yield [*texts, weights["type"], weights["shape"], weights["values"], _word(made.scale)]
