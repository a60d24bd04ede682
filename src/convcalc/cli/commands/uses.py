"""``convcalc uses``: which output cells an input cell reaches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.option_groups import command, computing

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.context import Context
    from convcalc.layers.uses import Uses


@command
@computing
def uses(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    pos: opt.InputPosition = None,
    channel: opt.InputChannel = None,
    batch: opt.Sample = 0,
    with_adjoint: opt.WithAdjoint = False,
    seed: opt.Seed = 0,
    layer: opt.UsesLayer = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Show which output cells an input cell reaches, with its weight and its part in each: trace, turned round."""
    from convcalc.cli.flags import flags
    from convcalc.cli.layer_span import part_of
    from convcalc.cli.network import ready
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.geometry.arguments import whole
    from convcalc.layers.adjoint import adjoint_of_network
    from convcalc.layers.linear_map import in_lossless_numbers
    from convcalc.report.cell_names import layer_text
    from convcalc.report.uses.adjoint import adjoint_report
    from convcalc.report.uses.report import uses_report

    check_output(target)
    with flags():
        whole("seed", seed, 0)
    if not with_adjoint:
        found = ready(options, layer, input)
        emit(uses_report(_uses(found, found.context, pos, channel, batch)), target)
        return
    part = part_of(options, layer, input)
    found = part.ready()
    if pos is None and (channel is None or len(found.network.input_shape) > 1):
        checked = adjoint_of_network(found.network, found.cells, seed, found.context)
        emit(adjoint_report(found.network, checked), target)
        return
    told = in_lossless_numbers(lambda each: _uses(found, each, pos, channel, batch), found.context)
    told = replace(told, source=layer_text(part.found.network, part.layers.source))
    checked = adjoint_of_network(found.network, found.cells, seed, found.context, (told.sample, *told.cell))
    emit(uses_report(told, checked), target)


def _uses(found: Ready, context: Context, pos: str | None, channel: int | None, sample: int) -> Uses:
    """What the cell at a position does.

    Raises:
        ConvcalcError: there is no such cell, nothing is asked for, or a layer cannot be computed.
    """
    from convcalc.cli.flags import flags
    from convcalc.cli.named_cells import cell_of
    from convcalc.errors import UsageError
    from convcalc.layers.network import INPUT
    from convcalc.layers.uses import uses_of_network

    problem = found.problem
    if problem is not None and pos is None:
        raise UsageError("uses needs a position", hint="--pos 1,1 for row 1, column 1, or --adjoint")
    with flags():
        cell = cell_of(found, INPUT, pos, channel, sample)
        if problem is not None:
            context.check(problem)
    found.sample(sample)
    return uses_of_network(found.network, found.cells, cell, found.number, context, sample)
