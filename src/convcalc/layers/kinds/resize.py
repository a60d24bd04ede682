"""Another size: linear, cubic or nearest (PyTorch's ``Upsample`` and ``interpolate``, ONNX's ``Resize``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import floor, prod
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.context import Context
from convcalc.errors import FieldError, UnknownNameError
from convcalc.geometry.arguments import finite_number, flag, per_axis, text
from convcalc.geometry.interpolation import COORDINATES, MODES, ROUNDINGS, Taps, Way, step_of, taps
from convcalc.geometry.receptive_axis import IndexMap
from convcalc.layers.layer import Box, Layer, Shape, need_spatial
from convcalc.numerals import Number
from convcalc.tracing.explanation import Cell, Explanation, Term

if TYPE_CHECKING:
    from convcalc.arrays import Array
    from convcalc.problem import DType

_LONGEST = 100_000  # cells of an axis, whose places are found one by one


@dataclass(frozen=True)
class Resize(Layer):
    """Every axis mixed from its neighbouring cells, at rational places, so that fractions stay exact."""

    kind: ClassVar[str] = "resize"
    plans_memory: ClassVar[bool] = True

    axes: tuple[Taps, ...]
    mode: str = field(default="linear", compare=False)
    """Which interpolation the taps are of: linear, nearest or cubic."""

    @classmethod
    def of(
        cls,
        input_shape: Shape,
        *,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "linear",
        align_corners: bool = False,
        coordinates: str = "",
        rounding: str = "",
        cubic_coefficient: Number = Fraction(-3, 4),
        exclude_outside: bool = False,
    ) -> Resize:
        """The layer with a size, or with factors, of one number for all axes or one for each.

        ``mode``: linear, also called bilinear and trilinear; cubic; nearest, which takes the cell before, or
        nearest-exact. With ``align_corners`` the outermost cells stay where they are; otherwise the edges of these
        cells do. ``coordinates`` and ``rounding``: ONNX's words, one of :data:`COORDINATES` and :data:`ROUNDINGS`,
        instead of PyTorch's rules; ``cubic_coefficient`` and ``exclude_outside`` are ONNX's too.

        Raises:
            FieldError: an argument is not what it must be, or there is neither a size nor a factor, or both.
            UnknownNameError: there is no such mode, or no such word.
            GeometryError: the input has no spatial axes.
        """
        sizes = need_spatial(cls.kind, input_shape)
        way = _way(mode, align_corners, coordinates, rounding, cubic_coefficient, exclude_outside)
        if (size is None) == (scale_factor is None):
            raise FieldError("resize takes a size or a scale_factor", hint="resize: {size: 14}", field="size")
        factors = _factors(sizes, scale_factor) if size is None else None
        wanted = per_axis("size", size, len(sizes), 1) if factors is None else _sizes(sizes, factors)
        if max(wanted) > _LONGEST:
            raise FieldError(
                f"an axis of {max(wanted):,} cells is longer than a resize makes, at most {_LONGEST:,}",
                hint="upsample repeats cells as often as is wanted",
                field="size" if factors is None else "scale_factor",
            )
        pairs = [*zip(sizes, wanted, strict=True)]
        if factors is None:
            steps = [Fraction(*pair) for pair in pairs]
        else:
            is_copied = bool(coordinates) and tuple(sizes) == tuple(wanted)
            given = zip(pairs, factors, strict=True)
            steps = [Fraction(1) if is_copied else step_of(*pair, factor, way, coordinates) for pair, factor in given]
        axes = [taps(*pair, step, way) for pair, step in zip(pairs, steps, strict=True)]
        return cls(input_shape, tuple(axes), way.mode)

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
        held = wide(cells, largest(cells) * prod(each.gain for each in self.axes)) if is_exact(dtype) else cells
        with np.errstate(all="ignore"):
            for number, axis in enumerate(self.axes, start=2):
                held = _mixed(held, axis, number, is_exact=is_exact(dtype))
            return finished(quotients(held, divisor, dtype), dtype) if is_exact(dtype) else held

    def reaches(self, marks: Sequence[Array]) -> Array:
        """Where one of the cells that a cell is mixed from is marked."""
        import numpy as np

        found = marks[0]
        for number, axis in enumerate(self.axes, start=1):
            columns = zip(np.array(axis.cells).T, np.array(axis.weights, object).T, strict=True)
            reached = [found.take(cell, number) & _along(each != 0, found.ndim, number) for cell, each in columns]
            found = np.logical_or.reduce(reached)
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


def _way(
    mode: str, align_corners: bool, coordinates: str, rounding: str, coefficient: Number, exclude_outside: bool
) -> Way:
    """The way of an interpolation from its arguments, PyTorch's rules where ONNX's words are not said."""
    if text("mode", mode) not in MODES:
        raise UnknownNameError("mode", mode, MODES, field="mode")
    for name, said, known in (("coordinates", coordinates, COORDINATES), ("rounding", rounding, ROUNDINGS)):
        if text(name, said) and said not in known:
            raise UnknownNameError(name, said, known, field=name)
    is_nearest = mode.startswith("nearest")
    is_aligned = flag("align_corners", align_corners) and not is_nearest
    own = "align_corners" if is_aligned else "asymmetric" if mode == "nearest" else "half_pixel"
    return Way(
        "nearest" if is_nearest else mode,
        coordinates or own,
        rounding or ("round_prefer_ceil" if mode == "nearest-exact" else "floor"),
        _exact(finite_number("cubic_coefficient", coefficient)),
        flag("exclude_outside", exclude_outside),
    )


def _pairs(axis: Taps, place: int) -> list[tuple[int, int]]:
    """The cells that a place is mixed from, each with its weight."""
    return [*zip(axis.cells[place], axis.weights[place], strict=True)]


def _mixed(cells: Array, axis: Taps, number: int, *, is_exact: bool) -> Array:
    """The cells mixed along an axis; a cell of weight 0 is not read, so its inf or nan stays away."""
    import numpy as np

    weights = np.array(axis.weights, object)
    shares = (weights if is_exact else weights / axis.divisor).astype(cells.dtype)
    found: Array | None = None
    for taken, share, weight in zip(np.array(axis.cells).T, shares.T, weights.T, strict=True):
        is_read = _along(weight != 0, cells.ndim, number)
        read = cells.take(taken, number)
        if not is_read.all():
            read = np.where(is_read, read, 0).astype(cells.dtype, copy=False)
        part = read * _along(share, cells.ndim, number)
        found = part if found is None else found + part
    assert found is not None
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
