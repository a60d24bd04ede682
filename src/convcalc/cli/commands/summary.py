"""``convcalc summary``: the layers of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.command_options import SummaryOptions
from convcalc.cli.option_groups import command

if TYPE_CHECKING:
    from convcalc.context import Context
    from convcalc.files.file_kind import OpenedFile
    from convcalc.layers.costs import Convention
    from convcalc.layers.network import Network
    from convcalc.report.blocks import Report
    from convcalc.report.network.figure import NetworkFigure


@command
def summary(options: SummaryOptions, target: opt.OutputOptions) -> None:
    """List a network's layers: output shapes, parameters, MACs, memory and receptive fields, with their totals.

    Of a .safetensors, .npz, HDF5 or Keras file, its tensors. With -o FILE.svg the network is drawn.
    """
    from convcalc.cli.flags import context_of, flags
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.cli.output.figures import FIGURE_SUFFIX, figure_saver, wants_figure
    from convcalc.cli.output.report_formats import SAVED
    from convcalc.cli.streams import piped
    from convcalc.layers.costs import convention_of
    from convcalc.report.network.summary import summary_report
    from convcalc.request.request import open_request

    check_output(target, (*SAVED, FIGURE_SUFFIX))
    with flags():
        convention = convention_of(options.batch, count_bias=options.count_bias, transposed_by=options.transposed_by)
    context = context_of(options.limit, options.kernels or None)
    source = open_request(piped() if options.file is None else options.file, context)
    report = _of_tensors(source, options, context)
    if report is not None:
        check_output(target)  # tensors are no network to be drawn
        emit(report, target)
        return
    network = _network(source, options, context)
    if options.count_as is not None or options.explain_macs is not None:
        check_output(target)  # the figure is of the layers, not of counts
        emit(_counts(network, options, convention), target)
        return
    save = figure_saver(lambda: _figure(network), target) if wants_figure(target) else None
    emit(summary_report(network, convention), target, save=save)


def _counts(network: Network, options: SummaryOptions, convention: Convention) -> Report:
    """The work as another tool counts it, or the conventions that give a count.

    Raises:
        UsageError: both are asked for.
        ConvcalcError: the tool is not known, or the count is none.
    """
    from convcalc.cli.flags import flags
    from convcalc.errors import UsageError
    from convcalc.report.network.counted_as import counted_report
    from convcalc.report.network.explained_macs import explained_report

    if options.count_as is not None and options.explain_macs is not None:
        raise UsageError("--count-as and --explain-macs are two questions", hint="leave one out")
    with flags():
        if options.count_as is not None:
            return counted_report(network, convention, options.count_as)
        return explained_report(network, convention, options.explain_macs or "")


def _figure(network: Network) -> NetworkFigure:
    from convcalc.report.network.figure import network_figure

    return network_figure(network)


def _of_tensors(source: OpenedFile, options: SummaryOptions, context: Context) -> Report | None:
    """The report of a file of tensors; None of another kind of file.

    Raises:
        ConvcalcError: the file is damaged, or an input is given too.
    """
    from convcalc.files.named_arrays import named_arrays

    found = named_arrays(source, context.limits)
    if found is None:
        return None
    if options.input is not None:
        from convcalc.errors import UsageError

        raise UsageError(
            "--input goes with a file of layers, not with a file of tensors, which has no layers", hint="leave it out"
        )
    from convcalc.report.network.stored_tensors import (
        stored_report,  # with NumPy, which a summary of shapes does without
    )

    return stored_report(source.name, tuple(found.stored()))


def _network(source: OpenedFile, options: SummaryOptions, context: Context) -> Network:
    """The network of the file.

    Raises:
        ConvcalcError: the file or ``--input`` is bad.
    """
    from convcalc.cli.flags import changed
    from convcalc.cli.network import number_of
    from convcalc.request.request import request_of
    from convcalc.request.resolve import resolve

    request = changed(request_of(source, context), options, options.layer).override(like=options.like)
    request.need_kernel()
    network = resolve(request, context, input_text=options.input)
    number_of(network, options.layer)
    return network
