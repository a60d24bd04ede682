"""The files of ``run -o FILE``: arrays and pictures of outputs, figures, or the report as a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.cli.options import OutputOptions
from convcalc.cli.output.emit import save_document
from convcalc.cli.output.figures import FIGURE_SUFFIX, figure_saver, wants_figure
from convcalc.cli.output.picture_look import PICTURE_SUFFIXES, Look
from convcalc.cli.output.report_formats import SAVED
from convcalc.cli.output.saved_sound import SOUND_SUFFIX
from convcalc.errors import OutputError
from convcalc.report.blocks import Report

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.context import Context
    from convcalc.layers.run import NetworkRun
    from convcalc.tracing.contributions import Contributions

_ARRAYS = (".npy", ".npz", ".csv", *PICTURE_SUFFIXES, SOUND_SUFFIX)
RESULT_SUFFIXES = (*_ARRAYS, ".zarr", FIGURE_SUFFIX, *(suffix for suffix in SAVED if suffix not in _ARRAYS))


def check_kept(target: OutputOptions, *, keep: bool) -> None:
    """Refuse to save every layer's output in a file of a single array.

    Raises:
        OutputError: that is requested.
    """
    suffix = Path(target.output or "").suffix.lower()
    if keep and suffix in _ARRAYS and suffix != ".npz":
        raise OutputError(
            f"{target.output} holds one array, --keep has one for each layer",
            hint="-o layers.npz, or without --keep the output alone",
        )


def saver(
    report: Report,
    run: NetworkRun,
    target: OutputOptions,
    look: Look,
    context: Context,
    *,
    keep: bool = False,
    apart: Contributions | None = None,
    curves: bool = False,
) -> Callable[[str], tuple[str, ...]]:
    """A function that writes the result to a path, by its suffix; ``look``: of a picture.

    ``curves``: a picture of signals of one axis is one of curves, not only where they are too long for a table.
    """
    from convcalc.report.run.arrays_shown import are_curves

    if wants_figure(target):
        from convcalc.report.run.figure import figure_of

        return figure_saver(lambda: figure_of(run, apart, curves=curves), target)

    def save(path: str) -> tuple[str, ...]:
        suffix = Path(path).suffix.lower()
        if suffix not in _ARRAYS:
            return save_document(report, path, force=target.force)
        if suffix == ".png" and run.problem is not None and are_curves(run.problem, asked=curves):
            return _save_curves(path, run, target)
        if suffix == SOUND_SUFFIX:
            from convcalc.cli.output.saved_sound import save_sound

            return save_sound(path, run, force=target.force)
        if suffix in PICTURE_SUFFIXES:
            from convcalc.cli.output.saved_picture import save_picture

            return save_picture(path, run, look, context.limits, force=target.force)
        from convcalc.cli.output.saved_arrays import save_array, save_result

        if run.problem is not None and not keep:
            return save_result(path, run.problem, run.output, force=target.force)
        return save_array(path, _arrays(run, keep=keep), force=target.force)

    return save


def _save_curves(path: str, run: NetworkRun, target: OutputOptions) -> tuple[str, ...]:
    """Draw input and output as curves in a PNG file."""
    from convcalc.files.whole_file import write_bytes
    from convcalc.render.raster import png_page
    from convcalc.render.svg.layout import page_of
    from convcalc.report.run.figure import figure_of

    write_bytes(path, png_page(page_of(figure_of(run, curves=True))), force=target.force)
    return ()


def _arrays(run: NetworkRun, *, keep: bool) -> Mapping[str, Array]:
    """The output, or every layer's under its name."""
    from convcalc.arrays import squeezed
    from convcalc.cli.output.saved_arrays import OUTPUT

    if not keep:
        return {OUTPUT: squeezed(run.output)}
    names = _members([run.network.stages[number].name for number in run.kept])
    return {name: squeezed(output) for name, output in zip(names, run.kept.values(), strict=True)}


def _members(names: Sequence[str]) -> list[str]:
    """Layers' names as names of files in an archive: unique, and neither paths nor special to any program."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^\w.+-]+", ".", name).strip(".") or "layer"
        number = 2
        member = plain
        while member in found:
            member, number = f"{plain}-{number}", number + 1
        found.append(member)
    return found
