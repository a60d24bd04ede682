"""Convolutions and products between DequantizeLinear and QuantizeLinear as one node on whole numbers.

Exporters write quantised models so ("QDQ"); onnxruntime computes them so, in whole numbers, and its results are meant.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from convcalc.models.onnx_order import Takers
from convcalc.models.onnx_quantised import is_least
from convcalc.models.onnx_tensors import constant_of

_FUSED = {"Conv": "QLinearConv", "MatMul": "QLinearMatMul", "Gemm": "QGemm"}
_ADDED_FIRST = ("Add", "AveragePool", "GlobalAveragePool")
"""Operators after which onnxruntime adds the zero point before it rounds."""
_UINT8 = 2  # TensorProto.DataType
_STRING = 3  # AttributeProto.AttributeType
_WITH_ZERO = 3  # inputs of a node that has a zero point


def fuse_quantised(graph: Any) -> int:
    """Replace such nodes in a graph, and return how many there are; the others keep their numbers."""
    work = _Work(graph)
    for node in graph.node:
        if node.op_type in _ADDED_FIRST and not node.domain:
            work.mark_rounding(node)
    return sum(work.fuse(node) for node in graph.node if node.op_type in _FUSED and not node.domain)


@dataclass
class _Work:
    """A graph with who makes and who takes each tensor."""

    graph: Any
    makers: dict[str, Any] = field(init=False)
    takers: dict[str, list[Any]] = field(init=False)
    constants: dict[str, Any] = field(init=False)
    uses: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        takers, nodes = Takers(), self.graph.node
        self.constants = {each.name: each for each in self.graph.initializer}
        self.makers = {name: node for node in nodes for name in node.output if name}
        self.uses = Counter(name for node in nodes for name in takers.of(node))
        self.uses.update(each.name for each in self.graph.output)
        self.takers = {}
        for node in nodes:
            for name in node.input:
                self.takers.setdefault(name, []).append(node)

    def fuse(self, node: Any) -> bool:
        """Make a node one on whole numbers, if all about it is as it must be."""
        given = [self._dequantized(name, is_constant=place > 0) for place, name in enumerate(node.input)]
        if len(given) > 1 and given[1] is not None and not self._is_by_channel(node, given[1]):
            return False
        relu, behind = self._behind(node)
        if not given or any(each is None for each in given) or behind is None or not self._is_plain(node):
            return False
        sources = [list(each.input) for each in given if each is not None]
        output = behind.output[0]
        bias = [sources[2][0]] if len(sources) > 2 else []
        scales = list(behind.input[1:])
        names = [*sources[0], *sources[1]]
        names += [*bias, *scales] if node.op_type == "Gemm" else [*scales, *bias]
        if node.op_type == "Gemm" and not bias:
            names.insert(6, "")
        for each in dict.fromkeys(node.input):
            self.uses[each] -= 1
        node.domain, node.op_type = ("com.microsoft" if node.op_type == "Gemm" else ""), _FUSED[node.op_type]
        del node.input[:], node.output[:]
        node.input.extend(names)
        for each in (behind, *([relu] if relu is not None else ())):
            _clear(each)
        node.output.append(output)
        for each in given:
            if each is not None and each.output and not self.uses[each.output[0]]:
                _clear(each)
        return True

    def mark_rounding(self, node: Any) -> None:
        """Tell the QuantizeLinear behind a node between such that it adds its zero point first."""
        given = [self._dequantized(name, is_constant=False) for name in node.input]
        relu, behind = self._behind(node)
        if behind is None or relu is not None or None in given:
            return
        zeros = [self.constants[each.input[2]] for each in (given[0], behind)]
        is_uint8 = all(each.data_type == _UINT8 for each in zeros)
        is_alike = is_uint8 and len({constant_of(each).read().tobytes() for each in zeros}) == 1
        if (
            node.op_type != "GlobalAveragePool" or is_alike
        ):  # as measured: other means of whole channels are rounded first
            behind.attribute.add(name="rounding", type=_STRING, s=b"add-then-round")

    def _dequantized(self, name: str, *, is_constant: bool) -> Any:
        """The DequantizeLinear that makes a tensor, of constants or of what is computed; None: nothing such."""
        maker = self.makers.get(name)
        if maker is None or maker.op_type != "DequantizeLinear" or len(maker.input) < _WITH_ZERO:
            return None
        if any(each.name == "block_size" for each in maker.attribute):
            return None
        known = [each in self.constants for each in maker.input]
        return maker if known == [is_constant, True, True] else None

    def _is_by_channel(self, node: Any, maker: Any) -> bool:
        """Whether the scales of a weight are those of the output's channels, or one for all."""
        if sum(self.constants[maker.input[1]].dims) < 2:  # none, or one
            return True
        said = {each.name: each.i for each in (*maker.attribute, *node.attribute)}
        is_first = node.op_type == "Conv" or bool(node.op_type == "Gemm" and said.get("transB", 0))
        return said.get("axis", 1) in ((0,) if is_first else (1, -1))

    def _behind(self, node: Any) -> tuple[Any, Any]:
        """The QuantizeLinear that alone takes a node's output, and a Relu before it that its cut-off makes needless."""
        relu, taker = None, self._only_taker(node)
        if taker is not None and taker.op_type == "Relu":
            relu, taker = taker, self._only_taker(taker)
        if taker is None or taker.op_type != "QuantizeLinear" or len(taker.input) < _WITH_ZERO:
            return None, None
        if taker.attribute or any(each not in self.constants for each in taker.input[1:]):
            return None, None
        if relu is not None and not is_least(constant_of(self.constants[taker.input[2]])):
            return None, None
        return relu, taker

    def _only_taker(self, node: Any) -> Any:
        name = node.output[0] if node.output else ""
        takers = self.takers.get(name, [])
        return takers[0] if len(takers) == 1 and self.uses[name] == 1 else None

    @staticmethod
    def _is_plain(node: Any) -> bool:
        """Whether a Gemm neither transposes its input nor scales anything; other nodes have no such thing."""
        if node.op_type != "Gemm":
            return True
        said = {each.name: each for each in node.attribute}
        return all(said[name].f == 1 for name in ("alpha", "beta") if name in said) and (
            "transA" not in said or not said["transA"].i
        )


def _clear(node: Any) -> None:
    """A node that is needed no more, in whose place one stays that makes nothing."""
    del node.input[:], node.output[:], node.attribute[:]
    node.domain, node.op_type = "", "Constant"
