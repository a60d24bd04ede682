"""Networks from ONNX models, through the package ``onnx`` (the extra of that name).

Every node that the first output needs is listed; nothing of a model is run, and no other file is opened than one of
tensors in the model's own folder, when a layer's numbers are needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from convcalc.errors import FieldError, FormatError, GeometryError, LimitError, MissingExtraError, Place
from convcalc.files.file_kind import OpenedFile
from convcalc.files.number_notes import NumberNotes
from convcalc.files.text import size_of
from convcalc.layers.layer import Shape
from convcalc.layers.network import INPUT, Network
from convcalc.layers.subnetwork import renumbered
from convcalc.limits import Limits, bytes_text
from convcalc.models.onnx_fused import fuse_quantised
from convcalc.models.onnx_graph import Graph
from convcalc.models.onnx_input import ModelInput, further_inputs, model_input
from convcalc.models.onnx_layers import Change
from convcalc.models.onnx_names import quoted, word
from convcalc.models.onnx_order import check_nodes
from convcalc.wording import counted

_LARGEST = 1 << 31  # bytes that Protocol Buffers read (protobuf.dev, "Total Size of the Message")
_COPIES = 3  # of the file: its bytes, the parsed model, and the weights that are read


def read_onnx(
    source: OpenedFile,
    limits: Limits,
    input_shape: Shape | None = None,
    number_notes: NumberNotes | None = None,
) -> Network:
    """The network of a model: :meth:`OnnxModel.network` of :func:`open_onnx`; raises as both do."""
    return open_onnx(source, limits).network(limits, input_shape, number_notes)


def open_onnx(source: OpenedFile, limits: Limits) -> OnnxModel:
    """A model, of which only the input has been read.

    Raises:
        MissingExtraError: the package ``onnx`` is not installed.
        FormatError: it is no such model, or has no batch of an array as its input.
        LimitError: it is larger than the limits allow.
    """
    model = _model(source, limits)
    try:
        check_nodes(model.graph, limits.name)
        fused = fuse_quantised(model.graph)
        path = "" if source.data is not None else source.name
        return OnnxModel(source.name, model, model_input(model.graph), path, fused)
    except (FormatError, LimitError) as error:
        error.place = Place(source.name)
        raise


class OnnxModel(NamedTuple):
    """A model that is open."""

    name: str
    """The file's name for messages."""
    proto: Any
    input: ModelInput
    path: str = ""
    """The file itself, beside which files of its tensors lie; empty where it came through a pipe."""
    fused: int = 0
    """Convolutions and products between DequantizeLinear and QuantizeLinear."""

    def network(
        self,
        limits: Limits,
        input_shape: Shape | None = None,
        number_notes: NumberNotes | None = None,
        change: Change | None = None,
    ) -> Network:
        """The network to its first output; a node that no kind computes is an opaque layer: see ``Network.cut``.

        ``input_shape``: as of :meth:`ModelInput.sample`. Weights are read when a layer is computed; notes on them are
        then added to ``number_notes``. Nodes are counted from 1. ``change``: of one of its layers.

        Raises:
            FormatError: it is damaged, or no node of it can be read.
            LimitError: it has too many nodes.
            FieldError: the size of its input is unknown and not given, or the given one differs from the model's.
            GeometryError: with the change the shapes of its layers are incompatible.
            ConvcalcError: raised by the change.
        """
        try:
            shape = self.input.sample(input_shape)
            graph = self._graph(shape, limits, number_notes, change)
            if change:
                self._check_change(graph, change, shape, limits)
            kept, notes = _that_count(graph, self.proto.graph)
        except (FieldError, FormatError) as error:
            if error.place is None and (
                input_shape is None or not error.field
            ):  # the caller knows where the given shape was written
                error.place = Place(self.name)
            raise
        title = word(Path(self.name).name)[: limits.name]  # exporters name every graph alike
        if self.fused:
            pairs = "between DequantizeLinear and QuantizeLinear"
            notes.append(f"{counted(self.fused, 'layer')} {pairs} computed in whole numbers, as onnxruntime does")
        return Network(shape, renumbered(graph.stages, kept), title, (*graph.notes, *notes), graph.cut(kept))

    def _graph(
        self, shape: Shape, limits: Limits, number_notes: NumberNotes | None = None, change: Change | None = None
    ) -> Graph:
        graph = Graph(self.proto, self.input, shape, limits, number_notes or NumberNotes(), change, self.path)
        graph.read()
        return graph

    def _check_change(self, graph: Graph, change: Change, shape: Shape, limits: Limits) -> None:
        """Refuse a change that makes a later node invalid."""
        unchanged = self._graph(shape, limits)
        stops = {each.node for each in unchanged.stops.values()}
        broken = next((each for each in graph.stops.values() if each.node not in stops), None)
        if broken is None:
            return
        raise GeometryError(
            f"{unchanged.names.get(broken.node, broken.name)}: {broken.reason}",
            hint=f"it fits without {change.called} of {change.layer}",
            place=Place(self.name),
        )


def _model(source: OpenedFile, limits: Limits) -> Any:
    try:
        import onnx
    except ImportError:
        raise MissingExtraError("reading ONNX models", "onnx") from None
    with source.stream() as stream:
        size = size_of(stream)
        if size >= _LARGEST:
            raise LimitError(
                f"{source.name}: a model of {bytes_text(size)}, an ONNX file has less than {bytes_text(_LARGEST)}"
            )
        limits.check_memory(_COPIES * size, f"{source.name}: the model")
        try:
            model = onnx.load(stream, format="protobuf", load_external_data=False)
        except Exception:  # of Protocol Buffers, whose classes depend on how it was built
            raise FormatError(
                "not a readable ONNX model (it is damaged, or cut off)", place=Place(source.name)
            ) from None
    if not model.HasField("graph"):
        raise FormatError("not a readable ONNX model (it has no graph)", place=Place(source.name))
    return model


def _that_count(graph: Graph, proto: Any) -> tuple[list[int], list[str]]:
    """The layers that the first output needs, and notes on what is left out."""
    if not graph.stages:
        raise FormatError("no layer of the model can be read: its first output needs none")
    notes = []
    if len(proto.output) != 1:
        names = ", ".join(quoted(each.name) for each in proto.output[:10])
        notes.append(f"of {counted(len(proto.output), 'output')} ({names}) the first is read")
    if further := further_inputs(proto):
        names = ", ".join(quoted(each) for each in further[:10])
        notes.append(f"of {counted(len(further) + 1, 'input')} the first is the network's, not {names}")
    last = graph.flow_of(proto.output[0].name if proto.output else "")
    if last is None or last.number == INPUT:
        raise FormatError("the first output of the model comes from no layer")
    if last.layout.flattened:
        notes.append("the features of the output are in the order of channels first, in the model channels last")
    needed = Network((), tuple(graph.stages)).needed(last.number)
    if len(needed) < len(graph.stages):
        notes.append(f"{counted(len(graph.stages) - len(needed), 'layer')} left out that its output does not need")
    return needed, notes
