"""Which cells belong together on an axis: every function of geometry beside lists that are written out and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import pairwise, product, zip_longest
from typing import Any

import numpy as np
import pytest

from convcalc.errors import ConvcalcError, FieldError, GeometryError, UnknownNameError
from convcalc.geometry.arguments import (
    axes_of,
    channels_per_group,
    check_groups,
    finite_number,
    flag,
    padding_pairs,
    whole,
)
from convcalc.geometry.axis import Axes, Axis, read_cells, uncovered, window
from convcalc.geometry.boundary import Boundary, BoundaryMode, boundary_of
from convcalc.geometry.convolution import Counts
from convcalc.geometry.pooling import first_inside, inside, pooled_axes, taps_inside
from convcalc.geometry.reached_positions import images, reached
from convcalc.geometry.receptive_axis import MOST_PHASES, IndexMap, ReceptiveAxis
from convcalc.geometry.solutions import Given, Question, idle_cells, nearest, solutions
from convcalc.geometry.transposed import TransposedAxis
from reference import padded_places

AXES = [
    Axis(size, taps, stride, dilation, before, after)
    for size, taps, stride, dilation, before, after in product(
        (1, 2, 5), (1, 2, 3), (1, 2, 4), (1, 2, 3), (0, 1, 3), (0, 2)
    )
    if dilation * (taps - 1) + 1 <= before + size + after
]
BOUNDARIES = [Boundary(mode) for mode in BoundaryMode]
READINGS = [
    IndexMap(reach=dilation * (taps - 1) + 1, stride=stride, before=before, dilation=dilation, is_transposed=turned)
    for taps, stride, before, dilation, turned in product((1, 2, 3, 4), (1, 2, 3, 5), (0, 1, 4), (1, 2, 3), (0, 1))
]
CELLS = range(-7, 12)


def hull(cells: Iterable[int]) -> range:
    """From the first of some cells to the last; empty where there are none."""
    found = list(cells)
    return range(min(found), max(found) + 1) if found else range(0)


def written_out(axis: Axis, boundary: Boundary) -> list[list[int | None]]:
    """What every tap reads at every position, by a padded axis that is written out: (position, tap)."""
    places = padded_places(axis.size, axis.before, axis.after, boundary.mode.value)
    taps = range(0, axis.kernel_size * axis.dilation, axis.dilation)
    return [[places[position * axis.stride + tap] for tap in taps] for position in range(axis.output_size)]


# Windows and what they reach ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=str)
def test_a_window_is_all_that_its_positions_read(boundary: Boundary) -> None:
    """From the first input cell that a run of positions reads, through the boundary too, to the last."""
    for axis in AXES:
        rows = written_out(axis, boundary)
        for start, stop in product(range(axis.output_size), range(1, axis.output_size + 1)):
            read = {cell for row in rows[start:stop] for cell in row if cell is not None}
            found = window(axis, boundary, range(start, stop))
            assert start >= stop or found == hull(read), f"{axis}, positions {start} to {stop}: {found}, not {read}"


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=str)
def test_what_a_cell_reaches_is_where_it_is_read(boundary: Boundary) -> None:
    """Every position that reads an input cell, with all taps that do; and every cell of the padding that copies it."""
    for axis in AXES:
        rows, places = written_out(axis, boundary), padded_places(axis.size, axis.before, axis.after, boundary.mode)
        for cell in range(axis.size):
            found = {
                place: tuple(tap for tap, read in enumerate(row) if read == cell) for place, row in enumerate(rows)
            }
            wanted = {place: taps for place, taps in found.items() if taps}
            assert list(reached(axis, boundary, cell).items()) == list(wanted.items()), f"{axis}, cell {cell}"
            copies = [index - axis.before for index, source in enumerate(places) if source == cell]
            assert list(images(axis, boundary, cell)) == copies, f"{axis}, cell {cell}"


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=str)
def test_cells_that_are_read_are_counted(boundary: Boundary) -> None:
    """Through the boundary too, on short axes and on those that are long for their windows."""
    long = [Axis(size, taps, stride, 3, 2, 2) for size, taps, stride in product((20, 31), (1, 2), (1, 4, 9))]
    for axis in [*AXES, *long]:
        read = {cell for row in written_out(axis, boundary) for cell in row} - {None}
        assert read_cells(axis, boundary) == len(read), f"{axis}: {read_cells(axis, boundary)}, not {len(read)}"


def test_cells_that_no_tap_lands_on_are_counted() -> None:
    """For taps before, in and behind the axis."""
    for size, first, taps, dilation, stride, windows in product(
        (1, 4, 9), (-5, -1, 0, 2), (1, 2, 3, 5), (1, 2, 3), (1, 2, 3, 4), (1, 2, 5)
    ):
        landed = {first + tap * dilation + turn * stride for tap in range(taps) for turn in range(windows)}
        wanted = len(set(range(size)) - landed)
        row = (size, first, taps, dilation, stride, windows)
        assert uncovered(*row) == wanted, f"size, first, taps, dilation, stride, windows {row}: not {wanted}"


# Pools -------------------------------------------------------------------------------------------------------------


def test_pools_see_the_cells_that_are_there() -> None:
    """The first cell of each window, the taps that read any, and the block that each tap reads."""
    zeros = Boundary()
    for axis in AXES:
        rows = written_out(axis, zeros)
        for position, row in enumerate(rows):
            there = [cell for cell in row if cell is not None]
            assert first_inside(axis, position) == (there[0] if there else None), f"{axis}, position {position}"
            taps = [tap for tap, cell in enumerate(row) if cell is not None]
            found = taps_inside(axis, range(position, position + 1))
            assert not taps or found == hull(taps), f"{axis}, position {position}: {found}, not {taps}"
        assert set(taps_inside(axis)) >= {tap for row in rows for tap, cell in enumerate(row) if cell is not None}
        for tap in range(axis.kernel_size):
            positions, cells = inside(axis, tap)
            wanted = [(place, row[tap]) for place, row in enumerate(rows) if row[tap] is not None]
            read = zip_longest(range(axis.output_size)[positions], range(axis.size)[cells])
            assert list(read) == wanted, f"{axis}, tap {tap}: positions and cells"


def pool_starts(size: int, reach: int, stride: int, pads: tuple[int, int], ceil_mode: bool) -> list[int]:
    """Where the windows of a pool begin on the padded axis, one after the other as PyTorch's manual tells of them."""
    padded, starts = pads[0] + size + pads[1], []
    while True:
        start = len(starts) * stride
        is_partial = ceil_mode and (start - stride + reach < padded) and start < size + pads[0]
        if not (start + reach <= padded or is_partial):
            return starts
        starts.append(start)


