"""Kernel files: one YAML mapping with a kernel's weights, scale and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from convcalc.arrays import Array, read_only, whole_and_scale
from convcalc.errors import ConvcalcError, FieldError, FormatError, Place, UnknownNameError, below
from convcalc.files.file_kind import open_file
from convcalc.files.numbers import array
from convcalc.files.text import decode, read_bytes
from convcalc.files.yaml_reader import Node, parse, place
from convcalc.geometry.arguments import brief
from convcalc.kernels.kernel import SYMMETRIES, Kernel, Namesake, Stated
from convcalc.limits import Limits
from convcalc.numerals import Number, is_finite
from convcalc.request.text_values import plain_value, truth, word

KEYS = (
    *("name", "title", "family", "aliases", "weights", "scale", "shows", "source"),
    *("sum", "symmetry", "separable", "namesakes", "builder", "arguments"),
)
NAMESAKE_KEYS = ("weights", "scale", "source")
_DESCRIPTION = ("name", "title", "family", "aliases", "weights", "scale", "shows", "source")
_EXAMPLE = "weights: [[0, 1], [1, 0]]"
_NAMESAKE = "namesakes: {opencv: {weights: [[0, 1], [1, 0]], scale: 1/2, source: cv2.filter2D}}"


def read_kernel_file(path: Path, limits: Limits) -> Kernel:
    """The kernel of a file: its ``weights`` and ``scale``, or the ``builder`` of them with its ``arguments``.

    ``sum``, ``symmetry`` and ``separable`` state properties of weights × scale, which a test checks. ``symmetry`` lists
    all that hold of left-right, up-down and front-back (flipped along x, y or z), transpose (rows and columns
    exchanged) and point (rotated about the centre), with a minus in front where it gives the negative: of sobel-x
    ``[-left-right, up-down, -point]``. ``separable``: whether it is the product of one 1-D kernel for each axis.

    The output of ``convcalc kernels NAME`` as JSON or YAML is a kernel file too: its weights, scale and description are
    read, derived values are not.

    ``namesakes`` names libraries, each with ``weights``, ``scale`` and ``source``. Of a library of kernels they are its
    kernel as published there (ImageMagick, MATLAB, libvips); of a library of functions, those with which a
    cross-correlation equals the function (OpenCV, SciPy, scikit-image). Where ``name@library`` is itself a builder, the
    weights are its result without arguments.

    Raises:
        ConvcalcError: the file cannot be read or is no kernel file; the error has its line and column.
    """
    source = str(path)
    text = _text(source, limits)
    with _placing(source, text):
        node = parse(text, source, limits)
        if not isinstance(node, dict):
            raise FieldError("a kernel file is a mapping with weights", hint=_EXAMPLE)
        if is_printed(node):
            return replace(kernel_from(_described(node), path.stem, limits), is_spatial=True)
        return kernel_from(node, path.stem, limits)


def _text(source: str, limits: Limits) -> str:
    try:
        return decode(read_bytes(source, limits.file), source)
    except FormatError:
        found = open_file(source, limits)  # whose error is more specific for kinds that are not read
        raise FormatError(f"a kernel file is text, this is {found.content}", place=Place(source)) from None


def is_printed(node: dict[str, Node]) -> bool:
    """Whether a mapping is the document of one kernel, as convcalc prints it."""
    return str(node.get("schema", "")).startswith("convcalc.kernel/")


def _described(node: dict[str, Node]) -> dict[str, Node]:
    """The fields of a printed kernel that a kernel file has too."""
    return {key: node[key] for key in _DESCRIPTION if key in node}


def kernel_from(node: dict[str, Node], name: str, limits: Limits) -> Kernel:
    """The kernel that a mapping describes.

    Raises:
        UnknownNameError: a key is not one of :data:`KEYS`, or there is no builder or symmetry of that name.
        FieldError: a value is not what its key takes.
    """
    _check_keys(node, KEYS)
    builder = _builder(node.get("builder", ""))
    arguments = _arguments(node["arguments"], builder) if "arguments" in node else {}
    weights, scale = _weights(node, builder, arguments, limits)
    name = word("name", node.get("name", name))
    return Kernel(
        name=name,
        weights=read_only(weights),
        scale=scale,
        title=word("title", node.get("title", "")),
        family=word("family", node.get("family", "")),
        aliases=_names("aliases", node.get("aliases", [])),
        shows=word("shows", node.get("shows", "")),
        reference=word("source", node.get("source", "")),
        builder=builder,
        arguments=arguments,
        namesakes=_namesakes(node.get("namesakes", {}), name, limits),
        stated=_stated(node),
    )


def weights_from(node: Node, limits: Limits) -> Any:
    """Inline weights as an array of at least one axis.

    Raises:
        FieldError: they are no array; ``field`` is the path below ``weights``.
    """
    with below("weights"):
        values = array(node, limits)
    if not values.ndim or not values.size:
        raise FieldError("weights must be a list of numbers", hint="[1, 0, -1] or [[0, 1], [1, 0]]", field="weights")
    return values


def scale_from(node: Node) -> Fraction:
    """A scale as an exact number; a decimal is converted by its digits.

    Raises:
        FieldError: it is no finite number.
    """
    value = _number("scale", node, hint="scale: 1/9")
    return Fraction(repr(value) if isinstance(value, float) else value)


def _number(key: str, node: Node, hint: str = "") -> Number:
    value = plain_value(node)
    if isinstance(value, int | Fraction | float) and is_finite(value):
        return value
    raise FieldError(f"{key} must be a number, got {brief(value)}", hint=hint, field=key)


def _check_keys(node: dict[str, Node], known: tuple[str, ...]) -> None:
    for key in node:
        if key not in known:
            raise UnknownNameError("key", key, known, field=(key,), at_key=True)


def _weights(node: dict[str, Node], builder: str, arguments: dict[str, Any], limits: Limits) -> tuple[Array, Fraction]:
    """The weights in the file, or those of its builder."""
    scale = scale_from(node.get("scale", "1"))
    if "weights" in node:
        weights, split = whole_and_scale(weights_from(node["weights"], limits))
    elif builder:
        from convcalc.kernels.parametric import build

        with below("arguments" if arguments else "builder"):
            weights, split = build(builder, arguments)
    else:
        raise FieldError("a kernel needs weights", hint=_EXAMPLE)
    return weights, split * scale


def _builder(node: Node) -> str:
    name = word("builder", node)
    if name and name not in _builders():
        raise UnknownNameError("builder", name, _builders(), field="builder")
    return name


def _builders() -> Mapping[str, Any]:
    from convcalc.kernels.parametric import BUILDERS

    return BUILDERS


def _arguments(node: Node, builder: str) -> dict[str, Any]:
    if not isinstance(node, dict) or not builder:
        raise FieldError("arguments are a mapping, beside a builder", hint="arguments: {size: 5}", field="arguments")
    return {key: plain_value(value) for key, value in node.items()}


def _stated(node: dict[str, Node]) -> Stated:
    symmetry = _names("symmetry", node["symmetry"]) if "symmetry" in node else None
    for number, name in enumerate(symmetry or ()):
        if name.removeprefix("-") not in SYMMETRIES:
            raise UnknownNameError("symmetry", name, SYMMETRIES, field=("symmetry", number))
    return Stated(
        sum=_number("sum", node["sum"]) if "sum" in node else None,
        symmetry=symmetry,
        separable=truth("separable", node["separable"]) if "separable" in node else None,
    )


def _namesakes(node: Node, name: str, limits: Limits) -> tuple[Namesake, ...]:
    if not isinstance(node, dict):
        raise FieldError("namesakes are a mapping of libraries", hint=_NAMESAKE, field="namesakes")
    return tuple(_namesake(library, each, f"{name}@{library}", limits) for library, each in node.items())


def _namesake(library: str, node: Node, name: str, limits: Limits) -> Namesake:
    with below("namesakes", library):
        if not isinstance(node, dict):
            raise FieldError("a namesake is a mapping with weights", hint=_NAMESAKE)
        _check_keys(node, NAMESAKE_KEYS)
        weights, scale = _weights(node, name if "weights" not in node and name in _builders() else "", {}, limits)
        return Namesake(library, read_only(weights), scale, word("source", node.get("source", "")))


def _names(key: str, node: Node) -> tuple[str, ...]:
    if not isinstance(node, list):
        raise FieldError(f"{key} must be a list of names", field=key)
    return tuple(word(key, each) for each in node)


@contextmanager
def _placing(source: str, text: str) -> Iterator[None]:
    try:
        yield
    except ConvcalcError as error:
        error.place = error.place or place(source, text, error.field, key=error.at_key)
        error.field = ()
        raise
