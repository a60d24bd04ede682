"""The number of spatial axes, inferred from the shapes of input and kernel where it is not given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.arrays import Array
from convcalc.errors import FieldError, GeometryError
from convcalc.files.tensor_file import Tensor
from convcalc.kernels.kernel import Kernel
from convcalc.wording import shape_text

_IMAGE_DIMS = 2


def infer_tensor_dims(tensor: Tensor, kernels: list[Kernel], groups: Any, depthwise: bool) -> int:
    """As :func:`infer_dims`; named columns of a table are channels wherever the kernels allow it.

    Raises:
        FieldError: the shapes allow several.
        GeometryError: they allow none.
    """
    if tensor.table is None or not tensor.table.names:
        return infer_dims(tensor.array, kernels, groups, depthwise)
    span = groups if isinstance(groups, int) and groups > 0 else 1
    for strict in (True, False):
        if 1 in _readings(tensor.array.shape[::-1], kernels, span, depthwise, strict=strict):
            return 1
        if _IMAGE_DIMS in _readings(tensor.array.shape, kernels, span, depthwise, strict=strict):
            return _IMAGE_DIMS
    return 1


def infer_dims(values: Array, kernels: list[Kernel], groups: Any, depthwise: bool) -> int:
    """The number of spatial axes, if the shapes of the input and the kernels allow only one.

    Raises:
        FieldError: they allow several; the hint shows them.
        GeometryError: they allow none.
    """
    span = groups if isinstance(groups, int) and groups > 0 else 1
    strict = list(_readings(values.shape, kernels, span, depthwise, strict=True))
    possible = strict or list(_readings(values.shape, kernels, span, depthwise, strict=False))
    if len(possible) == 1:
        return possible[0]
    kernel_shapes = " and ".join(shape_text(kernel.weights.shape) for kernel in kernels)
    shapes = f"an input of {shape_text(values.shape)} and a kernel of {kernel_shapes}"
    if not possible:
        raise GeometryError(
            f"{shapes} do not fit together",
            hint="the input is [batch,] [channel,] spatial, the kernel [out,] [channel,] spatial",
            field="kernel",
        )
    if all(kernel.rank is None for kernel in kernels) and 2 in possible:
        return 2  # a parametric kernel takes any rank; its own weights are written in two
    raise FieldError(
        f"{shapes} can be read in {len(possible)} ways",
        hint="; ".join(f"dims: {dims} ({_split_text(values.shape, kernels[0], dims)})" for dims in possible),
        field="input",
    )


def _readings(
    shape: tuple[int, ...], kernels: list[Kernel], groups: int, depthwise: bool, *, strict: bool
) -> Iterator[int]:
    for dims in range(1, len(shape) + 1):
        if len(shape) - dims > 2:
            continue
        channels = shape[-dims - 1] if len(shape) > dims else 1
        span = channels if depthwise else channels // groups
        if all(_fits(kernel, dims, span, depthwise, strict) for kernel in kernels):
            yield dims


def _fits(kernel: Kernel, dims: int, span: int, depthwise: bool, strict: bool) -> bool:
    """Whether the kernel has the axes for ``dims`` spatial ones, and planes for the channels that it spans."""
    if kernel.builder:
        return kernel.rank in (None, dims)
    if kernel.is_spatial:
        return kernel.rank == dims
    shape = kernel.weights.shape
    match len(shape) - dims:
        case 0:
            return True
        case 1:
            # several planes may be meant as a list of kernels; those of 2-D kernels are common enough to ask, any
            # others (every matrix is a list of 1-D kernels) count only where nothing else fits
            return shape[0] == span or not strict or (dims == _IMAGE_DIMS and not depthwise)
        case 2:
            return bool(shape[1] == (1 if depthwise else span))
    return False


def _split_text(shape: tuple[int, ...], kernel: Kernel, dims: int) -> str:
    parts = []
    for name, sizes in (("input", shape), ("kernel", kernel.weights.shape)):
        extra = len(sizes) - dims
        words = (
            ("", "channels ", "batch, channels ")[extra]
            if name == "input"
            else ("", "channels ", "out, channels ")[extra]
        )
        leading = f"{words}{shape_text(sizes[:extra])}, cells " if extra > 0 else "cells "
        parts.append(f"{name}: {leading}{shape_text(sizes[max(extra, 0) :])}")
    return ", ".join(parts)