def test_windows_of_pools_are_those_of_the_manual() -> None:
    """How many there are, how far the last one reaches, and which pool is refused: one that would see padding alone."""
    refused = set()
    for size, taps, stride, dilation, before, after, ceil_mode in product(
        (1, 2, 4, 7), (1, 2, 3, 4), (1, 2, 3), (1, 2, 3, 5), (0, 1, 2), (0, 1, 2), (False, True)
    ):
        told = {"stride": stride, "padding": [[before, after]], "dilation": dilation, "ceil_mode": ceil_mode}
        reach = dilation * (taps - 1) + 1
        starts = pool_starts(size, reach, stride, (before, after), ceil_mode)
        cells = [[start - before + tap * dilation for tap in range(taps)] for start in starts]
        empty = [place for place, window in enumerate(cells) if not any(0 <= cell < size for cell in window)]
        if starts and not empty:
            (axis,), pads = pooled_axes([size], taps, **told)
            assert pads == ((before, after),)
            assert [axis.start(place) + before for place in range(axis.output_size)] == starts, f"{told} of {size}"
            assert axis.after == max(after, starts[-1] + reach - before - size), f"{told} of {size}"
            continue
        error = refusal(lambda told=told, size=size, taps=taps: pooled_axes([size], taps, **told))
        refused.add(error.field)
        if not starts:
            assert error.message.startswith("the kernel does not fit on axis 0"), f"{told} of {size}"
            continue
        behind = max(after, starts[-1] + reach - before - size)
        why, hint, field = (
            (f"its taps lie {dilation} cells apart around an input of {size}", "take a smaller dilation", "dilation")
            if dilation > size
            else (
                f"it reaches over {reach} cells, the padding is {before} before and {behind} after",
                f"pad with at most {reach - 1}",
                "padding",
            )
        )
        texts = [f"window {place} on axis 0 holds padding alone: {why}" for place in empty]
        assert error.message in texts, f"{told} of {size}"
        assert (error.hint, error.field) == (hint, (field,)), f"{told} of {size}"
    assert refused == {("padding",), ("kernel",), ("dilation",)}


