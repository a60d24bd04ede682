"""The order and the connections of an ONNX graph: which nodes an output needs, and what is stated of its tensors."""

from __future__ import annotations

from typing import Any

from convcalc.layers.layer import Shape
from convcalc.models.onnx_input import ModelInput
from convcalc.models.onnx_shapes import TensorType, inputs_of, type_of

SILENT = ("Constant", "Shape", "Size", "Gather", "Unsqueeze", "Concat")
"""Operators on constants whose results are arguments of layers."""


def needed_nodes(graph: Any) -> list[tuple[int, Any]]:
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
            ahead += [each for name in inputs_of(graph.node[number - 1]) for each in makers.get(name, ())]
    return [(number, node) for number, node in enumerate(graph.node, 1) if number in needed]


def stated_types(graph: Any, given: ModelInput, shape: Shape) -> dict[str, TensorType]:
    """The types that a model states of its tensors; ``shape``: of a sample of its input, which settles open sizes."""
    sizes = given.sizes(shape)
    described = (*graph.input, *graph.value_info, *graph.output)
    return {each.name: type_of(each.type, sizes) for each in described}
