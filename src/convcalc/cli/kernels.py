"""``convcalc kernels``: the library, one kernel, or the files of own kernels."""

from __future__ import annotations

from convcalc.cli import options as opt
from convcalc.cli.grouped import command
from convcalc.errors import UsageError

LINT = "lint"


@command
def kernels(
    target: opt.OutputOptions,
    selection: opt.SelectionOptions,
    name: opt.KernelName = None,
    files: opt.KernelFiles = None,
    folders: opt.Folders = None,
    limit: opt.LimitChanges = None,
) -> None:
    """List the named kernels by family, show all that is known about one, or lint files of own kernels."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.source import flags, library_of, limits_of

    check_output(target)
    _check_words(name, files, selection)
    library = library_of(folders, limits_of(limit))
    if name == LINT:
        from convcalc.cli.lint import lint

        lint(files or [], library, target)
    elif name is not None:
        from convcalc.report.kernel import kernel_report

        with flags(" "):
            report = kernel_report(library.find(name))
        emit(report, target)
    else:
        from convcalc.kernels.selection import selected
        from convcalc.report.kernels import kernels_report

        with flags():
            found = selected(library.kernels(), **selection._asdict())
        emit(kernels_report(found), target)


def _check_words(name: str | None, files: list[str] | None, selection: opt.SelectionOptions) -> None:
    """Refuse words that do not go together.

    Raises:
        UsageError: they do not.
    """
    if name == LINT and not files:
        raise UsageError("lint needs a file", hint="convcalc kernels lint my.yaml")
    if name != LINT and files:
        raise UsageError(f"one kernel at a time, got {name!r} and {files[0]!r}", hint="convcalc kernels NAME")
    given = next((key for key, value in selection._asdict().items() if value is not None), None)
    if name is not None and given:
        raise UsageError(f"--{given} is for the list of kernels, not for one of them", hint=f"leave {name!r} out")
