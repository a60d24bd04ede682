"""How other tools count the work of a layer, as measured: their conventions as data.

Measured with PyTorch 2.13.0 on single layers in inference; a tool's version is the one that was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from convcalc.errors import UnknownNameError
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.pool import Pool
from convcalc.layers.kinds.resize import Resize
from convcalc.layers.kinds.transposed import TransposedConvolution
from convcalc.layers.layer import Layer

Costs = Mapping[str, int]
"""Factors by the names of :data:`QUANTITIES`: what a tool counts is the sum of the products."""


def _outputs(layer: Layer) -> int:
    return prod(layer.output_shape)


def _inputs(layer: Layer) -> int:
    return prod(layer.input_shape)


def _by_output(layer: Layer) -> int:
    return layer.work.macs if layer.work.by_output is None else layer.work.by_output


def _is_same(layer: Layer) -> bool:
    return isinstance(layer, Convolution) and layer.geometry.is_same


def _without_even_rows(layer: Layer) -> int:
    """Products with one output position fewer on each axis on which a kernel of padding ``same`` is even."""
    assert isinstance(layer, Convolution)
    macs = layer.work.macs
    for axis in layer.axes if _is_same(layer) else ():
        if axis.kernel_size % 2 == 0:
            macs = macs // axis.output_size * (axis.output_size - 1)
    return macs


def _by_out_channels(layer: Layer) -> int:
    """Products of a transposed convolution by output cells, with its output channels in place of its input channels."""
    assert isinstance(layer, TransposedConvolution)
    counts = layer.counts
    return _outputs(layer) * prod(counts.kernel_size) * counts.out_channels // counts.groups


def _twice_grouped(layer: Layer) -> int:
    """Products of a transposed convolution whose output channels of a group are divided by the groups once more."""
    assert isinstance(layer, TransposedConvolution)
    counts, each = layer.counts, layer.counts.out_channels // layer.counts.groups
    return prod(layer.spatial_size) * prod(counts.kernel_size) * counts.in_channels * (each // counts.groups)


def _biases_of_convolution(layer: Layer) -> int:
    """Additions of a transposed convolution's bias at as many positions as a convolution would have."""
    assert isinstance(layer, TransposedConvolution)
    counts = layer.counts
    sizes = zip(layer.spatial_size, layer.axes, counts.kernel_size, strict=True)
    positions = prod(
        (size + axis.before + axis.after - axis.dilation * (taps - 1) - 1) // axis.stride + 1
        for size, axis, taps in sizes
    )
    return positions * counts.out_channels // counts.groups * counts.has_bias


def _groups_unseen(layer: Layer) -> int:
    """Products by output cells, in groups only where there are as many output channels as input channels."""
    assert isinstance(layer, TransposedConvolution)
    counts = layer.counts
    return _by_output(layer) * (1 if counts.in_channels == counts.out_channels else counts.groups)


def _taps(layer: Layer) -> int:
    assert isinstance(layer, Pool)
    return _outputs(layer) * layer.window_cells


def _sides(layer: Layer) -> int:
    """Output values times the side of a window; times all its places where the sides differ."""
    assert isinstance(layer, Pool)
    sides = set(layer.axes.kernel_sizes)
    return _outputs(layer) * (sides.pop() if len(sides) == 1 else layer.window_cells)


def _vectors(layer: Layer) -> int:
    """Groups of values that are normalised, or shared out, together."""
    if hasattr(layer, "dims"):
        return prod(layer.input_shape[: -layer.dims])
    return _inputs(layer) // layer.input_shape[getattr(layer, "axis", 0)]


QUANTITIES: Mapping[str, Callable[[Layer], int]] = MappingProxyType(
    {
        "product": lambda layer: layer.work.macs,
        "product by output cells": _by_output,
        "product by output channels": _by_out_channels,
        "product unless the padding is same": lambda layer: 0 if _is_same(layer) else layer.work.macs,
        "product at the output positions of odd kernels": _without_even_rows,
        "product, its groups divided by twice": _twice_grouped,
        "product by output cells, groups of unequal channels unseen": _groups_unseen,
        "bias addition": lambda layer: layer.work.biases,
        "input value": _inputs,
        "output value": _outputs,
        "input value that is scaled": lambda layer: _inputs(layer) * bool(layer.weight_shapes),
        "place of a window": _taps,
        "side of a window": _sides,
        "group of values": _vectors,
        "input channel": lambda layer: layer.channels,
        "spatial axis": lambda layer: layer.rank,
        "bias addition at a convolution's positions": _biases_of_convolution,
        "parameter": lambda layer: layer.parameters,
        "running statistic": lambda layer: sum(map(prod, layer.buffer_shapes.values())),
    }
)
"""What can be counted of a layer on one sample, by its name after "2 for each"."""


