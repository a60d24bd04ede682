"""The plan of a network: the method of each convolution, and the memory in use while each layer runs.

A plan in floats depends on no number of the input, so nothing is computed: placeholder arrays of ones are used for
outputs. Exact numbers grow from layer to layer, and their type depends on their magnitude: these are computed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.context import STANDARD, Context
from convcalc.errors import LimitError
from convcalc.layers.layer import Layer, Shape, Values
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.limits import bytes_text

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.layers.method import Method
    from convcalc.problem import Labels

_FLOAT32 = 4


class LayerPlan(NamedTuple):
    """The plan of one layer: its method and memory."""

    name: str
    layer: Layer
    held_bytes: int
    """Of the input, and of the outputs below that it or a later layer needs."""
    output_bytes: int
    weight_bytes: int
    has_weights: bool
    """Whether the file has its weights; otherwise the plan uses random numbers."""
    method: Method | None = None
    """Of a convolution, also a transposed one; other layers have no plan."""

    @property
    def workspace_bytes(self) -> int:
        """Bytes besides its input and output."""
        return 0 if self.method is None else self.method.added_bytes - self.output_bytes

    @property
    def memory_bytes(self) -> int:
        """All bytes in use while it runs."""
        return self.held_bytes + self.output_bytes + self.weight_bytes + self.workspace_bytes


class NetworkPlan(NamedTuple):
    """The plans of a network's layers, in order."""

    layers: tuple[LayerPlan, ...]

    @property
    def highest(self) -> LayerPlan:
        """The layer at which the most memory is in use, the first of several."""
        return max(self.layers, key=lambda each: each.memory_bytes)

    def of(self, name: str) -> LayerPlan:
        """The layer of a name, which there is."""
        return next(each for each in self.layers if each.name == name)

    @property
    def convolutions(self) -> list[tuple[LayerPlan, Method]]:
        """The layers that have a method."""
        return [(each, each.method) for each in self.layers if each.method is not None]

    @property
    def seconds(self) -> float:
        """Estimated, of all convolutions."""
        return sum(method.seconds for _, method in self.convolutions)


def plan_of_network(
    network: Network, cells: Array | None, context: Context = STANDARD, explained: str | None = None
) -> NetworkPlan:
    """The plans of all layers.

    ``cells``: the input, (batch, *input_shape); None: one sample of float32. ``explained``: the name of a layer whose
    plan compares every engine.

    Raises:
        ConvcalcError: weights cannot be read, or a requested engine cannot compute a convolution.
        LimitError: an output is larger than any array can be, or drawn weights are larger than the memory.
    """
    context = context._replace(planned=None)
    if cells is None:
        dtype = "float64" if context.dtype == "float64" else "float32"
        cells = _standing_in("the input", (1, *network.input_shape), dtype)
    outputs = {INPUT: cells}
    rows = []
    for number, stage in enumerate(network.stages):
        inputs = [outputs[each] for each in stage.inputs]
        row, outputs[number] = _planned(stage, inputs, context, explain=stage.name == explained)
        held = {INPUT, *(each for later in network.stages[number:] for each in later.inputs if each < number)}
        rows.append(row._replace(held_bytes=sum(outputs[each].nbytes for each in held)))
        for each in set(outputs) - held - {number}:
            del outputs[each]
    return NetworkPlan(tuple(rows))


def _planned(stage: Stage, inputs: Sequence[Array], context: Context, *, explain: bool) -> tuple[LayerPlan, Array]:
    """The plan of a layer, and its output or a placeholder."""
    has_weights = stage.read is not None or not stage.layer.weight_shapes
    values = _values(stage, context) if _are_needed(stage, inputs) else {}
    output = _output(stage, inputs, values, context)
    shapes = {**stage.layer.weight_shapes, **stage.layer.buffer_shapes}
    weights = sum(values[name].nbytes if name in values else _FLOAT32 * prod(shape) for name, shape in shapes.items())
    row = LayerPlan(stage.name, stage.layer, 0, output.nbytes, weights, has_weights)
    if not stage.layer.is_planned:
        return row, output
    with stage.placing():
        labels = _labels(stage, has_weights=has_weights)
        method = stage.layer.method(inputs, values, context._replace(explain=explain), labels)
    return row._replace(method=method), output


def _labels(stage: Stage, *, has_weights: bool) -> Labels:
    from convcalc.problem import Labels

    notes = () if has_weights else ("it has no weights, and is planned with numbers drawn at random",)
    return Labels(title=stage.name, notes=notes)


def _are_needed(stage: Stage, inputs: Sequence[Array]) -> bool:
    """Whether its weights' numbers are needed: by a plan, or for the output of exact inputs."""
    from convcalc.arrays import is_exact

    return stage.layer.is_planned or all(map(is_exact, inputs))


def _values(stage: Stage, context: Context) -> Values:
    """Its weights, or random numbers where the file has shapes alone."""
    if stage.read is not None or not stage.layer.weight_shapes or context.dtype == "exact":
        return stage.values()
    import numpy as np

    rng = np.random.default_rng(0)
    shapes = {**stage.layer.weight_shapes, **stage.layer.buffer_shapes}
    with stage.placing():
        for name, shape in shapes.items():
            context.limits.check_large(_FLOAT32 * prod(shape), f"its {name}")
    return {name: np.abs(rng.standard_normal(shape, dtype=np.float32)) for name, shape in shapes.items()}


def _output(stage: Stage, inputs: Sequence[Array], values: Values, context: Context) -> Array:
    """The output in exact numbers; of floats a placeholder."""
    from convcalc.arrays import checked
    from convcalc.build import resolved_dtype
    from convcalc.problem import DType

    with stage.placing():
        deciding = [checked(each) for name, each in values.items() if name == "weight"]
        dtype = resolved_dtype(context.dtype, [*map(checked, inputs), *deciding])
    if dtype in (DType.AUTO, DType.EXACT):
        return stage.compute(inputs, context)
    with stage.placing():
        return _standing_in("its output", (len(inputs[0]), *stage.layer.output_shape), dtype.value)


def _standing_in(what: str, shape: Shape, dtype: str) -> Array:
    """An array of ones that takes the memory of one.

    Raises:
        LimitError: there is no such array, whatever memory there is.
    """
    import numpy as np

    taken = prod(shape) * np.dtype(dtype).itemsize
    if taken > sys.maxsize:
        raise LimitError(
            f"{what} would take {bytes_text(taken)}, more than any array can",
            hint="convcalc summary counts what the layers cost, however large they are",
        )
    return np.broadcast_to(np.ones((), dtype), shape)