def test_pools_have_defaults_and_name_their_axes() -> None:
    """A window begins where the last one ended, nothing is padded, and a fault says which axis it is on."""
    axes, pads = pooled_axes([7, 6], [3, 2])
    numbers = [(axis.stride, axis.dilation, axis.output_size, axis.number) for axis in axes]
    assert numbers == [(3, 1, 2, 0), (2, 1, 3, 1)]
    assert pads == ((0, 0), (0, 0))
    for told in ({"padding": [0, 2]}, {"padding": [0, 1], "dilation": [1, 9]}):
        error = refusal(lambda told=told: pooled_axes([7, 8], 2, **told))
        assert error.message.startswith("window 0 on axis 1 holds padding alone"), told
    assert refusal(lambda: pooled_axes([0], 1, ceil_mode=True)).message == "the input has no cells on axis 0"
    for name in ("kernel_size", "stride", "dilation"):
        error = refusal(lambda told={"kernel_size": 1, name: 0}: pooled_axes([3], **told))
        assert error.message == f"{name} must be a whole number >= 1, got 0"


# Index maps and receptive axes --------------------------------------------------------------------------------------


def seen(reading: IndexMap, cell: int) -> list[int]:
    """The cells below that a cell of a layer sees, found by trying them all."""
    taps = range(0, reading.reach, reading.dilation)
    below = range(-80, 80)
    if reading.is_transposed:  # a cell below writes from its own place on
        return [each for each in below if cell - (each * reading.stride - reading.before) in taps]
    return [each for each in below if each - (cell * reading.stride - reading.before) in taps]


def test_sources_are_the_cells_under_the_taps() -> None:
    """Read forwards and, of a transposed layer, backwards."""
    for reading, cell in product(READINGS, CELLS):
        assert list(reading.sources(cell)) == seen(reading, cell), f"{reading}, cell {cell}"


def test_windows_of_readings_hold_all_sources() -> None:
    """From the first cell that a run sees to the last, gaps included."""
    assert IndexMap(3).window(range(4, 4)) == range(0)
    for reading, first, count in product(READINGS, CELLS, (1, 2, 3)):
        solid = reading._replace(dilation=1)  # gaps included
        wanted = hull(each for cell in range(first, first + count) for each in seen(solid, cell))
        found = reading.window(range(first, first + count))
        assert found == wanted or not (found or wanted), f"{reading}, cells {first} and {count - 1} more: {found}"


ITSELF = ReceptiveAxis((0,), (0,), 1)


def chains() -> Iterator[tuple[IndexMap, ...]]:
    """Readings one upon the other."""
    some = READINGS[::7]
    yield from ((one,) for one in READINGS)
    yield from pairwise(some)
    yield from zip(some, some[3:], some[11:], strict=False)


def test_a_sight_sees_what_the_layers_between_see() -> None:
    """The first and the last cell of the input, None where there is none, at every cell."""
    for chain in chains():
        receptive_axis = ITSELF
        for reading in chain:
            receptive_axis = receptive_axis.through(reading)
        for cell in range(-4, 8):
            cells = {cell}
            for reading in reversed(chain):
                cells = {each for above in cells for each in reading.sources(above)}
            ends = (min(cells, default=None), max(cells, default=None))
            assert (receptive_axis.first(cell), receptive_axis.last(cell)) == ends, f"{chain}, cell {cell}"


def test_joined_sights_see_what_either_sees() -> None:
    """Of paths of one jump, at every cell."""
    for one, other in pairwise([reading for reading in READINGS if reading.stride == 3 and reading.is_transposed]):
        both = ITSELF.through(one).joined(ITSELF.through(other))
        for cell in range(-4, 8):
            cells = {*one.sources(cell), *other.sources(cell)}
            assert (both.first(cell), both.last(cell)) == (min(cells, default=None), max(cells, default=None))


def test_a_levelled_sight_is_the_least_bound_with_one_phase() -> None:
    """It sees at least as far everywhere, and somewhere no farther."""
    for one, other in product(READINGS[::5], READINGS[1::5]):
        receptive_axis = ITSELF.through(one).through(other)
        level = receptive_axis.levelled()
        assert (level.period, level.jump) == (1, receptive_axis.jump)
        for end, sign in (("first", 1), ("last", -1)):
            ends = [
                (getattr(receptive_axis, end)(cell), getattr(level, end)(cell))
                for cell in range(-receptive_axis.period, receptive_axis.period)
            ]
            spare = [sign * (true - bound) for true, bound in ends if true is not None]
            assert not spare or min(spare) == 0, f"{one}, {other}: {end} {ends}"


