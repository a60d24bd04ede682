"""From written layers to a stack: each on the shape that the ones before it give, its weights read when it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from inspect import signature
from typing import Any

from convcalc.errors import ConvcalcError, FieldError, FieldPath, GeometryError, Place, UnknownNameError, below
from convcalc.formats.layer_list import INPUT_NAME, Entry
from convcalc.formats.layer_values import LayerValues, Reading
from convcalc.formats.weights import TENSORS, Given, Random, Weights
from convcalc.formats.words import boundary_of_node, plain_value, truth
from convcalc.layers.layer import Layer, Shape
from convcalc.layers.stack import INPUT, Stack, Stage
from convcalc.layers.table import KINDS, Kind
from convcalc.wording import shape_text

_COMMON = ("name", "input")
_OF_KERNELS = ("conv", "pointwise", "depthwise")
"""Kinds whose weight is given as kernels are."""


@dataclass(frozen=True)
class StackReader:
    """Makes the layers of a file, one after the other."""

    input_shape: Shape
    entries: Sequence[Entry]
    reading: Reading
    weights: Callable[[str, int], Weights] | None
    """Those of a layer by its name in the file and its number, if the file has a field ``weights``."""

    def stack(self, title: str = "") -> Stack:
        """All layers.

        Raises:
            ConvcalcError: an entry is not what it must be, or shapes do not meet; the error says which layer.
        """
        stages: list[Stage] = []
        for number, entry in enumerate(self.entries):
            found = Stack(self.input_shape, tuple(stages))
            shapes = [found.shape_of(each) for each in entry.inputs]
            with _of_layer(entry, shapes, [_name(each, stages) for each in entry.inputs]):
                stages.append(self._stage(number, entry, shapes))
        return Stack(self.input_shape, tuple(stages), title)

    def _stage(self, number: int, entry: Entry, shapes: Sequence[Shape]) -> Stage:
        kind = KINDS[entry.kind]
        _check_keys(entry, kind)
        given = dict(self._given(entry, kind, shapes[0]))
        rest = self._rest(number, entry)
        layer = _made(entry, kind, shapes, given, rest)
        _check_tensors(entry, layer, given)
        values = LayerValues(entry, layer, given, rest, self.reading)
        values.check_written()
        read = values.read if given or rest else None
        return Stage(entry.name, layer, entry.inputs, read, lambda path, key: self._place(entry, path, key))

    def _place(self, entry: Entry, path: FieldPath, key: bool) -> Place:
        return self.reading.origin.place((*entry.path, *_spelled(path, entry)), key=key)

    def _rest(self, number: int, entry: Entry) -> Weights | None:
        """Where the tensors come from that the layer does not give: as it says itself, or as the file says."""
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
            make = self.weights if own is None else self.reading.tensors.default(own)
        return make(entry.name, number) if make else None

    def _given(self, entry: Entry, kind: Kind, shape: Shape) -> Iterator[tuple[str, Given]]:
        """The tensors that an entry gives itself."""
        for name, node in entry.said.items():
            if name not in TENSORS or (name in kind.arguments and _is_truth(node)):
                continue
            if name == "weight" and entry.kind in _OF_KERNELS and len(shape) > 1:
                groups = plain_value(entry.said.get("groups", "1"))
                is_depthwise = entry.kind == "depthwise"
                yield (
                    name,
                    self.reading.tensors.kernels(
                        node, len(shape) - 1, shape[0], shape[0] if is_depthwise else groups, depthwise=is_depthwise
                    ),
                )
            else:
                yield name, self.reading.tensors.given(name, node)


def _made(entry: Entry, kind: Kind, shapes: Sequence[Shape], given: Mapping[str, Given], rest: Weights | None) -> Layer:
    """The layer with its arguments, those that are missing as its weight has them."""
    parameters = signature(kind.make).parameters
    arguments = {
        name: _value(name, entry.said[name], parameters[name].default)
        for name in kind.arguments
        if name in entry.said and name not in given
    }
    if "bias" in kind.arguments and "bias" not in arguments and ("bias" in given or "weight" in given):
        arguments["bias"] = "bias" in given
    missing = [name for name, is_needed in kind.arguments.items() if is_needed and name not in arguments]
    if missing:
        arguments |= _from_weight(entry, missing, given, rest)
    return kind.make(*shapes, **dict(kind.fixed), **arguments)


def _value(name: str, node: Any, default: Any) -> Any:
    if isinstance(default, bool):
        return truth(name, node)
    return boundary_of_node(node) if name == "boundary" else plain_value(node)


def _from_weight(
    entry: Entry, missing: Sequence[str], given: Mapping[str, Given], rest: Weights | None
) -> dict[str, Any]:
    """The missing arguments as the shape of the weight tells them.

    Raises:
        FieldError: there is no weight, or it does not tell them.
    """
    shape = None
    if "weight" in given:
        shape = given["weight"].read().array.shape
    elif rest is not None:
        shape = rest.shape("weight")
    told = _sizes(entry, shape) if shape is not None and len(shape) > 1 else {}
    if any(name not in told for name in missing):
        spelling = entry.path[2] if len(entry.path) > 2 else entry.kind
        from_weight = f", and its weight of {shape_text(shape)} does not tell" if shape is not None else ""
        raise FieldError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing{from_weight}",
            hint=f"{spelling}: {{{', '.join(f'{name}: …' for name in missing)}}}",
        )
    return {name: told[name] for name in missing}


def _sizes(entry: Entry, shape: Shape) -> dict[str, Any]:
    """What a weight's shape says of the layer's arguments, in PyTorch's order of the axes."""
    groups = plain_value(entry.said.get("groups", "1"))
    transposed = shape[1] * groups if isinstance(groups, int) else shape[1]
    return {
        "out_channels": transposed if entry.kind == "transposed-conv" else shape[0],
        "out_features": shape[0],
        "kernel_size": list(shape[2:]),
    }


