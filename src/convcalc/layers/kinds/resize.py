"""Another size: linear, cubic or nearest (PyTorch's ``Upsample`` and ``interpolate``, ONNX's ``Resize``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil, floor, lcm, prod
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

MODES = ("linear", "nearest", "nearest-exact", "cubic")
COORDINATES = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric")
"""Where the places of the output lie in the input, by ONNX's words (onnx.ai/onnx/operators, "Resize")."""
ROUNDINGS: dict[str, Callable[[Fraction], int]] = {
    "floor": floor,
    "ceil": ceil,
    "round_prefer_floor": lambda place: ceil(place - Fraction(1, 2)),
    "round_prefer_ceil": lambda place: floor(place + Fraction(1, 2)),
}
"""Which cell is the nearest, by ONNX's words."""


class Taps(NamedTuple):
    """What each place of an axis of the output is mixed from: one, two or four cells, by whole weights over a divisor.

    The same number of cells at every place.
    """

    cells: tuple[tuple[int, ...], ...]
    weights: tuple[tuple[int, ...], ...]
    divisor: int

    @property
    def gain(self) -> int:
        """The largest sum of magnitudes of weights at a place."""
        return max(sum(map(abs, each)) for each in self.weights)


class Way(NamedTuple):
    """How the places of the output are found in the input, and mixed from its cells."""

    mode: str = "linear"
    coordinates: str = "half_pixel"
    rounding: str = "floor"
    """Of the nearest cell."""
    coefficient: Fraction = Fraction(-3, 4)
    """Of the cubic: a of Keys, IEEE Trans. ASSP 29 (1981), p. 1153; PyTorch's and ONNX's is -0.75."""
    is_inside: bool = False
    """Whether weights of cells outside the input are left out of the cubic, and the others made to sum to 1."""


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
        steps = [
            Fraction(before, after) if factors is None else 1 / factors[axis]
            for axis, (before, after) in enumerate(zip(sizes, wanted, strict=True))
        ]
        axes = [taps(*each, way) for each in zip(sizes, wanted, steps, strict=True)]
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


def taps(before: int, after: int, step: Fraction, way: Way) -> Taps:
    """The taps of an axis of ``before`` cells that becomes one of ``after``, ``step`` cells from one to the next."""
    places = [_place(place, before, after, step, way.coordinates) for place in range(after)]
    last = before - 1
    if way.mode == "nearest":
        nearest = [min(max(ROUNDINGS[way.rounding](each), 0), last) for each in places]
        return Taps(tuple((each,) for each in nearest), ((1,),) * after, 1)
    if way.mode == "cubic":
        return _cubic(places, last, way)
    inside = [min(max(each, Fraction(0)), Fraction(last)) for each in places]
    pairs = [(min(floor(each), last), min(floor(each) + 1, last)) for each in inside]
    return _whole(pairs, [(1 - each % 1, each % 1) for each in inside])


def _place(place: int, before: int, after: int, step: Fraction, coordinates: str) -> Fraction:
    """Where a place of the output lies in the input, in cells from the middle of the first."""
    half = Fraction(1, 2)
    match coordinates:
        case "asymmetric":
            return place * step
        case "align_corners":
            return Fraction(place * (before - 1), max(1, after - 1))
        case "pytorch_half_pixel" if after == 1:
            return Fraction(0)
        case "half_pixel_symmetric":
            return before * half * (1 - after * step / before) + (place + half) * step - half
        case _:
            return (place + half) * step - half


def _cubic(places: Sequence[Fraction], last: int, way: Way) -> Taps:
    """Four cells at each place; those outside the input are its last cell, or left out."""
    cells, weights = [], []
    for each in places:
        near = floor(each)
        row = [_keys(each - cell, way.coefficient) for cell in range(near - 1, near + 3)]
        around = range(near - 1, near + 3)
        if way.is_inside:
            row = [weight if 0 <= cell <= last else Fraction(0) for cell, weight in zip(around, row, strict=True)]
            row = [weight / sum(row) for weight in row]
        cells.append(tuple(min(max(cell, 0), last) for cell in around))
        weights.append(tuple(row))
    return _whole(cells, weights)


def _keys(distance: Fraction, a: Fraction) -> Fraction:
    """The cubic of Keys at a distance from the cell."""
    x = abs(distance)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return ((x - 5) * x + 8) * x * a - 4 * a if x < 2 else Fraction(0)


def _whole(cells: Sequence[tuple[int, ...]], weights: Sequence[Sequence[Fraction]]) -> Taps:
    """The taps with fractions as weights."""
    divisor = lcm(*(weight.denominator for row in weights for weight in row))
    return Taps(tuple(cells), tuple(tuple(int(weight * divisor) for weight in row) for row in weights), divisor)


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
