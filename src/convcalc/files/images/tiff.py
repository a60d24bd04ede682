"""The choice of a TIFF file's image, and its numbers: those of the file, with notes on their conversion.

The samples of a TIFF image are greys, colours, indices of a palette, inks, alpha, or further bands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.images.raster import ALPHA_DROPPED, BLACK_AND_WHITE, coloured, depth_notes
from convcalc.files.images.tiff_codecs import JPEG
from convcalc.files.images.tiff_gdal import cells_without_value, is_mask, scaled, value_without_meaning, with_gaps
from convcalc.files.images.tiff_layout import SAVE_PLAIN, YCBCR, Layout, stored_numbers
from convcalc.files.images.tiff_tags import Directory, Tag, TagFile, open_tags
from convcalc.files.selection import EVERYTHING, Selection
from convcalc.limits import Limits
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
    """The samples that are read, as channels."""

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
    """The colours of a palette; its 16-bit numbers become bytes where they were made from bytes."""
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


_REDUCED, _OLD_REDUCED = 1, 2  # a bit of NewSubfileType, and a value of SubfileType


def read_tiff(data: bytes, limits: Limits, *, keeps_nodata: bool = False, selection: Selection = EVERYTHING) -> tuple[Array, list[str]]:
    """The numbers (channels, height, width) of the first image in full resolution, and notes on them.

    Cells that the file marks as empty (GDAL's nodata, a mask) are nan unless ``keeps_nodata``; GDAL's scale and offset
    are applied.

    Raises:
        FormatError: the file is damaged, or uses unsupported features.
        LimitError: the image has more pixels or takes more memory than the limits allow.
    """
    file = open_tags(data)
    pages = file.directories()
    page, notes = _chosen(file, pages)
    layout = Layout(page)
    nodata = value_without_meaning(page)
    cells = stored_numbers(layout, limits, nodata if nodata is not None and math.isfinite(nodata) else 0)
    meant = channels(layout, cells)
    notes += [*meant.notes, *_left_alone(page)]
    masks = [each for each in pages if is_mask(each) and each is not page]
    empty, gaps = cells_without_value(meant.numbers, nodata, masks, limits)
    filled = meant.numbers if keeps_nodata or not gaps else with_gaps(meant.numbers, empty, limits)
    gaps = [f"{each}, {'kept as stored' if keeps_nodata else 'read as nan'}" for each in gaps]
    found, scales = scaled(filled, page, meant.samples)
    if found.dtype == np.float16:
        found = found.astype(np.float32)  # which convcalc computes with
    return found, [*notes, *(gaps + scales or depth_notes(meant.numbers))]


def _chosen(file: TagFile, pages: Sequence[Directory]) -> tuple[Directory, list[str]]:
    """The first image that is neither a reduced copy of another one nor its mask, and notes on the omitted ones."""
    full = list(filter(_is_full, pages))
    if not full:
        full = [each for page in pages for each in file.below(page) if _is_full(each)] or [pages[0]]
    reduced = sum(map(_is_reduced, pages)) - _is_reduced(full[0])
    images = max(len(full), _described(full[0]))
    return full[0], [
        *[f"first of {images:,} images{_stack_words(full[0])}"] * (images > 1),
        *[f"{counted(reduced, 'reduced copy', 'reduced copies')} left out"] * (reduced > 0),
    ]


def _is_full(page: Directory) -> bool:
    return not _is_reduced(page) and not is_mask(page)


def _is_reduced(page: Directory) -> bool:
    is_old = page.number(Tag.SUBFILE_TYPE) == _OLD_REDUCED
    return is_old or bool(page.number(Tag.NEW_SUBFILE_TYPE) & _REDUCED)


def _described(page: Directory) -> int:
    """The images in a description: ImageJ and tifffile may store those after the first without tags."""
    text = page.text(Tag.IMAGE_DESCRIPTION)
    if text.startswith("ImageJ="):
        found = re.search(r"^images=(\d{1,9})", text, re.MULTILINE)
        return int(found[1]) if found else 1
    shape = re.search(r'"shape": \[([\d, ]{1,200})\]', text)
    layout = Layout(page)
    numbers = math.prod(map(int, shape[1].replace(",", " ").split())) if shape else 0
    return numbers // max(1, layout.width * layout.height * layout.samples)


def _stack_words(page: Directory) -> str:
    """The kind of the images, where the program that wrote them states it."""
    text = page.text(Tag.IMAGE_DESCRIPTION)
    if not text.startswith("ImageJ="):
        return " (OME)" if "<OME" in text else ""
    sizes = re.findall(r"^(channel|slice|frame)s=(\d{1,9})", text, re.MULTILINE)
    words = ", ".join(counted(int(count), name) for name, count in sizes)
    return f" (an ImageJ stack of {words})" if words else " (an ImageJ stack)"


def _left_alone(page: Directory) -> list[str]:
    """Notes on calibrations in the tags that are not applied."""
    turned = page.number(Tag.ORIENTATION, 1)
    depth = page.number(Tag.IMAGE_DEPTH, 1)
    is_calibrated = re.search(r"^cf=\d", page.text(Tag.IMAGE_DESCRIPTION), re.MULTILINE) is not None
    return [
        *[f"kept as stored, not turned as its Orientation {turned} says"] * (turned in range(2, 9)),
        *[f"first of {depth:,} planes (ImageDepth)"] * (depth > 1),
        *["ImageJ's calibration of the numbers is not applied"] * is_calibrated,
    ]
