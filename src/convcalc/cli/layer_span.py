"""Layers of a network that a command looks at by themselves, on what those below make of the network's input."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrays import Array
from convcalc.cli.flags import flags
from convcalc.cli.network import Ready, ready
from convcalc.errors import UsageError
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.network import INPUT, Network, network_of
from convcalc.layers.subnetwork import TO, Subnetwork, span_text, subnetwork

if TYPE_CHECKING:
    from convcalc.cli.options import ProblemOptions
    from convcalc.problem import Problem


class Part(NamedTuple):
    """Layers that follow from one output of a network."""

    found: Ready
    """The whole network with its numbers."""
    layers: Subnetwork

    @property
    def network(self) -> Network:
        """The layers alone."""
        return self.layers.network

    def ready(self) -> Ready:
        """The layers as a network with what goes into them.

        Raises:
            ConvcalcError: the weights of a convolution cannot be read, or a layer below cannot be computed.
        """
        alone = network_of(self.problem()) if self.is_convolution else None
        network, cells = (alone, alone.input()) if alone else (self.network, self.given(self.found.cells))
        return Ready(network, cells, len(network.stages) - 1, self.found.context)

    @property
    def names(self) -> list[str]:
        """Those of the layers."""
        return [stage.name for stage in self.network.stages]

    @property
    def is_convolution(self) -> bool:
        """Whether it is one convolution and nothing else."""
        return self.network.is_convolution

    def given(self, cells: Array) -> Array:
        """What goes in, (batch, *shape), where ``cells`` go into the whole network."""
        source, found = self.layers.source, self.found
        if source == INPUT:
            return cells
        return [*found.network.outputs(cells, found.context, [source])][-1][1]

    def problem(self) -> Problem:
        """The convolution as a problem of its own.

        Raises:
            UsageError: it is none.
            ConvcalcError: its weights cannot be read, or a layer below cannot be computed.
        """
        whole = self.found.network
        if not self.is_convolution:
            known = ", ".join(stage.name for stage in whole.stages if isinstance(stage.layer, Convolution))
            raise UsageError(
                f"im2col is of one convolution, and {span_text(self.network.stages)} is none",
                hint=f"--layer with one of: {known}" if known else "",
            )
        if self.found.problem is not None:
            return self.found.problem
        return whole.problem(whole.number(self.names[0]), [self.given(self.found.cells)], self.found.context)


def part_of(options: ProblemOptions, layer: str | None, input_text: str | None) -> Part:
    """The layers that ``--layer`` names; without it all of them.

    Raises:
        ConvcalcError: the file or a flag is bad, there are no such layers, or they start from several outputs.
    """
    found = ready(options, None if layer is None or TO in layer else layer, input_text)
    with flags("--layer"):
        return Part(found, subnetwork(found.network, layer))
