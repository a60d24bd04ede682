"""A picture as the input of a network: brought to its size and its channels, and its levels to its numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.errors import FieldError
from convcalc.files.tensor_file import Tensor
from convcalc.geometry.arguments import whole
from convcalc.limits import Limits
from convcalc.request.request import Request
from convcalc.wording import counted, shape_text

if TYPE_CHECKING:
    from convcalc.arrays import Array

NORMALISATIONS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "0..1": ((0.0,), (1.0,)),
    "-1..1": ((0.5,), (0.5,)),
}
"""Means and standard deviations of levels from 0 to 1; imagenet's are torchvision's."""
_HINT = "imagenet, 0..1, -1..1, or MEAN/STD of levels from 0 to 1, such as 0.5/0.25 or 0.48,0.45,0.41/0.23,0.22,0.22"
_GREY = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601, as Pillow's mode L)
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
_LARGEST_LEVEL = {"uint8": 255, "uint16": 65535}


class Wanted(NamedTuple):
    """What a network fixes of its input; None where it is open."""

    channels: int | None = None
    size: tuple[int, ...] | None = None
    """(height, width)."""


def prepared(found: Tensor, request: Request, wanted: Wanted, limits: Limits) -> Tensor:
    """The input as the fields ``resize`` and ``normalise`` have it, with notes on what was done.

    A picture for a network that fixes its size or its channels is brought to these where nothing else is said.

    Raises:
        FieldError: a field is not what it must be, or the input is no picture that can be resized.
        LimitError: the result is too large.
    """
    said, normalise = request.value("resize", None), _word(request)
    if not found.is_image and said is None and normalise is None:
        return found
    if found.is_image or said is not None:
        found = _sized(found, said, wanted, limits)
    if found.is_image:
        found = _coloured(found, wanted.channels)
    if normalise is not None:
        return _normalised(found, normalise)
    if found.is_image and wanted.channels is not None and found.array.dtype.name in _LARGEST_LEVEL:
        most = _LARGEST_LEVEL[found.array.dtype.name]
        return _noted(found, found.array, f"its levels go in as they are, 0 to {most}; see --normalise")
    return found


def _word(request: Request) -> str | None:
    """The field ``normalise`` as written; a flag with commas is a list."""
    if "normalise" not in request.fields:
        return None
    node = request.fields["normalise"].node
    return ",".join(map(str, node)) if isinstance(node, list) else str(node)


def _noted(found: Tensor, array: Array, note: str) -> Tensor:
    from convcalc.arrays import read_only

    return replace(found, array=read_only(array), notes=(*found.notes, f"input: {note}"))


def _sized(found: Tensor, said: Any, wanted: Wanted, limits: Limits) -> Tensor:
    from convcalc.picture.resizing import middle, resized

    cells, size = found.array, found.array.shape[-2:]
    if said is None:
        if wanted.size is None or len(wanted.size) != 2 or size == wanted.size:
            return found
        target, is_cropped = wanted.size, False
    else:
        target, is_cropped = _size(said)
    if cells.ndim < 2 or 0 in size:
        raise FieldError(f"an input of {shape_text(cells.shape)} is no picture", hint="leave it out", field="resize")
    if target == size:
        return found
    scaled = _covering(size, target) if is_cropped else target
    limits.check_large(8 * cells.size // (size[0] * size[1]) * scaled[0] * scaled[1], "the resized input")
    made = resized(cells, scaled)
    words = f"resized from {shape_text(size)} to {shape_text(scaled)}, antialiased"
    if scaled != target:
        made, words = middle(made, target), f"{words}, of that the middle {shape_text(target)}"
    why = "" if said is not None else "; the network takes no other size"
    return _noted(found, _alike(made, cells), f"{words}{why}")


def _alike(made: Array, cells: Array) -> Array:
    """Whole levels stay whole, rounded to even on a half."""
    import numpy as np

    return np.rint(made).astype(cells.dtype) if cells.dtype.kind in "iu" else made.astype(cells.dtype)


def _size(said: Any) -> tuple[tuple[int, int], bool]:
    """(height, width), and whether the picture is cut to it rather than stretched: 224 is the middle square."""
    sizes = said.split("x") if isinstance(said, str) else said if isinstance(said, list) else [said]
    if len(sizes) not in (1, 2):
        raise FieldError(f"resize takes one or two sizes, got {len(sizes)}", hint=_SIZES, field="resize")
    found = [whole("a size of resize", each, 1, path=("resize",)) for each in sizes]
    return (found[0], found[-1]), len(found) == 1


_SIZES = "224: the shorter side, and the middle square of it; 224x320: height and width, stretched"


def _covering(size: tuple[int, ...], target: tuple[int, int]) -> tuple[int, int]:
    """The size of the whole picture whose shorter side is that of the square."""
    shorter = min(size)
    height, width = (max(want, round(have * want / shorter)) for have, want in zip(size, target, strict=True))
    return height, width


def _coloured(found: Tensor, channels: int | None) -> Tensor:
    import numpy as np

    cells = found.array
    have = 1 if cells.ndim == 2 else cells.shape[-3]
    if channels is None or have == channels or cells.ndim > 3:
        return found
    if have == 1 and channels == 3:
        return _noted(found, np.stack([cells.reshape(cells.shape[-2:])] * 3), "grey, the same in all 3 channels")
    if have == 4 and channels == 3:
        return _noted(found, cells[:3], "its opacity is left out")
    if have >= 3 and channels == 1:
        grey = np.tensordot(_GREY, cells[:3], axes=1)[None]
        return _noted(found, _alike(grey, cells), "its colours become grey: 0.299 R + 0.587 G + 0.114 B")
    raise FieldError(
        f"a picture of {counted(have, 'channel')} does not become one of {channels}",
        hint="give an array",
        field="input",
    )


def _normalised(found: Tensor, text: str) -> Tensor:
    """(x / most − mean) / std of each channel."""
    import numpy as np

    means, deviations = _statistics(text)
    cells = found.array
    most = _LARGEST_LEVEL.get(cells.dtype.name, 1)
    shape = cells.shape if cells.ndim > 2 else (1, *cells.shape)
    channels = shape[-3] if len(shape) > 2 else 1
    for name, numbers in (("mean", means), ("std", deviations)):
        if len(numbers) not in (1, channels):
            raise FieldError(
                f"normalise {text} has {counted(len(numbers), name)}, the input {counted(channels, 'channel')}",
                hint=_HINT,
                field="normalise",
            )
    mean, deviation = (np.array(each, np.float64).reshape(-1, 1, 1) for each in (means, deviations))
    made = (cells.reshape(shape) / most - mean) / deviation
    levels = f"x / {most}" if most > 1 else "x"
    words = levels
    if set(means) != {0.0} or set(deviations) != {1.0}:
        words = f"({levels} − {_listed(means)}) / {_listed(deviations)}"
    return _noted(found, made.astype(np.float32), f"{words}, as normalise {text} says")


def _statistics(text: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if text in NORMALISATIONS:
        return NORMALISATIONS[text]
    parts = [part.split(",") for part in text.split("/")]
    if len(parts) != 2 or not all(_NUMBER.fullmatch(each.strip()) for part in parts for each in part):
        raise FieldError(f"normalise is {text!r}", hint=_HINT, field="normalise")
    means, deviations = (tuple(map(float, part)) for part in parts)
    if min(deviations) <= 0:
        raise FieldError(f"normalise divides by {min(deviations):g}", hint=_HINT, field="normalise")
    return means, deviations


def _listed(numbers: tuple[float, ...]) -> str:
    return f"{numbers[0]:g}" if len(numbers) == 1 else f"[{', '.join(f'{each:g}' for each in numbers)}]"
