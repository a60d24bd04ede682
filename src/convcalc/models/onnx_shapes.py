"""The shapes of a node's outputs by ONNX's own inference, one node at a time; nothing of a model is run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from convcalc.models.onnx_node import FIRST, LAST, Flow
from convcalc.models.onnx_tensors import Constant

_MOST_DATA = 256  # entries of a constant on which a shape may depend
_LARGEST = 1 << 62  # cells on one axis


class TensorType(NamedTuple):
    """The type of a tensor in a model."""

    element: int
    """``TensorProto.DataType``; 0 where it is unknown."""
    shape: tuple[int, ...] | None
    """With its batch; None where it is unknown."""


UNKNOWN = TensorType(0, None)


def inferred(
    proto: Any, opsets: Mapping[str, int], types: Mapping[str, TensorType], constants: Mapping[str, Constant]
) -> dict[str, TensorType]:
    """The types of a node's outputs, as far as ONNX's inference tells them.

    ``opsets``: versions of the operators by domain. ``types``: of the node's inputs and of what its subgraphs read.
    """
    import onnx
    from onnx import defs, numpy_helper, shape_inference

    try:
        schema = defs.get_schema(proto.op_type, opsets.get(proto.domain, 1), proto.domain)
        data = {
            name: numpy_helper.from_array(constants[name].read(), name)
            for name in proto.input
            if name in constants and _decides(constants[name])
        }
        found = shape_inference.infer_node_outputs(
            schema,
            proto,
            {name: _type_proto(onnx, each) for name, each in types.items()},
            data,
            opset_imports=[onnx.helper.make_opsetid(domain, version) for domain, version in opsets.items()],
        )
    except Exception:  # of the C++ code behind it, of no common class: then nothing is known
        return {}
    return {name: type_of(each) for name, each in found.items()}


def _decides(constant: Constant) -> bool:
    """Whether a shape may depend on a constant's numbers: it is small and has some."""
    cells = 1
    for size in constant.shape:
        cells *= size
    return not constant.unread and cells <= _MOST_DATA and constant.element in (1, 6, 7)


def _type_proto(onnx: Any, tensor: TensorType) -> Any:
    if not tensor.element:
        return onnx.TypeProto()
    return onnx.helper.make_tensor_type_proto(tensor.element, tensor.shape)


def type_of(proto: Any, sizes: Mapping[str, int] | None = None) -> TensorType:
    """The type in a ``TypeProto``; ``sizes``: known sizes of axes that have names."""
    if proto.WhichOneof("value") != "tensor_type":
        return UNKNOWN
    tensor = proto.tensor_type
    if not tensor.HasField("shape"):
        return TensorType(tensor.elem_type, None)
    return TensorType(tensor.elem_type, _sizes(tensor.shape.dim, sizes or {}))


def _sizes(axes: Sequence[Any], sizes: Mapping[str, int]) -> tuple[int, ...] | None:
    found = []
    for axis in axes:
        size = axis.dim_value if axis.HasField("dim_value") else sizes.get(axis.dim_param)
        if size is None or not 0 <= size < _LARGEST:
            return None
        found.append(size)
    return tuple(found)


class Types(NamedTuple):
    """What is known of the types of a model's tensors."""

    opsets: Mapping[str, int]
    """The versions of the operators by domain."""
    batch: int
    """Samples that the model is made for; 1 where that is open."""
    stated: Mapping[str, TensorType]
    """As the model states them."""

    def of(self, proto: Any, names: Iterable[str], found: Mapping[str, Flow | Constant]) -> dict[str, TensorType]:
        """The types of a node's outputs, by ONNX's inference, else as the model states them.

        ``names``: what it reads. ``found``: the tensors that the nodes before it make.
        """
        types, constants = {}, {}
        for name in names:
            each = found[name]
            if isinstance(each, Constant):
                types[name], constants[name] = TensorType(each.element, each.shape), each
            else:
                shape = each.model_shape(self.batch) if each.is_known else None
                types[name] = TensorType(each.element, shape)
        made = inferred(proto, self.opsets, types, constants)
        return {
            name: made[name] if name in made and made[name].shape is not None else self.stated.get(name, UNKNOWN)
            for name in proto.output
        }

    def flow(self, made: TensorType, inputs: Sequence[Flow], number: int) -> Flow:
        """An output of an opaque layer; its layout is that of an input of as many axes."""
        element = made.element or next((each.element for each in inputs), 1)
        if made.shape is None:
            return Flow(number, (), element=element, is_known=False)
        has_batch = made.shape[:1] == (self.batch,)
        sample = made.shape[1:] if has_batch else made.shape
        is_last = len(sample) > 1 and any(
            each.layout.is_last and len(each.shape) == len(sample) for each in inputs if each.has_batch == has_batch
        )
        shape = (sample[-1], *sample[:-1]) if is_last else sample
        return Flow(number, shape, LAST if is_last else FIRST, has_batch, element)
