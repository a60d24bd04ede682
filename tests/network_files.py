"""Files with layers for tests: a network of a text, what it makes, and weights for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convcalc.context import Context
from convcalc.layers.network import Network
from convcalc.limits import Limits
from convcalc.request.request import read_request
from convcalc.request.resolve import resolve

EXAMPLES = Path(__file__).parents[1] / "examples"
SHAPE = "input: {shape: [3, 8, 8]}\n"
ONES = "input: {ones: [3, 4, 4]}\n"
NAMED = (
    "layers:\n  - conv: {out_channels: 2, kernel_size: 1}\n  - relu\n"
    "  - conv: {out_channels: 1, kernel_size: 1, bias: false}\n"
)
CONV1 = np.arange(6, dtype=np.float32).reshape(2, 3, 1, 1)
BIAS1 = np.array([10, -100], dtype=np.float32)
CONV2 = np.ones((1, 2, 1, 1), dtype=np.float32)


def network(cli, text, *, input_text=None, strict_finite=False, files=None, limits=None) -> Network:
    """The network of a file with this text."""
    cli.write({"f.yaml": text} | (files or {}))
    asked = Context(own_limits=limits or Limits(), strict_finite=strict_finite)
    return resolve(read_request("f.yaml", asked), asked, input_text=input_text)


def outputs(found: Network, context=None) -> dict[str, np.ndarray]:
    """The output of every layer by its name."""
    stages = found.stages
    wanted = range(len(stages))
    return {
        stages[number].name: output
        for number, output in found.outputs(found.input(), context or Context(found.dtype), wanted)
    }


def told(network: Network) -> list[tuple[object, ...]]:
    """What a network is made of, weights read."""
    return [
        (each.name, each.layer, each.inputs, {name: array.tolist() for name, array in each.values().items()})
        for each in network.stages
    ]


def npz(**arrays) -> bytes:
    """An archive of these arrays, a dot in each name written as two underscores."""
    from io import BytesIO

    stream = BytesIO()
    np.savez(stream, **{name.replace("__", "."): array for name, array in arrays.items()})
    return stream.getvalue()
