"""PNG without a library: bytes of grey, of colours, or of levels with a palette (PNG specification, W3C 2003)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _COLOURS, _PALETTE, _WITH_ALPHA = 0, 2, 3, 6
_UP = 2  # the filter that stores the difference from the row above, by which photographs become a third smaller
_EFFORT = 6


def png_bytes(pixels: Array, palette: Sequence[tuple[int, int, int]] | None = None) -> bytes:
    """The PNG of uint8 pixels: (height, width) greys, or levels of 256 colours; (height, width, 3) red, green, blue,
    and a fourth number for alpha.

    Greys and colours may be uint16 too.
    """
    height, width = pixels.shape[:2]
    of_colours = _COLOURS if pixels.shape[2:] == (3,) else _WITH_ALPHA
    kind = of_colours if pixels.ndim == 3 else _GREY if palette is None else _PALETTE
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, kind, 0, 0, 0)
    colours = _chunk(b"PLTE", b"".join(map(bytes, palette))) if kind == _PALETTE and palette else b""
    data = _chunk(b"IDAT", zlib.compress(_filtered(pixels, 0 if kind == _PALETTE else _UP), _EFFORT))
    return b"".join((_SIGNATURE, _chunk(b"IHDR", header), colours, data, _chunk(b"IEND", b"")))


def _filtered(pixels: Array, kind: int) -> bytes:
    """The rows, each with the number of its filter in front."""
    rows = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder(">"), copy=False))
    rows = rows.reshape(len(pixels), -1).view(np.uint8)
    lines = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    lines[:, 0], lines[:, 1:] = kind, rows
    if kind == _UP:
        lines[1:, 1:] -= rows[:-1]  # modulo 256, as in the filter
    return lines.tobytes()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
