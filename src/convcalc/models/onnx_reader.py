"""Networks from ONNX models, through the package ``onnx`` (the extra of that name): chains of layers, and branches that
are added. Nothing of a model is run, and no other file that it names is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from convcalc.errors import FieldError, FormatError, GeometryError, LimitError, MissingExtraError, Place
from convcalc.files.file_kind import OpenedFile
from convcalc.files.number_notes import NumberNotes
from convcalc.files.text import size_of
from convcalc.layers.layer import Shape
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.limits import Limits, bytes_text
from convcalc.models.onnx_graph import Change, Graph
from convcalc.models.onnx_input import ModelInput, model_input
from convcalc.models.onnx_tensors import quoted, refuse_external, word
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
        FormatError: it is no such model, keeps tensors in other files, or has not one batch of an array as its input.
        LimitError: it is larger than the limits allow.
    """
    model = _model(source, limits)
    try:
        refuse_external(model)
        return OnnxModel(source.name, model, model_input(model.graph))
    except FormatError as error:
        error.place = Place(source.name)
        raise


class OnnxModel(NamedTuple):
    """A model that is open."""

    name: str
    """The file's name for messages."""
    proto: Any
    input: ModelInput

    def network(
        self,
        limits: Limits,
        input_shape: Shape | None = None,
        number_notes: NumberNotes | None = None,
        change: Change | None = None,
    ) -> Network:
        """The network, up to the first node on the way to its output that is no supported layer: see ``Network.cut``.

        ``input_shape``: as of :meth:`ModelInput.sample`. Weights are read when a layer is computed; notes on them are
        then added to ``number_notes``. Nodes are counted from 1. ``change``: of one of its layers.

        Raises:
            FormatError: it is damaged, or no node of it can be read.
            FieldError: the size of its input is unknown and not given, or the given one differs from the model's.
            GeometryError: with the change the shapes of its layers are incompatible.
            ConvcalcError: raised by the change.
        """
        try:
            shape = self.input.sample(input_shape)
            graph = self._graph(shape, limits, number_notes, change)
            if change and graph.cut:
                self._check_cut(graph, change, self._graph(shape, limits))
            stages, notes = _that_count(graph, self.proto.graph)
        except (FieldError, FormatError) as error:
            if error.place is None and (
                input_shape is None or not error.field
            ):  # the caller knows where the given shape was written
                error.place = Place(self.name)
            raise
        title = word(Path(self.name).name)[: limits.name]  # exporters name every graph alike
        return Network(shape, tuple(stages), title, (*graph.notes, *notes), graph.cut)

    def _graph(
        self, shape: Shape, limits: Limits, number_notes: NumberNotes | None = None, change: Change | None = None
    ) -> Graph:
        graph = Graph(self.proto, self.input, shape, limits, number_notes or NumberNotes(), change)
        graph.read()
        return graph

    def _check_cut(self, graph: Graph, change: Change, unchanged: Graph) -> None:
        """Refuse a change that makes a later node invalid."""
        cut = graph.cut
        if cut is None or cut.node not in unchanged.names:
            return
        raise GeometryError(
            f"{unchanged.names[cut.node]}: {cut.reason}",
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


def _that_count(graph: Graph, proto: Any) -> tuple[list[Stage], list[str]]:
    """The layers that the first output needs, or all where the network stops, and notes on that."""
    if not graph.stages:
        raise FormatError(f"no layer of the model can be read: {graph.cut or 'its first output needs none'}")
    if graph.cut:
        return graph.stages, [str(graph.cut)]
    notes = []
    if len(proto.output) != 1:
        names = ", ".join(quoted(each.name) for each in proto.output[:10])
        notes.append(f"of {counted(len(proto.output), 'output')} ({names}) the first is read")
    last = graph.flow_of(proto.output[0].name if proto.output else "")
    if last is None or last.number == INPUT:
        raise FormatError("the first output of the model comes from no layer")
    needed = Network((), tuple(graph.stages)).needed(last.number)
    if len(needed) < len(graph.stages):
        notes.append(f"{counted(len(graph.stages) - len(needed), 'layer')} left out that its output does not need")
    return _renumbered(graph.stages, needed), notes


def _renumbered(stages: Sequence[Stage], needed: Sequence[int]) -> list[Stage]:
    places = {INPUT: INPUT} | {number: place for place, number in enumerate(needed)}
    return [
        replace(stage, inputs=tuple(places[each] for each in stage.inputs))
        for stage in (stages[number] for number in needed)
    ]
