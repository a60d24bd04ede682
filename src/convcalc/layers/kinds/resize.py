"""Another size by interpolation, linear or nearest (PyTorch's ``Upsample`` and ``interpolate``, ONNX's ``Resize``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import floor, lcm, prod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from convcalc.context import Context
from convcalc.errors import FieldError, UnknownNameError
from convcalc.geometry.arguments import finite_number, flag, per_axis, text
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.layer import Box, Layer, Shape, need_spatial
from convcalc.numerals import Number
from convcalc.tracing.explanation import Cell, Explanation, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType

MODES = ("linear", "nearest")


class Taps(NamedTuple):
    """What each place of an axis of the output is mixed from: two cells, by whole weights over a divisor."""

    cells: tuple[tuple[int, int], ...]
    weights: tuple[tuple[int, int], ...]
    divisor: int


@dataclass(frozen=True)
class Resize(Layer):
    """Every axis mixed from its neighbouring cells, at rational places, so that fractions stay exact."""

    kind: ClassVar[str] = "resize"
    plans_memory: ClassVar[bool] = True

    axes: tuple[Taps, ...]

    @classmethod
    def of(
        cls,
        input_shape: Shape,
        *,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "linear",
        align_corners: bool = False,
    ) -> Resize:
        """The layer with a size, or with factors, of one number for all axes or one for each.

        ``mode``: linear, also called bilinear and trilinear, or nearest, which takes the cell before. With
        ``align_corners`` the outermost cells stay where they are; otherwise the edges of these cells do.

        Raises:
            FieldError: an argument is not what it must be, or there is neither a size nor a factor, or both.
            UnknownNameError: there is no such mode.
            GeometryError: the input has no spatial axes.
        """
        sizes = need_spatial(cls.kind, input_shape)
        if text("mode", mode) not in MODES:
            raise UnknownNameError("mode", mode, MODES, field="mode")
        if (size is None) == (scale_factor is None):
            raise FieldError("resize takes a size or a scale_factor", hint="resize: {size: 14}", field="size")
        factors = _factors(sizes, scale_factor) if size is None else None
        wanted = per_axis("size", size, len(sizes), 1) if factors is None else _sizes(sizes, factors)
        steps = [
            Fraction(before, after) if factors is None else 1 / factors[axis]
            for axis, (before, after) in enumerate(zip(sizes, wanted, strict=True))
        ]
        is_aligned = flag("align_corners", align_corners) and mode == "linear"
        axes = [taps(*each, mode, is_aligned) for each in zip(sizes, wanted, steps, strict=True)]
        return cls(input_shape, tuple(axes))

    @property
    def output_shape(self) -> Shape:
        """(channels, *size)."""
        return (self.channels, *(len(each.cells) for each in self.axes))

    @property
    def index_maps(self) -> tuple[IndexMap, ...]:
        """None: which cells a cell is mixed from follows no stride."""
        return ()

    def window(self, box: Box, source: int = 0) -> Box:  # noqa: ARG002 - it has one input
        """From the first to the last cell that some are mixed from."""
        if not all(box):
            return (range(0),) * len(box)
        read = [
            [cell for place in places for cell, weight in _pairs(axis, place) if weight]
            for axis, places in zip(self.axes, box[1:], strict=True)
        ]
        return (box[0], *(range(min(each), max(each) + 1) for each in read))

    def of_arrays(self, arrays: Sequence[Array], dtype: DType, context: Context) -> Array:
        """Axis by axis; exact numbers are divided once, at the end."""
        import numpy as np

        from convcalc.arrays import largest
        from convcalc.layers.numbers import finished, is_exact, quotients, wide

        [cells] = arrays
        context.limits.check_large(3 * len(cells) * prod(self.output_shape) * cells.itemsize, "this resize")
        divisor = prod(each.divisor for each in self.axes)
        held = wide(cells, largest(cells) * divisor) if is_exact(dtype) else cells
        with np.errstate(all="ignore"):
            for number, axis in enumerate(self.axes, start=2):
                held = _mixed(held, axis, number, is_exact=is_exact(dtype))
            return finished(quotients(held, divisor, dtype), dtype) if is_exact(dtype) else held

    def reaches(self, marks: Sequence[Array]) -> Array:
        """Where one of the cells that a cell is mixed from is marked."""
        import numpy as np

        found = marks[0]
        for number, axis in enumerate(self.axes, start=1):
            near, far = np.array(axis.cells).T
            counts, further = (_along(each != 0, found.ndim, number) for each in np.array(axis.weights).T)
            found = (found.take(near, number) & counts) | (found.take(far, number) & further)
        return found

    def terms(self, arrays: Sequence[Array], cell: Cell) -> list[Term]:
        """The cells that it is mixed from, by the products of their weights."""
        channel, *position = cell
        rows = [_pairs(axis, place) for axis, place in zip(self.axes, position, strict=True)]
        mixed: dict[Cell, int] = {}
        for pairs in product(*rows):
            weight = prod(each for _, each in pairs)
            place = (channel, *(each for each, _ in pairs))
            if weight:
                mixed[place] = mixed.get(place, 0) + weight
        return [Term.at(arrays[0], place, weight) for place, weight in mixed.items()]

    def explained(self, cell: Cell, terms: tuple[Term, ...], dtype: DType) -> Explanation:
        """The sum over the divisor of all axes."""
        from convcalc.layers.numbers import explained_sum

        return explained_sum(cell, terms, dtype, scale=Fraction(1, prod(each.divisor for each in self.axes)))

    def pulled(self, cells: Array) -> Array:
        """The adjoint: cells of the output's shape spread over those that they are mixed from."""
        import numpy as np

        for number, axis in enumerate(self.axes, start=2):
            size = self.input_shape[number - 1]
            spread = np.zeros((*cells.shape[:number], size, *cells.shape[number + 1 :]), cells.dtype)
            lines = np.moveaxis(spread, number, 0)
            for place, line in enumerate(np.moveaxis(cells, number, 0)):
                for cell, weight in _pairs(axis, place):
                    share = Fraction(weight, axis.divisor)
                    lines[cell] += line * (share if cells.dtype == object else float(share))
            cells = spread
        return cells


