"""The figure of a network: a box for each layer with its shape, kernel, parameters and inputs."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from convcalc.layers.kinds.opaque import Opaque, called
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.report.network.data import cells_or_features, cut_notes, output_text
from convcalc.report.network.summary import is_named_by_kind, kernel_text
from convcalc.wording import counted


class BoxKind(StrEnum):
    """The kind of a box; a renderer gives each kind a colour."""

    INPUT = "input"
    CONVOLUTION = "convolution"
    LINEAR = "linear"
    POOL = "pool"
    ACTIVATION = "activation"
    OTHER = "other"


class LayerBox(NamedTuple):
    """A layer, or the input, which is the first box."""

    kind: BoxKind
    name: str
    lines: tuple[str, ...]
    """Its other texts, line by line."""
    inputs: tuple[int, ...] = ()
    """The boxes that are its inputs, by number."""


class NetworkFigure(NamedTuple):
    """A network as boxes, each after its inputs."""

    title: str
    description: str
    boxes: tuple[LayerBox, ...]
    notes: tuple[str, ...] = ()
    remark: str = ""


_KINDS = {
    BoxKind.CONVOLUTION: ("conv", "transposed-conv"),
    BoxKind.LINEAR: ("linear",),
    BoxKind.POOL: ("max-pool", "avg-pool", "global-max-pool", "global-avg-pool", "adaptive-avg-pool"),
    BoxKind.ACTIVATION: ("relu", "leaky-relu", "sigmoid", "tanh", "softmax", "magnitude"),
}
_KIND_OF = {layer: kind for kind, layers in _KINDS.items() for layer in layers}


def network_figure(network: Network) -> NetworkFigure:
    """All layers of a network, and its input."""
    layers = counted(len(network.stages), "layer")
    parameters = counted(network.parameters, "parameter")
    boxes = [LayerBox(BoxKind.INPUT, "input", (cells_or_features(network.input_shape),))]
    boxes += [
        LayerBox(
            _KIND_OF.get(stage.layer.kind, BoxKind.OTHER),
            stage.name,
            tuple(_lines(stage)),
            tuple(dict.fromkeys(each - INPUT for each in stage.inputs)),
        )
        for stage in network.stages
    ]
    return NetworkFigure(
        title=network.title or f"A network of {layers}",
        description=f"{layers}, {parameters}. Below each name: what it does{_signs(network)}, what it has learned, "
        "and the shape of its output.",
        boxes=tuple(boxes),
        notes=cut_notes(network),
    )


def _signs(network: Network) -> str:
    """The meaning of the signs after the taps of a kernel, where there are any."""
    texts = " ".join(kernel_text(stage.layer) for stage in network.stages)
    notes = [words for sign, words in ((" /", "/2 is stride 2"), (" d", "d2 dilation 2")) if sign in texts]
    return f" ({', '.join(notes)})" if notes else ""


def _lines(stage: Stage) -> Iterator[str]:
    """The kind of a layer, unless its name contains it, its parameters, and the shape of its output."""
    layer = stage.layer
    kernel, groups = kernel_text(layer), layer.settings.get("groups", 1)
    if kernel or not is_named_by_kind(stage.name, layer) or isinstance(layer, Opaque):
        yield " ".join(filter(None, (called(layer), kernel)))
    if groups > 1:
        yield f"in {groups:,} groups"
    if layer.parameters:
        yield counted(layer.parameters, "parameter")
    yield output_text(layer)
