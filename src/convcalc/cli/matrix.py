"""``convcalc matrix``: a convolution as a matrix."""

from convcalc.cli import options as opt
from convcalc.cli.grouped import command


@command
def matrix(
    options: opt.ProblemOptions, target: opt.OutputOptions, im2col: opt.Im2col = False, batch: opt.Sample = 0
) -> None:
    """Show a convolution as the matrix that multiplies the flattened input, or im2col's; rows and columns labelled."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.maps import maps_of
    from convcalc.cli.matrix_saved import MATRIX_SUFFIXES, matrix_saver
    from convcalc.cli.source import flags, prepare
    from convcalc.formats.csv_reader import csv_text
    from convcalc.report.matrix import matrix_report
    from convcalc.tracing.matrix import im2col_of, matrix_of

    check_output(target, MATRIX_SUFFIXES)
    maps = maps_of(target, "auto", show=True)
    ready = prepare(options)
    with flags():
        form = (im2col_of if im2col else matrix_of)(ready.problem, ready.limits, batch)
    report = matrix_report(ready.problem, form, maps)
    emit(report, target, save=matrix_saver(report, form, target), csv=lambda: csv_text(form.matrix))
