"""Levels of channels as pixels, and the brightness of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array

# Parts of 1000 of red, green and blue in the brightness of a pixel: ITU-R BT.601, as Pillow's conversion to grey.
_BRIGHTNESS = (299, 587, 114)


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
