"""The kinds of layers by name, and the argument that a shorthand such as ``max-pool: 2`` sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib import import_module
from inspect import Parameter, signature
from typing import Any, NamedTuple

from convcalc.errors import UnknownNameError
from convcalc.layers.layer import Layer

NEEDED = Parameter.empty
"""Marks an argument without a default."""


class Kind(NamedTuple):
    """A kind of layer and its constructor, imported on first use, as most files need few of them."""

    home: str
    """Its constructor: module in this package, class, and class method: ``convolution.Convolution.of``."""
    main: str = ""
    """The argument that a shorthand sets; empty: none."""
    fixed: tuple[tuple[str, Any], ...] = ()
    """Arguments that this name fixes."""
    joins: bool = False
    """Whether it takes the shapes of several inputs, and a file gives the names of layers instead of arguments."""
    tensors: tuple[str, ...] = ()
    """The weights that its layers may have, by PyTorch's names."""

    @property
    def make(self) -> Callable[..., Layer]:
        """The layer on inputs of these shapes with its arguments by name; the fixed ones are added."""
        module, name, method = self.home.split(".")
        maker: Callable[..., Layer] = getattr(getattr(import_module(f"convcalc.layers.kinds.{module}"), name), method)
        return partial(maker, **dict(self.fixed))

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The arguments that a file may set, each with its default, or :data:`NEEDED`."""
        return _defaults(self)


@cache
def _defaults(kind: Kind) -> Mapping[str, Any]:
    """Computed once for each kind: it is slow, and a network has thousands of layers of few kinds."""
    fixed = dict(kind.fixed)
    return {
        name: parameter.default
        for name, parameter in signature(kind.make).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in fixed
    }


_LEARNED = ("weight", "bias")

KINDS = {
    "conv": Kind("convolution.Convolution.of", "out_channels", tensors=_LEARNED),
    "pointwise": Kind("convolution.Convolution.of", "out_channels", (("kernel_size", 1),), tensors=_LEARNED),
    "depthwise": Kind("convolution.Convolution.depthwise", "kernel_size", tensors=_LEARNED),
    "transposed-conv": Kind("transposed.TransposedConvolution.of", "out_channels", tensors=_LEARNED),
    "linear": Kind("linear.Linear.of", "out_features", tensors=_LEARNED),
    "bias": Kind("bias.Bias.of", tensors=("bias",)),
    "scale": Kind("bias.Scale.of", tensors=("weight",)),
    "batch-norm": Kind("batch_norm.BatchNorm.of", "eps", tensors=(*_LEARNED, "running_mean", "running_var")),
    "relu": Kind("activation.ReLU.of"),
    "leaky-relu": Kind("activation.LeakyReLU.of", "negative_slope"),
    "prelu": Kind("prelu.PReLU.of", "num_parameters", tensors=("weight",)),
    "clip": Kind("activation.Clip.of"),
    "relu6": Kind("activation.Clip.of", fixed=(("min", 0), ("max", 6))),
    "hard-sigmoid": Kind("activation.HardSigmoid.of"),
    "hard-swish": Kind("activation.HardSwish.of"),
    "sigmoid": Kind("smooth_activation.Sigmoid.of"),
    "tanh": Kind("smooth_activation.Tanh.of"),
    "silu": Kind("smooth_activation.SiLU.of"),
    "gelu": Kind("smooth_activation.GELU.of", "approximate"),
    "elu": Kind("smooth_activation.ELU.of", "alpha"),
    "softplus": Kind("smooth_activation.Softplus.of", "beta"),
    "mish": Kind("smooth_activation.Mish.of"),
    "selu": Kind("elementary.SELU.of"),
    "celu": Kind("elementary.CELU.of", "alpha"),
    "abs": Kind("elementary.Abs.of"),
    "sign": Kind("elementary.Sign.of"),
    "pow": Kind("elementary.Power.of", "exponent"),
    "sqrt": Kind("elementary.Sqrt.of"),
    "exp": Kind("elementary.Exp.of"),
    "log": Kind("elementary.Log.of"),
    "erf": Kind("elementary.Erf.of"),
    "quantise": Kind("quantised.Quantise.of", "dtype", tensors=("scale", "zero_point")),
    "requantise": Kind("quantised.Requantise.of", "dtype", tensors=("multiplier", "zero_point")),
    "dequantise": Kind("quantised.Dequantise.of", tensors=("scale", "zero_point")),
    "softmax": Kind("softmax.Softmax.of", "axis"),
    "log-softmax": Kind("softmax.LogSoftmax.of", "axis"),
    "group-norm": Kind("normalisation.GroupNorm.of", "num_groups", tensors=_LEARNED),
    "instance-norm": Kind("normalisation.InstanceNorm.of", tensors=_LEARNED),
    "layer-norm": Kind("normalisation.LayerNorm.of", "dims", tensors=_LEARNED),
    "rms-norm": Kind("normalisation.RMSNorm.of", "dims", tensors=("weight",)),
    "magnitude": Kind("magnitude.Magnitude.of", "norm"),
    "max-pool": Kind("max_pool.MaxPool.of", "kernel_size"),
    "avg-pool": Kind("average_pool.AveragePool.of", "kernel_size"),
    "global-max-pool": Kind("max_pool.GlobalMaxPool.over"),
    "global-avg-pool": Kind("average_pool.GlobalAveragePool.over"),
    "adaptive-avg-pool": Kind("adaptive_pool.AdaptiveAveragePool.to", "output_size"),
    "adaptive-max-pool": Kind("adaptive_pool.AdaptiveMaxPool.to", "output_size"),
    "lp-pool": Kind("lp_pool.LpPool.of", "kernel_size"),
    "reduce-mean": Kind("reduction.ReduceMean.of", "axes"),
    "reduce-sum": Kind("reduction.ReduceSum.of", "axes"),
    "reduce-max": Kind("reduction.ReduceMax.of", "axes"),
    "upsample": Kind("upsample.Upsample.of", "scale_factor"),
    "resize": Kind("resize.Resize.of", "size"),
    "flatten": Kind("flatten.Flatten.of"),
    "reshape": Kind("rearranged.Reshape.of", "shape"),
    "permute": Kind("rearranged.Permute.of", "axes"),
    "slice": Kind("rearranged.Slice.of"),
    "take": Kind("chosen.Take.of", "indices"),
    "expand": Kind("chosen.Expand.of", "shape"),
    "pad": Kind("rearranged.Pad.of", "padding"),
    "channel-shuffle": Kind("shuffles.ChannelShuffle.of", "groups"),
    "pixel-shuffle": Kind("shuffles.PixelShuffle.of", "upscale_factor"),
    "pixel-unshuffle": Kind("shuffles.PixelUnshuffle.of", "downscale_factor"),
    "add": Kind("arithmetic.Add.of", joins=True),
    "sub": Kind("arithmetic.Subtract.of", joins=True),
    "mul": Kind("arithmetic.Multiply.of", joins=True),
    "div": Kind("arithmetic.Divide.of", joins=True),
    "matmul": Kind("matrix_product.MatrixProduct.of", joins=True),
    "constant": Kind("constant.Constant.of", "shape", tensors=("weight",)),
    "concat": Kind("concat.Concat.of", joins=True),
}


def kind_of(name: str) -> Kind:
    """The kind of layer of a name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in KINDS:
        raise UnknownNameError("kind of layer", name, KINDS)
    return KINDS[name]
