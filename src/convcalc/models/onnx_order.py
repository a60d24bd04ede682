"""The order and the connections of an ONNX graph: which nodes an output needs, and what is stated of its tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcalc.errors import LimitError
from convcalc.layers.layer import Shape
from convcalc.models.onnx_input import ModelInput
from convcalc.models.onnx_names import word
from convcalc.models.onnx_shapes import TensorType, type_of

SILENT = ("Constant", "Shape", "Size", "Gather", "Unsqueeze", "Concat")
"""Operators on constants whose results are arguments of layers."""


MOST_NODES = 50_000
"""Of a model, those of graphs within nodes included."""
MOST_NAMES = 100_000
"""Inputs and outputs of one node."""


def check_nodes(graph: Any, longest: int) -> None:
    """Refuse a graph of more nodes than any network has; ``longest``: letters of a name that are shown.

    Raises:
        LimitError: there are too many; the first one beyond is named.
    """
    count = len(graph.node)
    if count > MOST_NODES:
        beyond = called(MOST_NODES + 1, graph.node[MOST_NODES], longest)
        raise LimitError(f"the model has {count:,} nodes, at most {MOST_NODES:,} are read: {beyond} is beyond")
    for number, node in enumerate(graph.node, 1):
        names = len(node.input) + len(node.output)
        if names > MOST_NAMES:
            raise LimitError(f"{called(number, node, longest)}: {names:,} inputs and outputs, at most {MOST_NAMES:,}")
        count += sum(_count_within(each) for each in _graphs(node))
        if count > MOST_NODES:
            raise LimitError(f"{called(number, node, longest)}: with the nodes within it there are over {MOST_NODES:,}")


def _count_within(graph: Any) -> int:
    """Nodes of a graph within a node, and of those within its own."""
    count, ahead = 0, [graph]
    while ahead and count <= MOST_NODES:
        each = ahead.pop()
        count += len(each.node)
        ahead += [inner for node in each.node for inner in _graphs(node)]
    return count


def _graphs(node: Any) -> list[Any]:
    found: list[Any] = []
    for attribute in node.attribute:
        found += [attribute.g] if attribute.HasField("g") else []
        found += attribute.graphs
    return found


def called(number: int, proto: Any, longest: int) -> str:
    """A node in words; ``longest``: letters of a name."""
    name, operator = words_of(proto, longest)
    return f"node {number}{f' {name!r}' if name else ''} ({operator})"


def words_of(proto: Any, longest: int) -> tuple[str, str]:
    """A node's name and operator, cut where they are long."""
    domain = f"{word(proto.domain)}." if proto.domain not in ("", "ai.onnx") else ""
    return word(proto.name)[:longest], f"{domain}{word(proto.op_type)}"[:longest]


class Takers:
    """What nodes read, those that their subgraphs take from outside too; found once."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[Any, tuple[str, ...]]] = {}  # with the node, so that its id stays its own

    def of(self, node: Any) -> tuple[str, ...]:
        """The tensors, each once."""
        if not node.attribute or not _graphs(node):
            return tuple(dict.fromkeys(filter(None, node.input)))
        if id(node) not in self._found:
            self._found[id(node)] = node, tuple(dict.fromkeys(_taken_by(node)))
        return self._found[id(node)][1]


def _taken_by(node: Any) -> Iterator[str]:
    yield from filter(None, node.input)
    for graph in _graphs(node):
        yield from _taken(graph)


def _taken(graph: Any) -> Iterator[str]:
    """What a subgraph reads that it does not make."""
    made = {each.name for each in (*graph.input, *graph.initializer)}
    for node in graph.node:
        yield from (name for name in _taken_by(node) if name not in made)
        made.update(node.output)
    yield from (each.name for each in graph.output if each.name not in made)


def needed_nodes(graph: Any, takers: Takers) -> list[tuple[int, Any]]:
    """The nodes that the first output needs, each with its number from 1; all of them where no node computes it."""
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
            ahead += [each for name in takers.of(graph.node[number - 1]) for each in makers.get(name, ())]
    return [(number, node) for number, node in enumerate(graph.node, 1) if number in needed]


def stated_types(graph: Any, given: ModelInput, shape: Shape) -> dict[str, TensorType]:
    """The types that a model states of its tensors; ``shape``: of a sample of its input, which settles open sizes."""
    sizes = given.sizes(shape)
    described = (*graph.input, *graph.value_info, *graph.output)
    return {each.name: type_of(each.type, sizes) for each in described}
