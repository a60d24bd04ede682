"""Questions about windows: the input cells that one covers, the number it gives, the windows that use a cell."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from convcalc.errors import GeometryError
from convcalc.geometry.reached_positions import reached
from convcalc.numerals import is_finite
from convcalc.quiz.kind import Slip, layer_words, output_words, place_words
from convcalc.quiz.mistakes import OFF_BY_ONE
from convcalc.quiz.subject import Asked, Spot, Subject
from convcalc.wording import shape_text

_TRIES = 20  # of drawing a place
_MOST_TERMS = 100  # products of a cell that is computed by hand
_MOST_CELLS, _WIDEST = 12, 8  # of a whole axis, and of a window on a longer one, that a page shows without gaps


def any_output(subject: Subject, random: Random) -> Spot | None:
    """Any output cell; its channel does not matter."""
    return Spot(tuple(random.randrange(axis.output_size) for axis in subject.geometry.axes))


def window_slices(asked: Asked) -> tuple[range, ...]:
    """The input cells under the taps on each axis."""
    pairs = zip(asked.subject.geometry.axes, asked.spot.place, strict=True)
    return tuple(axis.reads(position) for axis, position in pairs)


def ask_window(asked: Asked) -> str:
    """As in the documents: at position (1, 1), which slice of the input does the 3×3 kernel cover?"""
    is_padded = any(axis.before for axis in asked.subject.geometry.axes)
    padding = " Cells of the padding before the input have negative numbers." if is_padded else ""
    taps = shape_text(asked.subject.geometry.counts.kernel_size)
    return (
        f"{layer_words(asked)}At output {place_words(asked)}, which slice of the input does the {taps} kernel cover?"
        f"{padding}"
    )


def slice_slips(_: object, right: tuple[range, ...]) -> Iterator[Slip]:
    """Ends that are one off, on one axis or all; rows and columns exchanged; the cells between those of a step."""
    for more in (-1, 1):
        ends = [range(each.start, each.stop + more * each.step, each.step) for each in right]
        changed = [*([*right[:at], end, *right[at + 1 :]] for at, end in enumerate(ends)), ends]
        yield from (Slip(OFF_BY_ONE, tuple(each)) for each in changed if all(each))
    if any(each.step > 1 and len(each) > 1 for each in right):
        yield Slip("the cells between counted too", tuple(range(each.start, each[-1] + 1) for each in right))
    if len(right) > 1:
        yield Slip("rows and columns exchanged", (*right[:-2], right[-1], right[-2]))


def cell_drawn(subject: Subject, random: Random) -> Spot | None:
    """An output cell with a number that is finite, and few products."""
    counts = subject.geometry.counts
    is_large = any(axis.padded_size > _MOST_CELLS and axis.reach > _WIDEST for axis in subject.geometry.axes)
    if subject.numbers is None or is_large or counts.weights_per_filter > _MOST_TERMS or not subject.problem.batch:
        return None
    for _ in range(_TRIES):
        place = tuple(random.randrange(axis.output_size) for axis in subject.geometry.axes)
        channel, sample = random.randrange(counts.out_channels), random.randrange(subject.problem.batch)
        spot = Spot(place, channel, sample)
        if is_finite(cell_value(Asked(subject, spot))):
            return spot
    return None


def cell_value(asked: Asked) -> Any:
    """The number of an output cell."""
    from convcalc.tracing.trace import trace_at

    spot = asked.spot
    return trace_at(asked.subject.problem, spot.place, spot.channel, spot.sample).total


def slack_of(asked: Asked) -> float:
    """How far a cell's float may be off by adding in another order."""
    from convcalc.tracing.trace import trace_at

    if asked.subject.problem.is_exact:
        return 0
    spot = asked.spot
    return 1e-9 * trace_at(asked.subject.problem, spot.place, spot.channel, spot.sample).could


def ask_cell(asked: Asked) -> str:
    """One number."""
    return f"{layer_words(asked)}What number is the output at {output_words(asked)}?"


def used_cell(subject: Subject, random: Random) -> Spot | None:
    """An input cell whose uses are evenly spaced on each axis."""
    for _ in range(_TRIES):
        spot = Spot(tuple(random.randrange(axis.size) for axis in subject.geometry.axes))
        if _is_answered(Asked(subject, spot)):
            return spot
    return None


def _is_answered(asked: Asked) -> bool:
    try:
        return bool(using_cells(asked))
    except GeometryError:
        return False


def using_cells(asked: Asked) -> tuple[range, ...]:
    """The output cells on each axis that read the input cell; raises GeometryError if there are none."""
    geometry = asked.subject.geometry
    pairs = zip(geometry.axes, asked.spot.place, strict=True)
    return tuple(_evenly([*reached(axis, geometry.boundary, cell)]) for axis, cell in pairs)


def _evenly(positions: list[int]) -> range:
    """Places as a range.

    Raises:
        GeometryError: there are none, or they are not evenly spaced.
    """
    step = positions[1] - positions[0] if len(positions) > 1 else 1
    found = range(positions[0], positions[-1] + 1, step) if positions else range(0)
    if not positions or [*found] != positions:
        raise GeometryError("the output cells are not evenly spaced")
    return found


def ask_uses(asked: Asked) -> str:
    """The question of the window, from the other side."""
    return f"{layer_words(asked)}Which output cells use the input cell at {place_words(asked)}?"


def ask_flipped(asked: Asked) -> str:
    """Convolution or cross-correlation."""
    return f"{layer_words(asked)}Is the kernel turned by 180° before it is laid on the input?"


def is_flipped(asked: Asked) -> bool:
    """Of mathematical convolution."""
    return asked.subject.geometry.flip


def shared_drawn(subject: Subject, random: Random) -> Spot | None:
    """Two planes of a filter."""
    counts = subject.geometry.counts
    span = counts.channels_per_group
    if subject.numbers is None or span < 2:
        return None
    one = random.randrange(span)
    other = (one + 1 + random.randrange(span - 1)) % span
    return Spot(channel=random.randrange(counts.out_channels), planes=(min(one, other), max(one, other)))


def is_shared(asked: Asked) -> bool:
    """Whether they hold the same weights."""
    filters = asked.subject.problem.weight[asked.spot.channel]
    one, other = asked.spot.planes
    return bool((filters[one] == filters[other]).all())


def ask_shared(asked: Asked) -> str:
    """Whether one plane is used for both channels."""
    spot, counts = asked.spot, asked.subject.geometry.counts
    first = spot.channel // (counts.out_channels // counts.groups) * counts.channels_per_group
    one, other = (first + plane for plane in spot.planes)
    return (
        f"{layer_words(asked)}Has filter {spot.channel} the same weights on input channel {one} as on channel {other}?"
    )


def shared_slips(_: Asked, right: bool) -> Iterator[Slip]:
    """The other answer."""
    words = "different weights seen where they are equal" if right else "one plane of weights taken for all channels"
    yield Slip(words, not right)
