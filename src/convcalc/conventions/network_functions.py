"""The conventions of convolutional layers: PyTorch, JAX, Keras, runtimes of ONNX and others."""

from __future__ import annotations

from typing import Any

from convcalc.conventions.convention import Convention
from convcalc.conventions.words import Centre, Channels, Output, Size, Turn

_SETTINGS = frozenset({"stride", "padding", "dilation", "groups", "bias"})
_CHANNELS_FIRST = "input (batch, channel, *spatial), weight (output channel, channel / groups, *kernel)"
_CHANNELS_LAST = "input (batch, *spatial, channel), weight (*kernel, channel / groups, output channel)"
_LAYER: dict[str, Any] = {
    "size": Size.VALID,
    "centre": Centre.LOWER,
    "channels": Channels.SUMMED,
    "takes": _SETTINGS,
    "ranks": (1, 2, 3),
    "layout": _CHANNELS_FIRST,
}
_WORDS = {"SAME": "same", "VALID": "valid"}
_ONNX_WORDS = {"SAME_UPPER": "same", "SAME_LOWER": "same-lower", "VALID": "valid", "NOTSET": "valid"}
_FLOATS_ONLY = ("float32", "float16")

NETWORK_FUNCTIONS = (
    Convention(
        name="torch.nn.functional.conv2d",
        aliases=(
            "torch.nn.functional.conv1d",
            "torch.nn.functional.conv3d",
            "torch.nn.Conv1d",
            "torch.nn.Conv2d",
            "torch.nn.Conv3d",
            "torch",
        ),
        measured="PyTorch 2.13.0",
        same_needs="stride",
        only_borders=frozenset({"zeros", "reflect", "replicate", "circular"}),
        types=("int64", "int32", "int16", "int8", "uint8", "float64", "float32", "float16"),
        notes=(
            "whole numbers stay in their type and wrap",
            "padding reflect must be less than the input, circular at most the input",
            "padding and padding_mode other than zeros are those of nn.Conv2d",
        ),
        **(_LAYER | {"takes": _SETTINGS | {"boundary"}}),
    ),
    Convention(
        name="jax.lax.conv_general_dilated",
        aliases=("lax.conv_general_dilated", "lax.conv"),
        measured="JAX 0.10.2",
        paddings={**_WORDS, "SAME_LOWER": "same-lower"},
        types=("int32", "int16", "int8", "uint8", "uint16", "uint32", "float32", "float16"),
        notes=("padding must be given; VALID is taken here", "whole numbers stay in their type and wrap"),
        **_LAYER,
    ),
    Convention(
        name="keras.layers.Conv2D",
        aliases=("keras.layers.Conv1D", "keras.layers.Conv3D", "keras.ops.conv", "tf.nn.conv2d"),
        measured="Keras 3.15.1",
        paddings=_WORDS,
        types=_FLOATS_ONLY,
        notes=("a layer refuses a stride and a dilation that are both above 1",),
        **(_LAYER | {"layout": _CHANNELS_LAST}),
    ),
    Convention(
        name="onnxruntime.Conv",
        aliases=("onnx.Conv", "onnxruntime"),
        measured="onnxruntime 1.32.0",
        paddings=_ONNX_WORDS,
        same_needs="dilation",
        types=_FLOATS_ONLY,
        notes=("SAME of a kernel shorter than the stride pads a negative number of cells, which is not computed here",),
        **_LAYER,
    ),
    Convention(
        name="openvino.Convolution",
        aliases=("openvino",),
        measured="OpenVINO 2026.4.1",
        paddings=_ONNX_WORDS,
        types=("float32", "float64", "float16"),
        **_LAYER,
    ),
    Convention(
        name="paddle.nn.functional.conv2d",
        aliases=("paddle.nn.functional.conv1d", "paddle.nn.functional.conv3d", "paddle"),
        measured="PaddlePaddle 3.3.1",
        paddings=_WORDS,
        same_needs="loses dilation",
        types=("float32", "float64"),
        notes=("padding SAME takes the dilation for 1",),
        **_LAYER,
    ),
    Convention(
        name="mlx.nn.Conv2d",
        aliases=("mlx.nn.Conv1d", "mlx.core.conv_general", "mlx"),
        measured="MLX 0.32.4",
        types=_FLOATS_ONLY,
        **(_LAYER | {"layout": "input (batch, *spatial, channel), weight (output channel, *kernel, channel / groups)"}),
    ),
    Convention(
        name="ncnn.Convolution",
        aliases=("ncnn",),
        measured="ncnn 1.0.20261020",
        paddings={"-233": "same", "-234": "same-lower"},
        types=("float32",),
        **(_LAYER | {"layout": "input (channel, *spatial), weight (output channel, channel, *kernel)"}),
    ),
    Convention(
        name="tinygrad.Tensor.conv2d",
        aliases=("tinygrad",),
        measured="tinygrad 0.14.0",
        output=Output.SUMS,
        types=("int64", "int32", "int16", "int8", "uint8", "float32", "float64", "float16"),
        notes=("whole numbers of fewer than 32 bits are added, and come out, as int32",),
        **_LAYER,
    ),
    Convention(
        name="mlx.core.convolve",
        measured="MLX 0.32.4",
        turn=Turn.BOTH,
        size=Size.FULL,
        same=Size.LONGER,
        paddings={"full": "full", "same": "same", "valid": "valid"},
        types=_FLOATS_ONLY,
        ranks=(1,),
        notes=("as numpy.convolve",),
    ),
)
