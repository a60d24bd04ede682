"""Problems and networks as data, from which programs of every library are written: all options, one to three axes."""

from __future__ import annotations

from itertools import product
from typing import Any

PLANE = [[3, 1, 4, 1, 5], [9, 2, 6, 5, 3], [5, 8, 9, 7, 9], [3, 2, 3, 8, 4]]
LINE = [1, 2, 3, 4, 5, 6, 7]
BOUNDARIES = ("zeros", "reflect", "symmetric", "replicate", "circular", 7)


def drawn(*shape: int, seed: int = 1, low: int = -5, high: int = 9) -> dict[str, Any]:
    """Whole numbers at random."""
    return {"random": list(shape), "seed": seed, "low": low, "high": high}


PROBLEMS: dict[str, dict[str, Any]] = {
    "sobel": {"input": PLANE, "kernel": "sobel-x"},
    "box": {"input": PLANE, "kernel": "box", "padding": 1},
    "gaussian-turned": {"input": PLANE, "kernel": "gaussian", "padding": 1, "boundary": "reflect", "flip": True},
    "scales": {"input": PLANE, "kernel": ["box", "sobel-x"], "bias": [1, 2]},
    "even-same": {"input": PLANE, "kernel": [[1, 2], [3, 4]], "padding": "same", "flip": True, "boundary": "reflect"},
    "even-upper": {"input": PLANE, "kernel": [[1, 2], [3, 4]], "padding": "same", "boundary": "reflect"},
    "even-lower": {"input": PLANE, "kernel": [[1, 2], [3, 4]], "padding": "same-lower", "boundary": "reflect"},
    "even-lower-turned": {
        "input": PLANE, "kernel": [[1, 2], [3, 4]], "padding": "same-lower", "flip": True, "boundary": "reflect",
    },
    "fractions": {"input": PLANE, "kernel": "box", "dtype": "exact", "bias": "1/3"},
    "fractions-in": {"input": [["1/3", 2], [3, 4]], "kernel": [[1, 1]]},
    "huge": {"input": [[10**20, 2], [3, 4]], "kernel": [[1, 1]]},
    "large-whole": {"input": [[2**54, 2], [3, -(2**54)]], "kernel": [[1, 1]]},
    "floats": {"input": [[0.5, 1.25], [2, 3]], "kernel": [[1, 2]], "bias": 0.1},
    "infinite": {"input": [[0.5, float("inf")], [float("nan"), 3]], "kernel": [[1, 2]]},
    "float32": {"input": PLANE, "kernel": "sobel-x", "dtype": "float32"},
    "float64": {"input": PLANE, "kernel": "gaussian", "dtype": "float64", "bias": 2},
    "batch": {"input": drawn(2, 3, 6, 5), "dims": 2, "kernel": drawn(2, 3, 3, 3), "padding": "same", "stride": [2, 1]},
    "batch-of-planes": {"input": drawn(3, 1, 4, 4), "dims": 2, "kernel": "sobel-x"},
    "depthwise": {"input": drawn(3, 6, 5), "dims": 2, "kernel": "sobel-x", "depthwise": True, "padding": 1},
    "random": {
        "input": {"random": [3, 6, 5], "seed": 1}, "dims": 2, "kernel": {"random": [2, 3, 2, 2], "seed": 3},
        "padding": 1, "dilation": [2, 1], "bias": 0.5,
    },
    "volume": {
        "input": drawn(4, 5, 6), "dims": 3, "kernel": drawn(2, 3, 2, seed=3), "padding": 1, "stride": [1, 2, 1],
    },
    "volumes": {
        "input": drawn(2, 4, 5, 6), "dims": 3, "kernel": drawn(3, 2, 2, 2, 3, seed=3), "padding": 1, "flip": True,
        "boundary": "reflect",
    },
    "four-axes": {"input": drawn(2, 2, 3, 3, 3), "dims": 4, "kernel": drawn(2, 2, 2, 2, seed=3)},
    "digit": {"input": drawn(28, 28, low=0, high=255), "kernel": "gaussian:5,1.2"},
    "large": {"input": drawn(40, 40, low=0, high=255), "kernel": "box:9", "padding": "same"},
    "wide-reflect": {"input": PLANE, "kernel": [[1, 2, 3]], "padding": [[0, 0], [7, 9]], "boundary": "reflect"},
    "wide-symmetric": {"input": PLANE, "kernel": [[1, 2, 3]], "padding": [[0, 0], [7, 9]], "boundary": "symmetric"},
    "wide-circular": {"input": PLANE, "kernel": [[1, 2, 3]], "padding": [[0, 0], [7, 9]], "boundary": "circular"},
    "one-cell": {"input": [[5]], "dims": 2, "kernel": [[1, 2, 3]], "padding": [[0, 0], [2, 2]], "boundary": "reflect"},
    "only-zeros": {"input": [[0, 0, 0]], "dims": 1, "kernel": [0.5, 0]},
}  # fmt: skip
for _word in BOUNDARIES:
    PROBLEMS |= {
        f"plane-{_word}": {"input": PLANE, "kernel": "sobel-x", "padding": 1, "boundary": _word},
        f"turned-{_word}": {
            "input": PLANE, "kernel": [[1, 2], [3, 4]], "padding": [[1, 0], [0, 1]], "boundary": _word, "flip": True,
            "stride": 2,
        },
        f"line-{_word}": {
            "input": LINE, "dims": 1, "kernel": [1, 0, -2], "padding": [[2, 1]], "boundary": _word, "dilation": 2,
        },
        f"groups-{_word}": {
            "input": drawn(4, 6, 5), "dims": 2, "kernel": drawn(6, 2, 3, 2, seed=2, low=-3, high=3), "groups": 2,
            "padding": 2, "boundary": _word, "bias": [1, 2, 3, 4, 5, 6],
        },
    }  # fmt: skip


