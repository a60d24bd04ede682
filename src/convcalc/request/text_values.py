"""The values of single texts in a file or on the command line."""

from __future__ import annotations

import re
from typing import Any

from convcalc.errors import FieldError, FormatError, below
from convcalc.files.expression import FRACTION, number
from convcalc.files.pasted import flag_numbers
from convcalc.files.yaml_reader import Node, Quoted, parse
from convcalc.limits import Limits

_SIZES = re.compile(r"\d{1,19}(x\d{1,19})+")
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def plain_value(node: Any) -> Any:
    """A node with its plain numbers as numbers and ``5x3`` as a list; words stay words, quoted ones but fractions too.

    Callers that need a number refuse the words: they know the field's name and its type.
    """
    if isinstance(node, list):
        return [plain_value(each) for each in node]
    if not isinstance(node, str) or (isinstance(node, Quoted) and not FRACTION.fullmatch(node)):
        return node
    if _SIZES.fullmatch(node):
        return [int(part) for part in node.split("x")]
    try:
        return number(node)
    except FieldError:
        return node


def truth(name: str, node: Any) -> bool:
    """True or false.

    Raises:
        FieldError: the node is neither.
    """
    word = node.lower() if isinstance(node, str) and not isinstance(node, Quoted) else None
    if word not in _TRUTH:
        raise FieldError(f"{name} must be true or false, got {_shown(node)}", field=name)
    return _TRUTH[word]


def word(name: str, node: Any) -> str:
    """A text.

    Raises:
        FieldError: the node is a list or a mapping.
    """
    if not isinstance(node, str):
        raise FieldError(f"{name} must be a text, got {_shown(node)}", field=name)
    return str(node)


def boundary_of_node(node: Any) -> Any:
    """The value of a boundary: a word or a number.

    Raises:
        FieldError: it is neither.
    """
    value = plain_value(node)
    if isinstance(value, str) and value[:1] in tuple("+-.0123456789"):
        with below("boundary"):
            number(value)  # no word begins like this; it reports the error in the number
    if isinstance(value, dict) and set(value) == {"constant"}:
        value = plain_value(value["constant"])
    if isinstance(value, list | dict):
        raise FieldError(
            "boundary must be a word or a number", hint="boundary: reflect, or {constant: 7}", field="boundary"
        )
    return value


def flag_node(flag: str, text: str) -> Node:
    """The value of a flag's text: lists and mappings as in a file, ``2,1`` as a list, all else as a word.

    Raises:
        FormatError: a list or mapping is not well formed.
    """
    numbers = flag_numbers(text, flag, Limits())
    if numbers is not None:
        return numbers
    if text.lstrip()[:1] in ("[", "{"):
        try:
            return parse(text, flag, Limits())
        except FormatError as error:
            raise FieldError(error.message, hint=error.hint) from None
    if "," in text:
        return [part.strip() for part in text.split(",")]
    return text


def _shown(node: Any) -> str:
    if isinstance(node, str):
        return repr(str(node)) if node else "nothing"
    return "a mapping" if isinstance(node, dict) else "a list"
