"""Programs on NumPy's arrays, (channels, *spatial): what NumPy computes for every library that has no such layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.max_pool import MaxPool
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.kinds.upsample import Upsample
from convcalc.programs.literals import number_literal
from convcalc.programs.program import Program, inner_tuple
from convcalc.programs.subject import Numbers, Step
from convcalc.programs.writer import Writer, is_padded, is_zero, one_scale, pads_of, pairs_text, scale_array, scaled
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.geometry.boundary import Boundary

MODES = {"reflect": "reflect", "symmetric": "symmetric", "replicate": "edge", "circular": "wrap"}
"""Boundaries by the names of ``np.pad``."""


class ArrayWriter(Writer):
    """A sample at a time, without an axis for it; a single channel alone has no axis for channels either."""

    words: ClassVar[Mapping[str, str]] = {
        "relu": "np.maximum({x}, 0)",
        "leaky-relu": "np.where({x} > 0, {x}, {x} * {slope})",
        "sigmoid": "1 / (1 + np.exp(-{x}))",
        "tanh": "np.tanh({x})",
        "softmax": "np.exp({x} - {x}.max(axis=0)) / np.exp({x} - {x}.max(axis=0)).sum(axis=0)",
        "flatten": "{x}.reshape(-1)",
        "add": "{sum}",
        "bias": "{x} + {bias}",
        "linear": "{weight} @ {x} + {bias}",
        "linear-without-bias": "{weight} @ {x}",
    }
    form: ClassVar[str] = "np.array"
    keeps: ClassVar[tuple[Numbers, ...]] = (Numbers.WHOLE, Numbers.FLOAT64, Numbers.FLOAT32)
    """The numbers that it takes; others become float64."""

    def correlate(self, step: Step, layer: Convolution, x: str, kernels: str) -> str:
        """Add the sums of a convolution of the padded input and return the expression of them.

        ``kernels``: (out_channels, channels of a group, *kernel_size), turned already if it turns; without the first
        two axes where a single channel has none.
        """
        raise NotImplementedError

    def write(self) -> Program:
        """The program: numbers, functions, layers, and the output that must come out."""
        subject, draft = self.subject, self.draft
        self.draft.need("import numpy as np")
        source = subject.steps[0].inputs[0] if subject.is_single else "x"
        samples, said = len(subject.input), shape_text(subject.input.shape[1 + subject.is_plane :])
        if samples > 1:
            draft.array("samples", subject.input, self.form, self.numbers.value, f"{samples} samples of {said}")
            draft.add(f"def network({source}):")
            draft.margin = "    "
        else:
            draft.array(source, self._bare(subject.input[0]), self.form, self.numbers.value, f"the input, {said}")
        for step in subject.steps:
            self.compute(step)
        if samples > 1:
            draft.add("return output")
            draft.margin = ""
            draft.add()
            draft.add(f"output = np.stack([network({source}) for {source} in samples])")
        self._check()
        return draft.program(f"{subject.headline}, {self._told()}.")

    @property
    def numbers(self) -> Numbers:
        """The type of its arrays."""
        return self.subject.numbers if self.subject.numbers in self.keeps else Numbers.FLOAT64

    @property
    def has_fractions(self) -> bool:
        """Whether fractions stay fractions."""
        return Numbers.EXACT in self.keeps and self.subject.numbers.is_exact

    @property
    def is_exact(self) -> bool:
        """Whether the output must be equal to the last digit."""
        return self.subject.is_exact_in("float64")

    def convolution(self, step: Step, layer: Convolution) -> None:
        """Pad, turn, correlate, scale, add the bias."""
        kernels = self.weights(step, "weight")
        rank, x = layer.rank, step.inputs[0]
        if layer.geometry.flip:
            kernels = self.turned(step, kernels, rank)
        x = self.padded(x, pads_of(layer), layer.geometry.boundary)
        text = self.correlate(step, layer, x, kernels)
        if text != step.name:
            self.draft.add(f"{step.name} = {text}")
        self._finish(step, rank)

    def turned(self, step: Step, kernels: str, rank: int) -> str:
        """Add the kernels turned by 180°, and return their name."""
        index = ", ".join(["..."] * (not self.subject.is_plane) + ["::-1"] * rank)
        name = "turned" if self.subject.is_single else f"{step.name}_turned"
        self.draft.add(f"{name} = {kernels}[{index}]", "convolution turns the kernel by 180 degrees")
        return name

    def padded(self, x: str, pads: Sequence[tuple[int, int]], boundary: Boundary | None, value: str = "") -> str:
        """Add the padding of the spatial axes, and return the name of the padded array."""
        if not is_padded(list(pads)):
            return x
        if value or boundary is None or str(boundary.mode) == "constant":
            inside = value or ("" if boundary is None or is_zero(boundary) else self.literal(boundary.value))
            mode = f", constant_values={inside}" if inside else ""
        else:
            mode = f', mode="{MODES[boundary.mode]}"'
        widths = [*([] if self.subject.is_plane else [(0, 0)]), *pads]
        self.draft.add(f"padded = np.pad({x}, {pairs_text(widths)}{mode})")
        return "padded"

    def literal(self, value: object) -> str:
        """A number of the program's own kind."""
        text = number_literal(value, is_exact=self.numbers is Numbers.EXACT)
        self.draft.need(*["from fractions import Fraction"] * ("Fraction(" in text))
        return text

    def transposed(self, step: Step, layer: TransposedConvolution) -> None:
        """As a convolution of the input with zeros between its cells, the kernel turned and its channels exchanged."""
        draft, rank, groups = self.draft, layer.rank, layer.counts.groups
        weight, x = self.weights(step, "weight"), step.inputs[0]
        outs, ins, taps = layer.counts.out_channels, layer.channels, layer.counts.kernel_size
        apart = [(axis.size - 1) * axis.stride + 1 for axis in layer.axes]
        if max(axis.stride for axis in layer.axes) > 1:
            steps = ", ".join([":", *(f"::{axis.stride}" for axis in layer.axes)])
            draft.add(f"stuffed = np.zeros({inner_tuple((ins, *apart))}, dtype={x}.dtype)", "zeros between the cells")
            draft.add(f"stuffed[{steps}] = {x}")
            x = "stuffed"
        pads = [
            (axis.reach - 1 - axis.before, axis.output_size + axis.before - size)
            for axis, size in zip(layer.axes, apart, strict=True)
        ]
        x = self.padded(x, [(max(0, a), max(0, b)) for a, b in pads], None)
        if any(min(pair) < 0 for pair in pads):
            cut = [f"{max(0, -a)}:{min(0, b) or ''}" for a, b in pads]
            draft.add(f"padded = {x}[{', '.join([':', *cut])}]", "less than a kernel is kept")
            x = "padded"
        kernels = f"{weight[:-7]}_turned" if weight.endswith("_weight") else "turned"
        shape, back = (
            inner_tuple((groups, ins // groups, outs // groups, *taps)),
            inner_tuple((outs, ins // groups, *taps)),
        )
        exchanged = f".reshape{shape}.swapaxes(1, 2).reshape{back}" if groups > 1 else ".swapaxes(0, 1)"
        index = ", ".join(["..."] + ["::-1"] * rank)
        draft.add(f"{kernels} = {weight}{exchanged}[{index}]", "turned, and its channels exchanged")
        draft.add(f"{step.name} = {self.correlate(step, as_convolution(layer, pads, apart), x, kernels)}")
        self._finish(step, rank)

    def max_pool(self, step: Step, layer: MaxPool) -> None:
        """The maxima of windows; padding never wins."""
        x = step.inputs[0]
        lowest = f"{x}.min()" if self.subject.is_finite else "-np.inf"
        x = self.padded(x, pads_of_pool(layer), None, lowest)
        self.draft.add(f"{step.name} = {self.pooled(layer, x, 'max')}")

    def average_pool(self, step: Step, layer: AveragePool) -> None:
        """The sums of windows, divided by how many cells count."""
        x = self.padded(step.inputs[0], pads_of_pool(layer), None)
        text = self.pooled(layer, x, "sum")
        divisors = layer.divisors()
        if isinstance(divisors, int):
            factor = Fraction(1, divisors)
            exact = self.numbers is Numbers.EXACT
            self.draft.add(f"{step.name} = {f'{text} * {self.literal(factor)}' if exact else f'{text} / {divisors}'}")
            return
        self.draft.array("divisors", divisors, self.form, self.numbers.value, "the cells that count", late=True)
        self.draft.add(f"{step.name} = {self.divided(text, 'divisors')}")

    def divided(self, text: str, divisors: str) -> str:
        """A quotient; of Python's own numbers as a fraction."""
        if self.numbers is not Numbers.EXACT:
            return f"{text} / {divisors}"
        self.draft.need("from fractions import Fraction")
        return f"{text} * (Fraction(1) / {divisors})"

    def pooled(self, layer: Pool, x: str, reduction: str) -> str:
        """The expression of the maximum or sum of every window of a padded array."""
        rank, axes = layer.rank, tuple(range(1, layer.rank + 1))
        size = inner_tuple([axis.reach for axis in layer.axes])
        steps = [f"::{axis.stride}" if axis.stride > 1 else ":" for axis in layer.axes]
        taps = [f"::{axis.dilation}" for axis in layer.axes] if max(layer.axes.dilations) > 1 else []
        self.draft.need("from numpy.lib.stride_tricks import sliding_window_view")
        index = f"[{', '.join([':', *steps, *taps])}]" if taps or max(layer.axes.strides) > 1 else ""
        self.draft.add(f"windows = sliding_window_view({x}, {size}, axis={inner_tuple(axes)}){index}")
        return f"windows.{reduction}(axis={inner_tuple(range(-rank, 0))})"

    def upsample(self, step: Step, layer: Upsample) -> None:
        """Every cell repeated."""
        repeats = (f".repeat({factor}, axis={axis})" for axis, factor in enumerate(layer.scale_factor, 1) if factor > 1)
        self.draft.add(f"{step.name} = {step.inputs[0]}{''.join(repeats)}")

    def weights(self, step: Step, name: str, ending: str = "") -> str:
        """As an array in the program's kind of numbers."""
        short = {"weight": "K", "bias": "b"}.get(name, name)
        called = short if self.subject.is_single else f"{step.name}_{name}"
        values = step.weights[name]
        bare = (
            self._bare(values.reshape(values.shape[2:]) if name == "weight" else values)
            if self.subject.is_plane
            else values
        )
        said = f"the kernel, {shape_text(bare.shape)}" if short == "K" and self.subject.is_single else ""
        self.draft.array(called, bare, self.form, self.numbers.value, said, ending=ending)
        return called

    def _bare(self, values: Array) -> Array:
        """The input without the axis of a single channel that has none."""
        is_input = values.ndim == self.subject.input.ndim - 1 and values.shape == self.subject.input.shape[1:]
        return values[0] if self.subject.is_plane and is_input else values

    def _finish(self, step: Step, rank: int) -> None:
        """The scale, then the bias."""
        draft, exact = self.draft, self.has_fractions
        shaped = f".reshape{inner_tuple((-1, *(1,) * rank))}"
        factor = one_scale(step.scale)
        if factor is not None and exact:
            whole = ".astype(object)" if self.numbers is not Numbers.EXACT else ""
            draft.need("from fractions import Fraction")
            text = f"{step.name}{whole} * Fraction({factor.numerator}, {factor.denominator})"
            draft.add(f"{step.name} = {text}", "the kernel's scale, in fractions")
        elif factor is not None:
            draft.add(f"{step.name} = {scaled(step.name, factor)}", "the kernel's scale")
        elif step.scale:
            form = "object" if exact else Numbers.FLOAT64.value
            called = "scale" if self.subject.is_single else f"{step.name}_scale"
            draft.array(called, scale_array(step), self.form, form, ending=shaped)
            draft.add(f"{step.name} = {step.name} * {called}", "each kernel's scale")
        if "bias" in step.weights:
            self._add_bias(step, shaped)

    def _add_bias(self, step: Step, shaped: str) -> None:
        if self.subject.is_plane:
            text = self.literal(step.weights["bias"].reshape(-1)[0])
            self.draft.add(f"{step.name} = {step.name} + {text}", "the bias")
            return
        bias = self.weights(step, "bias", shaped)
        self.draft.add(f"{step.name} = {step.name} + {bias}", "the bias of each output channel")

    def _check(self) -> None:
        """What must come out."""
        subject, draft = self.subject, self.draft
        output = subject.output
        if subject.is_rounded and self.has_fractions:
            draft.add("output = output.astype(np.float64)", "each rounded once")
        dtype = Numbers.FLOAT64.value if output.dtype == object else f"np.{output.dtype}"
        dtype = Numbers.WHOLE.value if output.dtype.kind in "iu" else dtype
        dtype = Numbers.EXACT.value if output.dtype == object and self.has_fractions else dtype
        expected = output[0] if len(output) == 1 else output
        expected = expected[0] if subject.is_plane else expected
        draft.add()
        draft.array("expected", expected, self.form, dtype, "what must come out", late=True)
        if self.is_exact:
            draft.add("assert np.array_equal(output, expected)")
        else:
            draft.add(f"np.testing.assert_allclose(output, expected, rtol=0, atol={subject.tolerance(self.dtype)!r})")
        draft.add("print(output)")

    def _told(self) -> str:
        return f"with {self.package}"


def pads_of_pool(layer: Pool) -> list[tuple[int, int]]:
    """(before, after) of each axis, with the cells that a partial last window needs."""
    return [(axis.before, max(0, axis.after)) for axis in layer.axes]


def as_convolution(layer: TransposedConvolution, pads: Sequence[tuple[int, int]], apart: Sequence[int]) -> Convolution:
    """The convolution, over zeros between the cells, that a transposed one is; its padding is there already."""
    size = [max(1, cells + before + after) for cells, (before, after) in zip(apart, pads, strict=True)]
    counts = layer.counts
    return Convolution.of(
        (layer.channels, *size),
        out_channels=counts.out_channels,
        kernel_size=list(counts.kernel_size),
        dilation=[axis.dilation for axis in layer.axes],
        groups=counts.groups,
        bias=False,
    )
