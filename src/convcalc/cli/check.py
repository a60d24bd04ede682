"""``convcalc check``: compare the output of files with what they expect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from convcalc.cli import options as opt
from convcalc.cli.grouped import command
from convcalc.errors import ConvcalcError

if TYPE_CHECKING:
    from convcalc.engine.compute import Result
    from convcalc.formats.request import Request
    from convcalc.limits import Limits
    from convcalc.report.check import Checked


@command
def check(
    target: opt.OutputOptions,
    files: opt.Files,
    precision: opt.Precision = "full",
    threads: opt.Threads = None,
    folders: opt.Folders = None,
    limit: opt.LimitChanges = None,
) -> None:
    """Run each file and compare the output with its field expect; every differing cell is shown."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.message import write
    from convcalc.cli.progress import compute_shown
    from convcalc.cli.source import Ready, flags, library_of, limits_of
    from convcalc.engine.plan import make_plan
    from convcalc.formats.resolve import resolve
    from convcalc.report.check import check_report

    check_output(target)
    limits = limits_of(limit)
    library = library_of(folders, limits)

    def computed(request: Request) -> Result:
        problem = resolve(request, library, limits)
        with flags():
            plan = make_plan(problem, precision=precision, threads=threads)
        return compute_shown(Ready(problem, plan, limits), quiet=target.quiet)

    checked = [_checked(file, limits, computed) for file in files]
    emit(check_report(checked), target)
    for each in checked if target.quiet else ():
        if each.error:
            write(f"error: {each.error}")
    if any(each.verdict != "ok" for each in checked):
        raise typer.Exit(1)


def _checked(file: str, limits: Limits, compute: Callable[[Request], Result]) -> Checked:
    """The verdict on a file; only an error of a flag, which is not the file's, goes on to the user."""
    from convcalc.engine.compare import cells_of, differing
    from convcalc.formats.expectation import read_expectation
    from convcalc.formats.request import read_request
    from convcalc.report.check import Checked

    try:
        request = read_request(file, limits)
        result = compute(request)
        parts = read_expectation(request, result, limits)
    except ConvcalcError as error:
        if error.place and error.place.is_flag:
            raise
        return Checked(file, error=str(error))
    output = result.squeezed
    return Checked(
        file,
        sum(cells_of(output, part) for part in parts),
        [difference for part in parts for difference in differing(output, part)],
    )
