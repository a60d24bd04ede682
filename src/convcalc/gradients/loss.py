"""Losses: one number of a network's output, its gradient by every cell of it, and the formula of one such cell.

Means are over all cells of all samples, as by default in PyTorch, TensorFlow and JAX's optax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from convcalc.arrays import Array, added, is_exact, narrowed, numbers, plain
from convcalc.errors import FieldError
from convcalc.layers.kinds.softmax import LogSoftmax, Softmax
from convcalc.layers.network import Network
from convcalc.numerals import Number, exact_text
from convcalc.wording import counted, shape_text


@dataclass(frozen=True, eq=False)
class Loss:
    """A function of a layer's output, (batch, *output_shape), with one number as its result."""

    name: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    """The gradient of one cell, in words."""

    def reads(self, network: Network, number: int) -> int:  # noqa: ARG002 - most read the layer itself
        """The layer whose output it is a function of."""
        return number

    def check(self, shape: Sequence[int]) -> None:
        """Refuse an output, (batch, *output_shape), that it is no function of.

        Raises:
            FieldError: its numbers do not fit that shape.
        """

    def value(self, output: Array) -> Number:
        """The loss."""
        raise NotImplementedError

    def gradient(self, output: Array) -> Array:
        """Its gradient by every cell of the output: exact where the output is, otherwise of its floating type."""
        raise NotImplementedError

    def reason(self, output: Array, place: tuple[int, ...]) -> str:  # noqa: ARG002 - most need no numbers
        """The formula of one cell of the gradient with the numbers put in; ``place``: (sample, *cell)."""
        return self.formula


@dataclass(frozen=True, eq=False)
class GivenGradient(Loss):
    """Σ output × given number: the output's gradient is given, as exercises give it."""

    name: ClassVar[str] = "output gradient"
    formula: ClassVar[str] = "given"

    cells: Array
    """(batch, *output_shape), or the same without axes of one."""

    def check(self, shape: Sequence[int]) -> None:
        """Refuse gradients of another shape, see :func:`fitted`."""
        fitted("output-gradient", self.cells, shape)

    def value(self, output: Array) -> Number:
        """The sum of the products."""
        return _sum_of_products(output, self.gradient(output))

    def gradient(self, output: Array) -> Array:
        """The given numbers."""
        return _like(fitted("output-gradient", self.cells, output.shape), output)


@dataclass(frozen=True, eq=False)
class Sum(Loss):
    """The sum of all cells."""

    name: ClassVar[str] = "sum"
    formula: ClassVar[str] = "1"

    def value(self, output: Array) -> Number:
        """Exact, or rounded once."""
        found: Number = added(numbers(output))
        return found

    def gradient(self, output: Array) -> Array:
        """Ones."""
        return np.ones(output.shape, np.int64 if is_exact(output) else output.dtype)


@dataclass(frozen=True, eq=False)
class Mean(Loss):
    """The mean of all cells."""

    name: ClassVar[str] = "mean"
    formula: ClassVar[str] = "1/N"

    def value(self, output: Array) -> Number:
        """The sum divided by the number of cells."""
        return _divided(added(numbers(output)), output.size)

    def gradient(self, output: Array) -> Array:
        """1 / N everywhere."""
        return _filled(output, Fraction(1, output.size))

    def reason(self, output: Array, place: tuple[int, ...]) -> str:  # noqa: ARG002 - all cells are alike
        """Such as 1/9."""
        return f"1/{output.size}"


@dataclass(frozen=True, eq=False)
class SquaredError(Loss):
    """The mean of (output − target)²."""

    name: ClassVar[str] = "mse"
    formula: ClassVar[str] = "2 (y - t) / N"

    target: Array

    def check(self, shape: Sequence[int]) -> None:
        """Refuse a target of another shape, see :func:`fitted`."""
        fitted("target", self.target, shape)

    def value(self, output: Array) -> Number:
        """Exact where both are."""
        apart = self._apart(output)
        return _divided(_sum_of_products(apart, apart), output.size)

    def gradient(self, output: Array) -> Array:
        """2 (output − target) / N."""
        apart = self._apart(output)
        if not is_exact(apart):
            found: Array = apart * np.asarray(2 / output.size, apart.dtype)
            return found
        return narrowed(np.asarray(apart.astype(object) * Fraction(2, output.size), object))

    def reason(self, output: Array, place: tuple[int, ...]) -> str:
        """Such as 2 (5 - 3) / 9."""
        wanted = fitted("target", self.target, output.shape)[place]
        return f"2 ({_text(output[place])} - {_text(wanted)}) / {output.size}"

    def _apart(self, output: Array) -> Array:
        target = _like(fitted("target", self.target, output.shape), output)
        if is_exact(output) and is_exact(target):
            return narrowed(np.asarray(output.astype(object) - target.astype(object), object))
        found: Array = output.astype(target.dtype if target.dtype.kind == "f" else output.dtype) - target
        return found


