"""``convcalc check``: compare the output of files with what they expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from convcalc.cli import options as opt
from convcalc.cli.grouped import command
from convcalc.errors import ConvcalcError

if TYPE_CHECKING:
    from convcalc.formats.library import Library
    from convcalc.limits import Limits
    from convcalc.report.check import Checked


@command
def check(
    target: opt.OutputOptions,
    files: opt.Files,
    folders: opt.Folders = None,
    limit: opt.LimitChanges = None,
) -> None:
    """Run each file and compare the output with its field expect; every differing cell is shown."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.message import write
    from convcalc.cli.source import library_of, limits_of
    from convcalc.report.check import check_report

    check_output(target)
    limits = limits_of(limit)
    library = library_of(folders, limits)
    checked = [_checked(file, library, limits) for file in files]
    emit(check_report(checked), target)
    for each in checked if target.quiet else ():
        if each.error:
            write(f"error: {each.error}")
    if any(each.verdict != "ok" for each in checked):
        raise typer.Exit(1)


def _checked(file: str, library: Library, limits: Limits) -> Checked:
    from convcalc.engine.compare import cells_of, differing
    from convcalc.engine.compute import compute
    from convcalc.formats.expectation import read_expectation
    from convcalc.formats.request import read_request
    from convcalc.formats.resolve import resolve
    from convcalc.report.check import Checked

    try:
        request = read_request(file, limits)
        result = compute(resolve(request, library, limits), limits=limits)
        parts = read_expectation(request, result, limits)
    except ConvcalcError as error:
        return Checked(file, error=str(error))
    output = result.squeezed
    return Checked(
        file,
        sum(cells_of(output, part) for part in parts),
        [difference for part in parts for difference in differing(output, part)],
    )
