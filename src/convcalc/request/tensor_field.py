"""The numbers of a problem's field: written out, defined by a rule, or in a file."""

from __future__ import annotations

from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcalc.arrays import read_only
from convcalc.channels import Channels, SampleAxis, rate_of
from convcalc.context import Context
from convcalc.errors import ConvcalcError, FieldError, Place, UnknownNameError, below
from convcalc.files.file_kind import is_file, is_path
from convcalc.files.numbers import array, array_notes
from convcalc.files.pasted import flag_numbers
from convcalc.files.selection import EVERYTHING, SELECTORS, Selection, selection_of
from convcalc.files.tables.options import TABLE_KEYS, table_options
from convcalc.files.tensor_file import Tensor, is_result, node, open_file, read_tensor, tensor
from convcalc.files.yaml_reader import Node
from convcalc.geometry.arguments import whole
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.transformation import Transformation
from convcalc.request.generators import RULES, generated
from convcalc.request.kernel_file import kernel_from, read_kernel_file, scale_from
from convcalc.request.kernel_library import library_of, of_kernel
from convcalc.request.light import as_light
from convcalc.request.request import Field, Origin, Request
from convcalc.request.text_values import plain_value, word
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.files.blocks.source import BlockSource, FlatSource

_FILE_KEYS, _KEEP = ("file", "nodata", *TABLE_KEYS, *SELECTORS), "keep"
_RAW_KEYS = ("file", "dtype", "shape", "offset")
_SAME_RATE = 1e-3  # a file's times are rounded
_NUMBER_WORDS = ("nan", "inf", "infinity", "pi")


def read_input(request: Request, context: Context) -> Tensor:
    """The input's numbers, with their own axes.

    Raises:
        ConvcalcError: there are none, or they cannot be read.
    """
    if "input" not in request.fields:
        raise FieldError("there is no input in it", hint="write input: [[1, 2], [3, 4]]", place=Place(request.source))
    field = request.fields["input"]
    return as_light(request, tensor_of(field.node, field.origin, context, "input", request.selection))


def tensor_of(
    value: Node | Tensor, origin: Origin, context: Context, name: str, selection: Selection = EVERYTHING
) -> Tensor:
    """The numbers of a node, of a file those of its ``selection``; errors have the field path below ``name``.

    Raises:
        ConvcalcError: it has none, or they cannot be read.
    """
    if isinstance(value, Tensor):
        return value
    if selection.names and not (isinstance(value, dict) and "file" in value):
        flag = f"--{selection.names[0]}"
        place = Place(flag, is_flag=True)
        raise FieldError(f"the {name} is not read from a file", hint=f"leave {flag} out", place=place)
    with below(name):
        if isinstance(value, dict):
            return _described(value, origin, context, selection)
        if isinstance(value, str) and (numbers := flag_numbers(value, name, context.limits)) is not None:
            value = numbers
        if isinstance(value, str) and value[:1].isalpha():
            raise FieldError(f"{name} must be numbers, got {str(value)!r}", hint=f"{{file: {value}}} for a file")
        values = array(value, context.limits)
    if not values.ndim:
        raise FieldError(
            f"{name} must be a list of numbers, got {str(value)!r}", hint="write {file: PATH} for a file", field=name
        )
    return Tensor(values, None, tuple(f"{name}: {note}" for note in array_notes(values, value)), name)


def blocks_of(field: Field, context: Context, selection: Selection = EVERYTHING) -> BlockSource | None:
    """The input of a field block by block, without reading it; None where it is no file of a kind that can be.

    Raises:
        ConvcalcError: the file cannot be opened, or is damaged.
    """
    node = field.node
    if not isinstance(node, dict) or "file" not in node:
        return None
    if set(node) <= set(_RAW_KEYS) and "dtype" in node:
        with below("input"):
            return _raw(node, field.origin)
    if set(node) != {"file"}:
        return None
    from convcalc.files.blocks.opened import open_blocks

    with below("input"):
        return open_blocks(word("file", node["file"]), context.limits, base=field.origin.folder, selection=selection)