def test_too_many_phases_are_bounded() -> None:
    """Beyond so many phases a transposed layer is seen by a bound that holds at every cell and is met at some."""
    stride = MOST_PHASES + 1
    for taps, before in product((1, stride, 3 * stride), (0, 2)):
        reading = IndexMap(reach=taps, stride=stride, before=before, is_transposed=True)
        receptive_axis = ITSELF.through(reading)
        assert (receptive_axis.period, receptive_axis.jump) == (1, Fraction(1, stride))
        for end, sign in (("first", 1), ("last", -1)):
            places = [(cell, reading.sources(cell)) for cell in range(2 * stride)]
            ends = [(cell, cells[0] if end == "first" else cells[-1]) for cell, cells in places if cells]
            spare = [sign * (place - getattr(receptive_axis, end)(cell)) for cell, place in ends]
            assert min(spare) == 0, f"{reading}: {end}"
    nothing = ReceptiveAxis((None,), (None,), 1).through(reading)
    assert (nothing.first(0), nothing.last(0)) == (None, None)
    assert ITSELF.through(IndexMap(1)._replace(stride=MOST_PHASES, is_transposed=True)).period == MOST_PHASES


# Transposed axes and sizes -----------------------------------------------------------------------------------------


def transposed_axes() -> Iterator[tuple[TransposedAxis, list[list[tuple[int, int]]]]]:
    """Axes, each with who writes to each of its output cells: (cell, tap), by writing them all."""
    for size, taps, stride, dilation, before, extra in product((1, 2, 4), (1, 2, 3), (1, 2, 3), (1, 2), (0, 1), (0, 1)):
        written: list[list[tuple[int, int]]] = [[] for _ in range((size - 1) * stride + dilation * (taps - 1) + 1)]
        for cell, tap in product(range(size), range(taps)):
            written[cell * stride + tap * dilation].append((cell, tap))
        kept = [*written[before:], *[[]] * extra]
        if extra < max(stride, dilation) and kept:
            yield TransposedAxis(size, taps, stride, dilation, before, 0, extra), kept


def test_who_writes_to_a_transposed_cell() -> None:
    """Every input cell with its tap, the first one first, and how many cells nobody writes to."""
    for axis, written in transposed_axes():
        assert axis.output_size == len(written), axis
        for position, writers in enumerate(written):
            assert list(axis.writers(position)) == sorted(writers), f"{axis}, position {position}"
        assert idle_cells(axis) == sum(not writers for writers in written), axis


def test_output_padding_is_what_the_size_lacks() -> None:
    """A transposed size that the stride leaps over is reached with the output padding that it lacks, if any will do."""
    for size, wanted in product((1, 3, 5), range(1, 20)):
        for stride, taps in product((1, 2, 3), (1, 2, 3, 4)):
            asked = Question(size, wanted, Given(taps, stride, (0, 0), 1), is_transposed=True)
            lacking = wanted - ((size - 1) * stride + taps)
            fits = [lacking] if 0 <= lacking < stride else []
            found = [axis.output_padding for axis in solutions(asked) if isinstance(axis, TransposedAxis)]
            assert found == fits, f"{asked}: {found}"
            sizes = {axis.output_size - wanted for axis in nearest(asked)} - {0}
            plain = [wanted - lacking + extra for extra in range(stride)]
            assert sizes <= {each - wanted for each in plain}, f"{asked}: {sizes}"
    exact = Question(3, 8, Given(2, 3, (0, 0), 1, output_padding=1), is_transposed=True)
    assert [axis.output_size for axis in nearest(exact)] == [9]


def told_of(axis: Axis | TransposedAxis) -> tuple[int, ...]:
    """Kernel size, stride, dilation, padding before and after, and output padding."""
    extra = axis.output_padding if isinstance(axis, TransposedAxis) else 0
    return axis.kernel_size, axis.stride, axis.dilation, axis.before, axis.after, extra


