"""``convcalc like``: the functions of other programs whose numbers can be computed."""

from __future__ import annotations

from typing import Annotated

import typer

from convcalc.cli import options as opt
from convcalc.cli.option_groups import command, computing

FunctionName = Annotated[
    str | None,
    typer.Argument(help="A function, such as cv2.filter2D; without it all are listed.", show_default=False),
]


@command
@computing
def like(target: opt.OutputOptions, name: FunctionName = None) -> None:
    """List the functions of other programs that --like knows, or show every rule of one with a worked line."""
    from convcalc.cli.flags import flags
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.conventions.table import CONVENTIONS, find
    from convcalc.report.conventions import convention_report, conventions_report

    check_output(target)
    if name is None:
        emit(conventions_report(CONVENTIONS.values()), target)
        return
    with flags(" "):
        found = find(name)
    emit(convention_report(found), target)
