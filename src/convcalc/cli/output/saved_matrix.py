"""The files of ``matrix -o FILE``: the matrix as an array, or the report as a document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.arrays import Array, has_fractions, in_floats
from convcalc.cli.options import OutputOptions
from convcalc.cli.output.emit import save_document
from convcalc.cli.output.report_formats import SAVED
from convcalc.report.blocks import Report

if TYPE_CHECKING:
    from convcalc.tracing.matrix import MatrixForm

_ARRAYS = (".npz", ".npy", ".csv")
MATRIX_SUFFIXES = (*_ARRAYS, *(suffix for suffix in SAVED if suffix not in _ARRAYS))


def matrix_saver(report: Report, form: MatrixForm, target: OutputOptions) -> Callable[[str], tuple[str, ...]]:
    """A function that writes the matrix to a path, by its suffix; .npz has the other factor and the offset too."""

    def save(path: str) -> tuple[str, ...]:
        suffix = Path(path).suffix.lower()
        if suffix not in _ARRAYS:
            return save_document(report, path, force=target.force)
        from convcalc.cli.output.saved_arrays import save_array

        arrays, notes = _storable(_arrays(form, suffix), suffix)
        return (*save_array(path, arrays, force=target.force), *notes)

    return save


def _arrays(form: MatrixForm, suffix: str) -> dict[str, Array]:
    from convcalc.cli.output.saved_arrays import OUTPUT

    if suffix != ".npz":
        return {OUTPUT: form.matrix}
    return {"matrix": form.matrix, "kernel" if form.is_im2col else "input": form.other, "offset": form.offset}


def _storable(arrays: dict[str, Array], suffix: str) -> tuple[dict[str, Array], tuple[str, ...]]:
    """The arrays with fractions as floats, except in a text file, which holds them as they are; what was done."""
    rational = {name for name, values in arrays.items() if suffix != ".csv" and has_fractions(values)}
    stored = {name: in_floats(values) if name in rational else values for name, values in arrays.items()}
    return stored, ("fractions as float64, each rounded once",) if rational else ()
