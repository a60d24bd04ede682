"""What must hold whatever an input says: an answer or one of our errors, in our own words, in time and in bounds."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from convcalc.conventions.table import CONVENTIONS
from convcalc.errors import ConvcalcError

from .process import Meter, captured, given

SECONDS, MEGABYTES = 2.0, 200
_LONGEST_MESSAGE = 3000
FOREIGN = re.compile(
    r"Traceback|Warning\b|\[Errno|Error:|Exception|invalid literal|could not convert|cannot convert|not be broadcast"
    r"|object is not|has no attribute|unsupported operand|out of bounds for|NoneType|codec can't|surrogates not allowed"
    r"|got an unexpected|maximum recursion|integer string conversion|set_int_max_str|dtype\('|<class|<built-in| at 0x"
    r"|numpy\.(?!save|fromfile)|allow_pickle|PIL\b|[Pp]illow|libtiff|TIFF\w+:|cannot identify|broken PNG|broken data"
    r"|image file is|buffer is not large|Truncated File|unrecognized|decoder|protobuf|google\.|Error parsing|zlib"
)
"""Words of Python and of libraries, which no message of ours has."""
_FUNCTIONS = sorted((name for each in CONVENTIONS.values() for name in (each.name, *each.aliases)), key=len)
FUNCTIONS = re.compile("|".join(map(re.escape, reversed(_FUNCTIONS))))
"""Names of other programs' functions that a user may write, which hints list."""
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that drive terminals, or turn the order of what is shown."""


def judged(action: Callable[[], str], meter: Meter) -> str:
    """What is wrong with an action, which gives what it prints; empty where nothing is."""
    started = time.thread_time()
    try:
        wrong = wrong_words(action())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever comes through is a fault, SystemExit and MemoryError included
        wrong = told(error)
    seconds, megabytes = time.thread_time() - started, meter.megabytes
    if megabytes > MEGABYTES:
        meter.reset()
        wrong = f"large, {megabytes:.0f} MB of at most {MEGABYTES}: {wrong}"
    return f"slow, {seconds:.1f} s of at most {SECONDS}: {wrong}" if seconds > SECONDS else wrong


def answered(read: Callable[[bytes], object], data: bytes) -> str:
    """What is printed when a reader takes an input: nothing, or the error as a user sees it."""
    from convcalc.cli.message import tell_error

    with given(data):
        try:
            read(data)
        except ConvcalcError as error:
            return captured(partial(tell_error, error))
    return ""


def wrong_words(text: str) -> str:
    """What is wrong with a text that was printed."""
    if len(text) > _LONGEST_MESSAGE and text.startswith("error:"):
        return f"long: a message of {len(text):,} characters: {text[:100]!r}"
    for what, pattern in (("foreign words", FOREIGN), ("a control character", CONTROL)):
        own = "\n".join(line for line in text.split("\n") if pattern is not FOREIGN or not line.startswith("  "))
        own = own if pattern is CONTROL else FUNCTIONS.sub("", own)
        found = pattern.search(own)  # a line of the file that is quoted may hold any words
        if found:
            return f"{what} {found[0]!r}: {own[max(0, found.start() - 100) : found.end() + 60]!r}"
    return ""


def told(error: BaseException) -> str:
    """An exception that is not ours, with the place in our code that it came through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "convcalc" in Path(frame.filename).parts]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else "nowhere of ours"
    return f"{type(error).__name__} at {place}: {str(error)[:200]}"
