"""``convcalc matrix``: linear layers as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.option_groups import command, computing

if TYPE_CHECKING:
    from convcalc.cli.layer_span import Part
    from convcalc.tracing.matrix import MatrixForm


@command
@computing
def matrix(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    im2col: opt.Im2col = False,
    batch: opt.Sample = 0,
    layer: opt.Layers = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Show linear layers as the matrix that multiplies the flattened input, or a convolution's im2col; all labelled."""
    from convcalc.cli.heat_map_flags import maps_of
    from convcalc.cli.layer_span import part_of
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.cli.output.saved_matrix import MATRIX_SUFFIXES, matrix_saver
    from convcalc.files.csv_writer import array_lines
    from convcalc.report.matrix import matrix_report

    check_output(target, MATRIX_SUFFIXES)
    maps = maps_of(target, "auto", show=True)
    part = part_of(options, layer, input)
    reading = part.found.network.channels.reading
    if im2col or part.is_convolution:
        form, setting = _of_convolution(part, batch, im2col=im2col)
        report = matrix_report(form, setting, maps, reading=reading)
    else:
        form, setting = _of_layers(part, batch)
        report = matrix_report(form, setting, maps, part.names, reading=reading)
    emit(report, target, save=matrix_saver(report, form, target), csv=lambda: array_lines(form.matrix))


def _of_convolution(part: Part, sample: int, *, im2col: bool) -> tuple[MatrixForm, str]:
    """The matrix of a convolution, or im2col's, and its origin."""
    from convcalc.cli.flags import flags
    from convcalc.report.headline import headline
    from convcalc.tracing.matrix import im2col_of, matrix_of

    problem = part.problem()
    with flags():
        form = (im2col_of if im2col else matrix_of)(problem, part.found.context, sample)
    return form, headline(problem)


def _of_layers(part: Part, sample: int) -> tuple[MatrixForm, str]:
    """The matrix of the layers as one, and which they are.

    Raises:
        ConvcalcError: a layer is not linear, or there is no such sample.
    """
    from convcalc.cli.flags import flags
    from convcalc.layers.linear_map import matrix_of_network, need_linear
    from convcalc.report.network.data import layers_text

    with flags():
        need_linear(part.network)
    cells = part.given(part.found.sample(sample))
    return matrix_of_network(part.network, cells, part.found.context), layers_text(part.network)
