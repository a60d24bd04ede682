"""From kernels to the weight of a convolution: which of their axes are channels, and one filter for each output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import GeometryError
from convcalc.geometry.arguments import channels_per_group
from convcalc.kernels.kernel import Kernel
from convcalc.wording import counted, shape_text


def filters(
    kernels: Sequence[Kernel], dims: int, in_channels: int, groups: Any = 1, *, depthwise: bool = False
) -> tuple[Array, list[Kernel]]:
    """The weight, (out_channels, in_channels / groups, *kernel_size), not scaled, and each output channel's kernel.

    ``depthwise``: the kernels are applied to each channel separately, and ``groups`` is the number of channels.

    Raises:
        FieldError: ``groups`` is no whole number of at least 1.
        GeometryError: the kernels have other axes or channels, or several sizes, or groups do not divide the channels.
    """
    span = channels_per_group("in_channels", in_channels, groups)
    planes = _planes([kernel.at_rank(dims) for kernel in kernels], dims, span, depthwise)
    return _weight(planes, dims, in_channels, span, depthwise)


def _planes(kernels: list[Kernel], dims: int, span: int, depthwise: bool) -> list[Kernel]:
    """The kernels with a list of spatial kernels split: one kernel for each output channel.

    Numbers with one axis more than the spatial ones are one filter if they have a plane for each channel that it
    spans, and otherwise a list of kernels.
    """
    first = kernels[0]
    is_list = len(kernels) == 1 and first.weights.ndim == dims + 1 and not (first.is_spatial or depthwise)
    if is_list and len(first.weights) != span:
        return [replace(first, weights=plane) for plane in first.weights]
    return kernels


def _weight(
    kernels: list[Kernel], dims: int, in_channels: int, span: int, depthwise: bool
) -> tuple[Array, list[Kernel]]:
    """(out_channels, in_channels / groups, *kernel_size), and the kernel of each output channel."""
    _check_sizes(kernels, dims)
    if len(kernels) == 1 and kernels[0].weights.ndim == dims + 2:
        return kernels[0].weights, kernels * len(kernels[0].weights)
    if depthwise:
        filters = [
            (_plane(kernel, dims, channel, in_channels)[None], kernel)
            for channel in range(in_channels)
            for kernel in kernels
        ]
    else:
        filters = [
            (np.stack([_plane(kernel, dims, channel, span) for channel in range(span)]), kernel) for kernel in kernels
        ]
    return np.stack([weight for weight, _ in filters]), [kernel for _, kernel in filters]


def _plane(kernel: Kernel, dims: int, channel: int, channels: int) -> Array:
    """The spatial kernel on one channel: the only one, or the channel's own."""
    if kernel.weights.ndim == dims:
        return kernel.weights
    if len(kernel.weights) != channels:
        raise GeometryError(
            f"the kernel has {len(kernel.weights)} planes for {channels} channels",
            hint="a filter needs one plane for each channel that it spans",
            field="kernel",
        )
    return np.asarray(kernel.weights[channel])


def _check_sizes(kernels: list[Kernel], dims: int) -> None:
    for kernel in kernels:
        extra = kernel.weights.ndim - dims
        if extra < 0 or extra > (0 if kernel.is_spatial else 2 if len(kernels) == 1 else 1):
            hint = f"a kernel has {dims} spatial axes, in front of them one of channels, then one of output channels"
            raise GeometryError(
                f"kernel {kernel.name or 'weights'} has {counted(kernel.weights.ndim, 'axis', 'axes')}, "
                f"which does not go with dims {dims}",
                hint=f"choose one for {dims}-D inputs" if kernel.is_spatial else hint,
                field="kernel",
            )
    sizes = {kernel.weights.shape[kernel.weights.ndim - dims :] for kernel in kernels}
    if len(sizes) > 1:
        shown = " and ".join(sorted(shape_text(size) for size in sizes))
        raise GeometryError(
            f"the kernels of one problem must have one size, these have {shown}",
            hint="pad the smaller ones with zeros",
            field="kernel",
        )
