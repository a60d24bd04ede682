"""HDF5 files through h5py (the extra ``hdf5``), and what is written in HDF5: NetCDF 4 and MATLAB 7.3.

A dataset is named by its path, ``file.h5:group/name``; without one the only dataset is read. Nothing outside of the
file is: no external links, no external storage, no virtual datasets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from convcalc.arrays import Array, Stored
from convcalc.errors import FieldError, FormatError, UnknownNameError
from convcalc.files.laboratory.cf_conventions import Decoding, decoded, decoding_of
from convcalc.files.laboratory.isolated import Answer, Isolated
from convcalc.files.laboratory.stored_array import FRAME, SPATIAL, UNKNOWN, Axis, Gap, Index, StoredArray, library
from convcalc.files.text import listed

_WHAT, _EXTRA = "the HDF5 file", "hdf5"
_MOST_OBJECTS, _LONGEST_TEXT = 10_000, 60
_REFUSED_CLASSES = ("cell", "struct", "char", "function_handle", "table", "string")
_PLANE = 2


def open_hdf5(path: str | None, data: bytes, member: str | None) -> StoredArray:
    """The dataset ``member`` of an HDF5 file, or its only one; without a ``path`` of its bytes.

    Raises:
        FormatError: the file is damaged, or the dataset holds no real numbers.
        FieldError: there are several datasets, and none is named.
        UnknownNameError: there is no such dataset.
        MissingExtraError: h5py is not installed.
    """
    file = {"path": str(Path(path).absolute()) if path is not None else None}
    service = Isolated("hdf5", _WHAT, _EXTRA)
    said = service.ask({**file, "member": member}, data).said
    axes = tuple(Axis(*axis) for axis in said["axes"])
    dtype = np.dtype(said["dtype"])
    decoding = Decoding(**{name: _restored(value) for name, value in said["decoding"].items()})

    def read(index: Index) -> tuple[Array, Sequence[Gap]]:
        sizes = tuple(axis.size for axis, part in zip(axes, index, strict=True) if isinstance(part, slice))
        asked = [part if isinstance(part, int) else None for part in index]
        expected = prod(sizes) * dtype.itemsize
        found = service.ask({**file, "member": said["name"], "index": asked}, data, expected).data
        if len(found) != expected:
            raise FormatError(f"{_WHAT} is damaged: {said['name']} is not of the size that its header says")
        return decoded(np.frombuffer(bytearray(found), dtype).reshape(sizes), decoding)

    itemsize = 8 if decoding.words else dtype.itemsize
    return StoredArray(said["what"], axes, itemsize, said["stored"], read, tuple(said["said"]), close=service.close)


def listed_datasets(path: str | None, data: bytes) -> list[Stored]:
    """The type and shape of every dataset of a file, by its path, numbers not read; without a ``path`` of its bytes.

    Raises:
        FormatError: the file is damaged, or has too many.
        MissingExtraError: h5py is not installed.
    """
    with Isolated("hdf5", _WHAT, _EXTRA) as service:
        said = service.ask({"path": path, "list": True}, data).said
    if said["is_cut"]:
        raise FormatError(f"the HDF5 file holds more than {_MOST_OBJECTS:,} objects")
    return [Stored(name, dtype, tuple(shape), size, is_read) for name, dtype, shape, size, is_read in said["datasets"]]


def _restored(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def answer(request: Mapping[str, Any], data: bytes) -> Answer:
    """What the process of the library answers: what a dataset is, or with ``index`` its numbers."""
    with _opened(request["path"] or BytesIO(data)) as file:
        if "list" in request:
            names = _datasets(file)
            return Answer(
                {"datasets": [_row(file[name], name) for name in names], "is_cut": len(names) >= _MOST_OBJECTS}
            )
        name = request["member"]
        if "index" not in request:
            names = _datasets(file)
            return Answer(_described(file, _only(file, names) if name is None else _known(file, names, name)))
        index = tuple(slice(None) if part is None else part for part in request["index"])
        is_reversed = bool(_text(file[name].attrs.get("MATLAB_class")))
        numbers = np.asarray(file[name][index[::-1] if is_reversed else index])
        return Answer({}, np.ascontiguousarray(numbers.T if is_reversed else numbers).tobytes())


def _row(dataset: Any, name: str) -> list[Any]:
    """Name, type, shape, bytes, and whether it holds real numbers of this file."""
    shape = [int(size) for size in dataset.shape or ()]
    is_real = dataset.dtype.kind in "iufb" and dataset.dtype.itemsize <= 8
    is_here = not (dataset.is_virtual or dataset.external)
    return [name, dataset.dtype.name, shape, prod(shape) * dataset.dtype.itemsize, bool(is_real and is_here)]


def _described(file: Any, name: str) -> dict[str, Any]:
    """What a dataset is, its numbers not read."""
    dataset = file[name]
    _check(dataset, name)
    matlab = _text(dataset.attrs.get("MATLAB_class"))
    if matlab in _REFUSED_CLASSES or dataset.attrs.get("MATLAB_sparse") is not None:
        raise FormatError(f"{name} holds a MATLAB {matlab}", hint="save a full array of numbers")
    netcdf = _is_netcdf(file, dataset)
    decoding = decoding_of(dataset, is_netcdf=netcdf)
    axes, said = _axes(dataset, is_netcdf=netcdf), decoding.words
    if matlab:
        axes, said = axes[::-1], (*said, "axes as in MATLAB, which HDF5 stores reversed")
    what = "MATLAB 7.3 array" if matlab else "NetCDF 4 variable" if netcdf else "HDF5 dataset"
    return {
        "name": name,
        "what": f"{what} {name[:_LONGEST_TEXT]} of {dataset.dtype.name}",
        "dtype": dataset.dtype.str,
        "axes": [list(axis) for axis in axes],
        "decoding": decoding._asdict(),
        "stored": int(dataset.id.get_storage_size()),
        "said": list(said),
    }


@contextmanager
def _opened(data: BytesIO | str) -> Iterator[Any]:
    with library("h5py", _WHAT, _EXTRA):
        import h5py

        if isinstance(data, BytesIO):
            data.seek(0)
        with h5py.File(data, "r", locking=False) as file:
            yield file


def _datasets(file: Any) -> list[str]:
    """The paths of all datasets within the file; links are not followed."""
    names: list[str] = []
    seen = 0

    def visit(name: str, item: Any) -> int | None:
        nonlocal seen
        seen += 1
        if hasattr(item, "shape"):
            names.append(name)
        return 1 if seen >= _MOST_OBJECTS else None

    file.visititems(visit)
    return names


def _only(file: Any, names: list[str]) -> str:
    """The only dataset that is one of numbers and no scale of another one's axes."""
    possible = [name for name in names if _may_be_meant(file[name])]
    if len(possible) > 1 and all(hasattr(file[name], "ndim") for name in possible):
        most = max(file[name].ndim for name in possible)
        full = [name for name in possible if file[name].ndim == most and most >= _PLANE]
        possible = full if len(full) == 1 and _is_netcdf(file, file[full[0]]) else possible
    if len(possible) == 1:
        return possible[0]
    if not possible:
        raise FormatError(f"the HDF5 file holds no array of numbers{listed(names)}")
    raise FieldError(
        f"the HDF5 file holds {len(possible)} arrays{listed(possible)}",
        hint=f"name one: FILE:{possible[0]}",
        field="file",
    )


