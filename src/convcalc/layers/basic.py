"""The layers that every library has under one name or another, with the arguments that all of them take."""

from __future__ import annotations

from convcalc.layers.layer import Layer

BASIC = frozenset(
    (
        *("conv", "transposed-conv", "linear", "bias", "batch-norm", "add", "flatten", "upsample"),
        *("relu", "leaky-relu", "sigmoid", "tanh", "softmax"),
        *("max-pool", "avg-pool", "global-max-pool", "global-avg-pool", "adaptive-avg-pool"),
    )
)
"""Their kinds."""


def is_common(layer: Layer) -> bool:
    """Whether a layer's arguments are common too: softmax by channels, a number for each, even windows."""
    return not any(getattr(layer, name, None) for name in ("axis", "is_shared", "windows"))
