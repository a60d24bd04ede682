"""The constants of an ONNX model: shapes at once, numbers on demand, nothing from other files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, read_only
from convcalc.errors import FormatError
from convcalc.files.safetensors import from_bfloat16
from convcalc.files.text import shown
from convcalc.limits import bytes_text

_EXTERNAL = 1  # TensorProto.DataLocation


class _Storage(NamedTuple):
    name: str
    raw: str
    """NumPy's dtype of the bytes of one value."""
    field: str
    """The field of the values if they are no bytes."""


_STORED = {
    1: _Storage("float32", "<f4", "float_data"),
    2: _Storage("uint8", "|u1", "int32_data"),
    3: _Storage("int8", "|i1", "int32_data"),
    4: _Storage("uint16", "<u2", "int32_data"),
    5: _Storage("int16", "<i2", "int32_data"),
    6: _Storage("int32", "<i4", "int32_data"),
    7: _Storage("int64", "<i8", "int64_data"),
    9: _Storage("bool", "|u1", "int32_data"),
    10: _Storage("float16", "<u2", "int32_data"),
    11: _Storage("float64", "<f8", "double_data"),
    12: _Storage("uint32", "<u4", "uint64_data"),
    13: _Storage("uint64", "<u8", "uint64_data"),
    16: _Storage("bfloat16", "<u2", "int32_data"),
}
"""The types of ``TensorProto.DataType`` that are read (onnx.proto)."""


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    """A tensor of a model: its shape, and its numbers if they are needed."""

    shape: tuple[int, ...]
    read: Callable[[], Array]
    """The numbers, read-only."""
    note: str = ""
    """Conversions made when it is read."""
    stored: str = ""
    """The name of the model's tensor that it is, or derives from."""

    def changed(self, change: Callable[[Array], Array], shape: tuple[int, ...]) -> Constant:
        """The constant with its numbers changed when they are read."""
        return replace(self, read=lambda: read_only(change(self.read())), shape=shape)


MOST_AXES, _MOST_CELLS = 8, 1 << 31
"""Of a tensor, and on one axis of an empty one."""


def word(text: str | bytes) -> str:
    """A name of a model; Protocol Buffers return bytes where it is no UTF-8."""
    return text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text


def quoted(text: str | bytes) -> str:
    """A name of a model in quotes, cut when it is long."""
    return shown(word(text))


def constant_of(tensor: Any) -> Constant:
    """The constant of a ``TensorProto``; its bytes are counted, and converted to numbers when they are read.

    Raises:
        FormatError: it is damaged, or of a type that cannot be computed with.
    """
    shape, name = tuple(tensor.dims), quoted(tensor.name)
    stored = _STORED.get(tensor.data_type)
    if stored is None:
        raise FormatError(f"tensor {name} is of type {tensor.data_type}, which convcalc does not compute with")
    if len(shape) > MOST_AXES:
        raise FormatError(f"tensor {name} has {len(shape)} axes, at most {MOST_AXES} are read")
    is_beyond = prod(shape) == 0 and max(shape) >= _MOST_CELLS  # NumPy cannot create such an array, though it is empty
    if any(size < 0 for size in shape) or is_beyond or tensor.HasField("segment"):
        raise FormatError(f"tensor {name} has the shape {list(shape)}, or is stored in parts")
    is_raw = tensor.HasField("raw_data")
    size = np.dtype(stored.raw).itemsize
    found = len(tensor.raw_data) if is_raw else size * len(getattr(tensor, stored.field))
    if found != prod(shape) * size:
        sizes = " × ".join(map(str, shape)) or "one"
        raise FormatError(
            f"tensor {name} is damaged: {sizes} values of {stored.name} are {bytes_text(prod(shape) * size)}, "
            f"it holds {bytes_text(found)}"
        )
    note = f"{stored.name} is read as float32" if stored.name.endswith("float16") else ""
    return Constant(shape, lambda: _values(tensor, stored, is_raw).reshape(shape), note)


def plain_constant(values: Any) -> Constant:
    """The constant of an attribute's numbers."""
    array = np.array(values, np.float32 if np.array(values).dtype.kind == "f" else np.int64)
    return Constant(array.shape, lambda: read_only(array))


def refuse_external(model: Any) -> None:
    """Refuse a model with tensors in other files: no path from a file is ever opened.

    Raises:
        FormatError: it has such tensors; with the names of the tensor and the file.
    """
    for tensor in _tensors_of_nodes([*_graph_tensors(model.graph)], [node for f in model.functions for node in f.node]):
        if tensor.data_location == _EXTERNAL or tensor.external_data:
            where = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
            raise FormatError(
                f"the model keeps tensor {quoted(tensor.name)} in another file, {quoted(where)}, which is not read",
                hint="export it with its data inside: torch.onnx.export(…, external_data=False), "
                "or onnx.save(onnx.load(path), new_path)",
            )


def _graph_tensors(graph: Any) -> Iterator[Any]:
    sparse = [each for pair in graph.sparse_initializer for each in (pair.values, pair.indices)]
    return _tensors_of_nodes([*graph.initializer, *sparse], graph.node)


def _tensors_of_nodes(tensors: list[Any], nodes: Any) -> Iterator[Any]:
    yield from tensors
    for node in nodes:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for pair in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (pair.values, pair.indices)
            for graph in (attribute.g, *attribute.graphs):
                if graph.node or graph.initializer or graph.sparse_initializer:
                    yield from _graph_tensors(graph)


def _values(tensor: Any, stored: _Storage, is_raw: bool) -> Array:
    if is_raw:
        values: Array = np.frombuffer(tensor.raw_data, stored.raw)
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
    else:
        given = np.array(getattr(tensor, stored.field), np.float64 if stored.raw[1] == "f" else None)
        with np.errstate(over="ignore"):
            values = given.astype(np.dtype(stored.raw).newbyteorder("="))
        if stored.raw[1] != "f" and not np.array_equal(values, given):
            raise FormatError(f"tensor {quoted(tensor.name)} holds values beyond {stored.name}")
    return read_only(_numbers(values, stored.name))


def _numbers(values: Array, name: str) -> Array:
    """The stored values as numbers of a type to compute with."""
    if name == "bfloat16":
        return from_bfloat16(values)
    if name == "float16":
        return values.view(np.float16).astype(np.float32)
    return np.not_equal(values, 0).view(np.uint8) if name == "bool" else values
