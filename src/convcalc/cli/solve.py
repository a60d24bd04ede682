"""``convcalc solve``: what turns one size into another."""

from convcalc.cli import options as opt
from convcalc.cli.grouped import command
from convcalc.cli.own_options import SizeOptions


@command
def solve(
    before: opt.FromSize,
    after: opt.ToSize,
    fixed: SizeOptions,
    target: opt.OutputOptions,
    most: opt.Most = 10,
) -> None:
    """List the kernels, strides, paddings and dilations that turn one size into another, the simplest first."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.sizes import questions_of, solved
    from convcalc.cli.source import flags
    from convcalc.geometry.arguments import whole
    from convcalc.report.solve import solve_report

    check_output(target)
    with flags():
        whole("most", most, 1)
        emit(solve_report(solved(questions_of(before, after, fixed)), most), target)
