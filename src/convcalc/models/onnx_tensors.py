"""The constants of an ONNX model: shapes at once, numbers on demand, from the model or from a file beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, read_only
from convcalc.errors import FormatError
from convcalc.files.safetensors import from_bfloat16
from convcalc.limits import bytes_text
from convcalc.models.onnx_external import EXTERNAL, ExternalData, external_data
from convcalc.models.onnx_names import quoted


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
    unread: str = ""
    """Why its numbers are not read; empty where they are."""
    element: int = 1
    """The type of its numbers in the model (``TensorProto.DataType``)."""

    def changed(self, change: Callable[[Array], Array], shape: tuple[int, ...]) -> Constant:
        """The constant with its numbers changed when they are read."""
        return replace(self, read=lambda: read_only(change(self.read())), shape=shape)

    def named(self, source: Constant | None) -> Constant:
        """The constant as one that derives from another."""
        return replace(self, stored=source.stored, note=self.note or source.note) if source else self


MOST_AXES, _MOST_CELLS = 8, 1 << 31
"""Of a tensor, and on one axis of an empty one."""
FLOATS = (1, 10, 11, 16)
"""Types of ``TensorProto.DataType`` that weights are learned in."""


def constant_of(tensor: Any, model: str = "") -> Constant:
    """The constant of a ``TensorProto``; its bytes are counted, and converted to numbers when they are read.

    ``model``: the model's path, beside which a file of tensors lies; that file is opened when the numbers are read.

    Raises:
        FormatError: it is damaged, or kept where nothing is read.
    """
    shape, name = tuple(tensor.dims), quoted(tensor.name)
    if len(shape) > MOST_AXES:
        raise FormatError(f"tensor {name} has {len(shape)} axes, at most {MOST_AXES} are read")
    is_beyond = prod(shape) == 0 and max(shape) >= _MOST_CELLS  # NumPy cannot create such an array, though it is empty
    if any(size < 0 for size in shape) or is_beyond or tensor.HasField("segment"):
        raise FormatError(f"tensor {name} has the shape {list(shape)}, or is stored in parts")
    stored = _STORED.get(tensor.data_type)
    if stored is None:
        return unread(shape, tensor.data_type, f"of type {tensor.data_type}, which convcalc does not compute with")
    bits = 8 * np.dtype(stored.raw).itemsize
    note = f"{stored.name} is read as float32" if stored.name.endswith("float16") else ""
    if tensor.data_location == EXTERNAL or tensor.external_data:
        source = external_data(tensor, model, bits)
        return Constant(shape, lambda: _external(source, stored, shape), note, element=tensor.data_type)
    is_raw = tensor.HasField("raw_data")
    _check_bytes(tensor, stored, is_raw)
    return Constant(shape, lambda: _values(tensor, stored, is_raw).reshape(shape), note, element=tensor.data_type)


def unread(shape: tuple[int, ...], element: int, reason: str) -> Constant:
    """A constant whose numbers are not read; ``reason``: what it is, such as "of type 8"."""

    def refuse() -> Array:
        raise FormatError(f"a tensor {reason}")

    return Constant(shape, refuse, unread=reason, element=element)


def _check_bytes(tensor: Any, stored: _Storage, is_raw: bool) -> None:
    shape, size = tuple(tensor.dims), np.dtype(stored.raw).itemsize
    found = len(tensor.raw_data) if is_raw else size * len(getattr(tensor, stored.field))
    if found != prod(shape) * size:
        sizes = " × ".join(map(str, shape)) or "one"
        raise FormatError(
            f"tensor {quoted(tensor.name)} is damaged: {sizes} values of {stored.name} are "
            f"{bytes_text(prod(shape) * size)}, it holds {bytes_text(found)}"
        )


def _external(source: ExternalData, stored: _Storage, shape: tuple[int, ...]) -> Array:
    values: Array = np.frombuffer(source.bytes(), stored.raw)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    return read_only(_numbers(values, stored.name)).reshape(shape)


def plain_constant(values: Any) -> Constant:
    """The constant of an attribute's numbers."""
    is_float = np.array(values).dtype.kind == "f"
    array = np.array(values, np.float32 if is_float else np.int64)
    return Constant(array.shape, lambda: read_only(array), element=1 if is_float else 7)


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
