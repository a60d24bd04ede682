"""What a program is about: a network's steps with their numbers, the output it must get, and how exactly."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, in_floats, largest, narrowed, plain
from convcalc.context import Context
from convcalc.geometry.boundary import BoundaryMode
from convcalc.layers.kinds.activation import LeakyReLU
from convcalc.layers.kinds.add import Add
from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.linear import Linear
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.layer import Layer
from convcalc.layers.network import INPUT, Network
from convcalc.numerals import nearest_float
from convcalc.programs.literals import identifier
from convcalc.wording import shape_text

_USED = {
    *dir(builtins),
    *("np", "data", "expected", "output", "network", "samples", "scale", "padded", "windows", "stuffed", "dilated"),
    *("divisors", "torch", "keras", "jax", "jnp", "ops", "lax", "signal", "special", "ndimage", "cv2", "onnxruntime"),
    *("nodes", "weights", "graph", "opset", "model", "session", "helper", "os"),
}
"""Names that programs use themselves."""
_ENDINGS = re.compile(
    r"_(weight|bias|running_mean|running_var|scale|turned|sums|scaled|divisor|means|factor|pads|outside|scales"
    r"|padded\d*|cells\d+|\dd)$"
)
"""How names of what belongs to a layer, and of functions, end: no layer is called so."""
_SHARE = {"float32": 1e-5, "float64": 1e-9}
"""How far a cell may be off, as a share of the largest: what ``check`` allows too."""
_WHOLE = {"float32": 1 << 24, "float64": 1 << 53, "int64": 1 << 62}
"""Up to where a type holds every whole number."""


_BYTES = 16  # of a weight: as it is read, and as it is written


class Numbers(StrEnum):
    """The numbers that a program computes with, where the library has them."""

    WHOLE = "np.int64"
    EXACT = "object"
    """Python's own whole numbers and fractions, in arrays of objects."""
    FLOAT64 = "np.float64"
    FLOAT32 = "np.float32"

    @property
    def is_exact(self) -> bool:
        """Whether nothing is rounded."""
        return self in (Numbers.WHOLE, Numbers.EXACT)


class Step(NamedTuple):
    """A layer with its numbers."""

    name: str
    """The identifier of its output."""
    layer: Layer
    inputs: tuple[str, ...]
    """The identifiers of its inputs."""
    weights: Mapping[str, Array]
    """By PyTorch's names, see :attr:`convcalc.layers.layer.Layer.weight_shapes`; not scaled."""
    scale: tuple[Fraction, ...] = ()
    """The factor of every sum of an output channel; none: 1."""
    bound: Any = 0
    """What no sum in it exceeds in magnitude, for these inputs."""
    has_numbers_of_its_own: bool = True
    """Whether its name is part of the names of its weights: a single convolution has a kernel K and a bias b."""


