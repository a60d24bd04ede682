"""The conventions of functions on images in Python: OpenCV, Pillow, SimpleITK, DIPlib, mahotas, kornia."""

from __future__ import annotations

from typing import Any

from convcalc.conventions.convention import ANY, FLOATS, Convention
from convcalc.conventions.words import Border, Centre, Divisor, Output, Overflow, Rounding, Turn, Weights, ZeroSum

_BOUNDARY = frozenset({"boundary"})
_OPENCV: dict[str, Any] = {
    "measured": "OpenCV 5.0.0",
    "border": Border.REFLECT,
    "rounding": Rounding.HALF_EVEN,
    "overflow": Overflow.SATURATE,
    "types": ("uint8", "uint16", "int16", "float32", "float64"),
    "borders": {
        "border_reflect_101": "reflect",
        "reflect101": "reflect",
        "reflect_101": "reflect",
        "border_reflect": "symmetric",
        "border_replicate": "replicate",
        "border_constant": "zeros",
    },
    "only_borders": frozenset({"reflect", "symmetric", "replicate", "zeros"}),
    "ranks": (2,),
}

IMAGE_FUNCTIONS = (
    Convention(
        name="cv2.filter2D",
        aliases=("cv2.sepFilter2D", "cv2.Sobel", "cv2.Scharr", "cv2.Laplacian"),
        sums="float32",
        takes=_BOUNDARY | {"bias"},
        notes=(
            "kernels of 12x12 and more go through a Fourier transform, whose halves are not certain",
            "the type of the output is that of the input (ddepth -1)",
        ),
        **_OPENCV,
    ),
    Convention(
        name="cv2.blur",
        aliases=("cv2.boxFilter",),
        weights=Weights.BOX,
        divisor=Divisor.SUM,
        takes=_BOUNDARY,
        notes=(
            "on 8 bits a window of 2 cells turns a flat 255 into 0",
            "16 bits are multiplied by a float32 or a float64, by their place in the row: exact halves are not certain",
        ),
        **(_OPENCV | {"rounding": Rounding.BOX_8_BIT}),
    ),
    Convention(
        name="cv2.GaussianBlur",
        weights=Weights.FIXED,
        takes=_BOUNDARY,
        odd_only=True,
        notes=("of 8 bits in whole numbers: each axis' weights in 256ths",),
        **(_OPENCV | {"rounding": Rounding.HALF_UP, "types": ("uint8", "float32", "float64")}),
    ),
    Convention(
        name="PIL.ImageFilter.Kernel",
        aliases=("pillow", "PIL.Kernel"),
        measured="Pillow 13.0.0",
        turn=Turn.ROWS,
        border=Border.KEPT,
        divisor=Divisor.SUM,
        zero_sum=ZeroSum.BLACK,
        sums="float32",
        rounding=Rounding.HALF_UP,
        overflow=Overflow.SATURATE,
        types=("uint8", "uint16"),
        takes=frozenset({"bias"}),
        kernel_sizes=(3, 5),
        ranks=(2,),
        notes=(
            "a bias is its offset, divisor=N its scale",
            "weights over the scale are float32: where the scale is no power of 2, exact halves are not certain",
        ),
    ),
    Convention(
        name="SimpleITK.Convolution",
        measured="SimpleITK 2.5.7",
        turn=Turn.BOTH,
        centre=Centre.LOWER,
        border=Border.REPLICATE,
        sums="float64",
        takes=_BOUNDARY,
        borders={"zero_pad": "zeros", "zero_flux_neumann_pad": "replicate", "periodic_pad": "circular"},
        only_borders=frozenset({"zeros", "replicate", "circular"}),
        types=tuple(name for name in ANY if name != "float16"),
        ranks=(2, 3),
        notes=("image and kernel must be of one type", "an even kernel gets a zero at its end"),
    ),
    Convention(
        name="dip.Convolution",
        aliases=("diplib",),
        measured="DIPlib 3.6.1",
        turn=Turn.BOTH,
        centre=Centre.LOWER,
        border=Border.REFLECT,
        output=Output.REAL,
        types=("float64", "float32"),
        notes=('with method="direct"; its border mirror is reflect here',),
    ),
    Convention(
        name="mahotas.convolve",
        measured="mahotas 1.4",
        border=Border.SYMMETRIC,
        weights=Weights.INPUT_TYPE,
        sums="float64",
        takes=_BOUNDARY,
        borders={"nearest": "replicate", "wrap": "circular", "mirror": "reflect", "ignore": "zeros"},
        types=tuple(name for name in ANY if name != "float16"),
        notes=("it correlates: the kernel is not turned", "weights are converted to the type of the image first"),
    ),
    Convention(
        name="kornia.filters.filter2d",
        aliases=("kornia.filter2d",),
        measured="kornia 0.9",
        centre=Centre.LOWER,
        border=Border.REFLECT,
        takes=_BOUNDARY,
        borders={"constant": "zeros"},
        only_borders=frozenset({"reflect", "zeros", "replicate", "circular"}),
        types=("float32", *FLOATS),
        ranks=(2,),
        notes=("normalized=True divides by the sum of the magnitudes: divisor=absolute",),
    ),
)
