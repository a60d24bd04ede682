"""The writer of a program: a method for each kind of layer, which libraries override where they have a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import DataError
from convcalc.layers.basic import BASIC, is_common
from convcalc.layers.kinds.activation import LeakyReLU
from convcalc.layers.kinds.average_pool import AveragePool
from convcalc.layers.kinds.batch_norm import BatchNorm
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.max_pool import MaxPool
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.kinds.upsample import Upsample
from convcalc.programs.literals import number_literal
from convcalc.programs.program import Draft, Program, inner_tuple
from convcalc.programs.subject import Step, Subject

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.geometry.boundary import Boundary
    from convcalc.layers.layer import Layer

AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
"""The names of sizes by axis."""


def _check(step: Step) -> None:
    layer = step.layer
    if layer.kind not in BASIC or not is_common(layer):
        raise DataError(
            f"no program is written for a layer {layer.kind}" + (" with such arguments" if layer.kind in BASIC else ""),
            hint="--layer NAME ends the program at a layer before it",
        )


class Writer:
    """Writes a program in a library; the conventions that are words are data, the others methods."""

    library: ClassVar[str]
    """Its name on the command line."""
    package: ClassVar[str] = ""
    """Its name in sentences."""
    ranks: ClassVar[tuple[int, ...]] = ()
    """The numbers of spatial axes that it takes; none: any."""
    words: ClassVar[Mapping[str, str]] = {}
    """An expression for each kind of layer that needs no more: ``{x}`` its input, ``{weight}``, ``{bias}``."""

    def __init__(self, subject: Subject, data_name: str) -> None:
        self.subject = subject
        self.draft = Draft(self.library, subject, data_name)
        self._check_ranks()

    @property
    def dtype(self) -> str:
        """The floating type that it computes in."""
        return "float32" if self.subject.numbers == "np.float32" else "float64"

    @property
    def has_fractions(self) -> bool:
        """Whether fractions stay fractions."""
        return False

    def write(self) -> Program:
        """The program.

        Raises:
            DataError: the library cannot do it.
        """
        raise NotImplementedError

    def compute(self, step: Step) -> None:
        """Add the lines of a layer.

        Raises:
            DataError: no program is written for it.
        """
        _check(step)
        match step.layer:
            case Convolution():
                self.convolution(step, step.layer)
            case TransposedConvolution():
                self.transposed(step, step.layer)
            case MaxPool():
                self.max_pool(step, step.layer)
            case AveragePool():
                self.average_pool(step, step.layer)
            case Upsample():
                self.upsample(step, step.layer)
            case BatchNorm():
                self.batch_norm(step, step.layer)
            case LeakyReLU():
                self.leaky_relu(step, step.layer)
            case _:
                self.simple(step)

    def convolution(self, step: Step, layer: Convolution) -> None:
        """Add a convolution."""
        raise NotImplementedError

    def transposed(self, step: Step, layer: TransposedConvolution) -> None:
        """Add a transposed convolution."""
        raise NotImplementedError

    def max_pool(self, step: Step, layer: MaxPool) -> None:
        """Add a pool of maxima."""
        raise NotImplementedError

    def average_pool(self, step: Step, layer: AveragePool) -> None:
        """Add a pool of means."""
        raise NotImplementedError

    def upsample(self, step: Step, layer: Upsample) -> None:
        """Add a repetition of cells."""
        raise NotImplementedError

    def weights(self, step: Step, name: str, ending: str = "") -> str:
        """Add a weight as an array of the library, and return its identifier; empty where the layer has none."""
        raise NotImplementedError

    def batch_norm(self, step: Step, layer: BatchNorm) -> None:
        """Add the definition of a batch norm in inference."""
        shaped = self.channel_shape(layer)
        mean, variance = (self.weights(step, name, shaped) for name in ("running_mean", "running_var"))
        text = f"({step.inputs[0]} - {mean}) / ({variance} + {number_literal(layer.eps)}) ** 0.5"
        if layer.affine:
            weight, bias = (self.weights(step, name, shaped) for name in ("weight", "bias"))
            text = f"{text} * {weight} + {bias}"
        self.draft.add(f"{step.name} = {text}", "batch norm in inference")

    def leaky_relu(self, step: Step, layer: LeakyReLU) -> None:
        """Add a leaky ReLU by its expression."""
        slope = number_literal(layer.negative_slope, is_exact=self.has_fractions)
        slope = f"({slope})" if "/" in slope else slope
        self.draft.need(*["from fractions import Fraction"] * ("Fraction(" in slope))
        text = self.words["leaky-relu"].format(x=step.inputs[0], slope=slope)
        self.draft.add(f"{step.name} = {text}")

    def simple(self, step: Step) -> None:
        """Add a layer of one expression."""
        layer, shaped = step.layer, self.channel_shape(step.layer)
        weight = self.weights(step, "weight") if "weight" in step.weights else ""
        bias = self.weights(step, "bias", shaped if layer.kind == "bias" else "") if "bias" in step.weights else ""
        kind = "linear-without-bias" if layer.kind == "linear" and not bias else layer.kind
        words = {"x": step.inputs[0], "weight": weight, "bias": bias, "sum": " + ".join(step.inputs)}
        words |= {"features": str(layer.output_shape[0])}
        self.draft.add(f"{step.name} = {self.words[kind].format(**words)}")

    def channel_shape(self, layer: Layer) -> str:
        """What shapes one number a channel so that it is applied to each; empty where that is so by itself."""
        return f".reshape{inner_tuple((-1, *(1,) * layer.rank))}" if layer.rank else ""

    def refuse(self, what: str, hint: str) -> DataError:
        """The sentence about what the library cannot do."""
        return DataError(f"{self.package} has no {what}", hint=hint)

    def _check_ranks(self) -> None:
        rank = self.subject.rank
        if self.ranks and rank and rank not in self.ranks:
            raise DataError(
                f"{self.package} convolves over {' or '.join(map(str, self.ranks))} axes, this has {rank}",
                hint="--for numpy, scipy, jax and skimage take any number of axes",
            )


def pairs_text(pairs: Sequence[tuple[int, int]]) -> str:
    """Padding as NumPy and JAX take it.

    >>> pairs_text([(1, 1), (0, 2)])
    '((1, 1), (0, 2))'
    """
    return f"({', '.join(str((int(a), int(b))) for a, b in pairs)}{',' * (len(pairs) == 1)})"


def one_scale(scale: tuple[Fraction, ...]) -> Fraction | None:
    """The factor of all output channels where they share it."""
    return scale[0] if len(set(scale)) == 1 else None


def scaled(text: str, factor: Fraction) -> str:
    """An expression times a fraction, rounded once where the product is exact.

    >>> scaled("y", Fraction(1, 9)), scaled("y", Fraction(3, 16)), scaled("y", Fraction(2))
    ('y / 9', 'y * 3 / 16', 'y * 2')
    """
    above = "" if factor.numerator == 1 else f" * {number_literal(factor.numerator)}"
    return f"{text}{above}{'' if factor.denominator == 1 else f' / {number_literal(factor.denominator)}'}"


def pads_of(layer: Convolution) -> list[tuple[int, int]]:
    """(before, after) of each axis."""
    return [(axis.before, axis.after) for axis in layer.axes]


def is_padded(pads: Sequence[tuple[int, int]]) -> bool:
    """Whether anything is padded."""
    return any(before or after for before, after in pads)


def is_zero(boundary: Boundary) -> bool:
    """Whether what is outside is 0."""
    return str(boundary.mode) == "constant" and boundary.value == 0


def scale_array(step: Step) -> Array:
    """The factors of the channels as an array of fractions."""
    import numpy as np

    found = np.empty(len(step.scale), dtype=object)
    found[:] = step.scale
    return found