class Subject(NamedTuple):
    """A network to be computed by a program."""

    headline: str
    """Its title and what it is; foreign texts are among it."""
    input: Array
    """(batch, *input_shape)."""
    steps: tuple[Step, ...]
    output: Array
    """The engine's, (batch, *output_shape)."""
    numbers: Numbers

    @property
    def is_single(self) -> bool:
        """Whether it is one convolution and nothing else."""
        return len(self.steps) == 1 and isinstance(self.steps[0].layer, Convolution)

    @property
    def is_plane(self) -> bool:
        """Whether it is a single convolution of one sample and one channel, which need no axes."""
        shape, single = self.input.shape, self.is_single
        return single and shape[:2] == (1, 1) and self.output.shape[:2] == (1, 1)

    @property
    def is_rounded(self) -> bool:
        """Whether exact sums are rounded once at the end."""
        return self.numbers.is_exact and self.output.dtype.kind == "f"

    @property
    def rank(self) -> int:
        """The most spatial axes of any layer."""
        return max(len(self.input.shape) - 2, *(step.layer.rank for step in self.steps))

    @property
    def is_finite(self) -> bool:
        """Whether no number of the input or the output is inf or nan."""
        arrays = [self.input, self.output]
        return all(each.dtype.kind != "f" or bool(np.isfinite(each).all()) for each in arrays)

    def is_exact_in(self, dtype: str) -> bool:
        """Whether a library that computes in a type, in any order, must get the output to the last digit."""
        has_means = any(isinstance(step.layer, AveragePool) for step in self.steps)
        is_whole = self.numbers.is_exact and self.output.dtype.kind in "iu" and self.input.dtype.kind in "iu"
        weights = [each for step in self.steps for each in step.weights.values()]
        is_whole = is_whole and all(each.dtype.kind in "iu" for each in weights)
        return is_whole and not has_means and max(step.bound for step in self.steps) < _WHOLE[dtype]

    def tolerance(self, dtype: str) -> float:
        """How far a cell may be off in a type: a share of the largest cell, and a few roundings of the last sums."""
        share = _SHARE[dtype]
        finite = self.output[np.isfinite(self.output.astype(np.float64))]
        most = float(largest(finite)) if finite.size else 0.0
        rounding = 16 * float(np.finfo(dtype).eps)
        last = self.steps[-1]
        bound = nearest_float(last.bound) * nearest_float(max(map(abs, last.scale), default=1))
        bound = bound if np.isfinite(bound) else most
        return float(f"{share * most + rounding * bound:.1e}") or share


def subject_of(network: Network, cells: Array, last: int, context: Context) -> Subject:
    """The network up to a layer, with the numbers that go in, (batch, *input_shape), and the output.

    Raises:
        ConvcalcError: a layer has no weights, or its numbers cannot be computed.
        LimitError: all weights together need more memory than may be used.
    """
    network = network.keeping(network.needed(last))
    shapes = [shape for number in network.needed(last) for shape in network.stages[number].layer.weight_shapes.values()]
    context.limits.check_large(_BYTES * sum(map(prod, shapes)), "the weights of the program")
    names = _names(network, last)
    steps, held = [], {INPUT: cells}
    magnitudes = {INPUT: largest_finite(cells)}
    for number in network.needed(last):
        stage = network.stages[number]
        problem = stage.problem
        values = dict(stage.values())
        scale = tuple(Fraction(plain(each)) for each in values.pop("scale", ()))
        values = {name: _plainest(each) for name, each in values.items()}
        if problem is not None and not any(problem.bias):
            values.pop("bias", None)
        inputs = [held[each] for each in stage.inputs]
        held[number] = stage.compute(inputs, context)
        magnitudes[number] = largest_finite(held[number])
        bound = _bound(stage.layer, values, [magnitudes[each] for each in stage.inputs])
        scale = () if all(each == 1 for each in scale) else scale
        sources = tuple(names[each] for each in stage.inputs)
        steps.append(Step(names[number], stage.layer, sources, values, scale, bound, not network.is_convolution))
    outputs = [held[number] for number in network.needed(last)]
    numbers = _numbers(steps, cells, outputs, context.dtype)
    return Subject(_headline(network, steps), cells, tuple(steps), outputs[-1], numbers)


def largest_finite(values: Array) -> Any:
    """The largest magnitude of the finite numbers; 0 where there are none."""
    kept = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    return largest(kept) if kept.size else 0


def _names(network: Network, last: int) -> dict[int, str]:
    if network.is_convolution:
        return {INPUT: "I", last: "output"}
    names: dict[int, str] = {INPUT: "x"}
    for number in network.needed(last):
        name = _ENDINGS.sub(r"_\1_layer", identifier(network.stages[number].name, (), f"layer{number + 1}"))
        names[number] = identifier(name, {*names.values(), *_USED}, name)
    return {**names, last: "output"}


