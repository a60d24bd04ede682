"""The flag ``--maps channels``: what each input channel contributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import Place, UnknownNameError, UsageError

if TYPE_CHECKING:
    from convcalc.cli.network import Ready
    from convcalc.context import Context
    from convcalc.layers.run import NetworkRun
    from convcalc.problem import Problem
    from convcalc.tracing.contributions import Contributions

CHANNELS = "channels"
_MOST_NAMES = 5


def check_maps(word: str | None) -> None:
    """Refuse another word than the known one, before anything is computed.

    Raises:
        UnknownNameError: it is another.
    """
    if word not in (None, CHANNELS):
        error = UnknownNameError("kind of maps", str(word), (CHANNELS,))
        error.place = Place("--maps", is_flag=True)
        raise error


def contributions(found: Ready, result: NetworkRun, word: str | None) -> Contributions | None:
    """The parts of the output by input channel, if they are asked for; of several layers that of the last computed one.

    Raises:
        UsageError: that layer is no convolution.
        GeometryError: each output channel reads only one input channel.
    """
    if word is None:
        return None
    from convcalc.cli.flags import flags
    from convcalc.tracing.contributions import contributions_of

    problem = found.problem or _of_layer(result, found.context)
    with flags("--maps"):
        return contributions_of(problem, found.context)


def _of_layer(result: NetworkRun, context: Context) -> Problem:
    """The last computed layer as a problem on its input, for which the layers below are computed again."""
    from convcalc.layers.kinds.convolution import Convolution
    from convcalc.layers.network import INPUT

    network, number = result.network, result.last.number
    stage = network.stages[number]
    if not isinstance(stage.layer, Convolution):
        known = [each.name for each in network.stages if isinstance(each.layer, Convolution)]
        raise UsageError(
            f"--maps is of a convolution, {stage.name} is {stage.layer.kind}",
            hint=f"--layer {' or '.join(known[:_MOST_NAMES])} ends at one" if known else "leave it out",
        )
    (below,) = stage.inputs
    cells = network.input()
    if below != INPUT:
        cells = dict(network.outputs(cells, context, [below]))[below]
    return network.problem(number, [cells], context)