@dataclass(frozen=True, eq=False)
class CrossEntropy(Loss):
    """The mean of −log p of the label, where p is the softmax over the channels; its gradient is (p − y) / N.

    A softmax, or its logarithm, at the end of the network is that of the loss, so that nothing is lost by rounding.
    """

    name: ClassVar[str] = "cross-entropy"
    formula: ClassVar[str] = "(p - y) / N"

    labels: tuple[int, ...]
    """One for each sample, or one for all."""

    def reads(self, network: Network, number: int) -> int:
        """The layer, or the one below it if it is a softmax over the channels."""
        layer = network.stages[number].layer
        is_last = isinstance(layer, (Softmax, LogSoftmax)) and layer.axis == 0
        return network.stages[number].inputs[0] if is_last else number

    def check(self, shape: Sequence[int]) -> None:
        """Refuse labels that are no classes.

        Raises:
            FieldError: there is no such class, or a label for another number of samples.
        """
        batch, classes = shape[:2]
        if len(self.labels) not in (1, batch):
            said = f"{counted(len(self.labels), 'label')} for {counted(batch, 'sample')}"
            raise FieldError(said, hint="one for all samples, or one for each: --label 3,7", field="label")
        wrong = next((each for each in self.labels if not 0 <= each < classes), None)
        if wrong is not None:
            hint = f"--label 0 to --label {classes - 1}"
            raise FieldError(f"there is no class {wrong}: the output has {classes}", hint=hint, field="label")

    def value(self, output: Array) -> Number:
        """In float64."""
        shares = self._logarithms(output)
        return float(-(shares * self._wanted(output)).sum() / self._count(output))

    def gradient(self, output: Array) -> Array:
        """(p − y) / N, in the output's floats; of exact outputs in float64."""
        found: Array = (np.exp(self._logarithms(output)) - self._wanted(output)) / self._count(output)
        return found.astype(output.dtype if output.dtype.kind == "f" else np.float64)

    def reason(self, output: Array, place: tuple[int, ...]) -> str:
        """Such as (0.25 - 1) / 2."""
        share, count = float(np.exp(self._logarithms(output))[place]), self._count(output)
        told = f"{share:.6g} - {int(self._wanted(output)[place])}"
        return f"p - y = {told}" if count == 1 else f"(p - y) / N = ({told}) / {count}"

    def _logarithms(self, output: Array) -> Array:
        real = output.astype(np.float64)
        with np.errstate(all="ignore"):
            lowered = real - real.max(axis=1, keepdims=True)
            found: Array = lowered - np.log(np.exp(lowered).sum(axis=1, keepdims=True))
        return found

    def _wanted(self, output: Array) -> Array:
        wanted = np.zeros(output.shape, np.int64)
        labels = self.labels * (len(output) if len(self.labels) == 1 else 1)
        for sample, label in enumerate(labels):
            wanted[sample, label] = 1
        return wanted

    def _count(self, output: Array) -> int:
        """Samples and positions, each with classes of its own."""
        return int(output.size // output.shape[1])


def fitted(name: str, cells: Array, shape: Sequence[int]) -> Array:
    """Numbers in the shape of an output, (batch, *output_shape), where only axes of one are missing or one is for all.

    Raises:
        FieldError: they have another shape; ``name``: the option that gives them.
    """
    wanted = [each for each in shape if each != 1]
    if cells.size == 1 and not cells.ndim:
        return np.broadcast_to(cells, shape)
    if [each for each in cells.shape if each != 1] != wanted:
        told = shape_text(shape[1:] if shape[0] == 1 else shape)
        raise FieldError(
            f"{name.replace('-', ' ')} has shape {shape_text(cells.shape)}, the output has {told}",
            hint="as many numbers as the output has cells, in its shape",
            field=name,
        )
    return cells.reshape(tuple(shape))


def _like(cells: Array, output: Array) -> Array:
    """Exact numbers as they are beside exact outputs, otherwise in the output's floats."""
    if output.dtype.kind == "f":
        return cells.astype(output.dtype)
    return cells


def _sum_of_products(left: Array, right: Array) -> Number:
    exact = is_exact(left) and is_exact(right)
    kind = object if exact else np.float64
    found: Number = added((left.astype(kind) * right.astype(kind)).reshape(-1).tolist())
    return found


def _divided(total: Number, count: int) -> Number:
    found: Number = plain(Fraction(total) / count) if isinstance(total, (int, Fraction)) else total / count
    return found


def _filled(output: Array, value: Fraction) -> Array:
    if not is_exact(output):
        return np.full(output.shape, float(value), output.dtype)
    return narrowed(np.full(output.shape, value, dtype=object))


def _text(value: object) -> str:
    told = plain(value)
    return f"{told:.6g}" if isinstance(told, float) else exact_text(told)
