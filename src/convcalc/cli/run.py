"""``convcalc run``: compute a problem and show input, kernel and output."""

from convcalc.cli.grouped import command
from convcalc.cli.options import OutputOptions, ProblemOptions


@command
def run(options: ProblemOptions, target: OutputOptions) -> None:
    """Compute a convolution and show what was computed: sizes, input, kernel and output."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.save import RESULT_SUFFIXES, saver
    from convcalc.cli.source import prepare
    from convcalc.engine.compute import compute
    from convcalc.report.run import run_report

    def csv() -> str:
        from convcalc.formats.csv_reader import csv_text

        return csv_text(result.squeezed)

    check_output(target, RESULT_SUFFIXES)
    ready = prepare(options)
    result = compute(ready.problem, ready.plan, limits=ready.limits)
    report = run_report(ready.problem, result)
    emit(report, target, save=saver(report, ready.problem, result, target), csv=csv)
