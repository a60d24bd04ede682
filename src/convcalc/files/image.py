"""Images as arrays, channels first, whatever their kind."""

from __future__ import annotations

from convcalc.arrays import Array, read_only
from convcalc.errors import ConvcalcError, FieldError, Place
from convcalc.files.selection import EVERYTHING, SELECTORS, Selection
from convcalc.limits import Limits
from convcalc.wording import counted

_TIFF = (b"II", b"MM")


def read_image(
    data: bytes,
    source: str,
    limits: Limits,
    *,
    keeps_nodata: bool = False,
    selection: Selection = EVERYTHING,
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
        array, notes = _read(data, limits, keeps_nodata, selection)
    except ConvcalcError as error:
        if not set(SELECTORS).intersection(error.field):
            error.place = error.place or Place(source)
        raise
    return read_only(array), tuple(notes)


def _read(data: bytes, limits: Limits, keeps_nodata: bool, selection: Selection) -> tuple[Array, list[str]]:
    if data.startswith(_TIFF):
        from convcalc.files.images.tiff import read_tiff

        return read_tiff(data, limits, keeps_nodata=keeps_nodata, selection=selection)
    array, notes = _first_image(data, limits, selection)
    if selection.band is None:
        return array, notes
    if selection.band >= len(array):
        raise FieldError(
            f"there is no band {selection.band}: the image has {counted(len(array), 'channel')}",
            hint="band counts from 0",
            field="band",
        )
    return array[selection.band : selection.band + 1], [
        *notes,
        f"only channel {selection.band} of {len(array)} is read",
    ]


def _first_image(data: bytes, limits: Limits, selection: Selection) -> tuple[Array, list[str]]:
    for word in selection.names:
        if word != "band":
            what = "of images, TIFF and those of laboratories have a {} to choose"
            raise FieldError(what.format(word), hint=f"leave {word} out", field=word)
    if data.startswith(b"P"):
        from convcalc.files.images.pnm import read_pnm

        return read_pnm(data, limits)
    from convcalc.files.images.pictures import read_picture

    return read_picture(data, limits)
