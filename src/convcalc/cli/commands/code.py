"""``convcalc code``: a program that computes the same in another library, or the loops with what every line made."""

from __future__ import annotations

from convcalc.cli.command_options import ExplainLines, ForLibrary
from convcalc.cli.option_groups import command, computing
from convcalc.cli.options import Layer, NetworkInput, OutputOptions, Partial, ProblemOptions


@command
@computing
def code(
    options: ProblemOptions,
    target: OutputOptions,
    library: ForLibrary = "numpy",
    explain: ExplainLines = False,
    layer: Layer = None,
    partial: Partial = False,
    input: NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Write a short program that computes the same, with the same numbers, in a library, and checks its output.

    -o prog.py saves it, with arrays too large to be written into it in prog.npz beside it.
    """
    from convcalc.cli.flags import flags
    from convcalc.cli.network import check_whole, ready
    from convcalc.cli.output.emit import check_output
    from convcalc.cli.output.saved_program import SUFFIXES, check_explained, emit_program
    from convcalc.programs.program import data_name_of
    from convcalc.programs.subject import subject_of
    from convcalc.programs.table import check_library, write_program

    with flags("--for"):
        check_library(library)
    check_explained(library, target, explain=explain)
    check_output(target, SUFFIXES)
    found = ready(options, layer, input)
    check_whole(found, partial=partial)
    subject = subject_of(found.network, found.cells, found.number, found.context)
    program = write_program(library, subject, data_name_of(target.output))
    emit_program(program, target, explain=explain)
