"""``convcalc explain``: why a matrix that was computed elsewhere differs."""

from __future__ import annotations

import typer

from convcalc.cli import options as opt
from convcalc.cli.command_options import Got
from convcalc.cli.option_groups import command, computing


@command
@computing
def explain(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    got: Got = None,
    layer: opt.Layer = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Find why a matrix computed elsewhere differs: the fewest changed conventions that give it exactly.

    The matrix is a file (.npy, .csv, .yaml, an image …), numbers, or standard input. Exit code 1: nothing gives it.
    """
    from convcalc.cli.got_matrix import explanation_of
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.report.explain import explain_report

    check_output(target)
    explanation, source = explanation_of(options, got, layer, input)
    emit(explain_report(explanation, source), target)
    if not explanation.is_explained:
        raise typer.Exit(1)
