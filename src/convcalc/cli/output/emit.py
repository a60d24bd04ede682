"""Reports to standard output and results to files, in the requested format."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.cli.message import write
from convcalc.cli.output.report_formats import PRINTED, SAVED, Pieces, lines_of_report, pieces_of_report
from convcalc.cli.streams import output_console
from convcalc.errors import OutputError, Place, UnknownNameError
from convcalc.report.blocks import Report

if TYPE_CHECKING:
    from convcalc.cli.options import OutputOptions

Lines = Callable[[], Iterable[str]]
"""Returns the lines of a CSV file, line ends included."""
Saver = Callable[[str], tuple[str, ...]]
"""Called with the path; returns notes for the reader of the file."""


def check_output(target: OutputOptions, suffixes: tuple[str, ...] = tuple(SAVED)) -> None:
    """Refuse an unknown format and a file that cannot be written, before any work is done.

    Raises:
        UnknownNameError: there is no such format.
        OutputError: the file's suffix is none of ``suffixes``, or it cannot be written.
        MissingExtraError: it is a PDF, and ReportLab is not installed.
    """
    if target.format not in PRINTED:
        error = UnknownNameError("format", target.format, PRINTED)
        error.place = Place("--format", is_flag=True)
        raise error
    if target.output is None:
        return
    from convcalc.files.whole_file import check_target

    suffix = Path(target.output).suffix.lower()
    if suffix not in suffixes:
        raise OutputError(
            f"nothing is saved here as {suffix or target.output!r}", hint=f"one of: {', '.join(suffixes)}"
        )
    if suffix == ".zarr":
        from convcalc.files.blocks.zarr import check_store

        check_store(target.output, force=target.force)
        return
    check_target(target.output, force=target.force)
    if suffix == ".pdf":
        from convcalc.render.pdf.fonts import check_installed

        check_installed()


def wants_data(target: OutputOptions) -> bool:
    """Whether the data of the report will be printed or saved."""
    suffix = Path(target.output or "").suffix.lower()
    return suffix in (".json", ".yaml") or (target.format == "json" and not target.quiet)


def emit(
    report: Report,
    target: OutputOptions,
    *,
    save: Saver | None = None,
    csv: Lines | None = None,
    html: Lines | None = None,
) -> None:
    """Save the requested file, then print the report.

    ``csv``: returns the CSV lines of a report that has no rows; ``html``: the page of one that has its own.

    Raises:
        OutputError: the file cannot be written.
    """
    if target.output is not None:
        notes = save(target.output) if save else save_document(report, target.output, force=target.force)
        if not target.quiet:
            write(f"wrote {target.output}{''.join(f': {note}' for note in notes)}")
    if not target.quiet:
        if target.format == "html" and html is not None:
            sys.stdout.writelines(html())
            return
        print_report(report, target.format, csv)


def print_report(report: Report, form: str, csv: Lines | None = None) -> None:
    """Print a report; where its notes are not part of the format they go to standard error."""
    if form == "table":
        from convcalc.render.terminal import print_blocks

        print_blocks(output_console(), report.blocks)
        return
    if form == "csv":
        for note in report.notes:
            write(f"note: {note}")
        if csv is not None:
            sys.stdout.writelines(csv())
            return
    sys.stdout.writelines(lines_of_report(report, form))


def save_document(report: Report, path: str, *, force: bool) -> tuple[str, ...]:
    """Write a report in the format of the file's suffix.

    Raises:
        OutputError: the file cannot be written.
    """
    save_lines(path, lambda form: pieces_of_report(report, form), force=force)
    return ()


def save_lines(path: str, lines: Callable[[str], Pieces], *, force: bool) -> None:
    """Write the lines in the format of the file's suffix.

    Raises:
        OutputError: the file cannot be written.
    """
    from convcalc.files.whole_file import write_lines

    write_lines(path, lines(SAVED[Path(path).suffix.lower()]), force=force)
