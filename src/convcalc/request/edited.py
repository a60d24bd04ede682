"""A request with other words in it: what an editor changes of a convolution, or of one of several layers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from convcalc.context import Context
from convcalc.errors import FieldError, UsageError
from convcalc.files.expression import number
from convcalc.files.file_kind import is_path
from convcalc.files.tensor_file import Tensor
from convcalc.numerals import Number, exact_text
from convcalc.request.layer_list import Entry, read_entries
from convcalc.request.request import FIELDS, NETWORK_FIELDS, Field, Origin, Request
from convcalc.request.text_values import truth

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.files.yaml_reader import Node
    from convcalc.layers.network import InputTensor, Network
    from convcalc.problem import Problem

Setting = bool | int | str | tuple["Setting", ...]
"""What a field may be set to: a truth, whole numbers, one for each axis or side, or a name."""
Changes = Mapping[str, Setting | None]
"""Fields of a problem with what they are now; None: nothing is said of them any more."""
_Said = Mapping[str, "Node | None"]

_EDITOR = Origin("the editor", is_flag=True)
_IN_LAYER = {"kernel": "weight"}
_BY_WEIGHT = ("out_channels", "kernel_size", "channel_multiplier")
"""Arguments of a layer that its weight gives too."""


class Layer(NamedTuple):
    """Which layer is changed; of a convolution by itself it makes no difference."""

    number: int
    name: str


def with_changes(request: Request, layer: Layer, changes: Changes, context: Context) -> Request:
    """The request with fields of its convolution changed, or those of a layer.

    Raises:
        UsageError: it is a model of which another layer is changed already.
        FieldError: the layer is part of one that is written as two.
    """
    return _with(
        request, layer, {name: None if each is None else _node(each) for name, each in changes.items()}, context
    )


def with_weight(request: Request, layer: Layer, problem: Problem, weight: Array, context: Context) -> Request:
    """The request with other numbers as the weight of a convolution, shaped as its own is; raises as the others do."""
    said = _said_of_weight(problem, weight, in_layer="layers" in request.fields)
    if request.model is not None and problem.has_bias:  # another kernel goes without the bias of the model's own
        said = {**said, "bias": [exact_text(each) for each in problem.bias]}
    return _with(request, layer, said, context)


def _node(value: Setting) -> Node:
    """A setting as a file writes it; one number for all axes where all are alike."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, tuple):
        return str(value)
    nodes = [_node(each) for each in value]
    first = nodes[0]
    return first if isinstance(first, str) and nodes.count(first) == len(nodes) else nodes


def _with(request: Request, layer: Layer, said: _Said, context: Context) -> Request:
    if request.model is not None:
        return _with_model(request, layer.name, said)
    if "layers" in request.fields:
        own = {name: node for name, node in said.items() if name not in NETWORK_FIELDS}
        request = _with_fields(request, said, NETWORK_FIELDS)
        return _with_layer(request, layer.number, own, context) if own else request
    return _with_fields(request, said, FIELDS)


def _with_model(request: Request, layer: str, changes: _Said) -> Request:
    """A model with settings of one layer changed, as flags change them."""
    if request.layer not in ("", layer):
        raise UsageError(f"of a model one layer is changed at a time, here {request.layer}", hint="u takes that back")
    request = _with_fields(request, changes, ["dtype"])
    changes = {name: node for name, node in changes.items() if name not in ("dims", "dtype")}  # axes are as its file's
    kept = {name: field for name, field in request.changes.items() if name not in changes}
    said = {name: Field(node, _EDITOR) for name, node in changes.items() if node is not None}
    return replace(request, layer=layer, changes={**kept, **said})


def _with_fields(request: Request, changes: _Said, known: Collection[str]) -> Request:
    changes = {name: node for name, node in changes.items() if name in known}
    kept = {name: field for name, field in request.fields.items() if name not in changes and name != "expect"}
    said = {name: Field(node, _EDITOR) for name, node in changes.items() if node is not None}
    return replace(request, fields={**kept, **said})


