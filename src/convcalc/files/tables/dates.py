"""Dates and times of day as cells: recognised, and as seconds after the first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:\s?[AaPp][Mm])?"
_ZONE = r"(?:\s?(?:Z|UTC|[-+][0-9]{2}:?[0-9]{2}))?"
_DAY_FIRST = r"[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})"
_YEAR_FIRST = r"[0-9]{4}([./-])[0-9]{1,2}\2[0-9]{1,2}"
_DATE = re.compile(rf"(?:(?:{_DAY_FIRST}|{_YEAR_FIRST})(?:[T ,]\s?{_CLOCK})?|{_CLOCK}){_ZONE}")
_PARTS = re.compile(
    r"(?:([0-9]{4})[./-]([0-9]{1,2})[./-]([0-9]{1,2})(?:[T ,]\s?|$))?"
    r"(?:([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?(?:\s?([AaPp])[Mm])?)?"
    r"\s?(Z|UTC|([-+])([0-9]{2}):?([0-9]{2}))?"
)
_NOON = 12


def is_date(cell: str) -> bool:
    """Whether a text is a date, a time of day, or both.

    >>> is_date("2024-03-05 12:30:00.25"), is_date("5.3.2024"), is_date("12:30"), is_date("1.234.567")
    (True, True, True, False)
    """
    return bool(_DATE.fullmatch(cell))


def seconds_after_first(cells: Sequence[str]) -> list[float] | None:
    """Seconds of each date after the first; None where one is none, or does not say which number is the month.

    >>> seconds_after_first(["2024-03-05T12:30:00Z", "2024-03-05T12:30:00.25Z"]), seconds_after_first(["1/2/2024"])
    ([0.0, 0.25], None)
    """
    times = [_moment(cell) for cell in cells]
    first = times[0] if times else None
    if first is None:
        return None
    seconds = []
    for time in times:
        if time is None:
            return None
        difference = time[0] - first[0]
        seconds.append(difference.days * 86400 + difference.seconds + time[1] - first[1])
    return seconds


def _moment(cell: str) -> tuple[datetime, float] | None:
    """A date to the second, and the part of a second."""
    found = _PARTS.fullmatch(cell)
    if not found or not (found[1] or found[4]):
        return None
    year, month, day = (int(part) for part in found.group(1, 2, 3)) if found[1] else (2000, 1, 1)
    hour, minute, second = (int(part or 0) for part in found.group(4, 5, 6))
    if found[8]:
        hour = hour % _NOON + _NOON * (found[8] in "pP")
    try:
        moment = datetime(year, month, day, hour, minute, second)
        if found[10]:
            offset = timedelta(hours=int(found[11]), minutes=int(found[12]))
            moment += -offset if found[10] == "+" else offset
    except (ValueError, OverflowError):
        return None
    return moment, float(f"0.{found[7]}") if found[7] else 0.0
