"""A random network from a seed and a number: layers of every kind, branches and residual adds, with their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import numpy as np

from convcalc import Plan
from convcalc.context import Context
from convcalc.errors import ConvcalcError
from convcalc.layers.layer import Layer, Shape
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.layers.table import KINDS
from convcalc.layers.unfold import Node, unfold
from differential.judge import Fault
from differential.layer_reference import REFERENCE
from differential.problems import Rng, choice, some
from layer_cases import GRID, NUMBERS

MOST_CELLS = 600
"""Of one sample of a layer's output."""
MOST_MACS = 60_000


class Net(NamedTuple):
    """A network with its input."""

    network: Network
    kinds: tuple[str, ...]
    """Of each layer, as a file spells it."""
    told: tuple[dict[str, Any], ...]
    """The arguments of each layer."""
    cells: Any
    """(batch, *input_shape)"""
    context: Context

    def __str__(self) -> str:
        layers = "; ".join(
            f"{stage.name} {kind}({', '.join(f'{k}={v}' for k, v in told.items())}) of {list(stage.inputs)}"
            for stage, kind, told in zip(self.network.stages, self.kinds, self.told, strict=True)
        )
        how = f"dtype={self.context.dtype}, engine={self.context.engine}, precision={self.context.precision}"
        return f"input {self.cells.dtype}{list(self.cells.shape)}, {how}: {layers}"


def any_network(rng: Rng) -> Net:
    """A network of two to eight layers."""
    rank = choice(rng, 1, 2, 2, 3)
    shape: Shape = (int(rng.integers(1, 5)), *some(rng, 3, {1: 20, 2: 9, 3: 5}[rank], rank))
    numbers = choice(rng, "whole", "whole", "exact", "float32", "float64")
    stages: list[Stage] = []
    kinds: list[str] = []
    told: list[dict[str, Any]] = []
    for _ in range(int(rng.integers(2, 9))):
        found = _next(rng, stages, shape)
        if found:
            kind, inputs, layer, arguments = found
            kinds.append(kind)
            stages.append(_stage(rng, f"layer-{len(stages)}", layer, inputs, numbers))
            told.append(arguments)
    words = {"whole": ("auto", "auto", "float64"), "exact": ("auto", "exact", "exact")}.get(numbers, ("auto",))
    real = any(stage.layer.kind in ("batch-norm", "sigmoid", "tanh", "softmax", "magnitude") for stage in stages)
    floats = any(isinstance(number, float) for each in told for number in each.values())
    word = "auto" if real or floats else choice(rng, *words)
    cells = NUMBERS[numbers].draw(rng, (int(rng.integers(1, 3)), *shape))
    context = Context(word, precision=choice(rng, "full", "full", "fast"), threads=choice(rng, None, 1, 2))
    return Net(Network(shape, tuple(stages)), tuple(kinds), tuple(told), cells, context)


def _next(rng: Rng, stages: list[Stage], shape: Shape) -> tuple[str, tuple[int, ...], Layer, dict[str, Any]] | None:
    """Another layer that fits on some of those before; at times none is found."""
    shapes = {INPUT: shape} | {number: stage.layer.output_shape for number, stage in enumerate(stages)}
    for _ in range(30):
        last = len(stages) - 1
        first = last if rng.random() < 0.8 else int(rng.integers(INPUT, last + 1))
        rare = ("linear",) * 9 if len(shapes[first]) == 1 else ("conv", "transposed-conv", "max-pool", "avg-pool")
        kind = choice(rng, *REFERENCE, *rare)
        inputs = (first,)
        if KINDS[kind].joins:
            same = [number for number, each in shapes.items() if each == shapes[first]]
            inputs = (first, *(choice(rng, *same) for _ in range(int(rng.integers(0, 3)))))
        arguments = _arguments(rng, kind, len(shapes[first]) - 1)
        try:
            layer = KINDS[kind].make(*(shapes[each] for each in inputs), **arguments)
        except ConvcalcError:
            continue
        if prod(layer.output_shape) <= MOST_CELLS and layer.work.macs <= MOST_MACS:
            return kind, inputs, layer, arguments
    return None


def _arguments(rng: Rng, kind: str, rank: int) -> dict[str, Any]:
    """Some of the grid, at times with what PyTorch does not have: a turned kernel, unequal padding, other borders."""
    arguments: dict[str, Any] = dict(choice(rng, *GRID[kind]))
    if kind in ("conv", "depthwise"):
        if rng.random() < 0.4 and kind == "conv":
            arguments |= {"kernel_size": 3, "padding": 1, "stride": 1, "dilation": 1}
        if rng.random() < 0.3:
            arguments |= {"flip": True}
        if rng.random() < 0.3:
            arguments |= {"boundary": choice(rng, "symmetric", "reflect", 5)}
        if rng.random() < 0.3 and rank:
            arguments |= {"padding": [some(rng, 0, 2, 2) for _ in range(rank)]}
    return arguments


def _stage(rng: Rng, name: str, layer: Layer, inputs: tuple[int, ...], numbers: str) -> Stage:
    draw = NUMBERS[numbers].draw
    values = {key: draw(rng, shape) for key, shape in {**layer.weight_shapes, **layer.buffer_shapes}.items()}
    if "running_var" in values:
        values["running_var"] = (
            abs(values["running_var"]) + values["running_var"].dtype.type(1)
            if numbers != "exact"
            else abs(values["running_var"]) + 1
        )
    return Stage(name, layer, inputs, (lambda: values) if values else None)


# The verdict -------------------------------------------------------------------------------------------------------


