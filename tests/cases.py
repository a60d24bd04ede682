"""Convolutions as data: what every engine has to get right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """A convolution without its numbers; ``options`` are keywords of ``convcalc.conv`` and of the reference alike."""

    name: str
    input: Shape
    """(batch, in_channels, *spatial)"""
    weight: Shape
    """(out_channels, in_channels / groups, *kernel_size)"""
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @property
    def is_rational(self) -> bool:
        """Whether the options alone make the sums rational."""
        return isinstance(self.options.get("boundary"), Fraction)


def case(name: str, cells: Shape, weight: Shape, **options: Any) -> Case:
    """A row of the table."""
    return Case(name, cells, weight, options)


CASES = [
    # rank is data
    case("1d", (1, 1, 7), (1, 1, 3)),
    case("2d", (1, 1, 5, 6), (1, 1, 3, 2)),
    case("3d", (1, 2, 3, 4, 3), (2, 2, 2, 2, 2)),
    case("4d", (1, 1, 3, 2, 3, 2), (1, 1, 2, 1, 2, 2), padding=(1, 0, 0, 1)),
    # channels, batch and groups
    case("channels", (1, 3, 4, 4), (2, 3, 2, 2)),
    case("batch", (3, 2, 5), (2, 2, 3), padding=1),
    case("zero-batch", (0, 2, 5), (3, 2, 3)),
    case("groups-2", (2, 4, 5), (6, 2, 3), groups=2),
    case("groups-3-2d", (1, 6, 4, 3), (3, 2, 2, 2), groups=3, padding="same"),
    case("depthwise", (1, 4, 5, 4), (4, 1, 3, 3), groups=4, padding=1),
    case("depthwise-multiplier-2", (1, 3, 6), (6, 1, 2), groups=3, stride=2),
    case("pointwise", (2, 3, 2, 2), (4, 3, 1, 1)),
    case("pointwise-groups", (1, 4, 3), (2, 2, 1), groups=2),
    # stride
    case("stride-2", (1, 1, 9), (1, 1, 3), stride=2),
    case("stride-leaves-cells", (1, 1, 6), (1, 1, 3), stride=2),
    case("stride-per-axis", (1, 2, 7, 8), (1, 2, 2, 3), stride=(3, 2)),
    case("stride-larger-than-kernel", (1, 1, 11), (2, 1, 2), stride=4),
    case("stride-larger-than-input", (1, 1, 4, 4), (1, 1, 2, 2), stride=9),
    case("stride-2-to-70", (1, 1, 4), (1, 1, 2), stride=2**70),
    # dilation
    case("dilation-2", (1, 1, 9), (1, 1, 3), dilation=2),
    case("dilation-per-axis", (1, 2, 7, 6), (2, 2, 2, 3), dilation=(3, 2)),
    case("dilation-stride-padding", (1, 1, 10), (1, 1, 3), dilation=3, stride=2, padding=2),
    case("dilation-of-one-tap", (1, 1, 3), (1, 1, 1), dilation=5),
    # padding
    case("padding-1", (1, 1, 4, 4), (1, 1, 3, 3), padding=1),
    case("padding-per-axis", (1, 1, 4, 3), (1, 1, 3, 3), padding=(2, 0)),
    case("padding-pairs", (1, 1, 4, 3), (1, 1, 3, 2), padding=((0, 2), (3, 1))),
    case("padding-one-side", (1, 1, 5), (1, 1, 3), padding=((2, 0),)),
    case("padding-outgrows-kernel", (1, 1, 3), (1, 1, 2), padding=4),
    case("valid", (1, 1, 5), (1, 1, 4), padding="valid"),
    case("same-odd", (1, 1, 5, 4), (1, 1, 3, 5), padding="same"),
    case("same-even", (1, 1, 5, 4), (1, 1, 2, 4), padding="same"),
    case("same-lower-even", (1, 1, 5, 4), (1, 1, 2, 4), padding="same-lower"),
    case("same-stride", (1, 1, 7, 8), (1, 1, 3, 4), padding="same", stride=(3, 2)),
    case("same-dilation", (1, 1, 6), (1, 1, 3), padding="same", dilation=3),
    case("same-larger-than-input", (1, 1, 2), (1, 1, 5), padding="same"),
    case("full", (1, 2, 4, 3), (1, 2, 3, 2), padding="full"),
    case("full-dilation", (1, 1, 4), (1, 1, 3), padding="full", dilation=2),
    # boundaries
    case("constant-int", (1, 1, 3, 3), (1, 1, 2, 2), padding=1, boundary=-7),
    case("constant-300", (1, 1, 3), (1, 1, 2), padding=2, boundary=300),
    case("constant-fraction", (1, 1, 3, 2), (1, 1, 2, 2), padding=1, boundary=Fraction(1, 3)),
    case("reflect", (1, 2, 4, 5), (1, 2, 3, 3), padding=2, boundary="reflect"),
    case("symmetric", (1, 1, 4, 5), (1, 1, 3, 3), padding=2, boundary="symmetric"),
    case("replicate", (1, 1, 4, 5), (1, 1, 3, 3), padding=2, boundary="replicate"),
    case("circular", (1, 1, 4, 5), (1, 1, 3, 3), padding=2, boundary="circular"),
    case("reflect-periodic", (1, 1, 3), (1, 1, 2), padding=((11, 8),), boundary="reflect"),
    case("symmetric-periodic", (1, 1, 3), (1, 1, 2), padding=((11, 8),), boundary="symmetric"),
    case("circular-periodic", (1, 1, 3, 2), (1, 1, 2, 2), padding=((7, 4), (5, 6)), boundary="circular"),
    case("replicate-far", (1, 1, 2), (1, 1, 3), padding=5, boundary="replicate", stride=2),
    case("reflect-one-cell", (1, 1, 1, 3), (1, 1, 2, 2), padding=2, boundary="reflect"),
    case("symmetric-one-cell", (1, 1, 1), (1, 1, 3), padding=3, boundary="symmetric"),
    case("reflect-one-side", (1, 1, 4, 3), (1, 1, 2, 2), padding=((0, 2), (0, 0)), boundary="reflect"),
    case("boundary-unused", (1, 1, 4), (1, 1, 3), boundary=Fraction(5, 7)),
    # flip
    case("flip-1d", (1, 1, 5), (1, 1, 3), flip=True),
    case("flip-2d", (1, 2, 4, 4), (2, 2, 2, 3), flip=True, padding=((1, 0), (0, 2))),
    case("flip-3d-dilation", (1, 1, 4, 3, 3), (1, 1, 2, 2, 1), flip=True, dilation=(2, 1, 1)),
    # sizes at the border
    case("kernel-is-input", (1, 2, 4, 3), (3, 2, 4, 3)),
    case("kernel-larger-than-input", (1, 1, 2, 2), (1, 1, 4, 5), padding=2),
    case("one-cell", (1, 1, 1), (1, 1, 1)),
    case("one-cell-padded", (1, 1, 1, 1), (1, 1, 3, 3), padding=1, boundary=2),
    case("primes", (1, 1, 11, 13), (1, 1, 5, 7), stride=(2, 3), padding=(1, 2)),
    case("row-kernel", (1, 1, 3, 7), (1, 1, 1, 5), padding=((0, 0), (2, 2)), boundary="circular"),
    case("column-kernel", (1, 1, 7, 3), (1, 1, 5, 1), stride=(2, 1)),
    # bias
    case("bias", (1, 2, 4), (3, 2, 2), bias=(5, -7, 0)),
    case("bias-one-number", (2, 1, 3, 3), (2, 1, 2, 2), bias=11),
    case("everything", (2, 4, 7, 6), (4, 2, 3, 2), groups=2, stride=(2, 1), dilation=(1, 2), padding=((2, 1), (0, 3)),
         boundary="reflect", flip=True, bias=(1, 2, 3, 4)),
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of numbers: how input and weight are filled, and what is known of the result."""

    name: str
    fill: Callable[[np.random.Generator, Shape, bool], Any]
    """(generator, shape, is_weight) → array"""
    needs_python: bool = False
    """Whether the sums outgrow every machine number."""
    epsilon: float = 0
    """Unit roundoff of a float kind; 0 of an exact one."""

    def __str__(self) -> str:
        return self.name


