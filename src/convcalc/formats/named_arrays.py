"""Files that hold arrays under names: of each only what is asked for is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from convcalc.errors import FormatError, Place
from convcalc.formats.source import open_source
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


def open_arrays(path: str, limits: Limits, *, base: Path | None = None) -> NamedArrays:
    """The arrays of a .npz archive or a .safetensors file.

    Raises:
        ConvcalcError: the file cannot be read or is neither.
    """
    source = open_source(path, limits, base=base)
    if source.member is None and source.kind == "npz":
        from convcalc.formats.npz import open_npz

        return open_npz(source, limits)
    if source.member is None and source.kind == "safetensors":
        from convcalc.formats.safetensors import open_safetensors

        return open_safetensors(source, limits)
    what = f"one array of {source.name}" if source.member is not None else source.content
    raise FormatError(
        f"weights of several layers come from a .npz or .safetensors file, this is {what}",
        hint="give it to one layer: weight: {file: PATH}",
        place=Place(source.name),
    )
