"""Programs with JAX (``jax.lax``), for any number of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

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
from convcalc.programs.tensors import Pads, TensorWriter, pool_pads
from convcalc.programs.writer import is_padded, is_zero, pads_of, pairs_text

_VALID = '"VALID"'
"""No padding."""


class JaxWriter(TensorWriter):
    """Correlation on (batch, channels, *spatial), padding by pairs; 64 bits must be switched on."""

    library: ClassVar[str] = "jax"
    package: ClassVar[str] = "JAX"
    form: ClassVar[str] = "jnp.array"
    home: ClassVar[str] = "jnp"
    words: ClassVar = {
        "relu": "jax.nn.relu({x})",
        "leaky-relu": "jax.nn.leaky_relu({x}, {slope})",
        "sigmoid": "jax.nn.sigmoid({x})",
        "tanh": "jnp.tanh({x})",
        "softmax": "jax.nn.softmax({x}, axis=1)",
        "flatten": "{x}.reshape({x}.shape[0], -1)",
        "add": "{sum}",
        "bias": "{x} + {bias}",
        "linear": "{x} @ {weight}.T + {bias}",
        "linear-without-bias": "{x} @ {weight}.T",
    }

    def begin(self) -> None:
        """Its modules, and numbers of 64 bits."""
        self.draft.need("import jax", "import jax.numpy as jnp", "from jax import lax")
        if self.dtype == "float64":
            self.draft.constants.append(Statement('jax.config.update("jax_enable_x64", True)', "otherwise float32"))

    def convolution(self, step: Step, layer: Convolution) -> None:
        """One call; other boundaries are padded before it."""
        x, kernel, pads = step.inputs[0], self.weights(step, "weight"), pads_of(layer)
        boundary = layer.geometry.boundary
        if layer.geometry.flip:
            name = "turned" if self.subject.is_single else f"{step.name}_turned"
            axes = inner_tuple(range(2, layer.rank + 2))
            self.draft.add(f"{name} = jnp.flip({kernel}, {axes})", "lax correlates: the kernel is turned first")
            kernel = name
        if is_padded(pads) and not is_zero(boundary):
            is_constant = str(boundary.mode) == "constant"
            how = (
                f"constant_values={number_literal(boundary.value)}" if is_constant else f'mode="{MODES[boundary.mode]}"'
            )
            self.draft.add(f"padded = jnp.pad({x}, {pairs_text([(0, 0), (0, 0), *pads])}, {how})")
            x, pads = "padded", [(0, 0)] * layer.rank
        strides, dilations, groups = layer.axes.strides, layer.axes.dilations, layer.counts.groups
        self._convolve(step, (x, kernel), pads, strides=strides, dilations=dilations, groups=groups)
        self.scale_and_bias(step, has_bias="bias" in step.weights)

    def transposed(self, step: Step, layer: TransposedConvolution) -> None:
        """The correlation of the input with zeros between its cells, kernel turned and channels exchanged."""
        counts, rank = layer.counts, layer.rank
        weight, groups = self.weights(step, "weight"), counts.groups
        outs, ins = counts.out_channels // groups, layer.channels // groups
        exchanged = f"{weight}.swapaxes(0, 1)"
        if groups > 1:
            shape = inner_tuple([groups, ins, outs, *counts.kernel_size])
            back = inner_tuple([counts.out_channels, ins, *counts.kernel_size])
            exchanged = f"{weight}.reshape{shape}.swapaxes(1, 2).reshape{back}"
        name, axes = f"{step.name}_turned", inner_tuple(range(2, rank + 2))
        self.draft.add(f"{name} = jnp.flip({exchanged}, {axes})", "turned, and its channels exchanged")
        pads = [(a.reach - 1 - a.before, a.reach - 1 - a.after + a.output_padding) for a in layer.axes]
        spread, dilations = [axis.stride for axis in layer.axes], [axis.dilation for axis in layer.axes]
        operands, ones = (step.inputs[0], name), (1,) * rank
        self._convolve(step, operands, pads, strides=ones, dilations=dilations, groups=groups, spread=spread)
        self.scale_and_bias(step, has_bias="bias" in step.weights)

    def max_pool(self, step: Step, layer: MaxPool) -> None:
        """The windows reduced by maximum; padding is −inf."""
        self.draft.add(f"{step.name} = {self._reduced(step, layer, '-jnp.inf', 'lax.max')}")

    def average_pool(self, step: Step, layer: AveragePool) -> None:
        """The windows reduced by sum, divided by the cells that count."""
        divisors = layer.divisors()
        divisor = str(divisors)
        if not isinstance(divisors, int):
            self.draft.array("divisors", divisors, self.form, self.type_name, "the cells that count", late=True)
            divisor = "divisors"
        self.draft.add(f"{step.name} = {self._reduced(step, layer, '0.0', 'lax.add')} / {divisor}")

    def upsample(self, step: Step, layer: Upsample) -> None:
        """Every cell repeated."""
        repeats = (f".repeat({factor}, axis={axis})" for axis, factor in enumerate(layer.scale_factor, 2) if factor > 1)
        self.draft.add(f"{step.name} = {step.inputs[0]}{''.join(repeats)}")

    def _convolve(
        self,
        step: Step,
        operands: tuple[str, str],
        pads: Pads,
        *,
        strides: Sequence[int],
        dilations: Sequence[int],
        groups: int,
        spread: Sequence[int] = (1,),
    ) -> None:
        """Add the call; ``operands``: input and kernel; ``spread``: cells from one input cell to the next."""
        arguments = [
            f"window_strides={inner_tuple(strides)}",
            f"padding={pairs_text(pads) if any(map(any, pads)) else _VALID}",
        ]
        arguments += [f"lhs_dilation={inner_tuple(spread)}"] if max(spread) > 1 else []
        arguments += [f"rhs_dilation={inner_tuple(dilations)}"] if max(dilations) > 1 else []
        arguments += [f"feature_group_count={groups}"] if groups > 1 else []
        self.draft.add(f"{step.name} = lax.conv_general_dilated(")
        self.draft.add(f"    {', '.join([*operands, *arguments])}")
        self.draft.add(")")

    @staticmethod
    def _reduced(step: Step, layer: Pool, start: str, function: str) -> str:
        window, steps = inner_tuple([1, 1, *layer.axes.kernel_sizes]), inner_tuple([1, 1, *layer.axes.strides])
        padding = pairs_text([(0, 0), (0, 0), *pool_pads(layer)])
        spread = ""
        if max(layer.axes.dilations) > 1:
            spread = f", window_dilation={inner_tuple([1, 1, *layer.axes.dilations])}"
        return f"lax.reduce_window({step.inputs[0]}, {start}, {function}, {window}, {steps}, {padding}{spread})"
