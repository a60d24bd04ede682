"""Programs with PyTorch's functions (``torch.nn.functional``)."""

from __future__ import annotations

from typing import ClassVar

from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.max_pool import MaxPool
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.kinds.upsample import Upsample
from convcalc.programs.program import inner_tuple
from convcalc.programs.subject import Step
from convcalc.programs.tensors import Pads, TensorWriter, alike, is_floor, is_inside, pool_pads
from convcalc.programs.writer import is_padded, is_zero, pads_of, pairs_text

_MODES = {"reflect": "reflect", "replicate": "replicate", "circular": "circular"}
"""Boundaries that ``F.pad`` has."""
_NUMPY_MODES = {"reflect": "reflect", "symmetric": "symmetric", "circular": "wrap"}


class TorchWriter(TensorWriter):
    """Correlation on (batch, channels, *spatial), weights (out, in / groups, *kernel_size)."""

    library: ClassVar[str] = "torch"
    package: ClassVar[str] = "PyTorch"
    ranks: ClassVar[tuple[int, ...]] = (1, 2, 3)
    form: ClassVar[str] = "torch.tensor"
    home: ClassVar[str] = "torch"
    result: ClassVar[str] = "output.numpy()"
    words: ClassVar = {
        "relu": "F.relu({x})",
        "leaky-relu": "F.leaky_relu({x}, {slope})",
        "sigmoid": "torch.sigmoid({x})",
        "tanh": "torch.tanh({x})",
        "softmax": "F.softmax({x}, dim=1)",
        "flatten": "{x}.flatten(1)",
        "add": "{sum}",
        "bias": "{x} + {bias}",
        "linear": "F.linear({x}, {weight}, {bias})",
        "linear-without-bias": "F.linear({x}, {weight})",
    }

    def begin(self) -> None:
        """Its modules."""
        self.draft.need("import torch", "import torch.nn.functional as F")

    def convolution(self, step: Step, layer: Convolution) -> None:
        """One call; padding that it lacks before it, a scale behind it."""
        kernel, rank = self.weights(step, "weight"), layer.rank
        if layer.geometry.flip:
            axes = ", ".join(map(str, range(2, rank + 2)))
            name = "turned" if self.subject.is_single else f"{step.name}_turned"
            self.draft.add(f"{name} = {kernel}.flip({axes})", "PyTorch correlates: the kernel is turned first")
            kernel = name
        x, padding = self._padded(step.inputs[0], layer)
        has_bias = "bias" in step.weights
        arguments = [x, kernel, *([self.weights(step, "bias")] if has_bias and not step.scale else [])]
        arguments += [f"padding={alike(padding)}"] if any(padding) else []
        arguments += _settings(layer.axes.strides, layer.axes.dilations, layer.counts.groups)
        self.draft.add(f"{step.name} = F.conv{rank}d({', '.join(arguments)})")
        self.scale_and_bias(step, has_bias=has_bias and bool(step.scale))

    def transposed(self, step: Step, layer: TransposedConvolution) -> None:
        """One call; unequal margins are cut off behind it."""
        axes = layer.axes
        is_equal = all(axis.before == axis.after for axis in axes)
        arguments = [step.inputs[0], self.weights(step, "weight")]
        arguments += [self.weights(step, "bias")] if "bias" in step.weights else []
        arguments += _settings([a.stride for a in axes], [a.dilation for a in axes], layer.counts.groups)
        if is_equal and any(axis.before for axis in axes):
            arguments.append(f"padding={alike([axis.before for axis in axes])}")
        if any(axis.output_padding for axis in axes):
            arguments.append(f"output_padding={alike([axis.output_padding for axis in axes])}")
        cut = ", ".join(f"{axis.before}:{axis.before + axis.output_size}" for axis in axes)
        self.draft.add(
            f"{step.name} = F.conv_transpose{layer.rank}d({', '.join(arguments)}){'' if is_equal else f'[:, :, {cut}]'}"
        )

    def max_pool(self, step: Step, layer: MaxPool) -> None:
        """One call; padding that it refuses is −inf, which never wins."""
        x, arguments = self._pool_arguments(step, layer, 'float("-inf")')
        dilations = layer.axes.dilations
        arguments += [f"dilation={alike(dilations)}"] if max(dilations) > 1 else []
        self.draft.add(f"{step.name} = F.max_pool{layer.rank}d({', '.join([x, *arguments])})")

    def average_pool(self, step: Step, layer: AveragePool) -> None:
        """One call; other padding as zeros, and the sums divided by the cells that count."""
        rank, divisors = layer.rank, layer.divisors()
        if self._takes(layer) and (layer.divisor is None or rank > 1):
            x, arguments = self._pool_arguments(step, layer, "0")
            arguments += ["count_include_pad=False"] if not layer.count_include_pad and is_padded(layer.pads) else []
            arguments += [f"divisor_override={layer.divisor}"] if layer.divisor else []
            self.draft.add(f"{step.name} = F.avg_pool{rank}d({', '.join([x, *arguments])})")
            return
        x = self._filled(step.inputs[0], pool_pads(layer), "0")
        text = f"F.avg_pool{rank}d({x}, {alike(layer.axes.kernel_sizes)}, {alike(layer.axes.strides)})"
        divisor = str(divisors)
        if not isinstance(divisors, int):
            self.draft.array("divisors", divisors, self.form, self.type_name, "the cells that count", late=True)
            divisor = "divisors"
        self.draft.add(f"{step.name} = {text} * {layer.window_cells} / {divisor}", "the sum of a window by what counts")

    def upsample(self, step: Step, layer: Upsample) -> None:
        """Every cell repeated."""
        factors = inner_tuple(layer.scale_factor)
        self.draft.add(f'{step.name} = F.interpolate({step.inputs[0]}, scale_factor={factors}, mode="nearest")')

    def _padded(self, x: str, layer: Convolution) -> tuple[str, list[int]]:
        """The name of the padded input, and what the convolution pads itself."""
        boundary, pads = layer.geometry.boundary, pads_of(layer)
        if is_zero(boundary) and all(before == after for before, after in pads):
            return x, [before for before, _ in pads]
        if not is_padded(pads):
            return x, [0] * layer.rank
        if str(boundary.mode) == "constant":
            return self._filled(x, pads, self._number(boundary.value)), [0] * layer.rank
        if boundary.mode in _MODES and is_inside(boundary, pads, layer):
            self.draft.add(f'padded = F.pad({x}, {_last_first(pads)}, mode="{_MODES[boundary.mode]}")')
            return "padded", [0] * layer.rank
        mode = _NUMPY_MODES[boundary.mode]
        widths = pairs_text([(0, 0), (0, 0), *pads])
        said = f"F.pad has no {boundary.mode} padding" if mode == "symmetric" else "wider than F.pad can"
        self.draft.add(f'padded = torch.from_numpy(np.pad({x}.numpy(), {widths}, mode="{mode}"))', said)
        return "padded", [0] * layer.rank

    def _number(self, value: object) -> str:
        from convcalc.programs.literals import number_literal

        return number_literal(value)

    def _filled(self, x: str, pads: Pads, value: str) -> str:
        """The name of the input with a number around it."""
        if not is_padded(list(pads)):
            return x
        self.draft.add(f"padded = F.pad({x}, {_last_first(pads)}{'' if value == '0' else f', value={value}'})")
        return "padded"

    def _takes(self, layer: Pool) -> bool:
        """Whether PyTorch takes the padding: the same on both sides, and at most half a kernel."""
        return all(
            before == after <= taps // 2
            for (before, after), taps in zip(layer.pads, layer.axes.kernel_sizes, strict=True)
        )

    def _pool_arguments(self, step: Step, layer: Pool, outside: str) -> tuple[str, list[str]]:
        """The input and the arguments of a pool."""
        x, taps, steps = step.inputs[0], layer.axes.kernel_sizes, layer.axes.strides
        arguments = [alike(taps), *([f"stride={alike(steps)}"] if tuple(steps) != tuple(taps) else [])]
        if not self._takes(layer):
            return self._filled(x, pool_pads(layer), outside), arguments
        arguments += [f"padding={alike([before for before, _ in layer.pads])}"] if is_padded(layer.pads) else []
        return x, arguments + ["ceil_mode=True"] * (not is_floor(layer))


def _settings(strides: tuple[int, ...] | list[int], dilations: tuple[int, ...] | list[int], groups: int) -> list[str]:
    found = [f"stride={alike(strides)}"] if max(strides) > 1 else []
    found += [f"dilation={alike(dilations)}"] if max(dilations) > 1 else []
    return found + ([f"groups={groups}"] if groups > 1 else [])


def _last_first(pads: Pads) -> str:
    """Padding in the order of ``F.pad``: the last axis first."""
    return inner_tuple([each for pair in reversed(pads) for each in pair])
