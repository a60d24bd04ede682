"""The single input of an ONNX model: its axes, which of them are of unknown size, and the shape of one sample."""

from __future__ import annotations

from typing import Any, NamedTuple

from convcalc.errors import FieldError, FormatError
from convcalc.layers.layer import Shape
from convcalc.models.onnx_tensors import quoted
from convcalc.wording import counted


class ModelInput(NamedTuple):
    """A model's description of its input array."""

    name: str
    axes: tuple[int | None, ...] | None
    """(batch, channels, *spatial) or (batch, features), None for unknown sizes; None where no shape is stated."""
    called: str
    """The axes in words."""
    is_channels_last: bool
    """Whether the first operation on it moves its last axis behind the batch (channels last)."""
    element: int
    """The type of its numbers (``TensorProto.DataType``)."""

    @property
    def batch(self) -> int | None:
        """Samples, where the model states them."""
        return self.axes[0] if self.axes else None

    @property
    def rank(self) -> int | None:
        """Spatial axes, where the model states its axes."""
        return len(self.axes) - 2 if self.axes else None

    def sample(self, given: Shape | None) -> Shape:
        """The shape of one sample, sizes unknown to the model taken from ``given``.

        ``given``: (channels, *spatial), or the same with a batch of one or of the model's size.

        Raises:
            FieldError: a size is unknown and not given, or the given shape differs from the model's.
        """
        if self.axes is None:
            if given is None:
                raise self._open()
            return given
        known = self.axes[1:]
        if given is None:
            sizes = tuple(size for size in known if size is not None)
            if len(sizes) < len(known):
                raise self._open()
            return sizes
        sample = given[1:] if len(given) == len(self.axes) and given[0] in (1, self.batch) else given
        if len(sample) != len(known) or any(a not in (None, b) for a, b in zip(known, sample, strict=True)):
            raise FieldError(
                f"the input {quoted(self.name)} of the model is {self.called}, got {' × '.join(map(str, given))}",
                hint=self._hint(),
                field="input",
            )
        return sample

    def _hint(self) -> str:
        if self.is_channels_last:
            return CHANNELS_LAST
        known = [size for size in (self.axes or ())[1:] if size is not None]
        if self.axes and len(known) == len(self.axes) - 1:
            return f"give {'x'.join(map(str, known))}, with or without the batch before it"
        return "give channels and spatial sizes, with or without the batch before them"

    def _open(self) -> FieldError:
        return FieldError(
            f"the input {quoted(self.name)} of the model is {self.called}: its size is open",
            hint=CHANNELS_LAST if self.is_channels_last else "give it, channels first: --input 3x224x224",
            field="input",
        )


CHANNELS_LAST = (
    "its channels come last, as Keras and TensorFlow have them, which is not read: convert it channels first, "
    "with tf2onnx by --inputs-as-nchw"
)


def model_input(graph: Any) -> ModelInput:
    """The input of a graph.

    Raises:
        FormatError: it has none or several, or one that is no batch of an array.
    """
    constants = {each.name for each in (*graph.initializer, *(pair.values for pair in graph.sparse_initializer))}
    inputs = [each for each in graph.input if each.name not in constants]
    if len(inputs) != 1:
        names = ": " + ", ".join(quoted(each.name) for each in inputs[:10]) if inputs else ""
        raise FormatError(f"the model has {counted(len(inputs), 'input')}{names}; a network here has one")
    (found,) = inputs
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
    return ModelInput(found.name, known, called, _is_channels_last(graph, found.name, len(axes)), kind.elem_type)


def _is_channels_last(graph: Any, name: str, axes: int) -> bool:
    """Whether the input is only read by Transposes of (batch, *spatial, channels) to (batch, channels, *spatial)."""
    takers = [node for node in graph.node if name in node.input]
    return bool(takers) and axes > 2 and all(is_to_channels_first(each, axes) for each in takers)


def is_to_channels_first(node: Any, axes: int) -> bool:
    """Whether a node moves the last axis behind the batch."""
    orders = [list(each.ints) for each in node.attribute if each.name == "perm"]
    return node.op_type == "Transpose" and orders == [[0, axes - 1, *range(1, axes - 1)]]
