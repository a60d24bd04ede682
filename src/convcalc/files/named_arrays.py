"""Files of named arrays, of which only the requested ones are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from convcalc.errors import FormatError, Place
from convcalc.files.file_kind import OpenedFile, open_file
from convcalc.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.arrays import Array, Stored


class NamedArrays(Protocol):
    """Arrays by their names."""

    @property
    def layout(self) -> str:
        """The order of the axes of kernels where the kind of file determines it; empty: PyTorch's."""

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array, its numbers not read.

        Raises:
            UnknownNameError: there is none of that name.
            FormatError: the file is damaged.
        """

    def stored(self) -> Iterator[Stored]:
        """The type and shape of every array, its numbers not read, in the order of the file.

        Raises:
            FormatError: the file is damaged.
        """

    def read(self, name: str) -> tuple[Array, tuple[str, ...]]:
        """The read-only array and notes on what was converted.

        Raises:
            UnknownNameError: there is none of that name.
            FormatError: it is damaged, or does not hold real numbers.
            LimitError: it takes more memory than may be used.
        """


def open_arrays(path: str, limits: Limits, *, base: Path | None = None) -> NamedArrays:
    """The arrays of a .npz archive, a .safetensors or an HDF5 file, or the weights of a Keras model.

    Raises:
        ConvcalcError: the file cannot be read or is neither.
    """
    source = open_file(path, limits, base=base)
    found = named_arrays(source, limits)
    if found is not None:
        return found
    what = f"one array of {source.name}" if source.member is not None else source.content
    raise FormatError(
        f"weights of several layers come from a .npz, .safetensors, .h5 or .keras file, this is {what}",
        hint="give it to one layer: weight: {file: PATH}",
        place=Place(source.name),
    )


def named_arrays(source: OpenedFile, limits: Limits) -> NamedArrays | None:
    """The arrays of a source, if it is a file of several and no single one is selected.

    Raises:
        ConvcalcError: it is damaged.
    """
    if source.member is None and source.kind == "npz":
        from convcalc.files.npz import open_npz

        return open_npz(source, limits)
    if source.member is None and source.kind == "safetensors":
        from convcalc.files.safetensors import open_safetensors

        return open_safetensors(source, limits)
    if source.member is None and source.kind in ("hdf5", "keras"):
        from convcalc.files.laboratory.hdf5_arrays import open_hdf5_arrays

        return open_hdf5_arrays(source, limits)
    return None
