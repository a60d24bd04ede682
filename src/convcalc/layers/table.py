"""Every kind of layer under its name, and the one argument that a shorthand such as ``max-pool: 2`` gives."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from inspect import signature
from typing import Any, NamedTuple

from convcalc.errors import UnknownNameError
from convcalc.layers.layer import Layer


class Kind(NamedTuple):
    """Where a kind of layer is made; it is loaded when it is first asked for, as most files need few of them."""

    home: str
    """Its module in this room, with the class: ``convolution.Convolution``."""
    main: str = ""
    """The argument that a shorthand gives; empty: it takes none."""
    fixed: tuple[tuple[str, Any], ...] = ()
    """Arguments that this spelling settles."""

    @property
    def make(self) -> Callable[..., Layer]:
        """Makes the layer from the shape of its input and its arguments, by name."""
        module, _, name = self.home.partition(".")
        maker: Callable[..., Layer] = getattr(import_module(f"convcalc.layers.{module}"), name).of
        return maker

    @property
    def arguments(self) -> dict[str, bool]:
        """The arguments that a file may give, each with whether it is needed."""
        fixed = dict(self.fixed)
        return {
            name: parameter.default is parameter.empty
            for name, parameter in signature(self.make).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY and name not in fixed
        }


KINDS = {
    "conv": Kind("convolution.Convolution", "out_channels"),
    "pointwise": Kind("convolution.Convolution", "out_channels", (("kernel_size", 1),)),
    "relu": Kind("activation.ReLU"),
}


def kind_of(name: str) -> Kind:
    """The kind of layer of a name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in KINDS:
        raise UnknownNameError("kind of layer", name, KINDS)
    return KINDS[name]
