"""What must come out according to a problem file, and where the output differs from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from convcalc.arrays import Array, is_exact, plain
from convcalc.engine.compute import Result
from convcalc.errors import FieldError
from convcalc.formats.generators import index_of
from convcalc.formats.numbers import number
from convcalc.formats.request import Request
from convcalc.formats.sources import tensor_of
from convcalc.limits import Limits
from convcalc.wording import shape_text

# Of the largest output: what is lost by adding up in another order, far below what a reader would call different.
_TOLERANCE = {"float64": 1e-9, "float32": 1e-5}


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that is not what was expected."""

    place: tuple[int, ...]
    """Into the output as it is saved: without a batch of one and a channel of one."""
    expected: Any
    actual: Any


def differences(request: Request, result: Result, limits: Limits) -> tuple[list[Difference], int]:
    """The cells that differ from the request's ``expect``, and how many cells were compared.

    Whole numbers and fractions must be equal; floats may differ by 1e-9 of the largest output (float32: 1e-5).

    Raises:
        FieldError: there is no ``expect``, or it is not of the output's shape.
    """
    if "expect" not in request.fields:
        raise FieldError("there is nothing to compare with", hint="add the field expect to the file")
    output = result.squeezed
    with request.placing():
        parts = list(_parts(request, output, result.output.shape, limits))
    found = [each for index, expected in parts for each in _differing(output, index, expected)]
    return found, sum(np.empty(output.shape, dtype=bool)[index].size for index, _ in parts)


def _parts(
    request: Request, output: Array, shape: tuple[int, ...], limits: Limits
) -> Iterator[tuple[tuple[int | slice, ...], Array]]:
    """Index and expected values of each part of the output that the file speaks of."""
    field = request.fields["expect"]
    if isinstance(field.node, dict) and not _is_source(field.node):
        for text, value in field.node.items():
            path = ("expect", text)
            index = index_of(text, output.shape, path)
            try:
                yield index, np.array(number(str(value)), dtype=object)
            except FieldError as error:
                error.field = path
                raise
        return
    expected = tensor_of(field.node, field.origin, limits, "expect").array
    if expected.shape not in {shape, shape[1:], output.shape} or expected.size != output.size:
        sizes = (shape_text(each) for each in (expected.shape, output.shape))
        raise FieldError("expect has shape {}, the output has {}".format(*sizes), field="expect")
    yield (...,), expected.reshape(output.shape)  # type: ignore[misc]  # an ellipsis is an index too


def _is_source(node: dict[str, Any]) -> bool:
    return not any(key[:1].isdigit() or key[:1] in ":-" for key in node)


def _differing(output: Array, index: tuple[int | slice, ...], expected: Array) -> Iterator[Difference]:
    actual = output[index]
    wanted = np.broadcast_to(expected, np.shape(actual))
    places = np.arange(output.size).reshape(output.shape)[index]
    unequal = np.asarray(actual != wanted if is_exact(output) else ~_close(actual, wanted, output), dtype=bool)
    for place, got, want in zip(
        places[unequal].flat, np.asarray(actual)[unequal].flat, wanted[unequal].flat, strict=True
    ):
        yield Difference(tuple(int(each) for each in np.unravel_index(place, output.shape)), plain(want), plain(got))


def _close(actual: Array, wanted: Array, output: Array) -> Array:
    finite = np.abs(output[np.isfinite(output)])
    tolerance = _TOLERANCE[output.dtype.name] * float(finite.max(initial=0))
    return np.isclose(actual, wanted.astype(np.float64), rtol=0, atol=tolerance, equal_nan=True)
