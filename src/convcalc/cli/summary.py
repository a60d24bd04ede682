"""``convcalc summary``: the layers of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.grouped import command
from convcalc.cli.own_options import SummaryOptions

if TYPE_CHECKING:
    from convcalc.formats.request import Request
    from convcalc.layers.stack import Stack
    from convcalc.limits import Limits


@command
def summary(options: SummaryOptions, target: opt.OutputOptions) -> None:
    """List a network's layers: output shapes, parameters, MACs, memory and receptive fields, with their totals."""
    from convcalc.cli.emit import check_output, emit
    from convcalc.cli.source import flags
    from convcalc.layers.tally import convention_of
    from convcalc.report.summary import summary_report

    check_output(target)
    with flags():
        convention = convention_of(options.batch, count_bias=options.count_bias, transposed_by=options.transposed_by)
    emit(summary_report(_stack(options), convention), target)


def _stack(options: SummaryOptions) -> Stack:
    """The network of the file.

    Raises:
        ConvcalcError: the file or ``--input`` is bad.
    """
    from convcalc.cli.source import library_of, limits_of
    from convcalc.formats.network import read_network
    from convcalc.formats.request import read_request

    limits = limits_of(options.limit)
    request = read_request(options.file, limits)
    if not request.is_network:
        return _single(request, options, limits)
    library = library_of(options.kernels, limits) if options.kernels else None
    return read_network(request, library, limits, input_text=options.input).stack


def _single(request: Request, options: SummaryOptions, limits: Limits) -> Stack:
    """A network of one layer: the convolution of a problem file.

    Raises:
        ConvcalcError: the problem is bad, or no convolution.
    """
    from convcalc.cli.source import library_of
    from convcalc.errors import FormatError, Place, UsageError
    from convcalc.formats.resolve import resolve
    from convcalc.layers.convolution import Convolution
    from convcalc.layers.stack import INPUT, Stack, Stage

    if "kernel" not in request.fields:
        hint = "write a file with layers: [conv: {out_channels: 8, kernel_size: 3}]"
        raise FormatError("there is neither a network nor a kernel in it", hint=hint, place=Place(request.source))
    if options.input is not None:
        raise UsageError(
            "--input goes with a file of layers, not with a problem that has its input", hint="leave it out"
        )
    problem = resolve(request, library_of(options.kernels, limits), limits)
    layer = Convolution(problem.input.shape[1:], problem.counts, problem.axes, problem.boundary, problem.flip)
    return Stack(layer.input_shape, (Stage("conv", layer, (INPUT,)),), problem.labels.title, problem.labels.notes)
