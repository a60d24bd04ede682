"""``convcalc kernels lint``: files of own kernels looked over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from convcalc.errors import ConvcalcError

if TYPE_CHECKING:
    from convcalc.cli.options import OutputOptions
    from convcalc.context import Context
    from convcalc.kernels.lint import Linted


def lint(files: list[str], context: Context, target: OutputOptions) -> None:
    """Say what each file holds and what looks like a mistake; a file that is no kernel file does not stop the others.

    Raises:
        Exit: a file is bad; warnings alone are none.
    """
    from convcalc.cli.message import tell_error
    from convcalc.cli.output.emit import emit
    from convcalc.report.kernel.lint import Bad, lint_report
    from convcalc.request.kernel_lint import lint_file

    results: list[Linted | Bad] = []
    codes = [0]
    for file in files:
        try:
            results.append(lint_file(file, context))
        except ConvcalcError as error:
            tell_error(error)
            results.append(Bad(file, error.message, error.hint))
            codes.append(error.exit_code)
    emit(lint_report(results), target)
    if max(codes):
        raise typer.Exit(max(codes))
