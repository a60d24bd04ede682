"""The files of ``code -o FILE``: the bare program with its arrays beside it, or the report as a document."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from convcalc.cli.message import write
from convcalc.cli.output.emit import Saver, emit, save_document
from convcalc.cli.output.report_formats import SAVED
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from convcalc.cli.options import OutputOptions
    from convcalc.programs.program import Program
    from convcalc.report.blocks import Report

_PROGRAM, _PAGE = ".py", ".html"
SUFFIXES = (_PROGRAM, *(suffix for suffix in SAVED if suffix != _PAGE), _PAGE)


def check_explained(library: str, target: OutputOptions, *, explain: bool) -> None:
    """Refuse to explain what is not the definition's loops, and to save an explanation as a program.

    Raises:
        UsageError: that is requested.
    """
    if explain and library != "numpy":
        raise UsageError(
            f"--explain follows the loops of the definition, {library} has none", hint="--for numpy --explain"
        )
    if explain and _suffix(target) == _PROGRAM:
        raise UsageError(
            "an explanation is no program", hint=f"one of: {', '.join(SUFFIXES[1:])}; or without --explain"
        )


def emit_program(program: Program, target: OutputOptions, *, explain: bool) -> None:
    """Save and print a program, or the report on its lines.

    Raises:
        OutputError: a file cannot be written; then none is.
    """
    from convcalc.report.code import execution_report, program_report

    if explain:
        from convcalc.programs.execution import execute

        report = execution_report(program, execute(program))
    else:
        report = program_report(program)
    if explain or target.format not in ("table", "plain") or target.output:
        emit(report, target._replace(quiet=target.quiet or bool(target.output)), save=_saver(program, report, target))
        _say_written(program, target)
        return
    if not target.quiet:
        sys.stdout.write(program.source)
    _say_notes(program)


def _saver(program: Program, report: Report, target: OutputOptions) -> Saver:
    def save(path: str) -> tuple[str, ...]:
        if _suffix(target) == _PROGRAM:
            _save_program(program, path, force=target.force)
            return ()
        if _suffix(target) != _PAGE:
            return save_document(report, path, force=target.force)
        from convcalc.files.whole_file import write_lines
        from convcalc.render.folding import folding_page

        title = program.statements[0].text.strip('"')
        write_lines(path, (f"{line}\n" for line in folding_page(report.blocks, title)), force=target.force)
        return ()

    return save


def _save_program(program: Program, path: str, *, force: bool) -> None:
    """Both files, or none of them."""
    from convcalc.files.npz import write_npz
    from convcalc.files.whole_file import write_atomically, write_lines

    if not program.arrays:
        write_lines(path, [program.source], force=force)
        return
    beside = Path(path).with_name(program.data_name)
    is_new = not beside.exists()

    def fill(stream: BinaryIO) -> None:
        write_npz(stream, program.arrays)

    write_atomically(str(beside), fill, force=force)
    try:
        write_lines(path, [program.source], force=force)
    except BaseException:
        if is_new:
            with suppress(OSError):
                beside.unlink()
        raise


def _say_written(program: Program, target: OutputOptions) -> None:
    """The files that were written, and the notes."""
    if target.quiet or not target.output:
        return
    is_program = _suffix(target) == _PROGRAM
    beside = f" and {Path(target.output).with_name(program.data_name)}" if is_program and program.arrays else ""
    write(f"wrote {target.output}{beside}")
    for each in program.notes if is_program else ():
        write(f"note: {each}")


def _say_notes(program: Program) -> None:
    if program.arrays:
        write(f"note: its large arrays are read from {program.data_name}: -o program.py saves both")
    for each in program.notes:
        write(f"note: {each}")


def _suffix(target: OutputOptions) -> str:
    return Path(target.output or "").suffix.lower()
