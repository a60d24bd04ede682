"""The layers of a file as they are written: the kind and the name of each, what it takes and what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.context import Context
from convcalc.errors import FieldError, FieldPath, LimitError, UnknownNameError, below
from convcalc.files.yaml_reader import Node
from convcalc.layers.network import INPUT, INPUT_NAME
from convcalc.layers.table import KINDS, Kind
from convcalc.request.text_values import truth, word
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.request.request import Request

SEPARABLE = "depthwise-separable"
"""A spelling of two layers: a depthwise one and a pointwise one."""
_EXAMPLE = "layers: [conv: {out_channels: 8, kernel_size: 3}, relu]"
_EARLIER = f"a layer takes earlier ones by their names, or {INPUT_NAME}"
_OF_POINTWISE = ("out_channels",)
_OF_DEPTHWISE = ("kernel_size", "stride", "padding", "dilation", "boundary", "flip")
_OF_BOTH = ("bias", "weights")
SEPARABLE_KEYS = (*_OF_POINTWISE, *_OF_DEPTHWISE, *_OF_BOTH, "name", "input")


class Entry(NamedTuple):
    """One layer as it is written."""

    kind: str
    name: str
    said: Mapping[str, Node]
    """Its arguments and its weights."""
    inputs: tuple[int, ...]
    """The layers that it takes, by their number, the first first."""
    path: FieldPath
    """Where in the file it is told of."""


class _Written(NamedTuple):
    kind: str
    said: Mapping[str, Node]
    path: FieldPath
    is_mapping: bool
    others: Node = ""
    """What an add takes beside the layer before it."""

    def where(self, *keys: str) -> FieldPath:
        """The path of a key, or of the layer where it is written without keys."""
        return (*self.path, *keys) if self.is_mapping else self.path


def read_entries(node: Node, context: Context) -> list[Entry]:
    """The layers of a list, those that are spelled as one taken apart; every path begins with ``layers``.

    Raises:
        FieldError: it is no list of layers, two have one name, or one takes what comes after it.
        UnknownNameError: there is no such kind, or no layer of a name.
        LimitError: a name is too long.
    """
    if not isinstance(node, list):
        raise FieldError(f"layers must be a list, got {_shown(node)}", hint=_EXAMPLE, field="layers")
    if not node:
        raise FieldError("there are no layers in the list", hint=_EXAMPLE, field="layers")
    written = [_written(each, ("layers", number)) for number, each in enumerate(node)]
    names = _names(written, context)
    parts = [list(_parts(each, name)) for each, name in zip(written, names, strict=True)]
    numbers = _numbers(written, names, parts)
    return [
        Entry(each.kind, name, each.said, _inputs(each, name, number, numbers), each.path)
        for number, (each, name) in enumerate(chain.from_iterable(parts))
    ]


def names_of_layers(request: Request, context: Context) -> list[str]:
    """The names of a file's layers, in turn; none where it has no list of them. Raises as :func:`read_entries`."""
    written = request.fields.get("layers")
    if written is None or not isinstance(written.node, list):
        return []
    return [entry.name for entry in read_entries(written.node, context)]


def _written(node: Node, path: FieldPath) -> _Written:
    if isinstance(node, str) and node:
        _kind(node, path)
        return _Written(str(node), {}, path, False)
    if not isinstance(node, dict) or not node:
        raise FieldError(f"expected a layer, got {_shown(node)}", hint=_EXAMPLE, field=path)
    if len(node) > 1:
        raise _two_keys(list(node), path)
    ((kind, value),) = node.items()
    found = _kind(kind, path, in_mapping=True)
    path = (*path, kind)
    if isinstance(value, dict):
        return _Written(kind, value, path, True)
    if value == "":
        return _Written(kind, {}, path, False)
    if found and found.joins:
        return _Written(kind, {}, path, False, value)
    main = found.main if found else "out_channels"
    if not main:
        raise FieldError(f"{kind} takes no argument, got {_shown(value)}", hint=f"write {kind}", field=path)
    return _Written(kind, {main: value}, path, False)


def _kind(name: str, path: FieldPath, *, in_mapping: bool = False) -> Kind | None:
    """The kind of layer of a name, or None of a spelling of several."""
    if name == SEPARABLE:
        return None
    if name not in KINDS:
        where = (*path, name) if in_mapping else path
        raise UnknownNameError("kind of layer", name, [*KINDS, SEPARABLE], field=where, at_key=in_mapping)
    return KINDS[name]


def _two_keys(keys: Sequence[str], path: FieldPath) -> FieldError:
    first, second = keys[:2]
    is_kind = second in KINDS or second == SEPARABLE
    error = FieldError(
        f"a layer has one kind, here are {counted(len(keys), 'key')}: {', '.join(keys)}",
        hint=f"begin the next layer with '- {second}'" if is_kind else f"write {first}: {{…, {second}: …}}",
        field=(*path, second),
    )
    error.at_key = True
    return error