def network(shape: tuple[int, ...], *layers: Any, **more: Any) -> dict[str, Any]:
    """Layers with weights at random on whole numbers."""
    return {"input": drawn(*shape), "layers": list(layers), "weights": {"random": 0}, **more}


POOLS: tuple[dict[str, Any], ...] = (
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"kernel_size": 2, "stride": 3, "padding": [[1, 0], [0, 1]]},
    {"kernel_size": 3, "stride": 2, "padding": 2},
)
NETWORKS: dict[str, dict[str, Any]] = {
    "residual": network(
        (3, 8, 8),
        {"conv": {"out_channels": 4, "kernel_size": 3, "padding": "same", "name": "stem"}},
        "batch-norm",
        "relu",
        {"max-pool": 2},
        {"depthwise-separable": {"out_channels": 4, "kernel_size": 3, "padding": 1}},
        {"add": "max-pool1"},
        {"conv": {"weight": ["sobel-x", "sobel-y"]}},
        "flatten",
        {"linear": 10},
        "softmax",
    ),
    "batch-of-networks": network(
        (3, 2, 4, 4),
        {"conv": {"out_channels": 2, "kernel_size": 3, "padding": 1, "boundary": "symmetric"}},
        "relu",
        {"conv": {"out_channels": 2, "kernel_size": 2, "stride": 2, "boundary": "circular", "padding": 1}},
    ),
    "batch-of-pools": network(
        (2, 2, 6, 7), {"avg-pool": {"kernel_size": 3, "stride": 2, "padding": 2, "count_include_pad": False}}
    ),
    "line": network((2, 6), {"transposed-conv": {"out_channels": 2, "kernel_size": 2, "stride": 3}}, "sigmoid", dims=1),
    "line-pools": network((2, 7), {"avg-pool": {"kernel_size": 2, "divisor_override": 3}}, {"max-pool": 2}, dims=1),
    "cubes": network((2, 4, 4, 4), {"avg-pool": 2}, {"upsample": [2, 1, 3]}, {"max-pool": 2}, dims=3),
    "means": network((2, 4, 4), "global-avg-pool", "flatten", {"linear": {"out_features": 3, "bias": False}}),
    "not-a-number": {
        "input": [[float("nan"), 1.5, -2], [3, -4, float("inf")]], "dims": 2, "layers": ["relu", {"max-pool": [1, 2]}],
    },
    "leaky-nan": {"input": [[float("nan"), 1.5], [3, -4]], "dims": 2, "layers": [{"leaky-relu": 0.5}, "sigmoid"]},
    "maximum": network((2, 4, 4), "global-max-pool"),
    "adaptive": network((2, 4, 4), {"adaptive-avg-pool": 2}, "bias", {"upsample": 2}),
    "divisor": network((2, 6, 7), {"avg-pool": {"kernel_size": 2, "divisor_override": 3}}),
    "dilated-pool": network(
        (2, 6, 7), {"max-pool": {"kernel_size": 2, "dilation": 2, "stride": 1}}, {"leaky-relu": 0.1}
    ),
    "plain-norm": network((2, 3, 3), {"batch-norm": {"affine": False, "eps": 0.5}}, "tanh"),
    "whole": {
        "input": PLANE,
        "layers": [
            {"conv": {"weight": "sobel-x", "padding": 1}}, "relu", {"max-pool": 2}, {"conv": {"weight": [[1, 1]]}},
        ],
    },
    "exact": {"input": PLANE, "layers": [{"conv": {"weight": "box", "padding": 1}}, "relu"], "dtype": "exact"},
    "exact-pool": {"input": PLANE, "layers": [{"avg-pool": 2}, {"leaky-relu": "1/3"}], "dtype": "exact"},
    "exact-border": {
        "input": PLANE, "layers": [{"avg-pool": {"kernel_size": 3, "padding": 1, "count_include_pad": False}}],
        "dtype": "exact",
    },
    "names": network((1, 3, 3), {"conv": {"out_channels": 1, "kernel_size": 2, "name": "sum"}},
                     {"conv": {"out_channels": 1, "kernel_size": 1, "name": "conv_weight"}},
                     {"relu": {"name": "import os"}}, {"relu": {"name": "output"}},
                     {"conv": {"out_channels": 1, "kernel_size": 1, "name": "conv"}}, {"relu": {"name": "★"}}),
}  # fmt: skip
_TRANSPOSED = (
    *((0, 1, 0, 1, 1), (1, 2, 1, 1, 1), (1, 3, 0, 2, 1), (2, 1, 0, 1, 2)),
    *(([[0, 2], [1, 0]], 2, 1, 1, 1), (3, 2, 0, 2, 2)),
)
"""Padding, stride, output padding, groups and dilation."""
for _number, (_padding, _stride, _extra, _groups, _dilation) in enumerate(_TRANSPOSED):
    NETWORKS[f"transposed-{_number}"] = network(
        (4, 5, 4),
        {
            "transposed-conv": {
                "out_channels": 6, "kernel_size": 3, "stride": _stride, "padding": _padding, "output_padding": _extra,
                "groups": _groups, "dilation": _dilation,
            }
        },
    )  # fmt: skip
for _number, (_pool, (_kind, _more)) in enumerate(
    product(POOLS, (("max-pool", {}), ("avg-pool", {}), ("avg-pool", {"count_include_pad": False})))
):
    NETWORKS[f"pool-{_number}"] = network((2, 6, 7), {_kind: {**_pool, **_more}}, "relu")
EVERY = {**PROBLEMS, **NETWORKS}
REFUSED = {
    "torch": ["four-axes"],
    "keras": ["four-axes", "dilated-pool", "transposed-2", "transposed-5"],
    "onnx": ["four-axes", "not-a-number"],
    "opencv": ["volume", "volumes", "four-axes", "cubes"],
}
"""What a library cannot compute at all, in the order of the table."""
