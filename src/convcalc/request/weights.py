"""The sources of a layer's weights: written at the layer, in a file of all layers, or random."""

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
from convcalc.request.weight_layout import WeightLayout, weight_layout

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.files.named_arrays import NamedArrays
    from convcalc.files.yaml_reader import Node
    from convcalc.layers.layer import Shape

TENSORS = ("weight", "bias", "running_mean", "running_var", "scale", "multiplier", "zero_point")
"""The names of layers' weights, as in PyTorch."""
_EXAMPLE = "weights: {file: weights.npz}, or {random: 0}"
_ITEMSIZE = 4  # float32
_ORDER_OF_FEATURES = (
    "features in the order of Keras, which flattens channels last: permute: {axes: [1, 2, 0]} belongs before a flatten"
)


class Found(NamedTuple):
    """An array with notes on what was converted."""

    array: Array
    notes: tuple[str, ...] = ()
    is_from_file: bool = False
    """Whether it comes from a file that states no order of axes."""


def turned(found: Found, layout: WeightLayout | None) -> Found:
    """A weight in PyTorch's order; ``layout``: its own, None where it is that."""
    order = layout and layout.order(found.array.ndim)
    return found if order is None else found._replace(array=found.array.transpose(order))


class Weights(Protocol):
    """A source of tensors; each is read on demand."""

    def shape(self, name: str) -> Shape | None:
        """The shape of a tensor where it is known before it is read."""

    def stored(self, name: str) -> Hashable | None:
        """Its file and tensor, which another layer may share; None: it belongs to this layer alone."""

    def read(self, name: str, shapes: Mapping[str, Shape]) -> Found:
        """A tensor; ``shapes`` are those that the layer needs, of all its tensors.

        Raises:
            ConvcalcError: it cannot be read.
        """


@dataclass(frozen=True, eq=False)
class Random:
    """PyTorch's initial weights, the same for the same seed and layer.

    ``weight`` and ``bias`` are uniform within ±1/√fan_in (torch.nn documentation of ``Conv2d``, ``ConvTranspose2d``
    and ``Linear``, "Variables"), float32. A normalisation or quantisation is initially the identity: ``weight``,
    ``running_var`` and ``scale`` 1, ``bias`` and ``running_mean`` 0 (``BatchNorm2d``); a bias alone is 0, as it has no
    fan-in.
    """

    seed: int
    number: int
    """Of the layer."""
    context: Context

    def shape(self, name: str) -> Shape | None:  # noqa: ARG002
        """None: the layer determines it."""
        return None

    def stored(self, name: str) -> None:
        """Of this layer alone."""

    def read(self, name: str, shapes: Mapping[str, Shape]) -> Found:
        """A tensor from its own generator, so that it does not depend on the order of reading."""
        import numpy as np

        shape = shapes[name]
        self.context.limits.check_memory(prod(shape) * _ITEMSIZE, f"its {name}")
        fan_in = prod(shapes.get("weight", ())[1:])
        if len(shapes.get("weight", ())) < 2:
            return Found(np.full(shape, float(name in ("weight", "running_var", "scale", "multiplier")), np.float32))
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
    layout: WeightLayout | None = None
    """The order of a weight's axes there; None: PyTorch's."""

    @property
    def _layout(self) -> WeightLayout | None:
        """That of the entry, or of the kind of file."""
        own = self.arrays.opened.layout
        return self.layout or (WeightLayout(own) if own else None)

    def shape(self, name: str) -> Shape | None:
        """From the file's header, in PyTorch's order; of a Keras file only where the layer does not matter for it."""
        found = self.arrays.opened.shape(f"{self.prefix}.{name}")
        layout = self._layout
        if found is None or name != "weight" or layout is None:
            return found
        return layout.shape(found)

    def stored(self, name: str) -> Hashable:
        """The file, and its name there."""
        return _file(self.arrays.origin, self.arrays.path), f"{self.prefix}.{name}"

    def read(self, name: str, shapes: Mapping[str, Shape]) -> Found:
        """As in the file, in PyTorch's order."""
        from convcalc.files.numbers import array_notes

        array, notes = self.arrays.opened.read(f"{self.prefix}.{name}")
        layout = self._layout
        found = Found(array, notes + array_notes(array), layout is None)
        if name != "weight" or layout is None:
            return found
        if self.layout is None:
            return _of_keras(found, shapes["weight"], layout)
        return turned(found, layout)


def _of_keras(found: Found, needed: Shape, layout: WeightLayout) -> Found:
    """A kernel of Keras in PyTorch's order; of a depthwise one (*kernel, channels, multiplier) become filters."""
    array, rank = found.array, found.array.ndim
    if rank > 2 and needed[:2] == (array.shape[-2] * array.shape[-1], 1):
        return found._replace(array=array.transpose(rank - 2, rank - 1, *range(rank - 2)).reshape(needed))
    made = turned(found, layout)
    return made._replace(notes=(*made.notes, _ORDER_OF_FEATURES)) if rank == 2 else made


@dataclass(eq=False)
class SharedArrays:
    """A file of arrays that is opened once, on first use."""

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
    """A tensor in its layer's entry: numbers, a rule, a file, or for a convolution kernels."""

    make: Callable[[], Found]
    is_file: bool = False
    """Whether it is in a separate file, which is read on demand."""
    stored: Hashable | None = None
    """The identity of that file; None: it is written at the layer."""
    _found: list[Found] = field(default_factory=list)

    def read(self) -> Found:
        """The tensor, read once."""
        if not self._found:
            self._found.append(self.make())
        return self._found[0]


@dataclass(frozen=True, eq=False)
class WeightReader:
    """Reads the weights of a file."""

    origin: Origin
    context: Context
    number_notes: NumberNotes
    """Of all layers read so far."""

    def laid_out(self, name: str, node: Mapping[str, Node]) -> Given:
        """The weight in a file whose order of axes is given beside its path.

        Raises:
            FieldError: there is no such order.
        """
        with below(name):
            layout = weight_layout(word("layout", node["layout"]))
        plain = self.given(name, {key: each for key, each in node.items() if key != "layout"})
        return Given(lambda: turned(plain.read(), layout), plain.is_file, plain.stored)

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
        """The weight of a convolution, given as kernels: by name, numbers, file, or a list of them."""

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
            notes = tuple(dict.fromkeys(note for each in kernels for note in each.notes))
            return Found(weight, notes, _is_file(node))

        return Given(make, _is_file(node), self._stored(node))

    def _stored(self, node: Node) -> Hashable | None:
        if isinstance(node, dict) and isinstance(node.get("file"), str):
            return _file(self.origin, str(node["file"]))
        return _file(self.origin, node) if isinstance(node, str) and is_path(node) else None

    def default(self, node: Node) -> Callable[[str, int], Weights]:
        """The source of a layer's weights by the network's field ``weights``, from the layer's name and number.

        Raises:
            FieldError: the field is neither a file nor random numbers.
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
        _check_keys(node, ("file", "layout"))
        layout = weight_layout(word("layout", node["layout"])) if "layout" in node else None
        shared = SharedArrays(word("file", node["file"]), self.origin, self.context)
        return lambda name, _: Named(shared, name, layout)


def _file(origin: Origin, path: str) -> str:
    """The file of a path written in a file."""
    return str(origin.folder / path)


def _is_file(node: Node) -> bool:
    return isinstance(node, dict) and "file" in node


def _check_keys(node: Mapping[str, Node], known: Sequence[str]) -> None:
    for key in node:
        if key not in known:
            raise UnknownNameError("key of weights", key, known, field=(key,), at_key=True)
