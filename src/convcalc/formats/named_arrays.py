"""Files that hold arrays under names: of each only what is asked for is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from convcalc.errors import FormatError, Place
from convcalc.formats.source import Source, open_source
from convcalc.limits import Limits

if TYPE_CHECKING:
    from convcalc.arrays import Array


class NamedArrays(Protocol):
    """Arrays by their names."""

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array, its numbers not read.

        Raises:
            UnknownNameError: there is none of that name.
            FormatError: the file is damaged.
        """

    def read(self, name: str) -> tuple[Array, tuple[str, ...]]:
        """The read-only array and notes on what was converted.

        Raises:
            UnknownNameError: there is none of that name.
            FormatError: it is damaged, or does not hold real numbers.
            LimitError: it takes more memory than may be used.
        """


@dataclass(frozen=True, slots=True)
class NpzArrays:
    """The members of a .npz archive, read one by one."""

    source: Source
    limits: Limits

    def shape(self, name: str) -> tuple[int, ...]:
        """From the header of a member."""
        from convcalc.formats.npz import npz_shape

        with self.source.stream() as stream:
            return npz_shape(stream, name, self.source.name, self.limits)

    def read(self, name: str) -> tuple[Array, tuple[str, ...]]:
        """A member."""
        from convcalc.formats.npz import read_npz

        with self.source.stream() as stream:
            return read_npz(stream, name, self.source.name, self.limits)


def open_arrays(path: str, limits: Limits, *, base: Path | None = None) -> NamedArrays:
    """The arrays of a .npz archive or a .safetensors file.

    Raises:
        ConvcalcError: the file cannot be read or is neither.
    """
    source = open_source(path, limits, base=base)
    if source.member is None and source.kind == "npz":
        return NpzArrays(source, limits)
    if source.member is None and source.kind == "safetensors":
        from convcalc.formats.safetensors import open_safetensors

        return cast(NamedArrays, open_safetensors(source, limits))
    what = f"one array of {source.name}" if source.member is not None else source.content
    raise FormatError(
        f"weights of several layers come from a .npz or .safetensors file, this is {what}",
        hint="give it to one layer: weight: {file: PATH}",
        place=Place(source.name),
    )
