"""A kernel: its weights, its scale, and its description."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convcalc.arrays import Array, is_exact, narrowed, read_only
from convcalc.display import Displayed
from convcalc.errors import FieldError, UnknownNameError
from convcalc.kernels.transformation import Transformation
from convcalc.numerals import Number, nearest_float

SYMMETRIES = ("left-right", "up-down", "front-back", "transpose", "point")
"""Flipped along x, y or z; transposed; rotated about its centre."""


class Namesake(NamedTuple):
    """The kernel of the same name in another library."""

    library: str
    weights: Array
    scale: Fraction
    source: str


class Stated(NamedTuple):
    """The properties that a kernel's file states of its weights, checked by tests; None where it states none."""

    sum: Number | None = None
    """Of weights × scale."""
    symmetry: tuple[str, ...] | None = None
    """Those of :data:`SYMMETRIES` that leave the kernel unchanged and, with a minus, those that negate it."""
    separable: bool | None = None
    """Whether it is the product of one 1-D kernel for each axis."""


NOTHING_STATED = Stated()


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Kernel(Displayed):
    """A kernel from the library, a file or the command line; the file of a named one has been validated."""

    name: str
    weights: Array
    """(*kernel_size), or with channels in front; whole numbers wherever the definition allows."""
    scale: Fraction = Fraction(1)
    """The factor of every sum: a 3×3 box is ones with the scale 1/9."""
    title: str = ""
    family: str = ""
    aliases: tuple[str, ...] = ()
    shows: str = ""
    """What its feature map shows."""
    reference: str = ""
    """Where the numbers come from."""
    builder: str = ""
    """The name of the parametric kernel that built the weights, if any."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    is_spatial: bool = False
    """Whether all axes are known to be spatial, as those of a named kernel are; those of others may be channels."""
    notes: tuple[str, ...] = ()
    namesakes: tuple[Namesake, ...] = ()
    stated: Stated = NOTHING_STATED
    made_from: tuple[Kernel, Transformation] | None = None
    """The kernel before its last transformation, and that transformation."""

    @property
    def values(self) -> Array:
        """The weights × scale: whole numbers or fractions where the weights are whole, else floats."""
        if not is_exact(self.weights):
            with np.errstate(all="ignore"):
                return self.weights if self.scale == 1 else self.weights * nearest_float(self.scale)
        values = np.asarray(self.weights.astype(object) * self.scale, dtype=object)
        return read_only(narrowed(values))

    @property
    def rank(self) -> int | None:
        """Axes of the weights, or None for a parametric kernel that takes any."""
        if not self.builder:
            return self.weights.ndim
        from convcalc.kernels.parametric import fixed_rank

        return fixed_rank(self.builder, self.arguments)

    @property
    def is_named(self) -> bool:
        """Whether its weights come from a library or a formula, not from numbers that somebody gave."""
        return bool(self.name) and self.is_spatial

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of its builder, in positional order; none of a fixed kernel."""
        if not self.builder:
            return ()
        from convcalc.kernels.parametric import BUILDERS

        return BUILDERS[self.builder].parameters

    def at_rank(self, rank: int) -> Kernel:
        """The kernel for ``rank`` spatial axes; only parametric kernels depend on it."""
        if self.rank is not None or self.weights.ndim == rank:
            return self
        return replace(self._rebuilt(lambda kernel: kernel._built(kernel.arguments, rank)), name=self.name)

    def with_arguments(self, arguments: Mapping[str, Any], name: str) -> Kernel:
        """The parametric kernel with other arguments, and ``name``, as it was requested.

        Raises:
            FieldError: it is not parametric, or does not accept them.
        """
        if not self.builder:
            raise FieldError(f"kernel {self.name!r} takes no arguments", hint=f"write {self.name}")
        return replace(self._rebuilt(lambda kernel: kernel._with(arguments)), name=name)

    def _rebuilt(self, change: Callable[[Kernel], Kernel]) -> Kernel:
        """A change of the kernel as it was built, followed by the same transformations."""
        if self.made_from is None:
            return change(self)
        origin, step = self.made_from
        return origin._rebuilt(change).transformed(step)

    def _with(self, arguments: Mapping[str, Any]) -> Kernel:
        kept = {name: value for name, value in self.arguments.items() if name == "rank"}  # box-3d:5 is a volume too
        requested = {**kept, **arguments}
        return replace(self._built(requested), arguments=requested, namesakes=())

    def _built(self, arguments: Mapping[str, Any], rank: int | None = None) -> Kernel:
        """The builder's weights with these arguments; the scale of the kernel's file stays."""
        from convcalc.kernels.parametric import build

        weights, scale = build(self.builder, arguments, rank)
        _, own_scale = build(self.builder, self.arguments)
        return replace(self, weights=read_only(weights), scale=self.scale / own_scale * scale, stated=NOTHING_STATED)

    def transformed(self, step: Transformation) -> Kernel:
        """The kernel after one step of ``kernels/transform.py``, or ``resize`` of a parametric one.

        Raises:
            UnknownNameError: there is no transformation of that name.
            FieldError: its argument is not what it must be, or it is not defined for this kernel.
        """
        from convcalc.kernels.transform import check, transform

        check(step)
        if step.name == "resize" and self.builder:
            return self._rebuilt(lambda kernel: kernel._resized(step.argument))
        weights, scale = transform((self.weights, self.scale), step)
        return replace(
            self,
            weights=read_only(weights),
            scale=scale,
            title=f"{self.title}; {step}",
            shows="",  # the description need not hold any more
            namesakes=(),
            stated=NOTHING_STATED,
            made_from=(self, step),
        )

    def namesake(self, library: str) -> Kernel:
        """The kernel of this name in another library.

        Raises:
            UnknownNameError: no namesake is known of that library.
        """
        from convcalc.kernels.parametric import BUILDERS

        name = f"{self.name}@{library}"
        for each in self.namesakes:
            if each.library == library:
                return replace(
                    self,
                    name=name,
                    weights=each.weights,
                    scale=each.scale,
                    title=f"{self.title}, as in {library}",
                    shows="",  # the sign may differ
                    reference=each.source,
                    builder=name if name in BUILDERS else "",
                    arguments={},
                    stated=NOTHING_STATED,
                )
        known = [each.library for each in self.namesakes]
        error = UnknownNameError("library", library, known, hint="" if known else f"write {self.name}")
        error.message = f"no namesake of {self.name!r} is known in {library!r}"
        raise error

    def _resized(self, size: Any) -> Kernel:
        """The kernel as it was built, of another size."""
        if "size" not in self.parameters:
            raise FieldError(f"kernel {self.name!r} has no size", hint=f"its parameters: {', '.join(self.parameters)}")
        return self._with({**self.arguments, "size": size})
