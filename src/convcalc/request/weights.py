"""Where the numbers of a layer's weights come from: written at the layer, in a file of all layers, or random."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import prod, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from convcalc.context import Context
from convcalc.errors import ConvcalcError, FieldError, UnknownNameError, below
from convcalc.files.file_kind import is_path
from convcalc.files.number_notes import NumberNotes
from convcalc.geometry.arguments import whole
from convcalc.request.request import Origin
from convcalc.request.text_values import plain_value, word

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.files.named_arrays import NamedArrays
    from convcalc.files.yaml_reader import Node
    from convcalc.layers.layer import Shape

TENSORS = ("weight", "bias", "running_mean", "running_var")
"""What the weights of layers are called, as in PyTorch."""
_EXAMPLE = "weights: {file: weights.npz}, or {random: 0}"
_ITEMSIZE = 4  # float32


class Found(NamedTuple):
    """An array with notes on what was converted."""

    array: Array
    notes: tuple[str, ...] = ()


class Weights(Protocol):
    """Where tensors come from; each is read when it is asked for."""

    def shape(self, name: str) -> Shape | None:
        """The shape of a tensor where it is known before it is asked for."""

    def stored(self, name: str) -> Hashable | None:
        """Which tensor of which file it is, which another layer may have too; None: it is of this layer alone."""

    def read(self, name: str, shapes: Mapping[str, Shape]) -> Found:
        """A tensor; ``shapes`` are those that the layer needs, of all its tensors.

        Raises:
            ConvcalcError: it cannot be read.
        """


@dataclass(frozen=True, eq=False)
class Random:
    """Numbers as PyTorch's layers start with, the same for the same seed and the same layer.

    ``weight`` and ``bias`` are uniform within ±1/√fan_in (torch.nn documentation of ``Conv2d``, ``ConvTranspose2d``
    and ``Linear``, "Variables"), float32. A normalisation starts as one that changes nothing: ``weight`` and
    ``running_var`` 1, ``bias`` and ``running_mean`` 0 (``BatchNorm2d``); and a bias alone with 0, as it has no fan-in.
    """

    seed: int
    number: int
    """Of the layer."""
    context: Context

    def shape(self, name: str) -> Shape | None:  # noqa: ARG002
        """Not known: it is that of the layer."""
        return None

    def stored(self, name: str) -> None:
        """Of this layer alone."""

    def read(self, name: str, shapes: Mapping[str, Shape]) -> Found:
        """A tensor of its own generator, so that it depends on no other that was read before."""
        import numpy as np

        shape = shapes[name]
        self.context.limits.check_memory(prod(shape) * _ITEMSIZE, f"its {name}")
        fan_in = prod(shapes.get("weight", ())[1:])
        if len(shapes.get("weight", ())) < 2:
            return Found(np.full(shape, float(name in ("weight", "running_var")), np.float32))
        generator = np.random.default_rng([self.seed, self.number, TENSORS.index(name)])
        values = generator.random(shape, np.float32)
        values *= 2
        values -= 1
        values *= np.float32(1 / sqrt(fan_in))
        return Found(values)


@dataclass(frozen=True, eq=False)
class Named:
    """Tensors of one layer in a file of all layers: ``conv1.weight``, ``conv1.bias``, …"""

    arrays: SharedArrays
    prefix: str

    def shape(self, name: str) -> Shape | None:
        """As the file's header says."""
        return self.arrays.opened.shape(f"{self.prefix}.{name}")

    def stored(self, name: str) -> Hashable:
        """By the file and its name there."""
        return _file(self.arrays.origin, self.arrays.path), f"{self.prefix}.{name}"

    def read(self, name: str, shapes: Mapping[str, Shape]) -> Found:  # noqa: ARG002
        """As the file has it."""
        from convcalc.files.numbers import array_notes

        array, notes = self.arrays.opened.read(f"{self.prefix}.{name}")
        return Found(array, notes + array_notes(array))


