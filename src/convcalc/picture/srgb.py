"""sRGB numbers as light and back, and the luminance of colours."""

from __future__ import annotations

import numpy as np

from convcalc.arrays import Array

# IEC 61966-2-1:1999 with its amendment 1: the linear part near black, and the power above it.
_SLOPE, _POWER, _OFFSET = 12.92, 2.4, 0.055
_LAST_ENCODED, _LAST_LINEAR = 0.04045, 0.0031308

LUMA = (0.299, 0.587, 0.114)
"""Parts of R, G and B as stored in the luma of ITU-R BT.601, as Pillow's and OpenCV's conversions to grey have them."""
LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Parts of linear R, G and B in the luminance, ITU-R BT.709, whose primaries sRGB has."""


def decoded(values: Array, white: float) -> Array:
    """Light from 0 to 1, float64, of sRGB numbers from 0 to ``white``; numbers beyond keep their sign and grow on."""
    shares = values.astype(np.float64) / white
    size = np.abs(shares)
    light = np.where(size <= _LAST_ENCODED, size / _SLOPE, ((size + _OFFSET) / (1 + _OFFSET)) ** _POWER)
    return np.asarray(np.copysign(light, shares))


def encoded(light: Array) -> Array:
    """SRGB numbers from 0 to 1 of light from 0 to 1; what is beyond is cut off."""
    size = np.clip(light.astype(np.float64), 0, 1)
    return np.where(size <= _LAST_LINEAR, size * _SLOPE, (1 + _OFFSET) * size ** (1 / _POWER) - _OFFSET)


def weighted(colours: Array, parts: tuple[float, float, float]) -> Array:
    """([batch,] 1, height, width), float64: the weighted sum of red, green and blue, ([batch,] 3, height, width)."""
    planes = np.moveaxis(colours, -3, 0)
    red, green, blue = (each.astype(np.float64) * part for each, part in zip(planes, parts, strict=True))
    total: Array = red + green + blue
    return total[..., np.newaxis, :, :]
