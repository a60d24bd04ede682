"""Stored arrays: numbers in a file with the names of their axes, of which the selected part is read.

A reader finds out where the numbers are and what they mean; here it is chosen which of them are read, in the order
(frames, channels, *spatial), and said in one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite, prod
from typing import NamedTuple

import numpy as np

from convcalc.arrays import INT64_LIMIT, Array, checked, largest, read_only
from convcalc.errors import ConvcalcError, FieldError, FormatError, LimitError, MissingExtraError
from convcalc.files.selection import Selection
from convcalc.limits import Limits, bytes_text
from convcalc.wording import counted, shape_text

FRAME, BAND, SPATIAL, UNKNOWN = "frame", "band", "spatial", "unknown"
"""What an axis is: of a stack of images, of channels, of space, or not said."""
UNNAMED = "axis "
"""How the name of an axis begins that the file does not name; its number follows."""
_LARGEST_RATIO = 100  # of the numbers to the bytes that hold them, beyond which only small arrays are read
_COPIES = 3  # of the numbers, at most: as stored, as decoded, and in the order of axes that is asked for
_EXACT_IN_FLOAT64 = 1 << 53
_PLANE = 2

Index = tuple[int | slice, ...]


class Axis(NamedTuple):
    """An axis of stored numbers."""

    name: str
    size: int
    role: str = SPATIAL


class Gap(NamedTuple):
    """Cells without a value."""

    empty: Array
    """Which cells, of the shape of the numbers."""
    what: str
    """Why, such as "BLANK (-1)"."""


class StoredArray(NamedTuple):
    """Numbers in a file: what they are, and how a part of them is read."""

    what: str
    """The file or image with the type of its numbers, without an article, such as "NIfTI image of int16"."""
    axes: tuple[Axis, ...]
    """The slowest first."""
    itemsize: int
    """Bytes of a number in memory."""
    stored_bytes: int
    """Bytes in the file that hold the numbers."""
    read: Callable[[Index], tuple[Array, Sequence[Gap]]]
    """The numbers of an index, their meaning applied, and which of them have none."""
    said: tuple[str, ...] = ()
    """What was done to the numbers, and how space is oriented: parts of the first sentence."""
    notes: tuple[str, ...] = ()
    is_image: bool = False
    close: Callable[[], None] = lambda: None
    """Ends what reads the numbers."""


class Found(NamedTuple):
    """The selected numbers."""

    array: Array
    """Read-only: [frames,] [channels,] *spatial."""
    dims: int | None
    """Spatial axes, where the file says which they are."""
    notes: tuple[str, ...]
    is_image: bool


def selected(stored: StoredArray, selection: Selection, limits: Limits, *, keeps_nodata: bool = False) -> Found:
    """The selected part of a stored array; cells without a value are nan, with ``keeps_nodata`` as they are stored.

    Raises:
        FieldError: there is no such frame or band.
        FormatError: the file is damaged.
        LimitError: the numbers take more memory than the limits allow.
    """
    try:
        index, left_out = index_of(stored.what, stored.axes, selection)
        kept = [axis for axis, part in zip(stored.axes, index, strict=True) if isinstance(part, slice)]
        check_size(stored, kept, limits)
        numbers, gaps = stored.read(index)
    finally:
        stored.close()
    counts = [note for gap in gaps for note in _gap_notes(gap, keeps_nodata=keeps_nodata)]
    if counts and not keeps_nodata:
        numbers = with_gaps(numbers, np.logical_or.reduce([gap.empty for gap in gaps]))
    array = _ordered(numbers, kept)
    roles = [axis.role for axis in kept]
    dims = None if UNKNOWN in roles else roles.count(SPATIAL)
    notes = (_sentence(stored), *left_out, *stored.notes, *counts)
    return Found(read_only(checked(array)), dims, notes, stored.is_image)


def check_size(stored: StoredArray, kept: Sequence[Axis], limits: Limits) -> None:
    """Refuse numbers before they are read; ``kept``: the axes of those that are.

    Raises:
        FormatError: there are none.
        LimitError: there are more than the limits allow, or out of all proportion to the bytes that hold them.
    """
    sizes = tuple(axis.size for axis in stored.axes)
    if 0 in sizes or not sizes:
        raise FormatError(f"the {stored.what} has no numbers: its axes are {axes_text(stored.axes)}")
    if len(kept) > limits.axes:
        raise LimitError(f"{len(kept)} axes, at most {limits.axes}", hint=f"raise it with --limit axes={len(kept)}")
    decoded = prod(sizes) * stored.itemsize
    if decoded > limits.member and decoded > _LARGEST_RATIO * stored.stored_bytes:
        raise LimitError(
            f"{shape_text(sizes)} numbers, {bytes_text(decoded)} stored in {bytes_text(stored.stored_bytes)}",
            hint=f"raise it with --limit member={bytes_text(decoded, exact=False)}",
        )
    limits.check_memory(_COPIES * prod(axis.size for axis in kept) * max(stored.itemsize, 8), "the array")


def scaled(stored: Array, slope: float, intercept: float) -> Array:
    """Stored numbers × slope + intercept, whole numbers where all of these are, otherwise float64."""
    if slope == 1 and intercept == 0:
        return stored
    is_whole = stored.dtype.kind in "iu" and float(slope).is_integer() and float(intercept).is_integer()
    if is_whole and largest(stored) * abs(int(slope)) + abs(int(intercept)) < INT64_LIMIT:
        if stored.dtype == np.uint64:
            stored = stored.astype(object)
        return narrowed(stored.astype(np.int64) * int(slope) + int(intercept))
    with np.errstate(all="ignore"):
        return np.asarray(stored.astype(np.float64) * slope + intercept)


def narrowed(values: Array) -> Array:
    """Whole numbers of 64 bits in the unsigned type of 16 bits where they fit: most cameras have so many."""
    fits = values.size and values.min() >= 0 and values.max() < 1 << 16
    return values.astype(np.uint16) if fits else values


def with_gaps(numbers: Array, empty: Array) -> Array:
    """The numbers as floats, nan where ``empty``.

    Raises:
        FormatError: whole numbers beside them are beyond those of floats.
    """
    if numbers.dtype.kind != "f":
        if largest(numbers) > _EXACT_IN_FLOAT64:
            raise FormatError("whole numbers beyond 2**53 beside cells without a value, which no float keeps")
        numbers = numbers.astype(np.float64)
    elif not numbers.flags.writeable or numbers.dtype == np.float16:
        numbers = numbers.astype(np.promote_types(numbers.dtype, np.float32))
    numbers[empty] = np.nan
    return numbers


def _gap_notes(gap: Gap, *, keeps_nodata: bool) -> list[str]:
    """The note on how many cells have no value."""
    count = int(np.count_nonzero(gap.empty))
    how = "kept as stored" if keeps_nodata else "read as nan"
    return [f"{counted(count, 'cell')} {'is' if count == 1 else 'are'} {gap.what}, {how}"] * (count > 0)


def scale_words(slope: float, intercept: float, names: str) -> tuple[str, ...]:
    """What was done by a scale; nothing if it changes nothing."""
    if slope == 1 and intercept == 0:
        return ()
    sign = "-" if intercept < 0 else "+"
    times = f" × {slope:.10g}" if slope != 1 else ""
    plus = f" {sign} {abs(intercept):.10g}" if intercept else ""
    return (f"number = stored{times}{plus} ({names})",)


def plain_scale(slope: float, intercept: float) -> tuple[float, float]:
    """A scale as its file has it; one that is 0 or not finite stands for none."""
    if not isfinite(slope) or slope == 0:
        return 1.0, 0.0
    return slope, intercept if isfinite(intercept) else 0.0


@contextmanager
def library(name: str, what: str, extra: str) -> Iterator[None]:
    """The border of a foreign library: whatever it raises of a file becomes an error of ours, its warnings are dropped.

    Raises:
        FormatError: it cannot read the file.
        LimitError: there is too little memory.
        MissingExtraError: it is not installed.
    """
    import logging
    import warnings

    heard = logging.root.manager.disable
    try:
        logging.disable(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ConvcalcError:
        raise
    except ModuleNotFoundError:
        raise MissingExtraError(f"reading {what}", extra) from None
    except MemoryError:
        raise LimitError(f"{what} needs more memory than there is") from None
    except Exception:  # of damaged bytes every library raises nearly every class
        raise FormatError(f"{what} is damaged, or of a kind that {name} does not read") from None
    finally:
        logging.disable(heard)


def index_of(what: str, axes: Sequence[Axis], selection: Selection) -> tuple[Index, list[str]]:
    """The index of what is read of an array with these axes, and notes on what is left out.

    Raises:
        FieldError: there is no such frame or band.
    """
    index: list[int | slice] = [slice(None)] * len(axes)
    leading = [place for place, axis in enumerate(axes) if axis.role != BAND]
    for place in leading[:-_PLANE]:
        if axes[place].size == 1:
            index[place] = 0
    leading = [place for place in leading if isinstance(index[place], slice)]
    frames = [place for place in leading if axes[place].role == FRAME]
    chosen = dict.fromkeys(frames if selection.frame != () else (), 0)  # the first, unless all are asked for
    if selection.frame:
        chosen |= zip(_frame_axes(what, axes, leading, selection.frame), selection.frame, strict=False)
    for place, number in sorted(chosen.items()):
        index[place] = _checked(what, axes[place], number, "frame")
    notes = [f"{axes[place].name} {number} of {axes[place].size:,}" for place, number in sorted(chosen.items())]
    hint = " (--frame N chooses, --frame all reads all)" if selection.frame is None else ""
    notes = [f"only {', '.join(notes)} is read{hint}"] * bool(notes)
    if selection.one_band is not None:
        bands = [place for place, axis in enumerate(axes) if axis.role == BAND]
        if not bands:
            raise _no_such(what, axes, "band")
        band = axes[bands[0]]
        index[bands[0]] = _checked(what, band, selection.one_band, "band")
        notes.append(f"only {band.name} {selection.one_band} of {band.size:,} is read")
    return tuple(index), notes


def _frame_axes(what: str, axes: Sequence[Axis], leading: Sequence[int], frame: Sequence[int]) -> Sequence[int]:
    """The axes that the numbers of a frame are about: the leading ones, a plane left."""
    most = max(0, len(leading) - _PLANE)
    if not most:
        raise _no_such(what, axes, "frame")
    if len(frame) > most:
        raise FieldError(
            f"frame takes {counted(most, 'number')} at most here, got {len(frame)}: the axes of the {what} are "
            f"{axes_text(axes)}",
            hint="one number for each axis before the rows and columns",
            field="frame",
        )
    return leading[:most]


def _no_such(what: str, axes: Sequence[Axis], word: str) -> FieldError:
    return FieldError(
        f"the {what} has no {word}s to choose from: its axes are {axes_text(axes)}",
        hint=f"leave {word} out",
        field=word,
    )


def _checked(what: str, axis: Axis, number: int, word: str) -> int:
    if number >= axis.size:
        raise FieldError(
            f"there is no {word} {number}: the {what} has {axis.name} 0 to {axis.size - 1:,}",
            hint=f"{word} counts from 0",
            field=word,
        )
    return number


def _ordered(numbers: Array, kept: Sequence[Axis]) -> Array:
    """The numbers as [frames,] [channels,] *others."""
    roles = [axis.role for axis in kept]
    order = sorted(range(len(kept)), key=lambda place: {FRAME: 0, BAND: 1}.get(roles[place], 2))
    array = numbers.transpose(order)
    frames, bands = roles.count(FRAME), roles.count(BAND)
    sizes = array.shape
    channels = sizes[frames : frames + bands]
    if frames:
        return array.reshape(prod(sizes[:frames]), prod(channels), *sizes[frames + bands :])
    return array.reshape(prod(channels), *sizes[bands:]) if bands > 1 else array


def _sentence(stored: StoredArray) -> str:
    order = " (the slowest first)" if len(stored.axes) > _PLANE else ""
    return "; ".join((f"{stored.what}, axes {axes_text(stored.axes)}{order}", *stored.said))


def axes_text(axes: Sequence[Axis]) -> str:
    """The names and sizes of axes."""
    if axes and all(axis.name.startswith(UNNAMED) for axis in axes):
        return shape_text([axis.size for axis in axes])
    return ", ".join(f"{axis.name} {axis.size:,}" for axis in axes) or "none"
