"""Parameters, MACs and receptive fields of each layer of a network, counted by a stated convention."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from convcalc.errors import UnknownNameError
from convcalc.geometry.arguments import whole
from convcalc.layers.kinds.opaque import Opaque
from convcalc.layers.layer import Layer, Shape
from convcalc.layers.network import Network
from convcalc.layers.receptive_field import ReceptiveFields
from convcalc.layers.sharing import repeated
from convcalc.layers.subnetwork import computable

FLOAT32_BYTES = 4
SIDES = ("input", "output")
"""By which cells the MACs of a transposed convolution are counted."""


class Convention(NamedTuple):
    """The convention for counting operations, in which tools differ."""

    batch: int = 1
    """Samples that run at a time."""
    count_bias: bool = False
    """Whether the addition of a bias counts as one MAC."""
    transposed_by: str = "input"
    """One of :data:`SIDES`: by input, every input cell is multiplied by a whole kernel; by output, every output cell
    reads one, and with a stride many of those products are with zeros between the input cells."""

    def macs(self, layer: Layer) -> int:
        """The multiply-accumulate operations of a layer."""
        work = layer.work
        products = work.macs if work.by_output is None or self.transposed_by == "input" else work.by_output
        return self.batch * (products + (work.biases if self.count_bias else 0))


class Tally(NamedTuple):
    """The figures of one layer."""

    name: str
    layer: Layer
    output_shape: Shape
    """(batch, *output shape of a sample)."""
    parameters: int
    """Learned parameters."""
    repeated: int
    """Those of them counted in an earlier row: weights that are the same tensor."""
    macs: int
    fields: ReceptiveFields | None
    """None where they are unknown: behind an opaque layer."""
    is_computed: bool = True
    """Whether its numbers can be computed; not those of an opaque layer, nor of one that needs its output."""

    @property
    def is_shape_known(self) -> bool:
        """Whether its output's shape is known."""
        return not isinstance(self.layer, Opaque) or self.layer.shape is not None

    @property
    def new_parameters(self) -> int:
        """The layer's contribution to the total."""
        return self.parameters - self.repeated

    @property
    def activation_bytes(self) -> int:
        """Of its output in float32."""
        return FLOAT32_BYTES * prod(self.output_shape) if self.is_shape_known else 0


def convention_of(batch: int, *, count_bias: bool, transposed_by: str) -> Convention:
    """The convention, checked.

    Raises:
        FieldError: the batch is not a whole number of at least 1.
        UnknownNameError: ``transposed_by`` is none of :data:`SIDES`.
    """
    if transposed_by not in SIDES:
        raise UnknownNameError("side", transposed_by, SIDES, field="transposed-by")
    return Convention(whole("batch", batch, 1), count_bias, transposed_by)


def tallies(network: Network, convention: Convention) -> Iterator[Tally]:
    """The figures of every layer, in order."""
    columns = zip(network.stages, repeated(network.stages), network.every_field(), strict=True)
    computed = computable(network.stages)
    for number, (stage, again, fields) in enumerate(columns):
        layer = stage.layer
        shape = (convention.batch, *layer.output_shape)
        macs = convention.macs(layer)
        yield Tally(stage.name, layer, shape, layer.parameters, again, macs, fields, number in computed)
