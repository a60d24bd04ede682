"""One spatial axis of a transposed convolution: each input cell writes a whole kernel into the output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convcalc.errors import GeometryError
from convcalc.geometry.axis import reach_of


@dataclass(frozen=True, slots=True)
class TransposedAxis:
    """One spatial axis of a transposed convolution, valid by construction: its output is not empty.

    The relation of these numbers is that of PyTorch's ``ConvTranspose2d`` (torch.nn documentation, "Shape"), and of
    Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016), section 4, for ``after = before``.

    Raises:
        GeometryError: nothing is left of the output, or the output padding is not smaller than stride or dilation.

    >>> TransposedAxis(size=7, kernel_size=3, stride=2, before=1, after=1, output_padding=1).output_size
    14
    """

    size: int
    """Input cells."""
    kernel_size: int
    """Taps of the kernel."""
    stride: int = 1
    """Output cells from where one input cell writes to where the next one does."""
    dilation: int = 1
    """Output cells from one tap to the next."""
    before: int = 0
    """Padding: output cells cut off at the front."""
    after: int = 0
    """Padding: output cells cut off at the end."""
    output_padding: int = 0
    """Cells added at the end: written to where a kernel reaches beyond ``after``, empty otherwise."""
    number: int = 0
    """Which spatial axis this is, counted from 0; only errors need it."""

    def __post_init__(self) -> None:
        if self.output_padding >= max(self.stride, self.dilation):
            raise GeometryError(
                f"output_padding {self.output_padding} is not smaller than stride {self.stride} or dilation "
                f"{self.dilation} on axis {self.number}",
                field="output-padding",
            )
        if self.output_size < 1:
            raise GeometryError(
                f"the padding cuts off all of axis {self.number}: {self.output_size + self.before + self.after} cells "
                f"are written, {self.before} + {self.after} cut off",
                field="padding",
            )

    @property
    def reach(self) -> int:
        """Output cells from the first tap to the last, inclusive."""
        return reach_of(self.kernel_size, self.dilation)

    @property
    def written_size(self) -> int:
        """Output cells that are written to, before any are cut off: (size − 1) × stride + reach."""
        return (self.size - 1) * self.stride + self.reach

    def writers(self, position: int) -> Iterator[tuple[int, int]]:
        """The input cells that write to an output cell, in order, each with its tap.

        >>> list(TransposedAxis(size=3, kernel_size=3, stride=2).writers(2))
        [(0, 2), (1, 0)]
        """
        for tap in reversed(range(self.kernel_size)):
            cell, between = divmod(position + self.before - tap * self.dilation, self.stride)
            if not between and 0 <= cell < self.size:
                yield cell, tap

    @property
    def output_size(self) -> int:
        """Output cells: (size − 1) × stride − before − after + reach + output_padding.

        >>> TransposedAxis(size=7, kernel_size=4, stride=2, before=1, after=1).output_size
        14
        """
        return self.written_size - self.before - self.after + self.output_padding
