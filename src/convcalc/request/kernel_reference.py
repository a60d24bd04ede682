"""How a kernel is asked for in one text: ``name[:arguments][@library][+transformation[:argument]]...``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from convcalc.errors import FieldError
from convcalc.kernels.transformation import Transformation
from convcalc.request.text_values import plain_value

_PLUS = re.compile(r"(?<![0-9.][eE])\+")  # the plus of 1e+3 begins no transformation


class KernelReference(NamedTuple):
    """A kernel as it is asked for, taken apart; nothing is looked up."""

    name: str
    arguments: str | None = None
    """What stands after the colon: ``5,1.2`` or ``size=5x3,sigma=1.2``; None without a colon."""
    library: str = ""
    """The library whose namesake is meant."""
    steps: tuple[Transformation, ...] = ()

    @property
    def is_name(self) -> bool:
        """Whether it is a name and nothing else."""
        return self.arguments is None and not self.library and not self.steps


def parse_kernel_reference(text: str) -> KernelReference:
    """The parts of a call.

    >>> parse_kernel_reference("gaussian:5@matlab+flip").arguments, parse_kernel_reference("sobel-x+rotate:45").steps
    ('5', (Transformation(name='rotate', argument=45),))

    Raises:
        FieldError: the parts are in another order.
    """
    kernel, *steps = _PLUS.split(text.strip())
    before, at, library = kernel.partition("@")
    if ":" in library:
        raise FieldError(f"the arguments in {text!r} stand before the @", hint="gaussian:5,1.2@matlab")
    if at and not library:
        raise FieldError(f"{text!r} lacks a library after the @", hint="sobel-x@opencv")
    name, colon, arguments = before.partition(":")
    return KernelReference(name.strip(), arguments if colon else None, library.strip(), tuple(map(_step, steps)))


def arguments_by_name(text: str, parameters: Sequence[str]) -> dict[str, Any]:
    """Arguments as they are written, by name; those without a name are taken in the order of the parameters.

    >>> arguments_by_name("5x3,sigma=1.2", ("size", "sigma"))
    {'size': [5, 3], 'sigma': 1.2}

    Raises:
        FieldError: there are more than parameters, one is given twice, or one without a name follows one with.
    """
    parts = [part for part in text.split(",") if part.strip()]
    unnamed = sum("=" not in part for part in parts)
    if unnamed > len(parameters):
        takes = "1 argument" if len(parameters) == 1 else f"{len(parameters)} arguments"
        order = f"in this order: {', '.join(parameters)}"
        raise FieldError(f"at most {takes} without a name, got {unnamed} in {text!r}", hint=order)
    arguments: dict[str, Any] = {}
    for number, part in enumerate(parts):
        key, equals, value = part.partition("=")
        if not equals and any("=" in before for before in parts[:number]):
            shown = repr(part.strip())
            raise FieldError(f"{shown} has no name and follows one that has", hint="first those without a name")
        name, value = (key.strip(), value) if equals else (parameters[number], part)
        if name in arguments:
            raise FieldError(f"{name} is given twice in {text!r}")
        arguments[name] = plain_value(value.strip())
    return arguments


def _step(text: str) -> Transformation:
    name, colon, argument = text.partition(":")
    if not name.strip():
        raise FieldError("a + without a transformation after it", hint="sobel-x+rotate:45")
    if colon and not argument.strip():
        raise FieldError(f"the transformation {name.strip()} has a colon and no argument")
    return Transformation(name.strip(), plain_value(argument.strip()) if colon else None)
