"""Resolves a request into a network, after which there are only arrays, shapes and enums."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from convcalc.context import STANDARD, Context
from convcalc.errors import FieldError, UnknownNameError, below
from convcalc.files.number_notes import NumberNotes
from convcalc.geometry.arguments import whole
from convcalc.geometry.boundary import INTERP
from convcalc.layers.network import INPUT, InputTensor, Network, name_of, network_of
from convcalc.layers.stage import Stage
from convcalc.request.network_input import (
    Given,
    declared_rank,
    declared_shape,
    input_field,
    place_of_input,
    read_input_or_shape,
)
from convcalc.request.picture_input import Wanted
from convcalc.request.request import Field, Request, with_table
from convcalc.request.text_values import truth, word
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.files.file_kind import OpenedFile
    from convcalc.files.yaml_reader import Node
    from convcalc.models.onnx_input import ModelInput

DTYPES = ("auto", "exact", "float32", "float64")
"""The words of :class:`convcalc.problem.DType`, whose module would load numpy."""
_ON_FEATURES = ("linear", "bias")
_EXAMPLE = "input: {shape: [3, 224, 224]}, or its numbers"


def resolve(request: Request, context: Context = STANDARD, *, input_text: str | None = None) -> Network:
    """The network that a request describes: one convolution, layers, or a model.

    ``input_text`` replaces the file's input: a shape such as ``3x224x224``, (channels, *spatial) of one sample, or any
    value of a field ``input``, mainly a path. Weights of layers are read when a layer runs. With
    ``context.strict_finite`` no number may be inf or nan; weights are checked when they are read.

    Raises:
        ConvcalcError: the file is not well formed, or shapes are incompatible; the error has the place.
    """
    rank = declared_rank(request)
    if input_text is not None:
        request = replace(request, fields={**request.fields, "input": _given_input(input_text, request)})
    with request.placing():
        if request.model is not None:
            found = _of_model(request, request.model, context)
        elif "layers" in request.fields:
            found = _of_layers(request, context, rank)
        else:
            found = _of_convolution(request, context)
        return replace(found, source=request.source, input_place=lambda: place_of_input(request))


def _given_input(text: str, request: Request) -> Field:
    field = input_field(text)
    return with_table(field, request.table) if isinstance(field.node, dict) and "file" in field.node else field


def _of_convolution(request: Request, context: Context) -> Network:
    for name in ("resize", "normalise"):
        if name in request.fields:
            raise FieldError(f"{name} is of the input of a network or a model", hint="leave it out", field=name)
    if request.value("boundary", "") == INTERP:
        return _with_magnitude(_of_fitted_ends(request, context), request)
    return _with_magnitude(_of_kernels(request, context), request)


def _of_kernels(request: Request, context: Context) -> Network:
    if "like" in request.fields:
        if _norm(request) is not None:
            raise FieldError("magnitude does not go with like", hint="leave one of them out", field="magnitude")
        from convcalc.request.like import liked_network

        return liked_network(request, context)
    from convcalc.request.convolution import convolution_of, layer_of

    shape = declared_shape(request, context)
    if shape is None:
        return network_of(convolution_of(request, context))
    layer, values, kernels = layer_of(request, context, shape)
    stage = Stage(name_of(kernel.name for kernel in kernels), layer, (INPUT,), lambda: values)
    return Network(shape, (stage,), dtype=_dtype(request))


def _of_fitted_ends(request: Request, context: Context) -> Network:
    from convcalc.request.fitted_ends import between_the_ends, with_fitted_ends
    from convcalc.request.tensor_field import read_kernels

    kernels = read_kernels(request, context)
    with between_the_ends(request, kernels) as middle:
        return with_fitted_ends(_of_kernels(middle, context), kernels)


def _with_magnitude(network: Network, request: Request) -> Network:
    """The convolution with the magnitude of its kernels' outputs behind it, where that is asked for."""
    norm = _norm(request)
    if norm is None:
        return network
    first, *others = network.stages
    from convcalc.layers.kinds.magnitude import Magnitude

    groups = network.input_shape[0] if first.layer.settings.get("groups", 1) > 1 else 1
    last = len(others)
    layer = Magnitude.of(network.shape_of(last), norm=norm, groups=groups)
    convolution = replace(first, problem=None, name=first.name if first.name != layer.kind else "conv")
    notes = network.notes if others else ()
    return replace(network, notes=notes, stages=(convolution, *others, Stage(layer.kind, layer, (last,), dict)))