def _check_keys(entry: Entry, kind: Kind) -> None:
    """Refuse keys that no layer of the kind has."""
    tensors = _tensors(kind)
    known = (*kind.arguments, *_COMMON, *tensors, *(["weights"] if tensors else []))
    for key in entry.said:
        if key not in known:
            raise UnknownNameError(f"key of {entry.kind}", key, known, field=(key,), at_key=True)


def _tensors(kind: Kind) -> Sequence[str]:
    """What a layer of the kind may have numbers for."""
    maker: Any = kind.make
    learned, measured = (
        getattr(maker.__self__, name) is not getattr(Layer, name) for name in ("weight_shapes", "buffer_shapes")
    )
    return TENSORS if measured else TENSORS[:2] if learned else ()


def _check_tensors(entry: Entry, layer: Layer, given: Mapping[str, Given]) -> None:
    """Refuse numbers for tensors that the layer does not have."""
    has = {*layer.weight_shapes, *layer.buffer_shapes}
    for name in given:
        if name not in has:
            error = FieldError(f"{entry.kind} has no {name}", hint=f"leave {name} out", field=(name,))
            error.at_key = True
            raise error


def _is_truth(node: Any) -> bool:
    with suppress(FieldError):
        truth("", node)
        return True
    return False


def _name(number: int, stages: Sequence[Stage]) -> str:
    return INPUT_NAME if number == INPUT else stages[number].name


@contextmanager
def _of_layer(entry: Entry, shapes: Sequence[Shape], sources: Sequence[str]) -> Iterator[None]:
    """Says of an error which layer it is about, and where that is written; of sizes also what the layer's input is."""
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
    """A field of a convolution by the word of a layer: what is the kernel there is its size or its weight here."""
    if path[:1] == ("kernel",):
        return ("weight" if "weight" in entry.said else "kernel_size", *path[1:])
    return path
