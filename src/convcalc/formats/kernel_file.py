"""A kernel file: one YAML mapping that says a kernel's weights, scale, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any

from convcalc.arrays import read_only, whole_and_scale
from convcalc.errors import ConvcalcError, FieldError, UnknownNameError, below
from convcalc.formats.numbers import array
from convcalc.formats.text import decode, read_bytes
from convcalc.formats.words import plain_value, word
from convcalc.formats.yaml_reader import Node, parse, place
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.parametric import BUILDERS
from convcalc.limits import Limits

KEYS = ("name", "title", "family", "aliases", "weights", "scale", "shows", "source", "builder")


def read_kernel_file(path: Path, limits: Limits) -> Kernel:
    """The kernel of a file.

    Raises:
        ConvcalcError: the file cannot be read or is no kernel file; the error has its line and column.
    """
    source = str(path)
    text = decode(read_bytes(source, limits.file), source)
    with _placing(source, text):
        node = parse(text, source, limits)
        if not isinstance(node, dict):
            raise FieldError("a kernel file is a mapping with weights", hint="weights: [[0, 1], [1, 0]]")
        return kernel_from(node, path.stem, limits)


def kernel_from(node: dict[str, Node], name: str, limits: Limits) -> Kernel:
    """The kernel that a mapping describes.

    Raises:
        UnknownNameError: a key is not one of :data:`KEYS`, or there is no builder of that name.
        FieldError: a value is not what its key takes.
    """
    for key in node:
        if key not in KEYS:
            raise UnknownNameError("key", key, KEYS, field=(key,), at_key=True)
    if "weights" not in node:
        raise FieldError("a kernel needs weights", hint="weights: [[0, 1], [1, 0]]")
    weights, split = whole_and_scale(weights_from(node["weights"], limits))
    builder = word("builder", node.get("builder", ""))
    if builder and builder not in BUILDERS:
        raise UnknownNameError("builder", builder, BUILDERS, field="builder")
    return Kernel(
        name=word("name", node.get("name", name)),
        weights=read_only(weights),
        scale=split * scale_from(node.get("scale", "1")),
        title=word("title", node.get("title", "")),
        family=word("family", node.get("family", "")),
        aliases=_aliases(node.get("aliases", [])),
        shows=word("shows", node.get("shows", "")),
        reference=word("source", node.get("source", "")),
        builder=builder,
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
    """A scale as an exact number; a decimal stands for the fraction that it is written as.

    Raises:
        FieldError: it is no finite number.
    """
    value = plain_value(node)
    if isinstance(value, int | Fraction | float) and isfinite(value):
        return Fraction(repr(value) if isinstance(value, float) else value)
    shown = str(value) if isinstance(value, float) else repr(value)
    raise FieldError(f"scale must be a number, got {shown}", hint="scale: 1/9", field="scale")


def _aliases(node: Node) -> tuple[str, ...]:
    if not isinstance(node, list):
        raise FieldError("aliases must be a list of names", field="aliases")
    return tuple(word("aliases", each) for each in node)


@contextmanager
def _placing(source: str, text: str) -> Iterator[None]:
    try:
        yield
    except ConvcalcError as error:
        error.place = error.place or place(source, text, error.field, key=error.at_key)
        error.field = ()
        raise
