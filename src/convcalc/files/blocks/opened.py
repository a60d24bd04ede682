"""The source of a file that can be read block by block, whichever kind it is of."""

from __future__ import annotations

from pathlib import Path

from convcalc.errors import ConvcalcError
from convcalc.files.blocks.source import BlockSource
from convcalc.files.file_kind import open_file
from convcalc.files.selection import EVERYTHING, Selection
from convcalc.files.text import STANDARD_INPUT
from convcalc.limits import Limits

ZARR_MARKS = (".zarray", "zarr.json", ".zgroup")
"""Names of files in the folder of a Zarr array, or of a group of them."""


def open_blocks(
    path: str, limits: Limits, *, base: Path | None = None, selection: Selection = EVERYTHING
) -> BlockSource | None:
    """The array of a file block by block; None where it is of a kind that is read whole.

    Raises:
        ConvcalcError: there is no such file, or it is damaged.
    """
    if path == STANDARD_INPUT:
        return None
    whole = str(base / path) if base else path
    if (folder := zarr_folder(whole)) is not None:
        from convcalc.files.blocks.zarr import zarr_source

        return zarr_source(*folder, limits)
    try:
        opened = open_file(whole, limits)
    except ConvcalcError:
        return None  # whoever reads it says what is wrong
    if opened.kind == "npy" and not selection.names:
        from convcalc.files.blocks.npy import npy_source

        return npy_source(opened.name, limits)
    if opened.kind == "npz" and not selection.names:
        from convcalc.files.blocks.npy import npz_source

        return npz_source(opened, limits)
    return None


def zarr_folder(path: str) -> tuple[str, str] | None:
    """The folder of a Zarr store and the array in it, of ``x.zarr`` or ``x.zarr:group/array``; None of others."""
    name, colon, member = path.rpartition(":")
    for store, inside in ((path, ""), (name, member) if colon else ("", "")):
        folder = Path(store)
        if store and any((folder / mark).is_file() for mark in ZARR_MARKS):
            return store, inside
    return None
