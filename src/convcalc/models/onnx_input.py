"""The input of an ONNX model: its axes, which of them are of unknown size, and the shape of one sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from convcalc.errors import FieldError, FormatError
from convcalc.layers.layer import Shape
from convcalc.models.onnx_names import quoted
from convcalc.models.onnx_tensors import constant_of


class ModelInput(NamedTuple):
    """A model's description of its input array."""

    name: str
    axes: tuple[int | None, ...] | None
    """As the model has them, the batch first, None for unknown sizes; None where no shape is stated."""
    called: str
    """The axes in words."""
    is_channels_last: bool
    """Whether the model has its channels last: a Transpose moves them behind the batch before the first layer."""
    element: int
    """The type of its numbers (``TensorProto.DataType``)."""
    words: tuple[str, ...] = ()
    """The names of its axes; empty where one has none."""

    @property
    def batch(self) -> int | None:
        """Samples, where the model states them."""
        return self.axes[0] if self.axes else None

    @property
    def rank(self) -> int | None:
        """Spatial axes, where the model states its axes."""
        return len(self.axes) - 2 if self.axes else None

    @property
    def known(self) -> tuple[int | None, ...]:
        """The sizes of a sample, (channels, *spatial), None where one is unknown."""
        sample = (self.axes or ())[1:]
        return (sample[-1], *sample[:-1]) if self.is_channels_last else sample

    @property
    def size(self) -> tuple[int, ...] | None:
        """Cells on each spatial axis; None where one is unknown."""
        sizes = tuple(size for size in self.known[1:] if size is not None)
        return sizes if self.axes and len(sizes) == len(self.known) - 1 else None

    def sample(self, given: Shape | None) -> Shape:
        """The shape of one sample, (channels, *spatial), sizes unknown to the model taken from ``given``.

        ``given``: (channels, *spatial), or in the model's own order; with a batch of one or of the model's size, or
        without.

        Raises:
            FieldError: a size is unknown and not given, or the given shape differs from the model's.
        """
        if self.axes is None:
            if given is None:
                raise self._open()
            return given
        if given is None:
            sizes = tuple(size for size in self.known if size is not None)
            if len(sizes) < len(self.known):
                raise self._open()
            return sizes
        is_last = self.is_own_order(given)
        if is_last is None:
            raise FieldError(
                f"the input {quoted(self.name)} of the model is {self.called}, got {' × '.join(map(str, given))}",
                hint=self._hint(),
                field="input",
            )
        sample = given[1:] if len(given) == len(self.axes) else given
        return (sample[-1], *sample[:-1]) if is_last else sample

    def is_own_order(self, given: Shape) -> bool | None:
        """Whether a shape has the channels last as the model has; None where it fits in no order."""
        axes = self.axes or ()
        sample = given[1:] if len(given) == len(axes) and given[0] in (1, self.batch) else given
        if self.is_channels_last and _fits(sample, axes[1:]):
            return True
        return False if _fits(sample, self.known) else None

    def sizes(self, sample: Shape) -> dict[str, int]:
        """The sizes of the axes that have names, where a sample of its input has the shape; an open batch is one."""
        if self.axes is None or len(self.words) != len(self.axes) or len(sample) != len(self.axes) - 1:
            return {}
        own = (*sample[1:], sample[0]) if self.is_channels_last else sample
        named = zip(self.words, (self.batch or 1, *own), strict=True)
        return {name: size for name, size in named if name}

    def _hint(self) -> str:
        known = [size for size in self.known if size is not None]
        if self.axes and len(known) == len(self.axes) - 1:
            return f"give {'x'.join(map(str, known))}, with or without the batch before it"
        return "give channels and spatial sizes, with or without the batch before them"

    def _open(self) -> FieldError:
        channels = self.known[0] if self.known and self.known[0] else 3
        example = "x".join([str(channels), *["224"] * max(0, len(self.known or (0, 0, 0)) - 1)])
        return FieldError(
            f"the input {quoted(self.name)} of the model is {self.called}: its size is open",
            hint=f"give it, channels first: --input {example}",
            field="input",
        )


