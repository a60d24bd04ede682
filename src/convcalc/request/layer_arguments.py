"""The arguments of a layer: as a file says them, and those that it leaves out as the layer's weight has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convcalc.errors import FieldError
from convcalc.layers.layer import Shape
from convcalc.layers.table import NEEDED, Kind
from convcalc.request.layer_list import Entry
from convcalc.request.text_values import boundary_of_node, plain_value, truth
from convcalc.request.weights import Given, Weights
from convcalc.wording import shape_text


def arguments_of(
    entry: Entry, kind: Kind, input_shape: Shape, given: Mapping[str, Given], rest: Weights | None
) -> dict[str, Any]:
    """What the layer is made with. A weight that the layer gives itself has a bias only where one is given too.

    Raises:
        FieldError: one is missing, or is no word that it takes.
    """
    defaults = kind.defaults
    found = {
        name: _value(name, entry.said[name], default)
        for name, default in defaults.items()
        if name in entry.said and name not in given
    }
    if "bias" in defaults and "bias" not in found and ("bias" in given or "weight" in given):
        found["bias"] = "bias" in given
    unsaid = [name for name in defaults if name not in found]
    missing = [name for name in unsaid if defaults[name] is NEEDED]
    if missing or ("weight" in given and not given["weight"].is_file):
        told = _told(entry, input_shape, missing, given, rest)
        found |= {name: told[name] for name in unsaid if name in told}
    return found


def _value(name: str, node: Any, default: Any) -> Any:
    if isinstance(default, bool):
        return truth(name, node)
    return boundary_of_node(node) if name == "boundary" else plain_value(node)


def _told(
    entry: Entry, input_shape: Shape, missing: Sequence[str], given: Mapping[str, Given], rest: Weights | None
) -> dict[str, Any]:
    """What the shape of the weight tells of the arguments.

    Raises:
        FieldError: it does not tell those that are missing.
    """
    shape = None
    if "weight" in given:
        shape = given["weight"].read().array.shape
    elif rest is not None:
        shape = rest.shape("weight")
    told = _sizes(entry, input_shape, shape) if shape is not None and len(shape) == len(input_shape) + 1 else {}
    if any(name not in told for name in missing):
        spelling = entry.path[2] if len(entry.path) > 2 else entry.kind
        why = f", and its weight of {shape_text(shape)} does not tell" if shape is not None else ""
        raise FieldError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing{why}",
            hint=f"{spelling}: {{{', '.join(f'{name}: …' for name in missing)}}}",
        )
    return told


def _sizes(entry: Entry, input_shape: Shape, weight: Shape) -> dict[str, Any]:
    """The arguments that a weight of a shape stands for, in PyTorch's order of its axes."""
    groups = plain_value(entry.said.get("groups", "1"))
    of_transposed = weight[1] * groups if isinstance(groups, int) else weight[1]
    return {
        "out_channels": of_transposed if entry.kind == "transposed-conv" else weight[0],
        "out_features": weight[0],
        "channel_multiplier": max(1, weight[0] // input_shape[0]),
        "kernel_size": list(weight[2:]),
    }
