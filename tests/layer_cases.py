"""Layers of every kind as data: arguments in a grid, and numbers for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import permutations, product
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
        told = [f"{name}={value}" for name, value in self.arguments.items()]
        told += [f"beside={shape}" for shape in self.shapes[1:] if shape != self.shapes[0]]
        return f"{self.kind}-{len(self.shapes[0]) - 1}d-{'-'.join(told)}".replace(" ", "")

    def layer(self) -> Layer:
        """The layer of the case."""
        return KINDS[self.kind].make(*self.shapes, **self.arguments)


def options(**choices: tuple[Any, ...]) -> list[Arguments]:
    """Every combination of these arguments."""
    return [dict(zip(choices, each, strict=True)) for each in product(*choices.values())]


REDUCTIONS = ("reduce-mean", "reduce-sum", "reduce-max")
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
    "bias": [{}, {"num_parameters": 1}, {"num_parameters": 3}],
    "scale": [{}, {"num_parameters": 1}, {"num_parameters": 3}],
    "batch-norm": options(eps=(1e-5, 0.5), affine=(True, False)),
    "quantise": options(
        dtype=("uint8", "int8", "int4"), rounding=("round-then-add", "add-then-round"), num_parameters=(4, 1, 3)
    ),
    "requantise": options(dtype=("uint8", "int16"), rounding=("round-then-add", "add-then-round")),
    "dequantise": [{}, {"num_parameters": 1}, {"num_parameters": 3}],
    "relu": [{}],
    "leaky-relu": [{}, {"negative_slope": 0.25}, {"negative_slope": 2}, {"negative_slope": -1.5}],
    "sigmoid": [{}],
    "tanh": [{}],
    "softmax": options(axis=(0, 1, 2)),
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
    "adaptive-avg-pool": options(output_size=(1, 2, 3, 5)),
    "adaptive-max-pool": options(output_size=(1, 2, 3, 5)),
    "lp-pool": options(kernel_size=(1, 2, 3), stride=(None, 1, 2), norm_type=(1, 2, 3)),
    **{name: options(axes=(None, 0, 1, (0, 1), (1, 2), (2,), (0, 3))) for name in REDUCTIONS},
    "upsample": options(scale_factor=(1, 2, 3)),
    "resize": options(size=(1, 3, 8), mode=("linear", "nearest", "nearest-exact", "cubic"), align_corners=(False, True))
    + options(scale_factor=(2, 0.5, 1.5), mode=("linear", "nearest", "nearest-exact", "cubic")),
    "flatten": [{}],
    "prelu": [{}, {"num_parameters": 1}, {"num_parameters": 4}, {"num_parameters": 3}],
    "clip": [{}, {"min": -2, "max": 3}, {"min": 0.5}, {"max": 1.25}, {"min": 3, "max": 3}],
    "relu6": [{}],
    "hard-sigmoid": [{}],
    "hard-swish": [{}],
    "silu": [{}],
    "gelu": [{}, {"approximate": "tanh"}],
    "elu": [{}, {"alpha": 0.25}, {"alpha": -2}],
    "softplus": [{}, {"beta": 3}, {"beta": 0.5}],
    "mish": [{}],
    "selu": [{}],
    "celu": [{}, {"alpha": 0.5}, {"alpha": -2}],
    "abs": [{}],
    "sign": [{}],
    "pow": [{}, {"exponent": 3}, {"exponent": -1}, {"exponent": 0}, {"exponent": 0.75}],
    "sqrt": [{}],
    "exp": [{}],
    "log": [{}],
    "erf": [{}],
    "log-softmax": options(axis=(0, 1, 2)),
    "group-norm": options(num_groups=(1, 2, 3, 4), eps=(1e-5, 0.5), affine=(True, False)),
    "instance-norm": options(eps=(1e-5, 0.5), affine=(True, False)),
    "layer-norm": options(dims=(None, 1, 2, 3), eps=(1e-5, 0.5), affine=(True, False)),
    "rms-norm": options(dims=(None, 1, 2), eps=(1e-5, 0.5), affine=(True, False)),
    "reshape": options(shape=((-1,), (2, -1), (1, 2, -1), (3, -1))),
    "permute": [{"axes": order} for axes in (1, 2, 3, 4) for order in permutations(range(axes))],
    "slice": options(start=(None, 1, -3), stop=(None, 3, -1), step=(None, 2), axis=(0, 1, 2))
    + options(start=(-1,), stop=(None,), step=(-1, -2), axis=(0, 1)),
    "take": [*options(indices=((0,), (2, 0, 2), (-1, 1)), axis=(0, 1, 3)), {"indices": 3}, {"indices": (9,)}],
    "expand": [{"shape": (-1,) * axes} for axes in (1, 2, 3, 4)] + [{"shape": (4, 2)}, {"shape": (1,)}],
    "pad": options(padding=(0, 1, 2), boundary=("zeros", 3, -0.5, "reflect", "replicate", "circular"))
    + options(padding=(-1, -3), boundary=("zeros",)),
    "channel-shuffle": options(groups=(1, 2, 3, 4)),
    "pixel-shuffle": options(upscale_factor=(1, 2, 3, 4), mode=("CRD", "DCR")),
    "pixel-unshuffle": options(downscale_factor=(1, 2, 3), mode=("CRD", "DCR")),
    "add": [{}],
    "sub": [{}],
    "mul": [{}],
    "div": [{}],
    "matmul": [{}],
    "constant": options(shape=((3,), (2, 5), (1, 1, 2)), is_learned=(True, False)),
    "concat": options(axis=(0, 1, 2)),
}
"""Arguments of every kind, whether PyTorch takes them or not."""

FLAT = ("linear",)
"""Kinds whose input has features only."""
QUANTISED = ("quantise", "requantise", "dequantise")
WHOLE = ("quantise", "requantise")
"""Kinds that make whole numbers of anything; of nan their zero point."""
FUNCTIONS = ("relu", "leaky-relu", "clip", "relu6", "hard-sigmoid", "hard-swish")
SMOOTH = (
    *("sigmoid", "tanh", "silu", "gelu", "elu", "softplus", "mish", "selu", "celu", "pow", "sqrt", "exp", "log", "erf"),
)
POSITIVE = ("sqrt", "log")
"""Kinds that have a number of cells above 0 alone."""
ARITHMETIC = ("add", "sub", "mul", "div")
ANY_RANK = (
    *(
        "bias",
        "scale",
        "batch-norm",
        "softmax",
        "log-softmax",
        "flatten",
        "prelu",
        "group-norm",
        "layer-norm",
        "rms-norm",
    ),
    *("magnitude", "reshape", "permute", "slice", "channel-shuffle", "concat", "take", "expand", "constant"),
    *("abs", "sign"),
    *REDUCTIONS,
    *QUANTISED,
    *FUNCTIONS,
    *SMOOTH,
    *ARITHMETIC,
)
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
    *("reshape", "permute", "slice", "pad", "channel-shuffle", "pixel-shuffle", "pixel-unshuffle"),
    *("resize", "scale", "add", "sub", "concat", "reduce-mean", "reduce-sum", "take", "expand"),
)
"""Kinds that are linear, apart from a bias."""
NORMS = ("group-norm", "instance-norm", "layer-norm", "rms-norm")
REAL = ("batch-norm", "softmax", "log-softmax", "magnitude", "lp-pool", *SMOOTH, *NORMS, *QUANTISED)
"""Kinds whose results are no fractions."""


def ranks(kind: str) -> tuple[int, ...]:
    """The numbers of spatial axes that a kind is tried on."""
    return (0,) if kind in FLAT else (0, 1, 2, 3) if kind in ANY_RANK else (1, 2, 3)


def cases(kind: str, rank: int) -> Iterator[Case]:
    """The grid of a kind on inputs of a rank; of an add with one, two and three inputs."""
    shape = (CHANNELS, *SIZE[rank])
    if kind.startswith("adaptive"):
        shape = (CHANNELS, *(6, 4, 2)[:rank])
    for arguments in GRID.get(kind, ()):
        for inputs in _counts(kind):
            yield Case(kind, (shape,) * inputs, arguments)
        for others in _others(kind, shape, arguments):
            yield Case(kind, (shape, *others), arguments)


def _counts(kind: str) -> tuple[int, ...]:
    """How many inputs of one shape a kind is tried on."""
    return (1, 2, 3) if KINDS[kind].joins and kind != "matmul" else (1,) if not KINDS[kind].joins else ()


def _others(kind: str, shape: Shape, arguments: Arguments) -> list[tuple[Shape, ...]]:
    """Other shapes that join an input's: a gate for each channel, a plane for all, a longer one on the axis."""
    if kind == "matmul":
        *lead, _, shared = shape
        alike = [((*lead, shared, 3),), ((*(1,) * len(lead), shared, 2),)]
        return alike[: 1 + bool(lead)]
    if kind in ARITHMETIC and len(shape) == 1:
        return [((1,),)]
    if kind in ARITHMETIC:
        return [((shape[0], *(1,) * (len(shape) - 1)),), ((1, *shape[1:]), shape)]
    axis = arguments.get("axis", 0)
    if kind == "concat" and axis < len(shape):
        return [((*shape[:axis], shape[axis] + 2, *shape[axis + 1 :]), shape)]
    return []


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
    "bias": [{}, {"num_parameters": 1}],
    "scale": [{}, {"num_parameters": 1}],
    "batch-norm": [{}, {"affine": False, "eps": 1}],
    "quantise": [{}, {"dtype": "int8", "rounding": "add-then-round", "num_parameters": 1}],
    "requantise": [{}, {"dtype": "int4", "num_parameters": 1}],
    "dequantise": [{}, {"num_parameters": 1}],
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
    "adaptive-avg-pool": [{"output_size": 1}, {"output_size": 2}],
    "adaptive-max-pool": [{"output_size": 1}, {"output_size": 2}],
    "lp-pool": [{"kernel_size": 2}, {"kernel_size": 2, "norm_type": 3, "stride": 1}],
    **{name: [{}, {"axes": 0}] for name in REDUCTIONS},
    "upsample": [{"scale_factor": 2}],
    "resize": [
        {"size": 3},
        {"size": 4, "align_corners": True},
        {"scale_factor": 2, "mode": "nearest"},
        {"size": 4, "mode": "cubic"},
    ],
    "flatten": [{}],
    "prelu": [{}, {"num_parameters": 1}],
    "clip": [{"min": -2, "max": 3}, {"min": Fraction(1, 2)}],
    "relu6": [{}],
    "hard-sigmoid": [{}],
    "hard-swish": [{}],
    "silu": [{}],
    "gelu": [{}, {"approximate": "tanh"}],
    "elu": [{}, {"alpha": 2}],
    "softplus": [{}, {"beta": 2}],
    "mish": [{}],
    "selu": [{}],
    "celu": [{}, {"alpha": 2}],
    "abs": [{}],
    "sign": [{}],
    "pow": [{}, {"exponent": 3}],
    "sqrt": [{}],
    "exp": [{}],
    "log": [{}],
    "erf": [{}],
    "log-softmax": [{}],
    "group-norm": [{"num_groups": 2}, {"num_groups": 1, "affine": False}],
    "instance-norm": [{}, {"affine": True}],
    "layer-norm": [{}, {"dims": 1}],
    "rms-norm": [{}, {"dims": 1, "eps": 1}],
    "reshape": [{"shape": (-1, 1)}],
    "permute": [{"axes": ()}],
    "slice": [{"start": 1}, {"step": -1}],
    "take": [{"indices": (1, 0, 1)}],
    "expand": [{"shape": ()}],
    "pad": [{"padding": 1}, {"padding": 2, "boundary": "reflect"}, {"padding": 1, "boundary": 3}],
    "channel-shuffle": [{"groups": 2}],
    "pixel-shuffle": [{"upscale_factor": 1}],
    "pixel-unshuffle": [{"downscale_factor": 1}],
    "add": [{}],
    "sub": [{}],
    "mul": [{}],
    "div": [{}],
    "matmul": [{}],
    "constant": [{"shape": (2, 3)}, {"shape": (4,)}],
    "concat": [{}],
}
"""A few arguments of every kind that it takes, for inputs of :data:`SMALL_SIZE`, whose every cell is looked at."""
SMALL_SIZE: dict[int, Shape] = {0: (), 1: (5,), 2: (4, 3), 3: (3, 4, 3)}