class Counter(NamedTuple):
    """A tool that counts."""

    version: str
    figure: str
    """What it calls its figure."""
    costs: Mapping[str, Costs]
    """By kind of layer, of a resize also with its mode and spatial axes; others have the costs of "", or none."""
    counts_batch: bool = True
    """Whether all samples of a batch count."""
    unknown: tuple[str, ...] = ()
    """Kinds that it counts by no rule known here; they are left out."""

    def counted(self, layer: Layer, batch: int) -> int:
        """What it counts for a layer."""
        costs = self.costs_of(layer)
        each = sum(factor * QUANTITIES[quantity](layer) for quantity, factor in costs.items())
        return each * (batch if self.counts_batch else 1)

    def costs_of(self, layer: Layer) -> Costs:
        """What it counts for each quantity of a layer."""
        names = [f"resize {layer.mode} {layer.rank}"] if isinstance(layer, Resize) else []
        return next((self.costs[name] for name in (*names, layer.kind, "") if name in self.costs), {})


def counter_of(name: str) -> Counter:
    """The tool of a name.

    Raises:
        UnknownNameError: it is not known.
    """
    if name not in COUNTERS:
        raise UnknownNameError("counter", name, COUNTERS, hint=f"one of: {', '.join(COUNTERS)}", field="count-as")
    return COUNTERS[name]


def _each(kinds: str, costs: Costs) -> dict[str, Costs]:
    return dict.fromkeys(kinds.split(), costs)