def _fits(sample: Shape, known: tuple[int | None, ...]) -> bool:
    return len(sample) == len(known) and all(a in (None, b) for a, b in zip(known, sample, strict=True))


def _described_inputs(graph: Any) -> list[Any]:
    """The inputs of a graph that are no constants."""
    constants = {each.name for each in (*graph.initializer, *(pair.values for pair in graph.sparse_initializer))}
    return [each for each in graph.input if each.name not in constants]


def further_inputs(graph: Any) -> list[str]:
    """The names of the inputs besides the first."""
    return [each.name for each in _described_inputs(graph)[1:]]


def model_input(graph: Any) -> ModelInput:
    """The first input of a graph.

    Raises:
        FormatError: it has none, or one that is no batch of an array.
    """
    inputs = _described_inputs(graph)
    if not inputs:
        raise FormatError("the model has 0 inputs; a network here has one")
    found = inputs[0]
    if found.type.WhichOneof("value") != "tensor_type":
        raise FormatError(f"the input {quoted(found.name)} of the model is no tensor")
    kind = found.type.tensor_type
    if not kind.HasField("shape"):
        return ModelInput(found.name, None, "any shape", False, kind.elem_type)
    axes = list(kind.shape.dim)
    known = tuple(axis.dim_value if axis.dim_value > 0 else None for axis in axes)
    called = " × ".join(str(size or quoted(axis.dim_param or "?")) for size, axis in zip(known, axes, strict=True))
    if len(axes) < 2:
        raise FormatError(f"the input {quoted(found.name)} of the model is {called or 'one number'}, not a batch")
    is_last = _is_channels_last(graph, found.name, known)
    return ModelInput(found.name, known, called, is_last, kind.elem_type, tuple(axis.dim_param for axis in axes))


def _is_channels_last(graph: Any, name: str, sizes: Sequence[int | None]) -> bool:
    """Whether Transposes of (batch, *spatial, channels) to (batch, channels, *spatial) alone read the input.

    Operators may stand between that keep the order of the axes, such as the scaling of an image.
    """
    axes = len(sizes)
    for _ in range(_MOST_BETWEEN):
        takers = [node for node in graph.node if name in node.input]
        if axes > 2 and takers and all(_moves_channels(graph, each, sizes) for each in takers):
            return True
        if len(takers) != 1 or takers[0].op_type not in _BETWEEN or not takers[0].output:
            return False
        name = takers[0].output[0]
    return False


def _moves_channels(graph: Any, node: Any, sizes: Sequence[int | None]) -> bool:
    """Whether a node moves the last axis behind the batch; a single channel may be moved by a Reshape."""
    if node.op_type != "Reshape" or sizes[-1] != 1 or sizes[1] == 1 or len(node.input) < 2:
        return order_of(node) == to_channels_first(len(sizes))
    shape = next((each for each in graph.initializer if each.name == node.input[1]), None)
    return shape is not None and list(shape.dims) == [len(sizes)] and constant_of(shape).read()[1] == 1


_MOST_BETWEEN = 8
_BETWEEN = ("Add", "Sub", "Mul", "Div", "Cast", "Identity", "Pad", "Clip", "QuantizeLinear", "DequantizeLinear")


def order_of(node: Any) -> list[int]:
    """The order that a Transpose puts its axes in; empty of another node."""
    found = next((list(each.ints) for each in node.attribute if each.name == "perm"), [])
    return found if node.op_type == "Transpose" else []


def to_channels_first(axes: int) -> list[int]:
    """The order that moves the last axis behind the batch."""
    return [0, axes - 1, *range(1, axes - 1)]


def to_channels_last(axes: int) -> list[int]:
    """The order that moves the axis behind the batch to the end."""
    return [0, *range(2, axes), 1]
