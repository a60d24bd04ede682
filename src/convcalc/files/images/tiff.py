"""Which image of a TIFF file is read, and its numbers: those of the file, with notes on what was done to them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from convcalc.arrays import Array
from convcalc.files.images.raster import depth_notes
from convcalc.files.images.tiff_gdal import cells_without_value, is_mask, scaled, value_without_meaning, with_gaps
from convcalc.files.images.tiff_layout import Layout, stored_numbers
from convcalc.files.images.tiff_samples import channels
from convcalc.files.images.tiff_tags import Directory, Tag, TagFile, open_tags
from convcalc.limits import Limits
from convcalc.wording import counted

_REDUCED, _OLD_REDUCED = 1, 2  # a bit of NewSubfileType, and a value of SubfileType


def read_tiff(data: bytes, limits: Limits, *, keeps_nodata: bool = False) -> tuple[Array, list[str]]:
    """The numbers (channels, height, width) of the first image in full resolution, and notes on them.

    Cells that the file calls empty (GDAL's nodata, a mask) are nan unless ``keeps_nodata``; GDAL's scale and offset are
    applied.

    Raises:
        FormatError: the file is damaged, or holds something that is not read.
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
    """The first image that is neither a reduced copy of another one nor its mask, and what is left out."""
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
    """The images that a description tells of: ImageJ and tifffile may store those behind the first without tags."""
    text = page.text(Tag.IMAGE_DESCRIPTION)
    if text.startswith("ImageJ="):
        found = re.search(r"^images=(\d{1,9})", text, re.MULTILINE)
        return int(found[1]) if found else 1
    shape = re.search(r'"shape": \[([\d, ]{1,200})\]', text)
    layout = Layout(page)
    numbers = math.prod(map(int, shape[1].replace(",", " ").split())) if shape else 0
    return numbers // max(1, layout.width * layout.height * layout.samples)


def _stack_words(page: Directory) -> str:
    """What the images are, where the program that wrote them says so."""
    text = page.text(Tag.IMAGE_DESCRIPTION)
    if not text.startswith("ImageJ="):
        return " (OME)" if "<OME" in text else ""
    sizes = re.findall(r"^(channel|slice|frame)s=(\d{1,9})", text, re.MULTILINE)
    words = ", ".join(counted(int(count), name) for name, count in sizes)
    return f" (an ImageJ stack of {words})" if words else " (an ImageJ stack)"


def _left_alone(page: Directory) -> list[str]:
    """What the tags say of the numbers and is not done to them."""
    turned = page.number(Tag.ORIENTATION, 1)
    depth = page.number(Tag.IMAGE_DEPTH, 1)
    is_calibrated = re.search(r"^cf=\d", page.text(Tag.IMAGE_DESCRIPTION), re.MULTILINE) is not None
    return [
        *[f"kept as stored, not turned as its Orientation {turned} says"] * (turned in range(2, 9)),
        *[f"first of {depth:,} planes (ImageDepth)"] * (depth > 1),
        *["ImageJ's calibration of the numbers is not applied"] * is_calibrated,
    ]