def _with_layer(request: Request, number: int, changes: _Said, context: Context) -> Request:
    nodes, origin = request.fields["layers"]
    entry = read_entries(cast("Node", nodes), context)[number]
    if not isinstance(nodes, list) or (len(entry.path) > 2 and entry.path[2] != entry.kind):
        raise FieldError(f"{entry.name} is part of a layer that is written as two", hint="write the two apart")
    place = int(entry.path[1])
    written: Node = [*nodes[:place], {entry.kind: _said(entry, changes)}, *nodes[place + 1 :]]
    kept = {name: field for name, field in request.fields.items() if name != "expect"}
    return replace(request, fields={**kept, "layers": Field(written, origin)})


def _said(entry: Entry, changes: _Said) -> Node:
    """The arguments of a layer as they are now; a kernel gives the sizes of the weight itself."""
    inner = {_IN_LAYER.get(name, name): node for name, node in changes.items()}
    gone = {*inner, *(_BY_WEIGHT if "weight" in inner else ())}
    kept = {name: node for name, node in entry.said.items() if name not in gone}
    return kept | {name: node for name, node in inner.items() if node is not None}


def typed_number(text: str) -> Number:
    """The number that a text stands for, as in a file.

    Raises:
        FieldError: it is none.
    """
    return number(text)


def with_flags_baked(request: Request, network: Network, context: Context) -> Request:
    """The request with what flags change of a layer as if it stood in the file, where more can be changed."""
    if not request.changes or request.model is not None:
        return request
    place = network.number(request.layer)
    said: dict[str, Node | None] = {}
    for name, field in request.changes.items():
        node = cast("Node", field.node)
        if name == "depthwise":
            is_apart = truth(name, node)
            said["groups"] = str(network.stages[place].layer.channels if is_apart else 1)
        else:
            said[name] = str(Path(node).absolute()) if isinstance(node, str) and is_path(node) else node
    return _with_layer(replace(request, layer="", changes={}), place, said, context)


def with_input(request: Request, tensor: InputTensor) -> Request:
    """The request with numbers, (batch, channels, *spatial), as its input."""
    rank = tensor.cells.ndim - 2
    held = Tensor(tensor.cells, rank, tensor.notes, tensor.name, tensor.is_image, tensor.channels)
    kept = {name: field for name, field in request.fields.items() if name != "expect"}
    return replace(request, fields={**kept, "input": Field(held, _EDITOR), "dims": Field(str(rank), _EDITOR)})


def with_input_text(request: Request, text: str, rank: int) -> Request:
    """The request with what ``--input`` says as its input, of so many spatial axes."""
    from convcalc.request.network_input import input_field

    kept = {name: field for name, field in request.fields.items() if name != "expect"}
    return replace(request, fields={**kept, "input": input_field(text), "dims": Field(str(rank), _EDITOR)})


def has_own_input(request: Request) -> bool:
    """Whether its input is one that :func:`with_input` gave it."""
    return "input" in request.fields and request.fields["input"].origin is _EDITOR


def _texts(values: Any) -> Node:
    """Numbers in nested lists as the texts of a file, which give the very same numbers again."""
    return [_texts(each) for each in values] if isinstance(values, list) else exact_text(values)


def _said_of_weight(problem: Problem, weight: Array, *, in_layer: bool) -> _Said:
    """What says that a convolution has this weight: its filters, written out, each with its scale."""
    filters = [each[0] if len(each) == 1 else each for each in weight]
    nodes = [
        _filter(_texts(each.tolist()), exact_text(scale)) for each, scale in zip(filters, problem.scale, strict=True)
    ]
    # weights as texts would be taken for float64
    said: dict[str, Node | None] = {"dtype": "float32"} if problem.dtype.value == "float32" else {}
    said["kernel"] = nodes[0] if len(nodes) == 1 else nodes
    if in_layer:
        return said | {"groups": str(problem.groups)}
    return said | {"depthwise": None, "groups": str(problem.groups) if problem.groups > 1 else None}


def _filter(weights: Node, scale: str) -> Node:
    return {"weights": weights} if scale == "1" else {"weights": weights, "scale": scale}
