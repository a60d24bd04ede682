"""From a file with layers to a network: its stack, and the numbers that go in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from convcalc.errors import ConvcalcError, DataError, FieldError, GeometryError, Place, UnknownNameError, below
from convcalc.formats.findings import Findings
from convcalc.formats.layer_list import Entry, read_entries
from convcalc.formats.layer_values import WeightContext
from convcalc.formats.request import Field, Origin, Request
from convcalc.formats.source import Source
from convcalc.formats.stack_file import StackReader
from convcalc.formats.tensor_file import Tensor
from convcalc.formats.weights import WeightReader
from convcalc.formats.words import flag_node, plain_value, word
from convcalc.geometry.arguments import whole
from convcalc.layers.layer import Shape
from convcalc.layers.stack import Stack
from convcalc.limits import Limits
from convcalc.wording import counted, shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.formats.library import Library
    from convcalc.formats.yaml_reader import Node

DTYPES = ("auto", "exact", "float32", "float64")
"""The words of :class:`convcalc.problem.DType`, whose module would load numpy."""
_SHAPE = re.compile(r"[0-9]{1,19}(x[0-9]{1,19})*")
_ON_FEATURES = ("linear", "bias")
_SPATIAL = {1: 1, 2: 2, 3: 2, 4: 2, 5: 3}
"""Spatial axes of an input of so many axes, where nothing says how many there are."""
_INPUT_HINT = "--input takes a path, or a shape such as 3x224x224"
_EXAMPLE = "input: {shape: [3, 224, 224]}, or its numbers"


class Network(NamedTuple):
    """A stack of layers and what goes in."""

    stack: Stack
    dtype: str
    """auto, exact, float32 or float64."""
    source: str
    """The file, as it is called in messages."""
    read_input: Callable[[], Tensor] | None
    """The numbers, (batch, *input_shape); None where only their shape is known."""
    input_name: str
    """What the input is called; empty where only its shape is known."""
    notes: list[str]
    """What is worth a warning of the weights that were read so far: it grows while layers run."""
    input_place: Callable[[], Place | None] = lambda: None
    """Finds where the file tells of the input, which only an error needs."""

    def input(self) -> Array:
        """The numbers that go in, (batch, *input_shape).

        Raises:
            FieldError: only their shape is known.
        """
        if self.read_input is None:
            raise FieldError(
                f"there are no numbers to put in, only their shape {shape_text(self.stack.input_shape)}",
                hint="name a file with --input, or write input: [[1, 2], [3, 4]]",
                place=self.input_place(),
            )
        return self.read_input().array


class _Input(NamedTuple):
    shape: Shape
    tensor: Tensor | None = None


def read_network(
    request: Request,
    library: Library | None,
    limits: Limits,
    *,
    input_text: str | None = None,
    strict_finite: bool = False,
) -> Network:
    """The network that a file describes: of a file with ``layers``, or of an ONNX model.

    ``input_text`` replaces the file's input: a shape such as ``3x224x224``, (channels, *spatial) of one sample, or what
    a field ``input`` may say, a path first of all. Weights are read when a layer runs; with ``strict_finite`` none of
    them may be inf or nan then, nor any number of the input.

    Raises:
        ConvcalcError: the file is not well formed, or shapes do not meet; the error has the place.
    """
    if input_text is not None:
        request = replace(request, fields={**request.fields, "input": _flag_field(input_text)})
    with request.placing():
        read = _of_layers if request.model is None else _of_model
        return read(request, library, limits, strict_finite)._replace(input_place=lambda: _place_of_input(request))


def _of_layers(request: Request, library: Library | None, limits: Limits, strict_finite: bool) -> Network:
    node, origin = request.fields["layers"]
    entries = read_entries(cast("Node", node), limits)
    dtype = _dtype(request)
    given = _read_input(request, limits, entries)
    if given is None:
        raise FieldError("a network needs the shape of its input", hint=_EXAMPLE, field="layers")
    tensors = WeightReader(origin, lambda: library or _standard(limits), limits)
    context = WeightContext(origin, tensors, Findings(strict_finite))
    with below("weights"):
        weights = tensors.default(cast("Node", request.fields["weights"].node)) if "weights" in request.fields else None
    title = word("title", request.fields["title"].node) if "title" in request.fields else ""
    stack = StackReader(given.shape, entries, context, weights).stack(title)
    return _network(stack, dtype, request.source, given, context.findings)


def _of_model(request: Request, library: Library | None, limits: Limits, strict_finite: bool) -> Network:  # noqa: ARG001
    from convcalc.formats.onnx_reader import read_onnx

    given = _read_input(request, limits, [])
    findings = Findings(strict_finite)
    stack = read_onnx(cast(Source, request.model), limits, given and given.shape, findings)
    if given and given.shape != stack.input_shape:
        raise GeometryError(
            f"the input has shape {shape_text(given.shape)}, the model takes {shape_text(stack.input_shape)}",
            field="input",
        )
    return _network(stack, _dtype(request), request.source, given or _Input(stack.input_shape), findings)


def _network(stack: Stack, dtype: str, source: str, given: _Input, findings: Findings) -> Network:
    tensor = given.tensor
    if tensor is None:
        return Network(stack, dtype, source, None, "", findings.notes)
    if findings.strict_finite:
        from convcalc.formats.numbers import array_notes

        for note in array_notes(tensor.array):
            raise FieldError(f"input: {note}", hint="leave --strict-finite out", field="input")
    return Network(stack, dtype, source, lambda: tensor, tensor.source, findings.notes)


def _read_input(request: Request, limits: Limits, entries: list[Entry]) -> _Input | None:
    """The input's numbers or its shape; None where nothing is said."""
    if "input" not in request.fields:
        return None
    node, origin = request.fields["input"]
    if isinstance(node, dict) and "shape" in node:
        return _Input(_shape_of(node, request, limits))
    from convcalc.formats.resolve import with_channels
    from convcalc.formats.sources import tensor_of

    try:
        found = tensor_of(node, origin, limits, "input")
    except DataError as error:
        if origin.is_flag and type(error) is DataError:  # there is no such file: it may not have been meant as one
            error.hint = _INPUT_HINT
        raise
    if not found.array.size:
        raise FieldError("the input has no cells", field="input")
    dims = _dims(request, found, entries)
    cells = with_channels(found.array, dims)
    return _Input(cells.shape[1:], replace(found, array=cells, dims=dims))


