"""``convcalc plan``: how a problem would be computed."""

from convcalc.cli.grouped import command
from convcalc.cli.options import OutputOptions, ProblemOptions


@command
def plan(options: ProblemOptions, target: OutputOptions) -> None:
    """Say how a convolution would be computed, without computing it: engine, tiles, memory, time."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.source import prepare
    from convcalc.report.plan import plan_report

    check_output(target)
    ready = prepare(options, explain=True)
    emit(plan_report(ready.problem, ready.plan, options.precision, ready.refusal), target)
