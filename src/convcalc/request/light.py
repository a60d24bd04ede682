"""Other readings of an image's numbers: as light, with sRGB's curve undone, and luminance instead of colours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.channels import LINEAR_LIGHT, Channels
from convcalc.errors import FieldError
from convcalc.request.text_values import truth
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.files.tensor_file import Tensor
    from convcalc.request.request import Request

_COLOURS = 3


def as_light(request: Request, tensor: Tensor) -> Tensor:
    """The input in the reading that the fields ``linear_light`` and ``luminance`` ask for, with notes of it.

    Raises:
        FieldError: a field is neither true nor false, or the input is no image (in colours).
    """
    if _is_asked(request, "linear_light"):
        tensor = _decoded(tensor)
    return _grey(tensor) if _is_asked(request, "luminance") else tensor


def _is_asked(request: Request, name: str) -> bool:
    return name in request.fields and truth(name, request.fields[name].node)


def _decoded(tensor: Tensor) -> Tensor:
    from convcalc.picture.mapping import white_of
    from convcalc.picture.srgb import decoded

    if not tensor.is_image:
        raise FieldError(
            "linear light is a reading of an image, the input is other numbers",
            hint="leave it out, or name a file such as photo.png",
            field="linear_light",
        )
    white = float(2**16 - 1) if tensor.array.dtype == "uint16" else white_of(tensor.array)
    channels = tensor.channels._replace(units=(LINEAR_LIGHT,) * tensor.array.shape[-3])
    note = f"linear light: sRGB decoded, 0…{white:g} is 0…1"
    light = decoded(tensor.array, white)
    if tensor.channels.has_alpha:  # a share, which is no light
        light[..., -1, :, :] = tensor.array[..., -1, :, :] / white
    return replace(tensor, array=light, notes=(*tensor.notes, note), channels=channels)


def _grey(tensor: Tensor) -> Tensor:
    from convcalc.picture.srgb import LUMA, LUMINANCE, weighted

    colours = tensor.array.shape[-3] - tensor.channels.has_alpha if tensor.is_image else 0
    if colours != _COLOURS:
        found = f"an image of {counted(colours, 'channel')}" if tensor.is_image else "other numbers"
        raise FieldError(
            f"luminance is of an image in red, green and blue, the input is {found}",
            hint="leave it out",
            field="luminance",
        )
    is_linear = tensor.channels.units[:1] == (LINEAR_LIGHT,)
    parts, source = (LUMINANCE, "BT.709") if is_linear else (LUMA, "luma of BT.601, not rounded")
    red, green, blue = parts
    note = f"luminance: {red} R + {green} G + {blue} B ({source})"
    channels = Channels(("luminance",), tensor.channels.units[:1])
    array = weighted(tensor.array[..., :_COLOURS, :, :], parts)
    return replace(tensor, array=array, notes=(*tensor.notes, note), channels=channels)
