"""A layer of a model that no kind computes: its shape, parameters and MACs are known, its numbers are not.

It stands in the listing of a network, so that the layers after it are counted too. Where it makes each cell from the
same cell of its inputs (``is_pointwise``) receptive fields go through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NoReturn

from convcalc.context import STANDARD, Context
from convcalc.errors import DataError
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.layer import Layer, Shape, Values, Work

if TYPE_CHECKING:
    from convcalc.arrays import Array

_NONE = Work()
HINT = "ask for a layer before it with --layer; summary lists every layer with its shape and its costs"


@dataclass(frozen=True)
class Opaque(Layer):
    """An operator by its name, with what is known of it."""

    kind: ClassVar[str] = "opaque"

    is_linear: ClassVar[bool] = False

    operator: str
    """As the model calls it, such as ``Clip``."""
    reason: str
    """Why no kind computes it."""
    shape: Shape | None
    """(channels, *spatial) of one sample, or other axes; None where it cannot be told."""
    weights: tuple[tuple[str, Shape], ...] = ()
    """The tensors of the model that are its learned weights, by PyTorch's names."""
    products: Work = _NONE
    is_pointwise: bool = False
    """Whether a cell depends on no other place of its inputs than its own; inputs of one cell are spread out."""

    @property
    def output_shape(self) -> Shape:
        """Of one sample; no axes where it cannot be told."""
        return self.shape or ()

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """As the model has them."""
        return dict(self.weights)

    @property
    def work(self) -> Work:
        """Of a convolution or a linear layer, whose shapes are known though its numbers are not."""
        return self.products

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """The same cell on every spatial axis of the output."""
        return (IndexMap(1),) * max(0, len(self.output_shape) - 1)

    def compute(self, inputs: Sequence[Array], values: Values, context: Context = STANDARD) -> Array:  # noqa: ARG002
        """Never.

        Raises:
            DataError: always, with the operator and the reason.
        """
        self.refuse()

    def refuse(self) -> NoReturn:
        """Raise what anything that needs its numbers is told."""
        raise DataError(f"its numbers cannot be computed ({self.operator}: {self.reason})", hint=HINT)


def called(layer: Layer) -> str:
    """A layer's kind for tables; of an opaque one its operator."""
    return f"opaque: {layer.operator}" if isinstance(layer, Opaque) else layer.kind
