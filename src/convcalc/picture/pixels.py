"""Levels of channels as pixels, and the brightness of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import OutputError
from convcalc.picture.mapping import map_values, white_of
from convcalc.wording import counted

# Parts of 1000 of red, green and blue in the brightness of a pixel: ITU-R BT.601, as Pillow's conversion to grey.
_BRIGHTNESS = (299, 587, 114)
_PICTURE_AXES = 4  # batch, channels, height, width


def pixels(channels: Sequence[Array]) -> Array:
    """Red, green and blue bytes, (height, width, 3), of the levels of one channel or three, each (height, width)."""
    return np.stack(channels if len(channels) > 1 else [*channels] * len(_BRIGHTNESS), axis=-1)


def brightness(colours: Array) -> Array:
    """The levels, (height, width), that are as bright as the pixels: (height, width, 3)."""
    levels: Array = (colours @ np.array(_BRIGHTNESS) // sum(_BRIGHTNESS)).astype(np.uint8)
    return levels


def byte_rows(levels: Array) -> tuple[bytes, ...]:
    """The rows of levels, (height, width), or of pixels, (height, width, 3), as bytes."""
    return tuple(row.tobytes() for row in levels)


def picture_of(output: Array) -> Array:
    """(channels, height, width) of the only sample of an output, (batch, channels, *spatial).

    Raises:
        OutputError: there are more samples, or not two spatial axes.
    """
    if output.ndim != _PICTURE_AXES:
        axes = output.ndim - 2
        raise OutputError(f"a picture has two spatial axes, the output has {axes}", hint="save it as .npy")
    if len(output) != 1:
        raise OutputError(f"a picture is of one sample, the output has {len(output)}", hint="save it as .npy")
    sample: Array = output[0]
    return sample


def to_pixels(output: Array, *, rgb: bool = False, rule: str = "auto", white: float | None = None) -> tuple[Array, str]:
    """Bytes ``(height, width)``, or with ``rgb`` ``(height, width, 3)``, of ``(channels, height, width)`` and the rule.

    ``rule`` is one of those of :func:`~convcalc.picture.mapping.map_values`. ``white``
    is the value of white, by default derived from the output. Channels are side by side unless three of them are
    colours.

    Raises:
        OutputError: the array is no picture.
        UnknownNameError: there is no such rule.
    """
    if output.ndim != 3 or not output.size:
        raise OutputError(
            f"an image needs channels × height × width, got {counted(output.ndim, 'axis').replace('axiss', 'axes')}",
            hint="save it as .npy",
        )
    if rgb and output.shape[0] != 3:
        raise OutputError(f"colours need 3 channels, got {output.shape[0]}", hint="leave out the colours")
    mapped = map_values(output, rule, white=white_of(output) if white is None else white)
    picture = mapped.levels.transpose(1, 2, 0) if rgb else np.concatenate(list(mapped.levels), axis=1)
    return picture, mapped.note
