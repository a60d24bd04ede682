"""The readers of what laboratories keep, a row a kind, and the content of a file as they take it."""

from __future__ import annotations

import mmap
from collections.abc import Callable

from convcalc.errors import FieldError
from convcalc.files.file_kind import OpenedFile
from convcalc.files.laboratory.raw_numbers import GZIP, gunzipped
from convcalc.files.laboratory.stored_array import Found, StoredArray, selected
from convcalc.files.text import size_of
from convcalc.limits import Limits

_HAS_SERIES = ("fits", "exr")


def read_stored(source: OpenedFile, limits: Limits) -> Found:
    """The selected numbers of a file of a laboratory.

    Raises:
        FieldError: there is no such part.
        FormatError: it is damaged, or holds no real numbers.
        LimitError: the numbers take more memory than the limits allow.
        MissingExtraError: it needs a package that is not installed.
    """
    wrong = [word for word in ("series", "level") if word in source.selection.names]
    for word in wrong:
        if word == "level" or source.kind not in _HAS_SERIES:
            raise FieldError(f"{source.content} has no {word} to choose", hint=f"leave {word} out", field=word)
    return selected(_READERS[source.kind](source, limits), source.selection, limits, keeps_nodata=source.keeps_nodata)


def _content(source: OpenedFile, limits: Limits) -> memoryview:
    """The bytes of the file, mapped where it has a name, unpacked where it is packed with gzip."""
    if source.data is not None:
        data: memoryview = memoryview(source.data)
    else:
        with source.stream() as stream:
            data = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if size_of(stream) else b"")
    return memoryview(gunzipped(data, limits)) if bytes(data[:2]) == GZIP else data


def _fits(source: OpenedFile, limits: Limits) -> StoredArray:
    from convcalc.files.laboratory.fits import open_fits

    return open_fits(_content(source, limits), source.selection, limits)


def _nifti(source: OpenedFile, limits: Limits) -> StoredArray:
    from convcalc.files.laboratory.nifti import open_nifti

    return open_nifti(_content(source, limits), source.name, limits)


def _dicom(source: OpenedFile, limits: Limits) -> StoredArray:
    from convcalc.files.laboratory.dicom import open_dicom

    return open_dicom(_content(source, limits), limits)


def _nrrd(source: OpenedFile, limits: Limits) -> StoredArray:
    from convcalc.files.laboratory.nrrd import open_nrrd

    return open_nrrd(_content(source, limits), source.name, limits)


def _metaimage(source: OpenedFile, limits: Limits) -> StoredArray:
    from convcalc.files.laboratory.metaimage import open_metaimage

    return open_metaimage(_content(source, limits), source.name, limits)


def _mrc(source: OpenedFile, limits: Limits) -> StoredArray:
    from convcalc.files.laboratory.mrc import open_mrc

    return open_mrc(_content(source, limits))


def _exr(source: OpenedFile, limits: Limits) -> StoredArray:
    from convcalc.files.laboratory.openexr import open_exr

    return open_exr(_content(source, limits), source.selection)


def _grid(source: OpenedFile, limits: Limits) -> StoredArray:
    from convcalc.files.laboratory.esri_grid import open_grid

    return open_grid(_content(source, limits), limits)


def _hdf5(source: OpenedFile, _: Limits) -> StoredArray:
    from convcalc.files.laboratory.hdf5 import open_hdf5

    return open_hdf5(source.name if source.data is None else None, source.data or b"", source.member)


_READERS: dict[str, Callable[[OpenedFile, Limits], StoredArray]] = {
    "fits": _fits,
    "nifti": _nifti,
    "dicom": _dicom,
    "nrrd": _nrrd,
    "metaimage": _metaimage,
    "mrc": _mrc,
    "exr": _exr,
    "grid": _grid,
    "hdf5": _hdf5,
}