def _norm(request: Request) -> str | None:
    """The norm of the magnitude that is asked for; None: none is.

    Raises:
        FieldError: the field is neither true nor false nor a norm.
    """
    if "magnitude" not in request.fields:
        return None
    from convcalc.layers.kinds.magnitude import L2, NORMS

    node = request.fields["magnitude"].node
    if isinstance(node, str) and node.lower() in NORMS:
        return node.lower()
    try:
        return L2 if truth("magnitude", node) else None
    except FieldError as error:
        error.hint = f"true, false, {' or '.join(NORMS)}"
        raise


def _of_layers(request: Request, context: Context, rank: int | None) -> Network:
    from convcalc.request.layer_list import read_entries
    from convcalc.request.layer_reader import LayerReader
    from convcalc.request.weights import WeightReader

    node, origin = request.fields["layers"]
    entries = read_entries(cast("Node", node), context)
    dtype = _dtype(request)
    given = read_input_or_shape(request, context, rank, takes_features=entries[0].kind in _ON_FEATURES)
    if given is None:
        raise FieldError("a network needs the shape of its input", hint=_EXAMPLE, field="layers")
    tensors = WeightReader(origin, context, NumberNotes(context.strict_finite))
    with below("weights"):
        weights = tensors.default(cast("Node", request.fields["weights"].node)) if "weights" in request.fields else None
    title = word("title", request.fields["title"].node) if "title" in request.fields else ""
    reader = LayerReader(given.shape, entries, tensors, weights, request.layer, request.changes)
    found = reader.network(title)
    return _with_numbers(found, dtype, given, tensors.number_notes)


def _of_model(request: Request, model: OpenedFile, context: Context) -> Network:
    from convcalc.models.onnx_reader import open_onnx

    opened = open_onnx(model, context.limits)
    said = request.value("dims", None)
    if said is not None and opened.input.rank not in (None, whole("dims", said, 0)):
        raise FieldError(
            f"dims is {said}, the input of the model is {opened.input.called}: it has "
            f"{counted(opened.input.rank or 0, 'spatial axis', 'spatial axes')}",
            hint="leave --dims out",
            field="dims",
        )
    number_notes = NumberNotes(context.strict_finite)
    wanted = Wanted(opened.input.known[0] if opened.input.known else None, opened.input.size)
    given = _channels_first(read_input_or_shape(request, context, opened.input.rank, wanted=wanted), opened.input)
    change = None
    if request.changes:
        from convcalc.request.model_change import change_of

        change = change_of(request, context, number_notes)
    found = opened.network(context.limits, given and given.shape, number_notes, change)
    return _with_numbers(found, _dtype(request), given, number_notes)


def _channels_first(given: Given | None, stated: ModelInput) -> Given | None:
    """The input of a model whose channels come last, channels first; a picture is so already."""
    if given is None or given.tensor is None or given.tensor.is_image or not stated.is_own_order(given.shape):
        return given
    from numpy import moveaxis

    cells = moveaxis(given.tensor.array, -1, 1)
    return Given(cells.shape[1:], replace(given.tensor, array=cells))


def _with_numbers(network: Network, dtype: str, given: Given | None, number_notes: NumberNotes) -> Network:
    """The network with its input."""
    network = replace(network, dtype=dtype, number_notes=number_notes.notes)
    if given is None or given.tensor is None:
        return network
    found = given.tensor
    if number_notes.strict_finite:
        from convcalc.files.numbers import array_notes

        for note in array_notes(found.array):
            raise FieldError(f"input: {note}", hint="leave --strict-finite out", field="input")
    return replace(network, tensor=InputTensor(found.array, found.source, found.notes, found.is_image, found.channels))


def _dtype(request: Request) -> str:
    dtype = str(request.value("dtype", "auto"))
    if dtype not in DTYPES:
        raise UnknownNameError("dtype", dtype, DTYPES, hint=f"one of: {', '.join(DTYPES)}", field="dtype")
    return dtype
