"""``convcalc kernels``: the library, one kernel, or the files of own kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.command_options import SelectionOptions
from convcalc.cli.option_groups import command, computing
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from convcalc.kernels.kernel import Kernel

LINT = "lint"


@command
@computing
def kernels(
    target: opt.OutputOptions,
    selection: SelectionOptions,
    name: opt.KernelName = None,
    files: opt.KernelFiles = None,
    rate: opt.Rate = None,
    folders: opt.Folders = None,
    limit: opt.LimitChanges = None,
) -> None:
    """List the named kernels by family, show all that is known about one, or lint files of own kernels."""
    from convcalc.cli.flags import context_of, flags
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.cli.output.figures import FIGURE_SUFFIX
    from convcalc.cli.output.report_formats import SAVED
    from convcalc.request.kernel_library import library_of

    check_output(target, tuple(SAVED) if name in (None, LINT) else (*SAVED, FIGURE_SUFFIX))
    _check_words(name, files, selection)
    per_second = _rate_of(rate)
    context = context_of(limit, folders or ())
    library = library_of(context)
    if name == LINT:
        from convcalc.cli.commands.lint import lint

        lint(files or [], context, target)
    elif name is None:
        from convcalc.kernels.selection import selected
        from convcalc.report.kernel.library import kernels_report

        with flags():
            found = selected(library.kernels(), **selection._asdict())
        emit(kernels_report(found), target)
    else:
        with flags(" "):
            kernel = library.find(name)
        _check_rank(kernel, per_second)
        _show(kernel, target, per_second)


def _show(kernel: Kernel, target: opt.OutputOptions, rate: float | None) -> None:
    from convcalc.cli.output.emit import emit
    from convcalc.cli.output.figures import figure_saver, wants_figure
    from convcalc.report.kernel.report import kernel_report

    save = None
    if wants_figure(target):
        from convcalc.report.kernel.response import kernel_figure

        save = figure_saver(lambda: kernel_figure(kernel), target)
    emit(kernel_report(kernel, rate), target, save=save)


def _rate_of(text: str | None) -> float | None:
    from convcalc.channels import rate_of
    from convcalc.cli.flags import flags

    with flags():
        return None if text is None else rate_of(text)


def _check_rank(kernel: Kernel, rate: float | None) -> None:
    """Refuse Hz of what filters no signal.

    Raises:
        UsageError: they are asked for, and the kernel has more axes than one.
    """
    if rate is not None and kernel.weights.ndim != 1:
        raise UsageError(
            f"--rate is for kernels of one axis, {kernel.name} has {kernel.weights.ndim}", hint="leave --rate out"
        )


def _check_words(name: str | None, files: list[str] | None, selection: SelectionOptions) -> None:
    """Refuse incompatible words.

    Raises:
        UsageError: they are incompatible.
    """
    if name == LINT and not files:
        raise UsageError("lint needs a file", hint="convcalc kernels lint my.yaml")
    if name != LINT and files:
        raise UsageError(f"one kernel at a time, got {name!r} and {files[0]!r}", hint="convcalc kernels NAME")
    given = next((key for key, value in selection._asdict().items() if value is not None), None)
    if name is not None and given:
        raise UsageError(f"--{given} is for the list of kernels, not for one of them", hint=f"leave {name!r} out")
