"""What a field of a problem says about numbers: written out, made by a rule, or in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convcalc.arrays import read_only
from convcalc.errors import ConvcalcError, FieldError, Place, UnknownNameError, below
from convcalc.formats.generators import RULES, generated
from convcalc.formats.kernel_file import kernel_from, read_kernel_file, scale_from
from convcalc.formats.library import Library
from convcalc.formats.numbers import array, array_notes
from convcalc.formats.request import Field, Origin, Request
from convcalc.formats.source import KIND_OF_SUFFIX
from convcalc.formats.tensor_file import Tensor, node, open_source, read_tensor, tensor
from convcalc.formats.words import plain_value, word
from convcalc.formats.yaml_reader import Node
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.step import Step
from convcalc.limits import Limits

_NUMBER_WORDS = ("nan", "inf", "infinity", "pi")


def read_input(request: Request, limits: Limits) -> Tensor:
    """The input's numbers, as they are, no axes added.

    Raises:
        ConvcalcError: they cannot be read, or the request is one of a network.
    """
    if request.is_network:
        raise FieldError(
            "these are the layers of a network, not one convolution",
            hint="`convcalc summary`, `run`, `trace` and `check` take networks",
            place=Place(request.source) if request.model else None,
            field="layers",
        )
    field = request.fields["input"]
    return tensor_of(field.node, field.origin, limits, "input")


def tensor_of(value: Node | Tensor, origin: Origin, limits: Limits, name: str) -> Tensor:
    """The numbers that a node says; errors carry the field path below ``name``.

    Raises:
        ConvcalcError: it says none, or they cannot be read.
    """
    if isinstance(value, Tensor):
        return value
    with below(name):
        if isinstance(value, dict):
            return _described(value, origin, limits)
        if isinstance(value, str) and value[:1].isalpha():
            raise FieldError(f"{name} must be numbers, got {str(value)!r}", hint=f"{{file: {value}}} for a file")
        values = array(value, limits)
    if not values.ndim:
        raise FieldError(
            f"{name} must be a list of numbers, got {str(value)!r}", hint="write {file: PATH} for a file", field=name
        )
    return Tensor(values, None, tuple(f"{name}: {note}" for note in array_notes(values, value)), name)


def read_kernels(request: Request, library: Library, limits: Limits) -> list[Kernel]:
    """The kernels of a request: a single one, or one for each entry of a list of kernels.

    Raises:
        ConvcalcError: one of them cannot be read or does not exist.
    """
    field = request.fields.get("kernel", Field("sobel-x", Origin("the default kernel")))
    return kernels_of(field.node, field.origin, library, limits)


def kernels_of(value: Any, origin: Origin, library: Library, limits: Limits) -> list[Kernel]:
    """The kernels that a node says; errors carry the field path below ``kernel``.

    Raises:
        ConvcalcError: one of them cannot be read or does not exist.
    """
    reader = _KernelReader(origin, library, limits)
    if isinstance(value, list) and any(map(_is_kernel_word, value)):
        return [reader.read(each, ("kernel", number)) for number, each in enumerate(value)]
    return [reader.read(value, ("kernel",))]


class _KernelReader:
    """Reads what stands where a kernel is expected."""

    def __init__(self, origin: Origin, library: Library, limits: Limits) -> None:
        self.origin, self.library, self.limits = origin, library, limits

    def read(self, value: Any, path: tuple[str | int, ...]) -> Kernel:
        """The kernel; errors carry ``path`` and what lies below it."""
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
        if _is_path(text):
            return self._file(text)
        kernel, plus, _ = text.partition("+")
        if plus and _is_path(kernel):
            raise FieldError("transformations are for named kernels", hint="name the file's folder with --kernels")
        return self.library.find(text)

    def _file(self, path: str) -> Kernel:
        source = open_source(path, self.limits, base=self.origin.folder)
        if source.kind == "yaml" and isinstance(node(source, self.limits), dict):
            return read_kernel_file(Path(source.name), self.limits)
        found = tensor(source, self.limits)
        return self._numbers(found.array, Path(path).name, found.notes)

    def _mapping(self, value: dict[str, Node]) -> Kernel:
        if "name" in value and "weights" not in value:
            arguments = {key: plain_value(each) for key, each in value.items() if key not in ("name", "scale")}
            found = self.library.find(word("name", value["name"]))
            if arguments:
                if not found.builder:
                    raise FieldError(f"kernel {found.name!r} takes no arguments", field=(next(iter(arguments)),))
                found = self.library.with_arguments(found, arguments, _spelled(found.name, arguments))
        elif "weights" in value:
            return kernel_from(value, "", self.limits)
        else:
            rest = {key: each for key, each in value.items() if key != "scale"}
            found_tensor = _described(rest, self.origin, self.limits)
            found = self._numbers(found_tensor.array, str(value.get("file", "")), found_tensor.notes)
        return found.transformed(Step("scale", scale_from(value["scale"]))) if "scale" in value else found

    def _numbers(self, values: Any, name: str, notes: tuple[str, ...]) -> Kernel:
        if not values.ndim or not values.size:
            raise FieldError("a kernel must have weights", hint="[1, 0, -1] or [[0, 1], [1, 0]]")
        return Kernel(name, read_only(values), notes=tuple(f"kernel: {note}" for note in notes))


def _described(value: dict[str, Node], origin: Origin, limits: Limits) -> Tensor:
    """The tensor of a mapping with ``file`` or one of the rules."""
    if "file" in value:
        for key in value:
            if key != "file":
                raise UnknownNameError(
                    "key beside 'file'", key, ["file"], hint=f"leave {key} out", field=(key,), at_key=True
                )
        return read_tensor(word("file", value["file"]), limits, base=origin.folder)
    if not value:
        raise FieldError("expected numbers, got an empty mapping", hint=f"one of: file, {', '.join(RULES)}")
    if not any(key in RULES for key in value):
        key = next(iter(value))
        raise UnknownNameError("source of numbers", key, ("file", *RULES), field=(key,), at_key=True)
    return Tensor(generated(value, limits), None, (), "input")


def _is_kernel_word(value: Any) -> bool:
    """Whether it names or describes a kernel by itself, so that a list of such is a list of kernels."""
    if not isinstance(value, str):
        return isinstance(value, dict)
    text = value.lower()
    if _is_path(value):
        return True
    return text[:1].isalpha() and not text.startswith("sqrt(") and text not in _NUMBER_WORDS


def _is_path(text: str) -> bool:
    """Whether it is written like a file's path: with a folder, or with a suffix that convcalc reads."""
    suffix = Path(text.partition(":")[0]).suffix.lower()
    return suffix in KIND_OF_SUFFIX or text.startswith(("./", "../", "/", "~"))


def _spelled(name: str, arguments: dict[str, Any]) -> str:
    shown = {key: "x".join(map(str, each)) if isinstance(each, list) else each for key, each in arguments.items()}
    return f"{name}:{','.join(f'{key}={each}' for key, each in shown.items())}"
