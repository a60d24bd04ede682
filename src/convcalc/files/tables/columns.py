"""Columns of numbers as channels: which are kept, which is the time, which are left out, and what fills gaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from convcalc.arrays import Array, read_only
from convcalc.channels import SampleAxis, even_rate
from convcalc.errors import FieldError, FormatError, Place, UnknownNameError
from convcalc.files.tables.dates import seconds_after_first
from convcalc.files.tables.gaps import filled
from convcalc.files.tables.layout import Layout
from convcalc.files.tables.options import GAP_RULES, TableOptions
from convcalc.wording import counted

_TIME = re.compile(
    r"(?:date|zeit|datum|uhrzeit|utc|elapsed|epoch|seconds?|secs?|milliseconds?|millis|[mµun]?s)"
    r"|(?:local|unix|elapsed|sample|device|gps|host|sensor|start|recording)?[ _]?(?:date[ _/]?)?time(?:[ _]?stamps?)?"
    r"|(?:unix|seconds|time|utc)[ _]?(?:elapsed|offset|index)?|t",
)
"""Names of columns of times, in lower case and without a unit."""
_SUFFIX = re.compile(r"(.+?)[ _](s|sec|secs|seconds|ms|msec|millis|us|µs|ns|min|h)")
_NAMED_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("ms", "msec", "millis", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("us", "µs"), "µs"),
    **{unit: unit for unit in ("ns", "min", "h")},
}
_EPOCHS = ((1e17, "ns"), (1e14, "µs"), (1e11, "ms"), (1e9, "s"))  # since 1970, after 2001
GAPS_HINT = f"--gaps {', '.join(GAP_RULES[1:-1])} or {GAP_RULES[-1]} says what a cell without a number becomes"
_LONGEST_NAME = 60
_INDEX_NAMES = ("", "index", "idx", "id", "no", "nr", "no.", "nr.", "#", "n", "row", "sample", "samples", "frame", "i")
_COUNTED_NAME = re.compile(r"column 1|unnamed: 0|__index_level_0__")


class Times(NamedTuple):
    """Times that a file stores as such."""

    seconds: Array
    """(rows,), after the first."""
    start: str
    """The first."""


class Columns(NamedTuple):
    """The columns of a table with what stands in them."""

    layout: Layout
    places: tuple[int, ...]
    """Which columns hold numbers."""
    values: Array
    """(rows, places): numbers, where there is no gap."""
    gaps: Array | None
    """(rows, places): which cells hold no number; None: none."""
    dates: Mapping[int, Sequence[str]]
    """The texts of columns of dates."""
    line_of: Callable[[int], int]
    """The line of the file that a row is written in."""
    times: Mapping[int, Times] = {}
    """The columns of times, where the file stores them as such."""


class Table(NamedTuple):
    """What is known of an array's columns, beside the numbers."""

    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    axis: SampleAxis | None = None
    left_out: tuple[str, ...] = ()
    """What was left out, in words."""
    is_signal: bool = False
    """Whether its columns can only be channels: there are times, units, an index, or chosen columns."""
    is_transposed: bool = False
    """Whether rows and columns were exchanged."""


class ReadTable(NamedTuple):
    """The numbers of a table."""

    array: Array
    """(rows, columns), or (channels, rows, columns) where blank lines separate channels."""
    table: Table
    notes: tuple[str, ...] = ()


def choose(layout: Layout, options: TableOptions) -> tuple[list[int], list[int]]:
    """The columns that are asked for as channels, or all that may be; and those that are skipped.

    Raises:
        UnknownNameError: there is no column of a name.
    """
    skipped = [_place(layout, name, "skip") for name in options.skip]
    if options.columns:
        return [_place(layout, name, "columns") for name in options.columns], skipped
    numbers = [place for place, kind in enumerate(layout.kinds) if kind == "number" and place not in skipped]
    return numbers, skipped