def _may_be_meant(dataset: Any) -> bool:
    is_scale = _text(dataset.attrs.get("CLASS")) == "DIMENSION_SCALE"
    is_elsewhere = dataset.is_virtual or dataset.external
    return dataset.dtype.kind in "iufb" and bool(dataset.shape and dataset.size) and not (is_scale or is_elsewhere)


def _known(file: Any, names: list[str], member: str) -> str:
    name = member.strip("/")
    if name not in names:
        import h5py

        link = file.get(member, getlink=True) if member else None
        if isinstance(link, h5py.ExternalLink):
            raise FormatError(f"{member} is in another file, which is not read", hint="open that file")
        if isinstance(link, h5py.SoftLink) and link.path.strip("/") in names:
            return str(link.path.strip("/"))
        raise UnknownNameError("dataset", member, names)
    return name


def _check(dataset: Any, name: str) -> None:
    if dataset.is_virtual or dataset.external:
        raise FormatError(f"{name} has its numbers in another file, which is not read", hint="copy them into one file")
    if dataset.dtype.kind not in "iufb" or dataset.dtype.itemsize > 8:
        kind = {"c": "complex numbers", "V": "records", "O": "texts or lists", "S": "texts"}.get(dataset.dtype.kind)
        raise FormatError(f"{name} holds {kind or f'numbers of type {dataset.dtype.name}'}", hint="save real numbers")
    if not dataset.shape:
        raise FormatError(f"{name} holds a lone number, not an array")


def _is_netcdf(file: Any, dataset: Any) -> bool:
    return "_NCProperties" in file.attrs or "DIMENSION_LIST" in dataset.attrs or "_Netcdf4Dimid" in dataset.attrs


def _axes(dataset: Any, *, is_netcdf: bool) -> tuple[Axis, ...]:
    """The axes by the names of their scales; in a grid all but the last two are those of a stack."""
    names, last = [], max(0, len(dataset.shape) - _PLANE)
    for place, dim in enumerate(dataset.dims):
        label = dim.label or next((key.rsplit("/", 1)[-1] for key in dim.keys()), "")  # noqa: SIM118 - h5py's
        is_name = label.isprintable() and label and not label.startswith("This is a netCDF dimension")
        names.append(label[:30] if is_name else f"axis {place}")
    is_named = is_netcdf and not any(name.startswith("axis ") for name in names)
    roles = [FRAME if place < last else SPATIAL for place in range(len(names))]
    if not is_named:
        roles = [UNKNOWN] * len(names)
    return tuple(Axis(name, int(size), role) for name, size, role in zip(names, dataset.shape, roles, strict=True))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