def _names(written: Sequence[_Written], context: Context) -> list[str]:
    """The name of each: the one it has, or its kind and a number."""
    counts: Counter[str] = Counter()
    names = []
    for each in written:
        counts[each.kind] += 1
        names.append(_own_name(each, context) if "name" in each.said else f"{each.kind}{counts[each.kind]}")
    return names


def _own_name(each: _Written, context: Context) -> str:
    path = each.where("name")
    with below(*each.path):
        name = word("name", each.said["name"])
    longest = context.limits.name
    if len(name) > longest:
        raise LimitError(
            f"a name of {len(name):,} characters, at most {longest}",
            hint=f"raise it with --limit name={longest * 2}",
            field=path,
        )
    if not name.strip() or name == INPUT_NAME:
        what = f"{INPUT_NAME!r} is the input of the network" if name.strip() else "a name cannot be empty"
        raise FieldError(what, hint="leave name out, or choose another", field=path)
    return name


def _parts(each: _Written, name: str) -> Iterator[tuple[_Written, str]]:
    """The layer itself, or the two that it is a spelling of."""
    if each.kind != SEPARABLE:
        yield each, name
        return
    for key in each.said:
        if key not in SEPARABLE_KEYS:
            raise UnknownNameError(f"key of {SEPARABLE}", key, SEPARABLE_KEYS, field=each.where(key), at_key=True)
    _check_bias(each, name)
    for kind, own in (("depthwise", (*_OF_DEPTHWISE, "input")), ("pointwise", _OF_POINTWISE)):
        said = {key: value for key, value in each.said.items() if key in own or key in _OF_BOTH}
        if isinstance(prefix := said.get("weights"), str):
            said["weights"] = f"{prefix}.{kind}"
        yield each._replace(kind=kind, said=said), f"{name}.{kind}"


def _check_bias(each: _Written, name: str) -> None:
    """Refuse the numbers of a bias, which cannot be those of two layers."""
    try:
        truth("bias", each.said.get("bias", "true"))
    except FieldError as error:
        raise FieldError(
            f"{name}: {error.message}", hint="for numbers write depthwise and pointwise", field=each.where("bias")
        ) from None


def _numbers(
    written: Sequence[_Written], names: Sequence[str], parts: Sequence[Sequence[tuple[_Written, str]]]
) -> dict[str, int]:
    """The number of each layer by its name; the name of two stands for the second."""
    numbers: dict[str, int] = {}
    count = 0
    for each, name, own in zip(written, names, parts, strict=True):
        new = {part_name: count + place for place, (_, part_name) in enumerate(own)}
        count += len(own)
        new[name] = count - 1
        for twice in sorted(new.keys() & numbers.keys()):
            path = each.where("name") if "name" in each.said else each.path
            raise FieldError(f"two layers are named {twice!r}", hint="give one of them another name", field=path)
        numbers |= new
    return numbers


def _inputs(each: _Written, name: str, number: int, numbers: Mapping[str, int]) -> tuple[int, ...]:
    """The layers that one takes: those that it names, or the one before, and the others that an add names."""
    said, path = each.said.get("input"), each.where("input")
    if not KINDS[each.kind].joins:
        return (number - 1 if said is None else _reference(said, name, number, numbers, path),)
    names = each.others if said is None else said
    listed = names if isinstance(names, list) else [names] if names else []
    found = [_reference(other, name, number, numbers, path) for other in listed]
    inputs = (number - 1, *found) if said is None else tuple(found)
    if len(inputs) < 2:
        raise FieldError(
            f"{name} has one input", hint=f"- {each.kind}: relu1, or {each.kind}: {{input: [conv2, relu1]}}", field=path
        )
    return inputs


def _reference(node: Any, name: str, number: int, numbers: Mapping[str, int], path: FieldPath) -> int:
    if not isinstance(node, str) or not node:
        raise FieldError(f"{name} takes a layer by its name, got {_shown(node)}", hint=_EARLIER, field=path)
    if node == INPUT_NAME:
        return INPUT
    if node not in numbers:
        earlier = [each for each, place in numbers.items() if place < number]
        raise UnknownNameError("layer", str(node), [*earlier, INPUT_NAME], field=path)
    if numbers[node] >= number:
        what = "its own output" if numbers[node] == number else f"{str(node)!r}, which comes after it"
        raise FieldError(f"{name} takes {what}: a cycle", hint=_EARLIER, field=path)
    return numbers[node]


def _shown(node: Any) -> str:
    if isinstance(node, str):
        return repr(str(node)) if node else "nothing"
    what = "mapping" if isinstance(node, dict) else "list"
    return f"a {what}" if node else f"an empty {what}"
