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
from convcalc.errors import FieldError, FormatError
from convcalc.files.images.raster import ALPHA_DROPPED, ALPHA_KEPT, BLACK_AND_WHITE, coloured, depth_notes
from convcalc.files.images.tiff_codecs import JPEG
from convcalc.files.images.tiff_gdal import cells_without_value, is_mask, scaled, value_without_meaning, with_gaps
from convcalc.files.images.tiff_layout import SAVE_PLAIN, YCBCR, Layout, stored_numbers
from convcalc.files.images.tiff_stacks import chosen_images
from convcalc.files.images.tiff_tags import Directory, Tag, open_tags
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
_MOST_NOTES = 10  # of a stack, each of whose images may have its own


class Channels(NamedTuple):
    """The samples that are read, as channels."""

    numbers: Array
    """(channels, height, width)."""
    samples: list[int]
    """The sample that each channel is; the channels of a palette are all of sample 0."""
    notes: list[str]


def channels(layout: Layout, cells: Array, *, keeps_alpha: bool = False) -> Channels:
    """The channels of an image's samples (samples, height, width); alpha is left out unless ``keeps_alpha``.

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
    kept, alpha_notes = _without_alpha(layout, keeps_alpha=keeps_alpha)
    further = sum(sample >= colours for sample in kept) - (ALPHA_KEPT in alpha_notes) if colours > 1 else 0
    notes = [*_KEPT.get(photometric, []), *alpha_notes]
    if further:
        notes.append(f"{counted(further, 'further band')} without a stated meaning kept")
    return Channels(cells if len(kept) == len(cells) else cells[kept], kept, notes)


def _without_alpha(layout: Layout, *, keeps_alpha: bool) -> tuple[list[int], list[str]]:
    """The samples that are no alpha, or with ``keeps_alpha`` all of them, and notes."""
    extra = layout.tags.numbers(Tag.EXTRA_SAMPLES)
    first = layout.samples - len(extra)
    alpha = {first + number: kind for number, kind in enumerate(extra) if kind in _ALPHA and first + number > 0}
    if keeps_alpha:
        is_last = list(alpha) == [layout.samples - 1]
        return list(range(layout.samples)), [ALPHA_KEPT] * is_last
    if _ASSOCIATED in alpha.values():
        notes = [f"{ALPHA_DROPPED}; colours kept as stored, multiplied by it (associated alpha)"]
    else:
        notes = [ALPHA_DROPPED] * bool(alpha)
    return [sample for sample in range(layout.samples) if sample not in alpha], notes


def _looked_up(layout: Layout, cells: Array) -> Channels:
    """The colours of a palette; its 16-bit numbers become bytes where they were made from bytes."""
    kept, notes = _without_alpha(layout, keeps_alpha=False)
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


def read_tiff(
    data: bytes, limits: Limits, *, keeps_nodata: bool = False, selection: Selection = EVERYTHING
) -> tuple[Array, list[str]]:
    """The numbers ([frames,] channels, height, width) of the selected images, and notes on them.

    Without a selection it is the first image in full resolution. Cells that the file marks as empty (GDAL's nodata, a
    mask) are nan unless ``keeps_nodata``; GDAL's scale and offset are applied.

    Raises:
        FieldError: there is no such series, frame, level or band.
        FormatError: the file is damaged, or uses unsupported features.
        LimitError: the images have more pixels or take more memory than the limits allow.
    """
    file = open_tags(data)
    pages = file.directories()
    chosen = chosen_images(file, pages, selection)
    first = chosen.images[0][0]
    count = sum(map(len, chosen.images))
    if count > 1:
        planned = count * first.width * first.height * first.samples * max(first.dtype.itemsize, 4)
        limits.check_memory(3 * planned, "the stack of images")
    masks = [each for each in pages if is_mask(each) and each is not first.tags]
    notes, frames = list(chosen.notes), []
    for frame in chosen.images:
        read = [
            _image(image, masks, limits, keeps_nodata=keeps_nodata, keeps_alpha=selection.reads_alpha)
            for image in frame
        ]
        notes = [*dict.fromkeys((*notes, *(note for _, said in read for note in said)))][:_MOST_NOTES]
        frames.append(np.concatenate([array for array, _ in read]) if len(read) > 1 else read[0][0])
    if selection.one_band is not None:
        frames, said = _one_band(frames, selection.one_band)
        notes = [*(each for each in notes if each != ALPHA_KEPT), said]
    return (np.stack(frames) if selection.frame == () and len(frames) > 1 else frames[0]), notes


def _one_band(frames: list[Array], band: int) -> tuple[list[Array], str]:
    channels = len(frames[0])
    if band >= channels:
        raise FieldError(
            f"there is no band {band}: the image has {counted(channels, 'channel')}",
            hint="band counts from 0",
            field="band",
        )
    return [frame[band : band + 1] for frame in frames], f"only channel {band} of {channels} is read"


def _image(
    layout: Layout, masks: Sequence[Directory], limits: Limits, *, keeps_nodata: bool, keeps_alpha: bool
) -> tuple[Array, list[str]]:
    """The numbers (channels, height, width) of one image, and notes on them."""
    page = layout.tags
    nodata = value_without_meaning(page)
    cells = stored_numbers(layout, limits, nodata if nodata is not None and math.isfinite(nodata) else 0)
    meant = channels(layout, cells, keeps_alpha=keeps_alpha)
    notes = [*meant.notes, *_left_alone(page)]
    empty, gaps = cells_without_value(meant.numbers, nodata, masks, limits)
    filled = meant.numbers if keeps_nodata or not gaps else with_gaps(meant.numbers, empty, limits)
    gaps = [f"{each}, {'kept as stored' if keeps_nodata else 'read as nan'}" for each in gaps]
    found, scales = scaled(filled, page, meant.samples)
    if found.dtype == np.float16:
        found = found.astype(np.float32)  # which convcalc computes with
    return found, [*notes, *(gaps + scales or depth_notes(meant.numbers))]


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
