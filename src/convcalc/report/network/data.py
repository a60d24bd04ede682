"""Parts of every report of a network: where it stops, and which weights are one tensor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convcalc.layers.kinds.opaque import Opaque
from convcalc.layers.layer import Layer
from convcalc.layers.network import INPUT, Network
from convcalc.layers.sharing import shared
from convcalc.layers.stage import Cut
from convcalc.report.text import listed
from convcalc.wording import counted, shape_text

_MOST_LAYERS = 6  # that are named
_MOST_TENSORS, _MOST_USES = 8, 6


def stopped_at(network: Network) -> dict[str, Any] | None:
    """The node at which the numbers of a model stop; null where its output is reached."""
    if network.cut is None:
        return None
    record = network.cut._asdict()
    return {**{name: record[name] for name in ("node", "name", "operator", "reason", "done", "nodes")}}


def computed_of(network: Network) -> dict[str, int]:
    """The layers whose numbers can be computed, and all of them."""
    every = len(network.stages)
    return {"layers": every, "of": every} if network.cut is None else _share(network.cut)


def _share(cut: Cut) -> dict[str, int]:
    return {"layers": cut.computed, "of": cut.layers}


def cut_notes(network: Network) -> tuple[str, ...]:
    """The note that the numbers stop before the output of the model, if they do."""
    return () if network.cut is None else (network.cut.sentence,)


def shared_data(network: Network) -> list[dict[str, Any]]:
    """Every tensor that is several weights."""
    return [{"uses": list(each.uses), "parameters": each.parameters} for each in shared(network.stages)]


def sharing_notes(network: Network) -> Iterator[str]:
    """Which weights are one tensor, counted once."""
    found = list(shared(network.stages))
    for each in found[:_MOST_TENSORS]:
        names = ", ".join(each.uses[:_MOST_USES])
        more = f" and {len(each.uses) - _MOST_USES:,} more" if len(each.uses) > _MOST_USES else ""
        yield f"one tensor of {each.parameters:,}, which the total counts once: {names}{more}"
    if len(found) > _MOST_TENSORS:
        yield f"{counted(len(found) - _MOST_TENSORS, 'more tensor')} that the total counts once"
    if found:
        yield "what layers share and what an exporter merged because the numbers were equal look the same in a file"


def layers_text(network: Network) -> str:
    """The layers that one matrix combines, in a sentence."""
    names = [f"{stage.name} ({stage.layer.kind})" for stage in network.stages]
    if len(names) > _MOST_LAYERS:
        names = [*names[: _MOST_LAYERS - 2], f"{len(names) - _MOST_LAYERS + 1} more", names[-1]]
    one = " as one" if len(names) > 1 else ""
    shapes = [cells_or_features(network.shape_of(number)) for number in (INPUT, len(network.stages) - 1)]
    return f"{listed(names)}{one}: {' become '.join(shapes)}."


def output_text(layer: Layer) -> str:
    """The shape of a layer's output in words."""
    if isinstance(layer, Opaque) and layer.shape is None:
        return "unknown"
    return cells_or_features(layer.output_shape) if layer.output_shape else "one number"


def cells_or_features(shape: Sequence[int]) -> str:
    """The shape of a layer's output in words, where it has no spatial axes."""
    return shape_text(shape) if len(shape) > 1 else counted(shape[0], "feature")
