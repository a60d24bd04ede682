"""Parametric kernels: a table of their builders and of the builders' parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any, NamedTuple

from convcalc.errors import FieldError, UnknownNameError
from convcalc.geometry.arguments import whole
from convcalc.kernels import differences, signal_filters, smoothing
from convcalc.kernels import library_variants as elsewhere
from convcalc.kernels.transform import Weights

_MOST_AXES, _DEFAULT_RANK = 8, 2


class Builder(NamedTuple):
    """The function that builds the weights of a parametric kernel, and its rank."""

    make: Callable[..., Weights]
    """Called with the number of axes, then its own parameters, whose names, order and defaults are the function's."""
    rank: int | None = None
    """The only number of axes that it is defined for; None: any."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters, in positional order."""
        return tuple(signature(self.make).parameters)[1:]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all keyword arguments: its parameters, and ``rank`` where it is not fixed."""
        return self.parameters if self.rank else (*self.parameters, "rank")

    @property
    def required(self) -> tuple[str, ...]:
        """The parameters without a default."""
        known = signature(self.make).parameters
        return tuple(name for name in self.parameters if known[name].default is Parameter.empty)


BUILDERS: dict[str, Builder] = {
    "box": Builder(smoothing.box),
    "gaussian": Builder(smoothing.gaussian),
    "tent": Builder(smoothing.tent),
    "disk": Builder(smoothing.disk, rank=2),
    "motion": Builder(smoothing.motion, rank=2),
    "laplacian": Builder(differences.laplacian),
    "log": Builder(differences.laplacian_of_gaussian),
    "dog": Builder(differences.difference_of_gaussians),
    "gabor": Builder(differences.gabor, rank=2),
    "derivative": Builder(differences.derivative, rank=1),
    "savitzky-golay": Builder(signal_filters.savitzky_golay, rank=1),
    "lowpass": Builder(signal_filters.lowpass, rank=1),
    "highpass": Builder(signal_filters.highpass, rank=1),
    "bandpass": Builder(signal_filters.bandpass, rank=1),
    "bandstop": Builder(signal_filters.bandstop, rank=1),
    "unsharp": Builder(differences.unsharp),
    "high-boost": Builder(differences.high_boost),
    "gaussian@matlab": Builder(elsewhere.gaussian_of_matlab, rank=2),
    "gaussian@opencv": Builder(elsewhere.gaussian_of_opencv, rank=2),
    "gaussian@scipy": Builder(elsewhere.gaussian_of_scipy),
    "gaussian@scikit-image": Builder(elsewhere.gaussian_of_scipy),
    "laplacian@matlab": Builder(elsewhere.laplacian_of_matlab, rank=2),
    "unsharp@matlab": Builder(elsewhere.unsharp_of_matlab, rank=2),
}
"""Name → builder; with ``@library``, that library's kernel of this name."""


def build(builder: str, arguments: Mapping[str, Any], rank: int | None = None) -> Weights:
    """The weights (*kernel_size) of a builder with its arguments, in ``rank`` axes unless those fix the rank.

    Raises:
        UnknownNameError: it has no parameter of that name.
        FieldError: an argument is missing, or not what it must be.
    """
    known = BUILDERS[builder]
    for name in arguments:
        if name not in known.names:
            raise UnknownNameError("parameter", name, known.names)
    for name in known.required:
        if name not in arguments:
            raise FieldError(f"{builder} needs the parameter {name}", hint=f"its parameters: {', '.join(known.names)}")
    axes = fixed_rank(builder, arguments) or rank or _DEFAULT_RANK
    if axes > _MOST_AXES:
        raise FieldError(f"rank is at most {_MOST_AXES} axes, got {axes}")
    return known.make(axes, **{name: value for name, value in arguments.items() if name != "rank"})


def fixed_rank(builder: str, arguments: Mapping[str, Any]) -> int | None:
    """The number of axes fixed by the builder or its arguments, or None."""
    if BUILDERS[builder].rank:
        return BUILDERS[builder].rank
    if "rank" in arguments:
        return whole("rank", arguments["rank"], 1)
    size = arguments.get("size")
    return len(size) if isinstance(size, list | tuple) else None
