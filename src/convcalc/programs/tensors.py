"""Programs on tensors, (batch, channels, *spatial), in a floating type: what the deep-learning libraries share."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.pool import Pool
from convcalc.programs.program import Program, inner_tuple
from convcalc.programs.subject import Step
from convcalc.programs.writer import Writer, one_scale, scale_array, scaled
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.geometry.boundary import Boundary

Pads = Sequence[tuple[int, int]]


class TensorWriter(Writer):
    """All samples at once; whole numbers are held exactly as long as the type has room for every sum."""

    form: ClassVar[str] = "np.array"
    """What makes an array of the library of nested lists."""
    home: ClassVar[str] = "np"
    """The module of the library's types."""
    result: ClassVar[str] = "np.asarray(output)"
    """The output as an array of NumPy."""

    def write(self) -> Program:
        """The program: numbers, layers, and the output that must come out."""
        subject = self.subject
        self.draft.need("import numpy as np")
        self.begin()
        source = subject.steps[0].inputs[0] if subject.is_single else "x"
        self.add_input(source, subject.input)
        for step in subject.steps:
            self.compute(step)
        self.finish()
        self.check()
        return self.draft.program(f"{subject.headline}, with {self.package}.")

    def begin(self) -> None:
        """Add imports and settings."""

    def finish(self) -> None:
        """Add what makes an array of NumPy of the output."""
        if self.result != "output":
            self.draft.add(f"output = {self.result}")

    @property
    def type_name(self) -> str:
        """The type as the library calls it."""
        return f"{self.home}.{self.dtype}"

    def add_input(self, name: str, values: Array) -> None:
        """Add the numbers that go in."""
        self.draft.array(name, values, self.form, self.type_name, f"the input, {shape_text(values.shape)}")

    def weight_name(self, step: Step, name: str) -> str:
        """The identifier of a weight: short in a single convolution."""
        short = {"weight": "K", "bias": "b"}.get(name, name)
        return short if self.subject.is_single else f"{step.name}_{name}"

    def weights(self, step: Step, name: str, ending: str = "") -> str:
        """As a tensor of PyTorch's layout."""
        called, values = self.weight_name(step, name), step.weights[name]
        said = f"the kernel, {shape_text(values.shape)}" if called == "K" else ""
        self.draft.array(called, values, self.form, self.type_name, said, ending=ending)
        return called

    def scale_and_bias(self, step: Step, *, has_bias: bool) -> None:
        """Add the scale, then a bias that is not in the convolution already."""
        shaped = self.channel_shape(step.layer)
        factor = one_scale(step.scale)
        if factor is not None:
            self.draft.add(f"{step.name} = {scaled(step.name, factor)}", "the kernel's scale")
        elif step.scale:
            called = "scale" if self.subject.is_single else f"{step.name}_scale"
            self.draft.array(called, scale_array(step), self.form, self.type_name, "each kernel's scale", ending=shaped)
            self.draft.add(f"{step.name} = {step.name} * {called}")
        if has_bias:
            self.draft.add(f"{step.name} = {step.name} + {self.weights(step, 'bias', shaped)}", "the bias")

    def check(self) -> None:
        """Add what must come out, and the comparison."""
        subject, draft = self.subject, self.draft
        output = subject.output
        dtype = "np.int64" if output.dtype.kind in "iu" else f"np.{self.dtype}"
        dtype = "np.float64" if output.dtype in (object, "float64") else dtype
        draft.add()
        draft.array("expected", output, "np.array", dtype, "what must come out", late=True)
        if subject.is_exact_in(self.dtype):
            draft.add("assert np.array_equal(output, expected)")
        else:
            draft.add(f"np.testing.assert_allclose(output, expected, rtol=0, atol={subject.tolerance(self.dtype)!r})")
        draft.add("print(output)")


def is_inside(boundary: Boundary, pads: Pads, layer: Convolution, *, circular: int = 0) -> bool:
    """Whether padding is small enough for libraries that reflect once: less than the size, or ``circular`` more."""
    most = {"reflect": -1, "circular": circular}.get(boundary.mode)
    return most is None or all(max(pad) <= axis.size + most for pad, axis in zip(pads, layer.axes, strict=True))


def alike(numbers: Sequence[int]) -> str:
    """One number for all axes where they agree, otherwise a tuple.

    >>> alike([2, 2]), alike([2, 1])
    ('2', '(2, 1)')
    """
    return str(numbers[0]) if len(set(numbers)) == 1 else inner_tuple(numbers)


def pool_pads(layer: Pool) -> list[tuple[int, int]]:
    """(before, after) of each axis, with the cells that a partial last window needs."""
    return [(axis.before, max(0, axis.after)) for axis in layer.axes]


def is_floor(layer: Pool) -> bool:
    """Whether no window reaches beyond the requested padding."""
    return all(axis.after <= after for axis, (_, after) in zip(layer.axes, layer.pads, strict=True))


def is_same_upper(layer: Convolution) -> bool:
    """Whether the padding is what JAX, TensorFlow and Keras call SAME."""
    for axis in layer.axes:
        output = -(-axis.size // axis.stride)
        total = max((output - 1) * axis.stride + axis.reach - axis.size, 0)
        if (axis.before, axis.after) != (total // 2, total - total // 2):
            return False
    return any(axis.reach > 1 for axis in layer.axes)


def whole_scale(scale: tuple[Fraction, ...]) -> bool:
    """Whether a scale is only a division."""
    return all(each.numerator == 1 for each in scale)
