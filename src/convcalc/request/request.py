"""Requests: the fields of a problem file and of the flags, not yet interpreted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from convcalc.context import STANDARD, Context
from convcalc.errors import ConvcalcError, FieldError, FieldPath, FormatError, Place, UsageError
from convcalc.files.file_kind import open_inline
from convcalc.files.pasted import flag_numbers
from convcalc.files.selection import EVERYTHING, Selection
from convcalc.files.tables.options import table_options
from convcalc.files.tensor_file import NO_MEMBERS, OpenedFile, Tensor, node, open_file, tensor
from convcalc.files.yaml_reader import Node, place
from convcalc.geometry.arguments import text
from convcalc.limits import Limits
from convcalc.request.shipped import shipped
from convcalc.request.spellings import unknown_key
from convcalc.request.text_values import flag_node, plain_value

FIELDS = {
    "title": "what the problem is called",
    "input": "the numbers, or a mapping that says where they come from",
    "dims": "how many of the input's axes are spatial; inferred where only one reading is possible",
    "rate": "of an input of one axis: samples a second, such as 44100 or 44.1kHz",
    "kernel": "a name, numbers, a file, or a list with one entry for each output channel",
    "bias": "one number, or one for each output channel",
    "stride": "one whole number, or one for each spatial axis",
    "padding": "a number, one or a [before, after] pair for each axis, or valid, same, same-lower, full",
    "boundary": "zeros, a constant, reflect, symmetric, replicate or circular; interp of savitzky-golay kernels",
    "dilation": "one whole number, or one for each spatial axis",
    "groups": "a whole number that divides the channels",
    "magnitude": "true or l2: of several kernels the root of the sum of squares; l1: the sum of magnitudes",
    "luminance": "true: of an image in colours its luminance, one channel",
    "linear_light": "true: an image's sRGB numbers are decoded to light from 0 to 1",
    "depthwise": "true: the kernel is applied to each channel apart, as a named one is to the colours of an image; "
    "false: it sums over the channels",
    "like": "a function of another program, whose rules hold where nothing else is said, such as cv2.filter2D",
    "flip": "true: mathematical convolution, the kernel turned by 180°",
    "dtype": "auto, exact, float32 or float64",
    "expect": "what must come out, or a mapping from positions to numbers",
}
"""The fields of a problem file, each with its description."""

NETWORK_FIELDS = {
    **{name: FIELDS[name] for name in ("title", "input", "luminance", "linear_light", "dims", "rate", "dtype")},
    "resize": "of a picture as the input: 224, the middle square of that shorter side; or height and width, 224x320",
    "normalise": "of the input: imagenet, 0..1, -1..1, or MEAN/STD of levels from 0 to 1, such as 0.5/0.25",
    "layers": "the layers of a network, each with its arguments",
    "weights": "{file: PATH} of all layers' weights, or {random: SEED}; without it there are shapes and counts only",
    "expect": "what must come out, or a mapping from positions, parameters and output_shape to numbers",
}
"""The fields of a file with layers, each with its description."""

DEFAULT_PROBLEM = "examples/gradient.yaml"
_IN_LAYER = {"kernel": "weight", "depthwise": "groups"}
"""Fields of a problem that have another name in a layer."""
_WHOLE_TEXTS = ("normalise", "like")
"""Fields whose value is one text, commas and all."""
_FLAGS = {"flip": "--convolve", "linear_light": "--linear-light"}


class Origin(NamedTuple):
    """Where a field was written, so that an error about it can point there."""

    source: str
    text: str = ""
    folder: Path = Path()
    """The folder that paths in the field are relative to."""
    is_flag: bool = False
    member: str = ""
    """Which array of the file it is, where it has several."""

    def place(self, path: FieldPath, *, key: bool = False) -> Place:
        """The place of the value at a field path."""
        if self.is_flag or not self.text:
            return Place(self.source, is_flag=self.is_flag)
        return place(self.source, self.text, path, key=key)


class Field(NamedTuple):
    """The value of a field as written, or a tensor that was a separate file, and where it comes from."""

    node: Node | Tensor
    origin: Origin


@dataclass(frozen=True, slots=True)
class Request:
    """Fields as written; :func:`convcalc.resolve` turns them into a network."""

    source: str
    fields: Mapping[str, Field]
    model: OpenedFile | None = None
    """The file, where it is a whole network in its own format."""
    layer: str = ""
    """Of several layers the one that :attr:`changes` are about."""
    changes: Mapping[str, Field] = field(default_factory=dict)
    """Values of that layer that replace those in the file, by the names of a problem's fields."""
    table: Mapping[str, Node] = field(default_factory=dict)
    """How flags say that the input is read, if it is a table, by the keys beside ``file``."""
    selection: Selection = EVERYTHING
    """Which part is read of the file that the input comes from, where flags say so."""

    def __repr__(self) -> str:
        return f"<Request {self.source!r}: {', '.join(self.fields) or 'a model'}>"

    def override(self, layer: str | None = None, **flags: str | bool | Sequence[str] | None) -> Request:
        """The request with fields replaced by the texts of flags; None and False leave a field as it is.

        A sequence of texts gives a list with one entry for each. Of several layers, fields of a convolution change the
        one of that name.

        Raises:
            FormatError: a text begins a list or a mapping that is not well formed.
            UsageError: a flag is a field of a convolution, and there are several layers of which none is named.
        """
        changes = {
            name: Field(_flag_value(name, value), Origin(_FLAGS.get(name, f"--{name}"), is_flag=True))
            for name, value in flags.items()
            if value not in (None, False, [], ())
        }
        own = {name: change for name, change in changes.items() if name not in NETWORK_FIELDS}
        if not own or (self.model is None and "layers" not in self.fields):
            return replace(self, fields={**self.fields, **changes})
        first = next(iter(own.values())).origin.source
        if layer is None or "like" in own:
            hint = "leave it out" if "like" in own else "name the layer that it is about with --layer"
            raise UsageError(f"{first} says what a single convolution is, {self.source} has layers", hint=hint)
        fields = {name: change for name, change in changes.items() if name in NETWORK_FIELDS}
        return replace(self, fields={**self.fields, **fields}, layer=layer, changes=own)

    def need_kernel(self) -> None:
        """Refuse an input alone, which only defaults would make a network.

        Raises:
            FormatError: the request has an input and no operation.
        """
        if self.model is None and not {"kernel", "layers"} & set(self.fields):
            hint = "write a file with layers: [conv: {out_channels: 8, kernel_size: 3}]"
            raise FormatError("there is neither a network nor a kernel in it", hint=hint, place=Place(self.source))

    def value(self, name: str, default: Any) -> Any:
        """The value of a field, its plain numbers as numbers; ``default`` if it is missing."""
        return plain_value(self.fields[name].node) if name in self.fields else default

    @contextmanager
    def placing(self) -> Iterator[None]:
        """A context that adds the place of a field to errors about it."""
        try:
            yield
        except ConvcalcError as error:
            if error.place is None and error.field and error.field[0] in self.fields:
                error.place = self.fields[str(error.field[0])].origin.place(error.field, key=error.at_key)
            raise


