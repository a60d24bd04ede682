"""Cells without a value, scales and offsets of a TIFF image, from GDAL's tags and mask pages."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, largest
from convcalc.errors import FormatError
from convcalc.files.images.tiff_layout import Layout, stored_numbers
from convcalc.files.images.tiff_tags import Directory, Tag
from convcalc.files.text import shown
from convcalc.limits import Limits
from convcalc.wording import counted

_MASK, _TRANSPARENCY = 4, 4  # a bit of NewSubfileType, and a PhotometricInterpretation
_ITEM = re.compile(r"<Item\b([^<>]*)>([^<>]*)</Item>")
_ATTRIBUTE = re.compile(r'\b(\w++)="([^"]*)"')  # possessive: a long word without = would take quadratic time
_WHOLE = re.compile(r"[-+]?[0-9]{1,40}")
_EXACT_IN_FLOAT64 = 1 << 53


class _Scaling(NamedTuple):
    """Number = stored × scale + offset."""

    scale: float = 1.0
    offset: float = 0.0


def is_mask(page: Directory) -> bool:
    """Whether an image is a mask of the cells of another one that have a value."""
    return bool(page.number(Tag.NEW_SUBFILE_TYPE) & _MASK) or page.number(Tag.PHOTOMETRIC, 1) == _TRANSPARENCY


def value_without_meaning(page: Directory) -> int | float | None:
    """The number stored in cells without a value (GDAL_NODATA), or None.

    Raises:
        FormatError: it is no number.
    """
    text = page.text(Tag.GDAL_NODATA).strip()
    if not text:
        return None
    try:
        return int(text) if _WHOLE.fullmatch(text) else float(text)
    except ValueError:
        raise FormatError(f"the TIFF tag GDAL_NODATA is {shown(text)}, and no number") from None


def cells_without_value(
    cells: Array, nodata: float | None, masks: Sequence[Directory], limits: Limits
) -> tuple[Array, list[str]]:
    """Which cells (channels, height, width) have no value, and notes on how many these are.

    Raises:
        FormatError: the mask is damaged.
    """
    empty, notes = np.zeros(cells.shape[1:], np.bool_), []
    for page in masks[:1]:
        mask = stored_numbers(Layout(page), limits)
        if mask.shape != (1, *cells.shape[1:]):
            raise FormatError("the mask of the TIFF image is of another size")
        empty = mask[0] == 0
        notes += _gap_note(empty, "masked")
    if nodata is not None:
        is_nodata = _equal(cells, nodata)
        notes += _gap_note(is_nodata, f"nodata ({nodata})")
        empty = empty | is_nodata
    return np.broadcast_to(empty, cells.shape), notes


def with_gaps(cells: Array, empty: Array, limits: Limits) -> Array:
    """The numbers as floats, those of cells without a value as nan.

    Raises:
        FormatError: whole numbers beside such cells are beyond those of floats.
        LimitError: floats take more memory than the limits allow.
    """
    limits.check_memory((8 + 1) * cells.size, "the image with nodata cells")
    floats = _floats(cells)
    floats[empty] = np.nan
    return floats


def scaled(cells: Array, page: Directory, samples: Sequence[int]) -> tuple[Array, list[str]]:
    """Numbers × scale + offset of their sample (GDAL_METADATA), and a note; ``samples``: the one of each channel.

    Raises:
        FormatError: a scale is no number.
    """
    known = _scalings(page)
    found = [known.get(sample, _Scaling()) for sample in samples]
    if all(each == _Scaling() for each in found):
        return cells, []
    scales, offsets = (np.array(each)[:, np.newaxis, np.newaxis] for each in zip(*found, strict=True))
    distinct = set(found)
    words = "scales and offsets of the bands"
    if len(distinct) == 1:
        words = f"scale {found[0].scale:g} and offset {found[0].offset:g}"
    with np.errstate(all="ignore"):
        return _floats(cells).astype(np.float64) * scales + offsets, [f"{words} applied (GDAL_METADATA)"]


def _gap_note(gaps: Array, what: str) -> list[str]:
    count = int(np.count_nonzero(gaps))
    return [f"{counted(count, 'cell')} {'is' if count == 1 else 'are'} {what}"] * (count > 0)


def _equal(cells: Array, nodata: float) -> Array:
    """Which cells equal the number, as rounded to their type."""
    if math.isnan(nodata):
        return np.isnan(cells) if cells.dtype.kind == "f" else np.zeros(cells.shape, np.bool_)
    if cells.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return np.asarray(cells == cells.dtype.type(nodata))
    whole = int(nodata) if math.isfinite(nodata) and nodata == int(nodata) else None
    limits = np.iinfo(cells.dtype)
    if whole is None or not limits.min <= whole <= limits.max:
        return np.zeros(cells.shape, np.bool_)
    return np.asarray(cells == whole)


def _floats(cells: Array) -> Array:
    """A copy as floats wide enough for every number.

    Raises:
        FormatError: no float type is wide enough.
    """
    if cells.dtype.kind == "f":
        return cells.astype(np.promote_types(cells.dtype, np.float32))
    if cells.dtype.itemsize == 8 and largest(cells) > _EXACT_IN_FLOAT64:
        raise FormatError("whole numbers beyond 2**53 beside nodata cells or scales, which no float keeps")
    return cells.astype(np.float64)


def _scalings(page: Directory) -> dict[int, _Scaling]:
    """The scale and offset of each sample that has one."""
    found: dict[int, _Scaling] = {}
    for attributes, text in _ITEM.findall(page.text(Tag.GDAL_METADATA)):
        named = dict(_ATTRIBUTE.findall(attributes))
        role, sample = named.get("role"), named.get("sample", "0")
        if role in _Scaling._fields and sample.isdecimal():
            scaling = found.get(int(sample), _Scaling())
            found[int(sample)] = scaling._replace(**{role: _number(text)})
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise FormatError(f"a scale or offset of the TIFF image is {shown(text)}, and no number") from None
