"""``convcalc kernels``: the library, or one kernel."""

from convcalc.cli import options as opt
from convcalc.cli.grouped import command


@command
def kernels(
    target: opt.OutputOptions,
    name: opt.KernelName = None,
    folders: opt.Folders = None,
    limit: opt.LimitChanges = None,
) -> None:
    """List the named kernels, or show one: weights, scale, sum, what it shows, where it comes from."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.source import flags, library_of, limits_of
    from convcalc.report.kernels import kernel_report, kernels_report

    check_output(target)
    library = library_of(folders, limits_of(limit))
    with flags(" "):
        report = kernels_report(list(library.kernels())) if name is None else kernel_report(library.find(name))
    emit(report, target)
