"""The nodes of an ONNX model in order: each becomes a layer, is passed over, or is opaque."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from convcalc.errors import DataError, FormatError
from convcalc.files.number_notes import NumberNotes
from convcalc.layers.kinds.opaque import Opaque
from convcalc.layers.layer import Shape
from convcalc.layers.network import INPUT
from convcalc.layers.stage import Cut, Stage
from convcalc.limits import Limits
from convcalc.models.onnx_constants import folded, shape_of
from convcalc.models.onnx_input import ModelInput
from convcalc.models.onnx_kinds import split
from convcalc.models.onnx_layers import Change, Layers
from convcalc.models.onnx_names import LayerNames, quoted, word
from convcalc.models.onnx_node import FIRST, LAST, Flow, OnnxNode, Part
from convcalc.models.onnx_nodes import read_node
from convcalc.models.onnx_opaque import further_output, opaque_node
from convcalc.models.onnx_operands import in_own_order, with_batch_as_axis
from convcalc.models.onnx_order import SILENT, Takers, called, needed_nodes, stated_types, words_of
from convcalc.models.onnx_shapes import UNKNOWN, TensorType, Types
from convcalc.models.onnx_tensors import Constant, constant_of, unread
from convcalc.wording import counted

_MOST_NAMED = 8  # operators in a note
_TURNED = "channels come last in the model, first here"


class Stop(NamedTuple):
    """The node of an opaque layer."""

    node: int
    """Counted from 1; 0 for an input of the model."""
    name: str
    operator: str
    reason: str


class Graph:
    """Reads a graph node by node, and keeps what it has read so far."""

    def __init__(
        self,
        model: Any,
        given: ModelInput,
        shape: Shape,
        limits: Limits,
        number_notes: NumberNotes,
        change: Change | None = None,
        path: str = "",
    ) -> None:
        self.stops: dict[int, Stop] = {}
        """The opaque layers by their number, each with its node."""
        self._graph, self._path, self._takers = model.graph, path, Takers()
        self._nodes = needed_nodes(model.graph, self._takers)
        self._opsets, self._given, self._limits = _opsets(model), given, limits
        self._passed: Counter[str] = Counter()
        self._turned = 0
        self._stopped: set[int] = set()  # layers that no numbers reach
        self._done = 0
        self._uses = Counter(name for node in model.graph.node for name in self._takers.of(node))
        self._uses.update(each.name for each in model.graph.output)
        self._layers = Layers(shape, LayerNames(limits.name), number_notes, self._uses, change)
        self._found: dict[str, Flow | Constant] = {
            each.name: replace(constant_of(each, path), stored=word(each.name)) for each in model.graph.initializer
        }
        self._others = {each.name: each for each in model.graph.input if each.name not in self._found}
        layout = LAST if given.is_channels_last else FIRST
        self._found[given.name] = Flow(INPUT, shape, layout, element=given.element)
        for each in model.graph.sparse_initializer:
            self._found[each.values.name] = unread(tuple(each.dims), each.values.data_type, "a sparse tensor, not read")
        self._types = Types(_opsets(model), given.batch or 1, stated_types(model.graph, given, shape))

    @property
    def stages(self) -> list[Stage]:
        """The layers, in order."""
        return self._layers.stages

    @property
    def names(self) -> dict[int, str]:
        """The layer of each node, the last one of several; nodes are counted from 1."""
        return self._layers.names

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on skipped nodes and conversions."""
        converted = self._layers.converted
        opaque = Counter(each.operator for each in self.stops.values())
        listed = ", ".join(f"{count:,} {operator}" for operator, count in opaque.most_common(_MOST_NAMED))
        more = ", …" if len(opaque) > _MOST_NAMED else ""
        return (
            *(f"{counted(count, f'{operator} node')} passed over" for operator, count in self._passed.items()),
            *([f"{counted(self._turned, 'Transpose')} folded away: {_TURNED}"] if self._turned else ()),
            *([f"{counted(self._spare, 'node')} left out that its output does not need"] if self._spare else ()),
            *(f"{note}, in {counted(count, 'tensor')}" for note, count in converted.items()),
            *([f"opaque, with a shape and costs but no numbers: {listed}{more}"] if opaque else ()),
        )

    @property
    def _spare(self) -> int:
        """Nodes not on the way to the output that are no constants."""
        needed = {number for number, _ in self._nodes}
        rest = (each for number, each in enumerate(self._graph.node, 1) if number not in needed)
        return sum(each.op_type not in SILENT for each in rest)

    def flow_of(self, name: str) -> Flow | None:
        """The tensors between layers, by name."""
        found = self._found.get(name)
        return found if isinstance(found, Flow) else None

    def cut(self, kept: Sequence[int]) -> Cut | None:
        """Where the numbers stop; ``kept``: the layers of the network. None where the last one is reached."""
        first = next((number for number in kept if number in self.stops), None)
        if first is None:
            return None
        computed = sum(number not in self._stopped for number in kept)
        return Cut(*self.stops[first], self._done, len(self._nodes), computed, len(kept))

    def read(self) -> None:
        """Read the nodes that the output needs; those that no kind computes become opaque layers.

        Raises:
            FormatError: a node takes a tensor that none before it makes, or makes one that is there already.
        """
        for number, proto in self._nodes:
            self._read(number, proto)

    def _called(self, number: int, proto: Any) -> str:
        return called(number, proto, self._limits.name)

    def _read(self, number: int, proto: Any) -> None:
        if not proto.output or any(each and each in self._found for each in proto.output):
            raise FormatError(f"{self._called(number, proto)}: its output has no name, or one that is taken")
        inputs = tuple(self._input(number, proto, name) for name in proto.input)
        for name in self._takers.of(proto):
            self._input(number, proto, name)
        opset = self._opsets.get("", 1)
        node = OnnxNode(word(proto.op_type), opset, inputs, self._given.batch, proto, self._path)
        before = len(self.stages)
        try:
            node, found = self._of_node(number, node)
        except FormatError as error:  # a tensor is damaged, or not where it must be
            error.message = f"{self._called(number, proto)}: {error.message}"
            raise
        except DataError as error:
            if error is self._layers.refused:
                raise
            self._layers.forget(before)
            found = self._opaque(number, node, error.message)
        self._keep(number, node, found)
        self._done += self._is_reached(node, before)

    def _is_reached(self, node: OnnxNode, before: int) -> bool:
        """Whether numbers reach a node's output; its layers are those from ``before`` on."""
        flows = self._flows(node)
        new = range(before, len(self.stages))
        if any(flow.number in self._stopped for flow in flows) or any(number in self.stops for number in new):
            self._stopped.update(new)
            return False
        return True

    def _made(self, node: OnnxNode) -> dict[str, TensorType]:
        """The types of a node's outputs."""
        return self._types.of(node.proto, self._takers.of(node.proto), self._found)

    def _flows(self, node: OnnxNode) -> list[Flow]:
        """Every input that a layer makes, those of subgraphs too."""
        found = [self._found[name] for name in dict.fromkeys(self._takers.of(node.proto))]
        return [each for each in found if isinstance(each, Flow)]

    def _of_node(self, number: int, node: OnnxNode) -> tuple[OnnxNode, Flow | Constant]:
        """The output of a node, and the node with its inputs as they are read."""
        if node.operator in ("Shape", "Size") and node.proto.domain in ("", "ai.onnx"):
            return node, shape_of(node)
        if node.inputs and not self._flows(node):
            made = self._made(node)[node.proto.output[0]]
            return node, folded(node, made.shape, made.element)
        before = len(self.stages)
        try:
            return node, self._read_as(number, node)
        except DataError as error:
            if isinstance(error, FormatError) or error is self._layers.refused:
                raise
            self._layers.forget(before)
            return self._read_otherwise(number, node, error)

    def _read_otherwise(self, number: int, node: OnnxNode, error: DataError) -> tuple[OnnxNode, Flow | Constant]:
        """A node that is not read as it stands: with its inputs in the model's order, or their batch as an axis."""
        before = len(self.stages)
        for change in (in_own_order, with_batch_as_axis):
            changes = {flow.number: change(flow) for flow in node.flows if flow.is_known}
            if not any(changes.values()) or (change is with_batch_as_axis and self._given.batch != 1):
                continue
            try:
                other = replace(node, inputs=tuple(self._put(each, change) for each in node.inputs))
                return other, self._read_as(number, other)
            except DataError as further:
                if isinstance(further, FormatError) or further is self._layers.refused:
                    raise
                self._layers.forget(before)
        raise error

    def _put(self, found: Flow | Constant | None, change: Callable[[Flow], Part | None]) -> Flow | Constant | None:
        part = change(found) if isinstance(found, Flow) else None
        if part is None or not isinstance(found, Flow):
            return found
        return self._layers.put(found, part, has_batch=found.has_batch and change is in_own_order)

    def _read_as(self, number: int, node: OnnxNode) -> Flow | Constant:
        found = read_node(node)
        if isinstance(found, Part):
            return self._layers.with_batch(self._layers.of_node(number, node, found))
        if node.operator == "Transpose" and isinstance(found, Flow) and found != node.flow:
            self._turned += 1
        elif node.operator not in SILENT:
            self._passed[node.operator] += 1
        return self._layers.with_batch(found) if isinstance(found, Flow) else found

    def _keep(self, number: int, node: OnnxNode, found: Flow | Constant) -> None:
        """Name a node's outputs; a further one that is used is opaque, since layers have one."""
        outputs = node.proto.output
        if isinstance(found, Constant) and not found.stored and node.operator == "Constant":
            found = replace(found, stored=word(outputs[0]))
        self._found[outputs[0]] = found
        further = [each for each in outputs[1:] if each and self._uses[each]]
        if not further:
            return
        types = self._made(node)
        is_opaque = isinstance(found, Flow) and found.number in self.stops
        for name in further:
            if is_opaque and isinstance(found, Flow):
                self._found[name] = self._types.flow(types[name], node.flows, found.number)
            elif node.operator == "Split":
                part = split(node, list(outputs).index(name))
                self._found[name] = self._layers.with_batch(self._layers.of_node(number, node, part))
            else:
                self._found[name] = self._opaque(number, node, f"its output {quoted(name)} is not read", name)

    def _input(self, number: int, proto: Any, name: str) -> Flow | Constant | None:
        if not name:
            return None
        if name not in self._found and name in self._others:
            self._found[name] = self._other_input(self._others[name])
        if name not in self._found:
            raise FormatError(f"{self._called(number, proto)}: it takes {quoted(name)}, which no node before it makes")
        return self._found[name]

    def _other_input(self, proto: Any) -> Flow:
        """A further input of the model: an opaque layer, since a network here has one input."""
        stated = self._types.stated.get(proto.name, UNKNOWN)
        name = word(proto.name)[: self._limits.name]
        reason = "a further input of the model; a network here has one"
        shape = stated.shape and stated.shape[1:]
        layer = Opaque((), "input", reason, shape)
        self._layers.add(Stage(self._layers.taken.new(name, "input", "input"), layer, (), layer.refuse))
        place = len(self.stages) - 1
        self.stops[place] = Stop(0, name, "input", reason)
        self._stopped.add(place)
        return Flow(place, shape or (), element=stated.element or 1, is_known=shape is not None)

    def _opaque(self, number: int, node: OnnxNode, reason: str, output: str = "") -> Flow:
        """An opaque layer in place of a node, for one of its outputs."""
        name, operator = words_of(node.proto, self._limits.name)
        wanted = output or node.proto.output[0]
        place = len(self.stages)
        flow = self._types.flow(self._made(node)[wanted], node.flows, place)
        made = opaque_node(node, operator, reason, flow) if not output else further_output(node, operator, reason, flow)
        own = self._layers.taken.new(word(node.proto.name), node.operator, node.operator.lower() or "opaque")
        inputs = tuple(dict.fromkeys(each.number for each in self._flows(node)))
        self._layers.add(Stage(own, made.layer, inputs, made.layer.refuse, stored=made.stored))
        self.stops[place] = Stop(number, name, operator, reason)
        self._stopped.add(place)
        return flow


def _opsets(model: Any) -> dict[str, int]:
    """The version of each domain's operators; models older than opsets have ONNX's own in the first one."""
    found = {"": 1}
    for each in model.opset_import:
        domain = "" if each.domain == "ai.onnx" else word(each.domain)
        found[domain] = max(found.get(domain, 1), each.version)
    return found
