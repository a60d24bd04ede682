"""The input of a network of layers: numbers, or their shape alone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

from convcalc.context import Context
from convcalc.errors import ConvcalcError, DataError, FieldError, Place, UnknownNameError
from convcalc.files.pasted import flag_numbers
from convcalc.files.tensor_file import Tensor
from convcalc.geometry.arguments import whole
from convcalc.layers.layer import Shape
from convcalc.limits import Limits
from convcalc.request.light import as_light
from convcalc.request.picture_input import Wanted, prepared
from convcalc.request.request import Field, Origin, Request
from convcalc.request.text_values import flag_node, plain_value
from convcalc.wording import counted, shape_text

_SHAPE = re.compile(r"[0-9]{1,19}(x[0-9]{1,19})*")
_SPATIAL = {1: 1, 2: 2, 3: 2, 4: 2, 5: 3}
"""Spatial axes of an input of so many axes, where nothing says how many there are."""
_INPUT_HINT = "--input takes a path, or a shape such as 3x224x224"


class Given(NamedTuple):
    """The input, as far as it is known."""

    shape: Shape
    tensor: Tensor | None = None


def read_input_or_shape(
    request: Request,
    context: Context,
    rank: int | None,
    *,
    takes_features: bool = False,
    wanted: Wanted = Wanted(),  # noqa: B008 - a named tuple
) -> Given | None:
    """The input's numbers or its shape; None where neither is given.

    ``rank``: the number of spatial axes of the network, where it is fixed. ``wanted``: what else of it is fixed.
    """
    if "input" not in request.fields:
        return None
    node, origin = request.fields["input"]
    shape = declared_shape(request, context)
    if shape is not None:
        return Given(shape)
    from convcalc.request.convolution import with_channels
    from convcalc.request.tensor_field import channels_of, tensor_of

    try:
        found = tensor_of(node, origin, context, "input", request.selection)
    except DataError as error:
        if origin.is_flag and type(error) is DataError:  # there is no such file: the text may not be meant as one
            error.hint = _INPUT_HINT
        raise
    found = as_light(request, found)
    if not found.array.size:
        raise FieldError("the input has no cells", field="input")
    found = prepared(found, request, wanted, context.limits)
    dims = _dims(request, found, rank, takes_features)
    found = found.read_as(dims)
    cells = with_channels(found.array, dims)
    return Given(cells.shape[1:], replace(found, array=cells, dims=dims, channels=channels_of(request, found, dims)))


def declared_shape(request: Request, context: Context) -> Shape | None:
    """The shape of the input where only that is given.

    Raises:
        FieldError: it is no shape.
    """
    node = request.fields["input"].node if "input" in request.fields else None
    if not isinstance(node, dict) or "shape" not in node or {"file", "dtype"} <= set(node):  # raw numbers have both
        return None
    return _shape_of(node, request, context)


def _shape_of(node: dict[str, Any], request: Request, context: Context) -> Shape:
    for key in node:
        if key != "shape":
            raise UnknownNameError(
                "key beside 'shape'", key, ["shape"], hint=f"leave {key} out", field=("input", key), at_key=True
            )
    sizes = plain_value(node["shape"])
    path, most = ("input", "shape"), context.limits.axes
    if not isinstance(sizes, list):
        sizes = [sizes]
    if not 1 <= len(sizes) <= most:
        raise FieldError(f"shape takes 1 to {most} sizes, got {len(sizes)}", field=path)
    shape = tuple(whole("a size of shape", each, 1, path=(*path, place)) for place, each in enumerate(sizes))
    dims = request.value("dims", None)
    if dims is not None and whole("dims", dims, 0) != len(shape) - 1:
        raise FieldError(
            f"shape {shape_text(shape)} has {counted(len(shape) - 1, 'spatial axis', 'spatial axes')}, dims is {dims}",
            hint="shape is [channels, spatial …] of one sample",
            field="dims",
        )
    return shape


def declared_rank(request: Request) -> int | None:
    """The spatial axes of the input's shape in the file, which other numbers must have too."""
    node = request.fields["input"].node if "input" in request.fields else None
    if not isinstance(node, dict) or "shape" not in node or {"file", "dtype"} <= set(node):  # raw numbers have both
        return None
    sizes = plain_value(node["shape"])
    return len(sizes) - 1 if isinstance(sizes, list) else 0


def _dims(request: Request, found: Tensor, rank: int | None, takes_features: bool) -> int:
    """Spatial axes of numbers: as said, those of a picture, those of the network, as the file tells, or as is usual."""
    said, axes = request.value("dims", None), found.array.ndim
    if said is not None:
        return whole("dims", said, 0)
    known = [found.dims, rank] if found.is_image else [rank, found.dims]
    usual = 0 if takes_features and axes <= 2 else _SPATIAL.get(axes)
    if found.table is not None and found.table.names and not takes_features:
        usual = 1
    dims = next((each for each in (*known, usual) if each is not None), None)
    if dims is None:
        raise FieldError(
            f"the input has {counted(axes, 'axis', 'axes')}, of which it is not said how many are spatial",
            hint=f"dims: {axes - 2}, and a batch and channels before them" if axes > 1 else "a list of numbers",
            field="input",
        )
    return dims


def place_of_input(request: Request) -> Place:
    """Where the input was written, or the file."""
    if "input" not in request.fields:
        return Place(request.source)
    return request.fields["input"].origin.place(("input",))


def input_field(text: str) -> Field:
    """The value of ``--input``: a shape, numbers in brackets, or a path."""
    origin = Origin("--input", is_flag=True)
    if _SHAPE.fullmatch(text):
        return Field({"shape": list(text.split("x"))}, origin)
    try:
        if (numbers := flag_numbers(text, "--input", Limits())) is not None:
            return Field(numbers, origin)
        if text.lstrip()[:1] not in ("[", "{"):
            return Field({"file": text}, origin)
        return Field(flag_node("input", text), origin)
    except ConvcalcError as error:
        error.place = origin.place(())
        raise