def faults_of(net: Net, rng: Rng, *, torch: Any = None) -> Iterator[Fault]:
    """Everything about a network that is not as it must be: each layer on what those below made, and its traces."""
    plans: dict[int, list[Plan]] = {}
    outputs: dict[int, Any] = {INPUT: net.cells}
    planned: list[Plan] = []
    context = net.context._replace(planned=planned.append)
    last = len(net.network.stages) - 1
    for number, output in net.network.outputs(net.cells, context, range(last + 1)):
        outputs[number], plans[number] = output, list(planned)
        planned.clear()
    for number, told in enumerate(net.told):
        yield from _layer(net, number, told, outputs, plans[number], torch)
        yield from _traced(net, number, outputs, rng)
    yield from _unfolded(net, outputs, rng)


def _layer(
    net: Net, number: int, told: dict[str, Any], outputs: dict[int, Any], plans: list[Plan], torch: Any
) -> Iterator[Fault]:
    stage, output, kind = net.network.stages[number], outputs[number], net.kinds[number]
    inputs, values = [outputs[each] for each in stage.inputs], stage.values()
    what = f"{stage.name} {kind}"
    if output.shape != (len(net.cells), *stage.layer.output_shape):
        yield Fault(f"{what}: the shape", (), output.shape, stage.layer.output_shape)
        return
    right = REFERENCE[kind](inputs, dict(values), told)
    if output.dtype.kind == "f":
        bound = _bound(output, right, inputs, values, plans)
        yield from _far(what, output, right.values.astype(float), bound)
    else:
        wrong = np.asarray(output != right.values, dtype=bool)
        for place in map(tuple, np.argwhere(wrong)[:1].tolist()):
            yield Fault(what, place, output[place], right.values[place])
    if torch is not None:
        yield from _beside_torch(what, net, number, told, inputs, output, plans, right, torch)


def _bound(output: Any, right: Any, inputs: list[Any], values: Any, plans: list[Plan]) -> Any:
    """What rounding may cost: by the terms of a cell, and by an engine's share of the most that a window could be."""
    unit = float(np.finfo(output.dtype).eps)
    error = max((plan.error for plan in plans), default=0.0)
    most = max((float(np.abs(each.astype(float)).max(initial=0)) for each in inputs), default=0.0) if error else 0.0
    reach = most * float(np.abs(values["weight"].astype(float)).sum()) if error else 0.0
    least = max(
        1e-300, float(np.finfo(output.dtype).smallest_subnormal)
    )  # what is smaller than that is 0 in the output
    held = unit * (right.magnitude + np.abs(right.values.astype(float)))
    return (right.terms + 6) * (held + least) + error * reach


def _far(what: str, output: Any, wanted: Any, bound: Any) -> Iterator[Fault]:
    wrong = ~(np.abs(output.astype(float) - wanted) <= bound)
    for place in map(tuple, np.argwhere(wrong)[:1].tolist()):
        allowed = np.broadcast_to(bound, output.shape)[place]
        yield Fault(what, place, float(output[place]), float(wanted[place]), float(allowed))


def _beside_torch(
    what: str, net: Net, number: int, told: Any, inputs: Any, output: Any, plans: Any, right: Any, torch: Any
) -> Iterator[Fault]:
    """PyTorch's layer in float64, where it has one with these arguments."""
    from test_layers import TORCH, tensor

    foreign = told.get("flip") or told.get("boundary") in ("symmetric", 5) or isinstance(told.get("padding"), list)
    stage = net.network.stages[number]
    if foreign:
        return
    values = stage.values()
    given = {name: tensor(torch, value.astype(float)) for name, value in values.items()}
    try:
        with torch.no_grad():
            found = TORCH[net.kinds[number]](torch, [tensor(torch, each.astype(float)) for each in inputs], given, told)
    except (RuntimeError, ValueError, TypeError):
        return  # what PyTorch refuses, other tests compare
    bound = _bound(output, right, inputs, values, plans) if output.dtype.kind == "f" else 1e-12 * (1 + right.magnitude)
    yield from _far(f"{what}, beside PyTorch", output, found.numpy(), bound + 1e-12 * (1 + np.abs(found.numpy())))


def _traced(net: Net, number: int, outputs: dict[int, Any], rng: Rng) -> Iterator[Fault]:
    """The step of a cell comes to what the run has there."""
    stage, output = net.network.stages[number], outputs[number]
    sample, *cell = (int(rng.integers(size)) for size in output.shape)
    step = stage.layer.trace([outputs[each] for each in stage.inputs], stage.values(), tuple(cell), sample, net.context)
    value = output[(sample, *cell)]
    if not step.agrees(value, output.dtype):
        yield Fault(f"{stage.name} {stage.layer.kind}: its trace", (sample, *cell), step.total, value)


def _unfolded(net: Net, outputs: dict[int, Any], rng: Rng) -> Iterator[Fault]:
    """A cell of the last layer, taken apart down to the input, agrees at every level."""
    last = len(net.network.stages) - 1
    sample, *cell = (int(rng.integers(size)) for size in outputs[last].shape)
    ahead = [unfold(net.network, outputs, last, tuple(cell), last + 1, sample=sample, widest=8, context=net.context)]
    while ahead:
        node: Node = ahead.pop()
        if not node.agrees:
            total = node.explanation.total if node.explanation else None
            yield Fault(f"unfolded cell of layer {node.number}", (sample, *node.cell), total, node.value)
            return
        ahead += [branch.node for branch in node.branches if branch.node]
