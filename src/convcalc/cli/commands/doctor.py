"""``convcalc doctor``: whether convcalc works here, with its versions and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from convcalc.cli.option_groups import command
from convcalc.cli.options import OutputOptions

if TYPE_CHECKING:
    from convcalc.diagnosis import Section
    from convcalc.report.doctor import Diagnosis


WarmOption = Annotated[
    bool, typer.Option("--warm", help="Compile the loops of the engine fused now and keep them, so that no run waits.")
]


@command
def doctor(target: OutputOptions, warm: WarmOption = False) -> None:
    """Say whether convcalc works here: versions, extras, cores, limits, BLAS, terminal, and the shipped examples."""
    from convcalc.cli.message import write
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.report.doctor import doctor_report

    check_output(target)
    found = _diagnosis(warm=warm)
    emit(doctor_report(found), target)
    for fault in found.faults if target.quiet else ():
        write(f"error: {fault}")
    if not found.is_well:
        raise typer.Exit(1)


def _diagnosis(*, warm: bool) -> Diagnosis:
    """All findings; those that need NumPy only if the packages are fine."""
    from convcalc import diagnosis
    from convcalc.report.doctor import Diagnosis

    first = (diagnosis.packages(), diagnosis.extras(), diagnosis.limits(), _terminal())
    if first[0].faults:
        return Diagnosis(first, ())
    warmed = (_warmed(),) if warm else ()
    return _with_examples((*first, diagnosis.machine(), diagnosis.kernels(), *warmed))


def _warmed() -> Section:
    """The compiled loops, after a line on standard error where they take seconds."""
    from convcalc import diagnosis
    from convcalc.cli.message import write
    from convcalc.engine.fused.readiness import trouble

    if trouble() is None:
        write("compiling once …")
    return diagnosis.loops()


def _with_examples(sections: tuple[Section, ...]) -> Diagnosis:
    """The shipped examples: those in the package, in a source checkout all of them."""
    from dataclasses import replace

    from convcalc.cli.commands.check import Checker
    from convcalc.context import Context
    from convcalc.errors import ConvcalcError, MissingExtraError
    from convcalc.limits import Limits
    from convcalc.report.check import Checked
    from convcalc.report.doctor import Diagnosis
    from convcalc.request.kernel_library import Library
    from convcalc.request.shipped import shipped

    checker = Checker(Context(own_limits=Limits(), library=Library((shipped("kernels"),))), quiet=True)
    examples, left_out = [], []
    for path in sorted(shipped("examples").glob("*.yaml")):
        try:
            examples.append(replace(checker.verdict(str(path)), file=path.name))
        except MissingExtraError as error:
            left_out.append((path.name, str(error)))
        except ConvcalcError as error:
            examples.append(Checked(path.name, error=str(error)))
    return Diagnosis(sections, tuple(examples), tuple(left_out))


def _terminal() -> Section:
    """The output's destination, and its capabilities."""
    import os
    import sys

    from convcalc.cli.streams import output_console, page_width
    from convcalc.diagnosis import Finding, Section

    encoding = sys.stdout.encoding or "none"
    has_signs = encoding.lower() in ("utf-8", "utf8")
    colours = output_console().color_system
    reasons = [name for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS") if os.environ.get(name)]
    output = "a terminal" if sys.stdout.isatty() else "a pipe or a file"
    return Section(
        "terminal",
        (
            Finding("output", output, f"TERM={os.environ['TERM']}" if os.environ.get("TERM") else ""),
            Finding("width", f"{page_width()} columns"),
            Finding("colours", colours or "none", ", ".join(reasons)),
            Finding("encoding", encoding, "" if has_signs else "signs beyond it are written in ASCII"),
        ),
    )
