"""The boundary ``interp``: the ends of a Savitzky-Golay filter are read off the fits of the first and the last window.

It is no value of cells outside the input, but other weights at the ends: two convolutions of one position each, whose
filters are the places of the window before and behind its middle, side by side with the convolution between them. That
is ``mode="interp"`` of SciPy's ``savgol_filter``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from convcalc.errors import FieldError, GeometryError
from convcalc.kernels.kernel import Kernel
from convcalc.kernels.signal_filters import savitzky_golay_places
from convcalc.layers.kinds.concat import Concat
from convcalc.layers.kinds.convolution import Convolution
from convcalc.layers.kinds.rearranged import Reshape, Slice
from convcalc.layers.layer import Values
from convcalc.layers.network import INPUT, Network
from convcalc.layers.stage import Stage
from convcalc.request.request import Request
from convcalc.request.text_values import plain_value, truth
from convcalc.wording import counted

_BUILDER = "savitzky-golay"


@contextmanager
def between_the_ends(request: Request, kernels: Sequence[Kernel]) -> Iterator[Request]:
    """The request of the samples between the ends, without the boundary; a padding ``same`` is what the ends make.

    Raises:
        FieldError: a kernel is no Savitzky-Golay filter, or a field says otherwise.
        GeometryError: the signal is shorter than the kernel.
    """
    for kernel in kernels:
        if kernel.builder != _BUILDER or kernel.made_from:
            raise FieldError(
                f"boundary interp is of savitzky-golay kernels, not of {kernel.name or 'weights'}",
                hint="--kernel savitzky-golay:11,3; or boundary reflect, SciPy's mirror",
                field="boundary",
            )
    for name, neutral in (("stride", 1), ("dilation", 1)):
        if request.value(name, 1) not in (neutral, [neutral]):
            raise FieldError(f"boundary interp has {name} 1, got {request.value(name, 1)}", field=name)
    if "padding" in request.fields and plain_value(request.fields["padding"].node) != "same":
        raise FieldError("boundary interp makes the output as long as the input", hint="padding same", field="padding")
    if "flip" in request.fields and truth("flip", request.fields["flip"].node):
        raise FieldError(
            "boundary interp is of cross-correlation, as savgol_filter is", hint="leave flip out", field="flip"
        )
    fields = {name: each for name, each in request.fields.items() if name not in ("boundary", "padding")}
    try:
        yield replace(request, fields=fields)
    except GeometryError as error:
        if "does not fit" in error.message:
            error.hint = "boundary interp fits a whole window: take a smaller kernel, or another boundary"
        raise


def with_fitted_ends(network: Network, kernels: Sequence[Kernel]) -> Network:
    """The network of one convolution of ``kernels`` with the ends beside its output."""
    (stage,) = network.stages
    length, taps = network.input_shape[-1], kernels[0].weights.size
    half = taps // 2
    if not half:
        return network
    middle = replace(stage, problem=None)
    first = _end("first", middle, kernels, slice(0, taps), range(-half, 0), at=1)
    last = _end("last", middle, kernels, slice(length - taps, length), range(1, half + 1), at=4)
    parts = [each.layer.output_shape for each in (first[-1], middle, last[-1])]
    whole = Stage("fitted", Concat.of(*parts, axis=1), (3, 0, 6))
    samples = counted(half, "sample")
    note = (
        f"boundary interp: the first and the last {samples} are those of the polynomial that fits the first and the "
        f"last {taps}, as savgol_filter has them"
    )
    return replace(network, stages=(middle, *first, *last, whole), notes=(note,))


def _end(
    name: str, middle: Stage, kernels: Sequence[Kernel], cells: slice, places: range, at: int
) -> tuple[Stage, Stage, Stage]:
    """The window at an end, its fit at each place, and these in a row; ``at``: the number of the first of the three."""
    assert isinstance(middle.layer, Convolution)
    counts = middle.layer.counts
    window = Slice.of(middle.layer.input_shape, start=cells.start, stop=cells.stop, axis=1)
    fit = Convolution.of(
        window.output_shape,
        out_channels=counts.out_channels * len(places),
        kernel_size=counts.kernel_size,
        groups=counts.groups,
        bias=counts.has_bias,
    )
    row = Reshape.of(fit.output_shape, shape=[counts.out_channels, len(places)])
    return (
        Stage(f"{name}-window", window, (INPUT,)),
        Stage(f"{name}-fit", fit, (at,), lambda: _values(middle.values(), kernels, places)),
        Stage(f"{name}-samples", row, (at + 1,)),
    )


def _values(values: Values, kernels: Sequence[Kernel], places: range) -> Values:
    """The numbers of an end's convolution: for each output channel, the weights of each place."""
    _, span, taps = values["weight"].shape
    fits = {kernel.name: savitzky_golay_places(1, **kernel.arguments, places=places) for kernel in kernels}
    repeated = [kernels[number % len(kernels)] for number in range(len(values["weight"]))]
    rows = [each for kernel in repeated for each in fits[kernel.name]]
    weight = np.stack([np.broadcast_to(weights, (span, taps)) for weights, _ in rows])
    found = {"weight": weight, "scale": np.array([scale for _, scale in rows], dtype=object)}
    return found | ({"bias": np.repeat(values["bias"], len(places))} if "bias" in values else {})
