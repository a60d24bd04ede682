"""Numbers that a flag gives: written out, defined by a rule, or in a file."""

from __future__ import annotations

from convcalc.arrays import Array
from convcalc.context import Context
from convcalc.errors import ConvcalcError
from convcalc.request.network_input import input_field
from convcalc.request.request import Request
from convcalc.request.tensor_field import tensor_of


def numbers_of_flag(name: str, text: str, context: Context) -> Array:
    """The numbers of a flag's text such as ``[[1, 2], [3, 4]]``, ``{random: [2, 2]}`` or a path.

    Raises:
        ConvcalcError: it has none, or they cannot be read.
    """
    node, origin = input_field(text)
    origin = origin._replace(source=f"--{name}")
    try:
        return tensor_of(node, origin, context, name).array
    except ConvcalcError as error:
        error.place = error.place or origin.place(())
        raise


def expected_numbers(request: Request, context: Context) -> Array | None:
    """The numbers of the field ``expect``, where it is an array of them."""
    field = request.fields.get("expect")
    if field is None or (isinstance(field.node, dict) and "file" not in field.node):
        return None
    with request.placing():
        return tensor_of(field.node, field.origin, context, "expect").array
