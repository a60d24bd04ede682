"""Builds a network from written layers: each on its inputs' shapes; weights are read when it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from convcalc.errors import ConvcalcError, FieldError, FieldPath, GeometryError, Place, below
from convcalc.layers.layer import Layer, Shape
from convcalc.layers.network import INPUT, INPUT_NAME, Network
from convcalc.layers.stage import Stage
from convcalc.layers.table import KINDS, Kind
from convcalc.request.layer_list import Entry
from convcalc.request.layer_values import LayerValues, arguments_of
from convcalc.request.request import Field
from convcalc.request.spellings import unknown_key
from convcalc.request.text_values import plain_value, truth
from convcalc.request.weights import Given, Random, WeightReader, Weights
from convcalc.wording import shape_text

if TYPE_CHECKING:
    from convcalc.files.yaml_reader import Node

COMMON = ("name", "input")
OF_KERNELS = ("conv", "pointwise", "depthwise")
"""Kinds whose weight may be given as kernels."""


@dataclass(frozen=True, eq=False)
class LayerReader:
    """Builds the layers of a file, one after the other."""

    input_shape: Shape
    entries: Sequence[Entry]
    tensors: WeightReader
    weights: Callable[[str, int], Weights] | None
    """The weights of a layer by its name in the file and its number, if the file has a field ``weights``."""
    changed: str = ""
    """The layer that flags change."""
    changes: Mapping[str, Field] = field(default_factory=dict)
    """The changes by flags, by the names of a problem's fields."""

    def network(self, title: str = "") -> Network:
        """All layers.

        Raises:
            ConvcalcError: an entry is not what it must be, or shapes do not meet; the error says which layer.
        """
        stages: list[Stage] = []
        for number, entry in enumerate(self.entries):
            shapes = [self.input_shape if each == INPUT else stages[each].layer.output_shape for each in entry.inputs]
            stages.append(self.stage(number, entry, shapes, [_name(each, stages) for each in entry.inputs]))
        return Network(self.input_shape, tuple(stages), title)

    def stage(self, number: int, entry: Entry, shapes: Sequence[Shape], sources: Sequence[str]) -> Stage:
        """One layer on inputs of these shapes, which are the outputs of the layers of these names.

        Raises:
            ConvcalcError: the entry is not what it must be, or shapes do not meet; the error says which layer.
        """
        changes = self.changes if entry.name == self.changed else {}
        with _of_layer(entry, shapes, sources), _of_flags(changes):
            return self._stage(number, _changed(entry, changes, shapes[0]), shapes)

    def _stage(self, number: int, entry: Entry, shapes: Sequence[Shape]) -> Stage:
        kind = KINDS[entry.kind]
        _check_keys(entry, kind)
        given = dict(self._given(entry, kind, shapes[0]))
        rest = self._rest(number, entry)
        arguments = arguments_of(entry, kind, shapes[0], given, rest)
        layer = kind.make(*shapes, **arguments)
        _check_tensors(entry, layer, given)
        values = LayerValues(entry, layer, given, rest, self.tensors)
        values.check_written()
        read = values.read if given or rest else None
        return Stage(
            entry.name, layer, entry.inputs, read, lambda path, key: self._place(entry, path, key), values.stored
        )

    def _place(self, entry: Entry, path: FieldPath, key: bool) -> Place:
        return self.tensors.origin.place((*entry.path, *_spelled(path, entry)), key=key)

    def _rest(self, number: int, entry: Entry) -> Weights | None:
        """The source of tensors not given in the entry: its own field ``weights``, or the file's."""
        own = entry.said.get("weights")
        if isinstance(own, str):
            made = self.weights and self.weights(own, number)
            if made is None or isinstance(made, Random):
                raise FieldError(
                    f"weights {str(own)!r} is a name in a file, and the network has none",
                    hint="beside layers, write weights: {file: PATH}",
                    field="weights",
                )
            return made
        with below("weights"):
            make = self.weights if own is None else self.tensors.default(own)
        return make(entry.name, number) if make else None

    def _given(self, entry: Entry, kind: Kind, shape: Shape) -> Iterator[tuple[str, Given]]:
        """The tensors in the entry itself."""
        for name, node in entry.said.items():
            if name not in kind.tensors or (name in kind.defaults and _is_truth(name, node)):
                continue
            if name == "weight" and isinstance(node, dict) and {"file", "layout"} <= set(node):
                yield name, self.tensors.laid_out(name, node)
            elif name == "weight" and entry.kind in OF_KERNELS and len(shape) > 1:
                groups = plain_value(entry.said.get("groups", "1"))
                changes = self.changes if entry.name == self.changed else {}
                is_depthwise = entry.kind == "depthwise" or "depthwise" in changes
                tensors = self.tensors
                if "kernel" in changes:  # its paths are relative to where the command is run
                    tensors = replace(tensors, origin=self.changes["kernel"].origin)
                groups = shape[0] if is_depthwise else groups
                yield name, tensors.kernels(node, len(shape) - 1, shape[0], groups, depthwise=is_depthwise)
            else:
                yield name, self.tensors.given(name, node)


