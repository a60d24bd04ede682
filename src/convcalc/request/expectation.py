"""The field ``expect`` of a problem file: the expected output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from convcalc.arrays import Array, squeezed
from convcalc.context import Context
from convcalc.engine.compare import Expected
from convcalc.errors import FieldError, below
from convcalc.files.expression import number
from convcalc.geometry.arguments import whole
from convcalc.request.generators import index_of
from convcalc.request.request import Request
from convcalc.request.tensor_field import tensor_of
from convcalc.request.text_values import plain_value
from convcalc.wording import shape_text

PARAMETERS, OUTPUT_SHAPE = "parameters", "output_shape"
_FACTS = (PARAMETERS, OUTPUT_SHAPE)


def read_expectation(request: Request, output: Array, context: Context) -> list[Expected]:
    """The parts of the output (:func:`~convcalc.arrays.squeezed`) named in ``expect``: all of it, or positions.

    ``output``: (batch, out_channels, *spatial).

    Raises:
        FieldError: there is no ``expect``, or it does not fit the output.
    """
    _need(request)
    with request.placing():
        return list(_parts(request, output, context))


def read_facts(request: Request) -> dict[str, int | tuple[int, ...]]:
    """The facts of a network in ``expect`` besides its output: ``parameters``, and ``output_shape`` of one sample.

    Raises:
        FieldError: there is no ``expect``, or a fact is not what it must be.
    """
    _need(request)
    node = request.fields["expect"].node
    said = {key: plain_value(node[key]) for key in _FACTS if key in node} if isinstance(node, dict) else {}
    facts: dict[str, int | tuple[int, ...]] = {}
    with request.placing():
        for name, value in said.items():
            if name == PARAMETERS:
                facts[name] = whole(name, value, 0, path=("expect", name))
                continue
            sizes = value if isinstance(value, list) else [value]
            facts[name] = tuple(
                whole(f"a size of {name}", size, 1, path=("expect", name, place)) for place, size in enumerate(sizes)
            )
    return facts


def expects_as_written(request: Request) -> bool:
    """Whether a file expects something, and no flag has made another problem of it; the dtype changes only digits."""
    changed = {name for name, field in request.fields.items() if field.origin.is_flag} - {"dtype"}
    return "expect" in request.fields and not changed and not request.changes


def expects_output(request: Request) -> bool:
    """Whether ``expect`` has numbers of a network's output, not only facts; it must not be empty."""
    node = request.fields["expect"].node
    return not isinstance(node, dict) or not node or any(key not in _FACTS for key in node)


def _need(request: Request) -> None:
    if "expect" not in request.fields:
        raise FieldError("there is nothing to compare with", hint="add the field expect to the file")


def _parts(request: Request, output: Array, context: Context) -> Iterator[Expected]:
    node, origin = request.fields["expect"]
    cells = squeezed(output)
    if isinstance(node, dict):
        node = {key: value for key, value in node.items() if key not in _FACTS}
    if isinstance(node, dict) and _is_by_position(node):
        yield from (_at_position(cells, text, value) for text, value in node.items())
        return
    expected = tensor_of(node, origin, context, "expect").array
    if expected.shape not in {output.shape, output.shape[1:], cells.shape} or expected.size != cells.size:
        sizes = (shape_text(each) for each in (expected.shape, cells.shape))
        raise FieldError("expect has shape {}, the output has {}".format(*sizes), field="expect")
    yield Expected((...,), expected.reshape(cells.shape))


def _at_position(cells: Array, text: str, value: Any) -> Expected:
    path = ("expect", text)
    index = index_of(text, cells.shape, path)
    with below(*path):
        return Expected(index, np.array(number(str(value)), dtype=object))


def _is_by_position(node: dict[str, Any]) -> bool:
    """Whether the keys are positions, and not the words of a source such as ``file``."""
    return any(key[:1].isdigit() or key[:1] in (":", "-") for key in node)
