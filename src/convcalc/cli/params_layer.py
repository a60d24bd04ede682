"""From the flags of ``params`` to counts and axes, in whole numbers only: neither numpy nor yaml is loaded."""

from __future__ import annotations

import re
from typing import Any

from convcalc.errors import FieldError, GeometryError
from convcalc.geometry.arguments import axes_of, per_axis, whole
from convcalc.geometry.axis import Axis
from convcalc.geometry.convolution import Counts

_DEFAULT_DIMS, _MOST_DIMS = 2, 8
_LONGEST = 1000  # characters of a list of pairs


def counts_and_axes(
    in_channels: int,
    out_channels: int,
    kernel_size: str,
    groups: int,
    has_bias: bool,
    *,
    size: str | None,
    stride: str,
    padding: str,
    dilation: str,
    dims: int | None,
) -> tuple[Counts, tuple[Axis, ...]]:
    """The counts of a layer, and its axes if the input's size is given.

    Raises:
        FieldError: a flag is not what it must be; its field is the flag's name.
        GeometryError: sizes or groups do not fit together.
    """
    whole("cin", in_channels, 1)
    whole("cout", out_channels, 1)
    taps, cells = numbers_of(kernel_size), numbers_of(size) if size is not None else None
    rank = _rank(taps, cells, dims)
    kernel = per_axis("kernel-size", taps, rank, 1)
    counts = Counts(in_channels, out_channels, kernel, groups, has_bias)
    sizes = per_axis("size", kernel if cells is None else cells, rank, 1)
    try:  # without a size too, so that a bad flag is never passed over
        axes = axes_of(
            sizes, kernel, stride=numbers_of(stride), padding=pairs_of(padding), dilation=numbers_of(dilation)
        )
    except GeometryError as error:
        if cells is None:  # nothing is said of an input
            return counts, ()
        error.field = ("kernel-size",)
        raise
    return counts, () if cells is None else axes


def _rank(taps: Any, cells: Any, dims: int | None) -> int:
    if dims is not None:
        if whole("dims", dims, 1) > _MOST_DIMS:
            raise FieldError(f"dims is at most {_MOST_DIMS}, got {dims}", field="dims")
        return dims
    lengths = [len(each) for each in (cells, taps) if isinstance(each, list)]
    return lengths[0] if lengths else _DEFAULT_DIMS


def numbers_of(text: str) -> Any:
    """``3`` as a number, ``3x5`` and ``3,5`` as a list; anything else as it is."""
    parts = re.split(r"[x,]", text)
    numbers = [int(part) if re.fullmatch(r"[-+]?[0-9]{1,30}", part) else part for part in parts]
    return numbers if len(numbers) > 1 and all(isinstance(each, int) for each in numbers) else _only(numbers, text)


def _only(numbers: list[Any], text: str) -> Any:
    return numbers[0] if len(numbers) == 1 else text


def pairs_of(text: str) -> Any:
    """As :func:`numbers_of`, and ``[[1,2],[0,0]]`` as pairs."""
    import json

    if not text.startswith("["):
        return numbers_of(text)
    try:
        return json.loads(text) if len(text) < _LONGEST else text
    except (ValueError, RecursionError):
        raise FieldError(f"{text!r} is not a list of pairs", hint="[[1,2],[0,0]]", field="padding") from None
