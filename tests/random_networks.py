"""Networks drawn at random: layers that fit upon each other, with numbers, and with branches that join again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.layers.table import KINDS
from layer_cases import FLAT, LINEAR, SMALL, Numbers, drawn


def random_network(seed: int, numbers: Numbers, kinds: Sequence[str] = LINEAR, layers: int = 4) -> Network:
    """So many layers at most, each on the output of one before it; layers that do not fit are passed over."""
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(1, 3))
    shape = (int(rng.choice([1, 2, 4])), *(int(each) for each in rng.integers(3, 6, rank)))
    stages: list[Stage] = []
    for number in range(3 * layers):
        if len(stages) == layers:
            break
        kind = str(rng.choice(kinds))
        made = _layer(rng, kind, shape, stages)
        if made is not None:
            layer, inputs = made
            _, values = drawn(layer, numbers.draw)
            stages.append(Stage(f"{kind}{number}", layer, inputs, lambda values=values: values))
    if not stages:
        return random_network(seed + 10_000, numbers, kinds, layers)
    return Network(shape, tuple(stages))


def _layer(rng: Any, kind: str, shape: tuple[int, ...], stages: list[Stage]) -> Any:
    """A layer of the kind on the last output, with its inputs; None where none fits."""
    shapes = [shape, *(stage.layer.output_shape for stage in stages)]
    last = len(stages) - 1
    if KINDS[kind].joins:
        same = [number - 1 for number, each in enumerate(shapes) if each == shapes[-1]]
        inputs = (last, int(rng.choice(same)))
        is_square = shapes[-1][-2:-1] == shapes[-1][-1:]
        return (KINDS[kind].make(shapes[-1], shapes[-1]), inputs) if kind != "matmul" or is_square else None
    arguments = dict(SMALL[kind][int(rng.integers(len(SMALL[kind])))])
    if isinstance(arguments.get("padding"), list):
        arguments["padding"] = arguments["padding"] * (len(shapes[-1]) - 1)
    if (len(shapes[-1]) == 1) != (kind in FLAT) and kind not in ("bias", "batch-norm", "relu", "softmax"):
        return None
    if kind == "permute":
        arguments["axes"] = (*range(1, len(shapes[-1])), 0)
    try:
        layer = KINDS[kind].make(shapes[-1], **arguments)
    except Exception:  # it does not fit here
        return None
    return (layer, (last if stages else INPUT,)) if np.prod(layer.output_shape) < 400 else None