_MACS = _each("conv transposed-conv linear", {"product": 1})
_WITH_BIAS = _each("conv transposed-conv linear", {"product": 1, "bias addition": 1})
_AVERAGES = "adaptive-avg-pool global-avg-pool"
_POOLS = f"max-pool avg-pool global-max-pool {_AVERAGES}"
COUNTERS: Mapping[str, Counter] = MappingProxyType(
    {
        "torchinfo": Counter(
            "1.8.0",
            "mult-adds",
            _WITH_BIAS | {"transposed-conv": {"product by output cells": 1, "bias addition": 1}, "": {"parameter": 1}},
        ),
        "fvcore": Counter(
            "0.1.5.post20221221",
            "flops",
            _MACS
            | _each("conv", {"product unless the padding is same": 1})
            | _each("batch-norm", {"input value": 1, "input value that is scaled": 1})
            | _each("layer-norm group-norm instance-norm", {"input value": 4, "input value that is scaled": 1})
            | _each(_AVERAGES, {"input value": 1})
            | _each("upsample", {"output value": 1})
            | {"resize linear 2": {"output value": 4}},
        ),
        "ptflops": Counter(
            "0.7.5",
            "MACs",
            _WITH_BIAS
            | _each("batch-norm group-norm instance-norm", {"input value": 1, "input value that is scaled": 1})
            | _each("relu elu gelu prelu", {"input value": 2})
            | _each("clip leaky-relu silu softmax layer-norm", {"input value": 1})
            | _each(_POOLS, {"input value": 2})
            | _each("upsample resize", {"output value": 2}),
            counts_batch=False,
        ),
        "ptflops-aten": Counter("0.7.5", "MACs", _WITH_BIAS, counts_batch=False),
        "thop": Counter(
            "0.1.1.post2209072238",
            "MACs",
            _MACS
            | _each("transposed-conv", {"product by output cells": 1})
            | _each("batch-norm layer-norm instance-norm", {"input value": 2, "input value that is scaled": 2})
            | _each("prelu", {"input value": 1})
            | _each("avg-pool upsample", {"output value": 1})
            | _each(_AVERAGES, {"input value": 1, "output value": 1})
            | _each("softmax", {"input value": 3, "group of values": -1})
            | {
                "resize linear 1": {"output value": 5},
                "resize linear 2": {"output value": 11},
                "resize cubic 2": {"output value": 259},
            },
        ),
        "calflops": Counter(
            "0.3.2",
            "FLOPs",
            {
                "conv": {"product at the output positions of odd kernels": 2, "bias addition": 1},
                "transposed-conv": {
                    "product, its groups divided by twice": 2,
                    "bias addition at a convolution's positions": 1,
                },
                "linear": {"product": 2},
            }
            | _each("batch-norm", {"input value": 1, "input value that is scaled": 1})
            | _each("layer-norm group-norm instance-norm", {"input value": 4, "input value that is scaled": 1})
            | _each(f"relu leaky-relu elu gelu silu prelu softmax upsample resize {_POOLS}", {"input value": 1}),
        ),
        "calflops-macs": Counter(
            "0.3.2",
            "MACs",
            {
                "conv": {"product at the output positions of odd kernels": 1},
                "transposed-conv": {"product, its groups divided by twice": 1},
                "linear": {"product": 1},
            },
        ),
        "torchprofile": Counter(
            "0.1.0",
            "MACs",
            _MACS
            | _each("conv", {"product unless the padding is same": 1})
            | _each("transposed-conv", {"product by output cells, groups of unequal channels unseen": 1})
            | _each("batch-norm layer-norm group-norm instance-norm", {"input value that is scaled": 1})
            | _each("leaky-relu", {"input value": 1})
            | _each(f"avg-pool {_AVERAGES}", {"output value": 1})
            | {"resize linear 2": {"output value": 4}},
        ),
        "flop-counter": Counter("of PyTorch 2.13.0", "FLOPs", _each("conv transposed-conv linear", {"product": 2})),
        "onnx-tool": Counter(
            "1.0.1",
            "MACs",
            _WITH_BIAS
            | _each("transposed-conv", {"product by output channels": 1, "bias addition": 1})
            | _each("batch-norm", {"input value": 31})
            | _each("relu", {"input value": 1})
            | _each("add sub mul div bias scale", {"output value": 1})
            | _each("leaky-relu clip prelu", {"input value": 2})
            | _each("hard-sigmoid", {"input value": 4})
            | _each("hard-swish", {"input value": 5})
            | _each("sigmoid", {"input value": 32})
            | _each("silu", {"input value": 33})
            | _each("gelu", {"input value": 34})
            | _each("elu", {"input value": 35})
            | _each("softmax", {"input value": 36})
            | _each("tanh softplus", {"input value": 76})
            | _each("log-softmax", {"input value": 80})
            | _each("mish", {"input value": 153})
            | _each("max-pool avg-pool adaptive-avg-pool", {"place of a window": 1})
            | _each("global-max-pool", {"input value": 1})
            | _each("global-avg-pool", {"input value": 1, "output value": 4})
            | _each("instance-norm", {"input value": 7})
            | _each("group-norm", {"input value": 9})
            | _each("resize", {"output value": 4}),
            unknown=("layer-norm", "rms-norm"),
        ),
        "torchscan": Counter(
            "0.2.0",
            "FLOPs",
            {
                "conv": {"product": 2, "bias addition": 1, "output value": -1},
                "transposed-conv": {
                    "product by output cells": 2,
                    "spatial axis": 8,
                    "bias addition": 1,
                    "output value": -1,
                },
                "linear": {"product": 2, "bias addition": 1, "output value": -1},
                "batch-norm": {"input value": 2, "input value that is scaled": 2, "input channel": 2},
                "layer-norm": {"input value": 8, "group of values": 2},
                "max-pool": {"side of a window": 1, "output value": -1},
                "avg-pool": {"side of a window": 1, "output value": 1},
                "global-max-pool": {"place of a window": 1, "output value": -1},
            }
            | _each(_AVERAGES, {"place of a window": 1, "output value": 1})
            | _each("relu", {"input value": 1})
            | _each("clip", {"input value": 2})
            | _each("sigmoid leaky-relu", {"input value": 4})
            | _each("elu tanh", {"input value": 6}),
            counts_batch=False,
        ),
        "torchscan-macs": Counter(
            "0.2.0",
            "MACs",
            _each("conv linear", {"product": 1})
            | {
                "transposed-conv": {"product by output cells": 1, "spatial axis": 4},
                "batch-norm": {"input value": 1, "input value that is scaled": 1},
                "max-pool": {"side of a window": 1, "output value": -1},
                "avg-pool": {"side of a window": 1, "output value": 1},
                "global-max-pool": {"place of a window": 1, "output value": -1},
            }
            | _each(_AVERAGES, {"place of a window": 1, "output value": 1}),
            counts_batch=False,
        ),
        "keras": Counter("3.15.1", "parameters", {"": {"parameter": 1, "running statistic": 1}}, counts_batch=False),
    }
)
"""By their names; a tool with two figures stands here twice."""
