"""Layers of every kind as data: arguments in a grid, and numbers for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from convcalc.layers.layer import Layer
from convcalc.layers.table import KINDS

Arguments = dict[str, Any]
Shape = tuple[int, ...]

SIZE: dict[int, Shape] = {0: (), 1: (7,), 2: (6, 5), 3: (4, 5, 3)}
CHANNELS = 4


class Case(NamedTuple):
    """A layer without its numbers."""

    kind: str
    shapes: tuple[Shape, ...]
    """Of each input, (channels, *spatial) of one sample."""
    arguments: Arguments

    def __str__(self) -> str:
        told = "-".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.kind}-{len(self.shapes[0]) - 1}d-{told}".replace(" ", "")

    def layer(self) -> Layer:
        """The layer of the case."""
        return KINDS[self.kind].make(*self.shapes, **self.arguments)


def options(**choices: tuple[Any, ...]) -> list[Arguments]:
    """Every combination of these arguments."""
    return [dict(zip(choices, each, strict=True)) for each in product(*choices.values())]


CONVOLUTION = options(stride=(1, 2), padding=(0, 1, 2), dilation=(1, 2), bias=(True, False))
# what PyTorch takes and what it refuses: groups that divide, and 3, which does not
GRID: dict[str, list[Arguments]] = {
    "conv": [
        {"out_channels": 6, "kernel_size": taps, "groups": groups, **each}
        for taps, groups, each in product((2, 3), (1, 2, 3), CONVOLUTION)
    ]
    + [
        {"out_channels": 2, "kernel_size": 3, **each}
        for each in options(
            boundary=("circular", "reflect", "replicate"), padding=(1, 2), stride=(1, 2), dilation=(1, 2)
        )
    ],
    "pointwise": options(out_channels=(6,), stride=(1, 3), padding=(0, 1), bias=(True, False)),
    "depthwise": [
        {"kernel_size": 2, "channel_multiplier": multiplier, **each}
        for multiplier, each in product((1, 3), CONVOLUTION)
    ],
    "transposed-conv": options(
        out_channels=(6,),
        kernel_size=(1, 2, 3),
        stride=(1, 2, 3),
        padding=(0, 1, 3),
        output_padding=(0, 1, 2),
        dilation=(1, 2),
        groups=(1, 2, 3),
        bias=(True, False),
    ),
    "linear": options(out_features=(1, 5), bias=(True, False)),
    "bias": [{}],
    "batch-norm": options(eps=(1e-5, 0.5), affine=(True, False)),
    "relu": [{}],
    "leaky-relu": [{}, {"negative_slope": 0.25}, {"negative_slope": 2}, {"negative_slope": -1.5}],
    "sigmoid": [{}],
    "tanh": [{}],
    "softmax": [{}],
    "magnitude": options(norm=("l2", "l1"), groups=(1, 2, 3)),
    "max-pool": options(
        kernel_size=(1, 2, 3, 4),
        stride=(None, 1, 2, 3),
        padding=(0, 1, 2),
        dilation=(1, 2, 3, 8),
        ceil_mode=(False, True),
    ),
    "avg-pool": options(
        kernel_size=(1, 2, 3, 5),
        stride=(None, 1, 2, 3),
        padding=(0, 1, 2),
        ceil_mode=(False, True),
        count_include_pad=(True, False),
        divisor_override=(None, 3),
    ),
    "global-max-pool": [{}],
    "global-avg-pool": [{}],
    "adaptive-avg-pool": options(output_size=(1, 2)),
    "upsample": options(scale_factor=(1, 2, 3)),
    "flatten": [{}],
    "add": [{}],
}
"""Arguments of every kind, whether PyTorch takes them or not."""

FLAT = ("linear",)
"""Kinds whose input has features only."""
ANY_RANK = ("bias", "batch-norm", "relu", "leaky-relu", "sigmoid", "tanh", "softmax", "magnitude", "flatten", "add")
"""Kinds that take features, and any number of spatial axes."""
LINEAR = (
    "conv",
    "pointwise",
    "depthwise",
    "transposed-conv",
    "linear",
    "bias",
    "avg-pool",
    "global-avg-pool",
    "adaptive-avg-pool",
    "upsample",
    "flatten",
    "add",
)
"""Kinds that are linear, apart from a bias."""
REAL = ("batch-norm", "sigmoid", "tanh", "softmax", "magnitude")
"""Kinds whose results are no fractions."""


def ranks(kind: str) -> tuple[int, ...]:
    """The numbers of spatial axes that a kind is tried on."""
    return (0,) if kind in FLAT else (0, 1, 2, 3) if kind in ANY_RANK else (1, 2, 3)


def cases(kind: str, rank: int) -> Iterator[Case]:
    """The grid of a kind on inputs of a rank; of an add with one, two and three inputs."""
    shape = (CHANNELS, *SIZE[rank])
    if kind == "adaptive-avg-pool":
        shape = (CHANNELS, *(6, 4, 2)[:rank])
    for arguments in GRID.get(kind, ()):
        for inputs in (1, 2, 3) if KINDS[kind].joins else (1,):
            yield Case(kind, (shape,) * inputs, arguments)


SMALL: dict[str, list[Arguments]] = {
    "conv": [
        {"out_channels": 2, "kernel_size": 2, "padding": 1, "stride": 2, "groups": 2},
        {"out_channels": 1, "kernel_size": 2, "dilation": 2, "padding": [[0, 3]]},
        {"out_channels": 1, "kernel_size": 3, "padding": 1, "boundary": "circular"},
        {"out_channels": 1, "kernel_size": 2, "padding": [[2, 0]], "boundary": "reflect"},
        {"out_channels": 1, "kernel_size": 3, "padding": 2, "stride": 2, "boundary": "replicate"},
        {"out_channels": 1, "kernel_size": 2, "padding": [[0, 3]], "boundary": "symmetric"},
    ],
    "pointwise": [{"out_channels": 3, "bias": False}],
    "depthwise": [{"kernel_size": 2, "channel_multiplier": 2}],
    "transposed-conv": [
        {"out_channels": 2, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
        {"out_channels": 4, "kernel_size": 2, "dilation": 2, "groups": 2, "bias": False},
        {"out_channels": 1, "kernel_size": 1, "stride": 3, "padding": [[0, 1]]},
    ],
    "linear": [{"out_features": 3}],
    "bias": [{}],
    "batch-norm": [{}, {"affine": False, "eps": 1}],
    "relu": [{}],
    "leaky-relu": [{}, {"negative_slope": Fraction(-3, 2)}],
    "sigmoid": [{}],
    "tanh": [{}],
    "softmax": [{}],
    "magnitude": [{}, {"norm": "l1", "groups": 2}],
    "max-pool": [
        {"kernel_size": 2},
        {"kernel_size": 3, "padding": 1, "stride": 2, "ceil_mode": True},
        {"kernel_size": 2, "stride": 1, "padding": [[0, 1]]},
        {"kernel_size": 2, "dilation": 2, "stride": 1, "padding": 1},
    ],
    "avg-pool": [
        {"kernel_size": 2},
        {"kernel_size": 3, "padding": 1, "stride": 2, "ceil_mode": True},
        {"kernel_size": 3, "padding": 1, "stride": 2, "ceil_mode": True, "count_include_pad": False},
        {"kernel_size": 2, "stride": 1, "padding": [[0, 1]], "divisor_override": 3},
    ],
    "global-max-pool": [{}],
    "global-avg-pool": [{}],
    "adaptive-avg-pool": [{"output_size": 1}],
    "upsample": [{"scale_factor": 2}],
    "flatten": [{}],
    "add": [{}],
}
"""A few arguments of every kind that it takes, for inputs of :data:`SMALL_SIZE`, whose every cell is looked at."""
SMALL_SIZE: dict[int, Shape] = {0: (), 1: (5,), 2: (4, 3), 3: (3, 4, 3)}


def small_cases(*kinds: str) -> list[Case]:
    """Every small case of some kinds, on each of their ranks; padding of one axis is that of all."""
    return [
        Case(kind, ((2, *SMALL_SIZE[rank]),) * (2 if KINDS[kind].joins else 1), _on(arguments, rank))
        for kind in kinds
        for rank in ranks(kind)
        for arguments in SMALL.get(kind, ())
    ]


def _on(arguments: Arguments, rank: int) -> Arguments:
    padding = arguments.get("padding")
    return {**arguments, "padding": padding * rank} if isinstance(padding, list) else arguments


def gaps(kinds: Iterable[str], **tables: Iterable[str]) -> list[str]:
    """What is missing, or too much, in tables that have a row for every kind; the tables of cases are among them.

    Tables of cases leave out what they do not know, so that the tests are collected and one of them can say this.

    >>> gaps(["conv"], GRID=["conv", "pool"], SMALL=[])
    ['GRID has pool, which is no kind of layer', 'SMALL has no conv']
    """
    return [
        f"{name} has no {kind}" if kind in kinds else f"{name} has {kind}, which is no kind of layer"
        for name, table in tables.items()
        for kind in sorted(set(kinds) ^ set(table))
    ]


class Numbers(NamedTuple):
    """A kind of numbers: how to draw them, the dtype asked for, and that of the results."""

    draw: Callable[[Any, Shape], Any]
    dtype: str
    tolerance: float
    """Of results, relative to the largest; 0: exact."""


def _whole(rng: Any, shape: Shape) -> Any:
    return rng.integers(-9, 10, size=shape)


def _fractions(rng: Any, shape: Shape) -> Any:
    values = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        values[place] = Fraction(int(rng.integers(-20, 21)), int(rng.integers(1, 7)))
    return values


NUMBERS = {
    "whole": Numbers(_whole, "auto", 0),
    "exact": Numbers(_fractions, "exact", 0),
    "float32": Numbers(lambda rng, shape: rng.uniform(-1, 1, size=shape).astype(np.float32), "auto", 1e-6),
    "float64": Numbers(lambda rng, shape: rng.uniform(-1, 1, size=shape), "auto", 1e-14),
}


def drawn(layer: Layer, draw: Callable[[Any, Shape], Any], inputs: int = 1, batch: int = 2) -> tuple[list[Any], Any]:
    """Inputs and values of a layer, the same ones each time; variances are above 0."""
    rng = np.random.default_rng([sum(layer.input_shape), *layer.input_shape])
    arrays = [draw(rng, (batch, *layer.input_shape)) for _ in range(inputs)]
    values = {name: draw(rng, shape) for name, shape in {**layer.weight_shapes, **layer.buffer_shapes}.items()}
    if "running_var" in values:
        values["running_var"] = abs(values["running_var"]) + values["running_var"].dtype.type(1)
    return arrays, values