def read_request(
    path: str | None = None,
    context: Context = STANDARD,
    table: Mapping[str, Node] | None = None,
    selection: Selection = EVERYTHING,
) -> Request:
    """The request of a problem file, a model or a tensor file, or of numbers; without a path, of the default example.

    ``table``: how the input is read, if it is a table, by the keys that a file writes beside ``file``.

    ``selection``: which part is read of the file that the input comes from.

    Raises:
        ConvcalcError: the file cannot be read, or has an unknown field.
    """
    return request_of(replace(open_request(path, context), selection=selection), context, table or {})


def open_request(path: str | None, context: Context) -> OpenedFile:
    """The file of a request, or without a path the default example.

    Raises:
        ConvcalcError: the file cannot be opened, or is of a kind that is not read.
    """
    if path is None:
        return open_file(str(shipped(DEFAULT_PROBLEM)), context.limits)
    return open_inline(text("path", path)) or open_file(text("path", path), context.limits)


def request_of(source: OpenedFile, context: Context, table: Mapping[str, Node] | None = None) -> Request:
    """The request in a file; ``table`` and what is raised: as of :func:`read_request`."""
    table = table or {}
    if source.kind == "onnx":
        return Request(source.name, {}, source, table=table, selection=source.selection)
    document = node(source, context.limits) if source.kind == "yaml" else None
    if not isinstance(document, dict) or "schema" in document:
        origin = Origin(source.name, member=source.member or "")
        with _table_flags(table):
            found = tensor(source, context.limits, table_options(table) if table else None)
        return Request(source.name, {"input": Field(found, origin)}, table=table, selection=source.selection)
    if source.member is not None:
        raise FormatError(NO_MEMBERS, place=Place(source.name))
    origin = Origin(source.name, source.text, Path(source.name).parent)
    _check_fields(document, origin)
    fields = {key: Field(value, origin) for key, value in document.items()}
    if table and "input" in fields:
        fields["input"] = with_table(fields["input"], table)
    return Request(source.name, fields, table=table, selection=source.selection)


