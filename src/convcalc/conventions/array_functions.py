"""The conventions of functions on arrays of numbers: SciPy, NumPy, JAX' NumPy, Octave, R."""

from __future__ import annotations

from typing import Any

from convcalc.conventions.convention import FLOATS, Convention
from convcalc.conventions.words import Border, Centre, Divisor, Output, Overflow, Rounding, Size, Turn, ZeroSum

_SCIPY = "SciPy 1.18.1"
_NUMPY = "NumPy 2.4"
_OCTAVE = "Octave 7.3.0, image 2.14.0"
_MODES = {"full": "full", "same": "same", "valid": "valid"}
_BOUNDARY = frozenset({"boundary"})
_NDIMAGE: dict[str, Any] = {
    "measured": _SCIPY,
    "border": Border.SYMMETRIC,
    "sums": "float64",
    "takes": _BOUNDARY,
    "borders": {
        "grid-mirror": "symmetric",
        "mirror": "reflect",
        "nearest": "replicate",
        "wrap": "circular",
        "grid-wrap": "circular",
        "constant": "zeros",
        "grid-constant": "zeros",
    },
    "notes": ("its border reflect is symmetric here, its mirror is reflect", "whole numbers beyond 2^53 lose digits"),
}
_SIGNAL: dict[str, Any] = {
    "measured": _SCIPY,
    "size": Size.FULL,
    "paddings": _MODES,
    "output": Output.COMMON,
}
_PLANE_BORDERS = {"fill": "zeros", "wrap": "circular", "symm": "symmetric"}
_PLANE: dict[str, Any] = {
    **_SIGNAL,
    "takes": _BOUNDARY,
    "borders": _PLANE_BORDERS,
    "only_borders": frozenset(_PLANE_BORDERS.values()),
    "ranks": (2,),
}
_LONGER: dict[str, Any] = {**_SIGNAL, "same": Size.LONGER, "ranks": (1,)}
_FOURIER = ("by a Fourier transform: one nan spoils all cells, and whole numbers come out as float64, not rounded",)

ARRAY_FUNCTIONS = (
    Convention(
        name="scipy.ndimage.convolve",
        aliases=("scipy.ndimage.convolve1d", "dask_image.ndfilters.convolve"),
        turn=Turn.BOTH,
        centre=Centre.LOWER,
        **_NDIMAGE,
    ),
    Convention(
        name="scipy.ndimage.correlate",
        aliases=("scipy.ndimage.correlate1d", "dask_image.ndfilters.correlate"),
        **_NDIMAGE,
    ),
    Convention(name="scipy.signal.convolve", turn=Turn.BOTH, **_SIGNAL),
    Convention(name="scipy.signal.correlate", **_SIGNAL),
    Convention(name="scipy.signal.convolve2d", turn=Turn.BOTH, **_PLANE),
    Convention(name="scipy.signal.correlate2d", centre=Centre.LOWER, **_PLANE),
    Convention(
        name="scipy.signal.fftconvolve",
        aliases=("scipy.signal.oaconvolve",),
        turn=Turn.BOTH,
        notes=_FOURIER,
        **(_SIGNAL | {"output": Output.REAL}),
    ),
    Convention(name="numpy.convolve", turn=Turn.BOTH, **(_LONGER | {"measured": _NUMPY})),
    Convention(name="numpy.correlate", **(_LONGER | {"measured": _NUMPY, "size": Size.VALID})),
    Convention(
        name="jax.numpy.convolve",
        turn=Turn.BOTH,
        **(_LONGER | {"measured": "JAX 0.10.2", "output": Output.FLOAT32}),
        notes=("whole numbers become float32",),
    ),
    Convention(
        name="octave.conv2",
        aliases=("octave.conv",),
        measured=_OCTAVE,
        turn=Turn.BOTH,
        centre=Centre.LOWER,
        size=Size.FULL,
        paddings=_MODES,
        types=("float64", "float32"),
    ),
    Convention(
        name="octave.filter2",
        measured=_OCTAVE,
        centre=Centre.LOWER,
        paddings=_MODES,
        types=("float64", "float32"),
        ranks=(2,),
    ),
    Convention(
        name="octave.imfilter",
        measured=_OCTAVE,
        centre=Centre.LOWER,
        rounding=Rounding.HALF_AWAY,
        overflow=Overflow.SATURATE,
        takes=_BOUNDARY,
        types=("float64", "float32", "uint8", "uint16", "int8", "int16", "int32"),
        ranks=(2,),
        notes=("numbers typed by hand are double, as in Octave; imfilter:uint8 reads them as an image's",),
    ),
    Convention(
        name="r.filter",
        aliases=("stats::filter", "R filter"),
        measured="R 4.2.2",
        turn=Turn.BOTH,
        centre=Centre.LOWER,
        border=Border.MISSING,
        output=Output.FLOAT64,
        types=("float64",),
        ranks=(1,),
        takes=_BOUNDARY,
        only_borders=frozenset({"circular"}),
        notes=("cells whose window reaches outside are NA, nan here; --boundary circular for circular=TRUE",),
    ),
    Convention(
        name="astropy.convolution.convolve",
        aliases=("astropy.convolve",),
        measured="astropy 8.0.2",
        turn=Turn.BOTH,
        divisor=Divisor.SUM,
        zero_sum=ZeroSum.REFUSED,
        output=Output.REAL,
        sums="float64",
        odd_only=True,
        finite_only=True,
        takes=_BOUNDARY,
        borders={"fill": "zeros", "extend": "replicate", "wrap": "circular"},
        only_borders=frozenset({"zeros", "replicate", "circular"}),
        notes=("nan are interpolated from their neighbours",),
    ),
    Convention(
        name="sox-fir",
        measured="SoX 14.4.2",
        turn=Turn.BOTH,
        types=("float64", "float32"),
        ranks=(1,),
        notes=("the delay of (k − 1) // 2 samples is taken out",),
    ),
    Convention(
        name="webaudio.ConvolverNode",
        measured="Chromium 156.0.8078.108",
        turn=Turn.BOTH,
        centre=Centre.LAST,
        divisor=Divisor.LOUDNESS,
        output=Output.FLOAT32,
        types=FLOATS,
        ranks=(1,),
        notes=("normalize=true at 44,100 samples a second; divisor=1 for normalize=false",),
    ),
)
