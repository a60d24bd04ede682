"""What must come out, according to a problem file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from convcalc.engine.compare import Expected
from convcalc.engine.compute import Result
from convcalc.errors import FieldError, below
from convcalc.formats.generators import index_of
from convcalc.formats.request import Request
from convcalc.formats.scalar import number
from convcalc.formats.sources import tensor_of
from convcalc.limits import Limits
from convcalc.wording import shape_text


def read_expectation(request: Request, result: Result, limits: Limits) -> list[Expected]:
    """The parts of the output (:attr:`Result.squeezed`) that the field ``expect`` speaks of: all of it, or positions.

    Raises:
        FieldError: there is no ``expect``, or it does not fit the output.
    """
    if "expect" not in request.fields:
        raise FieldError("there is nothing to compare with", hint="add the field expect to the file")
    with request.placing():
        return list(_parts(request, result, limits))


def _parts(request: Request, result: Result, limits: Limits) -> Iterator[Expected]:
    node, origin = request.fields["expect"]
    if isinstance(node, dict) and _is_by_position(node):
        yield from (_at_position(result, text, value) for text, value in node.items())
        return
    output = result.squeezed
    expected = tensor_of(node, origin, limits, "expect").array
    if (
        expected.shape not in {result.output.shape, result.output.shape[1:], output.shape}
        or expected.size != output.size
    ):
        sizes = (shape_text(each) for each in (expected.shape, output.shape))
        raise FieldError("expect has shape {}, the output has {}".format(*sizes), field="expect")
    yield Expected((...,), expected.reshape(output.shape))


def _at_position(result: Result, text: str, value: Any) -> Expected:
    path = ("expect", text)
    index = index_of(text, result.squeezed.shape, path)
    with below(*path):
        return Expected(index, np.array(number(str(value)), dtype=object))


def _is_by_position(node: dict[str, Any]) -> bool:
    """Whether the keys are positions, and not the words of a source such as ``file``."""
    return any(key[:1].isdigit() or key[:1] in (":", "-") for key in node)