def _bound(layer: Layer, values: Mapping[str, Array], inputs: list[Any]) -> Any:
    """What no sum of a layer exceeds: Σ|weight| × the largest magnitude of its input, and the bias."""
    most = max(inputs)
    match layer:
        case Convolution() | Linear() | TransposedConvolution():
            boundary = getattr(getattr(layer, "geometry", None), "boundary", None)
            if boundary is not None and boundary.mode is BoundaryMode.CONSTANT:
                most = max(most, abs(boundary.value))
            weight = np.abs(_wide(values["weight"]))
            kept = 1 if isinstance(layer, TransposedConvolution) else 0
            sums = weight.sum(axis=tuple(axis for axis in range(weight.ndim) if axis != kept))
            return _number(largest_finite(sums)) * _number(most) + _most_bias(values)
        case Add():
            return sum(inputs)
        case AveragePool():
            return most * layer.window_cells
    return _number(most) + _most_bias(values)


def _most_bias(values: Mapping[str, Array]) -> Any:
    return _number(largest_finite(values["bias"])) if "bias" in values else 0


def _wide(values: Array) -> Array:
    """Whole numbers as Python's, so that their sum cannot overflow."""
    return values.astype(object) if values.dtype.kind in "iu" else values


def _number(value: Any) -> Any:
    return plain(value) if hasattr(value, "dtype") else value


def _numbers(steps: list[Step], cells: Array, outputs: list[Array], dtype: str) -> Numbers:
    """The kind of numbers that all of it is computed in."""
    arrays = [cells, *(each for step in steps for each in step.weights.values())]
    told = [value for step in steps for value in _told_numbers(step.layer)]
    has_floats = any(each.dtype.kind == "f" for each in arrays)
    has_floats = has_floats or any(isinstance(value, float) for value in told)
    is_exact = dtype in ("auto", "exact") and not has_floats
    irrational = any(step.layer.kind in ("batch-norm", "sigmoid", "tanh", "softmax") for step in steps)
    is_rounded = any(each.dtype.kind == "f" for each in outputs[:-1])  # auto rounds what is not whole, layer by layer
    if not is_exact or irrational or is_rounded:
        return Numbers.FLOAT32 if outputs[-1].dtype == np.float32 else Numbers.FLOAT64
    has_scale = len(steps) > 1 and any(step.scale for step in steps)
    is_whole = all(each.dtype.kind in "iu" for each in arrays) and all(isinstance(value, int) for value in told)
    is_small = max(step.bound for step in steps) < _WHOLE["int64"]
    is_scaled_last = isinstance(steps[-1].layer, Convolution)  # whose sums are whole before the scale
    has_fractions = any(each.dtype == object for each in outputs[: -1 if is_scaled_last else None])
    has_means = any(isinstance(step.layer, AveragePool) and step.bound >= _WHOLE["float64"] for step in steps)
    has_fractions = has_fractions or has_means
    return Numbers.WHOLE if is_whole and is_small and not has_scale and not has_fractions else Numbers.EXACT


def _plainest(values: Array) -> Array:
    """Python's numbers in an array of whole numbers or floats, where one holds them."""
    if values.dtype != object:
        return values
    return in_floats(values) if any(isinstance(each, float) for each in values.flat) else narrowed(values)


def _told_numbers(layer: Layer) -> list[Any]:
    if isinstance(layer, Convolution):
        return [layer.geometry.boundary.value]
    return [layer.negative_slope] if isinstance(layer, LeakyReLU) else []


def _headline(network: Network, steps: list[Step]) -> str:
    title = f"{network.title}: " if network.title else ""
    if len(steps) > 1:
        return f"{title}{len(steps)} layers on {shape_text(network.input_shape)}"
    layer = steps[0].layer
    if not isinstance(layer, Convolution):
        return f"{title}{layer.kind} of {shape_text(network.input_shape)}"
    called = "convolution (kernel turned)" if layer.geometry.flip else "cross-correlation"
    called = called if title else called.capitalize()
    return f"{title}{called} of {shape_text(network.input_shape)} with {shape_text(layer.counts.kernel_size)}"