_CHANGED = {"kernel": "weight", "depthwise": "groups"}
"""Fields of a problem that have another name in a layer."""
_BY_WEIGHT = ("out_channels", "kernel_size", "channel_multiplier")


def _changed(entry: Entry, changes: Mapping[str, Field], shape: Shape) -> Entry:
    """An entry with the changes by flags; with a kernel in them its sizes are those of the kernel."""
    if not changes:
        return entry
    kind = KINDS[entry.kind]
    said = {name: node for name, node in entry.said.items() if "kernel" not in changes or name not in _BY_WEIGHT}
    for name, change in changes.items():
        key = _CHANGED.get(name, name)
        if key not in kind.defaults and key not in kind.tensors:
            raise FieldError(
                f"{entry.kind} has no {key}", hint="name a layer that is a convolution with --layer", field=key
            )
        is_apart = name == "depthwise" and truth(name, change.node)
        said[key] = str(shape[0] if is_apart else 1) if name == "depthwise" else cast("Node", change.node)
    return entry._replace(said=said)


@contextmanager
def _of_flags(changes: Mapping[str, Field]) -> Iterator[None]:
    """A context that adds the flag to errors about its value."""
    try:
        yield
    except ConvcalcError as error:
        names = {_CHANGED.get(name, name): name for name in changes} | {"kernel": "kernel"}
        name = names.get(str(error.field[0])) if error.field else None
        if error.place is None and name and name in changes:
            error.place = changes[name].origin.place(())
        raise


def _check_keys(entry: Entry, kind: Kind) -> None:
    """Refuse keys that no layer of the kind has."""
    known = (*kind.defaults, *COMMON, *kind.tensors, *(["weights"] if kind.tensors else []))
    for key in entry.said:
        if key not in known:
            raise unknown_key(f"key of {entry.kind}", key, known, field=(key,), at_key=True)


def _check_tensors(entry: Entry, layer: Layer, given: Mapping[str, Given]) -> None:
    """Refuse numbers for tensors that the layer does not have."""
    has = {*layer.weight_shapes, *layer.buffer_shapes}
    for name in given:
        if name not in has:
            error = FieldError(
                f"{entry.kind} has no {name} as it is made here", hint=f"leave {name} out", field=(name,)
            )
            error.at_key = True
            raise error


def _is_truth(name: str, node: Any) -> bool:
    """Whether it states only that the tensor exists or not, without its numbers."""
    with suppress(FieldError):
        truth(name, node)
        return True
    if isinstance(node, str) and node[:1].isalpha():
        raise FieldError(f"{name} must be true, false or numbers, got {str(node)!r}", field=name)
    return False


def _name(number: int, stages: Sequence[Stage]) -> str:
    return INPUT_NAME if number == INPUT else stages[number].name


@contextmanager
def _of_layer(entry: Entry, shapes: Sequence[Shape], sources: Sequence[str]) -> Iterator[None]:
    """A context that adds the layer and its place in the file to errors; to those of sizes also the layer's input."""
    try:
        yield
    except ConvcalcError as error:
        error.message = f"{entry.name}: {error.message}"
        error.field = (*entry.path, *_spelled(error.field, entry))
        if isinstance(error, GeometryError):
            given = (f"{shape_text(shape)} from {source}" for shape, source in zip(shapes, sources, strict=True))
            error.hint = f"{error.hint and error.hint + '; '}{entry.name} takes {' and '.join(given)}"
        raise


def _spelled(path: FieldPath, entry: Entry) -> FieldPath:
    """The name of a convolution's field in a layer: the kernel is the layer's kernel size or weight."""
    if path[:1] == ("kernel",):
        return ("weight" if "weight" in entry.said else "kernel_size", *path[1:])
    return path
