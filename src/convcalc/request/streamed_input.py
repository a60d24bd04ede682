"""The input of a request read block by block: a stand-in of its shape and type takes its place, and nothing is held."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import NamedTuple

from convcalc.context import Context
from convcalc.errors import FieldError
from convcalc.files.blocks.opened import open_blocks
from convcalc.files.blocks.source import BlockSource, HeldSource, stand_in
from convcalc.files.selection import Selection
from convcalc.files.tensor_file import Tensor
from convcalc.request.request import Field, Origin, Request
from convcalc.request.tensor_field import blocks_of, read_input

_LARGE = 64 << 20
"""Bytes of an input with its output, in the widest numbers, from which it is not held."""
_CHANGING = ("resize", "normalise", "luminance", "linear_light", "rate", "expect", "like")
"""Fields with which the input is read in another way, or the whole output is looked at."""
_NETWORKS = ("layers", "magnitude")
"""Fields of what is more than one convolution."""


class StreamInput(NamedTuple):
    """A request whose input is not read, and where it is read from, block by block."""

    request: Request
    context: Context
    source: BlockSource


def opened_as_blocks(file: str, context: Context, selection: Selection) -> tuple[Request, BlockSource] | None:
    """A file that is just an array, as a request of its own; None where it is no array that blocks are read from.

    Raises:
        ConvcalcError: the file cannot be opened, or is damaged.
    """
    source = open_blocks(file, context.limits, selection=selection)
    if source is None:
        return None
    return Request(source.name, {"input": Field(_stand_in(source), Origin(source.name))}), source


def streamed_input(
    request: Request, context: Context, source: BlockSource | None = None, *, is_asked: bool
) -> StreamInput | None:
    """The input of a request that is read block by block; None where it is held: ``is_asked`` says that it is not.

    ``source``: where it is read from; None: what the request says.

    Raises:
        ConvcalcError: the input cannot be opened or is damaged, or a field goes with no input that is read in blocks.
    """
    field = request.fields.get("input")
    if source is None and field is not None:
        source = blocks_of(field, context, request.selection)
    changing = [name for name in _CHANGING if name in request.fields]
    if is_asked and changing:
        raise FieldError(f"{changing[0]} needs the whole output, which is computed tile by tile", hint="leave it out")
    if is_asked and source is None:
        return _held(request, context)
    is_one = not changing and not any(name in request.fields for name in _NETWORKS)
    if source is None or not (is_asked or (is_one and _is_large(source))):
        return None
    return StreamInput(_with(request, _stand_in(source)), context, source)


def _held(request: Request, context: Context) -> StreamInput:
    """An input that was read, from which tiles are cut."""
    with request.placing():
        tensor = read_input(request, context)
    if tensor.array.dtype == object or tensor.table is not None:
        raise FieldError(
            "an output of exact fractions or of a table is not computed tile by tile",
            hint="save the input's numbers as .npy first",
            field="input",
        )
    return StreamInput(_with(request, tensor), context, HeldSource(tensor.array, tensor.source, tensor.dims))


def _stand_in(source: BlockSource) -> Tensor:
    return Tensor(stand_in(source), source.dims, source.notes, source.name, is_image=source.is_image)


def _with(request: Request, tensor: Tensor) -> Request:
    field = request.fields["input"]._replace(node=tensor)
    return replace(request, fields={**request.fields, "input": field})


def _is_large(source: BlockSource) -> bool:
    return prod(source.shape) * (source.dtype.itemsize + 8) > _LARGE
