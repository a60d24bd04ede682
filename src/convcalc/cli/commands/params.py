"""``convcalc params``: the counts of a layer."""

from convcalc.cli import options as opt
from convcalc.cli.option_groups import command


@command
def params(
    target: opt.OutputOptions,
    cin: opt.InChannels,
    cout: opt.OutChannels,
    k: opt.KernelSize,
    groups: opt.GroupCount = 1,
    no_bias: opt.NoBias = False,
    size: opt.Size = None,
    stride: opt.Stride = "1",
    padding: opt.Padding = "0",
    dilation: opt.Dilation = "1",
    dims: opt.Dims = None,
) -> None:
    """Count a layer's parameters, and with --size its output, multiplications and memory."""
    from convcalc.cli.flags import flags
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.cli.params_layer import counts_and_axes
    from convcalc.report.params import params_report

    check_output(target)
    with flags():
        counts, axes = counts_and_axes(
            cin, cout, k, groups, not no_bias, size=size, stride=stride, padding=padding, dilation=dilation, dims=dims
        )
        emit(params_report(counts, axes), target)