def _place(layout: Layout, name: str, key: str) -> int:
    width = len(layout.kinds)
    for known in (layout.names, [each.casefold() for each in layout.names]):
        if name in known:
            return list(known).index(name)
        name = name.casefold()
    if name.isascii() and name.isdigit() and 1 <= int(name[:9]) <= width:
        return int(name) - 1
    known_names = layout.names or [str(place + 1) for place in range(width)]
    raise UnknownNameError("column", name, known_names, hint=f"one of: {', '.join(known_names[:20])}", field=key)


def parsed_places(layout: Layout, options: TableOptions) -> tuple[int, ...]:
    """The columns whose numbers are needed: the channels and those that may be the time.

    Raises:
        UnknownNameError: there is no column of a name.
        FieldError: none holds numbers.
    """
    wanted, skipped = choose(layout, options)
    times = [place for place in range(len(layout.names)) if _is_time(layout, place) and layout.kinds[place] == "number"]
    if not wanted:
        raise FieldError(
            "no column of numbers is left" if skipped else "no column holds numbers",
            hint="--columns and --skip choose columns, --header and --no-header say whether row 1 names them",
            field="columns",
        )
    return tuple(sorted({*wanted, *times}))


def table_of(columns: Columns, options: TableOptions, source: str) -> tuple[Array, Table, tuple[str, ...]]:
    """The channels, (rows, channels), what is known of them, and notes.

    Raises:
        FormatError: there is a gap, and nothing says what it becomes.
        UnknownNameError: there is no column of a name.
    """
    layout = columns.layout
    wanted, skipped = choose(layout, options)
    time = None if not layout.names else _time_place(columns, wanted, chosen=bool(options.columns))
    index = _index_place(columns, wanted) if layout.is_certain and not options.columns else None
    kept = [place for place in wanted if place not in (time, index)] or wanted
    axis = None if time is None or time in kept else _axis(columns, time)
    values, notes = _without_gaps(columns, kept, options, source, axis)
    is_counted = layout.is_counted and not options.columns and not skipped
    names = () if is_counted or not layout.names else tuple(layout.names[place] for place in kept)
    units = tuple(layout.units[place] for place in kept) if layout.units else ()
    table = Table(
        tuple(name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…" for name in names),
        units if any(units) else (),
        axis,
        _left_out(columns, kept, is_counted=is_counted),
        is_signal=bool(axis or any(units) or options.columns or (index is not None and not is_counted)),
    )
    return read_only(values), table, notes


def _left_out(columns: Columns, kept: Sequence[int], *, is_counted: bool) -> tuple[str, ...]:
    layout = columns.layout
    if is_counted:
        return ("row 1 and column 1 left out, which only count",)
    held = set(kept)
    left = [place for place in range(len(layout.kinds)) if place not in held]
    if not left:
        return ()
    names = [_called(layout, place) for place in left]
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    return (f"{'column' if len(left) == 1 else 'columns'} {shown} left out",)


def _called(layout: Layout, place: int) -> str:
    name = layout.names[place].removeprefix("column ") if layout.names else str(place + 1)
    return f"{name} (empty)" if layout.kinds[place] == "empty" else name


def _without_gaps(
    columns: Columns, kept: Sequence[int], options: TableOptions, source: str, axis: SampleAxis | None
) -> tuple[Array, tuple[str, ...]]:
    numbers = {place: number for number, place in enumerate(columns.places)}
    at = [numbers[place] for place in kept]
    values = columns.values if at == list(range(columns.values.shape[1])) else columns.values[:, at]
    gaps = None if columns.gaps is None else columns.gaps[:, at]
    if options.gaps not in ("refuse", "nan") and values.dtype.kind == "f" and np.isnan(values).any():
        gaps = np.isnan(values) if gaps is None else gaps | np.isnan(values)
    if gaps is None or not gaps.any():
        return values, ()
    row, column = map(int, np.argwhere(gaps)[0])
    where = f"row {columns.line_of(row)}, column {_name(columns.layout, kept[column])}"
    if options.gaps == "refuse":
        raise FormatError(
            f"{where}: expected a number, got nothing" + _more(int(gaps.sum())),
            hint=GAPS_HINT,
            place=Place(source, columns.line_of(row), kept[column] + 1),
        )
    try:
        ahead = axis if axis and axis.increases else None  # otherwise what is between two times is not between two rows
        full = filled(values, gaps, options.gaps, ahead and ahead.values)
    except FieldError as error:
        row, column = map(int, error.field)
        at_cell = f"row {columns.line_of(row)}, column {_name(columns.layout, kept[column])}"
        place = Place(source, columns.line_of(row), kept[column] + 1)
        raise FormatError(f"{at_cell}: {error.message}", hint="--gaps zero or nan needs none", place=place) from None
    by = f"{options.gaps} by {ahead.name if ahead else 'rows'}" if options.gaps == "linear" else options.gaps
    return full, (f"{counted(int(gaps.sum()), 'gap')} filled by {by}, the first at {where}",)


def _more(count: int) -> str:
    return f", and {counted(count - 1, 'more gap')}" if count > 1 else ""


def _name(layout: Layout, place: int) -> str:
    return layout.names[place] if layout.names else str(place + 1)


def _index_place(columns: Columns, wanted: Sequence[int]) -> int | None:
    """The first column, where it counts and is named for that."""
    first = columns.layout.names.index("__index_level_0__") if "__index_level_0__" in columns.layout.names else 0
    name = columns.layout.names[first].lower()
    if first not in wanted or len(wanted) < 2 or not (name in _INDEX_NAMES or _COUNTED_NAME.fullmatch(name)):
        return None
    values = columns.values[:, columns.places.index(first)]
    starts = len(values) > 0 and values[0] in (0, 1)
    return first if starts and bool((values == np.arange(len(values)) + values[0]).all()) else None


def _is_time(layout: Layout, place: int) -> bool:
    return bool(_TIME.fullmatch(_bare(layout.names[place])[0]))


def _bare(name: str) -> tuple[str, str]:
    """A name in lower case without the unit that ends it, and that unit."""
    name = name.lower().strip()
    found = _SUFFIX.fullmatch(name)
    if found and found[1] not in ("local", "device"):
        return found[1], _NAMED_UNITS[found[2]]
    return name, _NAMED_UNITS.get(name, "")


def _time_place(columns: Columns, wanted: Sequence[int], *, chosen: bool) -> int | None:
    """The column of times: the first of dates, or the first of such a name whose numbers increase."""
    layout = columns.layout
    for place in range(len(layout.names)):
        if place in columns.dates or place in columns.times:
            return place
        is_channel = chosen and place in wanted
        if is_channel or place not in columns.places or not _is_time(layout, place):
            continue
        at = columns.places.index(place)
        has_gap = columns.gaps is not None and bool(columns.gaps[:, at].any())
        if not has_gap and bool((np.diff(columns.values[:, at]) > 0).all()):
            return place
    return None


def _axis(columns: Columns, place: int) -> SampleAxis | None:
    layout = columns.layout
    if place in columns.times:
        values, start = columns.times[place]
        return SampleAxis(layout.names[place], read_only(values), "s", even_rate(values), start)
    if place in columns.dates:
        cells = columns.dates[place]
        seconds = seconds_after_first(cells)
        if seconds is None:
            return None
        values = np.array(seconds)
        return SampleAxis(layout.names[place], read_only(values), "s", even_rate(values), cells[0])
    values = columns.values[:, columns.places.index(place)].astype(np.float64)
    unit = (layout.units[place] if layout.units else "") or _bare(layout.names[place])[1] or _epoch(values)
    return SampleAxis(layout.names[place], read_only(values), unit, even_rate(values))


def _epoch(values: Array) -> str:
    """The unit of times since 1970, by their size."""
    return next((unit for least, unit in _EPOCHS if len(values) and values[0] >= least), "")
