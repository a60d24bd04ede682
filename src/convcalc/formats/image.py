"""Images as arrays, channels first, through Pillow (the extra ``image``), and arrays as PNG."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from convcalc.arrays import Array
from convcalc.errors import ConvcalcError, FormatError, LimitError, MissingExtraError, Place
from convcalc.limits import Limits

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
_ORIENTATION = 0x0112  # the Exif tag; 1 is upright, 2 to 8 are turned or mirrored
_DEEP_GREY = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_WITH_ALPHA = {"LA": "L", "La": "L", "RGBA": "RGB", "RGBa": "RGB", "RGBX": "RGB", "PA": "RGB"}
_NAMES = {"P": "palette"}
_BYTES_PER_PIXEL = 8  # a decoded pixel has at most 4, and a converted copy of it stands beside it


def read_image(data: bytes, source: str, limits: Limits) -> tuple[Array, tuple[str, ...]]:
    """The read-only pixels ``(1, height, width)`` or ``(3, height, width)``, and notes on what was converted.

    Values are 0 to 255, 0 to 65535 from grey images of 16 bits, or the floats of the file.

    Raises:
        FormatError: it is no image of a known format, or is damaged.
        LimitError: it has more pixels than the limits allow.
        MissingExtraError: Pillow is not installed.
    """
    with _quiet_pillow() as pillow:
        try:
            with pillow.open(BytesIO(data), formats=FORMATS) as image:
                _check_size(image, source, limits)
                return _pixels(image)
        except ConvcalcError:
            raise
        except Exception as error:  # damaged bytes raise nearly every class in Pillow's readers, SyntaxError included
            raise FormatError(f"not a readable image ({_reason(error)})", place=Place(source)) from None


def write_png(stream: BinaryIO, pixels: Array) -> None:
    """Write ``(height, width)`` grey or ``(height, width, 3)`` colour bytes as PNG.

    Raises:
        MissingExtraError: Pillow is not installed.
    """
    with _quiet_pillow() as pillow:
        pillow.fromarray(np.ascontiguousarray(pixels, dtype=np.uint8)).save(stream, format="PNG")


@contextmanager
def _quiet_pillow() -> Iterator[Any]:
    """Pillow's Image module without its warnings and without its own limit on pixels: ours comes from the limits."""
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("reading and writing images", "image") from None
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield Image
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _check_size(image: Image, source: str, limits: Limits) -> None:
    width, height = image.size
    if width * height > limits.pixels:
        raise LimitError(
            f"{source}: an image of {width:,} × {height:,} pixels, at most {limits.pixels:,} pixels",
            hint=f"raise it with --limit pixels={width * height}",
        )
    limits.check_memory(_BYTES_PER_PIXEL * width * height, f"{source}: the image")


def _pixels(image: Image) -> tuple[Array, tuple[str, ...]]:
    frames = getattr(image, "n_frames", 1)
    notes = [f"first of {frames} frames"] if frames > 1 else []
    if _is_deep_colour(image):
        notes.append("16-bit colours reduced to 8 bits")
    upright = _upright(image)
    if upright is not image:
        notes.append("turned upright as its Exif orientation says")
    array, conversion = _array(upright)
    notes += conversion
    array = array.transpose(2, 0, 1) if array.ndim == 3 else array[np.newaxis]
    array.setflags(write=False)
    return array, tuple(notes)


def _is_deep_colour(image: Image) -> bool:
    """Whether Pillow is going to keep only the high bytes, which shows in the raw mode of its decoder."""
    return image.mode not in _DEEP_GREY and any(";16" in str(tile) for tile in getattr(image, "tile", ()))


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    try:
        turned = image.getexif().get(_ORIENTATION, 1) in range(2, 9)
    except Exception:  # a damaged Exif block says nothing about the pixels
        turned = False
    return ImageOps.exif_transpose(image) if turned else image


def _array(image: Image) -> tuple[Array, list[str]]:
    """The pixels ``(height, width)`` or ``(height, width, 3)``, with a note if the mode is converted."""
    mode = image.mode
    if mode == "1":
        return np.asarray(image, dtype=np.uint8) * np.uint8(255), ["black and white read as 0 and 255"]
    if mode in _DEEP_GREY:
        return np.asarray(image), [f"grey values of {'floats' if mode == 'F' else '16 bits or more'} kept"]
    if mode in {"L", "RGB"}:
        return np.asarray(image), []
    note = "alpha channel dropped" if mode in _WITH_ALPHA else f"{_NAMES.get(mode, mode)} converted to RGB"
    return np.asarray(image.convert(_WITH_ALPHA.get(mode, "RGB"))), [note]


def _reason(error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "an unknown format"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
