"""The files of ``code -o FILE``: the bare program with its arrays beside it, or the report as a document."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from convcalc.cli.message import write
from convcalc.cli.output.emit import emit, save_document
from convcalc.cli.output.report_formats import SAVED
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from convcalc.cli.options import OutputOptions
    from convcalc.programs.program import Program
    from convcalc.report.blocks import Report

_PROGRAM = ".py"
_AS_IT_IS = ("table", "plain")
"""Formats in which a program is printed without numbers of lines."""
SUFFIXES = (_PROGRAM, *SAVED)


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
    """Save or print a program as it is, or the report on its lines.

    Raises:
        OutputError: a file cannot be written; then none is.
    """
    if explain or target.format not in _AS_IT_IS or _suffix(target) not in ("", _PROGRAM):
        _emit_report(_report(program, explain=explain), program, target)
    elif target.output:
        _save_program(program, target.output, force=target.force)
        _say_written(program, target)
    elif not target.quiet:
        sys.stdout.write(program.source)
        beside = f"its large arrays are read from {program.data_name}: -o program.py saves both"
        _say_notes([*[beside][: len(program.arrays)], *program.notes])


def _report(program: Program, *, explain: bool) -> Report:
    from convcalc.report.code import execution_report, program_report

    if not explain:
        return program_report(program)
    from convcalc.programs.execution import execute

    return execution_report(program, execute(program))


def _emit_report(report: Report, program: Program, target: OutputOptions) -> None:
    """The report as a document, or printed; or the program with a report of its lines."""

    def save(path: str) -> tuple[str, ...]:
        if _suffix(target) == _PROGRAM:
            _save_program(program, path, force=target.force)
            return ()
        return save_document(report, path, force=target.force)

    emit(report, target._replace(quiet=target.quiet or bool(target.output)), save=save)
    if target.output:
        _say_written(program, target)


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
    """The files that were written, and what is to be said of the program."""
    if target.quiet or not target.output:
        return
    is_program = _suffix(target) == _PROGRAM
    beside = f" and {Path(target.output).with_name(program.data_name)}" if is_program and program.arrays else ""
    write(f"wrote {target.output}{beside}")
    _say_notes(program.notes if is_program else ())


def _say_notes(notes: Iterable[str]) -> None:
    for each in notes:
        write(f"note: {each}")


def _suffix(target: OutputOptions) -> str:
    return Path(target.output or "").suffix.lower()
