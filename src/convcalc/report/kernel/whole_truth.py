"""What a library does besides applying the weights that it has under a name: rounding, scaling, its own borders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from convcalc.kernels.kernel import Kernel
from convcalc.report.blocks import Block, Role, Sentence, Span


class Truth(NamedTuple):
    """A fact of a library's kernels whose names begin so."""

    library: str
    begins: tuple[str, ...]
    text: str


_GRADIENTS = ("sobel", "prewitt", "scharr")
TRUTHS = (
    Truth(
        "opencv",
        ("gaussian",),
        "GaussianBlur takes the weights in 256ths on images of 8 bits, which differ: --like cv2.GaussianBlur",
    ),
    Truth("opencv", ("box",), "blur on 8 bits is biased for 2, 4, 8, … cells: --like cv2.blur"),
    Truth(
        "opencv",
        (*_GRADIENTS, "laplacian"),
        "whole numbers are cut off at the ends of the type of the output: --like cv2.filter2D",
    ),
    Truth(
        "libvips",
        _GRADIENTS,
        "its function stores a size in 8 bits: |gx| + |gy| of 8-bit images, √(gx² + gy²) of others; the mask alone: "
        "--like vips-conv",
    ),
    Truth("scikit-image", ("",), "for floats; whole numbers are divided by the largest of their type first, as by 255"),
    Truth(
        "scipy",
        ("gaussian", "box", "sobel", "prewitt", "laplacian"),
        "each axis is stored in the type of the input, so whole numbers lose their fractions at every axis; "
        "with given weights: --like scipy.ndimage.correlate",
    ),
    Truth(
        "imagemagick", ("",), "8 bits are computed as 16 and cut off at the ends: --like magick-morphology-correlate"
    ),
)
"""As measured on OpenCV 5.0.0, libvips 8.18.7, scikit-image 0.26.0, SciPy 1.18.1 and ImageMagick 6.9.11."""


def truth_blocks(kernel: Kernel) -> Iterator[Block]:
    """A sentence for each library whose function does more than the weights say: of the kernel's and its namesakes'."""
    stem, _, own = kernel.name.partition("@")
    libraries = {each.library for each in kernel.namesakes} if not own else {own}
    found = [each for each in TRUTHS if each.library in libraries and stem.startswith(each.begins)]
    for number, each in enumerate(found):
        spans = (Span(f"{each.library}: ", Role.LABEL), Span(each.text))
        yield Sentence(spans, len(each.library) + 2, space_before=not number)
