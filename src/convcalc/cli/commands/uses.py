"""``convcalc uses``: which output cells an input cell reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.option_groups import command, computing

if TYPE_CHECKING:
    from convcalc.cli.layer_span import Part
    from convcalc.cli.network import Ready
    from convcalc.report.blocks import Report
    from convcalc.tracing.adjoint import Adjoint


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
    from convcalc.errors import UsageError
    from convcalc.geometry.arguments import whole

    check_output(target)
    with flags():
        whole("seed", seed, 0)
    if not with_adjoint:
        emit(_report(ready(options, layer, input), pos, channel, batch, None), target)
        return
    part = part_of(options, layer, input)
    if part.found.problem is None and pos is not None:
        raise UsageError("of a network --adjoint checks layers by themselves", hint="leave --pos out")
    emit(_with_adjoint(part, pos, channel, batch, seed), target)


def _with_adjoint(part: Part, pos: str | None, channel: int | None, sample: int, seed: int) -> Report:
    """Whether layers and their adjoint go together; of a convolution by itself, what a cell of its input does too."""
    from convcalc.layers.adjoint import adjoint_of_network
    from convcalc.report.network.data import layers_text
    from convcalc.report.uses.adjoint import adjoint_report
    from convcalc.report.uses.convolution import uses_report
    from convcalc.tracing.adjoint import adjoint

    if part.is_convolution:
        problem = part.problem()
        checked = adjoint(problem, seed)
        return (
            uses_report(problem, None, checked) if pos is None else _report(part.found, pos, channel, sample, checked)
        )
    checked = adjoint_of_network(part.network, part.given(part.found.cells), seed, part.found.context)
    return adjoint_report(part.names, layers_text(part.network), checked)


def _report(found: Ready, pos: str | None, channel: int | None, sample: int, checked: Adjoint | None) -> Report:
    """What the cell at a position does, and what was checked.

    Raises:
        ConvcalcError: there is no such cell, nothing is asked for, or a layer cannot be computed.
    """
    from convcalc.cli.flags import flags
    from convcalc.cli.named_cells import cell_of
    from convcalc.errors import UsageError
    from convcalc.layers.network import INPUT
    from convcalc.report.uses.convolution import uses_report
    from convcalc.tracing.uses import uses_of

    problem = found.problem
    if problem is None:
        return _through(found, pos, channel, sample)
    if pos is None:
        raise UsageError("uses needs a position", hint="--pos 1,1 for row 1, column 1, or --adjoint")
    with flags():
        channel, *position = cell_of(found, INPUT, pos, channel, sample)
        found.context.check(problem)
        return uses_report(problem, uses_of(problem, position, channel, sample), checked)


def _through(found: Ready, pos: str | None, channel: int | None, sample: int) -> Report:
    """What the cell does to every layer on the way to the one that is asked for."""
    from convcalc.cli.flags import flags
    from convcalc.cli.named_cells import cell_of
    from convcalc.layers.network import INPUT
    from convcalc.layers.path_weights import network_uses
    from convcalc.report.uses.network import network_uses_report

    with flags():
        cell = cell_of(found, INPUT, pos, channel, sample)
    found.sample(sample)
    return network_uses_report(network_uses(found.network, found.cells, cell, found.number, found.context, sample))
