"""What stored numbers of NetCDF mean (CF Conventions 1.11, sections 2.5.1 and 8.1; NUG, Appendix A).

_Unsigned first, then the marks of missing numbers in the stored type, then number = stored × scale_factor + add_offset.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, isnan
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import FormatError
from convcalc.files.laboratory.stored_array import Gap, scale_words, scaled

_DEFAULT_FILL = {
    **{"i2": -32767, "u2": 65535, "i4": -2147483647, "u4": 4294967295},
    **{"i8": -9223372036854775806, "u8": 18446744073709551614, "f4": 9.969209968386869e36, "f8": 9.969209968386869e36},
}
"""What stands where nothing was written (netcdf.h); of bytes there is none, each of which may be meant."""


class Decoding(NamedTuple):
    """How stored numbers become those that are meant."""

    scale: float
    offset: float
    is_other_sign: bool
    """Whether the numbers are unsigned in a signed type, or the other way round."""
    fills: tuple[float, ...]
    """Stored numbers that stand for none: _FillValue and missing_value."""
    default_fill: float | None
    """What NetCDF fills in where nothing else is said."""
    least: float | None
    most: float | None
    itemsize: int
    words: tuple[str, ...]


def decoding_of(dataset: Any, *, is_netcdf: bool) -> Decoding:
    """What the attributes of a dataset say about its numbers.

    Raises:
        FormatError: one of them is no number.
    """
    said = _Said(dataset)
    is_unsigned = said.text("_Unsigned").lower() == "true" and dataset.dtype.kind == "i"
    is_signed = said.text("_Unsigned").lower() == "false" and dataset.dtype.kind == "u"
    fills = [*said.numbers("_FillValue"), *said.numbers("missing_value")]
    has_default = is_netcdf and not said.numbers("_FillValue") and not is_unsigned
    default = _DEFAULT_FILL.get(dataset.dtype.str[1:]) if has_default else None
    between = said.numbers("valid_range")
    least, most = (between[0], between[1]) if len(between) == 2 else (None, None)
    least = next(iter(said.numbers("valid_min")), least)
    most = next(iter(said.numbers("valid_max")), most)
    scale = next(iter(said.numbers("scale_factor")), 1.0)
    offset = next(iter(said.numbers("add_offset")), 0.0)
    words = [*scale_words(scale, offset, "scale_factor, add_offset")]
    if is_unsigned or is_signed:
        words.append(f"read as {'unsigned' if is_unsigned else 'signed'} (_Unsigned)")
    units = said.text("units")
    words += [f"in {units[:30]}"] * (bool(units) and units.isprintable())
    width = dataset.dtype.itemsize * 8
    if is_unsigned:
        fills = [fill % (1 << width) if fill < 0 else fill for fill in fills]
        least, most = (None if each is None else each % (1 << width) if each < 0 else each for each in (least, most))
    return Decoding(
        scale,
        offset,
        is_unsigned or is_signed,
        tuple(fills),
        default,
        least,
        most,
        dataset.dtype.itemsize,
        tuple(words),
    )


class _Said:
    """The attributes of a dataset."""

    def __init__(self, dataset: Any) -> None:
        self.attributes = dataset.attrs

    def text(self, name: str) -> str:
        """An attribute as text; "" if there is none."""
        found = self.attributes.get(name)
        if isinstance(found, np.ndarray):
            found = found.reshape(-1)[0] if found.size == 1 else ""
        return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found if found is not None else "")

    def numbers(self, name: str) -> list[Any]:
        """An attribute as Python's numbers."""
        found = self.attributes.get(name)
        if found is None:
            return []
        values = np.atleast_1d(np.asarray(found))
        if values.dtype.kind not in "iufb" or values.size > 100:
            raise FormatError(f"the attribute {name} of the dataset is no number")
        return list(values.reshape(-1).tolist())


def decoded(stored: Array, decoding: Decoding) -> tuple[Array, list[Gap]]:
    """The numbers that are meant, and which of them are none."""
    if stored.dtype.kind == "b":
        stored = stored.astype(np.uint8)
    if not stored.dtype.isnative:
        stored = stored.astype(stored.dtype.newbyteorder("="))
    if decoding.is_other_sign:
        stored = stored.view(f"{'u' if stored.dtype.kind == 'i' else 'i'}{stored.dtype.itemsize}")
    missing = np.zeros(stored.shape, np.bool_)
    for fill in decoding.fills:
        missing |= _equal(stored, fill)
    unwritten = np.zeros(stored.shape, np.bool_)
    if decoding.default_fill is not None:
        unwritten = _equal(stored, decoding.default_fill) & ~missing
    beyond = np.zeros(stored.shape, np.bool_)
    for bound, compare in ((decoding.least, np.less), (decoding.most, np.greater)):
        beyond |= _compared(stored, bound, compare)
    gaps = [
        Gap(missing, "missing (_FillValue, missing_value)"),
        Gap(beyond & ~missing & ~unwritten, "outside of the valid range"),
    ]
    if decoding.default_fill is not None:
        gaps.append(Gap(unwritten, f"{decoding.default_fill:g}, which NetCDF fills in where nothing is written"))
    return scaled(stored, decoding.scale, decoding.offset), gaps


def _equal(stored: Array, fill: float) -> Array:
    if stored.dtype.kind == "f":
        with np.errstate(all="ignore"):
            return np.asarray(np.isnan(stored) if isnan(fill) else stored == stored.dtype.type(fill))
    if not isfinite(fill) or fill != int(fill):
        return np.zeros(stored.shape, np.bool_)
    bounds = np.iinfo(stored.dtype)
    if not bounds.min <= int(fill) <= bounds.max:
        return np.zeros(stored.shape, np.bool_)
    return np.asarray(stored == stored.dtype.type(int(fill)))


def _compared(stored: Array, bound: float | None, compare: Callable[..., Any]) -> Array:
    if bound is None or not isfinite(bound):
        return np.zeros(stored.shape, np.bool_)
    return np.asarray(compare(stored, bound))