def _raw(value: dict[str, Node], origin: Origin) -> FlatSource:
    """Raw numbers of a file, of the type and shape that stand beside it."""
    from convcalc.files.blocks.npy import raw_source

    for key in value:
        if key not in _RAW_KEYS:
            raise UnknownNameError(
                "key beside 'dtype'", key, _RAW_KEYS, hint=f"leave {key} out", field=(key,), at_key=True
            )
    if "shape" not in value:
        raise FieldError("raw numbers need their shape", hint="shape: [rows, columns]", field="dtype")
    sizes = plain_value(value["shape"])
    shape = sizes if isinstance(sizes, list) else [sizes]
    found = tuple(whole("a size of shape", each, 1, path=("shape", place)) for place, each in enumerate(shape))
    offset = whole("offset", plain_value(value.get("offset", 0)), 0)
    return raw_source(str(origin.folder / word("file", value["file"])), word("dtype", value["dtype"]), found, offset)


def channels_of(request: Request, tensor: Tensor, rank: int) -> Channels:
    """The names of an input's channels, and where its samples stand: as the field ``rate`` tells, or its file.

    Raises:
        FieldError: the rate is none, or the input has more axes than one.
    """
    if "rate" not in request.fields:
        return tensor.channels if rank == 1 else tensor.channels._replace(axis=None)
    rate = rate_of(request.fields["rate"].node)
    if rank != 1:
        raise FieldError(
            f"a rate is of a signal, which has one axis; the input has {counted(rank, 'spatial axis', 'spatial axes')}",
            hint="--dims 1 if its last axis is time, or leave rate out",
            field="rate",
        )
    return tensor.channels._replace(axis=SampleAxis("time", None, "s", rate, told=_told(tensor.channels.axis, rate)))


def _told(axis: SampleAxis | None, rate: float) -> str:
    """What a file tells of its samples that is not the rate."""
    if axis is None or axis.hertz is None:
        return "uneven times" if axis and axis.notes else ""
    return "" if isclose(axis.hertz, rate, rel_tol=_SAME_RATE) else f"{axis.hertz:g}"


def read_kernels(request: Request, context: Context) -> list[Kernel]:
    """The kernels of a request: a single one, or one for each entry of a list of kernels.

    Raises:
        ConvcalcError: one of them cannot be read or does not exist.
    """
    field = request.fields.get("kernel", Field("sobel-x", Origin("the default kernel")))
    return kernels_of(field.node, field.origin, context)


def kernels_of(value: Any, origin: Origin, context: Context) -> list[Kernel]:
    """The kernels of a node; errors have the field path below ``kernel``.

    Raises:
        ConvcalcError: one of them cannot be read or does not exist.
    """
    reader = _KernelReader(origin, context)
    if isinstance(value, list) and any(map(_is_kernel_word, value)):
        return [reader.read(each, ("kernel", number)) for number, each in enumerate(value)]
    return [reader.read(value, ("kernel",))]


