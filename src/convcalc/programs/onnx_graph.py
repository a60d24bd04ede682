"""Programs that build an ONNX model of a node a layer, and run it by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from convcalc.errors import DataError
from convcalc.layers.kinds.activation import LeakyReLU
from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.batch_norm import BatchNorm
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.max_pool import MaxPool
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.kinds.upsample import Upsample
from convcalc.numerals import nearest_float
from convcalc.programs.subject import Step
from convcalc.programs.tensors import TensorWriter, is_floor, is_inside, pool_pads, whole_scale
from convcalc.programs.writer import is_padded, is_zero, pads_of, scale_array

if TYPE_CHECKING:
    from convcalc.arrays import Array

_OPERATORS = {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "flatten": "Flatten", "add": "Sum", "softmax": "Softmax",
    "linear": "Gemm", "bias": "Add",
}  # fmt: skip
_ATTRIBUTES = {"softmax": "axis=1", "flatten": "axis=1", "linear": "transB=1"}
_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
"""Boundaries that the operator Pad has."""
_OPSET, _IR = 20, 10
_NOTE = "ONNX Runtime convolves in float32 alone: numbers are rounded to 24 binary digits there."

Pads = Sequence[tuple[int, int]]


class OnnxWriter(TensorWriter):
    """Correlation on (batch, channels, *spatial) in float32, pads: all before, then all after."""

    library: ClassVar[str] = "onnx"
    package: ClassVar[str] = "ONNX"
    ranks: ClassVar[tuple[int, ...]] = (1, 2, 3)
    result: ClassVar[str] = "output"

    @property
    def dtype(self) -> str:
        """The only type that ONNX Runtime convolves in."""
        return "float32"

    def begin(self) -> None:
        """Its modules."""
        self.draft.need("import onnxruntime", "from onnx import TensorProto, helper, numpy_helper")
        self._nodes: list[str] = []
        self._weights: list[str] = []
        if not self.subject.is_exact_in("float32"):
            self.draft.note(_NOTE)

    def finish(self) -> None:
        """The nodes as a model, and its run."""
        add, source = self.draft.add, self.subject.steps[0].inputs[0] if self.subject.is_single else "x"
        lines = "".join(f"    helper.make_node({node}),\n" for node in self._nodes)
        add(f"nodes = [\n{lines}]", "an operator a layer")
        add(f"weights = {{{', '.join(f'{chr(34)}{name}{chr(34)}: {name}' for name in self._weights)}}}")
        add("graph = helper.make_graph(")
        add('    nodes, "network",')
        add(f'    [helper.make_tensor_value_info("{source}", TensorProto.FLOAT, {source}.shape)],')
        add('    [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)],')
        add("    [numpy_helper.from_array(value, name) for name, value in weights.items()],")
        add(")")
        add(f'opset = helper.make_opsetid("", {_OPSET})')
        add(f"model = helper.make_model(graph, opset_imports=[opset], ir_version={_IR})")
        add("session = onnxruntime.InferenceSession(model.SerializeToString())")
        add(f'(output,) = session.run(None, {{"{source}": {source}}})')

    def weights(self, step: Step, name: str, ending: str = "") -> str:
        """As an initializer."""
        called = super().weights(step, name, ending)
        self._weights.append(called)
        return called

    def node(self, operator: str, inputs: Sequence[str], output: str, *attributes: str) -> None:
        """Add a node."""
        names = ", ".join(f'"{each}"' for each in inputs)
        self._nodes.append(
            f'"{operator}", [{names}], ["{output}"]{"".join(f", {each}" for each in attributes if each)}'
        )

    def constant(self, name: str, values: Array, dtype: str = "", ending: str = "", said: str = "") -> str:
        """Add an initializer of the program's own."""
        self.draft.array(name, values, self.form, dtype or self.type_name, said, ending=ending)
        self._weights.append(name)
        return name

    def convolution(self, step: Step, layer: Convolution) -> None:
        """A node Conv; other boundaries by Pad, or by cells gathered where that lacks them."""
        flips = f"[..., {', '.join(['::-1'] * layer.rank)}].copy()" if layer.geometry.flip else ""
        kernel = self.weights(step, "weight", flips)
        has_bias = "bias" in step.weights
        x, pads = self._padded(step, layer, pads_of(layer))
        inputs = [x, kernel, *([self.weights(step, "bias")] if has_bias and not step.scale else [])]
        sums = f"{step.name}_sums" if step.scale else step.name
        settings = _settings(layer.axes.strides, layer.axes.dilations, layer.counts.groups)
        self.node("Conv", inputs, sums, *settings, _pads(pads))
        if step.scale:
            self._scale(step, sums, has_bias=has_bias)

    def transposed(self, step: Step, layer: TransposedConvolution) -> None:
        """A node ConvTranspose."""
        axes = layer.axes
        inputs = [step.inputs[0], self.weights(step, "weight")]
        inputs += [self.weights(step, "bias")] if "bias" in step.weights else []
        settings = _settings([a.stride for a in axes], [a.dilation for a in axes], layer.counts.groups)
        extra = [axis.output_padding for axis in axes]
        more = f"output_padding={extra}" if any(extra) else ""
        self.node("ConvTranspose", inputs, step.name, *settings, _pads([(a.before, a.after) for a in axes]), more)

    def max_pool(self, step: Step, layer: MaxPool) -> None:
        """A node MaxPool; wide padding by Pad, as −inf."""
        if any(each.dtype.kind == "f" and np.isnan(each).any() for each in (self.subject.input, self.subject.output)):
            raise DataError(
                "ONNX Runtime passes over nan in max-pool, where convcalc and PyTorch keep it",
                hint="--for torch, jax and numpy keep it",
            )
        x, pads = step.inputs[0], pool_pads(layer)
        if any(max(pad) >= taps for pad, taps in zip(pads, layer.axes.kernel_sizes, strict=True)):
            x, pads = self._filled(step, x, pads, np.array(-np.inf)), [(0, 0)] * layer.rank
        dilations = layer.axes.dilations
        spread = f"dilations={list(dilations)}" if max(dilations) > 1 else ""
        steps = f"strides={list(layer.axes.strides)}"
        self.node(
            "MaxPool", [x], step.name, f"kernel_shape={list(layer.axes.kernel_sizes)}", steps, spread, _pads(pads)
        )

    def average_pool(self, step: Step, layer: AveragePool) -> None:
        """A node AveragePool; where others cells count, that of zeros around, times the window by what counts."""
        settings = [f"kernel_shape={list(layer.axes.kernel_sizes)}", f"strides={list(layer.axes.strides)}"]
        fits = all(max(pad) < taps for pad, taps in zip(layer.pads, layer.axes.kernel_sizes, strict=True))
        if layer.divisor is None and is_floor(layer) and fits:
            counted = "count_include_pad=1" if layer.count_include_pad and is_padded(layer.pads) else ""
            self.node("AveragePool", [step.inputs[0]], step.name, *settings, _pads(layer.pads), counted)
            return
        pads = pool_pads(layer)
        x = self._filled(step, step.inputs[0], pads, np.array(0)) if is_padded(pads) else step.inputs[0]
        self.node("AveragePool", [x], f"{step.name}_means", *settings)
        factors = layer.window_cells / np.asarray(layer.divisors(), np.float64)
        factor = self.constant(f"{step.name}_factor", factors, said="cells of a window by the cells that count")
        self.node("Mul", [f"{step.name}_means", factor], step.name)

    def upsample(self, step: Step, layer: Upsample) -> None:
        """A node Resize."""
        scales = self.constant(f"{step.name}_scales", np.array([1, 1, *layer.scale_factor]))
        how = ['mode="nearest"', 'coordinate_transformation_mode="asymmetric"', 'nearest_mode="floor"']
        self.node("Resize", [step.inputs[0], "", scales], step.name, *how)

    def batch_norm(self, step: Step, layer: BatchNorm) -> None:
        """A node BatchNormalization."""
        if layer.affine:
            names = [self.weights(step, name) for name in ("weight", "bias")]
        else:
            plain = {"weight": np.ones(layer.channels), "bias": np.zeros(layer.channels)}
            names = [self.constant(f"{step.name}_{name}", values) for name, values in plain.items()]
        names += [self.weights(step, name) for name in ("running_mean", "running_var")]
        self.node("BatchNormalization", [step.inputs[0], *names], step.name, f"epsilon={nearest_float(layer.eps)!r}")

    def leaky_relu(self, step: Step, layer: LeakyReLU) -> None:
        """A node LeakyRelu."""
        self.node("LeakyRelu", step.inputs, step.name, f"alpha={nearest_float(layer.negative_slope)!r}")

    def simple(self, step: Step) -> None:
        """A node of the layer's name there."""
        kind, inputs = step.layer.kind, list(step.inputs)
        if kind == "linear":
            inputs += [self.weights(step, name) for name in ("weight", "bias") if name in step.weights]
        elif kind == "bias":
            inputs.append(self.weights(step, "bias", self.channel_shape(step.layer)))
        self.node(_OPERATORS[kind], inputs, step.name, _ATTRIBUTES.get(kind, ""))

    def _scale(self, step: Step, sums: str, *, has_bias: bool) -> None:
        """The scale behind the sums, then the bias."""
        shaped, scale = self.channel_shape(step.layer), scale_array(step)
        scaled = f"{step.name}_scaled" if has_bias else step.name
        if whole_scale(step.scale):
            divisor = np.array([each.denominator for each in scale])
            self.node("Div", [sums, self.constant(f"{step.name}_divisor", divisor, "", shaped)], scaled)
        else:
            self.node("Mul", [sums, self.constant(f"{step.name}_scale", scale, "", shaped)], scaled)
        if has_bias:
            self.node("Add", [scaled, self.weights(step, "bias", shaped)], step.name)

    def _padded(self, step: Step, layer: Convolution, pads: Pads) -> tuple[str, Pads]:
        """The name of the padded input, and the padding that is left to the convolution."""
        boundary, x = layer.geometry.boundary, step.inputs[0]
        if is_zero(boundary) or not is_padded(list(pads)):
            return x, pads
        none = [(0, 0)] * layer.rank
        if str(boundary.mode) == "constant":
            return self._filled(step, x, pads, np.array(nearest_float(boundary.value))), none
        if boundary.mode in _MODES and is_inside(boundary, pads, layer):
            name, widths = f"{step.name}_padded", self._widths(step, pads)
            self.node("Pad", [x, widths], name, f'mode="{_MODES[boundary.mode]}"')
            return name, none
        for number, axis in enumerate(layer.axes):
            if axis.before or axis.after:
                cells = boundary.sources(range(-axis.before, axis.size + axis.after), axis.size)
                said = f"ONNX has no {boundary.mode} padding of that width: the cells are gathered"
                index = self.constant(f"{step.name}_cells{number}", np.array(cells), "np.int64", said=said)
                self.node("Gather", [x, index], f"{step.name}_padded{number}", f"axis={number + 2}")
                x = f"{step.name}_padded{number}"
        return x, none

    def _filled(self, step: Step, x: str, pads: Pads, value: Any) -> str:
        """The name of the input with a number around it."""
        inside = self.constant(f"{step.name}_outside", value)
        self.node("Pad", [x, self._widths(step, pads), inside], f"{step.name}_padded")
        return f"{step.name}_padded"

    def _widths(self, step: Step, pads: Pads) -> str:
        """An initializer of the padding of all axes."""
        before, after = ([0, 0, *(pair[side] for pair in pads)] for side in (0, 1))
        return self.constant(f"{step.name}_pads", np.array([*before, *after]), "np.int64")


def _settings(strides: Sequence[int], dilations: Sequence[int], groups: int) -> list[str]:
    found = [f"strides={list(strides)}"]
    found += [f"dilations={list(dilations)}"] if max(dilations) > 1 else []
    return found + ([f"group={groups}"] if groups > 1 else [])


def _pads(pads: Pads) -> str:
    """All before, then all after."""
    pairs = [*(before for before, _ in pads), *(after for _, after in pads)]
    return f"pads={[int(each) for each in pairs]}" if any(pairs) else ""
