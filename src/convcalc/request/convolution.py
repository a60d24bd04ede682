"""A convolution from files and flags: its kernel, its input and its settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from convcalc.arrays import Array, is_exact, largest
from convcalc.build import WHOLE_LIMITS, build_problem
from convcalc.context import Context
from convcalc.errors import FieldError, GeometryError, below
from convcalc.files.numbers import array
from convcalc.files.tensor_file import Tensor
from convcalc.geometry.arguments import whole
from convcalc.kernels.kernel import Kernel
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.layer import Shape, Values
from convcalc.problem import Labels, Problem
from convcalc.request.filters import filters
from convcalc.request.request import Request
from convcalc.request.spatial_axes import infer_tensor_dims
from convcalc.request.tensor_field import channels_of, read_input, read_kernels
from convcalc.request.text_values import boundary_of_node, truth, word
from convcalc.wording import counted

_COLOUR_AXES = 3  # channels, rows, columns
_VOLUME = 3  # spatial axes


def convolution_of(request: Request, context: Context) -> Problem:
    """The convolution that a request describes; with ``strict_finite`` none of its numbers may be inf or nan.

    Raises:
        ConvcalcError: a field is not what it must be, or the fields do not fit together.
    """
    problem = _problem(request, context)
    if context.strict_finite:
        _check_finite(problem)
    return problem


def layer_of(request: Request, context: Context, shape: Shape) -> tuple[Convolution, Values, list[Kernel]]:
    """The convolution of a request on an input of which only the shape is known, its numbers and its kernels.

    Raises:
        ConvcalcError: a field is not what it must be, or the fields do not fit together.
    """
    kernels, bias = read_kernels(request, context), _bias(request, context)
    depthwise = _is_depthwise(request)
    groups = _depthwise_groups(request.value("groups", 1), shape[0]) if depthwise else request.value("groups", 1)
    weight, kernels = filters(kernels, len(shape) - 1, shape[0], groups, depthwise=depthwise)
    layer = Convolution.of(
        shape,
        out_channels=len(weight),
        kernel_size=list(weight.shape[2:]),
        stride=request.value("stride", 1),
        padding=request.value("padding", 0),
        dilation=request.value("dilation", 1),
        groups=groups,
        bias=bias is not None,
        boundary=boundary_word(request),
        flip="flip" in request.fields and truth("flip", request.fields["flip"].node),
    )
    values = {"weight": weight, "scale": np.array([kernel.scale for kernel in kernels], dtype=object)}
    return layer, values | ({} if bias is None else {"bias": np.broadcast_to(bias, (len(weight),))}), kernels


def _problem(request: Request, context: Context) -> Problem:
    tensor = read_input(request, context)
    if not tensor.array.ndim:
        raise FieldError("the input is a lone number, not an array", field="input")
    kernels = read_kernels(request, context)
    by_itself = is_apart_by_itself(request, tensor, kernels)
    depthwise = by_itself or _is_depthwise(request)
    groups = request.value("groups", 1)
    if "dims" not in request.fields:
        tensor = _images_of_volume(tensor, kernels)
    requested = request.value("dims", tensor.dims)
    dims = infer_tensor_dims(tensor, kernels, groups, depthwise) if requested is None else whole("dims", requested, 1)
    tensor = tensor.read_as(dims)
    cells = with_channels(tensor.array, dims)
    depthwise = depthwise or (cells.shape[1] > 1 and _is_of_signals(request, tensor, kernels, dims))
    if depthwise:
        groups = _depthwise_groups(groups, cells.shape[1])
    with _of_table(tensor):
        weight, kernels = filters(kernels, dims, cells.shape[1], groups, depthwise=depthwise)
    problem = build_problem(
        cells,
        weight,
        _bias(request, context),
        scale=[kernel.scale for kernel in kernels],
        stride=request.value("stride", 1),
        padding=request.value("padding", 0),
        dilation=request.value("dilation", 1),
        groups=groups,
        boundary=boundary_word(request),
        flip="flip" in request.fields and truth("flip", request.fields["flip"].node),
        dtype=_dtype(request, cells, kernels),
        labels=_labels(request, tensor, kernels, [_apart_note(tensor)] if by_itself else [], dims),
    )
    return _with_rounding_notes(problem, tensor.array, weight)


def _labels(request: Request, tensor: Tensor, kernels: Sequence[Kernel], said: Sequence[str], dims: int) -> Labels:
    """The names of the parts; ``said``: notes on how the kernels are applied."""
    return Labels(
        title=word("title", request.fields["title"].node) if "title" in request.fields else "",
        input=tensor.source,
        kernels=tuple(kernel.name for kernel in kernels),
        notes=(*tensor.notes, *said, *dict.fromkeys(note for kernel in kernels for note in kernel.notes)),
        is_image=tensor.is_image,
        channels=channels_of(request, tensor, dims),
    )


def _dtype(request: Request, cells: Array, kernels: Sequence[Kernel]) -> str:
    """The type to compute in: that of an input in float32 is kept by kernels whose weights a formula made.

    Their digits are as many as are asked for; floats that somebody wrote or saved in float64 are meant so.
    """
    said = str(request.value("dtype", "auto"))
    is_kept = cells.dtype in (np.float32, np.float16) and all(kernel.is_named for kernel in kernels)
    return "float32" if said == "auto" and is_kept else said


@contextmanager
def _of_table(tensor: Tensor) -> Iterator[None]:
    """A context that adds to errors about a kernel that a table or a volume can be read in another way."""
    try:
        yield
    except GeometryError as error:
        if tensor.channels.names and not tensor.is_image and error.hint:
            error.hint += ", or --dims 2 for the table's rows and columns"
        if tensor.dims == _VOLUME and error.hint:
            error.hint += ", or one image of the volume with --frame"
        raise


def _is_of_signals(request: Request, tensor: Tensor, kernels: list[Kernel], dims: int) -> bool:
    """Whether one kernel filters the channels of a sound or a table: each apart, unless something else is said."""
    if dims != 1 or len(kernels) != 1 or {"depthwise", "groups"} & set(request.fields):
        return False
    is_known = bool(tensor.channels.names or tensor.channels.depth)
    return is_known and kernels[0].at_rank(dims).weights.ndim == dims


def _is_depthwise(request: Request) -> bool:
    return "depthwise" in request.fields and truth("depthwise", request.fields["depthwise"].node)


def is_apart_by_itself(request: Request, tensor: Tensor, kernels: Sequence[Kernel]) -> bool:
    """Whether named kernels filter each colour of an image apart though nothing says so, as image programs do.

    Kernels given as numbers keep the definition, which sums over the channels.
    """
    if {"depthwise", "groups"} & set(request.fields) or request.value("dims", tensor.dims) != tensor.dims:
        return False
    has_colours = tensor.is_image and tensor.array.ndim >= _COLOUR_AXES and tensor.array.shape[-_COLOUR_AXES] > 1
    return has_colours and all(kernel.name and kernel.is_spatial for kernel in kernels)


def _apart_note(tensor: Tensor) -> str:
    """How a named kernel is read on an image in colours, and how to have it otherwise."""
    names = tensor.channels.names or tuple(map(str, range(tensor.array.shape[-_COLOUR_AXES])))
    colours = ", ".join(names[:-1]) + f" and {names[-1]}"
    return (
        f"a named kernel filters each colour of an image apart, here {colours}; "
        "--no-depthwise (depthwise: false) sums over them"
    )


def _images_of_volume(tensor: Tensor, kernels: Sequence[Kernel]) -> Tensor:
    """A volume (depth, height, width) as samples of one channel, where its kernels are made for images."""
    is_flat = all(not kernel.builder and kernel.weights.ndim == _VOLUME - 1 for kernel in kernels)
    if tensor.dims != _VOLUME or tensor.array.ndim != _VOLUME or not is_flat:
        return tensor
    images = counted(len(tensor.array), "image")
    note = f"the kernel is of 2 axes: it is applied to each of the {images} of the volume apart (--frame N takes one)"
    return replace(tensor, array=tensor.array[:, np.newaxis], dims=_VOLUME - 1, notes=(*tensor.notes, note))


def _with_rounding_notes(problem: Problem, cells: Array, weight: Array) -> Problem:
    """The problem with a note on each array of whole numbers that its floats cannot represent exactly."""
    if problem.is_exact:
        return problem
    limit = WHOLE_LIMITS[problem.dtype]
    notes = tuple(
        f"{name}: whole numbers beyond {limit:,} are rounded to {problem.dtype}"
        for name, values in (("input", cells), ("kernel", weight))
        if is_exact(values) and largest(values) > limit
    )
    return replace(problem, labels=problem.labels._replace(notes=(*problem.labels.notes, *notes)))


def _check_finite(problem: Problem) -> None:
    numbers = {"input": problem.input, "kernel": problem.weight, "bias": np.array(problem.bias)}
    for name, values in numbers.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            place = ", ".join(map(str, np.argwhere(~np.isfinite(values))[0]))
            raise FieldError(f"{name} is not finite at [{place}]", hint="leave --strict-finite out", field=name)


def with_channels(values: Array, dims: int) -> Array:
    """(batch, in_channels, *spatial) of an array that may lack the first or both."""
    missing = dims + 2 - values.ndim
    if missing not in (0, 1, 2):
        raise GeometryError(
            f"the input has {counted(values.ndim, 'axis', 'axes')}, which does not go with dims {dims}",
            hint=f"with dims {dims} it is [batch,] [channel,] and {dims} spatial",
            field="dims",
        )
    return values.reshape((1,) * missing + values.shape)


def _depthwise_groups(groups: Any, in_channels: int) -> int:
    if groups not in (1, in_channels):
        raise FieldError(
            f"depthwise means one group for each of {in_channels} channels, groups is {groups}",
            hint="leave groups out",
            field="groups",
        )
    return in_channels


def _bias(request: Request, context: Context) -> Array | None:
    if "bias" not in request.fields:
        return None
    with below("bias"):
        return array(request.fields["bias"].node, context.limits)


def boundary_word(request: Request) -> Any:
    """The boundary of a request: a word or a number.

    Raises:
        FieldError: it is neither.
    """
    return boundary_of_node(request.fields["boundary"].node) if "boundary" in request.fields else "zeros"
