"""Programs with Keras (``keras.ops``) on the JAX backend: channels last."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.max_pool import MaxPool
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.kinds.upsample import Upsample
from convcalc.programs.literals import number_literal
from convcalc.programs.numpy_arrays import MODES
from convcalc.programs.program import Statement, inner_tuple
from convcalc.programs.subject import Step
from convcalc.programs.tensors import TensorWriter, alike, is_same_upper, pool_pads
from convcalc.programs.writer import is_padded, is_zero, pads_of, pairs_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.layers.layer import Layer

_OWN_MODES = ("reflect", "symmetric")
"""Boundaries that ``ops.pad`` has."""


class KerasWriter(TensorWriter):
    """Correlation on (batch, *spatial, channels), weights (*kernel_size, in / groups, out)."""

    library: ClassVar[str] = "keras"
    package: ClassVar[str] = "Keras"
    ranks: ClassVar[tuple[int, ...]] = (1, 2, 3)
    words: ClassVar = {
        "relu": "ops.relu({x})",
        "leaky-relu": "ops.leaky_relu({x}, negative_slope={slope})",
        "sigmoid": "ops.sigmoid({x})",
        "tanh": "np.tanh(np.asarray({x}))",
        "softmax": "ops.softmax({x}, axis=-1)",
        "add": "{sum}",
        "bias": "{x} + {bias}",
        "linear": "ops.matmul({x}, {weight}) + {bias}",
        "linear-without-bias": "ops.matmul({x}, {weight})",
    }

    def begin(self) -> None:
        """The backend, before Keras is imported; 64 bits, where they are wanted."""
        self.draft.need("import os", "import keras", "from keras import ops")
        self.draft.settings.append(Statement('os.environ["KERAS_BACKEND"] = "jax"', "before Keras is imported"))
        if self.dtype == "float64":
            self.draft.need("import jax")
            self.draft.constants.append(Statement('jax.config.update("jax_enable_x64", True)', "otherwise float32"))
            self.draft.constants.append(Statement('keras.config.set_floatx("float64")'))

    def finish(self) -> None:
        """Channels first again."""
        rank = len(self.subject.output.shape) - 2
        text = "np.moveaxis(np.asarray(output), -1, 1)" if rank > 0 else "np.asarray(output)"
        self.draft.add(f"output = {text}", "channels first again" if rank > 0 else "")

    def add_input(self, name: str, values: Array) -> None:
        """With its channels last."""
        super().add_input(name, values)
        if values.ndim > 2:
            self.draft.add(f"{name} = np.moveaxis({name}, 1, -1)", "channels last")

    def weights(self, step: Step, name: str, ending: str = "") -> str:
        """In Keras' layout."""
        axes = step.weights[name].ndim
        if axes > 2:
            return super().weights(step, name, f".transpose{inner_tuple([*range(2, axes), 1, 0])}")
        return super().weights(step, name, ".T" if axes == 2 else ending)

    def channel_shape(self, layer: Layer) -> str:  # noqa: ARG002 - channels are the last axis whatever the rank
        """Nothing: the last axis is that of the channels."""
        return ""

    def convolution(self, step: Step, layer: Convolution) -> None:
        """One call; padding that it lacks before it."""
        kernel, pads, rank = self.weights(step, "weight"), pads_of(layer), layer.rank
        if layer.geometry.flip:
            name = "turned" if self.subject.is_single else f"{step.name}_turned"
            self.draft.add(f"{name} = np.flip({kernel}, {inner_tuple(range(rank))})", "Keras correlates: turn it first")
            kernel = name
        x, word = step.inputs[0], "valid"
        if is_zero(layer.geometry.boundary) and is_same_upper(layer):
            word = "same"
        elif is_padded(pads):
            x = self._padded(x, layer)
        arguments = [x, kernel, f"strides={alike(layer.axes.strides)}", f'padding="{word}"']
        arguments += ['data_format="channels_last"']
        dilations = layer.axes.dilations
        arguments += [f"dilation_rate={alike(dilations)}"] if max(dilations) > 1 else []
        self.draft.add(f"{step.name} = ops.conv({', '.join(arguments)})")
        self.scale_and_bias(step, has_bias="bias" in step.weights)

    def transposed(self, step: Step, layer: TransposedConvolution) -> None:
        """The whole of what is written, of which a part is kept."""
        if layer.counts.groups > 1:
            raise self.refuse("groups in transposed convolutions", "--for torch, jax and onnx have them")
        axes = layer.axes
        arguments = [step.inputs[0], self.weights(step, "weight"), f"strides={alike([a.stride for a in axes])}"]
        arguments += ['padding="valid"', 'data_format="channels_last"']
        dilations = [axis.dilation for axis in axes]
        arguments += [f"dilation_rate={alike(dilations)}"] if max(dilations) > 1 else []
        self.draft.add(f"{step.name} = ops.conv_transpose({', '.join(arguments)})")
        short = [max(0, a.before + a.output_size - a.written_size - max(0, a.stride - a.reach)) for a in axes]
        if any(short):
            self.draft.add(
                f"{step.name} = ops.pad({step.name}, {pairs_text([(0, 0), *((0, n) for n in short), (0, 0)])})"
            )
        kept = ", ".join(f"{axis.before}:{axis.before + axis.output_size}" for axis in axes)
        self.draft.add(f"{step.name} = {step.name}[:, {kept}]", "the padding is cut off")
        self.scale_and_bias(step, has_bias="bias" in step.weights)

    def max_pool(self, step: Step, layer: MaxPool) -> None:
        """One call; padding is −inf."""
        if max(layer.axes.dilations) > 1:
            raise self.refuse("dilation in pools", "--for torch, jax and onnx have it")
        x = self._filled(step.inputs[0], layer, 'constant_values=float("-inf")')
        self.draft.add(f"{step.name} = ops.max_pool({self._pool_arguments(x, layer)})")

    def average_pool(self, step: Step, layer: AveragePool) -> None:
        """One call; padding as zeros, and the sums divided by the cells that count."""
        x, divisors = self._filled(step.inputs[0], layer, ""), layer.divisors()
        text = f"ops.average_pool({self._pool_arguments(x, layer)})"
        if isinstance(divisors, int) and divisors == layer.window_cells:
            self.draft.add(f"{step.name} = {text}")
            return
        divisor = str(divisors)
        if not isinstance(divisors, int):
            values = divisors[..., None]
            self.draft.array("divisors", values, self.form, self.type_name, "the cells that count", late=True)
            divisor = "divisors"
        self.draft.add(f"{step.name} = {text} * {layer.window_cells} / {divisor}", "the sum of a window by what counts")

    def upsample(self, step: Step, layer: Upsample) -> None:
        """Every cell repeated."""
        text = step.inputs[0]
        for axis, factor in enumerate(layer.scale_factor, 1):
            text = f"ops.repeat({text}, {factor}, axis={axis})" if factor > 1 else text
        self.draft.add(f"{step.name} = {text}")

    def simple(self, step: Step) -> None:
        """Flatten goes through the channels first, as everywhere else."""
        if step.layer.kind == "tanh":
            self.draft.note(
                "Keras' ops.tanh computes in float32 on the JAX backend whatever it takes: NumPy's is taken."
            )
        if step.layer.kind != "flatten":
            super().simple(step)
            return
        x = f"ops.moveaxis({step.inputs[0]}, -1, 1)" if step.layer.rank else step.inputs[0]
        shape = (len(self.subject.input), step.layer.output_shape[0])
        self.draft.add(f"{step.name} = ops.reshape({x}, {shape})", "channel by channel")

    def _padded(self, x: str, layer: Convolution) -> str:
        boundary, widths = layer.geometry.boundary, pairs_text([(0, 0), *pads_of(layer), (0, 0)])
        fits = all(max(axis.before, axis.after) < axis.size for axis in layer.axes)
        if str(boundary.mode) == "constant":
            inside = "" if is_zero(boundary) else f", constant_values={number_literal(boundary.value)}"
            self.draft.add(f"padded = ops.pad({x}, {widths}{inside})")
        elif boundary.mode in _OWN_MODES and fits:
            self.draft.add(f'padded = ops.pad({x}, {widths}, mode="{boundary.mode}")')
        else:
            self.draft.add(f'padded = np.pad({x}, {widths}, mode="{MODES[boundary.mode]}")', "ops.pad has not that")
        return "padded"

    def _filled(self, x: str, layer: Pool, inside: str) -> str:
        pads = pool_pads(layer)
        if not is_padded(pads):
            return x
        self.draft.add(f"padded = ops.pad({x}, {pairs_text([(0, 0), *pads, (0, 0)])}{f', {inside}' if inside else ''})")
        return "padded"

    @staticmethod
    def _pool_arguments(x: str, layer: Pool) -> str:
        taps, steps = layer.axes.kernel_sizes, layer.axes.strides
        return f'{x}, {inner_tuple(taps)}, {inner_tuple(steps)}, padding="valid", data_format="channels_last"'
