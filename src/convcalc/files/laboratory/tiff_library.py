"""Strips and tiles of TIFF images through imagecodecs (the extra ``tiff``), in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from convcalc.errors import FormatError
from convcalc.files.laboratory.isolated import Answer
from convcalc.files.laboratory.stored_array import library

_BITS = {2: "ccittrle_decode", 3: "ccittfax3_decode", 4: "ccittfax4_decode"}
_STREAMS = {34926: "zstd_decode", 50000: "zstd_decode"}
_PIXELS = {
    **{33003: "jpeg2k_decode", 33005: "jpeg2k_decode", 34712: "jpeg2k_decode"},
    **{34887: "lerc_decode", 50001: "webp_decode", 34927: "webp_decode"},
}


def answer(request: Mapping[str, Any], data: bytes) -> Answer:
    """The bytes of a strip or tile ``shape`` (rows, columns, samples) of a TIFF image; of single bits packed rows."""
    rows, columns, samples = request["shape"]
    dtype, kind = np.dtype(request["dtype"]), request["compression"]
    with library("imagecodecs", "the TIFF image", "tiff"):
        import imagecodecs

        if kind in _STREAMS:
            decode = getattr(imagecodecs, _STREAMS[kind])
            return Answer({}, bytes(decode(data, out=rows * columns * samples * dtype.itemsize)))
        if kind in _BITS:
            bits = getattr(imagecodecs, _BITS[kind])(data, height=rows, width=columns)
            return Answer({}, np.packbits(np.asarray(bits).reshape(rows, columns) != 0, axis=1).tobytes())
        pixels = np.asarray(getattr(imagecodecs, _PIXELS[kind])(data))
    if pixels.size != rows * columns * samples or pixels.dtype.itemsize != dtype.itemsize:
        raise FormatError(f"a strip or tile of the TIFF file is not of {columns} × {rows} pixels")
    return Answer({}, pixels.astype(dtype).tobytes())
