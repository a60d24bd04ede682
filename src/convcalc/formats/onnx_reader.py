"""Networks from ONNX models, through the package ``onnx`` (the extra of that name): chains of layers, and branches that
are added. Nothing of a model is run, and no other file that it names is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from convcalc.errors import FieldError, FormatError, LimitError, MissingExtraError, Place
from convcalc.formats.findings import Findings
from convcalc.formats.onnx_graph import Graph
from convcalc.formats.onnx_tensors import quoted, refuse_external, word
from convcalc.formats.source import Source
from convcalc.formats.text import size_of
from convcalc.layers.layer import Shape
from convcalc.layers.stack import INPUT, Stack, Stage
from convcalc.limits import Limits, bytes_text
from convcalc.wording import counted

_LARGEST = 1 << 31  # bytes that Protocol Buffers read (protobuf.dev, "Total Size of the Message")
_COPIES = 3  # of the file: its bytes, the parsed model, and the weights that are read


def read_onnx(
    source: Source,
    limits: Limits,
    input_shape: Shape | None = None,
    findings: Findings | None = None,
) -> Stack:
    """The network of a model, up to the first node that no kind of layer does, which a note then names.

    ``input_shape``: (channels, *spatial), for a model that leaves it open. Weights are read when a layer is computed;
    what is found in them then goes into ``findings``. Nodes are counted from 1.

    Raises:
        MissingExtraError: the package ``onnx`` is not installed.
        FormatError: it is no such model, is damaged, keeps tensors in other files, or nothing of it can be read.
        FieldError: it leaves the size of its input open and none is given, or another one is given than it has.
        LimitError: it is larger than may be.
    """
    model = _model(source, limits)
    try:
        refuse_external(model)
        batch, shape = _input_shape(model.graph, input_shape)
        graph = Graph(model, batch, shape, limits, findings or Findings())
        graph.read()
        stages, left_out = _that_count(graph, model.graph)
    except (FieldError, FormatError) as error:
        if input_shape is None or not error.field:  # whoever gave the shape knows where it was written
            error.place = Place(source.name)
        raise
    return Stack(shape, tuple(stages), word(model.graph.name)[: limits.name], (*graph.notes, *left_out))


def _model(source: Source, limits: Limits) -> Any:
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
        except Exception as error:  # of Protocol Buffers, whose classes depend on how it was built
            raise FormatError(f"not a readable ONNX model ({_reason(error)})", place=Place(source.name)) from None
    if not model.HasField("graph"):
        raise FormatError("not a readable ONNX model (it has no graph)", place=Place(source.name))
    return model


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _input_shape(graph: Any, given: Shape | None) -> tuple[int | None, Shape]:
    """How many samples the model says, if it does, and the shape of one."""
    constants = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in constants]
    if len(inputs) != 1:
        names = ": " + ", ".join(quoted(each.name) for each in inputs[:10]) if inputs else ""
        raise FormatError(f"the model has {counted(len(inputs), 'input')}{names}; a network here has one")
    kind = inputs[0].type
    if kind.WhichOneof("value") != "tensor_type":
        raise FormatError(f"the input {quoted(inputs[0].name)} of the model is no tensor")
    if not kind.tensor_type.HasField("shape"):
        if given is None:
            raise _open(inputs[0].name, "any shape")
        return None, given
    axes = list(kind.tensor_type.shape.dim)
    known = [axis.dim_value if axis.dim_value > 0 else None for axis in axes]
    called = " × ".join(str(size or quoted(axis.dim_param or "?")) for size, axis in zip(known, axes, strict=True))
    if len(axes) < 2:
        raise FormatError(f"the input {quoted(inputs[0].name)} of the model is {called or 'one number'}, not a batch")
    return known[0], _sample(inputs[0].name, known[1:], called, given)


def _sample(name: str, known: Sequence[int | None], called: str, given: Shape | None) -> Shape:
    """The shape of one sample, what the model leaves open taken from what is given."""
    if given is None:
        sizes = tuple(size for size in known if size is not None)
        if len(sizes) < len(known):
            raise _open(name, called)
        return sizes
    if len(given) != len(known) or any(size not in (None, other) for size, other in zip(known, given, strict=True)):
        raise FieldError(
            f"the input {quoted(name)} of the model is {called}, got {' × '.join(map(str, given))}",
            hint="give channels and spatial sizes, without the batch",
            field="input",
        )
    return given


def _open(name: str, called: str) -> FieldError:
    return FieldError(
        f"the input {quoted(name)} of the model is {called}: its size is open",
        hint="give it, channels first: --input 3x224x224",
        field="input",
    )


def _that_count(graph: Graph, proto: Any) -> tuple[list[Stage], list[str]]:
    """The layers that the first output needs, or all where the network stops, and what to say of that."""
    if not graph.stages:
        raise FormatError(f"no layer of the model can be read: {graph.stopped or 'it has none'}")
    if graph.stopped:
        return graph.stages, [graph.stopped]
    notes = []
    if len(proto.output) != 1:
        names = ", ".join(quoted(each.name) for each in proto.output[:10])
        notes.append(f"of {counted(len(proto.output), 'output')} ({names}) the first is read")
    last = graph.flow_of(proto.output[0].name if proto.output else "")
    if last is None or last.number == INPUT:
        raise FormatError("the first output of the model comes from no layer")
    needed = Stack((), tuple(graph.stages)).needed(last.number)
    if len(needed) < len(graph.stages):
        notes.append(f"{counted(len(graph.stages) - len(needed), 'layer')} left out that its output does not need")
    return _renumbered(graph.stages, needed), notes


def _renumbered(stages: Sequence[Stage], needed: Sequence[int]) -> list[Stage]:
    places = {INPUT: INPUT} | {number: place for place, number in enumerate(needed)}
    return [
        replace(stage, inputs=tuple(places[each] for each in stage.inputs))
        for stage in (stages[number] for number in needed)
    ]
