"""All datasets of an HDF5 file by name, each read on demand: weights of Keras' layers, or anything else.

The file is opened by h5py in a process of its own; a ``.keras`` archive holds one, and nothing else of it is read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from convcalc.arrays import Array, Stored
from convcalc.errors import FormatError, LimitError, Place, UnknownNameError
from convcalc.files.file_kind import OpenedFile
from convcalc.files.keras_names import LAYOUT, keras_names
from convcalc.files.laboratory.hdf5 import listed_datasets, open_hdf5
from convcalc.limits import Limits

WEIGHTS = "model.weights.h5"
"""The file of weights in a ``.keras`` archive."""


@dataclass(frozen=True, eq=False)
class Hdf5Arrays:
    """The datasets of a file."""

    source: str
    limits: Limits
    path: str | None
    """Of the file; None where ``data`` is its content."""
    data: bytes
    datasets: Mapping[str, Stored]
    """By path."""
    names: Mapping[str, str]
    """Paths by the names given here: those of Keras' layers, otherwise the path with points."""
    layout: str
    """The order of the axes of kernels where it is known; empty: PyTorch's."""

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a dataset; raises as :meth:`read` does."""
        return self._known(name).shape

    def stored(self) -> Iterator[Stored]:
        """Every dataset with its name."""
        by_path = {path: name for name, path in self.names.items()}
        for path, each in self.datasets.items():
            yield each._replace(name=by_path.get(path, path))

    def read(self, name: str) -> tuple[Array, tuple[str, ...]]:
        """A dataset, read-only.

        Raises:
            UnknownNameError: there is none of that name.
            FormatError: it is damaged, or holds no real numbers.
            LimitError: it takes more memory than may be used.
        """
        found = self._known(name)
        self.limits.check_memory(found.bytes, f"{self.source}:{name}")
        dataset = open_hdf5(self.path, self.data, self.names.get(name, name))
        try:
            array, _ = dataset.read(tuple(slice(None) for _ in found.shape))
        finally:
            dataset.close()
        array.flags.writeable = False
        return array, ()

    def _known(self, name: str) -> Stored:
        path = self.names.get(name, name)
        if path not in self.datasets:
            raise UnknownNameError(f"array in {self.source}", name, [*self.names] or [*self.datasets])
        return self.datasets[path]


def open_hdf5_arrays(source: OpenedFile, limits: Limits) -> Hdf5Arrays:
    """The datasets of an HDF5 file or of the weights in a ``.keras`` archive, whose numbers are not read.

    Raises:
        ConvcalcError: it is damaged, or too large.
    """
    data = b"" if source.data is None else source.data
    path = None if source.data is not None else str(Path(source.name).absolute())
    if source.kind == "keras":
        path, data = None, _weights_of(source, limits)
    try:
        datasets = {each.name: each for each in listed_datasets(path, data)}
    except FormatError as error:  # the process that opens it knows no name of a file that is in memory
        error.place = error.place or Place(source.name)
        raise
    by_layer = keras_names({name: each.shape for name, each in datasets.items()})
    plain = {name.replace("/", "."): name for name in datasets if name not in by_layer.values()}
    names = {**{name: path for name, path in plain.items() if name not in by_layer}, **by_layer}
    return Hdf5Arrays(source.name, limits, path, data, datasets, names, LAYOUT if by_layer else "")


def _weights_of(source: OpenedFile, limits: Limits) -> bytes:
    """The file of weights in a ``.keras`` archive; it is stored there as it is.

    Raises:
        FormatError: the archive is damaged, or packs it.
        LimitError: it is larger than the memory that may be used.
    """
    try:
        with source.stream() as stream, zipfile.ZipFile(stream) as archive:
            info = archive.getinfo(WEIGHTS)
            limits.check_memory(info.file_size, f"{WEIGHTS} of {source.name}")
            if info.compress_type != zipfile.ZIP_STORED:
                raise FormatError(f"{WEIGHTS} is packed, which Keras does not do", place=Place(source.name))
            return archive.read(info)
    except (FormatError, LimitError):
        raise
    except Exception as error:  # damage raises a dozen classes
        raise FormatError(f"the Keras model is damaged: {error}", place=Place(source.name)) from None
