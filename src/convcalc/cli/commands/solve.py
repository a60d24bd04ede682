"""``convcalc solve``: kernels, strides, paddings and dilations that turn one size into another."""

from convcalc.cli import options as opt
from convcalc.cli.command_options import SizeOptions
from convcalc.cli.option_groups import command


@command
def solve(
    before: opt.FromSize,
    after: opt.ToSize,
    fixed: SizeOptions,
    target: opt.OutputOptions,
    most: opt.Most = 10,
) -> None:
    """List the kernels, strides, paddings and dilations that turn one size into another, the simplest first."""
    from convcalc.cli.flags import flags
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.cli.solve_sizes import questions_of, solved
    from convcalc.geometry.arguments import whole
    from convcalc.report.solve import solve_report

    check_output(target)
    with flags():
        whole("most", most, 1)
        emit(solve_report(solved(questions_of(before, after, fixed)), most), target)
