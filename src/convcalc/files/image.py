"""Images as arrays, channels first, whatever their kind."""

from __future__ import annotations

from convcalc.arrays import Array, read_only
from convcalc.errors import ConvcalcError, Place
from convcalc.limits import Limits

_TIFF = (b"II", b"MM")


def read_image(
    data: bytes, source: str, limits: Limits, *, keeps_nodata: bool = False
) -> tuple[Array, tuple[str, ...]]:
    """The read-only numbers ``(channels, height, width)`` of the file, and notes on their conversion.

    Grey has one channel, colours three, inks four; alpha is dropped, further bands of a TIFF image are kept. Cells that
    the file marks as empty are nan, with ``keeps_nodata`` their stored numbers.

    Raises:
        FormatError: it is no image of a known format, is damaged, or uses unsupported features.
        LimitError: it has more pixels or takes more memory than the limits allow.
        MissingExtraError: it needs Pillow, which is not installed.
    """
    try:
        array, notes = _read(data, limits, keeps_nodata)
    except ConvcalcError as error:
        error.place = error.place or Place(source)
        raise
    return read_only(array), tuple(notes)


def _read(data: bytes, limits: Limits, keeps_nodata: bool) -> tuple[Array, list[str]]:
    if data.startswith(_TIFF):
        from convcalc.files.images.tiff import read_tiff

        return read_tiff(data, limits, keeps_nodata=keeps_nodata)
    if data.startswith(b"P"):
        from convcalc.files.images.pnm import read_pnm

        return read_pnm(data, limits)
    from convcalc.files.images.pictures import read_picture

    return read_picture(data, limits)