def taps(before: int, after: int, step: Fraction, mode: str, is_aligned: bool) -> Taps:
    """The taps of an axis of ``before`` cells that becomes one of ``after``, ``step`` cells from one to the next."""
    if mode == "nearest":
        cells = tuple(min(floor(place * step), before - 1) for place in range(after))
        return Taps(tuple((each, each) for each in cells), ((1, 0),) * after, 1)
    if is_aligned:
        places = [Fraction(place * (before - 1), max(1, after - 1)) for place in range(after)]
    else:
        half = Fraction(1, 2)
        places = [min(max((place + half) * step - half, Fraction(0)), Fraction(before - 1)) for place in range(after)]
    divisor = lcm(*(each.denominator for each in places))
    first = [min(floor(each), before - 1) for each in places]
    behind = [int((each - cell) * divisor) for each, cell in zip(places, first, strict=True)]
    return Taps(
        tuple((cell, min(cell + 1, before - 1)) for cell in first),
        tuple((divisor - share, share) for share in behind),
        divisor,
    )


def _pairs(axis: Taps, place: int) -> list[tuple[int, int]]:
    """The cells that a place is mixed from, each with its weight."""
    return [*zip(axis.cells[place], axis.weights[place], strict=True)]


def _mixed(cells: Array, axis: Taps, number: int, *, is_exact: bool) -> Array:
    import numpy as np

    near, far = np.array(axis.cells).T
    weights = np.array(axis.weights)
    shares = weights.astype(cells.dtype) if is_exact else (weights / axis.divisor).astype(cells.dtype)
    first, second = (_along(each, cells.ndim, number) for each in shares.T)
    found: Array = cells.take(near, number) * first
    is_read = _along(weights[:, 1] != 0, cells.ndim, number)
    if is_read.any():  # a cell of weight 0 is not read, so its inf or nan stays away
        behind = np.where(is_read, cells.take(far, number), 0).astype(cells.dtype, copy=False)
        found = found + behind * second
    return found


def _along(numbers: Array, axes: int, number: int) -> Array:
    """Numbers along one axis, shaped to broadcast."""
    return numbers.reshape((1,) * number + (-1,) + (1,) * (axes - number - 1))


def _factors(sizes: Sequence[int], scale_factor: Any) -> list[Fraction]:
    given = scale_factor if isinstance(scale_factor, list | tuple) else [scale_factor] * len(sizes)
    if len(given) != len(sizes) or any(finite_number("scale_factor", each) <= 0 for each in given):
        raise FieldError(
            f"scale_factor must be a number above 0, or one for each of {len(sizes)} axes, got {scale_factor}",
            field="scale_factor",
        )
    return [_exact(each) for each in given]


def _exact(number: Number) -> Fraction:
    return Fraction(str(number)) if isinstance(number, float) else Fraction(number)


def _sizes(sizes: Sequence[int], factors: Sequence[Fraction]) -> tuple[int, ...]:
    found = tuple(floor(size * factor) for size, factor in zip(sizes, factors, strict=True))
    if not all(found):
        raise FieldError("scale_factor leaves no cell of an axis", field="scale_factor")
    return found
