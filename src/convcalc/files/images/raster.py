"""Shared by the readers of images: sizes checked before a pixel is decoded, packed bits, palettes, and notes."""

from __future__ import annotations

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError, LimitError
from convcalc.limits import Limits, bytes_text

_LARGEST_RATIO = 100  # of an image to its file, beyond which only small images are accepted
_PIECE = 1 << 20  # bits that are unpacked at a time, each into a byte

BLACK_AND_WHITE = "black and white read as 0 and 255"
ALPHA_DROPPED = "alpha channel dropped"
ALPHA_KEPT = "alpha kept as the last channel"


def check_size(width: int, height: int, decoded: int, planned: int, stored: int, limits: Limits) -> None:
    """Refuse an image before it is decoded.

    ``decoded``: the bytes of its numbers; ``planned``: of all memory in use while they are read; ``stored``: of its
    file.

    Raises:
        FormatError: it has no pixels.
        LimitError: it has more pixels or takes more memory than the limits allow, or is out of all proportion to
            its file.
    """
    size = f"an image of {width:,} × {height:,} pixels"
    if not width or not height:
        raise FormatError(size)
    if width * height > limits.pixels:
        raise LimitError(
            f"{size}, at most {limits.pixels:,} pixels", hint=f"raise it with --limit pixels={width * height}"
        )
    if decoded > limits.member and decoded > _LARGEST_RATIO * stored:
        raise LimitError(
            f"{size}, {bytes_text(decoded)} stored in {bytes_text(stored)}",
            hint=f"raise it with --limit member={bytes_text(decoded, exact=False)}",
        )
    limits.check_memory(planned, "the image")


def unpacked(packed: Array, count: int, bits: int) -> Array:
    """The numbers (rows, ``count``) of ``bits`` bits each, the highest first, of rows of bytes (rows, bytes)."""
    numbers = np.empty((len(packed), count), np.uint8 if bits <= 8 else np.uint16)
    powers = (1 << np.arange(bits)[::-1]).astype(numbers.dtype)
    step = max(1, _PIECE // (count * bits))
    for top in range(0, len(packed), step):
        digits = np.unpackbits(packed[top : top + step], axis=1, count=count * bits)
        numbers[top : top + step] = digits.reshape(-1, count, bits) @ powers
    return numbers


def coloured(places: Array, palette: Array) -> tuple[Array, list[str]]:
    """The colours (3, height, width) of indices of a palette (colours, 3), and notes; one channel if all are grey.

    Raises:
        FormatError: a pixel has an index beyond the palette.
    """
    highest = int(places.max())
    if highest >= len(palette):
        raise FormatError(f"a pixel has colour {highest}, the palette ends with {len(palette) - 1}")
    if not (palette == palette[:, :1]).all():
        return np.moveaxis(palette[places], -1, 0), ["palette converted to RGB"]
    greys = palette[:, 0]
    is_plain = (greys == np.arange(len(greys))).all()
    return greys[places][np.newaxis], [] if is_plain else ["palette of greys read as one channel"]


def depth_notes(array: Array) -> list[str]:
    """The note that numbers are not the bytes that an image usually has."""
    if array.dtype == np.uint8:
        return []
    kind = {"u": "whole numbers", "i": "signed whole numbers", "f": "floats"}[array.dtype.kind]
    return [f"{kind} of {array.itemsize * 8} bits kept"]
