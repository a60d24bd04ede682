"""The files of ``gradient -o FILE``: arrays, or the report as a document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.cli.output.emit import save_document
from convcalc.cli.output.report_formats import SAVED
from convcalc.cli.output.saved_arrays import OUTPUT, save_array
from convcalc.errors import UsageError
from convcalc.report.gradient.report import parts_of

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.cli.options import OutputOptions
    from convcalc.gradients.backward import Gradients
    from convcalc.report.blocks import Report
    from convcalc.report.gradient.report import Shown

_ARRAYS = (".npy", ".npz")
GRADIENT_SUFFIXES = (*_ARRAYS, *(suffix for suffix in SAVED if suffix not in _ARRAYS))


def check_one_array(found: Ready, shown: Shown, target: OutputOptions) -> None:
    """Refuse to save several arrays in a file of one.

    Raises:
        UsageError: that is requested.
    """
    is_one = shown.of and (shown.layer is not None or shown.of == "input" or len(found.network.stages) == 1)
    if Path(target.output or "").suffix.lower() == ".npy" and not is_one:
        raise UsageError(
            f"{target.output} holds one array, these are several",
            hint="-o gradients.npz, or --of input, or --layer and --of",
        )


def gradient_saver(
    report: Report, found: Gradients, shown: Shown, target: OutputOptions
) -> Callable[[str], tuple[str, ...]]:
    """A function that writes the gradients to a path, by its suffix; in .npz under names such as conv1.weight."""

    def save(path: str) -> tuple[str, ...]:
        suffix = Path(path).suffix.lower()
        if suffix not in _ARRAYS:
            return save_document(report, path, force=target.force)
        arrays = {part.name: part.values for part in parts_of(found, shown)}
        if suffix == ".npy":
            arrays = {OUTPUT: next(iter(arrays.values()))}
        return save_array(path, arrays, force=target.force)

    return save
