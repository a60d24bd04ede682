"""The magnitude of vectors whose components are channels: the strength of an edge from its changes along each axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from convcalc.context import STANDARD, Context
from convcalc.errors import UnknownNameError
from convcalc.geometry.arguments import channels_per_group, text
from convcalc.layers.layer import Layer, Settings, Shape, Values, group_range
from convcalc.numerals import Number, exact_text
from convcalc.tracing.explanation import Cell, Explanation, Rule, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array

L2, L1 = "l2", "l1"
NORMS = (L2, L1)
"""√(a² + b² + …), and |a| + |b| + …"""


def check_norm(norm: str) -> None:
    """Refuse an unknown norm.

    Raises:
        UnknownNameError: with the nearest names.
    """
    if text("norm", norm) not in NORMS:
        raise UnknownNameError("norm", norm, NORMS, field="norm")


@dataclass(frozen=True)
class Magnitude(Layer):
    """A norm over the channels of each group at the same position (PyTorch's ``linalg.vector_norm``)."""

    kind: ClassVar[str] = "magnitude"
    is_linear: ClassVar[bool] = False

    norm: str = L2
    groups: int = 1

    @classmethod
    def of(cls, input_shape: Shape, *, norm: str = L2, groups: int = 1) -> Magnitude:
        """The layer on an input of any shape.

        Raises:
            UnknownNameError: there is no such norm.
            GeometryError: the groups do not divide the channels.
        """
        check_norm(norm)
        channels_per_group("channels", input_shape[0], groups)
        return cls(input_shape, norm, int(groups))

    @property
    def output_shape(self) -> Shape:
        """One channel, or feature, for each group."""
        return (self.groups, *self.spatial_size)

    @property
    def settings(self) -> Settings:
        """The groups."""
        return {"groups": self.groups}

    @property
    def span(self) -> int:
        """The channels of a group."""
        return self.channels // self.groups

    def window_channels(self, channels: range) -> range:
        """The channels of the groups."""
        return group_range(channels, self.groups, self.channels, self.groups)

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:  # noqa: ARG002
        """The norms, (batch, groups, *spatial), in floats; no square overflows on the way."""
        return self._norms(self._vectors(inputs[0], context))

    def slopes(self, cells: Array, context: Context = STANDARD) -> Array:
        """The derivative of each norm by each cell of its vector, (batch, *input_shape); 0 for a vector of zeros."""
        import numpy as np

        vectors = self._vectors(cells, context)
        with np.errstate(all="ignore"):
            if self.norm == L1:
                slopes = np.sign(vectors)
            else:
                norms = self._norms(vectors)[:, :, None]
                slopes = np.where(norms == 0, 0, vectors / norms)
        return np.asarray(slopes.reshape(cells.shape))

    def push(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        tangents: Sequence[Array],
        context: Context = STANDARD,
    ) -> Array:
        """Of each group the sum of slope × tangent."""
        from convcalc.layers.numbers import changed

        pushed: Array = self._grouped(changed(self.slopes(inputs[0], context), tangents[0], context.dtype)).sum(axis=2)
        return pushed

    def pull(self, cells: Array, inputs: Sequence[Array], context: Context) -> Array:
        """The adjoint of :meth:`push`: each cell of the output times the slopes of its vector."""
        from convcalc.layers.numbers import changed

        return changed(self.slopes(inputs[0], context), cells.repeat(self.span, axis=1), context.dtype)

    def reaches(self, marks: Sequence[Array]) -> Array:
        """The groups in which a channel is marked."""
        import numpy as np

        return np.asarray(np.any(self._grouped(marks[0][None])[0], axis=1))

    def trace(
        self,
        inputs: Sequence[Array],
        values: Values,  # noqa: ARG002 - it has no weights
        cell: Cell,
        sample: int = 0,
        context: Context = STANDARD,
    ) -> Explanation:
        """The numbers of the group's channels at the position, and the norm written out with them."""
        from convcalc.arrays import index

        group, *position = cell
        channels = range(group * self.span, (group + 1) * self.span)
        at = index(
            slice(sample, sample + 1), slice(channels.start, channels.stop), *(slice(x, x + 1) for x in position)
        )
        alone = Magnitude((self.span, *(1 for _ in position)), self.norm)
        here = inputs[0][at]
        terms = tuple(Term.at(inputs[0][sample], (channel, *position)) for channel in channels)
        return Explanation(
            cell,
            terms,
            alone.compute([here], {}, context).item(),
            Rule.FUNCTION,
            formula=self.formula([term.value for term in terms]),
            function_slopes=tuple(alone.slopes(here, context).reshape(-1).tolist()),
        )

    def formula(self, numbers: Sequence[Number]) -> str:
        """Such as "√(3² + (-4)²)", or "|3| + |-4|"."""
        texts = list(map(exact_text, numbers))
        if self.norm == L1:
            return " + ".join(f"|{each}|" for each in texts)
        return f"√({' + '.join(f'({each})²' if each.startswith('-') else f'{each}²' for each in texts)})"

    def _vectors(self, cells: Array, context: Context) -> Array:
        """(batch, groups, span, *spatial) in floats."""
        from convcalc.layers.numbers import in_real

        return self._grouped(in_real(self.kind, [cells], context.dtype)[0])

    def _grouped(self, cells: Array) -> Array:
        grouped: Array = cells.reshape(len(cells), self.groups, self.span, *self.spatial_size)
        return grouped

    def _norms(self, vectors: Array) -> Array:
        import numpy as np

        with np.errstate(all="ignore"):
            if self.norm == L1:
                return np.asarray(np.abs(vectors).sum(axis=2))
            return np.asarray(np.hypot.reduce(vectors, axis=2, initial=0))
