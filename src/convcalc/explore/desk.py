"""What a session works with all the time, and what it was before a change."""

from __future__ import annotations

from typing import NamedTuple

from convcalc.context import Context, Kernels
from convcalc.explore.look import Look
from convcalc.layers.network import InputTensor, Network
from convcalc.layers.subnetwork import computed_part
from convcalc.request.edited import has_own_input, with_input
from convcalc.request.kernel_library import library_of
from convcalc.request.request import Request
from convcalc.request.resolve import resolve


class Desk(NamedTuple):
    """What stays the same all the time."""

    context: Context
    loaded: InputTensor
    """The input as it was read, once."""

    def network(self, words: Request) -> Network:
        """The network of a request; raises as :func:`convcalc.request.resolve.resolve` does."""
        request = words if has_own_input(words) else with_input(words, self.loaded)
        return computed_part(resolve(request, self.context))

    @property
    def library(self) -> Kernels:
        """The kernels that have names."""
        return library_of(self.context)


class Past(NamedTuple):
    """What there was before a change."""

    words: Request
    look: Look
