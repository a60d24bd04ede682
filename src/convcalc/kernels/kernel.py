"""A kernel: its weights and scale kept apart, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from convcalc.arrays import Array, is_exact, narrowed, read_only
from convcalc.kernels.parametric import build, fixed_rank


@dataclass(frozen=True, eq=False, slots=True)
class Kernel:
    """A kernel from the library, a file or a command line; holding a named one proves that its file is valid."""

    name: str
    weights: Array
    """(*kernel_size), or with channels in front; whole numbers wherever the definition allows."""
    scale: Fraction = Fraction(1)
    """What every sum is multiplied with: a box is ones with the scale 1/9."""
    title: str = ""
    family: str = ""
    aliases: tuple[str, ...] = ()
    shows: str = ""
    """What its feature map shows."""
    reference: str = ""
    """Where the numbers come from."""
    builder: str = ""
    """The name of the parametric kernel that made the weights, if one did."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    is_spatial: bool = False
    """Whether all axes are known to be spatial, as those of a named kernel are; those of others may be channels."""
    notes: tuple[str, ...] = ()

    @property
    def values(self) -> Array:
        """The weights × scale: whole numbers or fractions where the weights are whole, else floats."""
        if not is_exact(self.weights):
            return self.weights if self.scale == 1 else self.weights * float(self.scale)
        values = np.asarray(self.weights.astype(object) * self.scale, dtype=object)
        return read_only(narrowed(values))

    @property
    def rank(self) -> int | None:
        """Axes of the weights, or None for a parametric kernel that takes any."""
        return self.weights.ndim if not self.builder else fixed_rank(self.arguments)

    def at_rank(self, rank: int) -> Kernel:
        """The kernel for that many spatial axes; only a parametric kernel differs from one to the other."""
        if self.rank is not None or self.weights.ndim == rank:
            return self
        weights, scale = build(self.builder, self.arguments, rank)
        _, own_scale = build(self.builder, self.arguments)
        return replace(self, weights=read_only(weights), scale=self.scale / own_scale * scale)

    def with_arguments(self, arguments: Mapping[str, Any], name: str) -> Kernel:
        """The parametric kernel with other arguments, under the name that they were asked for by."""
        weights, scale = build(self.builder, arguments)
        return replace(self, name=name, weights=read_only(weights), scale=scale, arguments=arguments)
