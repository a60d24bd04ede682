"""The conventions of programs on images: ImageMagick, GraphicsMagick, G'MIC, libvips, FFmpeg, netpbm, GDAL, SVG."""

from __future__ import annotations

from typing import Any

from convcalc.conventions.convention import Convention
from convcalc.conventions.words import Border, Centre, Divisor, Output, Overflow, Rounding, Turn, Weights, ZeroSum

_LEVELS_16 = 257
"""Numbers of 16 bits for each of 8."""
_PICTURE: dict[str, Any] = {
    "border": Border.REPLICATE,
    "rounding": Rounding.HALF_UP,
    "overflow": Overflow.SATURATE,
    "types": ("uint8",),
    "ranks": (2,),
}
_MAGICK: dict[str, Any] = {
    **_PICTURE,
    "measured": "ImageMagick 6.9.11-60 Q16",
    "quantum": _LEVELS_16,
    "takes": frozenset({"bias"}),
    "notes": (
        "8 bits are computed as 16 and cut to 8 again, as -depth 8 and PNG do; PGM without -depth rounds them",
        "with transparency the colours are weighted by it, unless -channel RGB",
    ),
}
_GMIC: dict[str, Any] = {
    "measured": "G'MIC 2.9.4",
    "border": Border.REPLICATE,
    "types": ("float32",),
    "takes": frozenset({"boundary"}),
    "borders": {"0": "zeros", "1": "replicate", "2": "circular", "3": "symmetric"},
}
_VIPS: dict[str, Any] = {
    "measured": "libvips 8.14.1",
    "border": Border.REPLICATE,
    "takes": frozenset({"bias"}),
    "ranks": (2,),
}

PROGRAM_FUNCTIONS = (
    Convention(name="magick-morphology-convolve", aliases=("magick-convolve-morphology",), turn=Turn.BOTH, **_MAGICK),
    Convention(name="magick-morphology-correlate", centre=Centre.LOWER, **_MAGICK),
    Convention(
        name="magick-convolve", aliases=("convert-convolve",), centre=Centre.LOWER, divisor=Divisor.SUM, **_MAGICK
    ),
    Convention(
        name="gm-convolve",
        divisor=Divisor.SUM,
        odd_only=True,
        **(
            _MAGICK
            | {
                "measured": "GraphicsMagick 1.3.40 Q16",
                "takes": frozenset(),
                "notes": ("a picture smaller than the kernel is an error there",),
            }
        ),
    ),
    Convention(name="gmic-convolve", turn=Turn.BOTH, **_GMIC),
    Convention(name="gmic-correlate", centre=Centre.LOWER, **_GMIC),
    Convention(
        name="vips-conv",
        aliases=("vips conv", "pyvips.conv"),
        output=Output.FLOAT32,
        types=("uint8", "uint16", "int16", "float32"),
        notes=("precision float, the default: not cut to the type of the input; divisor=N is the mask's scale",),
        **_VIPS,
    ),
    Convention(
        name="vips-convi",
        aliases=("pyvips.convi",),
        weights=Weights.ROUNDED,
        rounding=Rounding.WHOLE_HALF,
        overflow=Overflow.SATURATE,
        types=("uint8", "uint16", "int16", "int32"),
        notes=("divisor=N is the mask's scale; its vector code, without VIPS_NOVECTOR=1, differs",),
        **_VIPS,
    ),
    Convention(
        name="ffmpeg-convolution",
        aliases=("ffmpeg convolution",),
        measured="FFmpeg 7.0.2",
        weights=Weights.TRUNCATED,
        divisor=Divisor.SUM,
        single=True,
        kernel_sizes=(3, 5, 7),
        takes=frozenset({"bias"}),
        notes=("FFmpeg 5.1.9 has the border reflect on both sides for 5x5 and 7x7",),
        **(_PICTURE | {"border": Border.REFLECT_SYMMETRIC, "rounding": Rounding.TRUNCATED_HALF}),
    ),
    Convention(
        name="pnmconvol",
        measured="netpbm 11.1.0",
        margin_offset=True,
        odd_only=True,
        zero_sum=ZeroSum.BLACK,
        takes=frozenset({"bias"}),
        notes=("-normalize divides by the signed sum: divisor=sum; a sum of 0 gives black",),
        **(_PICTURE | {"border": Border.KEPT, "types": ("uint8", "uint16")}),
    ),
    Convention(
        name="gdal.KernelFilteredSource",
        aliases=("gdal",),
        measured="GDAL 3.6.2",
        zero_sum=ZeroSum.BLACK,
        sums="float32",
        odd_only=True,
        notes=('normalized="1" is divisor=sum; a sum of 0 gives 0 everywhere',),
        **(
            _PICTURE
            | {"rounding": Rounding.HALF_AWAY, "types": ("uint8", "uint16", "int16", "int32", "float32", "float64")}
        ),
    ),
    Convention(
        name="svg.feConvolveMatrix",
        aliases=("feConvolveMatrix", "svg feConvolveMatrix"),
        measured="Chromium 156.0.8078.108",
        turn=Turn.BOTH,
        divisor=Divisor.SUM,
        takes=frozenset({"bias"}),
        notes=(
            'with color-interpolation-filters="sRGB"; without it the numbers are those of linear light',
            'with preserveAlpha="true"; without it the colours are weighted by the alpha',
        ),
        **_PICTURE,
    ),
)