def all_tried(size: int, wanted: int) -> Iterator[Axis]:
    """Every convolution that is tried, from what is written of it: 11 taps, stride 11, dilation 4 and 40 cells."""
    small, large = min(size, wanted), max(size, wanted)
    ratios = {large // small, (large + small - 1) // small}
    for stride in sorted({1} if small == 1 else {*range(1, 12), *ratios}):
        for taps in sorted({*range(1, 12), stride} | ({large} if small == 1 else set())):
            for dilation in range(1, 5 if 1 < taps <= 1000 else 2):
                reach = dilation * (taps - 1) + 1
                for before in sorted({*range(min(reach, 41)), (reach - 1) // 2}):
                    for after in (before, before + 1):
                        if reach <= before + size + after:
                            yield Axis(size, taps, stride, dilation, before, after)


SIZES = [(5, 5), (9, 4), (30, 1), (1, 7), (26, 2), (12, 5), (7, 9), (1, 1), (3, 1)]


@pytest.mark.parametrize(("size", "wanted"), SIZES)
def test_solutions_are_those_of_all_that_is_tried(size: int, wanted: int) -> None:
    """Padding with one cell more behind stands where no even one will do; the simplest comes first."""
    found = solutions(Question(size, wanted))
    hits = [axis for axis in all_tried(size, wanted) if axis.output_size == wanted]
    even = {told_of(axis)[:3] for axis in hits if axis.before == axis.after}
    kept = [axis for axis in hits if axis.before == axis.after or told_of(axis)[:3] not in even]
    assert sorted(map(told_of, found)) == sorted(map(told_of, kept))
    key = lambda axis: (  # noqa: E731
        axis.dilation,
        idle_cells(axis) > 0,
        axis.after - axis.before,
        2 * axis.before > axis.reach,
        axis.before > 0 or (axis.kernel_size % 2 == 0 and axis.kernel_size != axis.stride),
        axis.kernel_size,
        axis.stride,
        axis.before,
    )
    assert list(map(told_of, found)) == list(map(told_of, sorted(kept, key=key)))
    sizes = {axis.output_size for axis in all_tried(size, wanted)}
    ends = [max((each for each in sizes if each < wanted), default=0), min((n for n in sizes if n > wanted), default=0)]
    near = nearest(Question(size, wanted))
    assert [axis.output_size for axis in near] == [end for end in ends if end]
    for axis in near:
        others = [each for each in all_tried(size, wanted) if each.output_size == axis.output_size]
        assert told_of(axis) == told_of(min(others, key=key))


def test_transposed_solutions_need_no_output_padding_first() -> None:
    """Of two that are alike the one without comes first."""
    found = solutions(Question(3, 6, is_transposed=True))
    extras = [axis.output_padding for axis in found if isinstance(axis, TransposedAxis) and axis.dilation == 1]
    assert extras[0] == 0
    assert [axis.dilation for axis in found] == sorted(axis.dilation for axis in found)
    idle = [(axis.dilation, idle_cells(axis) > 0, told_of(axis)[-1]) for axis in found]
    assert idle == sorted(idle)


# Words and numbers -------------------------------------------------------------------------------------------------

FOREIGN = {
    "replicate": ("edge", "nearest", "border_replicate"),
    "reflect": ("mirror", "reflect_101", "reflect101", "border_reflect_101"),
    "symmetric": ("border_reflect",),
    "circular": ("wrap", "grid-wrap", "periodic", "border_wrap"),
    "zeros": ("zero", "grid-constant"),
}
LONG = "a number of more than 30 digits"
WORDS = "zeros, reflect, symmetric, replicate, circular, or a number for a constant"


def refusal(call: Callable[[], Any]) -> ConvcalcError:
    """The error that a call ends with."""
    with pytest.raises(ConvcalcError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(("word", "name"), [(word, name) for word, names in FOREIGN.items() for name in names])
def test_names_that_others_have_for_boundaries(word: str, name: str) -> None:
    """Each is refused under its own name, and the word for it here is given."""
    error = refusal(lambda: boundary_of(name))
    assert (error.message, error.hint) == (f"boundary {name!r} is another library's name", f"here it is {word}")
    assert (type(error), error.field) == (FieldError, ("boundary",))


@pytest.mark.parametrize("given", [True, None, [1], 1j, b"reflect"])
def test_boundaries_that_are_no_word_and_no_number(given: Any) -> None:
    """They are shown, with all that a boundary may be."""
    error = refusal(lambda: boundary_of(given))
    assert error.message == f"boundary must be a word or a number, got {given!r}"
    assert (type(error), error.hint, error.field) == (FieldError, f"one of: {WORDS}", ("boundary",))


def test_boundaries_are_read_from_words_and_numbers() -> None:
    """Every mode by its word; numbers, NumPy's too, as constants; a boundary as itself."""
    assert boundary_of("zeros") == Boundary(BoundaryMode.CONSTANT, 0)
    given = ("reflect", 0, 2, Fraction(1, 2), np.float32(0.5), np.str_("circular"))
    wanted = ["reflect", "zeros", "constant 2", "constant 1/2", "constant 0.5", "circular"]
    assert [str(boundary_of(each)) for each in given] == wanted
    assert boundary_of(Boundary(BoundaryMode.REFLECT)) == boundary_of("reflect")
    for word in ("constant", "Reflect", "", "sideways"):
        error = refusal(lambda word=word: boundary_of(word))
        assert (type(error), error.message) == (UnknownNameError, f"unknown boundary {word!r}")
        assert (error.hint, error.field) == (f"one of: {WORDS}", ("boundary",))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: whole("stride", 10**30, 10**31), f"stride must be a whole number >= {10**31}, got {LONG}"),
        (lambda: whole("stride", -(10**30), 1), f"stride must be a whole number >= 1, got {LONG}"),
        (lambda: whole("stride", 1 - 10**30, 1), f"stride must be a whole number >= 1, got {1 - 10**30}"),
        (lambda: flag("bias", 1), "bias must be true or false, got 1"),
        (lambda: flag("bias", "yes"), "bias must be true or false, got 'yes'"),
        (lambda: finite_number("eps", True), "eps must be a number, got True"),
        (lambda: finite_number("eps", "1"), "eps must be a number, got '1'"),
        (lambda: finite_number("eps", "1" * 41), f"eps must be a number, got '{'1' * 39}…'"),
        (lambda: finite_number("eps", 1j), "eps must be a number, got 1j"),
        (lambda: finite_number("eps", float("inf")), "eps must be a number, got inf"),
        (lambda: finite_number("eps", float("-inf")), "eps must be a number, got -inf"),
        (lambda: finite_number("eps", float("nan")), "eps must be a number, got nan"),
        (lambda: channels_per_group("out_channels", 5, 2), "groups 2 does not divide out_channels 5"),
        (lambda: channels_per_group("out_channels", 5, 0), "groups must be a whole number >= 1, got 0"),
        (lambda: padding_pairs([1, 2, 3], [4], [1], [1], [1]), "padding has 3 entries for 1 spatial axis"),
    ],
)
def test_words_of_refused_arguments(call: Callable[[], Any], message: str) -> None:
    """What is given and what is needed, word by word."""
    error = refusal(call)
    assert error.message == message
    assert error.field == (message.split(maxsplit=1)[0],)


def test_arguments_that_are_taken() -> None:
    """As they are given."""
    assert [flag("bias", each) for each in (True, False, np.bool_(True))] == [True, False, True]
    for number in (0, -3, 0.5, Fraction(1, 3), -1e308):
        assert finite_number("eps", number) is number
    share = channels_per_group("in_channels", 6, 3)
    assert (share, type(share)) == (2, int)
    assert refusal(lambda: channels_per_group("in_channels", 5, 2)).hint == ""
    assert Counts(2, 3, (4,)).macs((5,)) == 2 * 3 * 4 * 5
    assert axes_of([5], [3]) == Axes([Axis(5, 3)])
    assert check_groups(4, 6, 2) == 2
    assert isinstance(refusal(lambda: check_groups(4, 6, 4)), GeometryError)


def test_what_has_one_entry_for_each_axis_has_no_more() -> None:
    """A rank that differs from one argument to the next is never cut to the shorter one."""
    with pytest.raises(ValueError, match="er than argument"):
        axes_of([5], [3, 3])
    with pytest.raises(ValueError, match="er than argument"):
        padding_pairs(0, [5], [3, 3], [1], [1])
    for one, other in (
        (ReceptiveAxis((0, 1), (0,), 1), ReceptiveAxis((0,), (0,), 1)),
        (ReceptiveAxis((0,), (0, 1), 1), ReceptiveAxis((0,), (0,), 1)),
    ):
        with pytest.raises(ValueError, match="er than argument"):
            one.joined(other)