def with_table(field: Field, table: Mapping[str, Node]) -> Field:
    """An input with what flags say of its table.

    Raises:
        UsageError: it is no file.
    """
    if not table:
        return field
    if not isinstance(field.node, dict) or "file" not in field.node:
        raise UsageError(f"--{next(iter(table))} says how a table is read, the input is no file", hint="leave it out")
    with _table_flags(table):
        table_options(table)
    return field._replace(node={**field.node, **table})


@contextmanager
def _table_flags(table: Mapping[str, Node]) -> Iterator[None]:
    """A context that adds the flag to errors about how a table is read."""
    try:
        yield
    except ConvcalcError as error:
        if error.place is None and error.field and error.field[0] in table:
            error.place = Place(f"--{error.field[0]}", is_flag=True)
        raise


def _check_fields(document: dict[str, Node], origin: Origin) -> None:
    """Refuse fields that a file of its kind does not have."""
    has_layers = "layers" in document
    known = NETWORK_FIELDS if has_layers else {*FIELDS, "layers"}
    for key in document:
        if key not in known:
            error: ConvcalcError = unknown_key("field", key, known)
            if has_layers and key in FIELDS:
                error = _not_of_networks(key)
            elif key == "weights":
                error.hint = "weights stand beside layers; of one convolution write kernel: [[0, 1], [1, 0]]"
            error.place = origin.place((key,), key=True)
            raise error
    if "input" not in document and not has_layers:
        raise FormatError("a problem needs an input", hint="input: [[1, 2], [3, 4]]", place=Place(origin.source))


def _not_of_networks(key: str) -> FieldError:
    if key == "like":
        return FieldError("like is of a single convolution, this file has layers", hint="leave it out")
    return FieldError(f"{key} belongs in a layer", hint=f"layers: [conv: {{…, {_IN_LAYER.get(key, key)}: …}}]")


def _flag_value(name: str, value: str | bool | Sequence[str] | None) -> Node:
    try:
        if isinstance(value, str):
            if name == "kernel" and not value.lstrip().startswith(("[", "{")):
                return value if (numbers := flag_numbers(value, "--kernel", Limits())) is None else numbers
            return value if name in _WHOLE_TEXTS else flag_node(name, value)
        if value is True:
            return "true"
        return _flag_list(name, list(value or ()))
    except ConvcalcError as error:
        error.place = Place(f"--{name}", is_flag=True)
        raise


def _flag_list(name: str, texts: list[str]) -> Node:
    """One text is the field itself; of several each is an entry, with numbers wrapped so that each is one kernel."""
    values = [_flag_value(name, text) for text in texts]
    return values[0] if len(values) == 1 else [{"weights": each} if isinstance(each, list) else each for each in values]