def _integers(dtype: str, low: int, high: int) -> Callable[[np.random.Generator, Shape, bool], Any]:
    return lambda rng, shape, _: rng.integers(low, high, size=shape, endpoint=True, dtype=np.int64).astype(dtype)


def _whole_range(dtype: str) -> Callable[[np.random.Generator, Shape, bool], Any]:
    """All of a type's values, its largest and its smallest among them."""
    info = np.iinfo(dtype)

    def fill(rng: np.random.Generator, shape: Shape, is_weight: bool) -> Any:
        values = rng.integers(info.min, info.max, size=shape, endpoint=True, dtype=dtype)
        if values.size:
            values.flat[0] = info.max
            values.flat[-1] = info.min or info.max
        return values

    return fill


def _big(rng: np.random.Generator, shape: Shape, is_weight: bool) -> Any:
    """Python integers of 30 digits as input, of 6 as weight."""
    small = rng.integers(-(10**6), 10**6, size=shape).astype(object)
    return small if is_weight else small * 10**24 + 10**23 + 1


def _fractions(rng: np.random.Generator, shape: Shape, is_weight: bool) -> Any:
    """Fractions with denominators from 1 to 6, the first one surely no whole number."""
    values = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        values[place] = Fraction(int(rng.integers(-20, 21)), int(rng.integers(1, 7)))
    if values.size:
        values.flat[0] = Fraction(1, 3)
    return values


def _floats(dtype: str) -> Callable[[np.random.Generator, Shape, bool], Any]:
    return lambda rng, shape, _: rng.uniform(-1, 1, size=shape).astype(dtype)


KINDS = [
    Kind("bool", lambda rng, shape, _: rng.random(shape) < 0.5),
    Kind("int8", _whole_range("int8")),
    Kind("int16", _whole_range("int16")),
    Kind("int32", lambda rng, shape, is_weight: _whole_range("int16" if is_weight else "int32")(rng, shape, is_weight)),
    Kind("int64", _integers("int64", -(10**6), 10**6)),
    Kind("int64-range", _whole_range("int64"), needs_python=True),
    Kind("uint8", _whole_range("uint8")),
    Kind("uint64", _integers("uint64", 0, 1000)),
    Kind("uint64-range", _whole_range("uint64"), needs_python=True),
    Kind("python", _big, needs_python=True),
    Kind("fraction", _fractions, needs_python=True),
    Kind("float16", _floats("float16"), epsilon=2.0**-24),  # computed in float32
    Kind("float32", _floats("float32"), epsilon=2.0**-24),
    Kind("float64", _floats("float64"), epsilon=2.0**-53),
]


def numbers(case: Case, kind: Kind) -> tuple[Any, Any]:
    """Input and weight of a case, the same ones each time: the seed follows from the place in the table."""
    rng = np.random.default_rng([CASES.index(case), KINDS.index(kind)])
    return kind.fill(rng, case.input, False), kind.fill(rng, case.weight, True)


def retiled(plan: Any, size: tuple[int, ...], **changes: Any) -> Any:
    """The same plan with tiles of another size."""
    fields = {name: getattr(plan, name) for name in type(plan).__annotations__}
    return type(plan)(**{**fields, "tile_size": size, **changes})
