"""Computes a network layer by layer: a summary of each output, and the outputs that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.arrays import Array, count_not_finite, range_and_mean
from convcalc.context import Context
from convcalc.display import Displayed
from convcalc.layers.network import Network
from convcalc.layers.stage import Stage

if TYPE_CHECKING:
    from convcalc.engine.plan import Plan
    from convcalc.problem import Problem
    from convcalc.tracing.verification import Verification


class LayerRun(NamedTuple):
    """The result of a layer, without the numbers themselves."""

    number: int
    """The layer."""
    shape: tuple[int, ...]
    """(batch, *output_shape)."""
    span: tuple[Any, Any, float | int] | None
    """The least, the largest and the mean of its finite values; None if there are none."""
    not_finite: int
    """Values that are inf or nan."""
    plans: tuple[Plan, ...] = ()
    """Of the engines that computed it, where it consists of convolutions."""
    verified: Verification | None = None
    """What was verified; None if nothing was."""


@dataclass(frozen=True, repr=False, eq=False)
class NetworkRun(Displayed):
    """A computed network."""

    network: Network
    layers: tuple[LayerRun, ...]
    """The computed layers, in order; the last one gives the output."""
    kept: Mapping[int, Array]
    """The outputs that were kept, by the layer's number: (batch, *output_shape); that of the last one at least."""

    @property
    def last(self) -> LayerRun:
        """The layer of the output."""
        return self.layers[-1]

    @property
    def output(self) -> Array:
        """Of the last layer, (batch, *output_shape)."""
        return self.kept[self.last.number]

    @property
    def problem(self) -> Problem | None:
        """The network's convolution if that is all of it, otherwise None."""
        return self.network.stages[0].problem

    @property
    def source(self) -> str:
        """The name of the input."""
        return (self.network.tensor and self.network.tensor.name) or "input"

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of all samples."""
        each = sum(self.network.stages[layer.number].layer.work.macs for layer in self.layers)
        return each * self.last.shape[0]

    @property
    def notes(self) -> Iterator[str]:
        """Notes about the input and the layers."""
        yield from self.network.tensor.notes if self.network.tensor else ()
        yield from self.network.number_notes
        yield from self.network.notes


def run_network(
    network: Network,
    cells: Array,
    last: int,
    context: Context,
    *,
    keep: bool = False,
    verify: bool = False,
    done: Callable[[int], None] = lambda _: None,
) -> NetworkRun:
    """The network up to a layer; of ``cells``: (batch, *input_shape).

    ``keep``: every output, not only the last. ``verify``: each layer is verified. ``done`` is called with each layer
    that is computed.

    Raises:
        ConvcalcError: a layer has no weights, the numbers are incompatible, or a limit refuses the work.
        DisagreementError: a layer's output and its verification differ.
    """
    plans: list[Plan] = []
    verified: list[Verification] = []

    def planned(plan: Plan) -> None:
        plans.append(plan)
        if context.planned:
            context.planned(plan)

    def made(stage: Stage, inputs: list[Array]) -> Array:
        held = stage.keeping() if verify else stage  # its weights are read once
        output = held.compute(inputs, watched)
        if verify:
            verified.append(held.verify(inputs, output, context, plans[0] if plans else None))
        return output

    watched = context._replace(planned=planned)
    layers, kept = [], {}
    for number, output in network.carried(cells, made, [last]):
        layers.append(_layer_run(network, number, output, tuple(plans), verified[-1] if verified else None))
        plans.clear()
        if keep or number == last:
            kept[number] = output
        done(number)
    return NetworkRun(network, tuple(layers), kept)


def _layer_run(
    network: Network, number: int, output: Array, plans: tuple[Plan, ...], verified: Verification | None
) -> LayerRun:
    """The result of a layer; of a single convolution without the range, since its numbers are shown."""
    if network.is_convolution:
        return LayerRun(number, output.shape, None, 0, plans, verified)
    span, not_finite = range_and_mean(output), count_not_finite(output)
    return LayerRun(number, output.shape, span, not_finite, plans, verified)