@dataclass(eq=False)
class SharedArrays:
    """A file of arrays that is opened when it is first needed, once."""

    path: str
    origin: Origin
    context: Context

    @cached_property
    def opened(self) -> NamedArrays:
        """The file."""
        from convcalc.files.named_arrays import open_arrays

        return open_arrays(self.path, self.context.limits, base=self.origin.folder)


@dataclass(eq=False)
class Given:
    """A tensor that its layer gives: numbers, a rule, a file, or for a convolution kernels."""

    make: Callable[[], Found]
    is_file: bool = False
    """Whether it stands in a file of its own, which is read when it is needed."""
    stored: Hashable | None = None
    """Which file that is; None: it stands at the layer."""
    _found: list[Found] = field(default_factory=list)

    def read(self) -> Found:
        """The tensor, read once."""
        if not self._found:
            self._found.append(self.make())
        return self._found[0]


@dataclass(frozen=True, eq=False)
class WeightReader:
    """Reads what a file says of weights."""

    origin: Origin
    context: Context
    number_notes: NumberNotes
    """Of all layers that were read so far."""

    def given(self, name: str, node: Node) -> Given:
        """The tensor of a node, any numbers."""

        def make() -> Found:
            from convcalc.files.numbers import array
            from convcalc.request.tensor_field import tensor_of

            if isinstance(node, str) and (not node[:1].isalpha() or node.lower() in ("nan", "inf", "infinity")):
                with below(name):
                    return Found(array(node, self.context.limits))
            found = tensor_of(node, self.origin, self.context, name)
            return Found(found.array, found.notes)

        return Given(make, _is_file(node), self._stored(node))

    def kernels(self, node: Node, dims: int, in_channels: int, groups: Any, *, depthwise: bool) -> Given:
        """The weight of a convolution, as kernels are given: by name, numbers, file, or a list of them."""

        def make() -> Found:
            from convcalc.request.filters import filters
            from convcalc.request.tensor_field import kernels_of

            try:
                kernels = kernels_of(node, self.origin, self.context)
                scaled = [
                    replace(each.at_rank(dims), weights=each.at_rank(dims).values, scale=Fraction(1))
                    for each in kernels
                ]
                weight, _ = filters(scaled, dims, in_channels, groups, depthwise=depthwise)
            except ConvcalcError as error:
                if error.field[:1] == ("kernel",):
                    error.field = ("weight", *error.field[1:])
                raise
            return Found(weight, tuple(dict.fromkeys(note for each in kernels for note in each.notes)))

        return Given(make, _is_file(node), self._stored(node))

    def _stored(self, node: Node) -> Hashable | None:
        if isinstance(node, dict) and isinstance(node.get("file"), str):
            return _file(self.origin, str(node["file"]))
        return _file(self.origin, node) if isinstance(node, str) and is_path(node) else None

    def default(self, node: Node) -> Callable[[str, int], Weights]:
        """Makes the weights of a layer from its name in the file and its number, by the network's field ``weights``.

        Raises:
            FieldError: the field says neither a file nor random numbers.
        """
        if not isinstance(node, dict):
            raise FieldError("weights are a mapping that says where they come from", hint=_EXAMPLE)
        if "random" in node:
            if "file" in node:
                raise FieldError("weights come from a file or are random, not both", hint=_EXAMPLE)
            _check_keys(node, ("random",))
            seed = whole("random", plain_value(node["random"]), 0)
            return lambda _, number: Random(seed, number, self.context)
        if "file" not in node:
            _check_keys(node, ("file", "random"))
            raise FieldError("weights are a mapping that says where they come from, this one is empty", hint=_EXAMPLE)
        _check_keys(node, ("file",))
        shared = SharedArrays(word("file", node["file"]), self.origin, self.context)
        return lambda name, _: Named(shared, name)


def _file(origin: Origin, path: str) -> str:
    """The file that a path of a file means."""
    return str(origin.folder / path)


def _is_file(node: Node) -> bool:
    return isinstance(node, dict) and "file" in node


def _check_keys(node: Mapping[str, Node], known: Sequence[str]) -> None:
    for key in node:
        if key not in known:
            raise UnknownNameError("key of weights", key, known, field=(key,), at_key=True)