def _shape_of(node: dict[str, Any], request: Request, limits: Limits) -> Shape:
    for key in node:
        if key != "shape":
            raise UnknownNameError(
                "key beside 'shape'", key, ["shape"], hint=f"leave {key} out", field=("input", key), at_key=True
            )
    sizes = plain_value(node["shape"])
    path = ("input", "shape")
    if not isinstance(sizes, list):
        sizes = [sizes]
    if not 1 <= len(sizes) <= limits.axes:
        raise FieldError(f"shape takes 1 to {limits.axes} sizes, got {len(sizes)}", field=path)
    shape = tuple(whole("a size of shape", each, 1, path=(*path, place)) for place, each in enumerate(sizes))
    dims = request.value("dims", None)
    if dims is not None and whole("dims", dims, 0) != len(shape) - 1:
        raise FieldError(
            f"shape {shape_text(shape)} has {counted(len(shape) - 1, 'spatial axis', 'spatial axes')}, dims is {dims}",
            hint="shape is [channels, spatial …] of one sample",
            field="dims",
        )
    return shape


def _dims(request: Request, found: Tensor, entries: list[Entry]) -> int:
    """Spatial axes of numbers: as said, as the file tells, or as is usual."""
    said = request.value("dims", None)
    if said is not None:
        return whole("dims", said, 0)
    if found.dims is not None:
        return found.dims
    if entries and entries[0].kind in _ON_FEATURES and found.array.ndim <= 2:
        return 0
    if found.array.ndim not in _SPATIAL:
        raise FieldError(
            f"the input has {counted(found.array.ndim, 'axis', 'axes')}, of which it is not said how many are spatial",
            hint=f"dims: {found.array.ndim - 2}, and a batch and channels before them",
            field="input",
        )
    return _SPATIAL[found.array.ndim]


def _place_of_input(request: Request) -> Place:
    if "input" not in request.fields:
        return Place(request.source)
    return request.fields["input"].origin.place(("input",))


def _dtype(request: Request) -> str:
    dtype = str(request.value("dtype", "auto"))
    if dtype not in DTYPES:
        raise UnknownNameError("dtype", dtype, DTYPES, hint=f"one of: {', '.join(DTYPES)}", field="dtype")
    return dtype


def _flag_field(text: str) -> Field:
    """What ``--input`` says: a shape, numbers in brackets, or a path."""
    origin = Origin("--input", is_flag=True)
    if _SHAPE.fullmatch(text):
        return Field({"shape": list(text.split("x"))}, origin)
    if text.lstrip()[:1] not in ("[", "{"):
        return Field({"file": text}, origin)
    try:
        return Field(flag_node("input", text), origin)
    except ConvcalcError as error:
        error.place = origin.place(())
        raise


def _standard(limits: Limits) -> Library:
    from convcalc.formats.library import Library

    return Library.standard(limits=limits)