def small_cases(*kinds: str) -> list[Case]:
    """Every small case of some kinds, on each of their ranks; padding of one axis is that of all."""
    found = []
    for kind, arguments in ((each, told) for each in kinds for told in SMALL.get(each, ())):
        for rank in ranks(kind):
            shape = (2, *SMALL_SIZE[rank])
            if kind == "pixel-shuffle":
                shape = (2**rank, *SMALL_SIZE[rank][:-1], 2)
            if kind == "expand":
                shape = (1, *SMALL_SIZE[rank][:-1], 1)[: rank + 1]
            case = Case(kind, (shape,) * (2 if KINDS[kind].joins else 1), _on(kind, arguments, rank))
            found += [case] if kind != "matmul" else []
            found += [case._replace(shapes=(shape, *others)) for others in _others(kind, shape, arguments)]
    return found


def _on(kind: str, arguments: Arguments, rank: int) -> Arguments:
    padding = arguments.get("padding")
    if isinstance(padding, list):
        return {**arguments, "padding": padding * rank}
    if kind == "expand":
        return {"shape": (2, *(-1,) * (rank - 1), *[3] * bool(rank))}
    return {"axes": (*range(1, rank + 1), 0)} if kind == "permute" else arguments


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


def shapes_of(layer: Layer, inputs: int = 1) -> Sequence[Shape]:
    """The shapes of a layer's inputs."""
    found: Sequence[Shape] = getattr(layer, "shapes", (layer.input_shape,) * inputs)
    return found


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
    arrays = [draw(rng, (batch, *shape)) for shape in shapes_of(layer, inputs)]
    if layer.kind in POSITIVE:
        arrays = [abs(each) + each.dtype.type(1) if each.dtype != object else abs(each) + 1 for each in arrays]
    if layer.kind == "pow":  # of 0 there is no number, nor a derivative
        arrays = [np.where(each == 0, each.dtype.type(1) if each.dtype != object else 1, each) for each in arrays]
    if layer.kind == "div":  # an exact quotient by 0 is refused
        arrays[1:] = [
            np.where(each == 0, each.dtype.type(1) if each.dtype != object else 1, each) for each in arrays[1:]
        ]
    values = {name: draw(rng, shape) for name, shape in {**layer.weight_shapes, **layer.buffer_shapes}.items()}
    if "running_var" in values:
        values["running_var"] = abs(values["running_var"]) + values["running_var"].dtype.type(1)
    for name in ("scale", "multiplier"):
        if name in values:
            values[name] = abs(values[name]) + values[name].dtype.type(1)
    if "zero_point" in values:
        values["zero_point"] = rng.integers(0, 4, size=values["zero_point"].shape)
    return arrays, values
