"""The nodes of an ONNX model in turn, each made a layer, passed over, or the end of the network."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from convcalc.errors import DataError
from convcalc.files.number_notes import NumberNotes
from convcalc.layers.layer import Layer, Shape, Values
from convcalc.layers.network import INPUT, INPUT_NAME
from convcalc.layers.stage import Cut, Stage
from convcalc.layers.table import kind_of
from convcalc.limits import Limits
from convcalc.models.onnx_input import ModelInput
from convcalc.models.onnx_node import Flow, NotReadError, OnnxNode, Part
from convcalc.models.onnx_nodes import read_node
from convcalc.models.onnx_tensors import Constant, constant_of, quoted, word
from convcalc.wording import counted

_SILENT = ("Constant", "Shape", "Gather", "Unsqueeze", "Concat")  # their results are numbers that layers are made of


class Change(NamedTuple):
    """Another layer in the place of one of the model's."""

    layer: str
    """The name of the one that is changed."""
    make: Callable[[Part, Sequence[Flow], Sequence[str]], Stage]
    """What is made of it, on what flows in, which comes from layers of these names; raises a ``ConvcalcError``."""
    called: str
    """What asks for it, for errors."""


class Graph:
    """Reads a graph node by node; what has been found so far is what it has read."""

    def __init__(
        self,
        model: Any,
        given: ModelInput,
        shape: Shape,
        limits: Limits,
        number_notes: NumberNotes,
        change: Change | None = None,
    ) -> None:
        self.stages: list[Stage] = []
        self.cut: Cut | None = None
        """Where the network ends before its output."""
        self.names: dict[int, str] = {}
        """The layer that each node is, the last one of several; nodes are counted from 1."""
        self._change = change
        self._refused: DataError | None = None
        self._graph, self._nodes = model.graph, list(_needed(model.graph))
        self._opset, self._given, self._limits, self._number_notes = _opset(model), given, limits, number_notes
        self._parts: list[Part] = []
        self._names = _Names(limits.name)
        self._passed: Counter[str] = Counter()
        self._uses = Counter(name for node in model.graph.node for name in node.input)
        self._uses.update(each.name for each in model.graph.output)
        self._found: dict[str, Flow | Constant] = {
            each.name: replace(constant_of(each), stored=word(each.name)) for each in model.graph.initializer
        }
        self._found |= {each.name: Flow(INPUT, shape) for each in model.graph.input if each.name not in self._found}
        self._unread = dict.fromkeys(
            (each.values.name for each in model.graph.sparse_initializer), "a sparse tensor, which is not read"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was passed over and what is converted."""
        converted = Counter(each.note for part in self._parts for each in part.values.values() if each.note)
        return (
            *(f"{counted(count, f'{operator} node')} passed over" for operator, count in self._passed.items()),
            *([f"{counted(self._spare, 'node')} left out that its output does not need"] if self._spare else ()),
            *(f"{note}, in {counted(count, 'tensor')}" for note, count in converted.items()),
        )

    @property
    def _spare(self) -> int:
        """Nodes beside the way to the output that do more than to hold numbers."""
        needed = {number for number, _ in self._nodes}
        rest = (each for number, each in enumerate(self._graph.node, 1) if number not in needed)
        return sum(each.op_type not in _SILENT for each in rest)

    def flow_of(self, name: str) -> Flow | None:
        """What flows under a name."""
        found = self._found.get(name)
        return found if isinstance(found, Flow) else None

    def read(self) -> None:
        """Read the nodes that the output needs, up to the first that cannot be."""
        for done, (number, proto) in enumerate(self._nodes):
            try:
                self._read(number, proto)
            except DataError as error:
                if error is self._refused:
                    raise
                domain = f"{word(proto.domain)}." if proto.domain not in ("", "ai.onnx") else ""
                names = (word(proto.name), f"{domain}{word(proto.op_type)}")
                name, operator = (each[: self._limits.name] for each in names)
                self.cut = Cut(number, name, operator, error.message, done, len(self._nodes))
                return

    def _read(self, number: int, proto: Any) -> None:
        if not proto.output or proto.output[0] in self._found:
            raise NotReadError("its output has no name, or one that is taken")
        inputs = tuple(self._input(name) for name in proto.input)
        node = OnnxNode(word(proto.op_type), self._opset, inputs, self._given.batch, self._given.element, proto)
        found = read_node(node)
        if isinstance(found, Part):
            found = self._layers(node, found)
            self.names[number] = self.stages[found.number].name
        elif proto.op_type not in _SILENT:
            self._passed[proto.op_type] += 1
        if isinstance(found, Constant) and not found.stored:
            found = replace(found, stored=word(proto.output[0]))
        self._found[proto.output[0]] = found
        self._unread |= {
            name: f"output {place} of node {number} ({node.operator}), which is not read"
            for place, name in enumerate(proto.output[1:], 2)
        }

    def _input(self, name: str) -> Flow | Constant | None:
        if name and name not in self._found:
            raise NotReadError(f"it takes {quoted(name)}, {self._unread.get(name, 'which no node before it makes')}")
        return self._found[name] if name else None

    def _layers(self, node: OnnxNode, part: Part) -> Flow:
        flows = [each for each in node.inputs if isinstance(each, Flow)]
        if not flows:
            raise NotReadError("it takes constants alone")
        flow = self._layer(node, part, flows)
        return self._layer(node, part.then, [flow]) if part.then else flow

    def _layer(self, node: OnnxNode, part: Part, flows: list[Flow]) -> Flow:
        below = flows[0]
        if part.kind == "bias" and self._can_take_bias(node, below.number):
            self._add_bias(below.number, part)
            return below
        if len(flows) > 1 and not kind_of(part.kind).joins:
            raise NotReadError(f"it takes {len(flows)} inputs from layers")
        name = self._names.new(word(node.proto.name), node.operator, part.kind)
        is_changed = self._change is not None and name == self._change.layer
        stage = self._changed_stage(part, flows) if is_changed else self._stage(name, part, flows)
        self.stages.append(stage)
        self._parts.append(part)
        return Flow(len(self.stages) - 1, stage.layer.output_shape)

    def _stage(self, name: str, part: Part, flows: Sequence[Flow]) -> Stage:
        layer = kind_of(part.kind).make(*(each.shape for each in flows), **part.arguments)
        read, inputs = self._reader(layer, name, part.values), tuple(each.number for each in flows)
        return Stage(name, layer, inputs, read, stored=_stored(part))

    def _changed_stage(self, part: Part, flows: Sequence[Flow]) -> Stage:
        """The layer that is asked for instead of the model's; what is wrong with it is no end of the network."""
        assert self._change is not None
        sources = [INPUT_NAME if each.number == INPUT else self.stages[each.number].name for each in flows]
        try:
            return self._change.make(part, flows, sources)
        except DataError as error:
            self._refused = error
            raise

    def _can_take_bias(self, node: OnnxNode, number: int) -> bool:
        """Whether an addition belongs to the linear layer before it, whose output nobody else takes."""
        name = next(name for name, each in zip(node.proto.input, node.inputs, strict=True) if isinstance(each, Flow))
        is_linear = number != INPUT and self._parts[number].kind == "linear" and not self._is_changed(number)
        return is_linear and "bias" not in self._parts[number].values and self._uses[name] == 1

    def _is_changed(self, number: int) -> bool:
        return self._change is not None and self.stages[number].name == self._change.layer

    def _add_bias(self, number: int, part: Part) -> None:
        linear, stage = self._parts[number], self.stages[number]
        whole = Part(linear.kind, {**linear.arguments, "bias": True}, {**linear.values, **part.values})
        layer = kind_of(whole.kind).make(stage.layer.input_shape, **whole.arguments)
        read = self._reader(layer, stage.name, whole.values)
        self.stages[number] = replace(stage, layer=layer, read=read, stored=_stored(whole))
        self._parts[number] = whole

    def _reader(self, layer: Layer, name: str, values: Mapping[str, Constant]) -> Callable[[], Values] | None:
        """What reads the weights of a layer, whose shapes are right."""
        needed = {**layer.weight_shapes, **layer.buffer_shapes}
        for weight, shape in needed.items():
            if values[weight].shape != shape:
                raise NotReadError(f"its {weight} has the shape {list(values[weight].shape)}, {list(shape)} is needed")

        def read() -> Values:
            from convcalc.files.numbers import array_notes

            found = {weight: values[weight].read() for weight in needed}
            for weight, array in found.items():
                self._number_notes.look_through(name, weight, array, array_notes(array))
            return found

        return read if needed else None


def _needed(graph: Any) -> Iterator[tuple[int, Any]]:
    """The nodes that the first output needs, each with its number from 1; all of them where no node makes it."""
    makers: dict[str, list[int]] = {}
    for number, node in enumerate(graph.node, 1):
        for name in filter(None, node.output):
            makers.setdefault(name, []).append(number)
    last = graph.output[0].name if graph.output else ""
    ahead = list(makers.get(last, range(1, len(graph.node) + 1)))
    needed: set[int] = set()
    while ahead:
        number = ahead.pop()
        if number not in needed:
            needed.add(number)
            ahead += [each for name in graph.node[number - 1].input for each in makers.get(name, ())]
    yield from ((number, node) for number, node in enumerate(graph.node, 1) if number in needed)


def _stored(part: Part) -> dict[str, str]:
    """Which tensors of the model a layer's weights are."""
    return {name: each.stored for name, each in part.values.items() if each.stored}


def _opset(model: Any) -> int:
    """The version of ONNX' own operators; models older than that word have the first."""
    return max((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), default=1)


class _Names:
    """Gives every layer a name of its own, that of its node where it has one."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._taken: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._tried: Counter[str] = Counter()  # so that none of a thousand of one name is tried a thousand times

    def new(self, given: str, operator: str, kind: str) -> str:
        """A name that no layer has."""
        self._counts[kind] += 1
        wanted = _readable(given, operator)[: self._longest] or f"{kind}{self._counts[kind]}"
        if wanted.isdecimal():  # PyTorch numbers what it chains
            wanted = f"{kind}-{wanted}"
        name = wanted
        while name in self._taken or name == "input":
            self._tried[wanted] += 1
            name = f"{wanted}-{self._tried[wanted] + 1}"
        self._taken.add(name)
        return name


def _readable(name: str, operator: str) -> str:
    r"""A node's name as a word; of PyTorch's paths the modules without repetition and without the operator.

    >>> _readable("/layer1/layer1.0/conv1/Conv", "Conv"), _readable("Conv_0", "Conv"), _readable("a\tb", "Conv")
    ('layer1.0/conv1', 'Conv_0', 'a_b')
    """
    parts = [part for part in name.split("/") if part]
    if len(parts) > 1 and re.fullmatch(rf"{re.escape(operator)}(_\d+)?", parts[-1]):
        parts.pop()
    kept = [part for part, after in zip(parts, [*parts, ""][1:], strict=True) if not after.startswith(f"{part}.")]
    return "".join(letter if letter.isprintable() and letter != " " else "_" for letter in "/".join(kept))
