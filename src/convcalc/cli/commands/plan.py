"""``convcalc plan``: how a problem or a network would be computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.option_groups import command, computing
from convcalc.cli.stream_options import TileOptions

if TYPE_CHECKING:
    from convcalc.context import Context
    from convcalc.layers.network import Network
    from convcalc.report.blocks import Report


@command
@computing
def plan(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    layer: opt.LayerAlone = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
    tiles: TileOptions = TileOptions(),  # noqa: B008 - a named tuple
) -> None:
    """Say how a convolution, or each of a network's, would be computed, without computing it: engine, memory, time."""
    from convcalc.cli.network import computed, network_of
    from convcalc.cli.output.emit import check_output, emit

    check_output(target)
    if layer is None and input is None and (report := _in_tiles(options, tiles)):
        emit(report, target)
        return
    whole, context = network_of(options, layer, input, explain=True)
    network = computed(whole, layer)
    network = network.as_problem(context) if network.tensor else network
    problem = network.stages[0].problem
    emit(_of_network(network, context, layer) if problem is None else _of_problem(network, context), target)


def _in_tiles(options: opt.ProblemOptions, tiles: TileOptions) -> Report | None:
    """The plan of what ``run -o`` computes tile by tile; None where it is held."""
    from convcalc.cli.streamed_run import on_cluster, planned_input, stream_job
    from convcalc.limits import usable_cores
    from convcalc.report.run.streamed import streamed_plan_report

    workers = (tiles.workers or usable_cores()) if on_cluster(tiles) else None
    found = planned_input(options, is_asked=bool(tiles.given))
    return None if found is None else streamed_plan_report(stream_job(found, tiles), workers)


def _of_problem(network: Network, context: Context) -> Report:
    """The plan of a convolution with its numbers in its long form."""
    from convcalc.cli.flags import flags
    from convcalc.report.plan import plan_report

    problem = network.stages[0].problem
    assert problem is not None  # the network is one
    with flags():
        made = context.plan(problem)
    refusal = context.limits.refusal(made.memory_bytes, "this convolution")
    return plan_report(problem, made, context.precision, refusal)


def _of_network(network: Network, context: Context, name: str | None) -> Report:
    """The plans of all convolutions, or of the one that is named in its long form.

    Raises:
        ConvcalcError: weights cannot be read, or the layer that is named is no convolution.
    """
    from convcalc.errors import UsageError
    from convcalc.layers.kinds.convolution import Convolution
    from convcalc.layers.network_plan import plan_of_network
    from convcalc.report.network.method import method_report
    from convcalc.report.network.plan import network_plan_report
    from convcalc.report.plan import plan_report

    cells = network.input() if network.tensor else None
    batch = 1 if cells is None else len(cells)
    planned = plan_of_network(network, cells, context, explained=name)
    refusal = context.limits.refusal(planned.highest.memory_bytes, "this network")
    if name is None:
        return network_plan_report(network, planned, batch, refusal)
    row = planned.of(name)
    if row.method is None:
        known = ", ".join(each.name for each, _ in planned.convolutions)
        raise UsageError(
            f"{name} ({row.layer.kind}) is no convolution, so no engine is chosen for it",
            hint=f"one of: {known}" if known else "",
        )
    if isinstance(row.layer, Convolution):
        (step,) = row.method.steps
        return plan_report(*step, context.precision, refusal)
    return method_report(row, row.method, batch, context.precision, refusal)
