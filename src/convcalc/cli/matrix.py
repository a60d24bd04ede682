"""``convcalc matrix``: a convolution as a matrix."""

from convcalc.cli import options as opt
from convcalc.cli.grouped import command


@command
def matrix(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    im2col: opt.Im2col = False,
    batch: opt.Sample = 0,
    layer: opt.LayerAlone = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Show a convolution as the matrix that multiplies the flattened input, or im2col's; rows and columns labelled."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.maps import maps_of
    from convcalc.cli.matrix_saved import MATRIX_SUFFIXES, matrix_saver
    from convcalc.cli.source import flags, need_network, opened, prepared
    from convcalc.formats.csv_reader import csv_text
    from convcalc.report.matrix import matrix_report
    from convcalc.tracing.matrix import im2col_of, matrix_of

    check_output(target, MATRIX_SUFFIXES)
    maps = maps_of(target, "auto", show=True)
    found = opened(options)
    if found.request.is_network:
        from convcalc.cli.stack import layer_problem

        problem = layer_problem(found, options, layer, input)
    else:
        need_network(found, layer=layer, input=input)
        problem = prepared(found, options).problem
    with flags():
        form = (im2col_of if im2col else matrix_of)(problem, found.limits, batch)
    report = matrix_report(problem, form, maps)
    emit(report, target, save=matrix_saver(report, form, target), csv=lambda: csv_text(form.matrix))
