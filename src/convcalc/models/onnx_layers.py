"""The layers that are made of an ONNX model so far: their names, their weights, and what is put between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from convcalc.errors import DataError
from convcalc.files.number_notes import NumberNotes
from convcalc.layers.layer import Shape
from convcalc.layers.network import INPUT, INPUT_NAME
from convcalc.layers.stage import Stage
from convcalc.layers.table import kind_of
from convcalc.models.onnx_names import LayerNames, word
from convcalc.models.onnx_node import Flow, Layout, NotReadError, OnnxNode, Operand, Part, weights_reader
from convcalc.models.onnx_operands import is_learned


class Change(NamedTuple):
    """Another layer in place of one of the model's."""

    layer: str
    """The name of the one that is changed."""
    make: Callable[[Part, Sequence[Flow], Sequence[str]], Stage]
    """Builds the new layer from its inputs, which come from layers of these names; raises a ``ConvcalcError``."""
    called: str
    """What requests it, for errors."""


class Layers:
    """The layers so far, to which every node adds its own."""

    def __init__(
        self,
        input_shape: Shape,
        names: LayerNames,
        number_notes: NumberNotes,
        uses: Counter[str],
        change: Change | None,
    ) -> None:
        """``uses``: how many nodes and outputs read each tensor of the model."""
        self.stages: list[Stage] = []
        self.names: dict[int, str] = {}
        """The layer of each node, the last one of several; nodes are counted from 1."""
        self.taken = names
        self.refused: DataError | None = None
        """Why the requested change is impossible."""
        self._parts: dict[int, Part] = {}
        self._input_shape, self._number_notes, self._uses, self._change = input_shape, number_notes, uses, change

    @property
    def converted(self) -> Counter[str]:
        """Notes on conversions of tensors, each with how many."""
        return Counter(each.note for part in self._parts.values() for each in part.values.values() if each.note)

    def add(self, stage: Stage) -> None:
        """One that is made already."""
        self.stages.append(stage)

    def forget(self, before: int) -> None:
        """Take back those of a node that came to nothing."""
        for number in range(before, len(self.stages)):
            self.taken.release(self.stages[number].name)
            self._parts.pop(number, None)
        del self.stages[before:]

    def put(self, flow: Flow, part: Part, *, has_batch: bool) -> Flow:
        """A flow through layers that only place its cells otherwise, named by their kinds."""
        each: Part | None = part
        while each:
            name = self.taken.new("", "", each.kind)
            flow = self._kept(self._stage(name, each, [flow]), each, flow)
            each = each.then
        return flow._replace(has_batch=has_batch)

    def with_batch(self, found: Flow) -> Flow:
        """A flow whose first axis is one sample, as that axis being the batch."""
        if found.has_batch or len(found.shape) < 2 or found.shape[0] != 1:
            return found
        return self.put(found, Part("reshape", {"shape": list(found.shape[1:])}), has_batch=True)

    def of_node(self, number: int, node: OnnxNode, part: Part) -> Flow:
        """The output of a node's layers.

        Raises:
            NotReadError: a layer cannot be made so.
            ConvcalcError: an argument of it is not what it must be.
        """
        if not node.flows:
            raise NotReadError("it takes constants alone")
        flow = self._layer(node, part, [self._operand(each, node.flows[0]) for each in part.operands] or node.flows)
        while part.then:
            part = part.then
            flow = self._layer(node, part, [flow])
        self.names[number] = self.stages[flow.number].name
        return flow

    def _layer(self, node: OnnxNode, part: Part, flows: list[Flow]) -> Flow:
        below = flows[0]
        if part.kind == "bias" and self._can_take_bias(node, below.number):
            self._add_bias(below.number, part)
            return below
        if len(flows) > 1 and not kind_of(part.kind).joins:
            raise NotReadError(f"it takes {len(flows)} inputs from layers")
        name = self.taken.new(word(node.proto.name), node.operator, part.kind)
        is_changed = self._change is not None and name == self._change.layer
        try:
            stage = self._changed_stage(part, flows) if is_changed else self._stage(name, part, flows)
        except DataError:
            self.taken.release(name)
            raise
        return self._kept(stage, part, below)

    def _kept(self, stage: Stage, part: Part, below: Flow) -> Flow:
        self.stages.append(stage)
        self._parts[len(self.stages) - 1] = part
        layout = below.layout if part.layout is None else part.layout
        shape = stage.layer.output_shape
        return Flow(len(self.stages) - 1, shape, _plain(layout, shape), below.has_batch, below.element)

    def _operand(self, operand: Operand, beside: Flow) -> Flow:
        """An input of a layer that joins several, with as many axes as the others."""
        source, before = operand
        if isinstance(source, Flow):
            return self.put(source, before, has_batch=source.has_batch) if before else source
        counts = is_learned(source)
        part = Part("constant", {"shape": list(source.shape), "is_learned": counts}, {"weight": source})
        name = self.taken.new(word(source.stored) if counts else "", "", "constant")
        below = Flow(INPUT, self._input_shape, has_batch=beside.has_batch, element=beside.element)
        return self._kept(self._stage(name, part, [below]), part, below)

    def _stage(self, name: str, part: Part, flows: Sequence[Flow]) -> Stage:
        layer = kind_of(part.kind).make(*(each.shape for each in flows), **part.arguments)
        read, inputs = (
            weights_reader(layer, name, part.values, self._number_notes),
            tuple(each.number for each in flows),
        )
        return Stage(name, layer, inputs, read, stored=_stored(part))

    def _changed_stage(self, part: Part, flows: Sequence[Flow]) -> Stage:
        """The requested layer instead of the model's; its errors do not end the network but are raised."""
        assert self._change is not None
        sources = [INPUT_NAME if each.number == INPUT else self.stages[each.number].name for each in flows]
        try:
            return self._change.make(part, flows, sources)
        except DataError as error:
            self.refused = error
            raise

    def _can_take_bias(self, node: OnnxNode, number: int) -> bool:
        """Whether an addition is the bias of the linear layer before it, whose output no other node reads."""
        name = next(name for name, each in zip(node.proto.input, node.inputs, strict=True) if isinstance(each, Flow))
        part = self._parts.get(number)
        is_linear = part is not None and part.takes_bias and not self._is_changed(number)
        return is_linear and part is not None and "bias" not in part.values and self._uses[name] == 1

    def _is_changed(self, number: int) -> bool:
        return self._change is not None and self.stages[number].name == self._change.layer

    def _add_bias(self, number: int, part: Part) -> None:
        linear, stage = self._parts[number], self.stages[number]
        whole = linear._replace(arguments={**linear.arguments, "bias": True}, values={**linear.values, **part.values})
        layer = kind_of(whole.kind).make(stage.layer.input_shape, **whole.arguments)
        read = weights_reader(layer, stage.name, whole.values, self._number_notes)
        self.stages[number] = replace(stage, layer=layer, read=read, stored=_stored(whole))
        self._parts[number] = whole


def _plain(layout: Layout, shape: Shape) -> Layout:
    """The layout of an output; features have none but the order that they were flattened in."""
    return Layout(layout.is_last and len(shape) > 1, layout.flattened if len(shape) == 1 else ())


def _stored(part: Part) -> dict[str, str]:
    """The model's tensors that are a layer's weights."""
    return {name: each.stored for name, each in part.values.items() if each.stored}
