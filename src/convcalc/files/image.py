"""Images as arrays, channels first, whatever their kind."""

from __future__ import annotations

from collections.abc import Sequence

from convcalc.arrays import Array, read_only
from convcalc.channels import ALPHA
from convcalc.errors import ConvcalcError, FieldError, Place
from convcalc.files.images.raster import ALPHA_KEPT
from convcalc.files.selection import EVERYTHING, SELECTORS, Selection
from convcalc.limits import Limits
from convcalc.wording import counted

_TIFF = (b"II", b"MM")
_COLOURS = {3: ("R", "G", "B")}


def read_image(
    data: bytes,
    source: str,
    limits: Limits,
    *,
    keeps_nodata: bool = False,
    selection: Selection = EVERYTHING,
) -> tuple[Array, tuple[str, ...]]:
    """The read-only numbers ``([frames,] channels, height, width)`` of the file, and notes on their conversion.

    Grey has one channel, colours three, inks four; alpha is dropped unless a ``selection`` says ``band``, further bands
    of a TIFF image are kept. Cells that the file marks as empty are nan, with ``keeps_nodata`` their stored numbers.

    Raises:
        FieldError: there is no such frame or band, or another part to choose.
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
    band, channels = selection.one_band, array.shape[-3]
    if band is None:
        return array, notes
    if band >= channels:
        raise FieldError(
            f"there is no band {band}: the image has {counted(channels, 'channel')}",
            hint="band counts from 0",
            field="band",
        )
    called = " (alpha)" if ALPHA_KEPT in notes and band == channels - 1 else ""
    notes = [each for each in notes if each != ALPHA_KEPT]
    return array[..., band : band + 1, :, :], [*notes, f"only channel {band}{called} of {channels} is read"]


def channel_names(array: Array, notes: Sequence[str]) -> tuple[str, ...]:
    """The names of the channels of ``([frames,] channels, height, width)``, none of one channel, of inks and bands."""
    colours = array.shape[-3] - (ALPHA_KEPT in notes)
    names = _COLOURS.get(colours, ())
    return (*(names or ("grey",)), ALPHA) if ALPHA_KEPT in notes and colours in (1, 3) else names


def _first_image(data: bytes, limits: Limits, selection: Selection) -> tuple[Array, list[str]]:
    is_netpbm = data.startswith(b"P")
    for word in selection.names:
        if word in ("series", "level") or (word == "frame" and is_netpbm):
            what = "of images, TIFF and those of laboratories have a {} to choose"
            raise FieldError(what.format(word), hint=f"leave {word} out", field=word)
    if is_netpbm:
        from convcalc.files.images.pnm import read_pnm

        return read_pnm(data, limits, keeps_alpha=selection.reads_alpha)
    from convcalc.files.images.pictures import read_picture

    return read_picture(data, limits, frame=selection.frame, keeps_alpha=selection.reads_alpha)