class _KernelReader:
    """Reads the value where a kernel is expected."""

    def __init__(self, origin: Origin, context: Context) -> None:
        self.origin, self.context, self.limits = origin, context, context.limits

    def read(self, value: Any, path: tuple[str | int, ...]) -> Kernel:
        """The kernel; errors have ``path`` and the path below it."""
        try:
            if isinstance(value, dict):
                return self._mapping(value)
            if isinstance(value, str) and _is_kernel_word(value):
                return self._named(str(value))
            values = array(value, self.limits)
            return self._numbers(values, "", array_notes(values, value))
        except ConvcalcError as error:
            below = error.field[1:] if error.field[:1] == ("kernel",) else error.field
            error.field = (*path, *below)
            raise

    def _named(self, text: str) -> Kernel:
        if is_path(text) or ("." in text and is_file(str(self.origin.folder / text))):
            return self._file(text)
        kernel, plus, _ = text.partition("+")
        if plus and is_path(kernel):
            raise FieldError("transformations are for named kernels", hint="name the file's folder with --kernels")
        return library_of(self.context).find(text)

    def _file(self, path: str) -> Kernel:
        source = open_file(path, self.limits, base=self.origin.folder)
        if source.kind == "yaml" and isinstance(found := node(source, self.limits), dict) and not is_result(found):
            return read_kernel_file(Path(source.name), self.limits)
        read = tensor(source, self.limits)
        return self._numbers(read.array, Path(path).name, read.notes)

    def _mapping(self, value: dict[str, Node]) -> Kernel:
        if "name" in value and "weights" not in value:
            arguments = {key: plain_value(each) for key, each in value.items() if key not in ("name", "scale")}
            found = library_of(self.context).find(word("name", value["name"]))
            if arguments:
                if not found.builder:
                    raise FieldError(f"kernel {found.name!r} takes no arguments", field=(next(iter(arguments)),))
                with of_kernel():
                    found = found.with_arguments(arguments, _spelled(found.name, arguments))
        elif "weights" in value:
            return kernel_from(value, "", self.limits)
        else:
            rest = {key: each for key, each in value.items() if key != "scale"}
            found_tensor = _described(rest, self.origin, self.context)
            found = self._numbers(found_tensor.array, str(value.get("file", "")), found_tensor.notes)
        return found.transformed(Transformation("scale", scale_from(value["scale"]))) if "scale" in value else found

    def _numbers(self, values: Any, name: str, notes: tuple[str, ...]) -> Kernel:
        if not values.ndim or not values.size:
            raise FieldError("a kernel must have weights", hint="[1, 0, -1] or [[0, 1], [1, 0]]")
        return Kernel(name, read_only(values), notes=tuple(f"kernel: {note}" for note in notes))


def _described(value: dict[str, Node], origin: Origin, context: Context, selection: Selection = EVERYTHING) -> Tensor:
    """The tensor of a mapping with ``file`` or one of the rules; a ``selection`` goes before what the mapping says."""
    if "file" in value:
        if "dtype" in value:
            source = _raw(value, origin)
            context.limits.check_memory(2 * source.nbytes, f"{source.name}: the array")
            return Tensor(source.read(tuple(map(range, source.shape))), None, source.notes, source.name)
        for key in value:
            if key not in _FILE_KEYS:
                raise UnknownNameError(
                    "key beside 'file'", key, _FILE_KEYS, hint=f"leave {key} out", field=(key,), at_key=True
                )
        if word("nodata", value.get("nodata", _KEEP)) != _KEEP:
            raise FieldError(f"nodata is {value['nodata']!r}", hint="keep, or leave it out to read nan", field="nodata")
        path = word("file", value["file"])
        said = {key: each for key, each in value.items() if key in TABLE_KEYS}
        own = selection_of({name: value.get(name) for name in SELECTORS})
        return read_tensor(
            path,
            context.limits,
            base=origin.folder,
            keeps_nodata="nodata" in value,
            options=table_options(said) if said else None,
            selection=own._replace(**{name: getattr(selection, name) for name in selection.names}),
        )
    if not value:
        raise FieldError("expected numbers, got an empty mapping", hint=f"one of: file, {', '.join(RULES)}")
    if "shape" in value:
        raise FieldError(
            "a shape says how large the numbers are, not what they are",
            hint="write them out, or {file: photo.png}, or {random: [3, 32, 32]}",
            field="shape",
        )
    if not any(key in RULES for key in value):
        key = next(iter(value))
        raise UnknownNameError("source of numbers", key, ("file", *RULES), field=(key,), at_key=True)
    return Tensor(generated(value, context), None, (), "input")


def _is_kernel_word(value: Any) -> bool:
    """Whether it names or describes a kernel by itself, so that a list of such is a list of kernels."""
    if not isinstance(value, str):
        return isinstance(value, dict)
    text = value.lower()
    if is_path(value):
        return True
    return text[:1].isalpha() and not text.startswith("sqrt(") and text not in _NUMBER_WORDS


def _spelled(name: str, arguments: dict[str, Any]) -> str:
    shown = {key: "x".join(map(str, each)) if isinstance(each, list) else each for key, each in arguments.items()}
    return f"{name}:{','.join(f'{key}={each}' for key, each in shown.items())}"
