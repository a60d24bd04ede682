"""Other libraries' names for the fields of a problem and the arguments of a layer, for hints on unknown ones."""

from __future__ import annotations

from collections.abc import Iterable

from convcalc.errors import FieldPath, UnknownNameError

_ELSEWHERE = {
    "input": ("image", "img", "src", "x", "data", "array", "signal"),
    "kernel": ("filter", "weight", "weights", "kernel_size", "ksize", "template", "footprint"),
    "weight": ("filter", "kernel", "weights"),
    "kernel_size": ("kernel_shape", "kernel", "ksize", "pool_size", "filter_size", "window", "window_shape"),
    "out_channels": ("filters", "num_filters", "num_output", "cout", "out_planes", "features"),
    "out_features": ("units", "features", "out_dim", "num_output"),
    "stride": ("strides", "window_strides", "subsample", "step"),
    "padding": ("pads", "pad", "pad_width", "auto_pad", "paddings", "mode"),
    "boundary": ("padding_mode", "pad_mode", "border", "border_mode", "border_type", "bordertype", "mode", "cval",
                 "fillvalue", "fill_value", "constant_values"),
    "dilation": ("dilations", "dilation_rate", "rate", "atrous", "rhs_dilation", "window_dilation"),
    "groups": ("group", "num_groups", "n_groups", "feature_group_count"),
    "bias": ("use_bias", "biases", "offset"),
    "flip": ("convolve", "correlate", "transpose_kernel"),
    "dtype": ("type", "data_type", "precision"),
    "eps": ("epsilon",),
    "ceil_mode": ("ceil",),
    "count_include_pad": ("include_pad", "count_pad"),
    "negative_slope": ("alpha", "slope", "leak"),
    "expect": ("output", "expected", "result"),
}  # fmt: skip
"""Each of our names with those of PyTorch, Keras, ONNX, JAX, SciPy and OpenCV for the same thing, in lower case."""


def unknown_key(
    kind: str, key: str, known: Iterable[str], *, field: FieldPath = (), at_key: bool = False
) -> UnknownNameError:
    """The error of an unknown key, with our name as the hint where it is another library's name."""
    names = tuple(known)
    ours = " or ".join(called_here(key, names))
    return UnknownNameError(kind, key, names, hint=ours and f"here it is called {ours}", field=field, at_key=at_key)


def called_here(key: str, known: Iterable[str]) -> list[str]:
    """Those of the known names that another library calls by this name.

    >>> called_here("padding_mode", ["padding", "boundary"])
    ['boundary']
    """
    names = frozenset(known)
    return [ours for ours, theirs in _ELSEWHERE.items() if ours in names and key.lower() in theirs]
