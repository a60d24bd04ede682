"""What the samples of a TIFF image stand for: greys, colours, places in a palette, inks, alpha, further bands."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.images.raster import ALPHA_DROPPED, BLACK_AND_WHITE, coloured
from convcalc.files.images.tiff_codecs import JPEG
from convcalc.files.images.tiff_layout import SAVE_PLAIN, YCBCR, Layout
from convcalc.files.images.tiff_tags import Tag
from convcalc.wording import counted

_WHITE_IS_ZERO, _RGB, _PALETTE, _INKS, _MOSAIC = 0, 2, 3, 5, 32803
_COLOURS = {_RGB: 3, _INKS: 4, YCBCR: 3}
_UNREAD = {
    YCBCR: "YCbCr colours without JPEG compression",
    8: "CIE L*a*b* colours",
    9: "ICC L*a*b* colours",
    10: "ITU L*a*b* colours",
    32844: "logarithms of brightness (LogL)",
    32845: "logarithms of brightness and colours (LogLuv)",
}
_KEPT = {
    _WHITE_IS_ZERO: ["0 is white: numbers kept as stored, not inverted"],
    _INKS: ["inks kept as stored: cyan, magenta, yellow and black (CMYK)"],
    _MOSAIC: ["a raw mosaic of a colour filter, kept as stored"],
}
_BRIGHTEST = 0xFFFF  # of a palette, whose numbers have 16 bits
_ASSOCIATED = 1
_ALPHA = (_ASSOCIATED, 2)


class Channels(NamedTuple):
    """What is read of the samples."""

    numbers: Array
    """(channels, height, width)."""
    samples: list[int]
    """The sample that each channel is; the channels of a palette are all of sample 0."""
    notes: list[str]


def channels(layout: Layout, cells: Array) -> Channels:
    """The channels of an image's samples (samples, height, width).

    Raises:
        FormatError: they are colours of a kind that is not read, or fewer than their kind has.
    """
    photometric = layout.photometric
    if photometric == _PALETTE:
        return _looked_up(layout, cells)
    if layout.bits == 1 and layout.samples == 1:
        return Channels((cells ^ (photometric == _WHITE_IS_ZERO)) * np.uint8(255), [0], [BLACK_AND_WHITE])
    if photometric in _UNREAD and not (photometric == YCBCR and layout.compression == JPEG):
        raise FormatError(f"a TIFF image of {_UNREAD[photometric]}", hint=SAVE_PLAIN)
    colours = _COLOURS.get(photometric, 1)
    if layout.samples < colours:
        raise FormatError(f"a TIFF image of {colours} colours with {counted(layout.samples, 'sample')}")
    kept, alpha_notes = _without_alpha(layout)
    further = sum(sample >= colours for sample in kept) if colours > 1 else 0
    notes = [*_KEPT.get(photometric, []), *alpha_notes]
    if further:
        notes.append(f"{counted(further, 'further band')} without a stated meaning kept")
    return Channels(cells if len(kept) == len(cells) else cells[kept], kept, notes)


def _without_alpha(layout: Layout) -> tuple[list[int], list[str]]:
    """The samples that are no alpha, and notes."""
    extra = layout.tags.numbers(Tag.EXTRA_SAMPLES)
    first = layout.samples - len(extra)
    alpha = {first + number: kind for number, kind in enumerate(extra) if kind in _ALPHA and first + number > 0}
    if _ASSOCIATED in alpha.values():
        notes = [f"{ALPHA_DROPPED}; colours kept as stored, multiplied by it (associated alpha)"]
    else:
        notes = [ALPHA_DROPPED] * bool(alpha)
    return [sample for sample in range(layout.samples) if sample not in alpha], notes


def _looked_up(layout: Layout, cells: Array) -> Channels:
    """The colours of a palette, whose 16-bit numbers are bytes where they were made of such."""
    kept, notes = _without_alpha(layout)
    levels = layout.tags.numbers(Tag.COLOR_MAP)
    if kept != [0] or layout.dtype.kind != "u" or not levels or len(levels) % 3 or max(levels) > _BRIGHTEST:
        raise FormatError("a TIFF image with a palette that does not fit its samples")
    palette = np.array(levels, np.uint16)
    if not (palette % 257).any():
        palette = (palette // 257).astype(np.uint8)
    elif not (palette % 256).any():
        palette = (palette // 256).astype(np.uint8)
    numbers, palette_notes = coloured(cells[0], palette.reshape(3, -1).T)
    return Channels(numbers, [0] * len(numbers), [*palette_notes, *notes])
